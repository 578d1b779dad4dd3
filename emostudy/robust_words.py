"""Findings of notebook 08 in words: what is kept, which curves rise again, how far off the inputs are."""

import pandas as pd

from emostudy.corruptions import CLEAN, MISSING
from emostudy.tables import Titles
from emostudy.wording import interval, modality_title, percent


def kept(areas: pd.DataFrame, titles: Titles) -> list[str]:
    """A line per kind: what the baseline keeps, and who keeps more or less by an interval of paired differences without 0."""
    lines, told = [], areas.dropna(subset="relative")
    for (modality, kind), rows in told.groupby(["modality", "kind"], sort=False):
        usual, others = rows[rows.recipe == rows.baseline], rows[rows.recipe != rows.baseline]
        if usual.empty or others.empty:
            continue
        more, less = others[others.effective_low > 0], others[others.effective_high < 0]
        rest = others[~others.recipe.isin([*more.recipe, *less.recipe])]
        own = usual.iloc[0]
        what = f"{modality_title(modality)} {MISSING.get(kind, kind)} ({own['levels']})"
        value = interval(own.relative, own.relative_low, own.relative_high)
        found = [f"more: {_differences(more, titles)}"] * bool(len(more))
        found += [f"less: {_differences(less, titles)}"] * bool(len(less))
        found += [f"no difference shown: {', '.join(_title(name, titles) for name in rest.recipe)}"] * bool(len(rest))
        lines.append(
            f"* {what}: {_title(own.recipe, titles)} keeps {value} % of what is above chance; {'; '.join(found)}."
        )
    return lines


def _title(recipe: str, titles: Titles) -> str:
    return titles.get(recipe, recipe).replace(", ", " with ")  # a list of names has commas of its own


def _differences(rows: pd.DataFrame, titles: Titles) -> str:
    """ "EmbraceNet by 3.0 [0.2, 5.9] points", the largest difference first."""
    rows = rows.sort_values("effective", key=abs, ascending=False)
    each = [
        (_title(row.recipe, titles), interval(row.effective, row.effective_low, row.effective_high))
        for row in rows.itertuples()
    ]
    return ", ".join(f"{name} by {value}" for name, value in each) + " points"


def rising(ends: pd.DataFrame, titles: Titles) -> str:
    """Which systems are better at the worst level than at the mildest; of `severity.ends_compared`."""
    lines = []
    for (modality, kind), rows in ends[ends.verdict == "better"].groupby(["modality", "kind"], sort=False):
        each = ", ".join(f"{_title(row.recipe, titles)} {percent(row.difference)}" for row in rows.itertuples())
        ends_at = f"{rows.worst.iloc[0]} than at {rows.mildest.iloc[0]}"
        lines.append(f"* {modality_title(modality)} {kind}: better at {ends_at}, by points: {each}.")
    head = f"Of {len(ends)} curves {(ends.verdict == 'better').sum()} are shown to rise again from the mildest level to the worst."
    return "\n".join([head, "", *lines])


def outlying(far: pd.DataFrame) -> str:
    """How far a clip's furthest number lies from the training mean, clean, at the mildest level and at the worst."""
    lines = []
    for (modality, kind), rows in far[far.kind != CLEAN].groupby(["modality", "kind"], sort=False):
        clean = far[(far.modality == modality) & (far.kind == CLEAN)].iloc[0]
        ends = [rows.iloc[0], rows.iloc[-1]] if len(rows) > 1 else [rows.iloc[0]]
        each = ", ".join(f"{row['median']:.0f} at {row.severity:g} {row.unit}" for row in ends)
        largest = f"the largest of all is {rows.largest.max():.0f} (clean {clean.largest:.0f})"
        lines.append(
            f"* {modality_title(modality)} {kind}: median clip {clean['median']:.0f} clean, {each}; {largest}."
        )
    return "\n".join(lines)

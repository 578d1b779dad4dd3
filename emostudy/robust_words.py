"""Findings of notebook 08 in words: what is kept, which curves rise again, how far off the inputs are."""

import pandas as pd

from emostudy import robust_tables
from emostudy.corruptions import CLEAN, MISSING
from emostudy.outlying import FAR
from emostudy.severity import NONE
from emostudy.tables import Titles
from emostudy.wording import interval, modality_title, percent

UNCLIPPED = (
    " Noise and gaps throw single numbers of a voice far from what was learned on (table 08_outlying); what becomes of two heads whose "
    "inputs are clipped stands in table 08_clipped."
)


def kept(areas: pd.DataFrame, titles: Titles) -> list[str]:
    """A line per kind: what the baseline keeps, and who keeps more or less by an interval of paired differences without 0."""
    lines = []
    for (modality, kind), rows in areas.dropna(subset="relative").groupby(["modality", "kind"], sort=False):
        others = rows[rows.recipe != rows.baseline]
        if others.empty or len(others) == len(rows):
            continue
        own = rows[rows.recipe == rows.baseline].iloc[0]
        levels = "" if own["levels"] == NONE else f" ({own['levels']})"
        value = interval(own.relative, own.relative_low, own.relative_high)
        does = f"{_title(own.recipe, titles)} keeps {value} % of what is above chance"
        lines.append(
            f"* {modality_title(modality)} {MISSING.get(kind, kind)}{levels}: {does}; {_against(others, titles)}."
        )
    return lines


def _against(others: pd.DataFrame, titles: Titles) -> str:
    """ "more (points): EmbraceNet 3.0 [0.2, 5.9]; no difference shown: joined vectors"."""
    more, less = others[others.effective_low > 0], others[others.effective_high < 0]
    rest = others[~others.recipe.isin([*more.recipe, *less.recipe])]
    told = {
        "more (points)": _differences(more, titles),
        "less (points)": _differences(less, titles),
        "no difference shown": ", ".join(_title(name, titles) for name in rest.recipe),
    }
    return "; ".join(f"{what}: {who}" for what, who in told.items() if who)


def _title(recipe: str, titles: Titles) -> str:
    return titles.get(recipe, recipe).replace(", ", " with ")  # a list of names has commas of its own


def _differences(rows: pd.DataFrame, titles: Titles) -> str:
    """ "EmbraceNet 3.0 [0.2, 5.9]", the largest difference first."""
    rows = rows.sort_values("effective", key=abs, ascending=False)
    each = [
        (_title(row.recipe, titles), interval(row.effective, row.effective_low, row.effective_high))
        for row in rows.itertuples()
    ]
    return ", ".join(f"{name} {value}" for name, value in each)


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
        worst, named = (
            rows.iloc[-1],
            f"{modality_title(modality)} {kind}: median clip {clean['median']:.0f} clean, {each}",
        )
        rest = f"the largest of all is {rows.largest.max():.0f} (clean {clean.largest:.0f})"
        rest += f"; at the worst level it is {worst.which} in most clips, and {percent(worst.share)} % of all numbers lie beyond {FAR:g}"
        lines.append(f"* {named}; {rest}.")
    return "\n".join(lines)


def clipped(compared: pd.DataFrame, rows: pd.DataFrame, titles: Titles) -> str:
    """A line per head: under which conditions clipping is shown to help it and to harm it; `rows` of `robustness.curves` name them."""
    words, lines = robust_tables.conditions_told(rows), []
    for recipe, some in compared.groupby("recipe", sort=False):
        shown = {verdict: some[some.verdict == verdict] for verdict in ("better", "worse")}
        told = [
            f"{verdict} with {', '.join(f'{words[row.condition]} {_points(row)}' for row in found.itertuples())}"
            for verdict, found in shown.items()
            if len(found)
        ]
        rest = len(some) - sum(map(len, shown.values()))
        lines.append(
            f"* {_title(recipe, titles)} is shown to be {'; '.join(told) or 'neither better nor worse'} "
            f"(points, p after Holm < .05); no difference shown under the other {rest} conditions."
        )
    return "\n".join(lines)


def _points(row) -> str:
    return interval(row.difference, row.ci_low, row.ci_high)

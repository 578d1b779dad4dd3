"""For whom a system works: a mark per group of speakers, and the gap between groups."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from emostudy.comparisons import ALPHA
from emostudy.figures.marks import beside, blocks, chance_above, limits, row_chart, signed, whiskers
from emostudy.figures.style import GREY, HALF, look, styled
from emostudy.groups import SAME, UNTESTED
from emostudy.wording import interval_note, modality_title, percent, protocol_title


@styled
def groups(
    table: pd.DataFrame,
    titles: Mapping[str, str],
    protocol: str,
    cluster: str = "speaker",
    chance: float = 0.0,
    width: float = HALF,
) -> Figure:
    """A row per group under each system and attribute; the gap in points stands beside the first, hollow where it is not shown.

    Args:
        table: of `groups.table`, not empty.
    """
    ordered = [rows for _, rows in table.groupby(SAME[:2], sort=False)]
    rows = blocks(
        [
            (
                f"{modality_title(of.modalities.iloc[0])}: {titles.get(of.recipe.iloc[0], of.recipe.iloc[0])}",
                [f"{row.group} ({row.num_speakers})" for row in of.itertuples()],
            )
            for of in ordered
        ]
    )
    whisker = (
        f"{interval_note(cluster).capitalize()}; in" if table.ci_low.notna().any() else "Too few for an interval; in"
    )
    gap = "the largest gap of each attribute, in points; filled where it is shown to be more than chance among speakers"
    right = f"right: {gap}" if table.p_holm.notna().any() else f"–: the gap is {UNTESTED}"
    note = f"{protocol_title(protocol).capitalize()}. {whisker} brackets speakers; {right}."
    fig, ax = row_chart(width, rows, "For whom does it work?", note)
    first = ~table.duplicated(SAME)
    for place, row in zip(rows.places, pd.concat(ordered).itertuples(), strict=True):
        style = look(row.modalities)
        face = style.colour if row.p_holm < ALPHA else "white"
        whiskers(
            ax, place, row.value, row.ci_low, row.ci_high, style, face, f"{row.recipe} {row.attribute} {row.group}"
        )
        if first[row.Index]:
            beside(ax, place, signed(row.gap), color=GREY if not row.p_holm < ALPHA else "black")
    limits(ax, table[["value", "ci_low", "ci_high"]].to_numpy(), [chance])
    chance_above(ax, chance, rows)
    return fig


def groups_alt(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The finding of `groups`: for each system and attribute the groups at either end, and whether the gap is shown."""
    told = []
    for (recipe, _, attribute), rows in table.groupby(SAME, sort=False):
        best, worst = rows.loc[rows.value.idxmax()], rows.loc[rows.value.idxmin()]
        shown = UNTESTED if pd.isna(best.p_holm) else "shown" if best.p_holm < ALPHA else "no difference shown"
        ends = f"{best.group} {percent(best.value)}, {worst.group} {percent(worst.value)}"
        told.append(f"{titles.get(recipe, recipe)}, {attribute}: {ends} ({shown}).")
    return "UAR in percent by group of speakers. " + " ".join(told)

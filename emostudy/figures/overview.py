"""The main figures, from records: what the honest protocol costs, and the way to the ceiling. Each returns what it drew."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from emostudy.figures.marks import (
    Rows,
    beside,
    ceiling_keys,
    dumbbell,
    grouped,
    limits,
    mark_ceilings,
    mark_chance,
    protocol_keys,
    row_chart,
    signed,
    whiskers,
)
from emostudy.figures.style import GREY, HALF, INK, keys_above, look, styled
from emostudy.tables import systems
from emostudy.wording import (
    alone,
    enough,
    full_title,
    in_roles,
    interval,
    interval_note,
    metric_title,
    modality_title,
    not_drawn,
    on,
    percent,
    roles,
    sample,
    sentence,
)


@styled
def protocols(
    records: pd.DataFrame,
    titles: Mapping[str, str],
    ceilings: Mapping[str, float] | None = None,
    adjusted: Mapping[str, float] | None = None,
    cluster: str = "speaker",
    width: float = HALF,
    title: str = "",
    metric: str = "UAR",
) -> Figure:
    """Every system under the flattering protocol (hollow) and the honest one (filled), and what lies between.

    Args:
        ceilings, adjusted: modalities -> best possible UAR in 0 to 1; the same through imperfect recognisers.
        title: "How much is lost on new speakers?" (or gained) and the like if it is not given.
        metric: what is shown; chance is drawn for UAR alone, where it is the same whatever the clips.
    """
    records, small = enough(records)
    table, shown = systems(records, metric), roles(records.protocol)
    rows, honest = grouped(table, titles), on(shown["honest"])
    rises = "fall" in table and table.fall.median() < 0
    lost = "gained" if rises else "lost"
    asked = f"How much is {lost} {honest}?" if "fall" in table else f"What is reached {honest}?"
    fall = f" Fall in points{', less than nothing where it rises' if rises else ''}." if "fall" in table else ""
    left = f"{_no_chance(table, metric)}{not_drawn(small)}"
    note = f"{alone(records.protocol)}{sample(in_roles(records), cluster)}. Whiskers: {interval_note(cluster)}.{fall}{left}"
    fig, ax = row_chart(width, rows, title or asked, note, metric=metric)
    for y, row in zip(rows.places, table.itertuples(), strict=True):
        dumbbell(ax, y, row, look(row.modalities), row.recipe, shown)
        mark_ceilings(ax, y, row.modalities, ceilings, adjusted)
    if "fall" in table:
        beside(ax, 0, "fall", fontweight="bold")
    if metric == "UAR":
        mark_chance(ax, chance_of(records), y=0)
    limits(ax, table.filter(regex="^(flattering|honest)"), [*(ceilings or {}).values()])
    if keys := [*protocol_keys(shown), *ceiling_keys(bool(ceilings), bool(adjusted))]:
        keys_above(fig, ax, keys)
    return fig


def protocols_alt(records: pd.DataFrame, titles: Mapping[str, str], metric: str = "UAR") -> str:
    """The finding of `protocols`: how many systems fall, how far, and which is best under the honest protocol."""
    records, small = enough(records)
    table, shown = systems(records, metric), roles(records.protocol)
    trained = table[~table.modalities.isin(["none", ""]) & table.honest.notna()]
    both = trained.dropna(subset=["fall"]) if "fall" in table else trained
    apart = f", {len(trained) - len(both)} of them {on(shown['honest'])} alone" if len(both) < len(trained) else ""
    best = trained.loc[trained.honest.idxmax()]
    reached = interval(best.honest, best.honest_low, best.honest_high)
    told = [
        f"{sentence(metric_title(metric))} in percent of {len(trained)} systems {' and '.join(map(on, shown.values()))}{apart}.",
        *([_falls(both, titles)] if "fall" in table else []),
        f"Best {on(shown['honest'])} is {full_title(best, titles)} with {reached}.",
        *([f"Chance is {percent(chance_of(records))}."] if metric == "UAR" else []),
    ]
    return " ".join(told) + _no_chance(table, metric) + not_drawn(small)


def _no_chance(table: pd.DataFrame, metric: str) -> str:
    """Why no chance is drawn; "" for UAR."""
    if metric == "UAR":
        return ""
    instead = "; see the reference lines" if table.modalities.isin(["none", ""]).any() else ""
    return f" Chance in {metric_title(metric)} is not one number, it depends on the clips{instead}."


def _falls(trained: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """How many fall and how many rise: what rises is not said to fall by less than nothing."""
    deepest, other = (
        f"{full_title(row, titles)}, from {percent(row.flattering)} to {percent(row.honest)}"
        for row in (trained.loc[trained.fall.idxmax()], trained.loc[trained.fall.idxmin()])
    )
    middle, fallen, risen = trained.fall.median(), (trained.fall > 0).sum(), (trained.fall < 0).sum()
    if fallen and risen:
        way = f"{fallen} of them fall and {risen} rise, in the median a {'fall' if middle >= 0 else 'rise'} of "
        return f"{way}{percent(abs(middle))} points: the deepest fall is {deepest}; the highest rise {other}."
    verb, most, least = ("rise", other, deepest) if risen else ("fall", deepest, other)
    return (
        f"{fallen + risen} of them {verb}, in the median by {percent(abs(middle))} points: most {most}; least {least}."
    )


@styled
def gap_to_ceiling(
    gaps: pd.DataFrame,
    titles: Mapping[str, str],
    note: str,
    cluster: str = "speaker",
    width: float = HALF,
    title: str = "Where is the way to the ceiling lost?",
) -> Figure:
    """What is reached, the adjusted ceiling and the ceiling per set of modalities; at the right the points lost.

    Args:
        gaps: of `tables.gaps`.
        note: what was tested and how the systems were chosen, e.g. "720 clips, new speakers; chosen on dev clips."
    """
    labels = [modality_title(modalities) for modalities in gaps.modalities]
    stand = ", ".join(titles.get(recipe, recipe) for recipe in gaps.recipe.unique())
    right = "Right: points lost in recognition and, of several modalities, in fusion."
    note = f"{note} Whiskers: {interval_note(cluster)}. {right} Systems: {stand}."
    places = list(range(len(labels)))
    fig, ax = row_chart(width, Rows(labels, places, [], places), title, note, row=0.22)
    for y, row in enumerate(gaps.itertuples()):
        seen = look(row.modalities)
        for start, end, colour in (
            (row.reached, row.adjusted, seen.colour),
            (row.adjusted, row.ceiling, GREY),
        ):
            ax.plot(
                [100 * start, 100 * end],
                [y, y],
                color=colour,
                lw=4,
                alpha=0.35,
                solid_capstyle="butt",
                label="_lost",
            )
        whiskers(ax, y, row.reached, row.ci_low, row.ci_high, seen, seen.colour, label=f"{row.modalities} reached")
        mark_ceilings(ax, y, row.modalities, {row.modalities: row.ceiling}, {row.modalities: row.adjusted})
        for points, lost in ((30, row.lost_in_recognition), (60, row.lost_in_fusion)):
            beside(ax, y, signed(lost), points)
    beside(ax, -0.9, "recogn.", 32, fontweight="bold")
    beside(ax, -0.9, "fusion", 62, fontweight="bold")
    ax.set_ylim(top=-1.3)
    limits(ax, gaps[["reached", "ci_low", "ci_high"]], gaps.ceiling)
    keys_above(
        fig,
        ax,
        [Line2D([], [], ls="", marker="o", markersize=4.2, color=INK, label="reached"), *ceiling_keys()],
    )
    return fig


def gap_alt(gaps: pd.DataFrame, protocol: str = "speaker_independent") -> str:
    """The finding of `gap_to_ceiling`, a sentence for each set of modalities."""
    return f"UAR in percent {on(protocol)} against the best possible. " + " ".join(
        f"{modality_title(row.modalities)}: {percent(row.reached)} reached of {percent(row.ceiling)} possible, "
        f"{percent(row.lost_in_recognition)} points lost in recognition"
        + ("." if pd.isna(row.lost_in_fusion) else f", {percent(row.lost_in_fusion)} in fusion.")
        for row in gaps.itertuples()
    )


def chance_of(records: pd.DataFrame) -> float:
    """UAR of any guess that does not look: one by the number of emotions."""
    return 1 / records.emotion[records.emotion != "all"].nunique()

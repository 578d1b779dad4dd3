"""How protocols and mistakes move a score: the ladder of protocols, what each mistake adds, and how far seeds scatter."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from emostudy.figures.marks import (
    beside,
    blocks,
    chance_above,
    dumbbell,
    limits,
    listed,
    protocol_keys,
    row_chart,
    signed,
    whiskers,
)
from emostudy.figures.style import FUSION, GREY, HALF, INK, canvas, keys_above, look, styled
from emostudy.ladder import FEWEST, above, keeps_nothing, reference
from emostudy.leaks import CHOSEN
from emostudy.wording import SHOWN, counted, interval_note, metric_title, modality_title, on, percent, protocol_title

LONGEST = 27  # letters of a mistake's name on one line


@styled
def ladder(
    table: pd.DataFrame, titles: Mapping[str, str], cluster: str = "speaker", chance: float = 0.0, width: float = HALF
) -> Figure:
    """A row per protocol under each system, the flattering ones first and hollow; a bar from each to the honest one of `ladder.reference`.

    Args:
        table: scored rows of one metric: `recipe`, `modalities`, `protocol`, `value`, `ci_low`, `ci_high`, `num_clips`.
    """
    rows, honest = above(table), reference(table)
    laid = blocks(
        [
            (f"{modality_title(modalities)}: {titles.get(recipe, recipe)}", [*map(_starred, own.itertuples())])
            for (recipe, modalities), own in rows.groupby(["recipe", "modalities"], sort=False)
        ]
    )
    fig, ax = row_chart(
        width, laid, "What a protocol makes of a score", _ladder_note(rows, cluster), metric=rows.metric.iloc[0]
    )
    for place, row in zip(laid.places, rows.itertuples(), strict=True):
        style = look(row.modalities)
        face = "white" if keeps_nothing(row.protocol) else style.colour
        if pd.notna(row.above):
            _fall(ax, place, row.value, row.above, style.colour, f"{row.modalities} {row.protocol} fall")
        whiskers(ax, place, row.value, row.ci_low, row.ci_high, style, face, f"{row.modalities} {row.protocol}")
        beside(ax, place, "" if pd.isna(row.above) else signed(row.above))
    limits(ax, rows[["value", "ci_low", "ci_high"]].to_numpy(), [chance])
    chance_above(ax, chance, laid)
    if rows.above.notna().any():
        ax.set_ylim(top=min(laid.ticks) - 2.3)
        beside(ax, min(laid.ticks) - 1.9, f"points above {protocol_title(honest)}")
    return fig


def _fall(ax, y: float, value: float, more: float, colour: str, label: str) -> None:
    """A bar from a mark to where the same system stands under the honest protocol, with a tick there."""
    start, end = 100 * value, 100 * (value - more)
    ax.plot([start, end], [y, y], color=colour, lw=4, alpha=0.28, solid_capstyle="butt", label=f"_{label}", zorder=1)
    ax.plot(end, y, marker="|", markersize=7, markeredgewidth=1.4, color=colour, ls="", label=f"_{label} end", zorder=2)


def _starred(row) -> str:
    """A protocol's name, with a star where it tests too few clips."""
    return protocol_title(row.protocol) + ("*" if row.num_clips < FEWEST else "")


def _ladder_note(rows: pd.DataFrame, cluster: str) -> str:
    """What the marks are, and how few clips those with a star test."""
    told = [f"{interval_note(cluster).capitalize()}.", "Hollow: promises to keep nothing apart."]
    if rows.above.notna().any():
        told.append(f"Bar: to the same system {on(reference(rows))}, of other test clips or folds.")
    if few := sorted({int(num) for num in rows.num_clips if num < FEWEST}):
        told.append(f"* {' or '.join(map(str, few))} test clips: too few to compare.")
    return " ".join(told)


def ladder_alt(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The finding of `ladder`: each system under each protocol, and how far above the honest one."""
    rows, honest = above(table), protocol_title(reference(table))
    told = []
    for recipe, own in rows.groupby("recipe", sort=False):
        told.append(f"{titles.get(recipe, recipe)}: {', '.join(map(_told, own.itertuples()))}.")
    against = f", in brackets points above {honest}" if rows.above.notna().any() else ""
    return f"{metric_title(rows.metric.iloc[0])} in percent by protocol{against}. " + " ".join(told)


def _told(row) -> str:
    """ "random split 69.7 (5.0)"; of too few test clips their number stands in the brackets."""
    few = f"{counted(int(row.num_clips), 'test clip')}, too few to compare"
    beside_it = few if row.num_clips < FEWEST else "" if pd.isna(row.above) else percent(row.above)
    return f"{protocol_title(row.protocol)} {percent(row.value)}" + (f" ({beside_it})" if beside_it else "")


@styled
def falls(table: pd.DataFrame, width: float = HALF) -> Figure:
    """A row per system under each corpus: a random split (hollow), new speakers (filled), and the fall between them.

    Args:
        table: of `ladder.falls`, one row at least.
    """
    shown = dict(zip(("flattering", "honest"), SHOWN, strict=True))
    groups = [(corpus, rows) for corpus, rows in table.groupby("corpus", sort=False)]
    named = [
        (_with_metric(corpus, rows), [f"{row.modalities}: {row.title}" for row in rows.itertuples()])
        for corpus, rows in groups
    ]
    laid = blocks(named)
    note = (
        "The simple systems of notebook 09; whiskers: 95 % intervals over what each corpus resamples. Fall in points."
    )
    fig, ax = row_chart(width, laid, "How far does one system fall?", note)
    drawn = [row for _, rows in groups for row in rows.itertuples()]
    for place, row in zip(laid.places, drawn, strict=True):
        dumbbell(ax, place, row, look(row.modalities), f"{row.corpus} {row.title}", shown)
    limits(ax, table.filter(regex="^(flattering|honest)").to_numpy())
    beside(ax, min(laid.ticks), "fall", fontweight="bold")
    ax.set_xlabel("score (%)")
    keys_above(fig, ax, protocol_keys(shown))
    return fig


def _with_metric(corpus: str, rows: pd.DataFrame) -> str:
    return f"{corpus} ({metric_title(rows.metric.iloc[0])})"


def falls_alt(table: pd.DataFrame) -> str:
    """The finding of `falls`: each system's fall, the widest first."""
    rows = table.sort_values("fall", ascending=False)
    each = [
        f"{row.title} on {row.corpus} {percent(row.flattering)} to {percent(row.honest)} % {row.metric.replace('_', ' ')}"
        for row in rows.itertuples()
    ]
    return f"From a random split to new speakers, the widest fall first: {'; '.join(each)}."


@styled
def leaks(table: pd.DataFrame, titles: Mapping[str, str], cluster: str = "speaker", width: float = HALF) -> Figure:
    """A row per mistake: the points that it adds, largest on top; hollow where no difference is shown.

    Args:
        table: `leak`, `difference`, `ci_low`, `ci_high` in shares, and `verdict`.
        titles: of the mistakes.
    """
    rows = table.sort_values("difference", ascending=False)
    laid = listed([titles[name] for name in rows.leak], LONGEST)
    note = (
        f"Each mistake against the same without it. {interval_note(cluster).capitalize()}; hollow: no difference shown; grey: the best of "
        "many, above by construction; whiskers there: 95 % of draws."
    )
    fig, ax = row_chart(width, laid, "What a mistake adds", note)
    faces = {"no difference shown": "white", CHOSEN: GREY}
    for place, row in zip(laid.places, rows.itertuples(), strict=True):
        face = faces.get(row.verdict, FUSION.colour)
        whiskers(ax, place, row.difference, row.ci_low, row.ci_high, FUSION, face, row.leak)
        beside(ax, place, signed(row.difference))
    limits(ax, rows[["difference", "ci_low", "ci_high"]].to_numpy(), [0.0])
    ax.axvline(0, color=GREY, lw=0.9, label="_zero", zorder=0)
    ax.set_xlabel("points added")
    return fig


def leaks_alt(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The finding of `leaks`: what each mistake adds, largest first."""
    rows = table.sort_values("difference", ascending=False)
    each = ", ".join(f"{titles[row.leak]} {percent(row.difference)}" for row in rows.itertuples())
    return f"Points that each mistake adds to the score: {each}."


@styled
def scatter_of_seeds(scores: pd.Series, system: str, metric: str, protocol: str, width: float = HALF) -> Figure:
    """A mark per seed, stacked where they fall together; the mean and the best are named.

    Args:
        scores: seed -> score in 0 to 1, of one fold.
    """
    note = f"{system}; {protocol_title(protocol)}, one fold, {len(scores)} seeds that differ in nothing else."
    fig, axes = canvas(width, 1.7, "How lucky can a seed be?", note)
    ax, places = axes[0, 0], 100 * scores.round(3)
    heights = places.groupby(places).cumcount() + 1
    ax.plot(places, heights, "o", ms=3.6, color=INK, alpha=0.75, label="_seeds")
    top = heights.max()
    for value, name, side in ((scores.mean(), "mean", "right"), (scores.max(), "best", "left")):
        ax.axvline(100 * value, color=GREY, lw=0.9, ls=(0, (1, 1.5)), label=f"_{name}")
        ax.annotate(
            f"{name} {percent(value)}",
            (100 * value, top + 1.2),
            (3 if side == "left" else -3, 0),
            "data",
            "offset points",
            ha=side,
        )
    ax.set(xlabel=f"{metric_title(metric)} (%)", ylim=(0, top + 2), yticks=[])
    ax.margins(x=0.18)
    ax.spines["left"].set_visible(False)
    return fig


def scatter_of_seeds_alt(scores: pd.Series, metric: str) -> str:
    """The finding of `scatter_of_seeds`."""
    told = f"worst {percent(scores.min())}, mean {percent(scores.mean())}, best {percent(scores.max())} %"
    same = f"{metric_title(metric)} of one network under {len(scores)} seeds on the same clips"
    return f"{same}: {told}; {percent(np.std(scores))} points deviation."

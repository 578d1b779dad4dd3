"""How protocols and mistakes move a score: the ladder of protocols, what each mistake adds, and how far seeds scatter."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from emostudy.figures.marks import beside, blocks, chance_above, limits, listed, row_chart, signed, whiskers
from emostudy.figures.style import FUSION, GREY, HALF, INK, canvas, look, styled
from emostudy.leaks import CHOSEN
from emostudy.wording import by_rigour, interval_note, metric_title, modality_title, percent, protocol_title

LONGEST = 27  # letters of a mistake's name on one line


@styled
def ladder(
    table: pd.DataFrame, titles: Mapping[str, str], cluster: str = "speaker", chance: float = 0.0, width: float = HALF
) -> Figure:
    """A row per protocol under each system, those that keep more apart lower; to the right what each says more than the last.

    Args:
        table: scored rows of one metric: `recipe`, `modalities`, `protocol`, `value`, `ci_low`, `ci_high`.
    """
    protocols = by_rigour(table.protocol)
    named, drawn = [], []
    for (recipe, modalities), rows in table.groupby(["recipe", "modalities"], sort=False):
        rows = rows.set_index("protocol").reindex([name for name in protocols if name in set(rows.protocol)])
        named.append(
            (f"{modality_title(modalities)}: {titles.get(recipe, recipe)}", [*map(protocol_title, rows.index)])
        )
        drawn += [(modalities, row, rows.value.iloc[-1]) for row in rows.itertuples()]
    laid = blocks(named)
    note = f"{interval_note(cluster).capitalize()}. Right: points more than under the last protocol, of other test clips or folds."
    fig, ax = row_chart(width, laid, "What a protocol makes of a score", note, metric=table.metric.iloc[0])
    for place, (modalities, row, last) in zip(laid.places, drawn, strict=True):
        style = look(modalities)
        whiskers(ax, place, row.value, row.ci_low, row.ci_high, style, style.colour, f"{modalities} {row.Index}")
        beside(ax, place, signed(row.value - last) if row.value != last else "")
    limits(ax, table[["value", "ci_low", "ci_high"]].to_numpy(), [chance])
    chance_above(ax, chance, laid)
    return fig


def ladder_alt(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The finding of `ladder`: each system under each protocol."""
    told = []
    for recipe, rows in table.groupby("recipe", sort=False):
        values = rows.set_index("protocol").value
        each = ", ".join(f"{protocol_title(name)} {percent(values[name])}" for name in by_rigour(values.index))
        told.append(f"{titles.get(recipe, recipe)}: {each}.")
    return f"{metric_title(table.metric.iloc[0])} in percent by protocol. " + " ".join(told)


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
        "many, above by construction, with the range over draws."
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

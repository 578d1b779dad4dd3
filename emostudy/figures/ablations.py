"""What modalities are worth, and what more clips or more speakers are worth."""

import pandas as pd
from matplotlib.figure import Figure

from emostudy.figures.marks import beside
from emostudy.figures.style import FUSION, GREY, HALF, INK, canvas, look, styled
from emostudy.wording import (
    cluster_title,
    interval,
    interval_note,
    metric_title,
    modality_title,
    percent,
    protocol_title,
)

OF = {"clip": ("single clips", "o", "-"), "speaker": ("whole speakers", "s", "--")}


@styled
def shares(table: pd.DataFrame, protocol: str, system: str, cluster: str = "speaker", width: float = HALF) -> Figure:
    """A bar per modality: its Shapley value in points of UAR, with its interval.

    Args:
        table: of `shapley.modality_shares`.
    """
    chance, total = table.chance.iloc[0], table.chance.iloc[0] + table.value.sum()
    note = (
        f"{protocol_title(protocol).capitalize()}; {system}; {table.num_clips.iloc[0]} test clips of "
        f"{table.num_clusters.iloc[0]} {cluster_title(cluster)}s. Mean gain over all orders in which modalities may join; together from "
        f"chance, {percent(chance)}, to {percent(total)} %. Whiskers: {interval_note(cluster)}."
    )
    fig, axes = canvas(width, 1.35 + 0.32 * len(table), "What does each modality add?", note)
    ax = axes[0, 0]
    for y, row in enumerate(table.itertuples()):
        seen = look(row.modality)
        ax.barh(
            y,
            100 * row.value,
            0.62,
            color=seen.colour,
            hatch=seen.hatch,
            edgecolor="white",
            lw=0,
            label=f"_{row.modality}",
        )
        if not pd.isna(row.ci_low):
            ax.plot([100 * row.ci_low, 100 * row.ci_high], [y, y], color=INK, lw=1, label=f"_{row.modality} interval")
        beside(ax, y, percent(row.value), 26)
    ax.set_yticks(range(len(table)), [modality_title(modality) for modality in table.modality])
    ax.invert_yaxis()
    ax.axvline(0, color=GREY, lw=0.9)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("Shapley value (points of UAR)")
    ax.grid(axis="x")
    return fig


def shares_alt(table: pd.DataFrame, system: str) -> str:
    """The finding of `shares`."""
    rows = table.sort_values("value", ascending=False)
    told = ", ".join(
        f"{modality_title(row.modality)} {interval(row.value, row.ci_low, row.ci_high)}" for row in rows.itertuples()
    )
    return f"Shapley values of {system} in points of UAR: {told}; together {percent(table.value.sum())} above chance."


@styled
def sizes(
    table: pd.DataFrame, cluster: str = "speaker", chance: float = 0.0, learned: str = "", width: float = HALF
) -> Figure:
    """The metric over the number of training clips, a line for single clips left out and one for whole speakers.

    Args:
        table: scored rows with `of` ("clip", "speaker") and `num_train`, mean number of training clips.
        learned: what else is to be told of the training, for the note.
    """
    split = ", ".join(filter(None, [protocol_title(table.protocol.iloc[0]).capitalize(), learned]))
    note = (
        f"{split}; {table.num_clips.max()} test clips of {table.num_clusters.max()} "
        f"{cluster_title(cluster)}s. Bands: {interval_note(cluster)}."
    )
    fig, axes = canvas(width, 2.9, "More clips, or more speakers?", note)
    ax = axes[0, 0]
    for of, rows in table.groupby("of", sort=True):
        rows, (name, marker, line) = rows.sort_values("num_train"), OF[of]
        colour = FUSION.colour if of == "clip" else INK
        ax.plot(rows.num_train, 100 * rows.value, marker=marker, ls=line, ms=4, color=colour, label=f"{name} left out")
        ax.fill_between(
            rows.num_train, 100 * rows.ci_low, 100 * rows.ci_high, color=colour, alpha=0.12, lw=0, label="_band"
        )
    ax.axhline(100 * chance, color=GREY, lw=0.9, ls=(0, (1, 1.5)), label="_chance")
    ax.annotate(
        f"chance {100 * chance:.1f}", (0, 100 * chance), (2, 2), ("axes fraction", "data"), "offset points", color=GREY
    )
    ax.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0
    )  # above: curves and chance fill the rest
    ax.set_xscale("log")
    ticks = _apart(sorted(table.num_train.unique()))
    ax.set_xticks(ticks, [f"{tick:.0f}" for tick in ticks])
    ax.minorticks_off()
    ax.set(xlabel="training clips", ylabel=f"{metric_title(table.metric.iloc[0])} (%)")
    return fig


def _apart(ticks: list[float], ratio: float = 1.3) -> list[float]:
    """Those whose labels do not touch on an axis of logarithms; the last one stays."""
    kept = [ticks[-1]]
    for tick in ticks[-2::-1]:
        kept += [tick] if kept[-1] / tick > ratio else []
    return kept[::-1]


def sizes_alt(table: pd.DataFrame) -> str:
    """The finding of `sizes`: the smallest and the largest training set of each line."""
    told = []
    for of, rows in table.groupby("of", sort=True):
        few, many = rows.loc[rows.num_train.idxmin()], rows.loc[rows.num_train.idxmax()]
        told.append(
            f"{OF[of][0]} left out: {percent(few.value)} % from {few.num_train:.0f} clips, {percent(many.value)} % of {many.num_train:.0f}"
        )
    return f"{metric_title(table.metric.iloc[0])} over the number of training clips. " + "; ".join(told) + "."

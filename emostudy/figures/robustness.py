"""How much a system keeps when a modality is missing or spoilt, drawn from the table of `robustness.curves`."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from emostudy.corruptions import CLEAN, MISSING
from emostudy.figures.marks import blocks, chance_above, limits, row_chart, whiskers
from emostudy.figures.style import FULL, GREY, HALF, INK, canvas, look, styled
from emostudy.wording import cluster_title, interval_note, metric_title, modality_title, percent, protocol_title

STYLES = (("-", "o"), ("--", "D"), (":", "s"), ("-.", "v"), ((0, (5, 1, 1, 1, 1, 1)), "P"))


@styled
def missing(
    table: pd.DataFrame, titles: Mapping[str, str], cluster: str = "speaker", chance: float = 0.0, width: float = HALF
) -> Figure:
    """A row per system for each modality and way in which it is missing; hollow: the same system with all modalities.

    Args:
        table: of `robustness.curves`, one protocol, systems on all modalities.
    """
    shown = table[table.kind.isin(MISSING)]
    laid = blocks(
        [
            (f"{modality_title(modality)} {MISSING[kind]}", [titles.get(name, name) for name in rows.recipe])
            for (modality, kind), rows in _grouped(shown)
        ]
    )
    note = (
        f"{protocol_title(table.protocol.iloc[0]).capitalize()}; {_sample(table, cluster)}. Filled: missing in every test "
        f"clip; hollow: nothing is. Whiskers: {interval_note(cluster)}."
    )
    fig, ax = row_chart(
        width,
        laid,
        "What is left when a modality is missing?",
        note,
        metric=table.metric.iloc[0],
    )
    clean = table[table.kind == CLEAN].set_index("recipe")
    order = pd.concat([rows for _, rows in _grouped(shown)])
    for place, row in zip(laid.places, order.itertuples(), strict=True):
        style = look(row.modalities)
        ax.plot(
            100 * clean.value[row.recipe],
            place,
            style.marker,
            ms=4.2,
            mfc="white",
            mec=style.colour,
            label=f"_{row.recipe} clean",
        )
        whiskers(ax, place, row.value, row.ci_low, row.ci_high, style, style.colour, f"{row.recipe} {row.condition}")
    limits(ax, order[["value", "ci_low", "ci_high"]].to_numpy(), clean.value, [chance])
    chance_above(ax, chance, laid)
    return fig


def _grouped(shown: pd.DataFrame):
    """(modality, kind) and its rows, in the order of the table."""
    return shown.groupby(["modality", "kind"], sort=False)


def missing_alt(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The finding of `missing`: for each way the system that keeps most and the one that keeps least."""
    told = []
    for (modality, kind), rows in _grouped(table[table.kind.isin(MISSING)]):
        best, worst = rows.loc[rows.value.idxmax()], rows.loc[rows.value.idxmin()]
        told.append(
            f"{modality_title(modality)} {MISSING[kind]}: most {titles.get(best.recipe, best.recipe)} with {percent(best.value)} %, least "
            f"{titles.get(worst.recipe, worst.recipe)} with {percent(worst.value)} %."
        )
    return f"What is left of {metric_title(table.metric.iloc[0])} when a modality is missing. " + " ".join(told)


@styled
def spoilt(
    table: pd.DataFrame, titles: Mapping[str, str], cluster: str = "speaker", chance: float = 0.0, width: float = FULL
) -> Figure:
    """A panel per kind of spoilt medium: the metric over its levels, a line per system, bands for the intervals, chance dotted.

    Args:
        table: of `robustness.curves`, one protocol, systems on all modalities.
    """
    kinds = spoilt_kinds(table)
    note = (
        f"{protocol_title(table.protocol.iloc[0]).capitalize()}; {_sample(table, cluster)}. Bands: {interval_note(cluster)}. Left: as "
        "recorded. Dotted: chance."
    )
    rows, columns = -(-len(kinds) // 3), min(3, len(kinds))
    fig, axes = canvas(
        width, 1.3 + 2.1 * rows, "What is left when a medium is spoilt?", note, rows, columns, sharey=True
    )
    for ax in axes.ravel()[len(kinds) :]:
        ax.set_visible(False)
    for ax, (modality, kind) in zip(axes.ravel(), kinds, strict=False):
        some = table[((table.modality == modality) & (table.kind == kind)) | (table.kind == CLEAN)]
        _lines(ax, some, titles)
        ax.axhline(100 * chance, color=GREY, lw=0.9, ls=(0, (1, 1.5)), label="_chance")
        ax.set_title(f"{modality_title(modality)}: {kind}")
    for ax in axes[:, 0]:
        ax.set_ylabel(f"{metric_title(table.metric.iloc[0])} (%)")
    _keys_below_title(fig, *axes[0, 0].get_legend_handles_labels())
    return fig


def _keys_below_title(fig: Figure, handles: list, names: list[str]) -> None:
    """A one-line legend between the title and the panels."""
    title, height = fig._suptitle, fig.get_size_inches()[1]
    title.set_text(f"{title.get_text()}\n ")  # the empty line keeps its place
    close = {"columnspacing": 1.4, "handletextpad": 0.4, "handlelength": 2.2, "borderpad": 0.1, "borderaxespad": 0.0}
    keys = fig.legend(handles, names, loc="upper left", bbox_to_anchor=(0.005, 1 - 0.2 / height), ncols=4, **close)
    keys.set_in_layout(False)


def spoilt_kinds(table: pd.DataFrame) -> list[tuple[str, str]]:
    """(modality, kind) of everything that has levels."""
    rows = table[~table.kind.isin([CLEAN, *MISSING])]
    return list(dict.fromkeys(zip(rows.modality, rows.kind, strict=True)))


def _lines(ax, some: pd.DataFrame, titles: Mapping[str, str]) -> None:
    levels = list(dict.fromkeys(some[some.kind != CLEAN].severity))
    unit = some[some.kind != CLEAN].unit.iloc[0]
    for number, (recipe, rows) in enumerate(some.groupby("recipe", sort=False)):
        line, marker = STYLES[number % len(STYLES)]
        rows = pd.concat(
            [rows[rows.kind == CLEAN], rows[rows.kind != CLEAN].set_index("severity", drop=False).loc[levels]]
        )
        x, colour = np.arange(len(rows)), look(rows.modalities.iloc[0]).colour if number < 2 else INK
        ax.plot(x, 100 * rows.value, ls=line, marker=marker, ms=3.5, color=colour, label=titles.get(recipe, recipe))
        ax.fill_between(x, 100 * rows.ci_low, 100 * rows.ci_high, color=colour, alpha=0.12, lw=0, label="_band")
    ax.set_xticks(range(len(levels) + 1), ["clean", *(_level(level, unit) for level in levels)])
    ax.set_xlabel({"dB": "signal to noise (dB)", "of 3": "frames, of 3"}.get(unit, f"share {unit}"))


def _level(level: float, unit: str) -> str:
    return f"{level:.0f}".replace("-", "−") if unit == "dB" or level > 1 or unit == "of 3" else f"{100 * level:.0f} %"


def spoilt_alt(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The finding of `spoilt`: for each kind what every system has at the worst level."""
    told, clean = [], table[table.kind == CLEAN].set_index("recipe").value
    for modality, kind in spoilt_kinds(table):
        rows = table[(table.modality == modality) & (table.kind == kind)]
        worst = rows[rows.severity == rows.severity.iloc[-1]]
        each = "; ".join(
            f"{titles.get(row.recipe, row.recipe)} {percent(clean[row.recipe])} to {percent(row.value)} %"
            for row in worst.itertuples()
        )
        told.append(f"{modality_title(modality)}, {kind}, from clean to the worst level: {each}.")
    return f"{metric_title(table.metric.iloc[0])} when a medium is spoilt. " + " ".join(told)


def _sample(table: pd.DataFrame, cluster: str) -> str:
    return f"{table.num_clips.max()} clips, {table.num_clusters.max()} {cluster_title(cluster)}s"

"""How much a system keeps when a modality is missing or spoilt, drawn from the table of `robustness.curves`."""

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from emostudy.corruptions import CLEAN, MISSING
from emostudy.figures.marks import blocks, chance_above, limits, row_chart, whiskers
from emostudy.figures.style import FULL, GREY, HALF, INK, canvas, look, styled
from emostudy.severity import places
from emostudy.wording import cluster_title, interval_note, metric_title, modality_title, percent, protocol_title

STYLES = (
    ("-", "o"),
    ("--", "D"),
    ("-.", "s"),
    ((0, (8, 1.5)), "v"),
    ((0, (5, 1, 1, 1, 1, 1)), "P"),
)  # dotted is chance
DARKER = (1.0, 0.45, 0.0)  # shades of the modality's colour, one system after the other
LETTERS = 16  # of a name beside a line


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
    """A panel per kind of spoilt medium: the metric over its levels, a line per system, whiskers for the intervals, chance dotted.

    Args:
        table: of `robustness.curves`, one protocol, systems on all modalities.
    """
    kinds, columns = spoilt_kinds(table), 2 if width > 5 else 1
    columns = min(columns, len(kinds))
    note = (
        f"{protocol_title(table.protocol.iloc[0]).capitalize()}; {_sample(table, cluster)}. Whiskers: {interval_note(cluster)}, "
        "moved apart. Dotted: chance."
    )
    rows = -(-len(kinds) // columns)
    fig, axes = canvas(
        width, 0.9 + 2.1 * rows, "What is left when a medium is spoilt?", note, rows, columns, sharey=True
    )
    for number, ax in enumerate(axes.ravel()):
        ax.set_visible(number < len(kinds))
    for number, (ax, (modality, kind)) in enumerate(zip(axes.ravel(), kinds, strict=False)):
        some = table[((table.modality == modality) & (table.kind == kind)) | (table.kind == CLEAN)]
        ends = _lines(ax, some)
        ax.axhline(100 * chance, color=GREY, lw=0.9, ls=(0, (1, 1.5)), label="_chance")
        ax.set_title(f"{modality_title(modality)}: {kind}")
        if number % columns == columns - 1 or len(kinds) % columns:  # the last panel has no neighbour: room beside all
            _name_ends(ax, ends, titles, 100 * table.ci_low.min(), 100 * table.ci_high.max())
    for ax in axes[:, 0]:
        ax.set_ylabel(f"{metric_title(table.metric.iloc[0])} (%)")
    return fig


def _name_ends(ax, ends: list[tuple], titles: Mapping[str, str], low: float, high: float) -> None:
    """Each line's name at its right end; names that would touch are moved apart."""
    line = (high - low) / 14  # the height of a line of letters, in points of the metric
    ends = sorted(ends, key=lambda end: -end[1])
    names = [textwrap.wrap(titles.get(recipe, recipe), LETTERS) for recipe, *_ in ends]
    heights = [line * (len(name) + 0.4) for name in names]
    top = min(high, np.mean([y for _, y, _ in ends]) + sum(heights) / 2)
    for (*_, colour), name, height in zip(ends, names, heights, strict=True):
        style = {"color": colour, "va": "center", "fontweight": "bold", "linespacing": 1.0, "annotation_clip": False}
        ax.annotate("\n".join(name), (1, top - height / 2), (5, 0), ("axes fraction", "data"), "offset points", **style)
        top -= height


def spoilt_kinds(table: pd.DataFrame) -> list[tuple[str, str]]:
    """(modality, kind) of everything that has levels."""
    rows = table[~table.kind.isin([CLEAN, *MISSING])]
    return list(dict.fromkeys(zip(rows.modality, rows.kind, strict=True)))


def _lines(ax, some: pd.DataFrame) -> list[tuple]:
    """A line with whiskers per system; (recipe, last value in percent, colour) of each."""
    levels = list(dict.fromkeys(some[some.kind != CLEAN].severity))
    unit = some[some.kind != CLEAN].unit.iloc[0]
    at, recipes, ends = places(levels, unit), list(dict.fromkeys(some.recipe)), []
    for number, recipe in enumerate(recipes):
        own = some[some.recipe == recipe]
        rows = pd.concat(
            [own[own.kind == CLEAN], own[own.kind != CLEAN].set_index("severity").loc[levels]]
        )  # 0 dB is not clean
        line, marker = STYLES[number % len(STYLES)]
        colour = _shade(rows.modalities.iloc[0], DARKER[number % len(DARKER)])
        x = at + 0.022 * (at[-1] - at[0]) * (number - (len(recipes) - 1) / 2)
        around = 100 * np.maximum([rows.value - rows.ci_low, rows.ci_high - rows.value], 0)
        face = "white" if number % 2 else colour
        style = {"ls": line, "marker": marker, "ms": 3.8, "mfc": face, "color": colour, "elinewidth": 0.7, "lw": 1.1}
        ax.errorbar(x, 100 * rows.value, yerr=around, capsize=0, label=f"_{recipe}", **style)
        ends.append((recipe, 100 * rows.value.iloc[-1], colour))
    ax.set_xticks(at, ["clean", *(_level(level, unit) for level in levels)])
    ax.set_xlabel({"dB": "signal to noise (dB)", "of 3": "frames, of 3"}.get(unit, f"share {unit}"))
    return ends


def _shade(modalities: str, share: float) -> tuple[float, ...]:
    """The colour of these modalities, darkened towards ink."""
    return tuple(
        share * one + (1 - share) * dark for one, dark in zip(to_rgb(look(modalities).colour), to_rgb(INK), strict=True)
    )


def _level(level: float, unit: str) -> str:
    return f"{level:.0f}".replace("-", "−") if unit == "dB" or level > 1 or unit == "of 3" else f"{100 * level:.0f} %"


def spoilt_alt(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The finding of `spoilt`: for each kind what every system has at the worst level."""
    told, clean = [], table[table.kind == CLEAN].set_index("recipe").value
    for modality, kind in spoilt_kinds(table):
        rows = table[(table.modality == modality) & (table.kind == kind)]
        worst = rows[rows.severity == rows.severity.iloc[-1]]
        lowest = rows.loc[rows.groupby("recipe").value.idxmin()].set_index("recipe")
        each = "; ".join(
            f"{titles.get(row.recipe, row.recipe)} {_from_to(clean[row.recipe], row.value)}{_dip(row, lowest)}"
            for row in worst.itertuples()
        )
        told.append(f"{modality_title(modality)}, {kind}, from clean to the worst level: {each}.")
    return f"{metric_title(table.metric.iloc[0])} when a medium is spoilt. " + " ".join(told)


def _from_to(clean: float, worst: float) -> str:
    """ "75.4 to 61.0 %", "75.4 % at both" where they are the same as told."""
    first, last = percent(clean), percent(worst)
    return f"{first} % at both" if first == last else f"{first} to {last} %"


def _dip(row, lowest: pd.DataFrame) -> str:
    """Where a line is lowest before its end."""
    least = lowest.loc[row.recipe]
    told = percent(least.value)
    return f" (lowest {told} at {least.severity:g} {row.unit})" if float(told) < float(percent(row.value)) else ""


def _sample(table: pd.DataFrame, cluster: str) -> str:
    return f"{table.num_clips.max()} clips, {table.num_clusters.max()} {cluster_title(cluster)}s"

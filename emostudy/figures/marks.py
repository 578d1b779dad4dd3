"""The parts of charts: rows, whiskers, dumbbells, ceilings, chance, numbers beside a row. Shares 0 to 1 go in."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.lines import Line2D

from emostudy.figures.style import CMAP, GREY, INK, Look, canvas, ink_on, label_rows
from emostudy.wording import metric_title, modality_title, percent, protocol_title

ROW = 0.165  # inches
LONGEST = 34  # letters of a row's name on one line
SECOND_LINE = 0.8  # of a row, for each line after the first


class Rows(NamedTuple):
    """Named rows of a chart: labels, their heights, which are headings, and the heights of the others."""

    labels: list[str]
    ticks: list[float]
    bold: list[int]
    places: list[float]


CEILING = {"marker": "|", "markersize": 9, "markeredgewidth": 1.4, "color": INK, "ls": ""}
ADJUSTED = CEILING | {"markeredgewidth": 0.8, "color": GREY}


def whiskers(ax, y: float, value: float, low: float, high: float, look: Look, face: str, label: str = "") -> None:
    """A value with its interval on row y, in percent; no whiskers where there is no interval."""
    around = None if pd.isna(low) else [[100 * max(value - low, 0)], [100 * max(high - value, 0)]]
    ax.errorbar(
        100 * value,
        y,
        xerr=around,
        fmt=look.marker,
        ms=4.2,
        mfc=face,
        mec=look.colour,
        mew=1,
        ecolor=look.colour,
        elinewidth=0.9,
        capsize=0,
        label=f"_{label}",
        zorder=3,
    )


def dumbbell(ax, y: float, row, look: Look, label: str, shown: Mapping[str, str]) -> None:
    """The flattering protocol (hollow) and the honest one (filled) on row y, joined, the fall beside; one protocol alone is a filled mark.

    Args:
        row: of `tables.both_protocols`.
        shown: of `wording.roles`.
    """
    if "flattering" in shown:
        ax.plot(
            [100 * row.flattering, 100 * row.honest],
            [y, y],
            color=look.colour,
            lw=4,
            alpha=0.28,
            solid_capstyle="butt",
            label=f"_{label} fall",
            zorder=1,
        )
    for role, protocol in shown.items():
        bounds = [getattr(row, f"{role}{end}") for end in ("", "_low", "_high")]
        face = "white" if role == "flattering" else look.colour
        whiskers(ax, y, *bounds, look, face, f"{label} {protocol}")
    if "flattering" in shown:
        beside(ax, y, signed(row.fall))


def protocol_keys(shown: Mapping[str, str]) -> list[Line2D]:
    """Legend entries of a dumbbell's ends; none where one protocol alone is shown (`wording.roles`)."""
    if "flattering" not in shown:
        return []
    shared = {"ls": "", "marker": "o", "markersize": 4.2, "color": INK}
    return [
        Line2D([], [], mfc="white", label=protocol_title(shown["flattering"]), **shared),
        Line2D([], [], label=protocol_title(shown["honest"]), **shared),
    ]


def ceiling_keys(has_ceiling: bool = True, has_adjusted: bool = True) -> list[Line2D]:
    """Legend entries of the ceiling ticks that are drawn."""
    drawn = (("ceiling", CEILING, has_ceiling), ("adjusted ceiling", ADJUSTED, has_adjusted))
    return [Line2D([], [], label=name, **style) for name, style, given in drawn if given]


def mark_ceilings(
    ax, y: float, modalities: str, ceilings: Mapping[str, float] | None, adjusted: Mapping[str, float] | None
) -> None:
    """Upright ticks on row y at the best possible score of these modalities, as far as it is known."""
    for known, style, name in ((adjusted, ADJUSTED, "adjusted"), (ceilings, CEILING, "ceiling")):
        if known and modalities in known:
            ax.plot(100 * known[modalities], y, label=f"_{modalities} {name}", zorder=2, **style)


def mark_chance(ax, chance: float, y: float) -> None:
    """A dotted line at chance, named on row y, which holds no data."""
    ax.axvline(100 * chance, color=GREY, lw=0.9, ls=(0, (1, 1.5)), label="_chance", zorder=0)
    ax.annotate(
        f"chance {100 * chance:.1f}",
        (100 * chance, y),
        (3, 0),
        "data",
        "offset points",
        va="center",
        color=GREY,
    )


def chance_above(ax, chance: float, rows: Rows) -> None:
    """A line at chance, named above the first row."""
    ax.set_ylim(top=min(rows.ticks) - 1.5)
    mark_chance(ax, chance, min(rows.ticks) - 1)


def beside(ax, y: float, text: str, points: float = 26, **kwargs) -> None:
    """Text at the right of row y, its right end `points` off the axes."""
    kwargs = {"va": "center_baseline", "ha": "right", "annotation_clip": False} | kwargs
    ax.annotate(text, (1, y), (points, 0), ("axes fraction", "data"), "offset points", **kwargs)


def grouped(table: pd.DataFrame, titles: Mapping[str, str]) -> Rows:
    """Rows of the systems, top down, with a heading before each set of modalities; a long name has two lines."""
    places, labels, bold, ticks, y = [], [], [], [], 0.0
    for modalities, rows in table.groupby("modalities", sort=False):
        bold.append(len(labels))
        laid = listed([modality_title(modalities), *(titles.get(recipe, recipe) for recipe in rows.recipe)], start=y)
        labels += laid.labels
        ticks += laid.ticks
        places += ticks[-len(rows) :]
        y = ticks[-1] + (1 + SECOND_LINE * laid.labels[-1].count("\n") / 2) + 0.3
    return Rows(labels, ticks, bold, places)


def listed(names: Sequence[str], longest: int = LONGEST, start: float = 0.0) -> Rows:
    """Rows top down; a long name has two lines."""
    labels, ticks, y = [], [], start
    for name in names:
        lines = textwrap.wrap(name, longest, break_on_hyphens=False)
        more = (len(lines) - 1) * SECOND_LINE
        labels.append("\n".join(lines))
        ticks.append(y + more / 2)
        y += 1 + more
    return Rows(labels, ticks, [], ticks)


def blocks(named: Sequence[tuple[str, Sequence[str]]]) -> Rows:
    """Rows in blocks, top down, each under its heading: (heading, names of its rows)."""
    labels, ticks, bold, places, y = [], [], [], [], 0.0
    for heading, names in named:
        bold.append(len(labels))
        labels += [heading, *names]
        ticks += [y + step for step in range(len(names) + 1)]
        places += ticks[-len(names) :]
        y += len(names) + 1.4
    return Rows(labels, ticks, bold, places)


def limits(ax, *shares) -> None:
    """Wide enough for all shares (0 to 1, NaN passed over), with a little air."""
    values = 100 * np.concatenate([np.ravel(np.asarray(each, float)) for each in shares])
    low, high = np.nanmin(values), np.nanmax(values)
    ax.set_xlim(low - 0.04 * (high - low), high + 0.04 * (high - low))


def row_chart(width: float, rows: Rows, title: str, note: str, row: float = ROW, metric: str = "UAR"):
    """Axes with named rows, top down, and a metric in percent across."""
    fig, axes = canvas(width, 1.2 + row * (max(rows.ticks) + 1), title, note)
    ax = axes[0, 0]
    label_rows(ax, rows.ticks, rows.labels, rows.bold)
    ax.set_xlabel(f"{metric_title(metric)} (%)")
    ax.grid(axis="x")
    return fig, ax


def signed(share: float) -> str:
    """Points with a true minus sign; a dash for NaN."""
    return "–" if pd.isna(share) else percent(share).replace("-", "−")


def matrix(ax, share: np.ndarray, emotions: Sequence[str], counts: np.ndarray | None = None) -> None:
    """A table (C, C) of shares as cells with their percentages, and counts (C, C) below them; empty where 0."""
    ax.imshow(share, cmap=CMAP, vmin=0, vmax=1)
    for (i, j), value in np.ndenumerate(share):
        style = {"ha": "center", "va": "center", "color": ink_on(colormaps[CMAP](value))}
        if value > 0:
            ax.text(j, i - (0 if counts is None else 0.16), percent(value, 0), fontweight="bold", **style)
        if counts is not None and counts[i, j]:
            ax.text(j, i + 0.24, f"{counts[i, j]:.0f}", **style)
    ax.set_xticks(range(len(emotions)), emotions, rotation=40, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(emotions)), emotions)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)

"""Across corpora: a matrix of what was learned and where it is tested, and how far each system falls abroad."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from emostudy.figures.marks import beside, blocks, chance_above, limits, row_chart, signed, whiskers
from emostudy.figures.style import CMAP, FULL, INK, ink_on, keys_above, look, panels, styled
from emostudy.transfer import SYSTEM, sides
from emostudy.transfer_words import named, title
from emostudy.wording import percent

RANGE = (0.1, 0.75)  # of UAR that the colours tell apart
NOTE = (
    "UAR in percent, 95 % interval below; framed: at home, speakers new to the model. Intervals over speakers, of TESS over words of its "
    "two actresses."
)


@styled
def matrices(table: pd.DataFrame, titles: Mapping[str, str], chance: float, width: float = FULL) -> Figure:
    """A matrix for each system: trained on (rows), tested on (columns).

    Args:
        table: of `transfer.matrix`, one or two systems.
    """
    systems = list(table.groupby(SYSTEM, sort=False))
    note = f"{NOTE} By speaker: each speaker standardised. Chance {percent(chance)}."
    fig, axes = panels(len(systems), width, 2.5, "What is learned of one corpus, is it true of another?", note)
    for ax, (_, rows) in zip(axes, systems, strict=True):
        _matrix(ax, rows)
        ax.set_title(named(rows.iloc[0], titles))
    return fig


def _matrix(ax, rows: pd.DataFrame) -> None:
    down = list(rows.learned.unique())
    across = [name for name in down if name in set(rows.tested)]
    wide = rows.set_index(["learned", "tested"])
    share = np.array([[wide.value.get((i, j), np.nan) for j in across] for i in down])
    ax.imshow(share, cmap=CMAP, vmin=RANGE[0], vmax=RANGE[1], aspect="auto")
    for (i, j), value in np.ndenumerate(share):
        if np.isnan(value):
            continue
        row = wide.loc[(down[i], across[j])]
        place = (value - RANGE[0]) / (RANGE[1] - RANGE[0])
        style = {"ha": "center", "va": "center", "color": ink_on(colormaps[CMAP](float(np.clip(place, 0, 1))))}
        ax.text(j, i - 0.14, percent(value), fontweight="bold", **style)
        ax.text(
            j,
            i + 0.22,
            "–" if pd.isna(row.ci_low) else f"{percent(row.ci_low, 0)} to {percent(row.ci_high, 0)}",
            **style,
        )
        if down[i] == across[j]:
            ax.add_patch(Rectangle((j - 0.48, i - 0.48), 0.96, 0.96, fill=False, ec="white", lw=1.6))
    ax.set_xticks(range(len(across)), [title(name) for name in across])
    ax.set_yticks(range(len(down)), [title(name) for name in down])
    ax.set(xlabel="tested on", ylabel="trained on")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def matrices_alt(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The finding of `matrices`: every cell in words."""
    told = []
    for _, rows in table.groupby(SYSTEM, sort=False):
        cells = ", ".join(
            f"{title(row.learned)} to {title(row.tested)} {percent(row.value)}" for row in rows.itertuples()
        )
        told.append(f"{named(rows.iloc[0], titles)}: {cells}.")
    return "UAR in percent, trained on one corpus and tested on another. " + " ".join(told)


@styled
def falls(table: pd.DataFrame, titles: Mapping[str, str], chance: float, width: float = 0.7 * FULL) -> Figure:
    """For each tested corpus a row per system: learned there (filled), learned elsewhere (hollow, one mark for each), the mean fall beside.

    Args:
        table: of `transfer.matrix`.
    """
    tested = [name for name in table.learned.unique() if name in set(table.tested)]
    each = [(name, rows) for name in tested for _, rows in table[table.tested == name].groupby(SYSTEM, sort=False)]
    laid = blocks(
        [
            (f"tested on {title(name)}", [named(rows.iloc[0], titles) for of, rows in each if of == name])
            for name in tested
        ]
    )
    note = (
        "Filled: trained on other speakers of the same corpus; hollow: on another corpus. Bars: 95 % intervals over speakers, of TESS over "
        "words of its two actresses. By speaker: each speaker standardised. Right: the mean fall, in points."
    )
    fig, ax = row_chart(width, laid, "How far does each system fall abroad?", note)
    style = look("speech")
    for place, (_, rows) in zip(laid.places, each, strict=True):
        homes, away = sides(rows)
        home = homes.iloc[0]
        ax.plot(
            [100 * away.value.min(), 100 * home.value], [place, place], color=style.colour, lw=4, alpha=0.28, zorder=1
        )
        ax.plot(100 * away.value, [place] * len(away), style.marker, ms=4.2, mfc="white", mec=style.colour, zorder=3)
        whiskers(ax, place, home.value, home.ci_low, home.ci_high, style, style.colour)
        beside(ax, place, signed(home.value - away.value.mean()))
    limits(ax, table[["value", "ci_low", "ci_high"]].to_numpy(), [chance])
    chance_above(ax, chance, laid)
    shared = {"ls": "", "marker": style.marker, "markersize": 4.2, "color": INK}
    keys_above(
        fig, ax, [Line2D([], [], label="at home", **shared), Line2D([], [], mfc="white", label="abroad", **shared)]
    )
    return fig


def falls_alt(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The finding of `falls`: at home and the mean abroad, system by system."""
    told = []
    for (_, _, name), rows in table.groupby(["recipe", "condition", "tested"], sort=False):
        home, away = (side.value for side in sides(rows))
        told.append(
            f"{named(rows.iloc[0], titles)}, {title(name)}: {percent(home.iloc[0])}, abroad {percent(away.mean())}."
        )
    return "UAR in percent at home and the mean of other corpora. " + " ".join(told)

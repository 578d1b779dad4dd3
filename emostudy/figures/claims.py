"""What was claimed beside what is reached: in the authors' way, honestly, and by the same model on another corpus."""

import textwrap

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from emostudy.claim_verdicts import JUDGED, SO_MISSED, SO_REACHED
from emostudy.claim_words import shown
from emostudy.figures.marks import LONGEST, ROW, Rows, limits, row_chart, whiskers
from emostudy.figures.style import GREY, HALF, INK, Look, keys_above, look, styled
from emostudy.wording import percent

CLAIMED = {"marker": "D", "markersize": 4.4, "mfc": "white", "mec": INK, "mew": 1.0, "ls": "", "zorder": 4}
ELSEWHERE = Look(GREY, "x", "")


@styled
def claims(table: pd.DataFrame, width: float = HALF) -> Figure:
    """A row for all numbers of one model on one part of the clips: claimed, in their way (hollow), honest (filled), elsewhere (cross).

    Args:
        table: of `claim_verdicts.table`.
    """
    groups, labels, ticks, y = shown(table), [], [], 0.0
    for rows in groups:
        one = rows.iloc[0]
        lines = textwrap.wrap(f"{one.system}: {one.subject}, {one.measured_on.partition(',')[0]}", LONGEST)
        labels.append("\n".join(lines))
        ticks.append(y + 0.4 * (len(lines) - 1))
        y += 0.8 * len(lines) + 0.4
    note = "95 % intervals. Training: UAR of training clips, which has none. Crosses are no test of a claim: other clips, other labels."
    if several := list(dict.fromkeys(table.subject[table.near.notna()])):
        note += f" By the first rebuild and the nearest of the others: {', '.join(several)}."
    if stood_in := list(dict.fromkeys(table.subject[table.verdict.isin((SO_REACHED, SO_MISSED))])):
        note += f" By a stand-in: {', '.join(stood_in)}."
    fig, ax = row_chart(width, Rows(labels, ticks, [], ticks), "Claimed and reached", note, ROW, "WA")
    for place, rows in zip(ticks, groups, strict=True):
        ax.plot(100 * rows.claimed, [place] * len(rows), label=f"_{rows.subject.iloc[0]} claimed", **CLAIMED)
        _reached(ax, place, rows.iloc[0])
    limits(ax, [0.0, 1.0])
    handles = [Line2D([], [], label="claimed", **CLAIMED)]
    told = {"their way": {"mfc": "white"}, "honest": {}, "elsewhere, honest": {"marker": "x", "color": GREY}}
    handles += [
        Line2D([], [], label=name, **{"marker": "o", "ls": "", "ms": 4.2, "color": INK} | style)
        for name, style in told.items()
    ]
    keys_above(fig, ax, handles)
    return fig


def _reached(ax, place: float, row: pd.Series) -> None:
    style = look(row.modalities)
    if row.verdict in JUDGED:
        whiskers(ax, place, row.reached, row.reached_low, row.reached_high, style, "white", f"{row.subject} theirs")
        whiskers(ax, place, row.honest, row.honest_low, row.honest_high, style, style.colour, f"{row.subject} honest")
        if pd.notna(row.near):
            ends = row.near_honest, row.near_honest_low, row.near_honest_high
            whiskers(ax, place, row.near, row.near_low, row.near_high, style, "white", f"{row.subject} near theirs")
            whiskers(ax, place, *ends, style, style.colour, f"{row.subject} near honest")
    elif pd.notna(row.other):
        whiskers(ax, place, row.other, row.other_low, row.other_high, ELSEWHERE, GREY, f"{row.subject} elsewhere")


def claims_alt(table: pd.DataFrame) -> str:
    """The finding of `claims`: what became of the numbers, and those that ran here."""
    counts = table.verdict.value_counts()
    told = [f"{counts[name]} {name}" for name in counts.index]
    each = [
        f"{row.system}, {row.subject}: claimed {percent(row.claimed)}, in their way {percent(row.reached)}, honest {percent(row.honest)}."
        for row in table[table.verdict.isin(JUDGED)].itertuples()
    ]
    return f"Of {len(table)} printed numbers {', '.join(told)}. " + " ".join(each)

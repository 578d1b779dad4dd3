"""How sure a system is against how right it is, and what it is worth to answer only when sure."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from emostudy.figures.style import FULL, GREY, keys_above, look, panels, styled
from emostudy.wording import interval_note, modality_title, percent, protocol_title, roles

FEWEST = 10  # clips of a bin that is drawn: a share of fewer says nothing
FIRST = 0.05  # share answered at which a curve begins
SOME = 0.5  # the share answered that the finding tells


@styled
def reliability(table: pd.DataFrame, cluster: str = "speaker", width: float = FULL) -> Figure:
    """A panel per protocol: share right over confidence, a line per system; on the diagonal a system is as sure as it is right.

    Args:
        table: of `calibration.reliability`, one system for each set of modalities.
    """
    note = f"Fifteen bins of confidence; those of fewer than {FEWEST} clips are not drawn. Whiskers: {interval_note(cluster)}."
    fig, axes = _panels(table, width, "As sure as right?", note)
    for ax, (_, rows) in zip(axes, _by_protocol(table), strict=True):
        ax.plot([0, 100], [0, 100], color=GREY, lw=0.9, ls=(0, (1, 1.5)), label="_diagonal")
        ax.annotate("too sure", (97, 6), ha="right", color=GREY)
        ax.annotate("not sure enough", (3, 92), color=GREY)
        for modalities, some in rows[rows.num_clips >= FEWEST].groupby("modalities", sort=False):
            style = look(modalities)
            ax.vlines(
                100 * some.sure, 100 * some.ci_low, 100 * some.ci_high, color=style.colour, lw=0.8, label="_whiskers"
            )
            ax.plot(
                100 * some.sure, 100 * some.right, marker=style.marker, ms=4, color=style.colour, label=f"_{modalities}"
            )
        ax.set(xlim=(0, 102), ylim=(0, 102), xlabel="confidence (%)")
    axes[0].set_ylabel("right (%)")
    return fig


@styled
def coverage(table: pd.DataFrame, width: float = FULL) -> Figure:
    """A panel per protocol: share right of the clips answered, the surest first; at the right end all are answered.

    Args:
        table: of `calibration.coverage`, one system for each set of modalities.
    """
    note = "Clips are answered in the order of the system's own confidence. Left of a tenth curves rest on few clips."
    fig, axes = _panels(table, width, "What if only the surest clips are answered?", note)
    for ax, (_, rows) in zip(axes, _by_protocol(table), strict=True):
        for modalities, some in rows.groupby("modalities", sort=False):
            style, shown = look(modalities), some[some.answered >= FIRST]
            every = {"markevery": (5, 20), "marker": style.marker, "ms": 4}
            ax.plot(100 * shown.answered, 100 * shown.right, color=style.colour, label=f"_{modalities}", **every)
            ax.annotate(
                percent(some.right.iloc[-1], 0),
                (100, 100 * some.right.iloc[-1]),
                (3, 0),
                textcoords="offset points",
                va="center",
            )
        ax.set(xlim=(0, 106), xlabel="answered (% of clips)")
    lowest = 100 * table.right[table.answered >= FIRST].min()
    axes[0].set(ylabel="right of these (%)", ylim=(max(0, min(lowest - 5, 60)), 102))
    return fig


def _panels(table: pd.DataFrame, width: float, title: str, note: str):
    protocols = list(roles(table.protocol).values())
    fig, axes = panels(len(protocols), width if len(protocols) > 1 else width / 2, 2.6, title, note, sharey=True)
    looks = {name: look(name) for name in table.modalities.unique()}
    handles = [
        Line2D([], [], color=one.colour, marker=one.marker, ms=4, label=modality_title(name))
        for name, one in looks.items()
    ]
    if len(handles) > 1:
        keys_above(fig, axes[0], handles, columns=4 if len(protocols) > 1 else 2)
    for ax, protocol in zip(axes, protocols, strict=True):
        ax.set_title(f"\n{protocol_title(protocol)}", loc="right")
        ax.grid(axis="both")
    return fig, axes


def _by_protocol(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(protocol, table[table.protocol == protocol]) for protocol in roles(table.protocol).values()]


def reliability_alt(table: pd.DataFrame) -> str:
    """The finding of `reliability`: how sure each system was on average, and how often right."""
    told = []
    for protocol, rows in _by_protocol(table):
        means = []
        for modalities, some in rows.groupby("modalities", sort=False):
            sure, right = ((some[name] * some.num_clips).sum() / some.num_clips.sum() for name in ("sure", "right"))
            means.append(f"{modality_title(modalities)} {percent(sure)} sure, {percent(right)} right")
        told.append(f"{protocol_title(protocol).capitalize()}: {'; '.join(means)}.")
    return "Confidence against share right, in percent. " + " ".join(told)


def coverage_alt(table: pd.DataFrame) -> str:
    """The finding of `coverage`: share right of all clips, and of the surer half."""
    told = []
    for protocol, rows in _by_protocol(table):
        each = []
        for modalities, some in rows.groupby("modalities", sort=False):
            at = some.right.iloc[(some.answered - SOME).abs().argmin()]
            each.append(
                f"{modality_title(modalities)} {percent(at)} of the surer half, {percent(some.right.iloc[-1])} of all"
            )
        told.append(f"{protocol_title(protocol).capitalize()}: {'; '.join(each)}.")
    return "Share right, in percent. " + " ".join(told)

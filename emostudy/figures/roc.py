"""ROC curves of one system, an emotion against the rest, drawn from predictions."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from emostudy.figures.style import GREY, HALF, canvas, look, styled
from emostudy.metrics import mean_present
from emostudy.predictions import matrices
from emostudy.several_metrics import aurocs
from emostudy.wording import alone, enough, in_roles, not_drawn, percent, protocol_title, roles, sample, titled

NAME = 12  # characters of an emotion's name that a panel has room for
LINES = {"flattering": ("dashed", "--"), "honest": ("solid", "-")}
BEHIND = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}  # a curve must not cross a number


@styled
def roc_curves(
    predictions: pd.DataFrame, emotions: Sequence[str], system: str, cluster: str = "speaker", width: float = HALF
) -> Figure:
    """An ROC panel per emotion against the rest: the flattering protocol dashed, the honest one solid; AUROC in percent."""
    test, small = enough(predictions[predictions.part == "test"])
    test = in_roles(test)
    columns = 3 if width < 5 else 4
    rows, shown = -(-len(emotions) // columns), roles(test.protocol)
    apart = "; ".join(f"{LINES[role][0]}: {protocol_title(protocol)}" for role, protocol in shown.items())
    drawn = f"{apart.capitalize()}; numbers" if "flattering" in shown else "Numbers"
    note = f"{alone(test.protocol)}{drawn}: AUROC in percent. {sample(test, cluster)}.{not_drawn(small)}"
    title = titled(system, "one against the rest")
    fig, axes = canvas(width, width / columns * rows + 0.8, title, note, rows, columns, sharex=True, sharey=True)
    for number, ax in enumerate(axes.ravel()):
        ax.set_axis_off() if number >= len(emotions) else _roc(ax, test, emotions, number, shown)
        ax.tick_params(labelbottom=number + columns >= len(emotions))
    fig.supylabel("true positives (%)", fontsize=7)
    axes[-1, 0].set_xlabel("false positives (%)")
    return fig


def roc_curves_alt(predictions: pd.DataFrame, emotions: Sequence[str], system: str) -> str:
    """The finding of `roc_curves`: AUROC of every emotion under each protocol."""
    told, (test, small) = [], enough(predictions[predictions.part == "test"])
    for protocol in roles(test.protocol).values():
        seeds = [matrices(seed, tuple(emotions)) for _, seed in test[test.protocol == protocol].groupby("seed")]
        areas = mean_present(np.array([aurocs(y, probabilities) for y, _, probabilities in seeds]), axis=0)
        each = ", ".join(f"{emotion} {percent(area, 0)}" for emotion, area in zip(emotions, areas, strict=True))
        told.append(f"{protocol_title(protocol).capitalize()}: {each}.")
    return f"AUROC of {system} in percent, one emotion against the rest. " + " ".join(told) + not_drawn(small)


def _roc(ax, test: pd.DataFrame, emotions: Sequence[str], number: int, shown: Mapping[str, str]) -> None:
    """One emotion's curves: true positives at 101 rates of false ones, mean over seeds."""
    grid = np.linspace(0, 1, 101)
    for at, (role, protocol) in enumerate(shown.items()):
        curves, areas = [], []
        for _, rows in test[test.protocol == protocol].groupby("seed"):
            y, _, probabilities = matrices(rows, tuple(emotions))
            areas.append(aurocs(y, probabilities)[number])
            if not np.isnan(areas[-1]):  # no curve where all clips have the emotion, or none
                curves.append(np.interp(grid, *roc_curve(y[:, number], probabilities[:, number])[:2]))
        if curves:
            colour = look(test.modalities.iloc[0]).colour
            ax.plot(100 * grid, 100 * np.mean(curves, 0), LINES[role][1], color=colour, label=f"_{protocol}")
        if areas:
            words = f"{protocol_title(protocol).split()[0]} {percent(mean_present(np.array(areas)), 0)}"  # "random 95", "new 82"
            ax.text(99, 20 - 15 * at, words, ha="right", bbox=BEHIND)
    ax.plot([0, 100], [0, 100], color=GREY, lw=0.6, ls=(0, (1, 1.5)))
    ax.set(
        title=textwrap.fill(emotions[number], NAME, break_long_words=False),
        aspect="equal",
        xticks=[0, 50, 100],
        yticks=[0, 50, 100],
    )

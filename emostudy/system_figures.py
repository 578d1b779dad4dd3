"""Figures of one system: learning curves, confusions, recall by emotion and by speaker, ROC. Each returns what it drew."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from emostudy.labels import encode
from emostudy.marks import beside, dumbbell, keys_above, limits, protocol_keys, row_chart, signed
from emostudy.metrics import auroc, confusion
from emostudy.predictions import arrays
from emostudy.style import CMAP, FULL, GREY, HALF, INK, canvas, ink_on, look, panels, styled
from emostudy.tables import class_rows
from emostudy.wording import SHOWN, counted, interval_note, percent, protocol_title, sample

SCORES = {"uar": "UAR (%)", "loss": "loss (nats)"}


@styled
def learning_curves(curves: pd.DataFrame, chance: float, modalities: str, width: float = HALF, title: str = "When does it stop learning, and start remembering?") -> Figure:
    """UAR and loss on train and dev clips by epoch, a column per protocol: mean of all runs, band from lowest to highest.

    Args:
        curves: of `records.curves`, one recipe.
        chance: UAR of a guess, 0 to 1.
    """
    shown = [protocol for protocol in SHOWN if protocol in set(curves.protocol)]
    runs = curves[curves.protocol == shown[0]]
    note = (f"{counted(runs.fold.nunique(), 'fold')}, {counted(runs.seed.nunique(), 'seed')}. Lines: mean of the runs; "
            "bands: lowest to highest; dots: epochs kept, chosen on dev clips.")
    fig, axes = canvas(width, 0.62 * width + 1, title, note, 2, len(shown), sharex=True, sharey="row")
    for column, protocol in enumerate(shown):
        for ax, (score, label) in zip(axes[:, column], SCORES.items(), strict=True):
            _curve_pair(ax, curves[curves.protocol == protocol], score, look(modalities).colour)
            if column == 0:
                ax.set_ylabel(label)
        axes[0, column].axhline(100 * chance, color=GREY, lw=0.9, ls=(0, (1, 1.5)), label="_chance")
        axes[0, column].set_title(protocol_title(protocol))
        axes[1, column].set_xlabel("epoch")
    return fig


@styled
def confusion_matrix(predictions: pd.DataFrame, emotions: tuple[str, ...], system: str, cluster: str = "speaker", width: float = FULL) -> Figure:
    """Row-normalised confusions in percent with counts below, a matrix per protocol in `predictions`.

    Args:
        predictions: one system, with its title `system`; seeds are averaged.
    """
    test = predictions[predictions.part == "test"]
    shown = [protocol for protocol in SHOWN if protocol in set(test.protocol)]
    note = f"Large: percent of the row. Small: clips{', mean over seeds' if test.seed.nunique() > 1 else ''}. {sample(test, cluster)}."
    size = 0.36 * len(emotions)
    fig, axes = panels(len(shown), width, size + 0.75, f"{system}: what is taken for what?", note)
    for ax, protocol in zip(axes, shown, strict=True):
        rows = test[test.protocol == protocol]
        counts = mean_confusion(rows, emotions)
        _matrix(ax, counts, emotions)
        ax.set_title(protocol_title(protocol))
        ax.set(xlabel="recognised as", ylabel="emotion")
    return fig


def mean_confusion(predictions: pd.DataFrame, emotions: tuple[str, ...]) -> np.ndarray:
    """Confusion counts (C, C) of test predictions, rows true, mean over seeds."""
    tables = [confusion(*arrays(rows, emotions)[:2], len(emotions)) for _, rows in predictions.groupby("seed")]
    return np.mean(tables, axis=0)


def confusion_alt(predictions: pd.DataFrame, emotions: tuple[str, ...], system: str, num_pairs: int = 3) -> str:
    """The finding of `confusion_matrix`: per protocol the best and worst recall and the most frequent confusions."""
    told = []
    for protocol, rows in predictions[predictions.part == "test"].groupby("protocol"):
        counts = mean_confusion(rows, emotions)
        share = counts / counts.sum(1, keepdims=True).clip(1)
        recall, wrong = share.diagonal(), share - np.diag(share.diagonal())
        pairs = [divmod(int(cell), len(emotions)) for cell in wrong.ravel().argsort()[::-1][:num_pairs]]
        taken = ", ".join(f"{emotions[i]} for {emotions[j]} ({percent(share[i, j], 0)} %)" for i, j in pairs)
        best, worst = recall.argmax(), recall.argmin()
        told.append(f"{protocol_title(protocol).capitalize()}: {emotions[best]} is recognised best ({percent(recall[best], 0)} %), "
                    f"{emotions[worst]} worst ({percent(recall[worst], 0)} %); most often taken: {taken}.")
    return f"Confusion matrices of {system}. " + " ".join(told)


@styled
def class_recall(records: pd.DataFrame, recipe: str, modalities: str, system: str, cluster: str = "speaker", width: float = HALF) -> Figure:
    """Recall of every emotion on a random split (hollow) and on new speakers (filled), in the corpus' order."""
    wide = class_dumbbells(records, recipe, modalities)
    note = f"{sample(class_rows(records, recipe, modalities).assign(num_clips=lambda t: t.num_clips), cluster)}"
    fig, ax = row_chart(width, list(wide.index), f"{system}: which emotions suffer?", note)
    return fig

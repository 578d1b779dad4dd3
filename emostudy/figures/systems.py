"""Figures of one system: confusions, recall by emotion. Each returns what it drew."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from emostudy.corpora.corpus import SEVERAL
from emostudy.figures.marks import Rows, beside, dumbbell, limits, matrix, protocol_keys, row_chart
from emostudy.figures.style import FULL, HALF, keys_above, look, panels, settled, styled
from emostudy.predictions import matrices
from emostudy.several_metrics import taken
from emostudy.tables import both_protocols, class_rows
from emostudy.wording import (
    alone,
    enough,
    in_roles,
    interval_note,
    not_drawn,
    percent,
    protocol_title,
    roles,
    sample,
    titled,
)


@styled
def confusions(
    predictions: pd.DataFrame, emotions: Sequence[str], system: str = "", cluster: str = "speaker", width: float = FULL
) -> Figure:
    """Confusions in percent of the row with counts below, a matrix per protocol (`wording.pair`); seeds are averaged.

    Args:
        predictions: one system; `system` is what the title calls it.
        width: of two matrices; one alone takes half.
    """
    test, small = enough(predictions[predictions.part == "test"])
    test, shown = in_roles(test), list(roles(test.protocol).values())
    width = width / 2 if width > 5 and len(shown) == 1 else width
    seeds = ", mean of seeds" if test.seed.nunique() > 1 else ""
    several = test.emotion.str.contains(SEVERAL, regex=False).any()
    of = "clips that have the label, off the diagonal said wrongly; rows need not sum to 100" if several else "the row"
    note = f"Bold: percent of {of}; below: clips{seeds}. {sample(test, cluster)}.{not_drawn(small)}"
    side = (width / len(shown) if width > 5 else width) - 0.75  # what names leave to a matrix, inches
    fig, axes = panels(len(shown), width, side + 0.85, titled(system, "what is taken for what?"), note)
    for ax, protocol in zip(axes, shown, strict=True):
        counts, share = mean_confusion(test[test.protocol == protocol], emotions)
        matrix(ax, share, emotions, counts)
        ax.set(xlabel="recognised as", ylabel="true emotion")
        ax.set_title(protocol_title(protocol))
    return settled(fig)


def mean_confusion(predictions: pd.DataFrame, emotions: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """What is taken for what, rows true: counts (C, C), mean over seeds, and shares of the clips that have the row's label."""
    seeds = [matrices(rows, tuple(emotions))[:2] for _, rows in predictions.groupby("seed")]
    counts = np.mean([taken(y, said) for y, said in seeds], axis=0)
    having = np.mean([y.sum(0) for y, _ in seeds], axis=0)  # (C,)
    return counts, counts / having[:, None].clip(1)


def confusions_alt(
    predictions: pd.DataFrame, emotions: Sequence[str], system: str = "one system", num_pairs: int = 3
) -> str:
    """The finding of `confusions`: best and worst emotion and the most frequent confusions."""
    told, (test, small) = [], enough(predictions[predictions.part == "test"])
    for protocol in roles(test.protocol).values():
        _, share = mean_confusion(test[test.protocol == protocol], emotions)
        right, wrong = share.diagonal(), share - np.diag(share.diagonal())
        most = [cell for cell in wrong.ravel().argsort()[::-1][:num_pairs] if wrong.flat[cell] > 0]
        pairs = [divmod(int(cell), len(emotions)) for cell in most]
        taken = ", ".join(f"{emotions[i]} for {emotions[j]} ({_whole(share[i, j])} %)" for i, j in pairs)
        ends = [f"{emotions[at]} ({_whole(right[at])} %)" for at in (right.argmax(), right.argmin())]
        words = (
            f"recognised best {ends[0]}, worst {ends[1]}; taken: {taken}"
            if pairs
            else "nothing is taken for anything else"
        )
        told.append(f"{protocol_title(protocol).capitalize()}: {words}.")
    return f"Confusions of {system}. " + " ".join(told) + not_drawn(small)


def _whole(share: float) -> str:
    """Whole percent; a digit more where that would say none or all, and it is neither."""
    told = percent(share, 0)
    return percent(share) if told in ("0", "100") and 0 < share < 1 else told


@styled
def class_recall(
    records: pd.DataFrame, recipe: str, modalities: str, system: str, cluster: str = "speaker", width: float = HALF
) -> Figure:
    """Recall of every emotion under the flattering protocol (hollow) and the honest one (filled), in the corpus' order."""
    rows = class_rows(records, recipe, modalities)
    emotions, shown = list(rows.emotion.unique()), roles(rows.protocol)
    wide = both_protocols(rows[rows.metric == "recall"], ["emotion"], shown).set_index("emotion").loc[emotions]
    own = in_roles(records[(records.recipe == recipe) & (records.modalities == modalities)])
    fall = " Fall in points." if "fall" in wide else ""
    note = f"{alone(rows.protocol)}{sample(own, cluster)}. Whiskers: {interval_note(cluster)}.{fall}"
    places = list(range(len(emotions)))
    fig, ax = row_chart(width, Rows(emotions, places, [], places), titled(system, "which emotions suffer?"), note, 0.2)
    for y, row in zip(places, wide.itertuples(), strict=True):
        dumbbell(ax, y, row, look(modalities), row.Index, shown)
    if "fall" in wide:
        beside(ax, -0.9, "fall", fontweight="bold")
        ax.set_ylim(top=-1.3)
    ax.set_xlabel("recall (%)")
    limits(ax, wide.drop(columns="fall", errors="ignore"), [0, 1])
    if keys := protocol_keys(shown):
        keys_above(fig, ax, keys)
    return fig


def class_recall_alt(records: pd.DataFrame, recipe: str, modalities: str, system: str) -> str:
    """The finding of `class_recall`, emotion by emotion."""
    rows = class_rows(records, recipe, modalities)
    shown = roles(rows.protocol)
    wide = both_protocols(rows[rows.metric == "recall"], ["emotion"], shown)
    wide = wide.sort_values("fall" if "fall" in wide else "honest", ascending=False)
    each = wide[list(shown)].map(percent).agg(" and ".join, axis=1)
    told = "; ".join(f"{emotion} {numbers}" for emotion, numbers in zip(wide.emotion, each, strict=True))
    first = "largest fall" if "fall" in wide else "best"
    return f"Recall of {system} in percent, {' and '.join(map(protocol_title, shown.values()))}, {first} first: {told}."

"""The axis of severity: where the levels of a corruption stand on it, the area under a curve over it, and whether a curve rises again."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corruptions import CLEAN, Corruption
from emostudy.records import compare_pairs

NONE = "no levels"


def places(levels: Sequence[float], unit: str) -> np.ndarray:
    """Where clean clips and these levels, mild ones first, stand on the axis, (1 + L,): clean at 0.

    Levels that are shares ("of the clip", "of 3") stand at their share; others, such as decibels, have no zero and are counted: 1 .. L.
    """
    return np.array([0.0, *(level if unit.startswith("of ") else step for step, level in enumerate(levels, 1))])


def area(scores: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Area under scores (1 + L, ...) over severities (1 + L,), by trapezoids, divided by its width, (...): a score again."""
    return np.trapezoid(scores, at, axis=0) / (at[-1] - at[0])


def by_kind(corruptions: tuple[Corruption, ...]) -> dict[tuple[str, str], list[Corruption]]:
    """The levels of each (modality, kind), mild ones first."""
    found = {}
    for one in corruptions:
        found.setdefault((one.modality, one.kind), []).append(one)
    return found


def levels_told(levels: list[Corruption]) -> str:
    """ "clean, 10, 0 dB"; "no levels" of what is all or nothing."""
    if levels[0].how != "spoilt":
        return NONE
    return ", ".join([CLEAN, *(f"{one.severity:g}" for one in levels)]) + f" {levels[0].unit}"


def ends_compared(predictions: pd.DataFrame, corpus: Corpus, corruptions: tuple[Corruption, ...]) -> pd.DataFrame:
    """Each system at the worst level against itself at the mildest, as `records.compare_pairs`: better is a curve that rises again.

    Adds `modality, kind, mildest, worst` (the last two worded). No level is chosen by its score, or luck would rise.

    Args:
        predictions: test clips under all conditions, one protocol.
    """
    pairs, told = [], []
    for _, rows in predictions.groupby("recipe", sort=True):
        own = dict(list(rows.groupby("condition")))
        for kind, levels in by_kind(corruptions).items():
            if len(levels) > 1:
                pairs.append((own[levels[-1].name], own[levels[0].name]))
                told.append((*kind, *(f"{one.severity:g} {one.unit}" for one in (levels[0], levels[-1]))))
    columns = pd.DataFrame(told, columns=["modality", "kind", "mildest", "worst"])
    return pd.concat([compare_pairs(pairs, corpus), columns], axis=1)

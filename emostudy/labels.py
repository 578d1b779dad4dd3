"""Emotions as numbers, in a corpus' own order."""

import numpy as np
import pandas as pd

from emostudy.corpora.corpus import SEVERAL


def encode(emotions: pd.Series, vocabulary: tuple[str, ...]) -> np.ndarray:
    """Class numbers (N,) int64: position of each emotion in `vocabulary`.

    Raises:
        ValueError: an emotion that is not in the vocabulary.
    """
    position = {emotion: number for number, emotion in enumerate(vocabulary)}
    unknown = sorted(set(emotions) - set(position))
    if unknown:
        raise ValueError(
            f"emotion {unknown[0]!r} is not in the vocabulary {list(vocabulary)}; map it or leave its clips out"
        )
    return emotions.map(position).to_numpy(np.int64)


def encode_several(emotions: pd.Series, vocabulary: tuple[str, ...]) -> np.ndarray:
    """Which emotions each clip has, (N, C) float32 of 0 and 1, from cells such as "anger|fear"; one alone does as well.

    Raises:
        ValueError: an emotion that is not in the vocabulary.
    """
    known = {}
    for cell in emotions.unique():
        codes = encode(pd.Series(cell.split(SEVERAL)), vocabulary)
        known[cell] = np.isin(np.arange(len(vocabulary)), codes).astype(np.float32)
    return np.array([known[cell] for cell in emotions], np.float32).reshape(len(emotions), len(vocabulary))


def joined(members: np.ndarray, vocabulary: tuple[str, ...]) -> list[str]:
    """Cells such as "anger|fear", in the vocabulary's order, from members (N, C)."""
    return [SEVERAL.join(np.asarray(vocabulary)[row]) for row in np.asarray(members, bool)]

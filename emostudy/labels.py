"""Emotions as numbers, in a corpus' own order."""

import numpy as np
import pandas as pd


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

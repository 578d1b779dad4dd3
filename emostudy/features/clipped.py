"""Standardised numbers that cannot lie far from those of training clips."""

import numpy as np

from emostudy.features.fitted import Transform, padded_sentence_vectors, standardised

FURTHEST = 5.0  # training deviations: clean test clips hardly ever lie further


def clipped(train: np.ndarray) -> Transform:
    """`standardised`, then cut at `FURTHEST` on both sides."""
    scale = standardised(train)
    return Transform(lambda values: scale(values).clamp(-FURTHEST, FURTHEST), scale.size)


def clipped_sentence_vectors(train: np.ndarray) -> Transform:
    """`padded_sentence_vectors`, then cut in the same way."""
    scale = padded_sentence_vectors(train)
    return Transform(lambda values: scale(values).clamp(-FURTHEST, FURTHEST), scale.size)

"""Sequences that a publisher measured beforehand (COVAREP, FACET, word vectors), pooled over a clip."""

import numpy as np

from emostudy.corpora.corpus import file_and_key
from emostudy.corpora.mosei_files import frames, padded
from emostudy.features.media import BadMedia


def sequence_stats(cell: str, start: float, end: float) -> np.ndarray:
    """Mean, then standard deviation over time, of each value, (2 D,) float32, in the publisher's units.

    Values that are no numbers are left out of both: COVAREP holds -inf where a frame has no voice. `not_numbers` counts
    them. They are not replaced: a 0 would be a measurement.

    Args:
        cell: as for `sequence`.
        start, end: seconds in the video, nan = all of it.

    Raises:
        BadMedia: no such sequence, or a value that is a number in no frame.
    """
    values = sequence(cell, start, end).astype(np.float64)
    known = np.isfinite(values)
    counts = known.sum(0)
    if not counts.all():
        raise BadMedia(f"value {int(np.argmin(counts))} is a number in none of {len(values)} frames")
    values = np.where(known, values, 0.0)
    mean = values.sum(0) / counts
    spread = np.sqrt((np.where(known, values - mean, 0.0) ** 2).sum(0) / counts)
    return np.concatenate([mean, spread]).astype(np.float32)


def sequence(cell: str, start: float = np.nan, end: float = np.nan) -> np.ndarray:
    """A clip's frames as published, (T, D) float32, nan and -inf included.

    Args:
        cell: `<file>.csd#<video>`, of which the frames between `start` and `end` (seconds) are read, or
            `<file>.pkl#<part>/<stream>/<row>`, a clip of its own, as in `train/audio/12`.

    Raises:
        BadMedia: no such sequence.
    """
    path, key = file_and_key(cell)
    try:
        if path.lower().endswith(".csd"):
            return frames(path, key, start, end)
        part, stream, row = key.split("/")
        return padded(path, part, stream, int(row))
    except ValueError as error:
        raise BadMedia(str(error)) from None


def not_numbers(cell: str, start: float = np.nan, end: float = np.nan) -> tuple[int, int]:
    """How many values of a clip's sequence are no numbers, and how many values there are."""
    values = sequence(cell, start, end)
    return int((~np.isfinite(values)).sum()), values.size

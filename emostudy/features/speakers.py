"""Features measured against their speaker's own: what is left is what changes from clip to clip."""

import numpy as np

from emostudy.estimators import Inputs


def by_speaker(parts: dict[str, Inputs], speakers: dict[str, np.ndarray], names: tuple[str, ...]) -> dict[str, Inputs]:
    """These inputs with mean 0 and deviation 1 over all clips (and frames) of each speaker, whatever part they are in.

    No label is used. But the statistics are those of all of a speaker's clips, test clips too, so unlabelled speech of the
    test speaker must be at hand before the first prediction, and a speaker whose emotions are unbalanced is measured against
    that imbalance. Of inputs (N, T, D) frames that are all 0 are padding: they count for nothing and stay 0.

    Args:
        parts: part -> input -> values (N, ..., D); each of the D numbers by itself.
        speakers: part -> (N,) names.

    Raises:
        ValueError: a clip whose speaker is not known.
    """
    everyone = np.concatenate(list(speakers.values()))
    if names and (everyone == "").any():
        raise ValueError("the corpus does not know every clip's speaker; take a recipe without by_speaker")
    scaled = {part: dict(values) for part, values in parts.items()}
    for name in names:
        for part, values in parts.items():
            scaled[part][name] = np.zeros(values[name].shape, np.float32)
        for speaker in np.unique(everyone):
            own = {part: np.flatnonzero(known == speaker) for part, known in speakers.items()}
            mean, deviation = _moments([parts[part][name][rows] for part, rows in own.items()])
            for part, rows in own.items():
                values = parts[part][name][rows]
                scaled[part][name][rows] = np.where(_real(values)[..., None], (values - mean) / deviation, 0.0)
    return scaled


def _moments(values: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    real = np.concatenate([some[_real(some)] for some in values]).astype(np.float64)  # (N, ..., D) -> (N', D)
    deviation = real.std(0)
    return real.mean(0), np.where(deviation > 1e-8, deviation, 1.0)


def _real(values: np.ndarray) -> np.ndarray:
    """Which clips (N,), or which frames (N, T), are no padding."""
    return (values != 0).any(-1) if values.ndim > 2 else np.ones(len(values), bool)

"""What a network sees of speech features, fitted on training clips alone: see `features/fitted.py`."""

import numpy as np
import torch
from torch import Tensor

from emostudy.features.fitted import Transform


def flattened_raw(train: np.ndarray) -> Transform:
    """Frames laid end to end as they come: (N, T, F) -> (N, T * F) float32. Nothing is fitted."""
    return Transform(lambda values: torch.tensor(values, dtype=torch.float32).flatten(1), int(np.prod(train.shape[1:])))


def padded_frames(train: np.ndarray) -> Transform:
    """Each of F numbers to mean 0 and deviation 1 over the training clips' frames, padding stays 0: (N, T, F) -> the same.

    Frames that are all 0, or nan, are padding: they count in no mean, and networks find each clip's length by them.
    """
    real = train[_inside(train)].astype(np.float64)  # (frames, F)
    mean, deviation = real.mean(0), real.std(0)
    deviation = np.where(deviation > 1e-8, deviation, 1.0)

    def apply(values: np.ndarray) -> Tensor:
        scaled = np.where(_inside(values)[..., None], (values - mean) / deviation, 0.0)
        return torch.as_tensor(scaled, dtype=torch.float32)

    return Transform(apply, train.shape[2])


def each_standardised(train: np.ndarray) -> Transform:
    """Every number of a table to mean 0 and deviation 1 over training clips: (N, L, D) -> the same; `size` is (L, D)."""
    mean, deviation = train.mean(0, dtype=np.float64), train.std(0, dtype=np.float64)  # (L, D)
    deviation = np.where(deviation > 1e-8, deviation, 1.0)
    return Transform(lambda values: torch.as_tensor((values - mean) / deviation, dtype=torch.float32), train.shape[1:])


def _inside(values: np.ndarray) -> np.ndarray:
    return (values != 0).any(2) & ~np.isnan(values).any(2)  # (N, T, F) -> (N, T)

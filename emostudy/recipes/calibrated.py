"""Decision-level rules on calibrated probabilities: how sure a modality is, set right on dev before anything is joined."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from emostudy.recipes.decision import Combine, logs

COLDEST, HOTTEST = 0.05, 20.0


def temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """By what the logits of probabilities (N, C) are to be divided so that labels (N,) are most likely (Guo et al. 2017).

    Between 0.05 and 20; above 1 the recogniser was too sure.
    """
    logits, rows = logs(probabilities), np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        return -log_softmax(logits / np.exp(log_temperature), axis=1)[rows, labels].mean()

    return float(np.exp(minimize_scalar(loss, bounds=np.log([COLDEST, HOTTEST]), method="bounded").x))


def scaled(probabilities: np.ndarray, temperatures: np.ndarray) -> np.ndarray:
    """Each modality's probabilities (M, N, C) at its own temperature (M,)."""
    return softmax(logs(probabilities) / temperatures[:, None, None], axis=2)


@dataclass(frozen=True)
class Calibrated:
    """A rule on temperature-scaled probabilities: one temperature for each modality, from dev, and `fit` after it."""

    fit: Callable[[np.ndarray, np.ndarray], Combine]

    def __call__(self, dev: np.ndarray, labels: np.ndarray) -> Combine:
        temperatures = np.array([temperature(one, labels) for one in dev])
        combine = self.fit(scaled(dev, temperatures), labels)
        return lambda probabilities: combine(scaled(probabilities, temperatures))

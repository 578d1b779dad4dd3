"""Which labels a clip is said to have: a threshold for each label, chosen on dev (Lipton et al. 2014)."""

import numpy as np

from emostudy.metrics import f1, mean_present

UNSEEN = 0.5  # the threshold of a label that no clip has


def best_thresholds(y: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """For each label the threshold (C,) that gives it the best F1, halfway between two probabilities; the highest of equals.

    Args:
        y: which labels each clip has, (N, C) of 0 and 1.
        probabilities: (N, C), of each label by itself.
    """
    return np.array([_best(true > 0, scores) for true, scores in zip(y.T, probabilities.T, strict=True)])


def _best(true: np.ndarray, scores: np.ndarray) -> float:
    if not true.any():
        return UNSEEN
    order = np.argsort(-scores, kind="stable")
    true, scores = true[order], scores[order]
    values = 2 * true.cumsum() / (np.arange(1, len(true) + 1) + true.sum())  # (N,): F1 where the first n are said
    falls = np.append(scores[1:] < scores[:-1], True)  # equal probabilities are said together
    at = int(np.where(falls, values, -1).argmax())
    return float(scores[at] + np.append(scores, 0.0)[at + 1]) / 2


def decide(probabilities: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """The labels that are said, (N, C) bool: those that reach their threshold; where none does, the most probable one."""
    said = probabilities >= thresholds
    none = np.flatnonzero(~said.any(1))
    said[none, probabilities[none].argmax(1)] = True
    return said


def confusions(y: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Counts (C, 2, 2) of each label by itself, rows true; y and said are (N, C) of 0 and 1."""
    y, said = np.asarray(y, int), np.asarray(said, int)
    cells = [((y == i) & (said == j)).sum(0) for i in (0, 1) for j in (0, 1)]
    return np.stack(cells, -1).reshape(-1, 2, 2)  # (C, 4) -> (C, 2, 2)


def macro_f1(y: np.ndarray, said: np.ndarray) -> float:
    """Mean of F1 over the labels that some clip has."""
    return float(mean_present(f1(confusions(y, said))[:, 1]))

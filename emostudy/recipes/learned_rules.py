"""Decision-level rules that a learner makes: fitted on dev, and on dev itself told out of fold."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from emostudy.recipes.decision import Combine
from emostudy.recipes.pools import normalised

HIDDEN = 200
RIDGE = 1.0
FOLDS = 5


@dataclass(frozen=True)
class OutOfFold:
    """Fused dev predictions (N, C) of a rule that has learned dev labels: its in-sample ones would flatter it."""

    fit: Callable[[np.ndarray, np.ndarray], Combine]

    def __call__(self, dev: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """groups: (N,) what the protocol keeps apart (speakers, say), so that no group is on both sides here either."""
        folds = min(FOLDS, len(np.unique(groups)))
        if folds < 2:
            return self.fit(dev, labels)(dev)
        fused = np.zeros(dev.shape[1:])
        for fitted, held_out in GroupKFold(folds).split(labels, groups=groups):
            fused[held_out] = self.fit(dev[:, fitted], labels[fitted])(dev[:, held_out])
        return fused


def stacked_shares(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """Logistic regression on all modalities' probabilities side by side, not on their logarithms: kind to votes, which are often 0."""
    model = LogisticRegression(C=1.0, max_iter=2000).fit(np.concatenate(list(dev), axis=1), labels)
    num_classes = dev.shape[2]

    def combine(probabilities: np.ndarray) -> np.ndarray:
        fused = np.zeros((probabilities.shape[1], num_classes))
        fused[:, model.classes_] = model.predict_proba(np.concatenate(list(probabilities), axis=1))
        return fused

    return combine


def hidden(probabilities: np.ndarray) -> np.ndarray:
    """Random sigmoid units on all modalities' probabilities side by side, (M, N, C) -> (N, HIDDEN + 1); always the same ones."""
    x = np.concatenate(list(probabilities), axis=1)  # (M, N, C) -> (N, M C)
    rng = np.random.default_rng(0)
    weights, offsets = rng.uniform(-4, 4, (x.shape[1], HIDDEN)), rng.uniform(-2, 2, HIDDEN)
    return np.concatenate([1 / (1 + np.exp(-(x @ weights + offsets))), np.ones((len(x), 1))], axis=1)


def extreme_learning_machine(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """One hidden layer that stays as drawn, and least squares with a ridge from it to the classes (Huang et al. 2006, 2012)."""
    states, targets = hidden(dev), np.eye(dev.shape[2])[labels]
    gram = states.T @ states + RIDGE * np.eye(states.shape[1])
    output = np.linalg.solve(gram, states.T @ targets)  # (HIDDEN + 1, C)
    return lambda probabilities: normalised(hidden(probabilities) @ output)

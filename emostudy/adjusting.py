"""Logit adjustment: a learner's probabilities, turned some way from how common each class was in training (Menon et al. 2021)."""

from dataclasses import dataclass, replace

import numpy as np

from emostudy.estimators import Estimator, Fitted
from emostudy.training import Network


@dataclass(frozen=True)
class LogitAdjusted:
    """A learner whose probabilities are divided by the classes' frequencies in train to the power of `share`.

    The training itself is not touched. On unbalanced clips rare classes are said more often: 0 changes nothing, 1 asks for the
    best UAR, what lies between trades it against accuracy and weighted F1. Where a clip may have several labels each label has
    its own threshold from dev, which does the same, so there the learner is taken as it is.

    Args:
        learner: of one emotion a clip.
        share: 0 to 1; a part of the recipe, so that it is chosen before test is looked at.
    """

    learner: Network | Estimator
    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(
                f"share={self.share} of a logit adjustment must be between 0 (none) and 1 (for the best UAR)"
            )

    @property
    def uses_seed(self) -> bool:
        """Whether the learner's result depends on the seed."""
        return self.learner.uses_seed

    def fit(self, recipe, parts, labels, num_classes, seed, **options) -> Fitted:
        """Fit, then adjust dev and test alike. What is chosen on dev, and a record's history, are the learner's, before it."""
        found = self.learner.fit(recipe, parts, labels, num_classes, seed, **options)
        dev, test = (adjusted(part, labels["train"], self.share) for part in (found.dev, found.test))
        return replace(found, dev=dev, test=test, info=found.info | {"logit_adjustment": self.share})


def adjusted(probabilities: np.ndarray, labels: np.ndarray, share: float) -> np.ndarray:
    """Probabilities (N, C) over the classes' frequencies among `labels` (M,), to the power of `share`; rows sum to 1 again."""
    # a class that train lacks counts as one clip
    counts = np.bincount(labels, minlength=probabilities.shape[1]).clip(1)
    odds = probabilities / (counts / counts.sum()) ** share  # (N, C)
    return odds / odds.sum(1, keepdims=True)

"""People as classifiers: the shares of a clip's raters who said each emotion, from CREMA-D's table."""

from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from emostudy.features import Feature
from emostudy.features.votes import votes
from emostudy.recipes import Recipe
from emostudy.training import Estimator


class AsTold(ClassifierMixin, BaseEstimator):
    """Gives back the probabilities that it is given, (N, C), in the order of the corpus' emotions."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> "AsTold":
        """Learns nothing."""
        self.classes_ = np.arange(x.shape[1])
        return self

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Shares (N, C), which sum to 1."""
        return x / x.sum(1, keepdims=True)


def as_told(seed: int) -> AsTold:
    """The shares as they are; nothing is random."""
    return AsTold()


def logistic(seed: int, C: float = 1.0) -> LogisticRegression:
    """Which intended emotion stands behind which answers: what a fitted rule knows of raters, and they do not know of themselves."""
    return LogisticRegression(C=C, max_iter=2000)


def _raters(name: str, title: str, modalities: tuple[str, ...], way: str) -> Recipe:
    return Recipe(
        f"raters_{name}",
        title,
        modalities,
        {"votes": Feature(f"votes_{way}", "votes", votes, {"way": way}, unit="share of raters")},
        Estimator(as_told),
        source=f"crowd raters who judged by {way} (Cao et al. 2014)",
        reading="each rater's answer is one vote; of emotions with equally many votes the first of the list is said",
    )


RATERS_FACE = _raters("face", "raters who saw", ("face",), "face")
RATERS_VOICE = _raters("voice", "raters who heard", ("speech",), "voice")
RATERS_BOTH = _raters("both", "raters who did both", ("face", "speech"), "both")
RATERS_LEARNED = replace(
    RATERS_BOTH,
    name="raters_both_learned",
    title="raters who did both, learned",
    learner=Estimator(logistic, {"C": [0.1, 1.0, 10.0]}),
    reading="logistic regression from shares of answers to intended emotions, fitted on train; C chosen on dev",
)
RATERS = (RATERS_FACE, RATERS_VOICE, RATERS_BOTH, RATERS_LEARNED)

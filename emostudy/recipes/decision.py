"""Decision-level fusion: rules that join the modalities' probabilities, each from predictions alone.

A rule is fitted on dev predictions of the same fold and seed, and gives a function for test predictions. Arrays are
(M, N, C): modality, clip, class.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.special import log_softmax, softmax
from scipy.stats import entropy
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from emostudy.metrics import confusion, uar

Combine = Callable[[np.ndarray], np.ndarray]  # (M, N, C) -> (N, C)
FLOOR = 1e-4  # predictions are kept with four decimals: a zero means "less than this"


@dataclass(frozen=True)
class Rule:
    """A fusion rule: `fit(dev, labels)` with dev (M, N, C) and labels (N,) gives `combine`.

    `combine_dev` gives fused dev predictions that the labels did not fit; where a rule is not fitted to labels, or barely,
    that is `combine` itself. A rule that is another one for few modalities says how many it needs at the `fewest`; one that
    `reads_missing` is given clips too that lack a modality, a row of NaN, which others never see.
    """

    name: str
    title: str = field(metadata={"record": False})
    fit: Callable[[np.ndarray, np.ndarray], Combine]
    source: str = field(metadata={"record": False})
    combine_dev: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray] | None = None
    fewest: int = 2  # modalities
    reads_missing: bool = False


def logs(probabilities: np.ndarray) -> np.ndarray:
    """Log-probabilities, rounding's zeros lifted to FLOOR, each row normalised."""
    return log_softmax(np.log(np.maximum(probabilities, FLOOR)), axis=-1)


def mean(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """The average of the modalities' probabilities."""
    return lambda probabilities: probabilities.mean(0)


def product(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """Product over modalities divided by the prior to the power M - 1, normalised.

    Bayes' rule if modalities are independent given the emotion and their probabilities true. The prior is the share of
    each class in dev.
    """
    num_classes = dev.shape[2]
    counts = np.bincount(labels, minlength=num_classes) + 1  # a class that dev lacks is rare, not impossible
    log_prior = np.log(counts / counts.sum())
    return lambda probabilities: softmax(logs(probabilities).sum(0) - (len(probabilities) - 1) * log_prior, axis=1)


def entropy_trust(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """System R: weight = trust x confidence, normalised over modalities for each clip; weighted sum of probabilities.

    Reading: trust = dev UAR of the modality; confidence = 1 - entropy / log C.
    """
    num_classes = dev.shape[2]
    trust = np.array([uar(confusion(labels, one.argmax(1), num_classes)) for one in dev])  # (M,)
    trust = np.maximum(trust, FLOOR)  # or modalities that are all wrong on dev would leave nothing to divide by

    def combine(probabilities: np.ndarray) -> np.ndarray:
        confidence = 1 - entropy(probabilities, axis=2) / np.log(num_classes)  # (M, N, C) -> (M, N)
        weights = trust[:, None] * np.maximum(confidence, FLOOR)
        weights = weights / weights.sum(0)
        return np.einsum("mn,mnc->nc", weights, probabilities)

    return combine


def _stacker() -> LogisticRegression:
    return LogisticRegression(C=0.1, max_iter=2000)


def _side_by_side(probabilities: np.ndarray) -> np.ndarray:
    return np.concatenate(list(logs(probabilities)), axis=1)  # (M, N, C) -> (N, M C)


def stacking(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """Logistic regression on all modalities' log-probabilities side by side, fitted on dev (Wolpert 1992)."""
    model = _stacker().fit(_side_by_side(dev), labels)
    num_classes = dev.shape[2]

    def combine(probabilities: np.ndarray) -> np.ndarray:
        fused = np.zeros((probabilities.shape[1], num_classes))
        fused[:, model.classes_] = model.predict_proba(_side_by_side(probabilities))
        return fused

    return combine


def stacking_dev(dev: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Out-of-fold predictions of the stacker on dev (N, C): its in-sample ones would flatter it.

    Args:
        groups: (N,) what the protocol keeps apart (speakers, say), so that no group is on both sides here either.
    """
    folds = min(5, len(np.unique(groups)))
    if folds < 2:
        return stacking(dev, labels)(dev)
    fused = np.zeros(dev.shape[1:])
    for fitted, held_out in GroupKFold(folds).split(labels, groups=groups):
        fused[held_out] = stacking(dev[:, fitted], labels[fitted])(dev[:, held_out])
    return fused


RULES = (
    Rule("mean", "mean", mean, "sum rule (Kittler et al. 1998)"),
    Rule("product", "product", product, "product rule (Kittler et al. 1998)"),
    Rule("entropy_trust", "entropy x trust (R)", entropy_trust, "system R, fusion"),
    Rule("stacking", "stacking", stacking, "stacked generalisation (Wolpert 1992)", stacking_dev),
)

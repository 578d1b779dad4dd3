"""Metrics of emotion recognition, from label codes y (N,), predicted codes (N,) and probabilities (N, C).

Metrics that need only counts take confusion matrices (..., C, C), rows true, columns predicted, and keep the
leading axes, so that thousands of resampled matrices cost one call. A class without a clip has no recall,
precision, F1 or AUROC: NaN, and means over classes leave it out instead of counting it as 0.
"""

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import rankdata

NUM_BINS = 15
LOWER_IS_BETTER = ("ECE", "Brier")


def confusion(y: np.ndarray, predicted: np.ndarray, num_classes: int) -> np.ndarray:
    """Counts (C, C), rows true. ValueError for a code outside 0 ... C - 1."""
    codes = np.concatenate([y, predicted])
    if codes.size and not (codes.min() >= 0 and codes.max() < num_classes):
        raise ValueError(
            f"codes run from {codes.min()} to {codes.max()}; must be 0 to {num_classes - 1}: "
            "map the labels with the corpus' own emotions"
        )
    cells = np.asarray(y, int) * num_classes + np.asarray(predicted, int)
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def mean_present(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Mean over an axis without its NaN; NaN where nothing is left (np.nanmean would warn)."""
    present = ~np.isnan(values)
    return _ratio(np.where(present, values, 0).sum(axis), present.sum(axis))


def recall(matrix: np.ndarray) -> np.ndarray:
    """Recall per class (..., C)."""
    return _ratio(_hits(matrix), matrix.sum(-1))


def precision(matrix: np.ndarray) -> np.ndarray:
    """Precision per class (..., C); 0 where a class was never predicted."""
    return _where_shown(matrix, _ratio(_hits(matrix), matrix.sum(-2), otherwise=0.0))


def f1(matrix: np.ndarray) -> np.ndarray:
    """F1 per class (..., C)."""
    return _where_shown(matrix, _ratio(2 * _hits(matrix), matrix.sum(-1) + matrix.sum(-2)))


def wa(matrix: np.ndarray) -> np.ndarray:
    """Weighted accuracy (...,): the share of clips that is right."""
    return _ratio(_hits(matrix).sum(-1), matrix.sum((-2, -1)))


def uar(matrix: np.ndarray) -> np.ndarray:
    """Unweighted average recall (...,)."""
    return mean_present(recall(matrix))


def macro_f1(matrix: np.ndarray) -> np.ndarray:
    """Mean of F1 (...,) over the classes that occur."""
    return mean_present(f1(matrix))


def weighted_f1(matrix: np.ndarray) -> np.ndarray:
    """Mean of F1 (...,) weighted by how many clips a class has."""
    clips = matrix.sum(-1)
    return _ratio((np.nan_to_num(f1(matrix)) * clips).sum(-1), clips.sum(-1))


def auroc(y: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Area under the ROC curve (C,), one class against the rest, ties half; NaN if either has no clip."""
    y, probabilities = np.asarray(y), np.asarray(probabilities, float)
    return weighted_auroc(y, probabilities, np.zeros(len(y), int), np.ones((1, 1)), exact=False)[0]


def macro_auroc(y: np.ndarray, probabilities: np.ndarray) -> float:
    return float(mean_present(auroc(y, probabilities)))


def weighted_auroc(
    y: np.ndarray, probabilities: np.ndarray, cluster: np.ndarray, weights: np.ndarray, exact: bool = True
) -> np.ndarray:
    """AUROC (R, C) when the clips of cluster (N,) count as often as weights (R, K) say.

    Not a sum over clusters, but w'Mw / (pairs in the draw) with M of `pairs_won`. exact=False: to first order
    (DeLong et al. 1988), each kind reweighted with the other as it is and the two changes added. That needs
    no K x K numbers a class, and its error shrinks with 1 / K.
    """
    num_clusters = weights.shape[1]
    members = _indicator(cluster, np.arange(len(y)), (num_clusters, len(y)))  # (K, N)
    positive = y[:, None] == np.arange(probabilities.shape[1])  # (N, C)
    positives = weights @ (members @ positive.astype(float))  # (R, C)
    negatives = weights @ (members @ (~positive).astype(float))
    columns = list(zip(positive.T, probabilities.T, strict=True))
    if exact:
        tables = (pairs_won(each, scores, cluster, num_clusters) for each, scores in columns)
        won = np.stack([((weights @ table) * weights).sum(1) for table in tables], -1)
        return _ratio(won, positives * negatives)
    won = np.stack([wins(each, scores) for each, scores in columns], -1)  # (N, C)
    area = -_ratio((won * positive).sum(0), positive.sum(0) * (~positive).sum(0))
    for kind, clips in ((positive, positives), (~positive, negatives)):
        area = area + _ratio(weights @ (members @ (won * kind)), clips * (~kind).sum(0))
    return area


def wins(positive: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Pairs (N,), ties half: of a positive, how many it wins; of a negative, how many are won against it.

    From midranks: what a clip beats of the other kind is its rank among all less its rank among its own.
    """
    beaten = rankdata(scores)
    for kind in (positive, ~positive):
        beaten[kind] -= rankdata(scores[kind])
    return np.where(positive, beaten, positive.sum() - beaten)


def pairs_won(positive: np.ndarray, scores: np.ndarray, cluster: np.ndarray, num_clusters: int) -> np.ndarray:
    """M (K, K): pairs that a positive of cluster row wins against a negative of cluster column, ties half.

    The negatives are counted up along the distinct scores of the positives, so that no pair is looked at.
    """
    levels, at = np.unique(scores[positive], return_inverse=True)  # (U,), (positives,)
    beaten = np.zeros((len(levels) + 1, num_clusters))
    for side in ("left", "right"):  # half for reaching the level, half for exceeding it
        np.add.at(beaten, (np.searchsorted(levels, scores[~positive], side), cluster[~positive]), 0.5)
    beaten = beaten.cumsum(0)[:-1]  # (U, K): what a positive at this level beats in each cluster
    return _indicator(cluster[positive], at, (num_clusters, len(levels))) @ beaten


def confidence_gap(
    y: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray, num_bins: int = NUM_BINS
) -> tuple[np.ndarray, np.ndarray]:
    """Bins (N,) of the predicted class' probability p, equal widths, right edges inside; right (0, 1) - p."""
    confidence = np.take_along_axis(np.asarray(probabilities, float), np.asarray(predicted)[:, None], 1)[:, 0]
    edges = np.linspace(0, 1, num_bins + 1)[1:-1]
    return np.searchsorted(edges, confidence, side="left"), (np.asarray(y) == predicted) - confidence


def ece(y: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray, num_bins: int = NUM_BINS) -> float:
    """Expected calibration error, 0 to 1 (Guo et al. 2017): mean over bins of |accuracy - confidence|."""
    bins, gap = confidence_gap(y, predicted, probabilities, num_bins)
    return float(np.abs(np.bincount(bins, gap)).sum() / len(gap))


def squared_error(y: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Squared error (N,) of the probabilities, summed over classes: 0 to 2."""
    probabilities = np.asarray(probabilities, float)
    return ((probabilities - np.eye(probabilities.shape[1])[y]) ** 2).sum(1)


def brier(y: np.ndarray, probabilities: np.ndarray) -> float:
    """Brier score as Brier (1950) had it, summed over classes: 0 best, 2 worst."""
    return float(squared_error(y, probabilities).mean())


def chance(y: np.ndarray, num_classes: int) -> pd.DataFrame:
    """What is reached without looking: columns chance ("majority" or "uniform"), metric, value.

    majority: always y's most frequent class, surely; uniform: each class equally often, whatever the clip
    (metrics of the expected confusion matrix). An AUROC is .5 for both.
    """
    clips = np.bincount(np.asarray(y, int), minlength=num_classes)  # (C,)
    guesses = {"majority": np.eye(num_classes)[clips.argmax()], "uniform": np.full(num_classes, 1 / num_classes)}
    rows = []
    for name, guess in guesses.items():
        matrix = clips[:, None] * guess  # (C, C)
        accuracy = wa(matrix)
        values = {
            "WA": accuracy,
            "UAR": uar(matrix),
            "macro_F1": macro_f1(matrix),
            "weighted_F1": weighted_f1(matrix),
            "AUROC": 0.5,
            "ECE": guess.max() - accuracy,
            "Brier": 1 - 2 * accuracy + (guess**2).sum(),
        }
        rows += [{"chance": name, "metric": metric, "value": float(value)} for metric, value in values.items()]
    return pd.DataFrame(rows)


def _indicator(row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape)


def _hits(matrix: np.ndarray) -> np.ndarray:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _where_shown(matrix: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.where(matrix.sum(-1) > 0, values, np.nan)


def _ratio(top: np.ndarray, bottom: np.ndarray, otherwise: float = np.nan) -> np.ndarray:
    top, bottom = np.asarray(top, float), np.asarray(bottom, float)
    return np.divide(top, bottom, out=np.full(bottom.shape, otherwise), where=bottom > 0)

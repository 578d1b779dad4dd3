"""Metrics of clips with several labels, with 95 % intervals over clusters: as `intervals` for one emotion a clip.

Each label is counted by itself: has it or not, said or not. Precision, recall, F1 and AUROC are those of the label; macro F1 and
AUROC their means over labels, weighted F1 the mean weighted by how many clips have a label, micro F1 that of all decisions
together; subset accuracy is the share of clips of which the set is right (Tsoumakas and Katakis 2007). A label that no clip has is
left out of means, as everywhere in this study.
"""

import numpy as np
import pandas as pd
from scipy import sparse

from emostudy import metrics
from emostudy.intervals import BY_CLASS, MAX_PAIRED, Pool, bootstrap, percentiles
from emostudy.intervals import check_rows as check
from emostudy.predictions import matrices
from emostudy.thresholds import confusions

OVERALL = ("macro_F1", "micro_F1", "weighted_F1", "subset_accuracy")


def summarise(
    predictions: pd.DataFrame, emotions: tuple[str, ...], cluster: str = "clip_id", num_draws: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Columns metric, emotion ("all" or one), value, ci_low, ci_high, num_clips, num_clusters, as `intervals.summarise`.

    A row of one emotion counts the clips and clusters that have it, alone or with others.
    Raises ValueError for what cannot be pooled: mixed runs, a clip twice, unknown emotions, no cluster.
    """
    pool = pooled(predictions, emotions, cluster)
    names, value = _table(pool, np.ones((1, pool.num_clusters)), emotions)
    draws = bootstrap(lambda weights: _table(pool, weights, emotions)[1], pool.num_clusters, num_draws, seed)
    shown = {name: pool.y[:, code] for code, name in enumerate(emotions)} | {"all": slice(None)}
    clips, clusters = (
        {name: len(np.unique(unit[rows])) for name, rows in shown.items()} for unit in (pool.clip, pool.cluster)
    )
    table = pd.DataFrame(names, columns=["metric", "emotion"]).assign(value=value[0])
    table["ci_low"], table["ci_high"] = percentiles(draws, table.emotion.map(clusters).to_numpy())
    return table.assign(num_clips=table.emotion.map(clips), num_clusters=table.emotion.map(clusters))


def pooled(predictions: pd.DataFrame, emotions: tuple[str, ...], cluster: str) -> Pool:
    """Checked predictions, of which `y` and `predicted` are (N, C) bool. The order of rows does not matter."""
    check(predictions, emotions, cluster)
    rows = predictions.sort_values(["seed", "clip_id"])  # sums of floats depend on their order
    units = (np.unique(rows[unit].to_numpy(str), return_inverse=True)[1] for unit in ("clip_id", cluster, "seed"))
    return Pool(*matrices(rows, emotions), *units)


def overall(pool: Pool, weights: np.ndarray, name: str, exact: bool = True) -> np.ndarray:
    """One of OVERALL (R,) under weights (R, K), mean over seeds; `exact` has no part in them."""
    if name not in OVERALL:
        raise ValueError(f"metric is {name!r}; must be one of {', '.join(OVERALL)}: choose one")
    return metrics.mean_present(values_of(*_sums(pool, weights))[name])


def values_of(counts: np.ndarray, exact: np.ndarray, clips: np.ndarray) -> dict[str, np.ndarray]:
    """OVERALL (...) from counts (..., C, 2, 2) of each label, clips (...) of which the set is right, and all clips (...)."""
    f1, having = metrics.f1(counts)[..., 1], counts[..., 1, :].sum(-1)  # (..., C)
    weighted = (np.nan_to_num(f1) * having).sum(-1) / np.maximum(having.sum(-1), 1)
    micro = metrics.f1(counts.sum(-3))[..., 1]
    return dict(zip(OVERALL, (metrics.mean_present(f1), micro, weighted, exact / clips), strict=True))


def of_run(predictions: pd.DataFrame, emotions: tuple[str, ...]) -> dict[str, float]:
    """OVERALL of some predictions, without intervals."""
    y, said, _ = matrices(predictions, emotions)
    values = values_of(confusions(y, said), (y == said).all(1).sum(), len(y))
    return {name: float(value) for name, value in values.items()}


def aurocs(y: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Area under the ROC curve of each label (C,), ties half; y (N, C) bool. NaN where all clips have it, or none."""
    one = np.zeros(len(y), int)
    return _aurocs(y, probabilities, one, np.ones((1, 1)), exact=False)[0]


def taken(y: np.ndarray, said: np.ndarray) -> np.ndarray:
    """What is taken for what, counts (C, C): clips that have the row's label and were said to have the column's, wrongly.

    On the diagonal those that were rightly said to have it. Of one emotion a clip that is the confusion matrix; of several, rows
    need not sum to the clips that have the label. y and said are (N, C) bool.
    """
    wrong = (y.T.astype(int) @ (said & ~y)).astype(int)  # (C, N) @ (N, C), 0 on the diagonal
    return wrong + np.diag((y & said).sum(0))


def _table(pool: Pool, weights: np.ndarray, emotions: tuple[str, ...]) -> tuple[list, np.ndarray]:
    """Names (metric, emotion) and values (R, M) under weights (R, K), means over seeds."""
    counts, exact, clips = _sums(pool, weights)
    areas = np.stack([_seed_aurocs(pool, weights, seed) for seed in range(pool.seed.max() + 1)], 1)  # (R, S, C)
    values = {(name, "all"): value for name, value in values_of(counts, exact, clips).items()}
    values[("AUROC", "all")] = metrics.mean_present(areas)
    for name, each in [*((name, metric(counts)[..., 1]) for name, metric in BY_CLASS.items()), ("AUROC", areas)]:
        values |= {(name, emotion): each[..., c] for c, emotion in enumerate(emotions)}
    return list(values), metrics.mean_present(np.stack(list(values.values()), -1), axis=1)


def _sums(pool: Pool, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By seed, weighted by cluster: counts (R, S, C, 2, 2) of each label, clips of which all are right (R, S), and clips (R, S)."""
    num_labels = pool.y.shape[1]
    cells = 4 * np.arange(num_labels) + 2 * pool.y + pool.predicted  # (N, C): what a clip adds one to,
    right = 4 * num_labels + (pool.y == pool.predicted).all(1, keepdims=True)  # and (N, 1)
    columns, width = np.hstack([cells, right]), 4 * num_labels + 2
    at = (np.repeat(pool.cluster, columns.shape[1]), (pool.seed[:, None] * width + columns).ravel())
    sums = sparse.csr_array((np.ones(columns.size), at), shape=(weights.shape[1], (pool.seed.max() + 1) * width))
    sums = (weights @ sums).reshape(len(weights), -1, width)  # (R, S, 4 C + 2)
    counts = sums[..., :-2].reshape(*sums.shape[:2], num_labels, 2, 2)
    return counts, sums[..., -1], sums[..., -2:].sum(-1)


def _seed_aurocs(pool: Pool, weights: np.ndarray, seed: int) -> np.ndarray:
    rows, exact = pool.seed == seed, weights.shape[1] <= MAX_PAIRED
    return _aurocs(pool.y[rows], pool.probabilities[rows], pool.cluster[rows], weights, exact)


def _aurocs(y, probabilities, cluster, weights, exact) -> np.ndarray:
    """(R, C): each label as a task of its own, whose clips are class 0."""
    areas = [
        metrics.weighted_auroc(np.where(true, 0, 1), scores[:, None], cluster, weights, exact)[:, 0]
        for true, scores in zip(y.T, probabilities.T, strict=True)
    ]
    return np.stack(areas, -1)

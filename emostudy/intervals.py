"""Metrics of pooled predictions with 95 % intervals over clusters.

Clips of one speaker resemble each other, so an interval resamples whole clusters (speakers, dialogues, words;
the corpus' card says which) with replacement, and takes percentiles (Efron and Tibshirani 1993). Metrics are
worked out from sums over clusters, so that resampling is a product with weights (R, K): how often draw r
holds cluster k. The same weights serve all seeds, and a metric is averaged over seeds within each draw.
A resampled ECE is too high, for drawing anew adds gaps between confidence and accuracy that are chance alone:
its interval can leave out the value itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from emostudy import metrics

MIN_CLUSTERS = 8
MAX_PAIRED = 400  # an exact AUROC takes K x K numbers a class: 4 000 clusters would cost minutes
BLOCK = 8_000_000  # weights held at once, 64 MB
OVERALL = {"WA": metrics.wa, "UAR": metrics.uar, "macro_F1": metrics.macro_f1, "weighted_F1": metrics.weighted_f1}
BY_CLASS = {"precision": metrics.precision, "recall": metrics.recall, "F1": metrics.f1}
METRICS = (*OVERALL, "AUROC", "ECE", "Brier")
ONE_RUN = ("corpus", "protocol", "recipe", "modalities", "condition", "part")


@dataclass(frozen=True)
class Pool:
    """Predictions of all folds and seeds as codes, ordered by seed and clip; N rows."""

    y: np.ndarray  # (N,) emotion
    predicted: np.ndarray  # (N,)
    probabilities: np.ndarray  # (N, C)
    clip: np.ndarray  # (N,)
    cluster: np.ndarray  # (N,)
    seed: np.ndarray  # (N,)

    @property
    def num_clusters(self) -> int:
        return self.cluster.max() + 1


def summarise(
    predictions: pd.DataFrame, emotions: tuple[str, ...], cluster: str = "speaker", num_draws: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Columns metric, emotion ("all" or one), value, ci_low, ci_high, num_clips, num_clusters.

    predictions: one recipe, protocol, condition and part; all folds pooled, values are means over seeds.
    A row of one emotion counts the clips and clusters that show it. Below MIN_CLUSTERS: no interval (NaN).
    Raises ValueError for what cannot be pooled: mixed runs, a clip twice, unknown emotions, no cluster.
    """
    pool = pooled(predictions, emotions, cluster)
    names, value = _table(pool, np.ones((1, pool.num_clusters)), emotions)
    draws = bootstrap(lambda weights: _table(pool, weights, emotions)[1], pool.num_clusters, num_draws, seed)
    shown = {name: pool.y == code for code, name in enumerate(emotions)} | {"all": slice(None)}
    clips, clusters = (
        {name: len(np.unique(unit[rows])) for name, rows in shown.items()} for unit in (pool.clip, pool.cluster)
    )
    table = pd.DataFrame(names, columns=["metric", "emotion"]).assign(value=value[0])
    table["ci_low"], table["ci_high"] = percentiles(draws, table.emotion.map(clusters).to_numpy())
    return table.assign(num_clips=table.emotion.map(clips), num_clusters=table.emotion.map(clusters))


def pooled(predictions: pd.DataFrame, emotions: tuple[str, ...], cluster: str) -> Pool:
    """Checked predictions as codes. The order of rows does not matter."""
    check(predictions, emotions, cluster)
    rows = predictions.sort_values(["seed", "clip_id"])  # sums of floats depend on their order
    code = pd.Index(emotions).get_indexer
    clip, group, seed = (
        np.unique(rows[unit].to_numpy(str), return_inverse=True)[1] for unit in ("clip_id", cluster, "seed")
    )
    probabilities = rows[_columns(emotions)].to_numpy(float)
    return Pool(code(rows.emotion), code(rows.predicted), probabilities, clip, group, seed)


def check(predictions: pd.DataFrame, emotions: tuple[str, ...], cluster: str) -> None:
    """Raises ValueError where predictions are not those of one recipe, each clip once in a seed and of one emotion."""
    check_rows(predictions, emotions, cluster)
    for name in ("emotion", "predicted"):
        if unknown := set(predictions[name].unique()) - set(emotions):
            found = ", ".join(sorted(map(str, unknown)))
            raise ValueError(f"{name} is {found}; must be of {', '.join(emotions)}: pass the emotions of its corpus")


def check_rows(predictions: pd.DataFrame, emotions: tuple[str, ...], cluster: str) -> None:
    """As `check`, whatever the emotions are."""
    needed = ["clip_id", "seed", "emotion", "predicted", cluster, *_columns(emotions)]
    if missing := [name for name in needed if name not in predictions]:
        raise ValueError(f"predictions lack {', '.join(missing)}; must have it: join the corpus' clips")
    if predictions.empty:
        raise ValueError("no predictions; must be at least one clip: check the filter")
    for name in ONE_RUN:
        if name in predictions and predictions[name].nunique() > 1:
            found = ", ".join(map(str, predictions[name].unique()))
            raise ValueError(f"{name} is {found}; must be one: filter the predictions first")
    if (twice := predictions.duplicated(["seed", "clip_id"])).any():
        clip = predictions.clip_id[twice].iloc[0]
        raise ValueError(f"clip {clip!r} comes twice; must come once a seed: filter to one part and run")
    if (predictions[cluster].isna() | (predictions[cluster] == "")).any():
        raise ValueError(f"some clips have no {cluster}; all must: take another cluster, such as clip_id")
    probabilities = predictions[_columns(emotions)].to_numpy(float)
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("probabilities are NaN or outside 0 to 1; must be inside: repair that run")


def bootstrap(
    statistic: Callable[[np.ndarray], np.ndarray], num_clusters: int, num_draws: int, seed: int = 0
) -> np.ndarray:
    """statistic of weights (R, K) -> (R, ...), over num_draws resamplings of the clusters."""
    rng = np.random.default_rng(seed)
    return in_blocks(lambda count: _resample(rng, count, num_clusters), statistic, num_draws, num_clusters)


def in_blocks(
    draw: Callable[[int], np.ndarray], statistic: Callable[[np.ndarray], np.ndarray], num_draws: int, width: int
) -> np.ndarray:
    """statistic of num_draws drawn rows (R, width), in blocks: memory does not grow with R x width."""
    step = max(1, BLOCK // width)
    return np.concatenate([statistic(draw(min(step, num_draws - at))) for at in range(0, num_draws, step)])


def percentiles(draws: np.ndarray, num_clusters: np.ndarray) -> np.ndarray:
    """Low and high (2, M) of draws (R, M); NaN where num_clusters (M,) is too few for an interval."""
    bounds = np.full((2, draws.shape[1]), np.nan)
    enough = (num_clusters >= MIN_CLUSTERS) & ~np.isnan(draws).all(0)
    bounds[:, enough] = np.nanpercentile(draws[:, enough], [2.5, 97.5], axis=0)
    return bounds


def mean_intervals(values: np.ndarray, cluster: np.ndarray, num_draws: int = 2000, seed: int = 0) -> np.ndarray:
    """Means over rows of values (N, V), and low and high ends over resampled clusters (N,): (3, V); NaN ends below MIN_CLUSTERS."""
    names, code = np.unique(np.asarray(cluster, str), return_inverse=True)
    members = sparse.csr_array((np.ones(len(code)), (code, np.arange(len(code)))), shape=(len(names), len(code)))
    sums = members @ np.column_stack([values, np.ones(len(code))])  # (K, V + 1), the last: rows
    draws = bootstrap(lambda weights: (weights @ sums)[:, :-1] / (weights @ sums)[:, -1:], len(names), num_draws, seed)
    bounds = percentiles(draws, np.full(draws.shape[1], len(names)))
    return np.vstack([np.mean(values, axis=0), bounds])


def overall(pool: Pool, weights: np.ndarray, name: str, exact: bool = True) -> np.ndarray:
    """One of METRICS (R,) under weights (R, K), mean over seeds; exact: see `metrics.weighted_auroc`."""
    if name in OVERALL:
        values = OVERALL[name](_confusions(pool, weights))  # (R, S)
    elif name == "AUROC":
        values = metrics.mean_present(_aurocs(pool, weights, exact))
    elif name in METRICS:
        values = _calibration(pool, weights)[name]
    else:
        raise ValueError(f"metric is {name!r}; must be one of {', '.join(METRICS)}: choose one")
    return metrics.mean_present(values)


def _table(pool: Pool, weights: np.ndarray, emotions: tuple[str, ...]) -> tuple[list, np.ndarray]:
    """Names (metric, emotion) and values (R, M) under weights (R, K)."""
    stack, aurocs = _confusions(pool, weights), _aurocs(pool, weights)
    values = {(name, "all"): metric(stack) for name, metric in OVERALL.items()}
    values[("AUROC", "all")] = metrics.mean_present(aurocs)
    values |= {(name, "all"): value for name, value in _calibration(pool, weights).items()}
    for name, each in [*((name, metric(stack)) for name, metric in BY_CLASS.items()), ("AUROC", aurocs)]:
        values |= {(name, emotion): each[..., c] for c, emotion in enumerate(emotions)}
    stack = np.stack(list(values.values()), -1)  # (R, S, M)
    return list(values), metrics.mean_present(stack, axis=1)


def _weighted(pool: Pool, weights: np.ndarray, column: np.ndarray, width: int, values: np.ndarray) -> np.ndarray:
    """Sums of values (N,) by seed and column, weighted by cluster: (R, S, width)."""
    shape = weights.shape[1], (pool.seed.max() + 1) * width
    sums = sparse.csr_array((values, (pool.cluster, pool.seed * width + column)), shape=shape)
    if shape[0] <= MAX_PAIRED:  # few clusters fill the table, and dense is faster
        sums = sums.toarray()
    return (weights @ sums).reshape(len(weights), -1, width)


def _confusions(pool: Pool, weights: np.ndarray) -> np.ndarray:
    num_classes = pool.probabilities.shape[1]
    cell = pool.y * num_classes + pool.predicted
    counts = _weighted(pool, weights, cell, num_classes**2, np.ones(len(cell)))
    return counts.reshape(*counts.shape[:2], num_classes, num_classes)  # (R, S, C, C)


def _calibration(pool: Pool, weights: np.ndarray) -> dict[str, np.ndarray]:
    bins, gap = metrics.confidence_gap(pool.y, pool.predicted, pool.probabilities)
    error = metrics.squared_error(pool.y, pool.probabilities)
    gaps = np.abs(_weighted(pool, weights, bins, metrics.NUM_BINS, gap)).sum(-1)  # (R, S)
    errors, clips = (
        _weighted(pool, weights, np.zeros_like(bins), 1, values)[..., 0] for values in (error, np.ones_like(error))
    )
    return {"ECE": gaps / clips, "Brier": errors / clips}


def _aurocs(pool: Pool, weights: np.ndarray, exact: bool = True) -> np.ndarray:
    exact = exact and weights.shape[1] <= MAX_PAIRED

    def of_seed(seed: int) -> np.ndarray:
        rows = pool.seed == seed
        y, probabilities, cluster = pool.y[rows], pool.probabilities[rows], pool.cluster[rows]
        return metrics.weighted_auroc(y, probabilities, cluster, weights, exact)

    return np.stack([of_seed(seed) for seed in range(pool.seed.max() + 1)], 1)  # (R, S, C)


def _resample(rng: np.random.Generator, count: int, num_clusters: int) -> np.ndarray:
    """How often each cluster is drawn (count, K)."""
    drawn = rng.integers(0, num_clusters, (count, num_clusters)) + num_clusters * np.arange(count)[:, None]
    return np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape).astype(float)


def _columns(emotions: tuple[str, ...]) -> list[str]:
    return [f"p_{emotion}" for emotion in emotions]

"""Is one recipe better than another on the same clips? Paired interval, permutation test, Holm's correction.

If two recipes are alike, exchanging their predictions for a whole cluster changes nothing but chance: the
difference is compared with the differences after such exchanges (Pitman 1937). All seeds of a cluster are
exchanged together, for they are the same clips.
"""

from dataclasses import fields, replace

import numpy as np
import pandas as pd

from emostudy import intervals, metrics, several_metrics
from emostudy.intervals import Pool, bootstrap, in_blocks, percentiles

ALPHA = 0.05
MAX_ENUMERATED = 12  # clusters: 4 096 exchanges; beyond, random ones
FAMILIES = {  # which rows may have been corrected together
    "all rows": (),
    "rows of one protocol": ("protocol",),
    "rows of one protocol and baseline": ("protocol", "baseline"),
}
ROUNDING = 1e-12  # an exchange that gives the same difference counts, whatever its last digit


def compare(
    a: pd.DataFrame,
    b: pd.DataFrame,
    emotions: tuple[str, ...],
    cluster: str = "speaker",
    metric: str = "UAR",
    num_draws: int = 2000,
    num_exchanges: int = 10_000,
    seed: int = 0,
    several: bool = False,
) -> pd.Series:
    """metric, difference (a - b), ci_low, ci_high, p_value (two-sided), num_clips, num_clusters, verdict.

    a, b: predictions of two recipes (see `intervals.summarise`) for the same clips and seeds. One with a
    single seed, as of a recipe without randomness, meets each seed of the other. metric: one of
    `intervals.METRICS`, of `several` labels a clip one of `several_metrics.OVERALL`; a lower ECE or Brier is
    better. Raises ValueError that names what does not match.
    """
    counted = several_metrics if several else intervals
    for frame in (a, b):
        counted.check(frame, emotions, cluster)
    a, b = _matched(a, b, cluster)
    one, two = counted.pooled(a, emotions, cluster), counted.pooled(b, emotions, cluster)

    def gap(weights: np.ndarray) -> np.ndarray:
        return counted.overall(one, weights, metric) - counted.overall(two, weights, metric)

    difference = float(gap(np.ones((1, one.num_clusters)))[0])
    draws = bootstrap(gap, one.num_clusters, num_draws, seed)
    low, high = percentiles(draws[:, None], np.array([one.num_clusters]))[:, 0]
    p_value = _permutation_p(one, two, metric, difference, num_exchanges, seed, counted.overall)
    return pd.Series(
        {
            "metric": metric,
            "difference": difference,
            "ci_low": low,
            "ci_high": high,
            "p_value": p_value,
            "num_clips": len(np.unique(one.clip)),
            "num_clusters": int(one.num_clusters),
            "verdict": _verdict(metric, difference, p_value),
        }
    )


def holm(p: np.ndarray) -> np.ndarray:
    """p values (M,) adjusted for their number (Holm 1979), in the order given; NaN stays, uncounted."""
    p = np.asarray(p, float)
    adjusted = np.full(p.shape, np.nan)
    given = np.flatnonzero(~np.isnan(p))
    order = given[np.argsort(p[given], kind="stable")]
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1)
    return adjusted


def corrected_over(table: pd.DataFrame, families: dict[str, str] | None = None) -> str:
    """Over which rows of a table of comparisons Holm's correction was made, in words, found from its `p_value` and `p_holm`.

    Args:
        families: of further columns whose rows may have been corrected apart, what their families are called.
    """
    if "p_value" in table:
        for told, columns in (FAMILIES | {told: (name,) for name, told in (families or {}).items()}).items():
            by = [table[name] for name in columns] or np.zeros(len(table))
            again = table.p_value.astype(float).groupby(by, dropna=False).transform(lambda p: holm(p.to_numpy()))
            if np.allclose(again, table.p_holm.astype(float), rtol=1e-4, equal_nan=True):  # csv files keep five digits
                return told
    return "comparisons made together"


def _permutation_p(a: Pool, b: Pool, metric: str, difference: float, num_exchanges: int, seed: int, overall) -> float:
    """Both recipes stand as 2 K clusters, and weights of 0 and 1 say whose predictions a cluster lends."""
    if np.isnan(difference):
        return np.nan
    both, num_clusters, rng = _stacked(a, b), a.num_clusters, np.random.default_rng(seed)

    def as_large(swap: np.ndarray) -> np.ndarray:
        sides = np.hstack([1 - swap, swap]), np.hstack([swap, 1 - swap])  # (R, K) -> (R, 2 K)
        # AUROC: what the first order leaves out is the same on both sides, so their difference is exact
        first, second = (overall(both, weights, metric, exact=False) for weights in sides)
        return np.abs(first - second) >= abs(difference) - ROUNDING

    if num_clusters <= MAX_ENUMERATED:
        swaps = np.arange(2**num_clusters)[:, None] >> np.arange(num_clusters) & 1
        return float(as_large(swaps.astype(float)).mean())

    def draw(count: int) -> np.ndarray:
        return rng.integers(0, 2, (count, num_clusters)).astype(float)

    large = in_blocks(draw, as_large, num_exchanges, 2 * num_clusters)
    return float((1 + large.sum()) / (1 + num_exchanges))  # the 1 is no exchange at all


def _stacked(a: Pool, b: Pool) -> Pool:
    b = replace(b, cluster=b.cluster + a.num_clusters)
    return Pool(*(np.concatenate([getattr(a, field.name), getattr(b, field.name)]) for field in fields(Pool)))


def _matched(a: pd.DataFrame, b: pd.DataFrame, cluster: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    for name in ("corpus", "part"):
        if name in a and name in b and a[name].iloc[0] != b[name].iloc[0]:
            raise ValueError(f"{name} is {a[name].iloc[0]} in a, {b[name].iloc[0]} in b; must be one: filter")
    a = _for_each_seed(a, b)
    b = _for_each_seed(b, a)  # as they are now: of two single seeds one takes the other's number
    seeds_a, seeds_b = set(a.seed.unique()), set(b.seed.unique())
    _refuse("seed", seeds_a - seeds_b, seeds_b - seeds_a)
    known = list(dict.fromkeys(["seed", "clip_id", "emotion", cluster]))
    pairs = a[known].merge(b[known], on=known[:2], how="outer", suffixes=("", "_b"), indicator="found")
    _refuse("clip", *(set(pairs.clip_id[pairs.found == side]) for side in ("left_only", "right_only")))
    for name in known[2:]:
        if (other := pairs[name] != pairs[f"{name}_b"]).any():
            row = pairs[other].iloc[0]
            raise ValueError(
                f"clip {row.clip_id!r} has {name} {row[name]} in a, {row[f'{name}_b']} in b; "
                "must be one: take both from one version of the corpus"
            )
    return a, b


def _for_each_seed(frame: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """A single seed repeated for each seed of the other frame; anything else as it is."""
    if frame.seed.nunique() > 1:
        return frame
    return pd.concat([frame.assign(seed=seed) for seed in other.seed.unique()])


def _refuse(what: str, only_a: set, only_b: set) -> None:
    if only_a or only_b:
        found = [
            f"{len(names)} only in {side} ({', '.join(sorted(map(str, names))[:3])})"
            for side, names in (("a", only_a), ("b", only_b))
            if names
        ]
        raise ValueError(f"{what}s differ: {' and '.join(found)}; must be the same: keep what both tested")


def _verdict(metric: str, difference: float, p_value: float) -> str:
    if not p_value <= ALPHA:  # NaN shows nothing either
        return "no difference shown"
    return "a better" if (difference > 0) != (metric in metrics.LOWER_IS_BETTER) else "b better"

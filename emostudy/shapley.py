"""What does each modality add? Shapley values of UAR over every set of modalities, with intervals, and of their differences."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd

from emostudy import intervals
from emostudy.corpora.corpus import Corpus


def shapley(values: Mapping[frozenset, np.ndarray], players: tuple[str, ...]) -> dict[str, np.ndarray]:
    """What each player adds, mean over all orders in which they may come (Shapley 1953).

    Args:
        values: of every set of players, the empty one too; numbers, or arrays of one shape.
    """
    found = {}
    for player in players:
        others, total = [one for one in players if one != player], 0.0
        for size in range(len(players)):
            weight = factorial(size) * factorial(len(players) - size - 1) / factorial(len(players))
            for some in combinations(others, size):
                total = total + weight * (values[frozenset([*some, player])] - values[frozenset(some)])
        found[player] = total
    return found


@dataclass(frozen=True)
class Shares:
    """Shapley values of UAR: value (M,) and draws (R, M), the same clusters drawn for all."""

    modalities: tuple[str, ...]
    value: np.ndarray
    draws: np.ndarray
    num_clips: int
    num_clusters: int

    def bounds(self, draws: np.ndarray) -> np.ndarray:
        """Low and high (2, M) of draws (R, M)."""
        return intervals.percentiles(draws, np.full(draws.shape[1], self.num_clusters))


def shares_of(predictions: pd.DataFrame, corpus: Corpus, num_draws: int = 2000) -> Shares:
    """What each modality adds to UAR, chance for none; the clips that all sets of modalities have.

    Args:
        predictions: test clips of one recipe on every set of modalities, one protocol.
    """
    chance, cluster = 1 / len(corpus.emotions), corpus.card["cluster"]
    of_each = [set(rows.clip_id) for _, rows in predictions.groupby("modalities")]
    common = set.intersection(*of_each)
    predictions = predictions[predictions.clip_id.isin(common)]
    pools = {
        frozenset(modalities.split("+")): intervals.pooled(rows, corpus.emotions, cluster)
        for modalities, rows in predictions.groupby("modalities", sort=True)
    }
    players = tuple(sorted(set().union(*pools)))
    num_clusters = next(iter(pools.values())).num_clusters

    def of(weights: np.ndarray) -> np.ndarray:
        """(R, K) -> (R, M): the same speakers drawn for all sets."""
        values = {chosen: intervals.overall(pool, weights, "UAR") for chosen, pool in pools.items()}
        found = shapley(values | {frozenset(): np.full(len(weights), chance)}, players)
        return np.stack([found[player] for player in players], 1)

    value = of(np.ones((1, num_clusters)))[0]
    return Shares(players, value, intervals.bootstrap(of, num_clusters, num_draws), len(common), int(num_clusters))


def modality_shares(shares: Shares, corpus: Corpus) -> pd.DataFrame:
    """A row per modality: `modality, value, ci_low, ci_high, chance`; values sum to what all have above chance."""
    low, high = shares.bounds(shares.draws)
    counts = {"num_clips": shares.num_clips, "num_clusters": shares.num_clusters}
    told = {"modality": shares.modalities, "value": shares.value, "ci_low": low, "ci_high": high}
    return pd.DataFrame(told).assign(chance=1 / len(corpus.emotions), **counts)


def shares_apart(shares: Shares) -> pd.DataFrame:
    """A row per pair of modalities: `modality, other, difference, ci_low, ci_high`, the one that adds more first; paired."""
    order = np.argsort(-shares.value, kind="stable")
    pairs = list(combinations(order, 2))
    more, less = np.array(pairs, int).reshape(-1, 2).T
    low, high = shares.bounds(shares.draws[:, more] - shares.draws[:, less])
    names = [[shares.modalities[place] for place in side] for side in (more, less)]
    told = {"modality": names[0], "other": names[1], "difference": shares.value[more] - shares.value[less]}
    return pd.DataFrame(told | {"ci_low": low, "ci_high": high})

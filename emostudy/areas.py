"""How much of what a system reads clean it keeps when its input is spoilt: relative and effective robustness, with intervals."""

import numpy as np
import pandas as pd

from emostudy import intervals
from emostudy.corpora.corpus import Corpus
from emostudy.corruptions import CLEAN, Corruption

NAMES = ["relative", "relative_low", "relative_high", "effective", "effective_low", "effective_high"]


def areas(
    predictions: pd.DataFrame, corruptions: tuple[Corruption, ...], corpus: Corpus, baseline: str, num_draws: int = 2000
) -> pd.DataFrame:
    """Per system and kind of corruption the share that is kept, mean over the levels; and how that differs from a baseline.

    `relative`: (UAR - chance) / (clean UAR - chance), mean over levels. `effective`: `relative` less the baseline's on the same clips
    (after the relative and effective robustness of MultiBench, Liang et al. 2021, where levels are equally far apart). A kind with
    one level is that level. NaN where a system reads no better than chance when clean; such draws count in no interval. Always of UAR,
    whose chance is known.

    Args:
        predictions: test clips of recipes on the same set of modalities, one protocol, clean and under every corruption.
        baseline: a recipe among them.
    """
    cluster, chance = corpus.card["cluster"], 1 / len(corpus.emotions)
    of_each = [set(rows.clip_id) for _, rows in predictions.groupby(["recipe", "condition"])]
    predictions = predictions[
        predictions.clip_id.isin(set.intersection(*of_each))
    ]  # the same clips, so the same clusters, for all
    pools = {
        key: intervals.pooled(rows, corpus.emotions, cluster)
        for key, rows in predictions.groupby(["recipe", "condition"], sort=True)
    }
    recipes = sorted({recipe for recipe, _ in pools})
    kinds = {}
    for one in corruptions:
        if all((recipe, one.name) in pools for recipe in recipes):
            kinds.setdefault((one.modality, one.kind), []).append(one.name)
    num_clusters = next(iter(pools.values())).num_clusters

    def of(weights: np.ndarray) -> np.ndarray:
        """(R, K) -> (R, S, 2, kinds): the same speakers drawn for all systems and conditions."""
        above = {key: intervals.overall(pool, weights, "UAR") - chance for key, pool in pools.items()}
        kept = np.stack([[_kept(above, recipe, names) for names in kinds.values()] for recipe in recipes])
        gain = kept - kept[recipes.index(baseline)]
        return np.stack([kept, gain], 1).transpose(3, 0, 1, 2)

    value = of(np.ones((1, num_clusters)))[0]
    draws = intervals.bootstrap(of, num_clusters, num_draws)
    bounds = intervals.percentiles(draws.reshape(num_draws, -1), np.full(value.size, num_clusters))
    low, high = bounds.reshape(2, *value.shape)
    clean = {
        recipe: intervals.overall(pools[recipe, CLEAN], np.ones((1, num_clusters)), "UAR")[0] for recipe in recipes
    }
    rows = [
        (recipe, *kind, len(names), clean[recipe], *np.stack([value, low, high], -1)[s, :, k].ravel())
        for s, recipe in enumerate(recipes)
        for k, (kind, names) in enumerate(kinds.items())
    ]
    return pd.DataFrame(rows, columns=["recipe", "modality", "kind", "num_levels", "clean", *NAMES])


def _kept(above: dict[tuple[str, str], np.ndarray], recipe: str, names: list[str]) -> np.ndarray:
    """Mean over conditions of what is left of what is above chance, (R,)."""
    clean = np.where(above[recipe, CLEAN] > 0, above[recipe, CLEAN], np.nan)
    return np.mean([above[recipe, name] / clean for name in names], 0)

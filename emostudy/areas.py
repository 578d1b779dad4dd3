"""How much of what a system reads clean it keeps when its input is spoilt: relative and effective robustness, with intervals."""

import numpy as np
import pandas as pd

from emostudy import intervals
from emostudy.corpora.corpus import Corpus
from emostudy.corruptions import CLEAN, Corruption
from emostudy.severity import area, by_kind, levels_told, places

SIZES = ["num_clips", "num_clusters", "num_folds", "num_seeds"]
MEASURES = ("area", "relative", "effective")
NAMES = [f"{name}{end}" for name in MEASURES for end in ("", "_low", "_high")]


def areas(
    predictions: pd.DataFrame, corruptions: tuple[Corruption, ...], corpus: Corpus, baseline: str, num_draws: int = 2000
) -> pd.DataFrame:
    """Per system and kind of corruption the area under the curve, the share that is kept, and how that differs from a baseline.

    `area`: under UAR over severity, from clean clips to the worst level, divided by its width (`severity.area`). Of what has no levels
    (a modality that is missing) it is the UAR then. Other levels give another area: compare within a profile.
    `relative`: (area - chance) / (clean UAR - chance). `effective`: `relative` less the baseline's on the same clips.
    After MultiBench (Liang et al. 2021): relative robustness is there the area itself, effective robustness the area between a curve
    and late fusion's, moved to the same clean score (an idea of Taori et al. 2020). Here chance is taken off and what is left divided
    by its clean value, so that one who falls to chance keeps nothing, however well he began.
    NaN where a system reads no better than chance when clean; such draws count in no interval. Always of UAR, whose chance is known.

    Args:
        predictions: test clips of recipes on the same set of modalities, one protocol, clean and under every corruption.
        baseline: a recipe among them.
    """
    cluster, chance = corpus.card["cluster"], 1 / len(corpus.emotions)
    of_each = [set(rows.clip_id) for _, rows in predictions.groupby(["recipe", "condition"])]
    # the same clips, so the same clusters, for all
    predictions = predictions[predictions.clip_id.isin(set.intersection(*of_each))]
    pools = {
        key: intervals.pooled(rows, corpus.emotions, cluster)
        for key, rows in predictions.groupby(["recipe", "condition"], sort=True)
    }
    recipes = sorted({recipe for recipe, _ in pools})
    known = tuple(one for one in corruptions if all((recipe, one.name) in pools for recipe in recipes))
    kinds = by_kind(known)
    num_clusters = next(iter(pools.values())).num_clusters

    def of(weights: np.ndarray) -> np.ndarray:
        """(R, K) -> (R, S, 3, kinds): the same speakers drawn for all systems and conditions."""
        scores = {key: intervals.overall(pool, weights, "UAR") for key, pool in pools.items()}
        under = np.stack([[_under(scores, recipe, levels) for levels in kinds.values()] for recipe in recipes])
        above = np.stack([scores[recipe, CLEAN] for recipe in recipes])[:, None] - chance  # (S, 1, R)
        kept = (under - chance) / np.where(above > 0, above, np.nan)
        return np.stack([under, kept, kept - kept[recipes.index(baseline)]], 1).transpose(3, 0, 1, 2)

    value = of(np.ones((1, num_clusters)))[0]
    draws = intervals.bootstrap(of, num_clusters, num_draws)
    bounds = intervals.percentiles(draws.reshape(num_draws, -1), np.full(value.size, num_clusters))
    told = np.stack([value, *bounds.reshape(2, *value.shape)], -1)  # (S, 3, kinds, 3)
    rows = [
        (recipe, *kind, levels_told(levels), _clean(pools[recipe, CLEAN]), *told[s, :, k].ravel())
        for s, recipe in enumerate(recipes)
        for k, (kind, levels) in enumerate(kinds.items())
    ]
    sizes = predictions.clip_id.nunique(), num_clusters, predictions.fold.nunique(), predictions.seed.nunique()
    table = pd.DataFrame(rows, columns=["recipe", "modality", "kind", "levels", "clean", *NAMES])
    return table.assign(baseline=baseline, **dict(zip(SIZES, sizes, strict=True)))


def _under(scores: dict[tuple[str, str], np.ndarray], recipe: str, levels: list[Corruption]) -> np.ndarray:
    """Area under a system's curve (R,), or its score where there is all or nothing."""
    own = [scores[recipe, one.name] for one in levels]
    if levels[0].how != "spoilt":
        return own[0]
    return area(np.stack([scores[recipe, CLEAN], *own]), places([one.severity for one in levels], levels[0].unit))


def _clean(pool: intervals.Pool) -> float:
    return intervals.overall(pool, np.ones((1, pool.num_clusters)), "UAR")[0]

"""Fusion of some modalities against the best of its own, where another one is the best of all."""

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.records import best_single, compare_pairs, dev_score


def compare_with_own(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> pd.DataFrame:
    """Each fusion that lacks the best single modality against the recipe that dev prefers among its own, as `compare_pairs`.

    Empty where every fusion has the best modality, as of two modalities.
    """
    means = dev_score(predictions, corpus, protocol)
    rows = predictions[(predictions.protocol == protocol) & (predictions.part == "test")]
    rows, best, pairs = rows[rows.condition == "none"], best_single(predictions, corpus, protocol), []
    for (_, modalities), fused in rows.groupby(["recipe", "modalities"], sort=True):
        own = means[means.index.get_level_values("modalities").isin(modalities.split("+"))]
        if "+" in modalities and own.idxmax()[1] != best:
            pairs.append((fused, rows[rows.recipe == own.idxmax()[1]]))
    return compare_pairs(pairs, corpus) if pairs else pd.DataFrame()

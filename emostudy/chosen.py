"""What stands for each modality alone, and for all together: the recipe that dev prefers."""

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.records import best_of_each

LINE = "none"  # the modalities of a reference line


def chosen(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> pd.DataFrame:
    """Predictions, dev and test, of the preferred recipe of each single modality and of the largest set, under all protocols.

    Args:
        protocol: by whose dev scores recipes are chosen.

    Raises:
        ValueError: nothing but reference lines.
    """
    rows = predictions[(predictions.modalities != LINE) & (predictions.condition == "none")]
    best = best_of_each(rows, corpus, protocol) if len(rows) else {}
    if not best:
        raise ValueError(f"no system ran under {protocol!r}: run notebooks 02 to 06 first")
    largest = max(best, key=lambda name: name.count("+"))
    best = {name: recipe for name, recipe in best.items() if "+" not in name or name == largest}
    return rows[rows.recipe == rows.modalities.map(best)].reset_index(drop=True)

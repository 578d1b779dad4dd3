"""All ways to fuse, rules and heads: which of them a large figure has room for."""

from collections.abc import Mapping

import pandas as pd

from emostudy.recipes import heads, rules
from emostudy.recipes.films_and_voices import FILMS_AND_VOICES
from emostudy.recipes.heads import asked as asked_heads
from emostudy.recipes.score_transformer import SCORE_TRANSFORMER

__all__ = ["FURTHER", "HEADS", "SCORE_TRANSFORMER", "asked_heads", "drawn"]
HEADS = frozenset(["concatenation", *(way.name for way in heads.WAYS), *(one.name for one in FILMS_AND_VOICES)])
FURTHER = frozenset(
    [rule.name for rule in (*rules.RULES, SCORE_TRANSFORMER) if rule not in rules.USUAL]
    + [way.name for way in heads.WAYS if way.name not in heads.USUAL]
)


def drawn(rows: pd.DataFrame, top: Mapping[str, str]) -> pd.DataFrame:
    """The rows of all but the further rules and heads; of these those that dev prefers. Tables have all.

    Args:
        rows: with `recipe` and `modalities`: records, comparisons.
        top: modalities -> the recipe that dev prefers (`records.best_of_each`).
    """
    preferred = rows.modalities.map(top) == rows.recipe
    return rows[~rows.recipe.isin(FURTHER) | preferred]

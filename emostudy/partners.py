"""Does it matter whose voice goes with whose face? Clips joined with other clips' scores: where a rule is tested, or where it learns.

System I sorts its models' outputs so that row n is the same clip everywhere; here they are sorted wrongly on purpose.
"""

from functools import partial

import numpy as np
import pandas as pd

from emostudy.fusing_in_memory import by_rule
from emostudy.recipes.decision import Rule
from emostudy.recipes.rules import PRODUCT, STACKING
from emostudy.seeds import seed_of

OTHERS = {"any": "any other clip", "same emotion": "a clip of the same emotion"}
TRIED = (  # a rule, the part whose clips get other partners, and how that is called
    (PRODUCT, "test", "product, test clips joined with"),
    (STACKING, "dev", "stacking, learned from clips joined with"),
)


def pairs(predictions: pd.DataFrame, emotions: tuple[str, ...]) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Test predictions of each rule in `TRIED` on wrong partners beside its own on right ones, for `records.compare_pairs`.

    Args:
        predictions: of one recipe per modality.
    """
    made = []
    for rule, part, title in TRIED:
        matched = partnered(predictions, rule, "matched", emotions).assign(recipe=f"{rule.name}, all clips matched")
        for how, other in OTHERS.items():
            wrong = partnered(predictions, rule, how, emotions, part).assign(recipe=f"{title} {other}")
            made.append((wrong, matched))
    return made


def partnered(
    predictions: pd.DataFrame, rule: Rule, how: str, emotions: tuple[str, ...], part: str = "test"
) -> pd.DataFrame:
    """A rule's test predictions from single modalities' predictions whose rows are matched clip by clip, or not.

    Args:
        predictions: of one recipe per modality.
        how: "matched"; "any": each clip has another clip's second and third modality; "same emotion": one of the same emotion.
        part: whose rows that is done to: "test", or "dev", from which a rule learns.
    """
    frames = []
    for (_, fold, seed), some in predictions.groupby(["protocol", "fold", "seed"], sort=True):
        change = None if how == "matched" else partial(_other_partners, how == "same emotion", fold, seed)
        by = [rows for _, rows in some.groupby("modalities", sort=True)]
        frames.append(by_rule(by, rule, emotions, change=change, changed=part, condition=how))
    return pd.concat(frames, ignore_index=True)


def _other_partners(same_emotion: bool, fold, seed, rows: pd.DataFrame, scores: np.ndarray) -> np.ndarray:
    """The first modality's rows as they are, every other one's in another order, (M, N, C)."""
    orders = [_other_clip(rows, same_emotion, seed_of("partner", fold, seed, m)) for m in range(1, len(scores))]
    return np.stack([scores[0], *(values[order] for values, order in zip(scores[1:], orders, strict=True))])


def _other_clip(rows: pd.DataFrame, same_emotion: bool, seed: int) -> np.ndarray:
    """Which clip takes each clip's place, (N,): never itself where there is another one."""
    order, rng = np.arange(len(rows)), np.random.default_rng(seed)
    groups = rows.groupby("emotion").indices.values() if same_emotion else [order]
    for some in groups:
        mixed = rng.permutation(some)
        order[mixed] = np.roll(mixed, 1)
    return order

"""Clips joined with other clips' scores: what that does where a rule is tested, and where it learns."""

import numpy as np
import pandas as pd
import pytest
import toys

from emostudy import predictions as preds
from emostudy.partners import OTHERS, pairs, partnered
from emostudy.recipes.rules import MEAN, STACKING

NUMBERS = preds.columns_of(toys.EMOTIONS)


@pytest.fixture(scope="module")
def alike() -> pd.DataFrame:
    """Face and voice that say the same of each clip: the same clips are hard for both."""
    frames = [toys.predictions("one", "face", 1.0, seed=seed) for seed in (0, 1)]
    face = pd.concat(frames, ignore_index=True)
    return pd.concat([face, face.assign(modalities="speech", run_id="other")], ignore_index=True)


def right(rows: pd.DataFrame) -> float:
    return (rows.emotion == rows.predicted).mean()


def test_partners_of_the_same_emotion_flatter_and_any_other_harms(alike):
    found = {how: partnered(alike, MEAN, how, toys.EMOTIONS) for how in ("matched", *OTHERS)}
    assert right(found["any"]) < right(found["matched"]) < right(found["same emotion"])
    alone = alike[(alike.modalities == "face") & (alike.part == "test")]
    assert right(found["matched"]) == pytest.approx(right(alone))
    moved, stays = (found[how].sort_values(["fold", "seed", "clip_id"])[NUMBERS] for how in ("any", "matched"))
    assert (np.abs(moved.to_numpy() - stays.to_numpy()).max(1) > 1e-3).mean() > 0.9


def test_a_rule_that_learns_nothing_does_not_see_how_dev_was_sorted(alike):
    matched = partnered(alike, MEAN, "matched", toys.EMOTIONS)
    assert matched[NUMBERS].equals(partnered(alike, MEAN, "any", toys.EMOTIONS, "dev")[NUMBERS])


def test_a_stacker_that_learned_from_wrong_voices_listens_to_the_face_alone():
    """The face knows nothing and the voice a lot: joined with any other clip's, the voice is found to tell nothing."""
    face, speech = toys.predictions("one", "face", 0.0), toys.predictions("one", "speech", 2.5, noise=1)
    both = pd.concat([face, speech], ignore_index=True)
    taught = {how: partnered(both, STACKING, how, toys.EMOTIONS, "dev") for how in ("matched", *OTHERS)}
    assert right(taught["matched"]) > 0.7 and right(taught["same emotion"]) > 0.7
    assert right(taught["any"]) < 0.55
    tested = partnered(both, STACKING, "any", toys.EMOTIONS)
    assert not tested[NUMBERS].equals(taught["any"][NUMBERS])


def test_each_rule_is_compared_with_itself_on_matched_clips(alike):
    made = pairs(alike, toys.EMOTIONS)
    assert [(wrong.recipe.iloc[0], right.recipe.iloc[0]) for wrong, right in made] == [
        ("product, test clips joined with any other clip", "product, all clips matched"),
        ("product, test clips joined with a clip of the same emotion", "product, all clips matched"),
        ("stacking, learned from clips joined with any other clip", "stacking, all clips matched"),
        ("stacking, learned from clips joined with a clip of the same emotion", "stacking, all clips matched"),
    ]
    for wrong, matched in made:
        assert set(wrong.part) == {"test"} and len(wrong) == len(matched)
        assert not np.allclose(wrong[NUMBERS], matched[NUMBERS])

"""What was measured on a machine, and is kept in `results/machines`, is within what the study promises."""

import pandas as pd
import pytest

from emostudy.paths import ROOT

SPEEDS = pd.read_csv(ROOT / "results" / "machines" / "speeds.csv").set_index("what")
AT_MOST = {  # seconds, GB
    "all fusion rules": 5,
    "all heads, RAVDESS, 5 folds x 3 seeds": 600,
    "strong speech line, one fold of RAVDESS": 360,
    "strong speech line, one fold of RAVDESS, memory": 6,
    "frozen text features, memory": 6,
}


@pytest.mark.parametrize("what", AT_MOST)
def test_it_takes_no_more_than_was_promised(what):
    assert 0 < SPEEDS.value[what] <= AT_MOST[what]


def test_frozen_text_features_are_as_fast_as_was_promised():
    assert SPEEDS.value["frozen text features, 0 turns before"] >= 250


def test_in_double_precision_heads_in_one_program_learn_what_they_learn_one_by_one():
    exact = SPEEDS[SPEEDS.index.str.endswith("largest difference in double precision")]
    assert len(exact) >= 3 and (exact.value <= 1e-4).all()


def test_heads_trained_together_are_what_they_are_alone():
    exact = SPEEDS[SPEEDS.index.str.endswith("largest difference from itself alone")]
    assert len(exact) == 10 and (exact.value <= 1e-4).all()


@pytest.mark.parametrize("head", ["joined", "gated_unit", "attention_fusion"])
def test_one_program_is_faster_than_one_by_one(head):
    assert SPEEDS.value[f"{head}, in one program"] < SPEEDS.value[f"{head}, one by one"]

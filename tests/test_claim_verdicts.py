"""Verdicts on printed numbers, from results folders that the test makes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emostudy import claim_verdicts as verdicts
from emostudy.claims import CLAIMS
from emostudy.exercises import half_width, num_measured_on, rise_of_one_side
from emostudy.figures.claims import claims, claims_alt

LSTM = next(claim for claim in CLAIMS if claim.corpora == ("tess",))
BERT = next(claim for claim in CLAIMS if claim.subject == "BERT")


def rebuilt(
    claim, recipe="a_recipe", same_corpus=True, theirs=(0.9, 0.88, 0.92), honest=(0.5, 0.45, 0.55), train=0.97, **told
):
    """A row of `gather` for one claim."""
    ends, nothing = ("", "_low", "_high"), float("nan")
    row = {name: getattr(claim, name) for name in ("system", "subject", "measured_on", "of")}
    row |= {"recipe": recipe, "title": recipe.upper(), "corpus": "TESS", "same_corpus": same_corpus, "train_UAR": train}
    row |= {f"theirs_WA{end}": value for end, value in zip(ends, theirs or (nothing,) * 3, strict=True)}
    row |= {f"honest_WA{end}": value for end, value in zip(ends, honest, strict=True)}
    row |= {"protocol_theirs": "as_published:80_20" if theirs else "", "protocol_honest": "speaker_independent"}
    return row | told


def leaks(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["leak", "corpus", "base", "difference", "verdict"])


def judged(claim, *rows, worth=()):
    return verdicts.table(pd.DataFrame(list(rows)), leaks(*worth), (claim,)).iloc[0]


@pytest.mark.parametrize(
    ("theirs", "said"),
    [((0.9, 0.88, 0.92), "not reproduced"), ((0.97, 0.95, 0.985), "reproduced"), ((0.99, 0.985, 1.0), "reproduced")],
)
def test_a_test_score_is_reproduced_where_the_interval_of_their_way_reaches_it(theirs, said):
    row = judged(LSTM, rebuilt(LSTM, theirs=theirs))
    assert (
        row.verdict == said and row.reached == theirs[0] and row.honest == 0.5 and row.protocol == "as_published:80_20"
    )


@pytest.mark.parametrize(("train", "said"), [(0.97, "reproduced"), (0.94, "reproduced"), (0.9, "not reproduced")])
def test_a_score_on_training_clips_is_compared_with_one(train, said):
    row = judged(BERT, rebuilt(BERT, train=train))
    assert row.verdict == said and row.reached == train and np.isnan(row.reached_high)


def test_without_their_way_the_honest_protocol_stands_for_it():
    row = judged(LSTM, rebuilt(LSTM, theirs=None))
    assert (row.reached, row.protocol, row.verdict) == (0.5, "speaker_independent", "not reproduced")


def test_the_same_model_on_another_corpus_judges_nothing():
    row = judged(LSTM, rebuilt(LSTM, same_corpus=False, corpus="RAVDESS", theirs=(1.0, 1.0, 1.0)))
    assert row.verdict == "cannot be run here" and np.isnan(row.reached) and row.recipe == ""
    assert row.elsewhere == "A_RECIPE on RAVDESS: 50.0 [45.0, 55.0]" and row.other == 0.5
    assert "--corpus tess" in row.command


def test_the_nearest_rebuild_is_judged_whatever_weights_it_is_on():
    rows = [
        rebuilt(LSTM, name, theirs=(at, at, at))
        for name, at in (("other", 0.1), ("speech_mfcc_lstm", 0.2), ("speech_lstm_raw", 0.3))
    ]
    assert judged(LSTM, *rows).recipe == "speech_lstm_raw"
    rows = [rebuilt(BERT, name) for name in ("text_bert", "text_mini_frozen_cls", "text_mini_tuned_small")]
    assert judged(BERT, *rows).recipe == "text_mini_frozen_cls"


def test_a_mistake_is_told_with_its_worth_on_the_own_corpus_first_then_on_real_ones():
    own = ("speaker", "TESS", "tess", 0.4, "better")
    real = ("speaker", "RAVDESS", "ravdess", 0.3, "better")
    drawn = ("speaker", "EmoSynth", "emosynth", 0.02, "better")
    title = "the speaker is in train and test"
    assert judged(LSTM, worth=[drawn, real, own]).explained == f"{title} (+40.0 on TESS)"
    assert judged(LSTM, worth=[drawn, real]).explained == f"{title} (+30.0 on RAVDESS)"
    assert judged(LSTM, worth=[drawn]).explained == f"{title} (+2.0 on EmoSynth)"
    assert judged(LSTM).explained == title


def test_mistakes_stand_beside_each_other_by_corpus_the_largest_on_top():
    rows = [
        ("speaker", "A", "a", 0.1, "better"),
        ("speaker", "B", "b", 0.01, "no difference shown"),
        ("training", "B", "b", 0.5, "better"),
    ]
    wide = verdicts.beside(leaks(*rows))
    assert wide.columns.tolist() == ["mistake", "A", "B"]
    assert wide.to_numpy().tolist() == [
        ["training clips are scored", "-", "+50.0"],
        ["the speaker is in train and test", "+10.0", "+1.0 n"],
    ]


@pytest.fixture
def table():
    return verdicts.table(pd.DataFrame([rebuilt(LSTM), rebuilt(BERT)]), leaks())


def test_every_number_has_a_row_and_those_of_one_model_share_one_in_words(table):
    assert len(table) == len(CLAIMS) and set(table.verdict) == {"reproduced", "not reproduced", "cannot be run here"}
    worded = verdicts.worded(table)
    assert len(worded) == len(table.drop_duplicates(verdicts.ROWS))
    small = worded[worded.claim == "I: small CNN on faces"].iloc[0]
    assert small["accuracy claimed"] == "29.8, left 27.8, right 29.6, balanced 29.2 (validation)"
    assert "--corpus iemocap_9_left " in verdicts.commands(table)
    assert f"Of {len(table)} printed numbers" in verdicts.summary(table)


def test_nothing_run_anywhere_is_a_table_too(tmp_path):
    table = verdicts.table(verdicts.gather(tmp_path), verdicts.leaks_of(tmp_path))
    assert set(table.verdict) == {"cannot be run here"} and len(table) == len(CLAIMS)
    assert verdicts.beside(verdicts.leaks_of(tmp_path)).empty and claims(table) and claims_alt(table)


def test_the_figure_draws_every_number_and_what_was_reached(table):
    fig = claims(table)
    drawn = {line.get_label(): line.get_xdata() for line in fig.axes[0].lines}
    assert list(drawn[f"_{LSTM.subject} claimed"]) == [98.0]
    around = {box.get_label() for box in fig.axes[0].containers}
    assert {f"_{LSTM.subject} theirs", f"_{LSTM.subject} honest", f"_{BERT.subject} theirs"} <= around
    assert "claimed 98.0, in their way 90.0, honest 50.0" in claims_alt(table)


def test_exercises_follow_from_what_was_printed(table):
    assert num_measured_on(table, "training") == sum(claim.measured_on == "training" for claim in CLAIMS)
    assert rise_of_one_side(table, "ResNet-18 on faces") == pytest.approx(29.4)
    assert half_width(0.5, 100) == pytest.approx(9.8)


def test_a_claim_of_one_side_names_its_reading_of_the_corpus():
    left = next(claim for claim in CLAIMS if claim.of == "left")
    assert left.corpora == ("iemocap_9_left",) and left.measured_here("iemocap_9_left")
    assert not replace(left, corpora=("ravdess",)).measured_here("iemocap_9")

"""Verdicts on printed numbers, from results that the test makes."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import toys

from emostudy import claim_verdicts as verdicts
from emostudy import claim_words as words
from emostudy.claims import CLAIMS
from emostudy.divisions import Published
from emostudy.exercises import half_width, num_measured_on, rise_of_one_side, widest
from emostudy.figures.claims import claims, claims_alt
from emostudy.protocols import splits

LSTM = next(claim for claim in CLAIMS if claim.corpora == ("tess",))
AS_PRINTED = next(claim for claim in CLAIMS if claim.subject == "BERT")
BERT = replace(AS_PRINTED, unlike="")  # as if all of 100 clips were trained on
BELOW_CHANCE = replace(next(claim for claim in CLAIMS if claim.value == 0.13), unlike="")
MODELS = [claim for claim in CLAIMS if claim.system == "R"]
READINGS = {"text_mini_frozen_cls": "the encoder is not trained; AdamW 1e-3"}
IT_IS_UAR = "UAR, for of training clips no accuracy is recorded"
NOTHING = (float("nan"),) * 3


def rebuilt(claim, recipe="", theirs=(0.9, 0.88, 0.92), honest=(0.5, 0.45, 0.55), train=0.97, **told):
    """A row of `gather` for one claim, on its own clips, in its authors' way."""
    recipe = recipe or claim.recipes[0]
    row = {name: getattr(claim, name) for name in ("system", "subject", "measured_on", "of")}
    row |= {"recipe": recipe, "title": recipe.upper(), "corpus": "TESS", "here": True, "train_UAR": train}
    row |= {"weights": "mini@1" if "mini" in recipe else "none", "reading": READINGS.get(recipe, "")}
    row |= {f"theirs_WA{end}": value for end, value in zip(verdicts.ENDS, theirs, strict=True)}
    row |= {f"honest_WA{end}": value for end, value in zip(verdicts.ENDS, honest, strict=True)}
    row |= {"protocol_theirs": claim.way or "random", "protocol_honest": "speaker_independent"}
    return row | told


def leaks(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["leak", "corpus", "base", "difference", "verdict"])


def judged(claim, *rows, worth=()):
    return verdicts.table(pd.DataFrame(list(rows)), leaks(*worth), (claim,)).iloc[0]


@pytest.mark.parametrize(
    ("theirs", "said"),
    [((0.9, 0.88, 0.92), "not reproduced"), ((0.97, 0.95, 0.985), "reproduced"), ((0.99, 0.985, 1.0), "exceeded")],
)
def test_a_test_score_is_reproduced_where_it_lies_in_the_interval_of_their_way(theirs, said):
    row = judged(LSTM, rebuilt(LSTM, theirs=theirs))
    assert row.verdict == said and row.reached == theirs[0] and row.honest == 0.5
    assert row.protocol == "as_published:80_20" and row.recipe == LSTM.recipes[0]


def test_a_number_below_chance_is_not_reproduced_by_a_better_one():
    assert judged(BELOW_CHANCE, rebuilt(BELOW_CHANCE, theirs=(0.32, 0.3, 0.34))).verdict == "exceeded"


@pytest.mark.parametrize(
    ("train", "said"),
    [
        (0.97, "reached by a stand-in"),
        (0.94, "reached by a stand-in"),
        (0.9, "missed by a stand-in"),
        (float("nan"), "not run in their way"),
    ],
)
def test_a_score_on_training_clips_is_compared_with_one_which_is_uar_and_reproduces_no_accuracy(train, said):
    row = judged(BERT, rebuilt(BERT, train=train))
    assert row.verdict == said and np.isnan(row.reached_high) and row.unlike == IT_IS_UAR
    assert judged(BELOW_CHANCE, rebuilt(BELOW_CHANCE)).unlike == ""  # of test clips accuracy is compared with accuracy


@pytest.mark.parametrize("protocol", ["", "random", "as_published:100_clips"])
def test_no_other_way_to_split_stands_for_theirs(protocol):
    row = judged(LSTM, rebuilt(LSTM, protocol_theirs=protocol))
    assert row.verdict == "not run in their way" and np.isnan(row.reached) and row.recipe == ""
    assert row.elsewhere.endswith("on TESS: 50.0 [45.0, 55.0]")


def test_what_the_claim_does_not_name_judges_nothing():
    row = judged(BERT, rebuilt(BERT, "text_bert"))
    assert row.verdict == "not run in their way" and row.elsewhere.startswith("TEXT_BERT on TESS")


@pytest.mark.parametrize(("train", "said"), [(0.97, "reached by a stand-in"), (0.5, "missed by a stand-in")])
def test_other_weights_stand_in_and_reproduce_nothing(train, said):
    row = judged(BERT, rebuilt(BERT, "text_mini_frozen_cls", train=train))
    told = f"other weights; the encoder is not trained; AdamW 1e-3; {IT_IS_UAR}"
    assert row.verdict == said and row.unlike == told
    assert f"(stands in: {told})" in words.rebuilt(row)


def test_their_own_recipe_on_other_weights_comes_before_another_one_on_them():
    stated, frozen, other = (rebuilt(BERT, f"text_mini{kind}") for kind in ("", "_frozen_cls", "_frozen_mean"))
    row = judged(BERT, other, frozen, stated)
    assert row.recipe == "text_mini" and row.unlike == f"other weights; {IT_IS_UAR}"
    assert row.also.startswith("TEXT_MINI_FROZEN_CLS") and row.elsewhere.startswith("TEXT_MINI_FROZEN_MEAN")


def test_of_a_hundred_training_clips_eighty_stand_in():
    """System M trained on 100 clips; its way as rebuilt here holds 100 in all."""
    told = {claim.unlike for claim in CLAIMS if claim.way == "as_published:100_clips"}
    (split,) = splits(toys.corpus(clips_each=18), "as_published:100_clips")
    assert told == {f"{len(split.train)} training clips of the 100"}
    row = judged(AS_PRINTED, rebuilt(AS_PRINTED))
    assert row.verdict == "reached by a stand-in" and row.unlike.startswith("80 training clips of the 100; ")
    assert all(number in Published.__doc__ for number in ("100 clips of *training*", "80 for train"))


def test_fewer_labels_than_theirs_stand_in():
    left = next(claim for claim in CLAIMS if claim.of == "left")
    row = judged(left, rebuilt(left, theirs=(left.value, 0, 1)))
    assert row.verdict == "reached by a stand-in" and row.unlike == "9 of its 11 labels"


def test_the_first_that_is_named_is_judged_whichever_comes_nearer():
    first, second = (rebuilt(BERT, name, train=at) for name, at in zip(BERT.recipes, (0.6, 0.98), strict=False))
    for rows in ([first, second], [second, first]):
        row = judged(BERT, *rows)
        assert row.recipe == BERT.recipes[0] and row.verdict == "missed by a stand-in"
        assert (
            row.also == f"{BERT.recipes[1].upper()} 98.0 [-]"
            and row.also in words.worded(row.to_frame().T)["their way"][0]
        )


@pytest.mark.parametrize(
    "others, said",
    [((0.5, 0.975), "reproduced by another reading"), ((0.5, 0.9), "not reproduced"), ((0.5,), "not reproduced")],
)
def test_that_another_reading_reproduces_what_the_first_misses_is_the_verdict(others, said):
    worth = [("speaker", "TESS", "tess", 0.4, "better")]
    rows = [
        rebuilt(LSTM, name, theirs=(at, at - 0.01, at + 0.01))
        for name, at in zip(LSTM.recipes, (0.3, *others), strict=False)
    ]
    rows = [row | {"reading": f"reading {place}"} for place, row in enumerate(rows)]
    row = judged(LSTM, *rows, worth=worth)
    assert row.verdict == said and row.recipe == LSTM.recipes[0] and row.reached == 0.3
    assert bool(row.explained) == (said != "not reproduced")
    assert "; by the nearest other" in words.worded(row.to_frame().T)["honest"][0]


@pytest.mark.parametrize("told", [{"here": False}, {"protocol_theirs": "random"}, {"recipe": "speech_mine"}])
def test_no_reading_on_other_clips_in_another_way_or_unnamed_reproduces_a_number(told):
    low, held = (0.3, 0.29, 0.31), (0.975, 0.965, 0.985)
    row = judged(LSTM, rebuilt(LSTM, theirs=low), rebuilt(LSTM, LSTM.recipes[1], theirs=held) | told)
    assert row.verdict == "not reproduced"


def test_a_reading_on_other_weights_reproduces_nothing():
    tested = replace(BERT, measured_on="test")
    first, held = (0.3, 0.29, 0.31), (BERT.value, BERT.value - 0.01, BERT.value + 0.01)
    row = judged(tested, rebuilt(tested, theirs=first), rebuilt(tested, "text_mini_tuned", theirs=held))
    assert row.also and row.verdict == "not reproduced"


def test_the_nearest_of_further_rebuilds_is_drawn_too():
    rows = [
        rebuilt(LSTM, name, theirs=(at, at - 0.01, at + 0.01))
        for name, at in zip(LSTM.recipes[:2], (0.3, 0.9), strict=True)
    ]
    table = verdicts.table(pd.DataFrame(rows), leaks(), (LSTM,))
    assert table.reached[0] == 0.3 and table.near[0] == 0.9 and table.near_honest_low[0] == 0.45
    drawn = {box.get_label() for box in claims(table).axes[0].containers}
    assert {f"_{LSTM.subject} near theirs", f"_{LSTM.subject} near honest"} <= drawn
    assert np.isnan(judged(LSTM, rows[0]).near)


def test_what_their_way_does_not_reach_is_explained_by_nothing():
    worth = [("speaker", "TESS", "tess", 0.4, "better")]
    assert judged(LSTM, rebuilt(LSTM), worth=worth).explained == ""
    assert judged(LSTM, rebuilt(LSTM, theirs=(0.97, 0.95, 0.99)), worth=worth).explained


def test_what_a_corpus_is_needed_for_is_told():
    assert all(claim.needs for claim in CLAIMS)
    assert words.rebuilt(judged(LSTM)) == "not here: the recordings"


def test_the_same_model_on_another_corpus_judges_nothing():
    row = judged(LSTM, rebuilt(LSTM, here=False, corpus="RAVDESS", theirs=(1.0, 1.0, 1.0)))
    assert row.verdict == "cannot be run here" and np.isnan(row.reached) and row.recipe == ""
    assert row.elsewhere.endswith("on RAVDESS: 50.0 [45.0, 55.0]") and row.other == 0.5
    assert "--corpus tess" in row.command


def test_of_several_models_the_one_nearest_to_a_number_is_judged():
    second = next(claim for claim in MODELS if claim.of == "second" and claim.measured_on == "training")
    rows = [rebuilt(second, name, train=at) for name, at in zip(second.recipes, (0.97, 0.6, 0.99, 0.9), strict=True)]
    row = judged(second, *rows)
    assert row.recipe == second.recipes[1] and row.verdict == "reached by a stand-in"
    assert row.unlike == f"{IT_IS_UAR}; the nearest of 4 models, for whose the number is is not said"


def test_a_mistake_is_told_with_its_worth_on_the_own_corpus_first_then_on_real_ones():
    own = ("speaker", "TESS", "tess", 0.4, "better")
    real = ("speaker", "RAVDESS", "ravdess", 0.3, "no difference shown")
    drawn = ("speaker", "EmoSynth", "emosynth", 0.02, "better")
    title = "the speaker is in train and test"
    assert judged(LSTM, worth=[drawn, real, own]).explained == f"{title} (+40.0 on TESS)"
    assert judged(LSTM, worth=[drawn, real]).explained == f"{title} (+30.0 n on RAVDESS)"
    assert judged(LSTM, worth=[drawn]).explained == f"{title} (+2.0 on EmoSynth)"
    assert judged(LSTM).explained == title


def test_only_a_score_of_training_clips_is_explained_by_being_one():
    told = {claim: verdicts.explained(claim, leaks()) for claim in CLAIMS}
    for claim, words_ in told.items():
        assert ("training clips are scored" in words_) == (
            claim.measured_on == "training" and "training" in claim.mistakes
        )
    assert next(words_ for claim, words_ in told.items() if claim.value == BELOW_CHANCE.value) == "" and told[LSTM]


def test_another_reading_of_a_corpus_has_other_clips():
    left = next(claim for claim in CLAIMS if claim.of == "left")
    row = SimpleNamespace(**rebuilt(left))
    assert verdicts._measured_on(row, "iemocap_9_left")
    assert not any(verdicts._measured_on(row, name) for name in ("iemocap_9", "iemocap_4", "iemocap", "ravdess"))


def test_mistakes_stand_beside_each_other_by_corpus_the_largest_on_top():
    rows = [
        ("speaker", "A", "a", 0.1, "better"),
        ("speaker", "B", "b", 0.01, "no difference shown"),
        ("training", "B", "b", 0.5, "better"),
    ]
    wide = words.beside(leaks(*rows))
    assert wide.columns.tolist() == ["mistake", "A", "B"]
    assert wide.to_numpy().tolist() == [
        ["training clips are scored", "-", "+50.0"],
        ["the speaker is in train and test", "+10.0", "+1.0 n"],
    ]


@pytest.fixture
def table():
    right = next(claim for claim in CLAIMS if claim.of == "right" and "small CNN" in claim.subject)
    return verdicts.table(
        pd.DataFrame([rebuilt(LSTM), rebuilt(BERT), rebuilt(right, theirs=(0.3, 0.25, 0.35))]), leaks()
    )


def test_every_number_has_a_row_and_those_of_one_model_share_one_in_words(table):
    said = {"not reproduced", "reached by a stand-in", "cannot be run here"}
    assert len(table) == len(CLAIMS) and set(table.verdict) == said
    worded = words.worded(table)
    assert len(worded) == len(table.drop_duplicates(words.ROWS))
    small = worded[worded.claim == "I: small CNN on faces"].iloc[0]
    assert small["accuracy claimed"] == "29.8, left 27.8, right 29.6, balanced 29.2 (validation)"
    assert small.verdict == "3 cannot be run here, 1 reached by a stand-in" and small["their way"].startswith(
        "30.0 [25.0, 35.0]"
    )
    assert "F, LSTM on mean MFCCs: 98 claimed" in words.summary(table)


def test_commands_are_those_of_what_is_not_judged(table):
    told = words.commands(table)
    assert (
        "--corpus iemocap_9_left " in told
        and told.count("--corpus iemocap_9_right ") == 1
        and "--corpus tess" not in told
    )
    assert "--only 02 --corpus face_mix --protocols as_published:80_20 " in told


def test_nothing_run_anywhere_is_a_table_too(tmp_path):
    table = verdicts.table(verdicts.gather(tmp_path), verdicts.leaks_of(tmp_path))
    assert set(table.verdict) == {"cannot be run here"} and len(table) == len(CLAIMS)
    assert verdicts.ladders_of(tmp_path).empty
    assert words.beside(verdicts.leaks_of(tmp_path)).empty and claims(table) and claims_alt(table)


def test_the_figure_draws_every_number_and_what_was_reached(table):
    fig = claims(table)
    drawn = {line.get_label(): line.get_xdata() for line in fig.axes[0].lines}
    assert list(drawn[f"_{LSTM.subject} claimed"]) == [98.0]
    around = {box.get_label() for box in fig.axes[0].containers}
    assert {f"_{LSTM.subject} theirs", f"_{LSTM.subject} honest", f"_{BERT.subject} theirs"} <= around
    assert "claimed 98.0, in their way 90.0, honest 50.0" in claims_alt(table)
    assert "By a stand-in: small CNN on faces, BERT." in " ".join(text.get_text() for text in fig.texts).replace(
        "\n", " "
    )


def test_exercises_follow_from_what_was_printed(table):
    assert num_measured_on(table, "training") == sum(claim.measured_on == "training" for claim in CLAIMS)
    assert rise_of_one_side(table, "ResNet-18 on faces") == pytest.approx(29.4)
    assert half_width(0.5, 100) == pytest.approx(9.8)
    assert widest(table, 800) == pytest.approx(half_width(0.574, 800))


def test_their_way_tells_of_seeds_that_lie_apart():
    row = pd.Series({"reached": 0.3, "reached_low": 0.2, "reached_high": 0.4, "protocol": "random"})
    assert words.way(row) == "30.0 [20.0, 40.0] (random split)"
    apart = row.to_dict() | {"reached_least": 0.1, "reached_most": 0.45}
    assert words.way(pd.Series(apart)) == "30.0 [20.0, 40.0]; seeds 10.0 to 45.0 (random split)"
    (named,) = pd.DataFrame([apart]).itertuples()
    assert "seeds 10.0" in words.way(named)
    assert "seeds" not in words.way(pd.Series(apart | {"reached_most": 0.105}))

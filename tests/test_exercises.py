"""Exercises: each tells a right answer from a wrong one, and from none."""

import numpy as np
import pandas as pd
import pytest
import toys

from emostudy import exercises as ex
from emostudy.exercises import check
from emostudy.fusing import MODALITIES
from emostudy.recipes.decision import entropy_trust

NAMES = dict(zip("afj", toys.EMOTIONS, strict=True))


def said(answer, right, **options) -> str:
    return check("1.1", answer, lambda: right, **options).data


def test_no_answer_is_waited_for_and_nothing_is_worked_out():
    assert check("1.1", None, lambda: pytest.fail("worked out")).data == "**Exercise 1.1**: not answered yet."


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (5, 5),
        (5.0, 5),
        (np.int64(5), 5),
        (np.float32(0.5), 0.5),
        ("joy", "joy"),
        (("joy", "fear"), ("joy", "fear")),
        (["joy", "fear"], ("joy", "fear")),
        (5, np.int64(5)),
    ],
)
def test_a_right_answer_is_right_whatever_its_type(answer, right):
    assert "right, " in said(answer, right) and "not" not in said(answer, right)


@pytest.mark.parametrize(
    ("answer", "right", "hint"),
    [
        (6, 5, "smaller"),
        (4, 5, "larger"),
        (np.int64(4), 5, "larger"),
        ("fear", "joy", "Look again"),
        (("fear", "joy"), ("joy", "fear"), "Look again"),
        ("joy", ("joy", "fear"), "Look again"),
        (3, "joy", "Look again"),
    ],
)
def test_a_wrong_answer_is_not_and_a_hint_is_given(answer, right, hint):
    assert "is not right yet" in said(answer, right) and hint in said(answer, right)


@pytest.mark.parametrize("answer", ["5", True, [5], "many"])
def test_a_number_is_asked_for_where_one_is_wanted(answer):
    assert "is not a number; the answer is one" in said(answer, 5)


def test_numbers_may_be_off_by_so_much():
    assert "right," in said(33.3, 100 / 3, within=0.1) and "larger" in said(33.1, 100 / 3, within=0.1)
    assert "not right" in said(float("nan"), 5)


def test_counting_and_chance():
    assert ex.num_runs(10, 3, 4) == 120
    assert ex.chance_uar(toys.EMOTIONS) == pytest.approx(33.33, abs=0.01)
    assert ex.honest_protocol() == "speaker_independent"
    assert ex.majority_wa(pd.Series(["joy", "joy", "fear", "joy"])) == 75
    assert ex.dense_parameters(3, 2) == 8  # a 2 x 3 matrix and 2 biases
    assert ex.points(0.125) == 12.5


def test_the_best_guess_is_bayes():
    one, two = (
        np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.2, 0.6]]),
        np.array([[0.4, 0.6, 0], [0.1, 0.9, 0], [0.5, 0.5, 0]]),
    )
    tables = {"face": one, "speech": two}
    assert ex.best_guess({"face": "anger"}, tables, toys.EMOTIONS) == "anger"
    assert ex.best_guess({"face": "fear", "speech": "fear"}, tables, toys.EMOTIONS) == "fear"  # .06, .54, .10
    assert ex.best_guess({"face": "anger", "speech": "anger"}, tables, toys.EMOTIONS) == "anger"  # .32, .03, .10


def rows(
    text: str, protocol="speaker_independent", part="test", recipe="net", seed=0, modalities="face", sure=0.9
) -> pd.DataFrame:
    """Predictions from pairs of letters: "af" is anger taken for fear; the letter's place says the speaker."""
    made = []
    for at, pair in enumerate(text.split()):
        emotion, predicted = (NAMES[letter] for letter in pair)
        probabilities = {f"p_{name}": sure if name == predicted else (1 - sure) / 2 for name in toys.EMOTIONS}
        made.append(
            {
                "recipe": recipe,
                "protocol": protocol,
                "part": part,
                "seed": seed,
                "modalities": modalities,
                "fold": 0,
                "speaker": f"s{at % 3}",
                "emotion": emotion,
                "predicted": predicted,
                **probabilities,
            }
        )
    return pd.DataFrame(made)


def test_most_confused_counts_shares_not_clips_and_not_hits():
    test = rows("aa aa aa aa aa aa aa af af ff fj jj")  # 2 of 9 anger as fear, 1 of 2 fear as joy
    assert ex.most_confused(test, "net", "speaker_independent", toys.EMOTIONS) == ("fear", "joy")
    noise = pd.concat(
        [test, rows("ja ja ja", recipe="other"), rows("ja ja ja", protocol="random"), rows("ja ja", part="dev")]
    )
    assert ex.most_confused(noise, "net", "speaker_independent", toys.EMOTIONS) == ("fear", "joy")


def test_the_fall_is_in_points_of_uar_seeds_averaged():
    test = pd.concat(
        [
            rows("aa aa ff jj", "random"),
            rows("aa af ff jj", "random", seed=1),  # 1 and 5/6
            rows("aa aa fj jj"),
            rows("aa aa fj ja", seed=1),  # 2/3 and 1/3
        ]
    )
    assert ex.fall(test, "net", toys.EMOTIONS) == pytest.approx(100 * (11 / 12 - 1 / 2))


def test_the_fall_is_between_the_pair_that_was_run_and_in_the_metric_asked_for():
    test = pd.concat([rows("aa aa ff jj", "random"), rows("aa af ff jj", "official")])
    assert ex.fall(test, "net", toys.EMOTIONS) == pytest.approx(100 * (1 - 5 / 6))
    assert ex.fall(test, "net", toys.EMOTIONS, "WA") == pytest.approx(25)


def test_what_compares_two_protocols_says_so_where_one_was_run():
    test = rows("aa aa ff jj", "official")
    assert ex.fall(test, "net", toys.EMOTIONS) is None and ex.deepest_fall(test, toys.EMOTIONS) is None
    told = ex.check("1", 0.0, ex.fall, test, "net", toys.EMOTIONS, within=0.1).data
    assert "compares two protocols, and one was run" in told


def test_the_recipe_that_falls_deepest_is_unimodal():
    test = pd.concat(
        [
            rows("aa ff jj", "random"),
            rows("aa ff ja"),
            rows("aa ff jj", "random", recipe="svm"),
            rows("af fa ja", recipe="svm"),
            rows("aa ff jj", "random", recipe="concatenation", modalities="face+text"),
            rows("af fa ja", recipe="concatenation", modalities="face+text"),
        ]
    )
    assert ex.deepest_fall(test, toys.EMOTIONS) == "svm"


def test_the_hardest_speaker_has_the_lowest_share_of_hits():
    test = rows("aa af aa ff ff fj jj jj ja")  # speakers 0, 1, 2 in turn: 3 of 3, 2 of 3, 1 of 3
    assert ex.hardest_speaker(test, "net", "speaker_independent") == "s2"


def test_the_best_recalled_is_by_recall():
    assert ex.best_recalled(rows("aa aa aa af ff ff jj ja"), "net", "speaker_independent", toys.EMOTIONS) == "fear"


def test_sure_and_wrong_is_a_share_of_the_sure():
    test = pd.concat([rows("aa af ff jj"), rows("af fa", sure=0.6)])
    assert ex.sure_and_wrong(test, "net", "speaker_independent", toys.EMOTIONS) == 25
    assert ex.sure_and_wrong(test, "net", "speaker_independent", toys.EMOTIONS, 0.5) == 50
    assert ex.sure_and_wrong(test, "net", "speaker_independent", toys.EMOTIONS, 0.95) == 0


def test_the_trust_weight_is_that_of_the_rule():
    probabilities, trust = [[0.8, 0.1, 0.1], [0.4, 0.3, 0.3]], [1.0, 0.5]
    labels = np.array([0, 1, 2, 0])
    dev = np.stack([np.eye(3)[labels], np.eye(3)[[0, 1, 1, 1]]])  # UAR 1 and 1/2
    fused = entropy_trust(dev, labels)(np.array(probabilities)[:, None])[0]
    weight = ex.trust_weight(probabilities, trust)
    assert weight * 0.8 + (1 - weight) * 0.4 == pytest.approx(fused[0])
    assert 0.5 < weight < 1 and ex.trust_weight(probabilities[:1] * 2, [1, 1]) == pytest.approx(0.5)


def test_the_best_on_dev_is_not_asked_what_test_says():
    frame = pd.concat(
        [
            rows("aa ff ja", part="dev", recipe="mean"),
            rows("aa ff jj", part="dev", recipe="product"),
            rows("aa ff jj", recipe="mean"),
            rows("af fa ja", recipe="product"),
            rows("aa ff jj", "random", part="dev", recipe="mean"),
        ]
    )
    assert ex.best_on_dev(frame, "speaker_independent", toys.EMOTIONS) == "product"


def test_how_many_are_shown_to_be_better():
    assert ex.num_shown(pd.DataFrame({"verdict": ["better", "no difference shown", "worse", "better"]})) == 2


def test_modalities_are_named_as_everywhere():
    assert MODALITIES == ("face", "speech", "text")


def test_the_best_on_dev_is_by_the_metric_asked_for():
    dev = [
        rows("aa aa aa aa af ff jf", part="dev", recipe="often"),
        rows("aj aj aa aa fa ff jj", part="dev", recipe="even"),
    ]
    frame = pd.concat(dev)
    assert ex.best_on_dev(frame, "speaker_independent", toys.EMOTIONS) == "even"
    assert ex.best_on_dev(frame, "speaker_independent", toys.EMOTIONS, "WA") == "often"

"""A modality that speaks twice: who may speak, what the third vector is worth, and whether weights of each clip beat fixed ones."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toys
from sklearn.metrics import balanced_accuracy_score

from emostudy import vectors
from emostudy.corpora.catalogue import cards
from emostudy.lesson import Lesson
from emostudy.once import ONCE
from emostudy.profiles import PROFILES
from emostudy.recipes.rules import TRUST

SYSTEMS = (  # name, modality, skill, condition
    ("seen", "face", 1.5, "none"),
    ("heard", "speech", 4.0, "none"),
    ("lstm", "speech", 1.5, ONCE),
    ("poor", "speech", 0.1, ONCE),
    ("picture", "speech", 1.2, ONCE),
)
NUMBERS = [f"p_{emotion}" for emotion in toys.EMOTIONS]


@pytest.fixture
def lesson(tmp_path):
    corpus = toys.corpus()
    named = {"voice": ["lstm", "poor"], "picture": ["picture"]}
    corpus = replace(corpus, card=corpus.card | {"vectors": named})
    study = Lesson("05_decision_fusion", corpus, PROFILES["paper"], ["speaker_independent"], [0, 1], "cpu", 1, tmp_path)
    for noise, (name, modality, skill, condition) in enumerate(SYSTEMS):
        rows = toys.predictions(name, modality, skill, "speaker_independent", noise=noise).assign(condition=condition)
        toys.write(tmp_path, rows)
        study.made.extend(rows.run_id.unique())
    flattered = toys.predictions("lstm", "speech", 4.0, "random", noise=9).assign(condition=ONCE)
    toys.write(tmp_path, flattered)
    study.made.extend(flattered.run_id.unique())
    return study


def test_who_may_speak_is_what_the_card_names_and_every_other_modality(lesson):
    rows = vectors.speakers(lesson, lesson.unimodal())
    spoken = rows.groupby("modalities").recipe.unique().map(set).to_dict()
    assert set(rows.protocol) == {"speaker_independent"}, "what ran once has a random split too"
    assert spoken == {"face": {"seen"}, "voice": {"lstm", "poor"}, "picture": {"picture"}}


def test_of_others_the_seed_of_what_ran_once_is_taken(lesson):
    single = lesson.unimodal()
    other = single[single.recipe == "seen"].assign(seed=1, run_id="other")
    rows = vectors.speakers(lesson, pd.concat([single, other]))
    assert set(rows.seed[rows.recipe == "seen"]) == {0} and "other" not in set(rows.run_id)


def test_a_rule_reaches_what_it_reaches_on_the_best_of_each_vector(lesson):
    vectors.compared(lesson, lesson.unimodal())
    kept = pd.read_csv(lesson.folder / "tables" / "05_vectors.csv").set_index(["recipe", "baseline"])
    test = (
        lesson.predictions()
        .query("part == 'test' and protocol == 'speaker_independent'")
        .set_index(["recipe", "clip_id"])
        .sort_index()
    )

    def uar(*names: str) -> float:
        mean = np.mean([test.loc[name, NUMBERS].to_numpy(float) for name in names], 0)
        return balanced_accuracy_score(test.loc["seen"].emotion, np.array(toys.EMOTIONS)[mean.argmax(1)])

    three, two = uar("seen", "lstm", "picture"), uar("seen", "lstm")
    row = kept.loc["mean", "mean_less"]
    assert row.own_value == pytest.approx(three, abs=2e-3) and row.baseline_own_value == pytest.approx(two, abs=2e-3)
    assert row.difference == pytest.approx(three - two, abs=4e-3) and three != two
    assert set(kept.index) == {
        *((rule.name, f"{rule.name}_less") for rule in vectors.RULES),
        *(("entropy_trust", name) for name in ("mean", "trust", "seen")),
    }


def test_the_table_says_what_was_left_out_and_of_which_vectors(lesson):
    shown = vectors.compared(lesson, lesson.unimodal())
    assert (TRUST.title, "the same without the picture") in shown.index
    text = (lesson.folder / "tables" / "05_vectors.md").read_text("utf-8")
    assert "**face, picture, voice: vectors" in text and "One seed" in text and "paired" in text.lower()


def test_cards_name_systems_that_run_once():
    named = {name: card for name, card in cards().items() if "vectors" in card}
    assert named
    for card in named.values():
        assert {name for systems in card["vectors"].values() for name in systems} <= set(card["once"])

"""Fusion without systems whose settings saw test clips; and fusion that lacks the best modality against the best of its own."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toys
from sklearn.metrics import balanced_accuracy_score

from emostudy import unflattered
from emostudy.lesson import Lesson
from emostudy.own_best import compare_with_own
from emostudy.profiles import PROFILES
from emostudy.recipes.rules import MEAN, PRODUCT, STACKING
from emostudy.scores import score

SYSTEMS = (("poor", "face", 0.5), ("tuned", "face", 4.0), ("heard", "speech", 1.5), ("said", "text", 1.0))


@pytest.fixture
def lesson(tmp_path):
    """Four systems of three modalities; the best face was tuned on test clips."""
    corpus = toys.corpus()
    corpus = replace(corpus, card=corpus.card | {"flattered_systems": ["tuned"]})
    study = Lesson("05_decision_fusion", corpus, PROFILES["paper"], ["speaker_independent"], [0], "cpu", 1, tmp_path)
    for noise, (name, modality, skill) in enumerate(SYSTEMS):
        rows = toys.predictions(name, modality, skill, "speaker_independent", noise=noise)
        toys.write(tmp_path, rows)
        study.made.extend(rows.run_id.unique())
    return study


def test_who_was_tuned_on_test_clips_does_not_speak(lesson):
    left = unflattered.speakers(lesson)
    assert list(left) == ["face"] and set(left["face"].recipe) == {"poor", "heard", "said"}
    table = unflattered.compared(lesson, (MEAN, PRODUCT))
    assert set(table["best single one"]) == {"title of heard"} and table.index.tolist() == [
        ("face", "mean"),
        ("face", "product"),
    ]
    text = (lesson.folder / "tables" / "05_unflattered.md").read_text("utf-8")
    assert "Fusion without those whose settings saw test clips" in text and "paired" in text.lower()


def test_what_is_reached_is_the_score_of_the_rule_on_those_who_speak(lesson):
    rows = unflattered.speakers(lesson)["face"]
    (made,) = unflattered.fused(rows, (MEAN,), toys.EMOTIONS)
    made = made[made.part == "test"]
    numbers = [f"p_{emotion}" for emotion in toys.EMOTIONS]
    test = rows[rows.part == "test"]
    mean = test.groupby("clip_id")[numbers].mean().to_numpy()
    assert np.allclose(made.set_index("clip_id").sort_index()[numbers], mean, atol=1e-4)
    unflattered.compared(lesson, (MEAN,))
    kept = pd.read_csv(lesson.folder / "tables" / "05_unflattered.csv")
    uar = score(made, lesson.corpus).query("metric == 'UAR' and emotion == 'all'").value.iloc[0]
    assert kept.own_value.iloc[0] == pytest.approx(uar, abs=1e-5) and kept.baseline.iloc[0] == "heard"


def test_what_dev_says_of_a_rule_is_its_score_on_dev_clips(lesson):
    rows = unflattered.speakers(lesson)["face"]
    (made,) = unflattered.fused(rows, (MEAN,), toys.EMOTIONS)
    made, dev = made[made.part == "dev"], rows[rows.part == "dev"]
    assert set(made.clip_id) == set(dev.clip_id) and len(made) == len(dev) / rows.modalities.nunique()
    unflattered.compared(lesson, (MEAN,))
    kept = pd.read_csv(lesson.folder / "tables" / "05_unflattered.csv")
    each = [balanced_accuracy_score(run.emotion, run.predicted) for _, run in made.groupby("fold")]
    assert kept.dev.iloc[0] == pytest.approx(np.mean(each), abs=1e-5) and kept.dev.iloc[0] != kept.own_value.iloc[0]


def test_what_dev_says_of_a_stacker_was_not_learned_from_its_labels(lesson):
    """As in `fuse_fold`: in its own sample a stacker would always be preferred."""
    rows = unflattered.speakers(lesson)["face"]
    clips = rows.drop_duplicates("clip_id")
    drawn = dict(zip(clips.clip_id, np.random.default_rng(0).permutation(clips.emotion), strict=True))
    noise = rows.assign(emotion=rows.clip_id.map(drawn))
    (made,) = unflattered.fused(noise, (STACKING,), toys.EMOTIONS)
    dev = made[made.part == "dev"]
    assert balanced_accuracy_score(dev.emotion, dev.predicted) < 1 / len(toys.EMOTIONS) + 0.15


def test_a_modality_that_only_tuned_systems_read_is_left_out_and_tuned_ones_of_each_are_left_out_by_themselves(lesson):
    card = lesson.corpus.card | {"flattered_systems": ["tuned", "said"]}
    left = unflattered.speakers(replace(lesson, corpus=replace(lesson.corpus, card=card)))
    assert {name: set(rows.recipe) for name, rows in left.items()} == {
        "face": {"poor", "heard", "said"},
        "text": {"poor", "tuned", "heard"},
        "face+text": {"poor", "heard"},
    }


def test_fusion_without_the_best_modality_is_set_against_the_best_of_its_own(lesson):
    single = lesson.predictions()
    sets = {"face+speech": ("tuned", "heard"), "speech+text": ("heard", "said")}
    fused = [
        unflattered.fused(single[single.recipe.isin(recipes)], (MEAN,), toys.EMOTIONS)[0].assign(condition="none")
        for recipes in sets.values()
    ]
    compared = compare_with_own(pd.concat([single, *fused]), lesson.corpus, "speaker_independent")
    assert compared[["modalities", "baseline"]].to_numpy().tolist() == [["speech+text", "heard"]]
    of_best = compare_with_own(pd.concat([single, fused[0]]), lesson.corpus, "speaker_independent")
    assert of_best.empty

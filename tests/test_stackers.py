"""On whose scores a stacker learns: inner folds hold out whole speakers, and each training clip is scored once by who has not seen it."""

import numpy as np
import pandas as pd
import pytest
import toys
from test_batched import head_recipe

from emostudy import experiments, robustness, stackers
from emostudy.protocols import guard, splits
from emostudy.recipes import ablated
from emostudy.records import compare_pairs
from emostudy.scores import score


@pytest.fixture(scope="module")
def corpus():
    return toys.corpus(num_speakers=20)


def test_inner_folds_hold_each_speaker_of_train_out_once(corpus):
    (split,) = splits(corpus, "speaker_independent", (0,))
    made = [one(split, corpus) for one in stackers.INNER]
    speaker = corpus.clips.set_index("clip_id").speaker
    assert sorted(clip for one in made for clip in one.dev) == sorted(split.train)
    for one in made:
        guard(one, corpus)
        assert not set(speaker[list(one.train)]) & set(speaker[list(one.dev)])
        assert sorted(one.train + one.dev) == sorted(split.train)
        assert one.test == split.test and one.keeps_apart == ("test:speaker",)
    cell = toys.numbers_cell(np.ones(3))  # so that `status` knows these runs
    known = ablated.by_condition(toys.corpus(audio=cell, action_units=cell))
    for one in stackers.INNER:
        assert [recipe.modalities for recipe in known[one.condition]] == [("face",), ("speech",)]


def test_few_speakers_are_divided_by_clips():
    corpus = toys.corpus(num_speakers=5)
    (split,) = splits(corpus, "speaker_independent", (0,))
    made = [one(split, corpus) for one in stackers.INNER]
    assert sorted(clip for one in made for clip in one.dev) == sorted(split.train)


@pytest.fixture(scope="module")
def scores(corpus, tmp_path_factory) -> pd.DataFrame:
    folder, recipe = tmp_path_factory.mktemp("runs"), (head_recipe(refit=False),)
    study = (corpus, recipe, ["speaker_independent"], toys.QUICK, folder)
    single = robustness.run(corpus, recipe, (), *study[2:], jobs=1, keep_train=True)
    inner = [experiments.run(*study, jobs=1, condition=one.condition, cut=one) for one in stackers.INNER]
    return stackers.scores(single, inner)


def test_out_of_fold_scores_are_of_all_training_clips_and_of_other_models(scores):
    for _, rows in scores.groupby(["fold", "seed"]):
        of = dict(list(rows.groupby("part")))
        learned, held_out = (of[part].sort_values("clip_id") for part in ("train", "out_of_fold"))
        assert learned.clip_id.tolist() == held_out.clip_id.tolist()
        assert held_out.run_id.nunique() == 3 and not set(held_out.run_id) & set(learned.run_id)
        right = [(some.emotion == some.predicted).mean() for some in (learned, held_out)]
        assert right[0] >= right[1]
        speakers = set(of["few"].speaker)
        assert set(of["few"].clip_id) == set(learned.clip_id[learned.speaker.isin(speakers)])  # whole ones
        assert len(of["few"]) == len(of["dev"]) < len(learned)


def test_all_stackers_speak_of_the_same_test_clips(scores, corpus):
    two = pd.concat([scores.assign(modalities=modality) for modality in ("face", "speech")])
    made = stackers.fitted(two, toys.EMOTIONS)
    table = stackers.reached(made, two, lambda rows: score(rows, corpus), "UAR")
    assert table.recipe.tolist() == list(stackers.TITLES)
    num = dict(zip(table.recipe, table.num_learned, strict=True))
    assert num["train"] == num["out_of_fold"] == 3 * num["dev"] == 3 * num["few"]
    assert stackers.worded(table)["clips to learn from, mean over folds"].tolist()[0] == num["train"]
    compared = compare_pairs(stackers.pairs(made), corpus)
    assert list(zip(compared.recipe, compared.baseline, strict=True)) == list(stackers.PAIRS)
    assert (compared.num_clips == scores[scores.part == "test"].clip_id.nunique()).all()


def test_a_cause_is_denied_only_where_neither_is_shown():
    rows = [(*pair, 0.01, -0.02, 0.03, "no difference shown") for pair in stackers.PAIRS]
    compared = pd.DataFrame(rows, columns=["recipe", "baseline", "difference", "ci_low", "ci_high", "verdict"])
    told = stackers.told(compared)
    assert "the same training clips, learned minus out of fold: 1.0 [-2.0, 3.0] points, no difference shown" in told
    assert "Neither that clips were learned" in told
    compared.loc[0, "verdict"] = "worse"
    assert "Neither" not in stackers.told(compared)

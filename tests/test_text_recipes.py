"""Recipes on words: system R's classical models, and those on pretrained encoders."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toys
from sklearn.naive_bayes import MultinomialNB
from test_encoders import tiny

from emostudy import estimators
from emostudy.corpora.corpus import Corpus
from emostudy.experiments import check_names, run
from emostudy.features.extract import extract
from emostudy.metrics import confusion, uar
from emostudy.predictions import read_runs
from emostudy.profiles import Profile
from emostudy.provenance import describe
from emostudy.recipes.classical_text import CLASSICAL_TEXT, TEXT_TREE, cross_validated, naive_bayes
from emostudy.recipes.sentences import (
    BASES,
    fine_tuned,
    frozen,
    pretrained_text,
    sentence_mlp,
    sentence_regression,
    with_history,
)

WORDS = {"anger": "angry", "fear": "afraid", "joy": "glad"}
QUICK = Profile("quick", (0,), (0,), 2, "one fold, one seed, two epochs")


def corpus(noise: int = 10) -> Corpus:
    """Nine dialogues of ten turns; what is felt is said in words that are, in one turn of `noise`, another emotion's."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(90):
        emotion = toys.EMOTIONS[rng.integers(3)]
        said = WORDS[emotion if number % noise else toys.EMOTIONS[rng.integers(3)]]
        extra = " ".join(rng.choice(["i", "am", "today"], size=rng.integers(1, 4)))
        rows.append({"clip_id": f"c{number:02}", "emotion": emotion, "speaker": f"s{number % 9}", "turn": number % 10})
        rows[-1] |= {"dialogue": f"d{number // 10}", "text": f"{extra} {said}", "gender": ""}
    clips = pd.DataFrame(rows).assign(split="", start=np.nan, end=np.nan)
    return Corpus("toy", toys.EMOTIONS, {"cluster": "speaker", "licence": "CC0"}, clips)


def fitted(recipe):
    """A recipe on the first 60 turns, the next 15 and the last 15."""
    whole = corpus()
    values = {name: extract(whole, feature, 1, progress=False).values for name, feature in recipe.features.items()}
    y = np.array([toys.EMOTIONS.index(emotion) for emotion in whole.clips.emotion])
    rows = {"train": slice(0, 60), "dev": slice(60, 75), "test": slice(75, 90)}
    parts = {part: {name: value[some] for name, value in values.items()} for part, some in rows.items()}
    labels = {part: y[some] for part, some in rows.items()}
    return recipe.learner.fit(recipe, parts, labels, 3, 0), labels


def reached(found, labels) -> float:
    """UAR of the most probable classes."""
    return uar(confusion(labels, found.argmax(1), 3))


@pytest.mark.parametrize("recipe", CLASSICAL_TEXT, ids=lambda recipe: recipe.name)
def test_system_rs_models_read_words(recipe):
    found, labels = fitted(recipe)
    assert found.test.sum(1) == pytest.approx(np.ones(15))
    assert reached(found.test, labels["test"]) > 0.6


def test_a_tree_is_the_same_with_the_same_seed():
    (first, _), (again, _) = fitted(TEXT_TREE), fitted(TEXT_TREE)
    assert np.array_equal(first.test, again.test)


def test_cross_validation_keeps_every_trial_and_takes_the_best():
    whole = corpus().clips
    search = naive_bayes(0).fit(whole[["text"]].to_numpy(str), whole.emotion)
    found = estimators.cross_validated(search)
    assert [trial["alpha"] for trial in found] == [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
    best = max(found, key=lambda trial: trial["cv_uar"])
    assert search.best_params_ == {"multinomialnb__alpha": best["alpha"]}
    assert all(0 <= trial["cv_uar_deviation"] < 0.5 for trial in found)


def test_words_of_the_held_out_fold_are_not_known():
    seen = []

    class Spy(MultinomialNB):
        def fit(self, x, y):
            seen.append(x.shape[1])
            return super().fit(x, y)

    texts = np.array([[f"word{number}"] for number in range(9)])
    cross_validated(Spy(), {"alpha": [1.0]}).fit(texts, np.arange(9) % 3)
    assert seen == [6, 6, 6, 9]  # of nine words, those of two folds; then all


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return str(tiny(tmp_path_factory.mktemp("hub") / "tiny-bert", "bert"))


def small(recipe):
    """The same, reading as many tokens as a tiny encoder can."""
    prepare, learner = dict(recipe.prepare), recipe.learner
    features = {
        name: replace(feature, function=replace(feature.function, max_tokens=64)) if feature.batched else feature
        for name, feature in recipe.features.items()
    }
    if hasattr(prepare.get("text"), "max_tokens"):
        prepare["text"] = replace(prepare["text"], max_tokens=64)
        learner = replace(learner, build=replace(learner.build, max_tokens=64), lr=3e-3, epochs=8)
    return replace(recipe, features=features, prepare=prepare, learner=learner)


@pytest.mark.parametrize("history", [0, 2])
@pytest.mark.parametrize("make", [frozen, fine_tuned, sentence_regression, sentence_mlp])
def test_recipes_on_an_encoder_read_words(weights, make, history, empty_cache):
    recipe = small(make(weights, history=history))
    found, labels = fitted(recipe)
    assert reached(found.dev, labels["dev"]) > 0.5
    assert found.test.shape == (15, 3) and np.isfinite(found.test).all()


def test_names_say_the_weights_and_what_is_done_with_them(weights):
    recipes = pretrained_text(weights)
    check_names(recipes)
    assert [recipe.name for recipe in recipes] == [
        "text_tiny-bert_frozen_cls",
        "text_tiny-bert_frozen_mean",
        "text_tiny-bert_regression",
        "text_tiny-bert_mlp",
        "text_tiny-bert_tuned",
        "text_tiny-bert_tuned_small",
        "text_tiny-bert_regression_history_3",
        "text_tiny-bert_tuned_history_3",
        "text_tiny-bert_tuned_small_history_3",
    ]
    assert all(recipe.pretrained.startswith("tiny-bert@") and recipe.source for recipe in recipes)
    assert {recipe.features["text"].medium for recipe in with_history(weights, 3)} == {"history_3"}


def test_the_record_knows_the_content_of_the_weights_and_not_their_folder(weights, tmp_path):
    moved = shutil.copytree(weights, tmp_path / "tiny-bert")
    assert describe(pretrained_text(str(moved))) == describe(pretrained_text(weights))
    assert str(tmp_path) not in str(describe(pretrained_text(str(moved))))
    content = (moved / "model.safetensors").read_bytes()
    (moved / "model.safetensors").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    for changed, before in zip(pretrained_text(str(moved)), pretrained_text(weights), strict=True):
        assert describe(changed) != describe(before)


def test_vectors_are_kept_by_the_content_of_the_weights(weights, tmp_path, empty_cache):
    def kept():
        return len(list(empty_cache.rglob("??/*.npy")))

    whole = corpus()
    extract(whole, small(frozen(weights)).features["text"], 1, progress=False)
    before = kept()
    moved = str(shutil.copytree(weights, tmp_path / "tiny-bert"))
    extract(whole, small(frozen(moved)).features["text"], 1, progress=False)
    assert kept() == before > 0
    tiny(tmp_path / "tiny-bert", "albert")
    extract(whole, small(frozen(moved)).features["text"], 1, progress=False)
    assert kept() == 2 * before


def test_by_hub_name_nothing_is_fetched_until_it_is_needed():
    for name in BASES:
        assert {recipe.pretrained for recipe in pretrained_text(name)} == {name}


def test_missing_weights_stop_the_study_with_the_remedy(tmp_path, empty_cache):
    nothing = str(tmp_path / "nothing")
    for recipe in (fine_tuned(nothing), frozen(nothing)):
        with pytest.raises(ValueError, match=r"cannot load .*nothing'.*hf download"):
            run(corpus(), (recipe,), ["random"], QUICK, tmp_path, jobs=1)


def test_a_study_with_an_encoder_is_read_back(weights, tmp_path, empty_cache, capsys):
    recipes = (small(sentence_regression(weights)), small(fine_tuned(weights)))
    first = run(corpus(), recipes, ["random"], QUICK, tmp_path, jobs=1)
    again = run(corpus(), recipes, ["random"], QUICK, tmp_path, jobs=1)
    assert "2 runs: 0 trained, 2 read back" in capsys.readouterr().out
    assert set(first.recipe) == {"text_tiny-bert_regression", "text_tiny-bert_tuned"}
    assert first.equals(again) and len(read_runs(tmp_path, list(first.run_id.unique()))) == len(first)

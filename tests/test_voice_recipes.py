"""The recipes of systems M and R, of functionals and openSMILE: they build, learn, and say what they are."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier

from emostudy.features.functionals import names
from emostudy.metrics import confusion, uar
from emostudy.provenance import describe
from emostudy.recipes import speech
from emostudy.recipes.spectrograms import PICTURES, SCRATCH
from emostudy.recipes.voices import (
    FORTY,
    FRAMES,
    MLPS,
    POOLED,
    SMILE,
    SPEECH_CNN,
    SPEECH_FUNCTIONALS_FOREST,
    SPEECH_LSTM,
    SPEECH_MLP,
    SPEECH_MLP_RAW,
    VOICES,
    clipped_support_vectors,
    knowing_the_speaker,
    linear_support_vectors,
)
from emostudy.recipes.waves import ENCODERS, finetuned_encoder, probed_encoder
from emostudy.training import Network

ENCODER_RECIPES = [make(name) for name in ENCODERS for make in (probed_encoder, finetuned_encoder)]
ALL = [
    *VOICES,
    *SMILE,
    *PICTURES,
    *SCRATCH,
    *ENCODER_RECIPES,
    *speech.SPEECH,
    *speech.STATED,
]


@pytest.fixture(scope="module")
def frames():
    """MFCC frames of made clips of different lengths: the class shifts one coefficient; padding is 0."""
    rng = np.random.default_rng(0)
    parts, labels = {}, {}
    for part, num in (("train", 60), ("dev", 24), ("test", 30)):
        labels[part] = np.arange(num) % 3
        x = rng.normal(-20.0, 5.0, (num, 60, 40)).astype(np.float32)
        x[np.arange(num), :, labels[part]] += 8.0
        for row in range(num):
            x[row, rng.integers(30, 60) :] = 0
        parts[part] = {"speech": x}
    return parts, labels


def score(labels, probabilities) -> float:
    return float(uar(confusion(labels, probabilities.argmax(1), 3)))


def test_names_differ_and_records_can_be_written():
    assert len({recipe.name for recipe in ALL}) == len(ALL)
    assert all(recipe.source and describe(recipe)["type"] == "Recipe" for recipe in ALL)
    assert all(recipe.reading for recipe in ALL if recipe not in (*speech.SPEECH, *speech.STATED))
    assert all(recipe.modalities == ("speech",) for recipe in ALL)
    assert all(list(r.features) == ["pooled" if r in (*POOLED, *SMILE) else "speech"] for r in ALL)
    assert {recipe.pretrained for recipe in ENCODER_RECIPES} == set(ENCODERS)


@pytest.mark.parametrize("recipe", FRAMES, ids=lambda recipe: recipe.name)
def test_system_rs_networks_learn_and_repeat(recipe, frames):
    parts, labels = frames
    learner = replace(recipe.learner, epochs=4, batch=12, lr=5e-3)  # few clips, so larger steps
    fitted = learner.fit(recipe, parts, labels, 3, 0)
    assert score(labels["test"], fitted.test) > 0.6
    if recipe is SPEECH_LSTM:
        assert np.array_equal(fitted.test, learner.fit(recipe, parts, labels, 3, 0).test)
        assert not np.array_equal(fitted.test, learner.fit(recipe, parts, labels, 3, 1).test)


def test_recipes_that_know_the_speaker_say_so():
    for plain in (*POOLED, *SMILE):
        knowing = knowing_the_speaker(plain)
        assert plain.by_speaker == () and knowing.by_speaker == ("pooled",) and "test clips too" in knowing.reading
        assert knowing.learner == plain.learner and knowing.features == plain.features


def test_system_rs_networks_are_four():
    sizes = {"speech": FORTY["num_coefficients"]}
    built = {recipe.name: recipe.learner.build(sizes, 8) for recipe in FRAMES}
    directions = {name: model.backwards is not None for name, model in built.items() if name != SPEECH_CNN.name}
    assert directions == {"speech_lstm": False, "speech_bilstm": True, "speech_bilstm_attention": True}
    assert [name for name, model in built.items() if getattr(model, "attention", None)] == ["speech_bilstm_attention"]
    assert FORTY["num_frames"] * FORTY["hop"] / 16_000 > 6.0  # seconds: the longest clip of RAVDESS has 5.3


def test_system_ms_perceptron_has_the_stated_sizes():
    sizes = {"speech": 13 * 401}
    for recipe in MLPS:
        layers = [layer for layer in recipe.learner.build(sizes, 7) if isinstance(layer, torch.nn.Linear)]
        assert [(layer.in_features, layer.out_features) for layer in layers] == [(5213, 256), (256, 128), (128, 7)]
        drops = [layer.p for layer in recipe.learner.build(sizes, 7) if isinstance(layer, torch.nn.Dropout)]
        assert drops == [0.2, 0.2]
        assert recipe.learner == Network(recipe.learner.build, epochs=20, batch=8, lr=1e-4)


def test_the_two_perceptrons_differ_in_standardising_alone(frames):
    train = frames[0]["train"]["speech"]
    scaled, plain = (recipe.prepare["speech"](train)(train) for recipe in (SPEECH_MLP, SPEECH_MLP_RAW))
    assert scaled.shape == plain.shape == (60, 60 * 40)
    assert torch.equal(plain, torch.tensor(train).flatten(1))
    assert scaled.reshape(-1, 40).mean(0).numpy() == pytest.approx(np.zeros(40), abs=1e-4)
    told = [describe(recipe) for recipe in MLPS]
    assert {key for key in told[0] if told[0][key] != told[1][key]} == {"name", "prepare"}


@pytest.mark.parametrize("recipe", [*POOLED, *SMILE], ids=lambda recipe: recipe.name)
def test_classical_learners_choose_on_dev_and_are_fitted_again(recipe):
    rng = np.random.default_rng(0)
    labels = {part: np.arange(num) % 3 for part, num in (("train", 60), ("dev", 30), ("test", 60))}
    parts = {part: {"speech": rng.normal(size=(len(y), 12)) + 2 * np.eye(3, 12)[y]} for part, y in labels.items()}
    learner = recipe.learner
    if recipe is SPEECH_FUNCTIONALS_FOREST:
        learner = replace(learner, build=small_forest, grid={"min_samples_leaf": [1, 3]})
    fitted = learner.fit(recipe, parts, labels, 3, 0)
    assert score(labels["test"], fitted.test) > 0.6 and fitted.test.sum(1) == pytest.approx(np.ones(60))
    assert fitted.info["refit"] is True and len(fitted.info["trials"]) == np.prod(
        [len(v) for v in learner.grid.values()]
    )
    unlabelled = {**labels, "test": np.zeros(60, int)}
    assert np.array_equal(learner.fit(recipe, parts, unlabelled, 3, 0).test, fitted.test)


def small_forest(seed: int, **point) -> RandomForestClassifier:
    return RandomForestClassifier(20, random_state=seed, **point)


def test_a_forest_depends_on_its_seed_and_on_nothing_else():
    build = SPEECH_FUNCTIONALS_FOREST.learner.build
    assert SPEECH_FUNCTIONALS_FOREST.learner.uses_seed
    assert build(3, max_features=0.1).get_params()["random_state"] == 3 and build(0).n_estimators == 400


def test_functionals_are_read_from_sound(tmp_path):
    import soundfile

    time = np.arange(16_000) / 16_000
    soundfile.write(tmp_path / "a.wav", 0.1 * np.sin(2 * np.pi * 200 * time), 16_000)
    feature = POOLED[0].features["pooled"]
    assert feature.function(str(tmp_path / "a.wav"), None, None, **feature.settings).shape == (len(names()),)


def test_a_number_that_is_constant_but_for_rounding_in_training_cannot_outweigh_the_rest():
    """openSMILE's ComParE measured by speaker: without the cut all test clips of some speakers were one emotion."""
    rng = np.random.default_rng(0)
    y, x = np.arange(120) % 3, rng.normal(size=(120, 4))
    x[:, :3] += 3 * np.eye(3)[y]
    x[:, 3] = 1e-9 * rng.normal(size=120)
    new = rng.normal(size=(60, 4))
    new[:, :3] += 3 * np.eye(3)[y[:60]]
    right = {}
    for build in (linear_support_vectors, clipped_support_vectors):
        right[build] = (build(0, C=0.1).fit(x, y).predict(new) == y[:60]).mean()
    assert right[linear_support_vectors] < 0.5 < 0.85 < right[clipped_support_vectors]

"""Settings chosen inside a fold: from the whole grid, by dev alone, every trial kept."""

import numpy as np
import pytest

from emostudy.corpora.catalogue import cards
from emostudy.recipes import nested
from emostudy.recipes.registry import every
from emostudy.recipes.strong import SPEECH_FUNCTIONALS_MLP
from emostudy.recipes.units import FACE_UNITS_DISCRIMINANT
from emostudy.recipes.voices import FUNCTIONALS


@pytest.fixture(scope="module")
def parts():
    """Units of 35 numbers whose roots tell three emotions, and other ones for each part."""
    rng, made, labels = np.random.default_rng(0), {}, {}
    for part, num in (("train", 90), ("dev", 45), ("test", 45)):
        labels[part] = np.arange(num) % 3
        units = rng.gamma(0.3, 1.0, (num, 35)) ** 4
        units[:, 0] = (0.2 + 0.5 * labels[part] + 0.1 * rng.random(num)) ** 4
        made[part] = {"face": units.astype(np.float32)}
    return made, labels


@pytest.fixture(scope="module")
def fitted(parts):
    return nested.FACE_UNITS_NESTED.learner.fit(nested.FACE_UNITS_NESTED, *parts, 3, 0)


def test_every_setting_is_tried_and_the_one_that_dev_likes_best_is_taken(fitted):
    trials = fitted.info["trials"]
    assert len(trials) == len(nested.POWERS) * len(nested.MACHINES) == 84
    best = max(trials, key=lambda trial: trial["dev_uar"])
    assert {name: best[name] for name in ("powers", "kind")} == fitted.info["chosen"] and best["dev_uar"] > 0.8
    assert f"{len(trials)} settings" in nested.FACE_UNITS_NESTED.reading


def test_test_labels_choose_nothing(parts, fitted):
    made, labels = parts
    other = labels | {"test": np.roll(labels["test"], 1)}
    again = nested.FACE_UNITS_NESTED.learner.fit(nested.FACE_UNITS_NESTED, made, other, 3, 0)
    assert (again.test == fitted.test).all() and again.info == fitted.info


def test_powers_stand_side_by_side_and_keep_the_sign():
    x = np.array([[4.0, -9.0]])
    assert nested.to_powers(x, (1.0, 0.5)).tolist() == [[4.0, -9.0, 2.0, -3.0]]


def test_units_standardised_over_a_speaker_can_be_read_too(parts):
    made, labels = parts
    scaled = {part: {"face": (one["face"] - one["face"].mean(0)) / one["face"].std(0)} for part, one in made.items()}
    fitted = nested.FACE_UNITS_NESTED.learner.fit(nested.FACE_UNITS_NESTED, scaled, labels, 3, 0)
    assert np.isfinite(fitted.test).all()


def test_the_hand_tuned_settings_are_among_those_that_are_tried():
    grid, network = nested.SPEECH_FUNCTIONALS_NESTED.learner.grid, SPEECH_FUNCTIONALS_MLP.learner
    assert network.epochs in grid["epochs"] and network.mixup in grid["mixup"]
    assert nested.SPEECH_FUNCTIONALS_NESTED.learner.learner == network
    powers = FACE_UNITS_DISCRIMINANT.features["face"].settings["powers"]
    assert powers in nested.POWERS
    shrinkages = FACE_UNITS_DISCRIMINANT.learner.grid["shrinkage"]
    assert {("discriminant", one) for one in shrinkages} <= set(nested.MACHINES)


def test_of_these_only_what_reads_the_mended_functionals_is_called_flattered():
    assert {recipe.name for recipe in nested.NESTED} <= set(every("face")) | set(every("speech"))
    flattered = {name for card in cards().values() for name in card.get("flattered_systems", [])}
    assert "face_units_nested" not in flattered and "speech_functionals_nested" in flattered
    reading = {name for name, one in every("speech").items() if FUNCTIONALS in one.features.values()}
    assert reading == {name for name in flattered if name in every("speech")} - {"speech_crnn"}

"""The strong line on action units: powers of the units, the shrunk discriminant."""

from dataclasses import replace

import numpy as np
import pytest
import toys

from emostudy.features.media import BadMedia
from emostudy.features.unit_powers import unit_powers
from emostudy.recipes.registry import further, usual
from emostudy.recipes.units import FACE_UNITS_DISCRIMINANT, UNIT_POWERS, shrunk_discriminant
from emostudy.recipes.voices import knowing_the_speaker

NAN = float("nan")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "units.csv"
    path.write_text("clip,AU12_r,AU01_c\n01-a,4,0.0625\n01-b,0,0\n01-c,7,0\n")
    return path


def test_powers_stand_one_after_the_other(table):
    values = unit_powers(f"{table}#01-a", NAN, NAN)
    assert values == pytest.approx([0.0625, 4, 0.25, 2, 0.5, 2**0.5]) and values.dtype == np.float32
    assert unit_powers(f"{table}#01-b", NAN, NAN).tolist() == [0] * 6
    assert unit_powers(f"{table}#01-a", NAN, NAN, powers=(1,)).tolist() == [0.0625, 4]
    with pytest.raises(BadMedia, match="outside 0 to 5"):
        unit_powers(f"{table}#01-c", NAN, NAN)


@pytest.mark.parametrize("powers", [(), (0.0, 1.0), (2.0,), (-1.0,)])
def test_powers_that_cannot_be_are_told(table, powers):
    with pytest.raises(ValueError, match="give one or more, each above 0 and at most 1"):
        unit_powers(f"{table}#01-a", NAN, NAN, powers)


def made(num: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Clips of three emotions, each of which moves a unit of its own just above 0; what moves strongly tells nothing."""
    rng = np.random.default_rng(seed)
    labels = np.arange(num) % 3
    units = np.zeros((num, 6), np.float32)
    units[np.arange(num), labels] = rng.uniform(0.001, 0.05, num)
    units[np.arange(num), rng.integers(0, 3, num)] += rng.choice([0, 1.0], num, p=[0.7, 0.3])
    units[:, 3:] = rng.uniform(0, 5, (num, 3))
    return units, labels


def fitted(powers: tuple[float, ...], sizes=(150, 60, 300)):
    parts = {
        part: made(num, seed) for seed, (part, num) in enumerate(zip(("train", "dev", "test"), sizes, strict=True))
    }
    inputs = {part: {"face": np.concatenate([x**p for p in powers], 1)} for part, (x, _) in parts.items()}
    labels = {part: y for part, (_, y) in parts.items()}
    found = FACE_UNITS_DISCRIMINANT.learner.fit(FACE_UNITS_DISCRIMINANT, inputs, labels, 3, 0)
    return found, labels


def test_bent_units_tell_what_plain_ones_hide():
    bent, labels = fitted(UNIT_POWERS.settings["powers"])
    plain, _ = fitted((1.0,))
    right, wrong = ((one.test.argmax(1) == labels["test"]).mean() for one in (bent, plain))
    assert right > 0.8 > wrong + 0.1


def test_dev_chooses_the_shrinkage_and_the_fit_is_repeated_on_train_and_dev():
    found, labels = fitted((1.0, 0.5, 0.25))
    best = max(found.info["trials"], key=lambda trial: trial["dev_uar"])
    assert found.info["chosen"] == {"shrinkage": best["shrinkage"]} and len(found.info["trials"]) == 4
    assert found.info["refit"] and found.info["num_parameters"] > 3 * 18
    assert found.test.sum(1) == pytest.approx(np.ones(len(labels["test"])))
    again, _ = fitted((1.0, 0.5, 0.25))
    assert np.array_equal(again.test, found.test) and not FACE_UNITS_DISCRIMINANT.learner.uses_seed


def test_a_temperature_tempers_the_discriminant():
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    x = np.c_[rng.normal(0.3 * y[:, None], 1, (80, 60))]
    model = shrunk_discriminant(0, 0.1).fit(x, y)
    alone = model.calibrated_classifiers_[0].estimator
    tempered, sure = model.predict_proba(x).max(1).mean(), alone.predict_proba(x).max(1).mean()
    assert tempered < sure - 0.05 and (model.predict(x) == alone.predict(x)).all()


def test_it_is_usual_where_there_are_units_and_takes_the_speakers_own_measure():
    units = replace(toys.corpus(), clips=toys.corpus().clips.assign(action_units="x.csv#1"))
    (recipe,) = (one for one in usual("face", units) if one.name == "face_units_discriminant")
    assert recipe is FACE_UNITS_DISCRIMINANT and further("face", [recipe.name], units) == ()
    assert knowing_the_speaker(recipe).by_speaker == ("face",) and recipe.modalities == ("face",)

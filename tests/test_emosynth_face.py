"""The drawn face: repeatable, readable by the detector on every skin, and moved by the muscles that it should be."""

import numpy as np
import pytest

from emostudy.corpora.emosynth.face import (
    ACTION_UNITS,
    HAIR_STYLES,
    PROTOTYPES,
    action_units,
    draw_clip,
    draw_face,
    draw_face_traits,
)
from emostudy.features.faces import detect_face


def traits(seed: int = 0, skin: float = 0.4, gender: str = "female"):
    return draw_face_traits(np.random.default_rng(seed), skin, gender)


def test_a_clip_is_repeatable_and_a_speaker_is_not_another():
    lips = np.linspace(0, 1, 12)
    first, again = (draw_clip("fear", 1.0, traits(), lips, np.random.default_rng(5)) for _ in range(2))
    other = draw_clip("fear", 1.0, traits(seed=1), lips, np.random.default_rng(5))
    assert first.shape == (12, 96, 96, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize("quartile", range(4))
def test_the_detector_finds_every_skin(quartile):
    """At the apex of every emotion by 12 speakers of this quartile: 72 clips, of which 95 % must be found."""
    found = 0
    for seed in range(12):
        rng = np.random.default_rng([quartile, seed])
        face = draw_face_traits(rng, skin=(quartile + rng.random()) / 4)
        for emotion in PROTOTYPES:
            found += detect_face(draw_face(action_units(emotion, 0.9, face, rng), face, rng.random())) is not None
    assert found >= 0.95 * 72


@pytest.mark.parametrize("emotion", PROTOTYPES)
def test_an_emotion_moves_its_own_muscles(emotion):
    drawn = [action_units(emotion, 1.0, traits(seed), np.random.default_rng(seed)) for seed in range(30)]
    mean = np.mean([list(units.values()) for units in drawn], axis=0)
    strong = {unit for unit, value in zip(ACTION_UNITS, mean, strict=True) if value > 0.3}
    assert strong == {unit for unit, weight in PROTOTYPES[emotion].items() if weight >= 0.25}


@pytest.mark.parametrize("unit", ACTION_UNITS)
def test_each_action_unit_shows(unit):
    rest, moved = (draw_face({unit: value}, traits()).astype(int) for value in (0.0, 1.0))
    assert (np.abs(moved - rest).max(axis=2) > 25).sum() >= 10  # pixels


def test_the_lips_follow_the_voice():
    shut, open_ = (draw_face({}, traits(), mouth_open=value).astype(int) for value in (0.0, 1.0))
    rows = np.flatnonzero((np.abs(open_ - shut).max(axis=2) > 25).any(axis=1))
    assert len(rows) and rows.min() > 55  # the lower half of the face only


def test_skin_darkens():
    brightness = [draw_face({}, traits(skin=skin))[45:60, 30:66].mean() for skin in (0, 0.5, 1)]
    assert brightness[0] > brightness[1] + 20 and brightness[1] > brightness[2] + 20


def test_men_and_women_of_every_hair():
    people = [traits(seed, gender=gender) for seed in range(60) for gender in ("female", "male")]
    assert {person.hair for person in people} == set(HAIR_STYLES)
    assert not any(person.beard for person in people[::2]) and any(person.beard for person in people[1::2])


def test_wrong_input_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="0 \\(light\\) to 1"):
        draw_face_traits(rng, skin=1.2)
    with pytest.raises(ValueError, match="know anger"):
        action_units("joy", 1.0, traits(), rng)
    with pytest.raises(ValueError, match="one value a frame"):
        draw_clip("anger", 1.0, traits(), np.zeros(0), rng)

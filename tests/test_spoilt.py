"""Spoilt media: as much as is asked for, the same every time, and in the shape of the feature."""

import numpy as np
import pytest
import soundfile

from emostudy.corruptions import SPOILS, corruptions_of, missing
from emostudy.features.faces import face_crops
from emostudy.features.functionals import functionals
from emostudy.features.hog import face_hog
from emostudy.features.media import read_audio
from emostudy.features.spoilt import COMMON, GappySpeech, NoisySpeech, covered_hog, wrong_words
from emostudy.recipes.faces import HOG
from emostudy.recipes.text import WORDS
from emostudy.recipes.voices import FUNCTIONALS


@pytest.fixture
def voice(tmp_path):
    time = np.arange(32_000) / 16_000
    wave = 0.3 * np.sin(2 * np.pi * 150 * time) * (1 + 0.5 * np.sin(2 * np.pi * 3 * time))
    soundfile.write(tmp_path / "voice.wav", wave, 16_000)
    return tmp_path / "voice.wav"


def wave_of(path, start, end):
    return read_audio(path, start, end)


@pytest.mark.parametrize("snr", [20, 0, -5])
def test_noise_is_as_loud_as_asked_for_and_the_same_every_time(voice, snr):
    clean, noisy = wave_of(voice, None, None), NoisySpeech(wave_of, snr)(voice, np.nan, np.nan)
    scale = 1.0 if snr > 0 else (noisy @ clean) / (clean @ clean)  # loud sums are turned down below full scale
    noise = noisy / scale - clean
    assert 10 * np.log10(np.mean(clean**2) / np.mean(noise**2)) == pytest.approx(snr, abs=0.3)
    assert np.array_equal(noisy, NoisySpeech(wave_of, snr)(voice, np.nan, np.nan))
    assert np.abs(noisy).max() <= 1


def test_gaps_are_silent_and_the_rest_is_as_it_was(voice):
    clean, gappy = wave_of(voice, None, None), GappySpeech(wave_of, 0.5)(voice, np.nan, np.nan)
    stretches = gappy.reshape(-1, 1600)
    silent = (stretches == 0).all(1)
    assert silent.sum() == 10 and np.allclose(stretches[~silent], clean.reshape(-1, 1600)[~silent], atol=1e-6)


def test_a_stretch_of_a_file_is_spoilt_and_no_more(voice):
    assert len(NoisySpeech(wave_of, 10)(voice, 0.5, 1.0)) == 8000
    whole = GappySpeech(functionals, 0.25)(voice, np.nan, np.nan)
    assert whole.shape == functionals(voice, np.nan, np.nan).shape
    assert not np.allclose(whole, functionals(voice, np.nan, np.nan))


def test_a_square_covers_as_much_of_the_face_as_is_asked_for(monkeypatch):
    seen = np.full((3, 48, 48, 3), 200, np.uint8)
    seen[:, ::3] = 90
    monkeypatch.setattr("emostudy.features.spoilt.face_crops", lambda *_, num_frames, size, start, end: seen)
    monkeypatch.setattr("emostudy.features.hog.face_crops", lambda *_, num_frames, size, start, end: seen)
    plain, spoilt = face_hog("x", 0, 1), [covered_hog("x", 0, 1, share=share) for share in (0.0, 0.1, 0.75)]
    assert np.allclose(spoilt[0], plain)
    assert 0 < np.abs(spoilt[1] - plain).sum() < np.abs(spoilt[2] - plain).sum() and seen.min() == 90
    seen[1:] = 0
    assert np.allclose(covered_hog("x", 0, 1, share=0.0, kept=1), 3 * covered_hog("x", 0, 1, share=0.0), atol=1e-6)
    assert face_crops is not None


def test_so_many_words_are_wrong():
    text = "zebras yawn while quiet violins tremble beneath frozen lanterns tonight"
    told = str(wrong_words(text, 0, 1, 0.5)).split()
    changed = [one for one, was in zip(told, text.split(), strict=True) if one != was]
    assert len(changed) == 5 and set(changed) <= set(COMMON)
    assert str(wrong_words(text, 0, 1, 0.0)) == text and set(str(wrong_words(text, 0, 1, 1.0)).split()) <= set(COMMON)
    assert str(wrong_words(text, 0, 1, 0.5)).split() == told


def test_each_modality_can_be_missing_and_spoilt_features_differ_in_name_and_work():
    found = corruptions_of({"face": HOG, "speech": FUNCTIONALS, "text": WORDS})
    assert len({one.name for one in found}) == len(found) == 3 * 3 + 5 + 4 + 4 + 2 + 5
    assert {one.how for one in missing("face")} == {"absent", "zeroed", "swapped"}
    features = {"face": HOG, "speech": FUNCTIONALS, "text": WORDS}
    few = corruptions_of(features, every_level=False)
    assert set(few) < set(found) and {one.kind for one in few} == {one.kind for one in found}
    made = [one.spoils(features[one.modality]) for one in found if one.spoils]
    assert len({feature.name for feature in made}) == len(made)
    assert {feature.medium for feature in made} == {"video", "audio", "text"}
    assert set(SPOILS) == {functionals, face_hog, WORDS.function}

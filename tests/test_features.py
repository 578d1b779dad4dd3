"""Features of speech, text, faces measured by others, and faces described by gradients."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
import soundfile

from emostudy.features import hog
from emostudy.features.action_units import action_units
from emostudy.features.hog import face_hog
from emostudy.features.media import BadMedia
from emostudy.features.speech import RATE, mel_filters, mfcc, mfcc_frames, mfcc_mean, mfcc_pooled
from emostudy.features.text import identity, words

NAN = float("nan")


@pytest.fixture
def tone(tmp_path):
    """One second that rises from 200 to 800 Hz, and its file."""
    t = np.arange(RATE) / RATE
    soundfile.write(tmp_path / "tone.wav", 0.3 * np.sin(2 * np.pi * (200 + 300 * t) * t), RATE)
    return str(tmp_path / "tone.wav")


def test_mfcc_frames_are_padded_with_zeros_or_cut(tone):
    frames = mfcc(tone, NAN, NAN, 13, hop=200)
    assert frames.shape == (13, 1 + RATE // 200) and frames.dtype == np.float32
    padded, cut = (mfcc_frames(tone, NAN, NAN, 13, num, 200) for num in (100, 30))
    assert padded.shape == (100, 13) and cut.shape == (30, 13)
    assert np.array_equal(padded[:81], frames.T) and not padded[81:].any()
    assert np.array_equal(cut, frames.T[:30])


def test_system_m_has_5213_numbers(tone):
    assert mfcc_frames(tone, NAN, NAN).size == 5213


@pytest.mark.parametrize("hop, window", [(512, 2048), (200, 800), (64, 256)])
@pytest.mark.parametrize("samples", [3, 700, 2047, RATE, 70_001])
def test_mfccs_are_librosas(tmp_path, hop, window, samples):
    """Of sound that grows from soft to loud, so that the limit of 80 dB below the loudest matters."""
    from emostudy.features.librosa_once import librosa

    wave = np.random.default_rng(samples).normal(0, 0.1, samples) * np.geomspace(1e-6, 1, samples)
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa's: a window longer than the sound, bands narrower than a frequency
        theirs = librosa.feature.mfcc(y=wave.astype(np.float32), sr=RATE, n_mfcc=40, hop_length=hop, n_fft=window)
    ours = mfcc(str(tmp_path / "a.wav"), NAN, NAN, 40, hop)
    assert ours.shape == theirs.shape and np.abs(ours - theirs).max() < 1e-4


def test_the_filter_bank_is_librosas():
    from emostudy.features.librosa_once import librosa

    assert mel_filters(1025) == pytest.approx(librosa.filters.mel(sr=RATE, n_fft=2048), abs=1e-9)


def test_workers_need_not_load_librosa_and_who_does_loads_all_of_it_under_the_lock():
    code = "import sys, emostudy.features.speech; first = 'librosa' in sys.modules; import emostudy.features.librosa_once; "
    code += "print(first, *[name in sys.modules for name in ('librosa.core.pitch', 'librosa.util.utils', 'librosa.sequence')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True", "True"]


def test_means_and_deviations_are_over_time(tone):
    frames = mfcc(tone, NAN, NAN, 20)
    assert mfcc_mean(tone, NAN, NAN, 20) == pytest.approx(frames.mean(1), rel=1e-5)
    assert mfcc_pooled(tone, NAN, NAN, 20) == pytest.approx([*frames.mean(1), *frames.std(1)], rel=1e-5)


def test_louder_by_20_db_is_200_more_in_the_first_coefficient_alone(tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.02, RATE)
    for name, factor in (("soft", 1), ("loud", 10)):
        soundfile.write(tmp_path / f"{name}.wav", factor * noise, RATE, subtype="FLOAT")
    soft, loud = (mfcc_mean(str(tmp_path / f"{name}.wav"), NAN, NAN, 5) for name in ("soft", "loud"))
    assert loud[0] - soft[0] == pytest.approx(20 * np.sqrt(128), rel=0.01)  # 20 dB in each of 128 bands, orthonormal
    assert loud[1:] == pytest.approx(soft[1:], abs=0.5)


def test_only_the_part_between_start_and_end_is_heard(tone):
    early, late = (mfcc_mean(tone, start, start + 0.4, 13) for start in (0.0, 0.6))
    assert np.abs(early - late).max() > 5


def test_words_are_folded_and_nothing_is_no_transcript():
    assert str(words(" I\tam \n here ", NAN, NAN)) == "I am here"
    with pytest.raises(BadMedia, match="empty transcript"):
        words(" \n", NAN, NAN)
    assert str(identity("07", NAN, NAN)) == "07"


def test_action_units_are_read_by_row_in_the_order_of_their_names(tmp_path):
    path = tmp_path / "units.csv"
    path.write_text("clip,AU12_r,AU01_r,AU01_c,note\n01-a,1.5,0.5,1,x\n01-b,7,0,0,x\n01-c,,0,0,x\n01-d,1,text,0,x\n")
    values = action_units(f"{path}#01-a", NAN, NAN)
    assert values.tolist() == [1.0, 0.5, 1.5] and values.dtype == np.float32  # AU01_c, AU01_r, AU12_r
    for key in "bcd":
        with pytest.raises(BadMedia, match=f"action units of 01-{key} are missing or outside 0 to 5"):
            action_units(f"{path}#01-{key}", NAN, NAN)
    with pytest.raises(BadMedia, match="no row 01-z"):
        action_units(f"{path}#01-z", NAN, NAN)


def test_a_changed_table_of_action_units_is_read_again(tmp_path):
    import os

    path = tmp_path / "units.csv"
    for number, value in enumerate((1.0, 2.0)):
        path.write_text(f"clip,AU01_r\n01-a,{value}\n")
        os.utime(path, ns=(number, number))
        assert action_units(f"{path}#01-a", NAN, NAN).tolist() == [value]


def test_gradients_see_direction_and_not_brightness(monkeypatch):
    rows = np.repeat(np.linspace(0, 200, 48)[:, None], 48, 1)

    def described(*images):
        crops = np.stack([np.repeat(image[..., None], 3, 2) for image in images]).astype(np.uint8)
        monkeypatch.setattr(hog, "face_crops", lambda *args, **settings: crops)
        return face_hog("", NAN, NAN)

    one = described(rows)
    assert one.shape == (900,) and one.dtype == np.float32 and one.min() >= 0 and one.max() <= 1
    assert np.abs(described(rows + 50) - one).max() < 0.05 < np.abs(described(rows.T) - one).max()
    assert described(rows, rows.T) == pytest.approx((one + described(rows.T)) / 2, abs=1e-6)


def test_sentence_vectors_are_as_wide_however_few_the_sentences():
    from emostudy.features.fitted import padded_sentence_vectors, sentence_vectors

    few = np.array(["i am so glad", "this is bad", "what a day", "i am so sad today"])
    plain, padded = sentence_vectors(few)(few), padded_sentence_vectors(few)(few)
    assert plain.shape[1] < padded.shape[1] == 100 and padded_sentence_vectors(few).size == 100
    assert np.allclose(padded[:, : plain.shape[1]], plain) and not padded[:, plain.shape[1] :].any()

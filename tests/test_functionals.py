"""Pooled functionals and pitch: what is known of a made sound is found in it, and every number is a number."""

import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter

from emostudy.features import functionals as f
from emostudy.features.functionals import deltas, descriptors, formants, functionals, names, rhythm, statistics
from emostudy.features.media import BadMedia
from emostudy.features.pitch import harmonics_to_noise, pitch

RATE = 16_000
TIME = np.arange(2 * RATE) / RATE


def sound(path, wave) -> str:
    soundfile.write(path, wave, RATE)
    return str(path)


def voice(hertz, harmonics: int = 12, noise: float = 0.0) -> np.ndarray:
    """A sum of harmonics falling by 6 dB an octave; `hertz` may change over time."""
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hertz, TIME.shape)) / RATE
    wave = sum(np.sin(k * phase) / k for k in range(1, harmonics + 1))
    return (0.1 * wave + noise * np.random.default_rng(0).normal(size=len(TIME))).astype(np.float32)


def of(path, wave) -> dict[str, float]:
    return dict(zip(names(), functionals(sound(path, wave), None, None), strict=True))


@pytest.mark.parametrize("hertz", [75, 123.4, 220, 401, 560])
def test_pitch_is_found_within_half_a_percent(hertz):
    f0, periodicity = pitch(voice(hertz))
    assert (f0 > 0).all() and np.abs(f0[5:-5] / hertz - 1).max() < 0.005
    assert periodicity[5:-5].min() > 0.95


def test_pitch_is_librosas(tmp_path):
    from emostudy.features.librosa_once import librosa

    wave = voice(150 * 2 ** (0.5 * np.sin(2 * np.pi * TIME)), noise=0.01)
    reference = librosa.yin(wave, fmin=60, fmax=600, sr=RATE, frame_length=1024, hop_length=160)
    f0, _ = pitch(wave)
    assert f0.shape == reference.shape
    assert np.median(np.abs(f0 / reference - 1)) < 0.01 and np.quantile(np.abs(f0 / reference - 1), 0.95) < 0.03


def test_noise_and_silence_have_no_pitch():
    noise = 0.1 * np.random.default_rng(0).normal(size=RATE).astype(np.float32)
    assert (pitch(noise)[0] > 0).mean() < 0.02
    wave = np.concatenate([np.zeros(RATE, np.float32), voice(200)])
    f0, periodicity = pitch(wave)
    assert (f0[:95] == 0).all() and (f0[110:] > 0).all() and np.isfinite(periodicity).all()


@pytest.mark.parametrize("level", [5.0, 10.0, 20.0])
def test_harmonics_to_noise_is_what_was_mixed(level):
    tone = np.sin(2 * np.pi * 200 * TIME)
    noise = np.random.default_rng(0).normal(size=len(TIME)) * np.sqrt(0.5 / 10 ** (level / 10))
    _, periodicity = pitch((0.1 * (tone + noise)).astype(np.float32))
    assert np.median(harmonics_to_noise(periodicity)) == pytest.approx(level, abs=1.5)


def test_formants_are_those_of_the_filter():
    wave = np.zeros(len(TIME))
    wave[:: RATE // 100] = 1.0  # a pulse every 10 ms through three resonances
    for hertz, width in ((700, 80), (1200, 90), (2500, 120)):
        radius, angle = np.exp(-np.pi * width / RATE), 2 * np.pi * hertz / RATE
        wave = lfilter([1.0], [1, -2 * radius * np.cos(angle), radius**2], wave)
    _, voiced = descriptors((0.2 * wave / np.abs(wave).max()).astype(np.float32))
    found = [np.median(voiced[name][10:-10]) for name in ("f1", "f2", "f3")]
    assert found == pytest.approx([0.7, 1.2, 2.5], rel=0.08)


def test_formants_of_nothing_are_numbers():
    assert np.isfinite(formants(np.full((3, 513), 1e-10), np.linspace(0, RATE / 2, 513))).all()


def test_pitch_slope_level_and_jitter_follow_the_voice(tmp_path):
    rising = of(tmp_path / "a.wav", voice(150 * 2 ** (TIME / 4)))  # half an octave in 2 s: 3 semitones a second
    steady, louder = (of(tmp_path / "b.wav", gain * voice(150)) for gain in (1.0, 2.0))
    assert rising["f0_slope"] == pytest.approx(3, abs=0.1) and steady["f0_slope"] == pytest.approx(0, abs=0.05)
    assert steady["f0_mean"] == pytest.approx(12 * np.log2(150 / 27.5), abs=0.05)
    assert louder["level_mean"] - steady["level_mean"] == pytest.approx(6.02, abs=0.05)
    rough = of(tmp_path / "c.wav", voice(150 * 2 ** (0.08 * np.random.default_rng(0).normal(size=80).repeat(400))))
    assert rough["jitter_mean"] > 5 * steady["jitter_mean"] and rough["hnr_mean"] < steady["hnr_mean"] - 3


def test_a_brighter_voice_has_less_tilt_and_a_higher_centroid(tmp_path):
    dark, bright = (of(tmp_path / "a.wav", voice(150, harmonics)) for harmonics in (3, 40))
    assert bright["tilt_mean"] > dark["tilt_mean"] and bright["centroid_mean"] > dark["centroid_mean"]
    assert bright["alpha_mean"] < dark["alpha_mean"] and bright["rolloff_mean"] > dark["rolloff_mean"]
    noise = of(tmp_path / "b.wav", 0.1 * np.random.default_rng(0).normal(size=RATE))
    assert noise["flatness_mean"] > 0.3 > 0.1 > bright["flatness_mean"] and noise["voiced_share"] < 0.02


def test_rhythm_counts_bursts_and_pauses(tmp_path):
    gate = np.maximum(0, np.sin(2 * np.pi * TIME / 0.5))  # a quarter of a second of voice, a quarter of silence
    found = of(tmp_path / "a.wav", voice(150) * gate)
    assert found["voiced_rate"] == pytest.approx(4 / 1.75, rel=0.15) and found["peak_rate"] == pytest.approx(
        4 / 1.75, rel=0.3
    )
    assert found["voiced_length"] == pytest.approx(0.25, abs=0.06) and found["pause_length"] == pytest.approx(
        0.2, abs=0.06
    )
    assert found["seconds"] == pytest.approx(2.01, abs=0.01) and 0.4 < found["speech_share"] < 0.7


@pytest.mark.parametrize(
    "wave",
    [
        np.r_[np.zeros(500), 0.5, np.zeros(500)],  # a click
        1e-4 * np.random.default_rng(0).normal(size=RATE),  # almost nothing
        np.sign(np.sin(2 * np.pi * 90 * TIME)),  # full scale
        np.r_[0.3, -0.3],  # two samples
        np.r_[np.full(8000, 0.2), np.full(8000, -0.2)],  # two levels
    ],
    ids=["click", "faint", "square", "two_samples", "levels"],
)
def test_every_number_is_finite_whatever_the_sound(tmp_path, wave):
    values = functionals(sound(tmp_path / "a.wav", wave), None, None)
    assert values.shape == (len(names()),) and values.dtype == np.float32 and np.isfinite(values).all()


def test_a_clip_without_voice_has_zeros_for_what_needs_one(tmp_path, monkeypatch):
    monkeypatch.setattr(f, "pitch", lambda wave, hop: (np.zeros(1 + len(wave) // hop), np.zeros(1 + len(wave) // hop)))
    found = of(tmp_path / "a.wav", voice(150))
    assert [found[f"{name}_mean"] for name in f.VOICED] == [0.0] * len(f.VOICED) and found["voiced_share"] == 0


def test_silence_is_bad_media(tmp_path):
    with pytest.raises(BadMedia, match="silent"):
        functionals(sound(tmp_path / "a.wav", np.zeros(RATE)), None, None)


def test_statistics_are_numpys():
    values = np.random.default_rng(0).normal(size=(3, 50))
    found = statistics(values, f.STATISTICS).reshape(7, 3)
    slope = [np.polyfit(np.arange(50) * 0.01, row, 1)[0] for row in values]
    expected = [values.mean(1), values.std(1), *np.percentile(values, (10, 50, 90), axis=1), slope]
    assert found[:6] == pytest.approx(np.stack(expected)) and found[6] == pytest.approx(np.abs(np.diff(values)).mean(1))
    assert statistics(values[:, :0], f.STATISTICS).tolist() == [0.0] * 21
    assert np.isfinite(statistics(values[:, :1], f.STATISTICS)).all()


def test_deltas_of_a_line_are_its_slope():
    line = np.stack([2.0 * np.arange(20), -0.5 * np.arange(20)])
    assert deltas(line)[:, 2:-2] == pytest.approx(np.repeat([[2.0], [-0.5]], 16, axis=1))
    assert deltas(line[:, :1]).tolist() == [[0.0], [0.0]]


def test_pauses_at_the_ends_do_not_count():
    active = np.array([False] * 5 + [True] * 3 + [False] * 4 + [True] * 2 + [False] * 9)
    found = dict(zip(f.RHYTHM, rhythm(np.where(active, 0.0, -60.0), active, active), strict=True))
    assert found["pause_length"] == pytest.approx(0.04) and found["speech_share"] == pytest.approx(5 / 23)
    assert found["voiced_rate"] == pytest.approx(2 / 0.09)


def test_names_are_as_many_as_numbers_and_all_different():
    assert len(set(names())) == len(names()) == 343

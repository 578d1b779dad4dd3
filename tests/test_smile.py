"""openSMILE's functionals: what is said where the package is missing, and its own numbers where it is there."""

import builtins
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from emostudy.features import smile as module
from emostudy.features.smile import SETS, smile, smile_names

RATE = 16_000


@pytest.fixture(autouse=True)
def fresh():
    module._extractor.cache_clear()
    yield
    module._extractor.cache_clear()


@pytest.fixture
def clip(tmp_path) -> str:
    time = np.arange(2 * RATE) / RATE
    wave = sum(np.sin(2 * np.pi * 200 * k * time) / k for k in range(1, 9))
    soundfile.write(tmp_path / "a.wav", 0.1 * wave, RATE)
    return str(tmp_path / "a.wav")


def test_a_missing_package_is_told_with_the_command_and_the_licence(clip, monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **named):
        if name == "opensmile":
            raise ImportError("No module named 'opensmile'")
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match=r"openSMILE is not installed .*`pip install opensmile==2\.5\.0`.*research"):
        smile(clip, None, None)


def test_another_version_is_refused(clip, monkeypatch):
    monkeypatch.setitem(sys.modules, "opensmile", SimpleNamespace(__version__="1.0.0"))
    with pytest.raises(ValueError, match=r"openSMILE 1\.0\.0 is installed, results are made with 2\.5\.0: run"):
        smile(clip, None, None)


def test_an_unknown_set_is_refused(clip):
    with pytest.raises(ValueError, match=r"feature set is 'GeMAPS'; need one of \['eGeMAPSv02', 'ComParE_2016'\]"):
        smile(clip, None, None, feature_set="GeMAPS")


@pytest.mark.parametrize("feature_set", SETS)
def test_the_numbers_are_opensmiles(clip, feature_set):
    opensmile = pytest.importorskip("opensmile", reason="needs pip install opensmile==2.5.0")
    values = smile(clip, None, None, feature_set=feature_set)
    assert values.shape == (SETS[feature_set],) and values.dtype == np.float32 and np.isfinite(values).all()
    own = opensmile.Smile(getattr(opensmile.FeatureSet, feature_set), opensmile.FeatureLevel.Functionals)
    assert values == pytest.approx(own.process_file(clip).to_numpy()[0], rel=1e-3, abs=1e-3)
    assert len(smile_names(feature_set)) == SETS[feature_set]


def test_pitch_in_semitones_is_where_it_should_be(clip):
    pytest.importorskip("opensmile", reason="needs pip install opensmile==2.5.0")
    values = dict(zip(smile_names(), smile(clip, None, None), strict=True))
    assert values["F0semitoneFrom27.5Hz_sma3nz_amean"] == pytest.approx(12 * np.log2(200 / 27.5), abs=0.2)

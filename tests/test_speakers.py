"""Standardisation by speaker."""

import numpy as np
import pytest

from emostudy.features.speakers import by_speaker

RNG = np.random.default_rng(0)


def parts(shape=(3,), num=40):
    speakers = {"train": np.repeat(["a", "b"], num), "dev": np.repeat(["c"], num), "test": np.repeat(["a", "d"], num)}
    shift = {"a": 5.0, "b": -5.0, "c": 0.0, "d": 100.0}
    values = {
        part: {
            "speech": RNG.normal(0, 2, (len(names), *shape))
            + np.array([shift[n] for n in names]).reshape(-1, *[1] * len(shape)),
            "face": RNG.normal(0, 1, (len(names), 2)),
        }
        for part, names in speakers.items()
    }
    return values, speakers


@pytest.mark.parametrize("shape", [(3,), (7, 3)])
def test_every_speaker_has_mean_0_and_deviation_1_over_all_parts(shape):
    values, speakers = parts(shape)
    scaled = by_speaker(values, speakers, ("speech",))
    for name in "abcd":
        own = np.concatenate([scaled[part]["speech"][speakers[part] == name].reshape(-1, 3) for part in scaled])
        assert own.mean(0) == pytest.approx(0, abs=1e-5) and own.std(0) == pytest.approx(1, abs=1e-4)
    assert all((scaled[part]["face"] == values[part]["face"]).all() for part in values)


def test_what_is_not_named_is_left_and_what_came_in_is_not_changed():
    values, speakers = parts()
    before = {part: some["speech"].copy() for part, some in values.items()}
    by_speaker(values, speakers, ("speech",))
    assert by_speaker(values, speakers, ())["train"]["speech"] is values["train"]["speech"]
    assert all((values[part]["speech"] == before[part]).all() for part in values)


def test_padding_counts_for_nothing_and_stays():
    values, speakers = parts((7, 3))
    padded = {part: {"speech": some["speech"].copy()} for part, some in values.items()}
    for some in padded.values():
        some["speech"] = np.concatenate([some["speech"], np.zeros((len(some["speech"]), 2, 3))], axis=1)
    scaled, plain = (by_speaker(these, speakers, ("speech",)) for these in (padded, values))
    assert (scaled["test"]["speech"][:, 7:] == 0).all()
    assert scaled["test"]["speech"][:, :7] == pytest.approx(plain["test"]["speech"], abs=1e-6)


def test_a_number_that_never_changes_becomes_0():
    values, speakers = parts()
    for some in values.values():
        some["speech"][:, 1] = 7.0
    scaled = by_speaker(values, speakers, ("speech",))
    assert (scaled["train"]["speech"][:, 1] == 0).all() and np.isfinite(scaled["train"]["speech"]).all()


def test_an_unknown_speaker_is_refused_with_the_remedy():
    values, speakers = parts()
    speakers["dev"][3] = ""
    with pytest.raises(ValueError, match="does not know every clip's speaker; take a recipe without by_speaker"):
        by_speaker(values, speakers, ("speech",))

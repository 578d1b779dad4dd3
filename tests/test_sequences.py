"""A clip's sequence, measured by its publisher, out of a csd file or a pickle."""

import pickle
import warnings

import h5py
import numpy as np
import pytest

from emostudy.features.media import BadMedia
from emostudy.features.sequences import not_numbers, sequence, sequence_stats

TIMES = np.stack([np.arange(10) * 0.1, np.arange(1, 11) * 0.1], axis=1)  # ten frames of 0.1 s
VALUES = np.arange(20, dtype=np.float32).reshape(10, 2)


def csd(path, videos: dict, name: str = "COVAREP"):
    with h5py.File(path, "w") as file:
        for video, (features, intervals) in videos.items():
            group = file.create_group(f"{name}/data/{video}")
            group["features"], group["intervals"] = features, intervals
        file.require_group(f"{name}/metadata")
    return path


@pytest.fixture
def file(tmp_path):
    return csd(tmp_path / "CMU_MOSEI_COVAREP.csd", {"-a_b#c": (VALUES, TIMES), "other": (VALUES[:3], TIMES[:3])})


def test_the_frames_of_a_stretch_are_those_whose_middle_lies_in_it(file):
    np.testing.assert_array_equal(sequence(f"{file}#-a_b#c", 0.2, 0.5), VALUES[2:5])
    np.testing.assert_array_equal(sequence(f"{file}#-a_b#c", 0.24, 0.56), VALUES[2:6])
    np.testing.assert_array_equal(sequence(f"{file}#-a_b#c"), VALUES)


def test_frames_need_not_be_in_order_of_time(tmp_path):
    path = csd(tmp_path / "x.csd", {"v": (VALUES[::-1], TIMES[::-1])})
    np.testing.assert_array_equal(sequence(f"{path}#v", 0.2, 0.5), VALUES[4:1:-1])


def test_mean_and_deviation_over_time(file):
    found = sequence_stats(f"{file}#-a_b#c", 0.2, 0.5)
    assert found.shape == (4,) and found.dtype == np.float32
    np.testing.assert_allclose(found, [*VALUES[2:5].mean(0), *VALUES[2:5].std(0)], rtol=1e-6)


def test_values_that_are_no_numbers_are_left_out_and_counted(tmp_path):
    values = VALUES.copy()
    values[0, 0], values[1, 0], values[2, 1] = -np.inf, np.nan, np.inf
    path = csd(tmp_path / "x.csd", {"v": (values, TIMES)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = sequence_stats(f"{path}#v", np.nan, np.nan)
    known = np.delete(VALUES[:, 1], 2)
    np.testing.assert_allclose(found, [VALUES[2:, 0].mean(), known.mean(), VALUES[2:, 0].std(), known.std()], rtol=1e-6)
    assert not_numbers(f"{path}#v") == (3, 20) and not_numbers(f"{path}#v", 0.3, 1.0) == (0, 14)


def test_a_value_that_is_never_a_number_is_told(tmp_path):
    values = VALUES.copy()
    values[:, 1] = -np.inf
    path = csd(tmp_path / "x.csd", {"v": (values, TIMES)})
    with pytest.raises(BadMedia, match="value 1 is a number in none of 10 frames"):
        sequence_stats(f"{path}#v", np.nan, np.nan)


def test_only_the_wanted_frames_are_read(tmp_path, monkeypatch):
    path = tmp_path / "x.csd"
    csd(path, {"v": (np.zeros((1000, 4), np.float32), np.stack([np.arange(1000.0), np.arange(1000.0) + 1], 1))})
    read = []
    real = h5py.Dataset.__getitem__
    monkeypatch.setattr(h5py.Dataset, "__getitem__", lambda self, key: read.append((self.name, key)) or real(self, key))
    assert sequence(f"{path}#v", 10, 15).shape == (5, 4)
    assert [(name, key) for name, key in read if name.endswith("features")] == [
        ("/COVAREP/data/v/features", slice(10, 15))
    ]


@pytest.mark.parametrize(
    ("start", "end", "key", "reason"),
    [
        (5.0, 6.0, "-a_b#c", "no row from 5.000 to 6.000 s"),
        (0.0, 1.0, "nobody", "lacks features and intervals"),
        (0.0, 1.0, "other/features", "lacks features and intervals"),
        (0.0, 1.0, "..", "lacks features and intervals"),
    ],
)
def test_what_is_not_there_is_bad_media(file, start, end, key, reason):
    with pytest.raises(BadMedia, match=reason):
        sequence(f"{file}#{key}", start, end)


def test_links_out_of_the_file_are_not_followed(tmp_path):
    other = csd(tmp_path / "other.csd", {"v": (VALUES, TIMES)})
    path = csd(tmp_path / "x.csd", {"w": (VALUES, TIMES)})
    with h5py.File(path, "a") as file:
        data = file["COVAREP/data"]
        data["outside"] = h5py.ExternalLink(str(other), "/COVAREP/data/v")
        data["soft"] = h5py.SoftLink("/COVAREP/data/w")
        raw = data.create_group("raw")
        raw.create_dataset("features", (10, 2), "f4", external=[(str(other), 0, 80)])
        raw["intervals"] = TIMES
    for video in ("outside", "soft", "raw"):
        with pytest.raises(BadMedia, match="lacks features and intervals"):
            sequence(f"{path}#{video}")


@pytest.mark.parametrize(
    ("features", "intervals", "reason"),
    [
        (VALUES[:9], TIMES, "9 rows and intervals of shape"),
        (VALUES, np.zeros((10, 3)), "10 rows and intervals of shape"),
        (VALUES[:, 0], TIMES, "lacks features"),
        (np.full((10, 2), b"sp"), TIMES, "not numbers"),
        (VALUES, np.full((10, 2), np.nan), "no row"),
    ],
)
def test_a_damaged_entry_is_bad_media(tmp_path, features, intervals, reason):
    path = csd(tmp_path / "x.csd", {"v": (features, intervals)})
    with pytest.raises(BadMedia, match=reason):
        sequence(f"{path}#v")


def test_a_claim_of_gigabytes_is_refused(tmp_path):
    path = tmp_path / "x.csd"
    with h5py.File(path, "w") as file:  # compressed chunks that were never written take no room
        group = file.create_group("COVAREP/data/v")
        group.create_dataset("features", (10, 2**40), "f4", chunks=(1, 1024))
        group["intervals"] = TIMES
    with pytest.raises(BadMedia, match="claims 10 rows of 1099511627776 values"):
        sequence(f"{path}#v")


@pytest.mark.parametrize("data", [b"", b"no hdf5", b"\x89HDF\r\n\x1a\n" + bytes(40)])
def test_what_is_no_hdf5_is_told(tmp_path, data):
    (tmp_path / "x.csd").write_bytes(data)
    with pytest.raises(BadMedia, match="no HDF5 file, or damaged"):
        sequence(f"{tmp_path / 'x.csd'}#v")


def test_another_layout_is_told(tmp_path):
    with h5py.File(tmp_path / "x.csd", "w") as file:
        file["a"], file["b"] = 1, 2
    with pytest.raises(BadMedia, match="no computational sequence"):
        sequence(f"{tmp_path / 'x.csd'}#v")


@pytest.fixture
def pickled(tmp_path):
    audio = np.zeros((2, 6, 3), np.float32)
    audio[0, 2:5] = np.arange(9).reshape(3, 3)  # padded in front and behind; its first row holds a 0 of its own
    part = {"audio": audio, "vision": audio, "text": audio, "labels": np.zeros((2, 6))}
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps({"train": part, "valid": part, "test": part}))
    return path


def test_a_pickle_s_padding_is_no_frame(pickled):
    np.testing.assert_array_equal(sequence(f"{pickled}#train/audio/0"), np.arange(9).reshape(3, 3))
    np.testing.assert_allclose(sequence_stats(f"{pickled}#test/text/0", np.nan, np.nan)[:3], [3, 4, 5])


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("train/audio/1", "nothing but padding"),
        ("train/audio/2", "no row 2"),
        ("train/audio/-1", "no row -1"),
        ("dev/audio/0", "no row 0"),
        ("train/labels/0", "no row 0"),
        ("train/audio", "not enough values"),
        ("train/audio/x", "invalid literal"),
    ],
)
def test_what_a_pickle_does_not_hold_is_bad_media(pickled, key, reason):
    with pytest.raises(BadMedia, match=reason):
        sequence(f"{pickled}#{key}")


def test_a_pickle_that_would_run_something_is_bad_media(tmp_path):
    (tmp_path / "x.pkl").write_bytes(b"cos\nsystem\n(Vtouch " + str(tmp_path / "mark").encode() + b"\ntR.")
    with pytest.raises(BadMedia, match=r"it names os\.system"):
        sequence(f"{tmp_path / 'x.pkl'}#train/audio/0")
    assert not (tmp_path / "mark").exists()

"""Extraction: what is kept, what is computed anew, and what becomes of files that cannot be read."""

import contextlib
import os
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest
import soundfile
import toys
from joblib import Parallel, delayed

from emostudy.corpora.corpus import Corpus
from emostudy.features import Feature
from emostudy.features.extract import extract
from emostudy.features.media import BadMedia
from emostudy.features.speech import mfcc_frames, mfcc_mean
from emostudy.features.text import words
from emostudy.findings import left_out as told

CALLS = []


def first_bytes(path: str, start: float, end: float, num: int = 2) -> np.ndarray:
    """Counts its calls; a file that begins with x is damaged, one that begins with n holds no number."""
    CALLS.append(path)
    with open(path, "rb") as file:
        content = file.read(num)
    if content.startswith(b"x"):
        raise BadMedia("truncated")
    return np.array([np.nan if byte == ord("n") else byte for byte in content])


def last_bytes(path: str, start: float, end: float, num: int = 2) -> np.ndarray:
    return np.zeros(num)


BYTES = Feature("bytes", "audio", first_bytes)


@pytest.fixture
def files(tmp_path, empty_cache):
    """A corpus of three files; the calls made for it are counted from nothing."""
    clips = toys.corpus().clips[:3].copy()
    for number in range(3):
        (tmp_path / f"{number}.bin").write_bytes(b"abc"[number:] + b"...")
    CALLS.clear()
    return Corpus(
        "toy", toys.EMOTIONS, {}, clips.assign(audio=[str(tmp_path / f"{number}.bin") for number in range(3)])
    )


def test_rows_are_those_of_the_clips_in_the_order_asked_for(files):
    extracted = extract(files, BYTES, progress=False)
    assert extracted.clip_ids == ("s00_0", "s00_1", "s00_2") and extracted.left_out.empty
    assert extracted.rows(("s00_2", "s00_0")).tolist() == [[99, 46], [97, 98]]


def test_what_was_computed_is_read_back(files):
    first = extract(files, BYTES, progress=False)
    again = extract(files, BYTES, progress=False)
    assert len(CALLS) == 3
    assert again.values.tolist() == first.values.tolist() and again.values.dtype == first.values.dtype


def kept_files(cache, packed: bool = False) -> list:
    """Files of single clips in a cache, or those that hold all clips of a feature."""
    return sorted(path for path in cache.rglob("*.npy") if (path.parent.name == "packed") == packed)


def half(path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_its_end(path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def one_byte_changed(path) -> None:
    content = bytearray(path.read_bytes())
    content[-40] ^= 1
    path.write_bytes(bytes(content))


DAMAGE = {
    "half": half,
    "without its end": without_its_end,
    "one byte changed": one_byte_changed,
    "empty": lambda path: path.write_bytes(b""),
    "no array": lambda path: path.write_bytes(b"not an array at all" * 20),
    "another shape": lambda path: np.save(path, np.zeros((3, 5))),
    "another clip's": lambda path: path.write_bytes(
        next(p for p in path.parents[1].rglob("*.npy") if p != path).read_bytes()
    ),
    "a folder's": lambda path: (path.unlink(), path.symlink_to(path.parent)),
}


@pytest.mark.parametrize("packed", [False, True], ids=["clip", "packed"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_file_is_made_again_and_never_used(files, empty_cache, damage, packed):
    before = extract(files, BYTES, progress=False).values.tolist()
    DAMAGE[damage](kept_files(empty_cache, packed)[0])
    for _ in range(2):
        again = extract(files, BYTES, progress=False)
        assert again.values.tolist() == before and again.left_out.empty
    assert len(CALLS) == (3 if packed else 4)


@pytest.mark.parametrize("num_written", range(5))
def test_killed_at_any_moment_the_next_call_gives_the_same(files, empty_cache, monkeypatch, num_written):
    class Killed(BaseException):
        pass

    def replace_or_die(source, target, real=os.replace):
        written.append(target)
        if len(written) > num_written:
            raise Killed
        real(source, target)

    written = []
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(os, "replace", replace_or_die)
        extract(files, BYTES, progress=False)
    assert len(kept_files(empty_cache) + kept_files(empty_cache, packed=True)) == min(num_written, 4)
    assert extract(files, BYTES, progress=False).values.tolist() == [[97, 98], [98, 99], [99, 46]]


def test_what_is_older_than_a_fresh_run_is_not_used(files, empty_cache, monkeypatch):
    before = extract(files, BYTES, progress=False).values.tolist()
    for path in empty_cache.rglob("*.npy"):
        os.utime(path, (1000, 1000))
    monkeypatch.setenv("EMOSTUDY_SINCE", "2000")
    assert extract(files, BYTES, progress=False).values.tolist() == before and len(CALLS) == 6
    assert all(path.stat().st_mtime > 2000 for path in empty_cache.rglob("*.npy"))


def test_values_stay_on_disk_and_the_rows_asked_for_are_a_copy(files):
    extracted = extract(files, BYTES, progress=False)
    assert isinstance(extracted.values, np.memmap) and not extracted.values.flags.writeable
    rows = extracted.rows(("s00_1",))
    rows[:] = 0
    assert type(rows) is np.ndarray and extracted.values[1].tolist() == [98, 99]


def of_its_own_length(path: str, start: float, end: float) -> np.ndarray:
    with open(path, "rb") as file:
        return np.frombuffer(file.read(), np.uint8)


def first_letters(path: str, start: float, end: float) -> np.ndarray:
    with open(path, "rb") as file:
        return np.array(file.read().decode().rstrip("."))


def one_number(path: str, start: float, end: float) -> np.ndarray:
    return np.asfortranarray(np.arange(6, dtype=">i2").reshape(2, 3))


def nothing(path: str, start: float, end: float) -> np.ndarray:
    return np.zeros((0, 3), np.float32)


@pytest.mark.parametrize("cached", [True, False])
def test_arrays_of_different_shapes_are_refused(files, cached):
    feature = Feature("lengths", "audio", of_its_own_length, cached=cached)
    with pytest.raises(
        ValueError, match=r"toy: 'lengths' has shape \(6,\) for 0\.bin and \(5,\) for 1\.bin; .* must have one"
    ):
        extract(files, feature, progress=False)


@pytest.mark.parametrize("function", [first_bytes, first_letters, one_number, nothing])
def test_packed_values_are_those_of_one_process_without_a_cache(files, function):
    feature = Feature("any", "audio", function)
    packed, stacked = (extract(files, replace(feature, cached=c), progress=False).values for c in (True, False))
    assert packed.dtype == stacked.dtype and packed.shape == stacked.shape and np.array_equal(packed, stacked)


def looked_at(extracted, clip_ids) -> tuple:
    values = extracted.values
    return os.getpid(), type(values).__name__, str(values.filename), extracted.rows(clip_ids).tolist()


def test_other_processes_read_the_same_file_and_are_sent_no_values(files):
    extracted = extract(files, BYTES, progress=False)
    asked = [("s00_2", "s00_0"), ("s00_1",)]
    answers = Parallel(2, max_nbytes=None)(delayed(looked_at)(extracted, clip_ids) for clip_ids in asked)
    assert all(pid != os.getpid() for pid, *_ in answers)
    assert {(kind, file) for _, kind, file, _ in answers} == {("memmap", str(extracted.values.filename))}
    assert [rows for *_, rows in answers] == [extracted.rows(clip_ids).tolist() for clip_ids in asked]


def test_a_moved_file_is_known_by_its_content(files, tmp_path):
    extract(files, BYTES, progress=False)
    (tmp_path / "0.bin").rename(tmp_path / "elsewhere.bin")
    moved = replace(files, clips=files.clips.replace(str(tmp_path / "0.bin"), str(tmp_path / "elsewhere.bin")))
    extract(moved, BYTES, progress=False)
    assert len(CALLS) == 3


def test_a_changed_file_is_read_again_and_no_other(files, tmp_path):
    extract(files, BYTES, progress=False)
    (tmp_path / "1.bin").write_bytes(b"changed")
    extracted = extract(files, BYTES, progress=False)
    assert len(CALLS) == 4 and CALLS[-1].endswith("1.bin")
    assert extracted.values[1].tolist() == [ord("c"), ord("h")]


@pytest.mark.parametrize("changed", [{"settings": {"num": 1}}, {"function": last_bytes}, {"name": "other"}])
def test_a_changed_setting_or_function_is_computed_again(files, changed):
    before = extract(files, BYTES, progress=False)
    after = extract(files, replace(BYTES, **changed), progress=False)
    assert "name" in changed or after.values.tolist() != before.values.tolist()
    assert len(CALLS) == (3 if "function" in changed else 6)


@pytest.mark.parametrize("times", [{"start": 1.0}, {"end": 2.0}])
def test_another_part_of_the_same_file_is_computed_again(files, times):
    extract(files, BYTES, progress=False)
    extract(replace(files, clips=files.clips.assign(**times)), BYTES, progress=False)
    assert len(CALLS) == 6


def test_a_feature_that_is_not_cached_leaves_no_file(files, empty_cache):
    extract(files, replace(BYTES, cached=False), progress=False)
    extract(files, replace(BYTES, cached=False), progress=False)
    assert len(CALLS) == 6 and not empty_cache.exists()


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(files, tmp_path):
    (tmp_path / "0.bin").write_bytes(b"x")
    (tmp_path / "1.bin").write_bytes(b"n1")
    extracted = extract(files, BYTES, progress=False)
    assert extracted.clip_ids == ("s00_2",) and extracted.values.shape == (1, 2)
    assert extracted.left_out.values.tolist() == [
        ["s00_0", "0.bin", "truncated"],
        ["s00_1", "1.bin", "bytes is not finite"],
    ]
    (tmp_path / "2.bin").unlink()
    with pytest.raises(ValueError, match=r"toy: no clip gave 'bytes'; the first: 0\.bin: truncated"):
        extract(files, BYTES, progress=False)


def test_a_file_that_is_gone_is_one_that_cannot_be_read(files, tmp_path):
    (tmp_path / "0.bin").unlink()
    assert extract(files, BYTES, progress=False).left_out.reason.tolist() == ["No such file or directory"]


def test_a_missing_cell_is_a_missing_modality_not_a_bad_file(files):
    clips = files.clips.assign(audio=[None, *files.clips.audio[1:]])
    extracted = extract(replace(files, clips=clips), BYTES, progress=False)
    assert extracted.clip_ids == ("s00_1", "s00_2") and extracted.left_out.empty
    with pytest.raises(ValueError, match="every cell of audio is empty"):
        extract(replace(files, clips=clips.assign(audio=None)), BYTES, progress=False)


def test_a_corpus_without_the_medium_is_refused(corpus):
    with pytest.raises(ValueError, match="toy has no audio, which feature 'bytes' needs"):
        extract(corpus, BYTES, progress=False)


def test_processes_give_what_one_process_gives(tmp_path, empty_cache):
    rng = np.random.default_rng(0)
    clips = toys.corpus().clips[:40].copy()
    for number in range(40):
        soundfile.write(tmp_path / f"{number}.wav", rng.normal(0, 0.1, 3000), 16000)
    (tmp_path / "7.wav").write_bytes(b"")
    corpus = Corpus("toy", toys.EMOTIONS, {}, clips.assign(audio=[str(tmp_path / f"{n}.wav") for n in range(40)]))
    feature = Feature("mfcc", "audio", mfcc_mean, {"num_coefficients": 5})
    two = extract(corpus, feature, jobs=2, progress=False)
    one = extract(corpus, replace(feature, cached=False), jobs=1, progress=False)
    assert two.clip_ids == one.clip_ids and len(two.clip_ids) == 39
    assert np.array_equal(two.values, one.values) and two.left_out.equals(one.left_out)


def test_real_damage_to_sound_files(tmp_path, empty_cache):
    sound = np.random.default_rng(0).normal(0, 0.1, 16000)
    soundfile.write(tmp_path / "good.wav", sound, 16000)
    soundfile.write(tmp_path / "silent.wav", np.zeros(16000), 16000)
    soundfile.write(tmp_path / "short.wav", sound[:3], 16000)
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "cut.wav").write_bytes((tmp_path / "good.wav").read_bytes()[:9000])
    (tmp_path / "text.wav").write_text("this is no sound at all" * 20)
    names = ["good", "silent", "short", "empty", "cut", "text"]
    clips = toys.corpus().clips[:6].assign(audio=[str(tmp_path / f"{name}.wav") for name in names])
    feature = Feature("frames", "audio", mfcc_frames, {"num_coefficients": 5, "num_frames": 9, "hop": 200})
    extracted = extract(Corpus("toy", toys.EMOTIONS, {}, clips), feature, progress=False)
    reasons = dict(extracted.left_out[["file", "reason"]].values.tolist())
    assert extracted.clip_ids == ("s00_0", "s00_2") and extracted.values.shape == (2, 9, 5)
    assert reasons == {
        "silent.wav": "silent",
        "empty.wav": "empty file",
        "cut.wav": "truncated",
        "text.wav": "not readable as media",
    }


def test_every_empty_transcript_is_counted(corpus, empty_cache):
    clips = corpus.clips[:4].assign(text=["I  am\nhere", " \n", "", None])
    extracted = extract(replace(corpus, clips=clips), Feature("words", "text", words, cached=False), progress=False)
    assert extracted.values.tolist() == ["I am here"]
    assert extracted.left_out.reason.tolist() == ["empty transcript"] * 2
    said = told([extracted.left_out, extracted.left_out])
    assert said.startswith("Left out: 2 files.") and "s00_1" in said and "s00_2" in said


def test_nothing_left_out_is_said_too():
    assert told([pd.DataFrame(columns=["file", "reason"])]).startswith("Left out: 0 files.")


def all_first_bytes(paths: list[str], start: list[float], end: list[float], num: int = 2) -> np.ndarray:
    """The same for n files at once."""
    SIZES.append(len(paths))
    return np.stack([first_bytes(*task, num) for task in zip(paths, start, end, strict=True)])


SIZES = []
TOGETHER = Feature("bytes", "audio", all_first_bytes, batched=True)


@pytest.fixture
def sizes():
    SIZES.clear()
    return SIZES


def test_a_batched_feature_gets_all_clips_at_once_and_gives_the_same(files, sizes):
    one_by_one = extract(files, BYTES, progress=False)
    together = extract(files, TOGETHER, progress=False)
    assert sizes == [3] and together.clip_ids == one_by_one.clip_ids
    assert together.values.tolist() == one_by_one.values.tolist()
    extract(files, TOGETHER, progress=False)
    assert sizes == [3]
    assert extract(files, replace(TOGETHER, cached=False), progress=False).values.tolist() == together.values.tolist()


def test_only_what_is_not_kept_is_computed_together(files, sizes, empty_cache):
    before = extract(files, TOGETHER, progress=False).values.tolist()
    kept_files(empty_cache)[0].unlink()
    one_byte_changed(kept_files(empty_cache)[1])
    assert extract(files, TOGETHER, progress=False).values.tolist() == before
    assert sizes == [3, 1, 1]  # what is damaged is seen only when it is read


def test_in_a_batch_only_the_bad_clip_is_left_out(files, sizes, tmp_path):
    (tmp_path / "1.bin").write_bytes(b"x")
    (tmp_path / "2.bin").write_bytes(b"nn")
    extracted = extract(files, TOGETHER, progress=False)
    assert extracted.clip_ids == ("s00_0",) and extracted.values.tolist() == [[97, 98]]
    assert extracted.left_out[["file", "reason"]].values.tolist() == [
        ["1.bin", "truncated"],
        ["2.bin", "bytes is not finite"],
    ]
    assert sizes == [3, 1, 1, 1]


def test_an_error_that_is_no_clips_fault_stops_the_extraction_at_once(files, sizes):
    def without_weights(paths, start, end):
        SIZES.append(len(paths))
        raise ValueError("cannot load the weights")

    with pytest.raises(ValueError, match=r"^cannot load the weights"):
        extract(files, Feature("vectors", "audio", without_weights, batched=True), progress=False)
    assert sizes == [3]


def test_a_batched_feature_that_forgets_a_clip_is_an_error(files):
    forgets = Feature("forgets", "audio", lambda paths, start, end: np.zeros((len(paths) - 1, 2)), batched=True)
    with pytest.raises(TypeError, match="'forgets' gave 2 values for 3 clips; a batched feature gives one each"):
        extract(files, forgets, progress=False)


@dataclass(frozen=True)
class Scaled:
    """A feature that is a record: where it lies is told but does not count."""

    factor: float
    place: str = field(default="", metadata={"record": False})

    def __call__(self, paths: list[str], start: list[float], end: list[float]) -> np.ndarray:
        SIZES.append(len(paths))
        return np.full((len(paths), 1), self.factor)


def test_a_feature_may_be_a_record_and_is_kept_by_what_the_record_says(files, sizes):
    for function, computed in ((Scaled(2.0, "here"), 1), (Scaled(2.0, "there"), 1), (Scaled(3.0, "here"), 2)):
        values = extract(files, Feature("scaled", "audio", function, batched=True), progress=False).values
        assert values.tolist() == [[function.factor]] * 3 and len(sizes) == computed


def test_a_records_code_is_part_of_the_key():
    from emostudy.features.encoders import TextVectors
    from emostudy.features.extract import _code_of
    from emostudy.sources import source_hash

    feature = Feature("vectors", "text", TextVectors("folder", "name@0"), batched=True)
    assert _code_of(feature) == source_hash(TextVectors)
    assert _code_of(BYTES) == source_hash(first_bytes)

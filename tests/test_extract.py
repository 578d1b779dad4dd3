"""Extraction: what is kept, what is computed anew, and what becomes of files that cannot be read."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile
import toys

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

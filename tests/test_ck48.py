"""CK+48 in the layout in which it circulates; the pictures here are noise."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emostudy.corpora import card, ck48, load
from emostudy.protocols import num_shared, splits


def picture(folder: Path, emotion: str, name: str, seed: int = 0, inside: str = "CK+48") -> Path:
    path = folder / inside / emotion / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (48, 48), np.uint8)).save(path, format="PNG")
    return path


def sequence(folder: Path, emotion: str, speaker: int, take: int, seed: int) -> None:
    """The three last frames of a sequence."""
    for frame in (15, 16, 17):
        picture(folder, emotion, f"S{speaker:03}_{take:03}_{frame:08}.png", 3 * seed + frame)


@pytest.fixture
def data(tmp_path):
    sequence(tmp_path, "anger", 10, 4, 1)
    sequence(tmp_path, "happy", 10, 6, 20)
    sequence(tmp_path, "contempt", 138, 8, 40)
    return tmp_path


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


def test_a_folder_and_a_name_become_a_row(data):
    corpus = load("ck48", data)
    assert len(corpus) == 9 and corpus.left_out.empty and corpus.emotions == ck48.EMOTIONS
    clip = corpus.clips.set_index("clip_id").loc["S010_004_00000017"]
    assert (clip.emotion, clip.speaker, clip["take"], clip.gender) == ("anger", "S010", "S010_004", "")
    assert set(corpus.clips.groupby("take").size()) == {3}
    assert set(corpus.clips.speaker) == {"S010", "S138"}


@pytest.mark.parametrize(
    ("emotion", "name", "reason"),
    [
        ("anger", "S10_004_00000017.png", "breaks the convention"),
        ("anger", "._S010_004_00000017.png", "breaks the convention"),
        ("neutral", "S010_001_00000001.png", "folder 'neutral' is none of CK+48's emotions"),
    ],
)
def test_a_file_that_is_no_picture_of_it_is_left_out_with_the_reason(data, emotion, name, reason):
    picture(data, emotion, name, 99)
    corpus = load("ck48", data)
    assert len(corpus) == 9 and reason in reasons(corpus)[name]


def test_a_frame_under_two_emotions_and_the_same_picture_twice_are_told(data):
    picture(data, "sadness", "S010_004_00000017.png", 98)
    same = picture(data, "surprise", "S999_001_00000018.png", 97)
    picture(data, "surprise", "S999_001_00000019.png", 97)
    assert same.is_file()
    assert reasons(load("ck48", data)) == {
        "S010_004_00000017.png": "a second file or row of clip S010_004_00000017",
        "S999_001_00000019.png": "exact duplicate of S999_001_00000018",
    }


def test_it_is_found_in_a_folder_ck48_too(tmp_path):
    picture(tmp_path, "Fear", "S011_003_00000014.png", 1, "ck48/CK+48")
    assert load("ck48", tmp_path).clips.emotion.tolist() == ["fear"]


def test_smoke_has_one_frame_of_a_sequence_and_splits_by_speaker(tmp_path):
    for number, emotion in enumerate(ck48.EMOTIONS):
        for speaker in range(15):
            sequence(tmp_path, emotion, 10 + speaker, number + 1, 1 + 100 * number + 5 * speaker)
    whole, smoke = load("ck48", tmp_path), load("ck48", tmp_path, "smoke")
    assert len(whole) == 315 and len(smoke) == 84 and smoke.clips["take"].is_unique
    assert len(splits(smoke, "speaker_independent")) == 5
    assert num_shared(splits(whole, "random")[0], whole, "take") > 20  # near duplicates on both sides: the card warns


def test_an_empty_folder_is_told_with_the_remedy(tmp_path):
    (tmp_path / "CK+48").mkdir()
    with pytest.raises(ValueError, match=r"no CK\+48 picture .*class folders there"):
        load("ck48", tmp_path)


def test_the_card_counts_three_frames_of_each_labelled_sequence():
    counts, sequences = card("ck48")["counts"], card("ckplus")["counts"]
    assert counts == {emotion: 3 * number for emotion, number in sequences.items()}
    assert sum(counts.values()) == card("ck48")["num_clips"] == 981

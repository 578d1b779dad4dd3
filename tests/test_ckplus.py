"""CK+ in the layout in which it is distributed; the pictures here are noise."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emostudy.corpora import card, ckplus, load
from emostudy.protocols import splits

SEQUENCES = {("S005", "001"): 3, ("S010", "002"): 7, ("S010", "004"): 1, ("S052", "005"): None}


def frames(folder: Path, subject: str, take: str, number: int = 4, inside: str = "ckplus/cohn-kanade-images") -> None:
    place = folder / inside / subject / take
    place.mkdir(parents=True, exist_ok=True)
    for frame in range(1, number + 1):
        grey = np.random.default_rng([int(subject[1:]), int(take), frame]).integers(0, 256, (12, 16), np.uint8)
        Image.fromarray(grey).save(place / f"{subject}_{take}_{frame:08}.png")


def label(folder: Path, subject: str, take: str, text: object, frame: int = 4, inside: str = "ckplus/Emotion") -> Path:
    place = folder / inside / subject / take
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{subject}_{take}_{frame:08}_emotion.txt"
    path.write_text(text if isinstance(text, str) else f"   {text:.7e}\n")
    return path


@pytest.fixture
def data(tmp_path):
    for (subject, take), code in SEQUENCES.items():
        frames(tmp_path, subject, take)
        (tmp_path / "ckplus" / "Emotion" / subject / take).mkdir(parents=True)  # empty where there is no label
        if code:
            label(tmp_path, subject, take, code)
    return tmp_path


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


def test_the_peak_frame_of_a_labelled_sequence_becomes_a_row(data):
    corpus = load("ckplus", data)
    clips = corpus.clips.set_index("clip_id")
    assert clips.emotion.to_dict() == {
        "S005_001_00000004": "disgust",
        "S010_002_00000004": "surprise",
        "S010_004_00000004": "anger",
    }
    clip = clips.loc["S010_002_00000004"]
    assert (clip.speaker, clip["take"], clip.split) == ("S010", "S010_002", "")
    assert clip.image.endswith("S010/002/S010_002_00000004.png")
    assert reasons(corpus) == {"S052_005": "sequence without an emotion label"}


def test_the_codes_are_those_of_the_readme():
    named = dict(enumerate(ckplus.EMOTIONS, 1))
    assert (named[1], named[2], named[3], named[5], named[7]) == ("anger", "contempt", "disgust", "happy", "surprise")


def test_the_last_frames_may_be_asked_for(data):
    corpus = ckplus.load(data, last_frames=3)
    assert len(corpus) == 9 and set(corpus.clips.groupby("take").size()) == {3}
    assert "S005_001_00000002" in set(corpus.clips.clip_id) and "S005_001_00000001" not in set(corpus.clips.clip_id)
    assert len(ckplus.load(data, last_frames=99)) == 12
    with pytest.raises(ValueError, match="last_frames is 0"):
        ckplus.load(data, last_frames=0)


def test_frames_after_the_labelled_one_are_not_taken(tmp_path):
    frames(tmp_path, "S005", "001", number=6)
    label(tmp_path, "S005", "001", 3)
    assert sorted(ckplus.load(tmp_path, last_frames=2).clips.clip_id) == ["S005_001_00000003", "S005_001_00000004"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (0, "emotion code 0 is not 1 to 7"),
        (8, "emotion code 8 is not 1 to 7"),
        (2.5, "emotion code 2.5 is not 1 to 7"),
        ("", "'' is no emotion code"),
        ("nan", "emotion code nan is not 1 to 7"),
        ("happy", "'happy' is no emotion code"),
    ],
)
def test_a_label_that_is_none_is_left_out_with_the_reason(data, text, reason):
    path = label(data, "S005", "001", text)
    corpus = load("ckplus", data)
    assert len(corpus) == 2 and reasons(corpus)[path.name] == reason


def test_a_label_without_its_picture_is_left_out(data):
    missing = label(data, "S099", "001", 3)
    (data / "ckplus/cohn-kanade-images/S005/001/S005_001_00000004.png").unlink()
    (data / "ckplus/cohn-kanade-images/S010/004/S010_004_00000004.png").unlink()
    (data / "ckplus/cohn-kanade-images/S010/004/S010_004_00000004.png").symlink_to("nowhere.png")
    told = reasons(load("ckplus", data))
    assert told[missing.name] == "its picture S099_001_00000004.png is missing"
    assert told["S005_001_00000004_emotion.txt"] == "its picture S005_001_00000004.png is missing"
    assert told["S010_004_00000004_emotion.txt"] == "its picture cannot be read: not a file"


def test_a_label_that_cannot_be_read_is_left_out(data):
    path = data / "ckplus/Emotion/S005/001/S005_001_00000004_emotion.txt"
    path.unlink()
    path.symlink_to("nowhere.txt")
    assert reasons(load("ckplus", data))[path.name] == "not a file"


def test_side_files_and_cropped_copies_are_passed_over_and_deeper_folders_found(tmp_path):
    frames(tmp_path, "S005", "001", inside="CK+/extended-cohn-kanade-images/cohn-kanade-images")
    frames(tmp_path, "S005", "001", inside="CK+/cropped")
    label(tmp_path, "S005", "001", 6, inside="CK+/Emotion_labels/Emotion")
    (tmp_path / "CK+/Emotion_labels/._S005_001_00000004_emotion.txt").write_text("x")
    corpus = load("ckplus", tmp_path)
    assert corpus.clips.emotion.tolist() == ["sadness"] and corpus.left_out.empty
    assert "extended-cohn-kanade-images" in corpus.clips.image[0]


def test_a_second_label_of_a_frame_and_equal_pictures_are_told(data):
    label(data, "S005", "001", 3, inside="ckplus/Emotion_labels")
    folder = data / "ckplus/cohn-kanade-images/S010"
    (folder / "004/S010_004_00000004.png").write_bytes((folder / "002/S010_002_00000004.png").read_bytes())
    told = reasons(load("ckplus", data))
    assert told["S005_001_00000004.png"] == "a second file or row of clip S005_001_00000004"
    assert told["S010_004_00000004.png"] == "exact duplicate of S010_002_00000004"


def test_smoke_is_small_and_splits_by_speaker(tmp_path):
    for code in range(1, 8):
        for subject in range(14):
            frames(tmp_path, f"S{subject + 10:03}", f"{code:03}", 1)
            label(tmp_path, f"S{subject + 10:03}", f"{code:03}", code, frame=1)
    smoke = load("ckplus", tmp_path, "smoke")
    assert len(load("ckplus", tmp_path)) == 98 and len(smoke) == 84
    assert len(splits(smoke, "speaker_independent")) == 5


def test_missing_pictures_and_labels_are_told_with_the_remedy(tmp_path):
    (tmp_path / "ckplus").mkdir()
    with pytest.raises(ValueError, match=r"no CK\+ picture .*unzip the pictures"):
        load("ckplus", tmp_path)
    frames(tmp_path, "S005", "001")
    with pytest.raises(ValueError, match=r"no CK\+ label .*Emotion_labels.zip"):
        load("ckplus", tmp_path)
    label(tmp_path, "S005", "001", 0)
    with pytest.raises(ValueError, match=r"no clip found.*emotion code 0"):
        load("ckplus", tmp_path, "smoke")


def test_the_card_counts_what_was_published():
    known = card("ckplus")
    assert sum(known["counts"].values()) == known["num_clips"] == 327
    assert tuple(known["emotions"]) == tuple(known["counts"]) == ckplus.EMOTIONS

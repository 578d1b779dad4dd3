"""Pictures in class folders, as FER2013 and many others are passed on; the pictures here are noise."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emostudy.corpora import card, face_folders, load
from emostudy.protocols import splits


def picture(folder: Path, name: str, seed: int = 0) -> Path:
    path = folder / "faces" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8), np.uint8)).save(path)
    return path


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


def test_folders_become_emotion_and_split(tmp_path):
    names = ("train/angry/Training_3908.jpg", "test/happy/PrivateTest_1.jpg", "train/neutral/Training_7.png")
    for seed, name in enumerate(names):
        picture(tmp_path, name, seed)
    corpus = load("face_folders", tmp_path)
    rows = corpus.clips.set_index("clip_id")[["emotion", "split", "speaker"]].T.to_dict("list")
    assert rows == {
        "train/angry/Training_3908": ["anger", "train", ""],
        "test/happy/PrivateTest_1": ["happiness", "test", ""],
        "train/neutral/Training_7": ["neutral", "train", ""],
    }
    assert corpus.emotions == ("anger", "happiness", "neutral") and corpus.media == ("image",)


def test_without_split_folders_there_is_no_split(tmp_path):
    picture(tmp_path, "CFE/Sadness/1.PNG", 1)
    picture(tmp_path, "surprised/1.jpeg", 2)
    clips = load("face_folders", tmp_path).clips
    assert clips.split.tolist() == ["", ""] and clips.emotion.tolist() == ["sadness", "surprise"]
    assert clips.clip_id.tolist() == ["CFE/Sadness/1", "surprised/1"]


@pytest.mark.parametrize(
    ("folder", "emotion"),
    [
        ("Angry", "anger"),
        ("ANGER", "anger"),
        ("disgusted", "disgust"),
        ("Fear", "fear"),
        ("happy", "happiness"),
        ("joy", "happiness"),
        ("sad", "sadness"),
        ("Surprise", "surprise"),
        ("neutral", "neutral"),
    ],
)
def test_synonyms_lead_to_seven_emotions(folder, emotion):
    row, reason = face_folders.parse(Path("faces", folder, "x.jpg"), Path("faces"))
    assert (row["emotion"], reason) == (emotion, "")
    assert set(face_folders.CLASSES.values()) == set(card("face_folders")["emotions"])


@pytest.mark.parametrize(
    ("folder", "split"),
    [("train", "train"), ("Training", "train"), ("val", "dev"), ("validation", "dev"), ("test", "test"), ("extra", "")],
)
def test_names_of_splits(folder, split):
    row, _ = face_folders.parse(Path("faces", "FER", folder, "sad", "x.jpg"), Path("faces"))
    assert row["split"] == split


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("contempt/a.png", "class 'contempt' is none of the seven emotions"),
        ("train/a.png", "class 'train' is none of the seven emotions"),
        ("3/a.png", "class '3' is none of the seven emotions"),
        ("a.png", "lies in no class folder"),
        ("__MACOSX/angry/a.png", "a side file of macOS"),
        ("angry/._a.png", "a side file of macOS"),
    ],
)
def test_a_picture_elsewhere_is_left_out_and_counted(tmp_path, name, reason):
    picture(tmp_path, "angry/good.png", 1)
    picture(tmp_path, name, 2)
    corpus = load("face_folders", tmp_path)
    assert len(corpus) == 1 and reason in reasons(corpus)[name]


def test_a_name_that_is_not_utf8_is_left_out_and_can_be_printed(tmp_path):
    good = picture(tmp_path, "angry/good.png", 1)
    try:
        os.link(good, os.fsencode(good.parent) + b"/b\xff.png")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    corpus = load("face_folders", tmp_path)
    assert reasons(corpus) == {"angry/b\\udcff.png": "a path that is not UTF-8"}


def test_the_same_picture_in_train_and_test_is_kept_in_test(tmp_path):
    for name in ("train/fear/a.png", "test/fear/b.png"):
        picture(tmp_path, name, 5)
    picture(tmp_path, "train/fear/c.png", 6)
    corpus = load("face_folders", tmp_path)
    assert reasons(corpus) == {"a.png": "exact duplicate of test/fear/b"} and len(corpus) == 2
    assert corpus.found["emotions"] == {"fear": 3}


def test_a_jpg_and_a_png_of_one_name_are_one_clip(tmp_path):
    picture(tmp_path, "fear/a.jpg", 5)
    picture(tmp_path, "fear/a.png", 6)
    assert reasons(load("face_folders", tmp_path)) == {"a.png": "a second file or row of clip fear/a"}


def test_smoke_holds_twenty_of_each_emotion_and_split_and_can_be_split(tmp_path):
    for number in range(25):
        for kind, place in enumerate(("train/sad", "train/happy", "test/sad")):
            picture(tmp_path, f"{place}/{number}.png", 100 * kind + number)
    smoke = load("face_folders", tmp_path, "smoke")
    assert smoke.clips.groupby(["split", "emotion"]).size().tolist() == [20, 20, 20]
    assert len(splits(smoke, "random")) == 5


def test_a_folder_without_classes_is_told_with_the_remedy(tmp_path):
    (tmp_path / "faces").mkdir()
    with pytest.raises(ValueError, match=r"no picture in .*named after an emotion: name them angry"):
        load("face_folders", tmp_path)
    picture(tmp_path, "0/a.png")
    with pytest.raises(ValueError, match=r"\(0/a.png: class '0' is none of the seven emotions\)"):
        load("face_folders", tmp_path)

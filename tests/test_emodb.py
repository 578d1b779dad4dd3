"""EmoDB as it is distributed. It is tested on files made here alone: the corpus is not in the shared data."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from emostudy.corpora import card, emodb, load


def sound(folder: Path, name: str, seed: int = 0) -> Path:
    path = folder / "emodb" / "wav" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(seed).normal(0, 0.1, 200), 16000)
    return path


@pytest.fixture
def data(tmp_path):
    for seed, name in enumerate(["03a01Fa.wav", "16a02Lb.wav", "10b10Ec.flac"]):
        sound(tmp_path, name, seed)
    return tmp_path


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        ("03a01Fa", ("happiness", "03", "male", 31, "a", "Der Lappen liegt auf dem Eisschrank.")),
        ("16a02Lb", ("boredom", "16", "female", 31, "b", "Das will sie am Mittwoch abgeben.")),
        ("10b10Ec", ("disgust", "10", "male", 32, "c", "Die wird auf dem Platz sein, wo wir sie immer hinlegen.")),
    ],
)
def test_a_name_becomes_a_row(data, clip, expected):
    row = load("emodb", data).clips.set_index("clip_id").loc[clip]
    assert (row.emotion, row.speaker, row.gender, row.age, row["take"], row.sentence) == expected


@pytest.mark.parametrize("name", ["04a01Fa.wav", "03a03Fa.wav", "03a01Xa.wav", "03a01F.wav", "._03a01Fb.wav"])
def test_other_names_are_left_out_and_told(data, name):
    sound(data, name, 9)
    corpus = load("emodb", data)
    assert len(corpus) == 3 and "speaker, text, emotion and version" in reasons(corpus)[name]


def test_other_files_of_the_archive_are_passed_over(data):
    for name in ("erkennung.txt", "lablaut/03a01Fa.lablaut", "labsilb/03a01Fa.labsilb"):
        path = data / "emodb" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    assert load("emodb", data).left_out.empty


def test_second_files_and_duplicates_are_left_out(data):
    sound(data, "03a01Fa.flac", 7)
    sound(data, "16a02Lc.wav", 1)
    assert reasons(load("emodb", data)) == {
        "03a01Fa.wav": "a second file or row of clip 03a01Fa",
        "16a02Lc.wav": "exact duplicate of 16a02Lb",
    }


def test_smoke_holds_two_of_each_speaker_and_emotion(data):
    for seed, text in enumerate(("a02", "a04", "a05"), 10):
        sound(data, f"03{text}Fa.wav", seed)
    assert load("emodb", data, "smoke").clips.emotion.value_counts().to_dict() == {
        "happiness": 2,
        "boredom": 1,
        "disgust": 1,
    }


def test_an_empty_folder_is_told_with_the_remedy(tmp_path):
    (tmp_path / "emodb").mkdir()
    with pytest.raises(ValueError, match=r"no EmoDB clip .*unzip it there"):
        load("emodb", tmp_path)


def test_ten_speakers_ten_texts_seven_emotions_and_the_card_agrees():
    assert len(emodb.SENTENCES) == 10 and set(emodb.WOMEN) == {"08", "09", "13", "14", "16"}
    assert [emodb.AGES[speaker] for speaker in sorted(emodb.AGES)] == [31, 34, 21, 32, 26, 30, 32, 35, 25, 31]
    assert tuple(card("emodb")["emotions"]) == emodb.EMOTIONS == tuple(card("emodb")["counts"])
    assert sum(card("emodb")["counts"].values()) == card("emodb")["num_clips"] == 535

"""SAVEE as it is distributed. It is tested on files made here alone: the corpus is given on request."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from emostudy.corpora import card, load, savee


def file(folder: Path, name: str, seed: int = 0) -> Path:
    path = folder / "savee" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".avi":
        path.write_bytes(f"film {seed}".encode())
    else:
        soundfile.write(path, np.random.default_rng(seed).normal(0, 0.1, 200), 44100)
    return path


@pytest.fixture
def data(tmp_path):
    for seed, name in enumerate(["DC/a01.wav", "JE/sa15.wav", "KL/n30.flac"]):
        file(tmp_path, f"AudioData/{name}", seed)
    return tmp_path


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


def test_a_name_in_a_speakers_folder_becomes_a_row(data):
    clips = load("savee", data).clips.set_index("clip_id")
    assert clips.emotion.to_dict() == {"DC_a01": "anger", "JE_sa15": "sadness", "KL_n30": "neutral"}
    assert clips.speaker.tolist() == ["DC", "JE", "KL"] and set(clips.gender) == {"male"}
    assert "sentence" not in clips  # which of them share words the names do not tell


def test_the_copy_with_the_speaker_in_the_name_gives_the_same_clips(data, tmp_path):
    other = tmp_path / "other"
    for seed, name in enumerate(["DC_a01.wav", "JE_sa15.wav", "KL_n30.wav"]):
        file(other, f"ALL/{name}", seed)
    columns = ["clip_id", "emotion", "speaker", "gender"]
    assert load("savee", other).clips[columns].equals(load("savee", data).clips[columns])


def test_sound_and_film_are_one_clip_and_a_film_alone_gives_both(data):
    film = file(data, "AudioVisualClip/DC/a1.avi", 1)
    alone = file(data, "AudioVisualClip/JK/su07.avi", 2)
    clips = load("savee", data).clips.set_index("clip_id")
    assert len(clips) == 4 and clips.video["DC_a01"] == str(film) and clips.audio["DC_a01"].endswith("a01.wav")
    assert clips.audio["JK_su07"] == clips.video["JK_su07"] == str(alone)
    assert pd.isna(clips.video["KL_n30"])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("AudioData/DC/x01.wav", "name is not one of emotion and number"),
        ("AudioData/DC/a16.wav", "number 16 of anger, which has 1 to 15"),
        ("AudioData/DC/n31.wav", "number 31 of neutral, which has 1 to 30"),
        ("AudioData/DC/a00.wav", "number 0 of anger"),
        ("AudioData/XX/a02.wav", "neither its name nor its folder 'XX' tells the speaker"),
    ],
)
def test_other_names_are_left_out_with_the_reason(data, name, reason):
    file(data, name, 9)
    corpus = load("savee", data)
    assert len(corpus) == 3 and reason in reasons(corpus)[Path(name).name]


def test_second_files_and_duplicates_are_left_out(data):
    file(data, "ALL/JE_sa15.wav", 7)
    file(data, "AudioData/JE/sa14.wav", 0)
    assert reasons(load("savee", data)) == {
        "sa15.wav": "a second file or row of clip JE_sa15",
        "sa14.wav": "exact duplicate of DC_a01",
    }


def test_smoke_holds_five_of_each_speaker_and_emotion(data):
    for number in range(2, 9):
        file(data, f"AudioData/DC/a{number:02}.wav", 10 + number)
    assert load("savee", data, "smoke").clips.emotion.value_counts()["anger"] == 5


def test_an_empty_folder_is_told_with_the_remedy(tmp_path):
    (tmp_path / "savee").mkdir()
    with pytest.raises(ValueError, match=r"no SAVEE clip .*unzip it there"):
        load("savee", tmp_path)


def test_the_whole_design_has_the_cards_counts(tmp_path):
    for speaker in savee.SPEAKERS:
        for code in savee.CODES:
            for number in range(1, 31 if code == "n" else 16):
                path = tmp_path / "savee" / "AudioData" / speaker / f"{code}{number:02}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(str(path).encode())
    corpus = load("savee", tmp_path)
    assert corpus.found["clips"] == len(corpus) == 480 and corpus.found["emotions"] == card("savee")["counts"]
    assert tuple(card("savee")["emotions"]) == savee.EMOTIONS
    assert len(load("savee", tmp_path, "smoke")) == 4 * 7 * 5

"""TESS as it is distributed: files side by side, or in the folders of the copies in circulation."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emostudy.corpora import card, load, tess


def sound(folder: Path, name: str, seed: int = 0) -> Path:
    path = folder / "tess" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(seed).normal(0, 0.1, 200), 24414)
    return path


@pytest.fixture
def data(tmp_path):
    names = ["OAF_back_angry.wav", "copy/OAF_Fear/OAF_back_fear.flac", "YAF_pleasant_surprised/YAF_youth_ps.wav"]
    for seed, name in enumerate([*names, "OAF_neutral/OA_bite_neutral.wav"]):
        sound(tmp_path, name, seed)
    return tmp_path


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


def test_a_name_becomes_a_row_in_either_layout(data):
    corpus = load("tess", data)
    clips = corpus.clips.set_index("clip_id")
    assert list(clips.index) == ["OAF_back_angry", "OAF_back_fear", "OAF_bite_neutral", "YAF_youth_ps"]
    assert corpus.left_out.empty and corpus.media == ("audio",)
    clip = clips.loc["YAF_youth_ps"]
    assert (clip.emotion, clip.speaker, clip.gender, clip.age) == ("pleasant surprise", "YAF", "female", 26)
    assert clip.sentence == "Say the word youth" and clip.audio.endswith("YAF_youth_ps.wav")


def test_the_name_that_lacks_a_letter_is_the_older_speakers(data):
    clip = load("tess", data).clips.set_index("clip_id").loc["OAF_bite_neutral"]
    assert (clip.speaker, clip.age) == ("OAF", 64) and clip.audio.endswith("OA_bite_neutral.wav")


@pytest.mark.parametrize("name", ["OAF_back_calm.wav", "YA_back_sad.wav", "OAF_back.wav", "._OAF_back_sad.wav"])
def test_other_names_are_left_out_and_told(data, name):
    sound(data, name, 9)
    assert reasons(load("tess", data)) == {name: "name breaks the convention OAF_word_emotion or YAF_word_emotion"}


def test_a_second_copy_of_the_whole_set_is_left_out(data):
    sound(data, "TESS/OAF_angry/OAF_back_angry.wav", 0)
    assert reasons(load("tess", data)) == {"OAF_back_angry.wav": "a second file or row of clip OAF_back_angry"}


def test_the_same_recording_under_two_names_is_one_clip(data):
    sound(data, "OAF_bar_angry.wav", 0)
    assert reasons(load("tess", data)) == {"OAF_bar_angry.wav": "exact duplicate of OAF_back_angry"}


def test_a_broken_link_is_left_out(data):
    (data / "tess" / "YAF_bar_sad.wav").symlink_to(data / "nowhere.wav")
    assert reasons(load("tess", data)) == {"YAF_bar_sad.wav": "not a file"}


def test_smoke_holds_ten_words_of_each_speaker_and_emotion(data):
    for number in range(12):
        sound(data, f"YAF_{'abcdefghijkl'[number]}ad_sad.wav", 20 + number)
    assert load("tess", data, "smoke").clips.emotion.value_counts()["sad"] == 10
    assert len(load("tess", data)) == 16


def test_an_empty_folder_is_told_with_the_remedy(tmp_path):
    (tmp_path / "tess").mkdir()
    with pytest.raises(ValueError, match=r"no TESS clip .*unzip it there"):
        load("tess", tmp_path)


def test_the_card_has_the_loaders_emotions():
    assert tuple(card("tess")["emotions"]) == tess.EMOTIONS and sum(card("tess")["counts"].values()) == 2800


def test_real_counts():
    folder = os.environ.get("EMOSTUDY_DATA")
    if not folder or not (Path(folder) / "tess").is_dir():
        pytest.skip("TESS is not there: set EMOSTUDY_DATA to the folder that holds it")
    corpus = load("tess", folder)
    missing = {(speaker, emotion): 200 for speaker in tess.AGES for emotion in tess.EMOTIONS}
    assert corpus.found["clips"] == 2798 and corpus.left_out.empty  # two files of the copy were overwritten: SOURCE.md
    missing |= {("OAF", "angry"): 199, ("YAF", "sad"): 199}
    assert corpus.clips.groupby(["speaker", "emotion"]).size().to_dict() == missing
    assert corpus.clips.sentence.nunique() == 200

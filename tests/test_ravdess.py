"""RAVDESS as it is distributed, with all that can be wrong in a folder."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from emostudy.corpora import load, ravdess
from emostudy.protocols import splits


def sound(folder: Path, name: str, seed: int = 0) -> Path:
    path = folder / "ravdess" / "Audio_Speech_Actors_01-24" / f"Actor_{name[18:20]}" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".mp4":
        path.write_bytes(f"film {seed}".encode())
        return path
    soundfile.write(path, np.random.default_rng(seed).normal(0, 0.1, 400), 16000)
    return path


def units_table(folder: Path, *keys: str) -> Path:
    """OpenFace's table as it is distributed, with these rows."""
    path = folder / "ravdess_av_features" / "action_units.csv"
    path.parent.mkdir(exist_ok=True)
    pd.DataFrame(0.5, index=pd.Index(keys, name="clip"), columns=ravdess.UNITS).to_csv(path)
    return path


@pytest.fixture
def data(tmp_path):
    names = ["03-01-01-01-01-01-01.wav", "03-01-05-02-02-01-02.flac", "03-01-08-01-01-02-24.wav"]
    for seed, name in enumerate(names):
        sound(tmp_path, name, seed)
    return tmp_path


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


def test_a_name_becomes_a_row(data):
    clips = load("ravdess", data).clips.set_index("clip_id")
    assert list(clips.index) == ["01-01-01-01-01-01", "01-05-02-02-01-02", "01-08-01-01-02-24"]
    clip = clips.loc["01-05-02-02-01-02"]
    assert (clip.emotion, clip.speaker, clip.gender, clip.intensity, clip["take"]) == (
        "angry",
        "02",
        "female",
        "strong",
        "01",
    )
    assert clip.sentence == "Dogs are sitting by the door" and clip.audio.endswith(".flac")
    assert clips.loc["01-01-01-01-01-01"].gender == "male" and clips.loc["01-01-01-01-01-01"].emotion == "neutral"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("03-02-05-01-01-01-03.wav", "song, not speech"),
        ("01-02-05-01-01-01-03.mp4", "song, not speech"),
        ("01-01-05-01-01-01-03.wav", "name begins with 01-, which is .mp4"),
        ("03-01-05-01-01-01-03.mp4", "name begins with 03-, which is .wav or .flac"),
        ("03-01-09-01-01-01-03.wav", "breaks the convention"),
        ("03-01-05-01-01-01-25.wav", "breaks the convention"),
        ("03-01-05-01-01-01-03 (copy).wav", "breaks the convention"),
        ("._03-01-05-01-01-01-03.wav", "breaks the convention"),
    ],
)
def test_a_file_that_is_no_clip_is_left_out_with_the_reason(data, name, reason):
    sound(data, name, 9)
    corpus = load("ravdess", data)
    assert len(corpus) == 3
    assert reason in reasons(corpus)[name]


def test_other_kinds_of_files_are_passed_over(data):
    (data / "ravdess" / "README.txt").write_text("hello")
    assert load("ravdess", data).left_out.empty


def test_a_second_file_of_a_performance_is_left_out_and_named(data):
    sound(data, "03-01-01-01-01-01-01.flac", 7)
    corpus = load("ravdess", data)
    assert len(corpus) == 3
    assert reasons(corpus) == {"03-01-01-01-01-01-01.wav": "a second file or row of clip 01-01-01-01-01-01"}


def test_copies_of_a_performance_are_one_clip_and_the_best_file_gives_each_medium(data):
    both = sound(data, "01-01-01-01-01-01-01.mp4", 1)
    silent = [sound(data, f"02-01-0{code}-01-01-01-01.mp4", code) for code in (1, 2)]
    film = sound(data, "01-01-03-01-01-01-01.mp4", 3)
    corpus = load("ravdess", data)
    clips = corpus.clips.set_index("clip_id")
    assert len(clips) == 5 and corpus.left_out.empty and corpus.media == ("audio", "video")
    assert clips.audio["01-01-01-01-01-01"].endswith("03-01-01-01-01-01-01.wav")
    assert clips.video["01-01-01-01-01-01"] == str(both)
    assert pd.isna(clips.audio["01-02-01-01-01-01"]) and clips.video["01-02-01-01-01-01"] == str(silent[1])
    assert clips.audio["01-03-01-01-01-01"] == clips.video["01-03-01-01-01-01"] == str(film)
    assert pd.isna(clips.video["01-08-01-01-02-24"])


def test_films_without_sound_alone_are_a_corpus_and_duplicates_are_found_by_them(tmp_path):
    for take in ("01", "02"):
        sound(tmp_path, f"02-01-03-01-02-{take}-07.mp4", 5)
    corpus = load("ravdess", tmp_path)
    assert corpus.media == ("video",) and "audio" not in corpus.clips
    assert reasons(corpus) == {"02-01-03-01-02-02-07.mp4": "exact duplicate of 01-03-01-02-01-07"}


def test_where_there_is_sound_duplicates_are_found_by_it_and_not_by_the_film(data):
    for seed, name in enumerate(("01-01-01-01-01-01-01", "01-01-05-02-02-01-02")):
        sound(data, f"{name}.mp4", 4)  # one film under two names that have sounds of their own
        sound(data, f"03-01-03-01-02-0{seed + 1}-07.wav", 5)
    assert reasons(load("ravdess", data)) == {"03-01-03-01-02-02-07.wav": "exact duplicate of 01-03-01-02-01-07"}


def test_songs_are_read_when_asked_for(data):
    sound(data, "03-02-05-01-01-01-03.wav", 9)
    corpus = ravdess.load(data, channels=("song",))
    assert corpus.clips.clip_id.tolist() == ["02-05-01-01-01-03"]
    assert set(corpus.left_out.reason) == {"speech, not song"} and len(corpus.left_out) == 3
    assert len(ravdess.load(data, channels=("speech", "song"))) == 4


def test_exact_duplicates_are_found_by_content_and_the_later_is_left_out(data):
    sound(data, "03-01-03-01-02-01-07.wav", 5)
    sound(data, "03-01-03-01-02-02-07.wav", 5)
    corpus = load("ravdess", data)
    assert reasons(corpus) == {"03-01-03-01-02-02-07.wav": "exact duplicate of 01-03-01-02-01-07"}
    assert "01-03-01-02-01-07" in set(corpus.clips.clip_id)


def test_empty_files_are_no_duplicates_of_one_another(data):
    for name in ("03-01-03-01-02-01-07.wav", "03-01-03-01-02-02-07.wav"):
        sound(data, name).write_bytes(b"")
    assert len(load("ravdess", data)) == 5


def test_action_units_are_joined_by_performance(data):
    table = units_table(data, "01-01-05-02-02-01-02", "01-01-01-01-01-01-01")
    clips = load("ravdess", data).clips
    expected = [f"{table}#01-01-01-01-01-01-01", f"{table}#01-01-05-02-02-01-02", None]
    assert [None if pd.isna(cell) else cell for cell in clips.action_units] == expected


def test_without_the_table_there_are_no_action_units(data):
    assert load("ravdess", data).media == ("audio",)


def test_smoke_holds_twelve_actors(data):
    assert set(load("ravdess", data, "smoke").clips.speaker) == {"01", "02"}


def test_a_folder_without_clips_is_told_with_the_remedy(tmp_path):
    (tmp_path / "ravdess").mkdir()
    with pytest.raises(ValueError, match=r"no RAVDESS speech clip .*unzip it there"):
        load("ravdess", tmp_path)


FOLDS = ((2, 5, 14, 15, 16), (3, 6, 7, 13, 18), (10, 11, 12, 19, 20), (8, 17, 21, 23, 24), (1, 4, 9, 22))


@pytest.fixture(scope="module")
def real():
    folder = os.environ.get("EMOSTUDY_DATA")
    if not folder or not (Path(folder) / "ravdess").is_dir():
        pytest.skip("RAVDESS is not there: set EMOSTUDY_DATA to the folder that holds it")
    return load("ravdess", folder)


def test_real_counts(real):
    assert len(real) == 1439
    assert real.left_out.values.tolist() == [["03-01-03-01-02-02-07.flac", "exact duplicate of 01-03-01-02-01-07"]] or (
        real.left_out.values.tolist() == [["03-01-03-01-02-02-07.wav", "exact duplicate of 01-03-01-02-01-07"]]
    )
    assert real.clips.emotion.value_counts().to_dict() == {
        **dict.fromkeys(ravdess.EMOTIONS, 192),
        "neutral": 96,
        "happy": 191,
    }
    each = real.clips.speaker.value_counts()
    assert len(each) == 24 and each["07"] == 59 and set(each.drop("07")) == {60}


def test_real_clips_are_what_the_committed_results_were_made_from(real):
    if not (Path(os.environ["EMOSTUDY_DATA"]) / "ravdess_av_features").is_dir():
        pytest.skip("the action units are not there")
    if not real.clips.audio.str.endswith(".flac").all():
        pytest.skip("other bytes: the committed results were made from the .flac copy")
    assert real.fingerprint() == "e7828b4c4f9e0360"
    assert real.found["clips"] == 1440 and real.found["emotions"] == real.card["counts"]


def test_real_action_units_are_there_for_every_performance(real):
    if not (Path(os.environ["EMOSTUDY_DATA"]) / "ravdess_av_features").is_dir():
        pytest.skip("the action units are not there")
    assert real.clips.action_units.notna().all()
    assert (real.clips.action_units.str.partition("#")[2].str[3:] == real.clips.clip_id).all()


def test_real_folds_are_the_published_ones(real):
    speaker = real.clips.set_index("clip_id").speaker
    for split in splits(real, "speaker_independent"):
        assert {int(name) for name in speaker[list(split.test)]} == set(FOLDS[split.fold])
        assert {int(name) for name in speaker[list(split.dev)]} == set(FOLDS[(split.fold + 1) % 5])


def test_the_card_has_every_actor_once():
    assert sorted(actor for fold in FOLDS for actor in fold) == list(range(1, 25))
    assert ravdess.EMOTIONS[0] == "neutral" and ravdess.SENTENCES["01"].startswith("Kids")

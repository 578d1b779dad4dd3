"""CREMA-D as it is distributed: media, tables, or both; and its ratings as they really are."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from emostudy.corpora import card, cremad, load

ACTORS = """\
ActorID,Age,Sex,Race,Ethnicity
1001,51,Male,Caucasian,Not Hispanic
1040,x,Female,Asian,Hispanic
1076,25,Female,Asian,Hispanic
"""
VOTES = '"","A","D","F","H","N","S","fileName"\n'


def table(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def media(folder: Path, name: str, seed: int = 0) -> Path:
    path = folder / "cremad" / {".flv": "VideoFlash", ".mp4": "VideoFlash"}.get(Path(name).suffix, "AudioWAV") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix in (".flv", ".mp4"):
        path.write_bytes(f"film {seed}".encode())
    else:
        soundfile.write(path, np.random.default_rng(seed).normal(0, 0.1, 200), 16000)
    return path


@pytest.fixture
def data(tmp_path):
    table(tmp_path, "cremad/VideoDemographics.csv", ACTORS)
    for seed, name in enumerate(["1001_IEO_HAP_LO.wav", "1001_DFA_ANG_XX.wav", "1040_ITH_SAD_X.wav"]):
        media(tmp_path, name, seed)
    media(tmp_path, "1001_IEO_HAP_LO.flv")
    return tmp_path


def rated(folder: Path, *names: str) -> Path:
    rows = "".join(f'"{way}0000{i}",1,0,0,3,0,0,"{name}"\n' for way in (1, 2, 3) for i, name in enumerate(names))
    return table(folder, "cremad_ratings/processedResults/tabulatedVotes.csv", VOTES + rows)


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


def test_a_name_becomes_a_row(data):
    corpus = load("cremad", data)
    clip = corpus.clips.set_index("clip_id").loc["1001_IEO_HAP_LO"]
    assert (clip.emotion, clip.speaker, clip.intensity, clip.sentence) == (
        "happy",
        "1001",
        "low",
        "It's eleven o'clock",
    )
    assert (clip.gender, clip.age, clip.race, clip.ethnicity) == ("male", 51, "Caucasian", "Not Hispanic")
    assert clip.audio.endswith("AudioWAV/1001_IEO_HAP_LO.wav") and clip.video.endswith("1001_IEO_HAP_LO.flv")
    assert corpus.left_out.empty and corpus.media == ("audio", "video")


def test_the_name_that_lacks_a_letter_and_an_age_that_is_none(data):
    clip = load("cremad", data).clips.set_index("clip_id").loc["1040_ITH_SAD_XX"]
    assert (clip.emotion, clip.intensity) == ("sad", "unspecified") and pd.isna(clip.age) and pd.isna(clip.video)


def test_ratings_are_joined_by_name_and_stand_alone(data, tmp_path):
    path = rated(data, "1001_IEO_HAP_LO", "1076_MTI_SAD_XX")
    clips = load("cremad", data).clips.set_index("clip_id")
    assert clips.votes["1001_IEO_HAP_LO"] == f"{path}#1001_IEO_HAP_LO" and pd.isna(clips.votes["1001_DFA_ANG_XX"])
    assert clips.votes["1076_MTI_SAD_XX"].endswith("#1076_MTI_SAD_XX") and pd.isna(clips.audio["1076_MTI_SAD_XX"])
    alone = tmp_path / "alone"
    rated(alone, "1001_IEO_HAP_LO")
    table(alone, "cremad_ratings/VideoDemographics.csv", ACTORS)
    assert load("cremad", alone).media == ("votes",)


def test_what_the_publisher_calls_broken_is_left_out_and_the_clip_keeps_the_rest(data):
    for name in ("1076_MTI_SAD_XX.wav", "1076_MTI_SAD_XX.flv", "1076_MTI_NEU_XX.wav", "1076_MTI_NEU_XX.mp4"):
        media(data, name, 8)
    corpus = load("cremad", data)
    assert reasons(corpus) == {
        "1076_MTI_SAD_XX.wav": "broken at the publisher: no sound, very short",
        "1076_MTI_SAD_XX.flv": "broken at the publisher: an error picture, very short",
        "1076_MTI_NEU_XX.mp4": "broken at the publisher: very short",
    }
    clips = corpus.clips.set_index("clip_id")
    assert "1076_MTI_SAD_XX" not in clips.index and pd.isna(clips.video["1076_MTI_NEU_XX"])


def test_git_lfs_pointers_are_told_from_recordings(data):
    path = media(data, "1001_TIE_FEA_XX.wav")
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:c6f9\nsize 72862\n")
    assert "git lfs pull" in reasons(load("cremad", data))["1001_TIE_FEA_XX.wav"]


@pytest.mark.parametrize(
    "name", ["1001_XXX_HAP_LO.wav", "1001_IEO_JOY_LO.wav", "1001_IEO_HAP.wav", "1001_IEO_HAP_LOX.wav"]
)
def test_other_names_are_left_out_and_told(data, name):
    media(data, name, 9)
    assert "breaks the convention" in reasons(load("cremad", data))[name]


def test_an_unknown_actor_and_an_odd_row_of_votes_are_told(data):
    media(data, "1099_IEO_HAP_LO.wav", 9)
    rated(data, "practice")
    assert reasons(load("cremad", data)) == {
        "1099_IEO_HAP_LO": "actor is not in VideoDemographics.csv",
        "tabulatedVotes.csv#practice": cremad.CONVENTION,
    }


def test_second_files_and_duplicates_are_left_out(data):
    media(data, "1001_IEO_HAP_LO.flac", 7)
    media(data, "1001_DFA_DIS_XX.wav", 1)
    found = load("cremad", data)
    assert reasons(found) == {
        "1001_IEO_HAP_LO.wav": "a second file or row of clip 1001_IEO_HAP_LO",
        "1001_DFA_DIS_XX.wav": "exact duplicate of 1001_DFA_ANG_XX",
    }


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({}, r"VideoDemographics.csv is in neither cremad nor cremad_ratings: copy it"),
        ({"VideoDemographics.csv": ACTORS}, r"neither media .* nor processedResults/tabulatedVotes.csv"),
        ({"VideoDemographics.csv": "ActorID,Age\n"}, r"VideoDemographics.csv lacks the column 'Sex'"),
    ],
)
def test_a_missing_table_is_told_with_the_remedy(tmp_path, made, message):
    (tmp_path / "cremad").mkdir()
    for name, text in made.items():
        table(tmp_path / "cremad", name, text)
    with pytest.raises(ValueError, match=message):
        load("cremad", tmp_path)


def test_media_that_are_all_pointers_are_told(tmp_path):
    table(tmp_path, "cremad/VideoDemographics.csv", ACTORS)
    media(tmp_path, "1001_TIE_FEA_XX.wav").write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ValueError, match="git lfs pull"):
        load("cremad", tmp_path)


def test_the_card_has_the_loaders_emotions():
    assert tuple(card("cremad")["emotions"]) == cremad.EMOTIONS and len(cremad.SENTENCES) == 12
    assert sum(card("cremad")["counts"].values()) == card("cremad")["num_clips"] == 7442


@pytest.fixture(scope="module")
def real():
    folder = os.environ.get("EMOSTUDY_DATA")
    if not folder or not (Path(folder) / "cremad_ratings").is_dir():
        pytest.skip("CREMA-D's ratings are not there: set EMOSTUDY_DATA to the folder that holds them")
    return load("cremad", folder)


def test_real_counts(real):
    assert len(real) == 7442 and real.left_out.empty and real.found["emotions"] == real.card["counts"]
    each = real.clips.speaker.value_counts()
    assert len(each) == 91 and (each.min(), each.max()) == (76, 82)
    assert real.clips.drop_duplicates("speaker").gender.value_counts().to_dict() == {"male": 48, "female": 43}
    assert real.clips.age.between(20, 74).all() and real.clips.votes.notna().all()


def test_real_smoke_is_small_and_has_ten_speakers(real):
    clips = load("cremad", os.environ["EMOSTUDY_DATA"], "smoke").clips
    assert len(clips) == 120 and clips.speaker.nunique() == 10

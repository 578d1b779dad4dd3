"""JAFFE in the layout in which it is distributed; the pictures here are noise."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emostudy.corpora import card, jaffe, load
from emostudy.features.images import face_pixels
from emostudy.protocols import splits


def picture(folder: Path, name: str, seed: int = 0, inside: str = "jaffe") -> Path:
    path = folder / inside / name
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = np.random.default_rng(seed).integers(0, 256, (16, 16), np.uint8)  # the real ones are 256 x 256
    Image.fromarray(grey).save(path, format="TIFF")
    return path


def everyone(folder: Path, takes: int = 2) -> None:
    """Ten women, seven expressions, some takes."""
    number = 0
    for speaker in ("KA", "KL", "KM", "KR", "MK", "NA", "NM", "TM", "UY", "YM"):
        for code in jaffe.CODES:
            for take in range(1, takes + 1):
                number += 1
                picture(folder, f"{speaker}.{code}{take}.{number}.tiff", number)


@pytest.fixture
def data(tmp_path):
    for seed, name in enumerate(("KA.AN1.39.tiff", "NA.SU3.210.tiff", "KM.SA5.13.tiff")):
        picture(tmp_path, name, seed)
    return tmp_path


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


def test_a_name_becomes_a_row(data):
    corpus = load("jaffe", data)
    clips = corpus.clips.set_index("clip_id")
    assert corpus.media == ("image",) and corpus.left_out.empty and len(corpus) == 3
    clip = clips.loc["KM.SA5.13"]
    assert (clip.emotion, clip.speaker, clip.gender, clip["take"], clip.split) == ("sadness", "KM", "female", "5", "")
    assert clips.loc["NA.SU3.210"].speaker == "NA" and clips.loc["KA.AN1.39"].emotion == "anger"
    assert face_pixels(clip.image).shape == (1, 48, 48, 3)


@pytest.mark.parametrize("code", jaffe.CODES)
def test_every_code_of_the_readme_is_an_emotion(code):
    row, reason = jaffe.parse(Path(f"UY.{code}2.140.tiff"))
    assert reason == "" and row["emotion"][:2].upper() == code


@pytest.mark.parametrize(
    "name", ["KA.XX1.39.tiff", "ZZ.AN1.39.tiff", "KA.AN.39.tiff", "._KA.AN2.40.tiff", "KA.AN2.40 (1).tiff"]
)
def test_a_file_of_another_name_is_left_out_with_the_reason(data, name):
    picture(data, name, 9)
    corpus = load("jaffe", data)
    assert len(corpus) == 3 and "breaks the convention" in reasons(corpus)[name]


def test_other_files_are_passed_over_and_other_folders_found(data, tmp_path):
    (data / "jaffe" / "README_FIRST.txt").write_text("hello")
    picture(data, "YM.FE4.70.tiff", 8, "jaffedbase/jaffe")
    corpus = load("jaffe", data)
    assert corpus.left_out.empty and "YM.FE4.70" in set(corpus.clips.clip_id)


def test_a_folder_named_as_a_picture_and_a_copy_are_left_out(data):
    (data / "jaffe" / "YM.FE4.70.tiff").mkdir()
    (data / "jaffe" / "KL.AN1.167.tiff").symlink_to("nowhere.tiff")
    picture(data, "KA.AN2.40.tiff", 0)
    picture(data, "KA.AN1.39.tiff", 7, "jaffedbase")
    assert reasons(load("jaffe", data)) == {
        "KL.AN1.167.tiff": "not a file",
        "YM.FE4.70.tiff": "not a file",
        "KA.AN1.39.tiff": "a second file or row of clip KA.AN1.39",
        "KA.AN2.40.tiff": "exact duplicate of KA.AN1.39",
    }


def test_smoke_is_small_and_splits_by_speaker(tmp_path):
    everyone(tmp_path)
    smoke = load("jaffe", tmp_path, "smoke")
    assert len(load("jaffe", tmp_path)) == 140 and len(smoke) == 70
    for split in splits(smoke, "speaker_independent"):
        assert len(split.test) == 14
    assert set(smoke.emotions) == set(smoke.clips.emotion)


def test_an_empty_folder_is_told_with_the_remedy(tmp_path):
    (tmp_path / "jaffe").mkdir()
    with pytest.raises(ValueError, match=r"no JAFFE picture .*unzip jaffe.zip there"):
        load("jaffe", tmp_path)


def test_the_card_counts_what_was_published():
    known = card("jaffe")
    assert sum(known["counts"].values()) == known["num_clips"] == 213
    assert tuple(known["emotions"]) == tuple(known["counts"]) == jaffe.EMOTIONS

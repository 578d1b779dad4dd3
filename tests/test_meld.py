"""MELD as it is published: tables of the repository or the raw archive, films in three folders, and what is wrong with them."""

import os
from pathlib import Path

import pandas as pd
import pytest
from meld_files import FOLDERS, cells, film, table

from emostudy.corpora import card, load, meld
from emostudy.protocols import splits


@pytest.fixture
def data(tmp_path):
    """One dialogue of two turns in each part, tables only."""
    for part in FOLDERS:
        table(
            tmp_path / "meld" / "data" / "MELD",
            part,
            cells(0, 0),
            cells(0, 1, "You must’ve. No?", "Joey", "joy", "positive"),
        )
    return tmp_path


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


def clip_of(corpus, clip_id: str) -> dict:
    return corpus.clips.set_index("clip_id").loc[clip_id].to_dict()


def test_a_row_becomes_a_clip(data):
    corpus = load("meld", data)
    assert len(corpus) == 6 and corpus.media == ("text",) and corpus.left_out.empty
    clip = clip_of(corpus, "train_dia0_utt1")
    wanted = {
        "emotion": "joy",
        "sentiment": "positive",
        "speaker": "Joey",
        "gender": "male",
        "dialogue": "train_0",
        "turn": 1,
    }
    wanted |= {"split": "train", "episode": "S8E21", "text": "You must’ve. No?"}
    assert {key: clip[key] for key in wanted} == wanted
    assert clip["start"] != clip["start"] and clip["end"] != clip["end"]  # NaN: the film is the utterance


def test_genders_are_known_of_the_six_main_speakers_only(data):
    table(
        data / "meld" / "data" / "MELD",
        "dev",
        *(cells(0, at, speaker=name) for at, name in enumerate(["Ross", "Rachel", "Gunther"])),
    )
    clips = load("meld", data).clips
    assert clips[clips.split == "dev"].gender.tolist() == ["male", "female", ""]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (cells(1, 0, emotion="love"), "unknown emotion 'love'"),
        (cells(1, 0, sentiment="fine"), "unknown sentiment 'fine'"),
        (cells("x", 0), "Dialogue_ID 'x' is no whole number"),
        (cells(1, "-1"), "Utterance_ID '-1' is no whole number"),
        (cells(1, 0, words=" "), "no words"),
    ],
)
def test_a_row_that_is_no_clip_is_left_out_with_the_reason(data, row, reason):
    table(data / "meld" / "data" / "MELD", "dev", cells(0, 0), row)
    corpus = load("meld", data)
    assert len(corpus) == 5 and reasons(corpus) == {"dev_sent_emo.csv, row 3": reason}


def test_a_second_row_of_a_clip_is_left_out(data):
    table(data / "meld" / "data" / "MELD", "dev", cells(0, 0), cells(0, 0, "Again."))
    corpus = load("meld", data)
    assert clip_of(corpus, "dev_dia0_utt0")["text"] == "Hi."
    assert reasons(corpus) == {"dev_dia0_utt0": "a second file or row of clip dev_dia0_utt0"}


def test_control_characters_of_older_copies_are_read_and_told(data):
    table(data / "meld" / "data" / "MELD", "dev", cells(0, 0, "company\x92s \x97 \x93KL\x94 caf\xe9 \x81"))
    corpus = load("meld", data)
    assert clip_of(corpus, "dev_dia0_utt0")["text"] == "company’s — “KL” café \x81"
    assert reasons(corpus) == {"dev_sent_emo.csv": "5 control characters read as Windows-1252; the clips stay"}


def test_a_missing_table_is_told_with_the_remedy(data):
    (data / "meld" / "data" / "MELD" / "dev_sent_emo.csv").unlink()
    with pytest.raises(ValueError, match=r"no dev_sent_emo.csv under .*meld: get data/MELD from https://github.com"):
        load("meld", data)


def test_a_table_without_a_column_is_refused(data):
    (data / "meld" / "data" / "MELD" / "dev_sent_emo.csv").write_text("Utterance,Speaker\nHi,Joey\n")
    with pytest.raises(ValueError, match=r"dev_sent_emo.csv lacks the column 'Emotion'"):
        load("meld", data)


def test_films_are_sound_and_picture_of_their_clips(data):
    paths = {part: film(data, part, "dia0_utt1") for part in FOLDERS}
    corpus = load("meld", data)
    assert corpus.media == ("audio", "video", "text")
    for part, path in paths.items():
        clip = clip_of(corpus, f"{part}_dia0_utt1")
        assert clip["audio"] == clip["video"] == str(path)
        assert pd.isna(clip_of(corpus, f"{part}_dia0_utt0")["video"])
    missing = {"film: missing; its text is kept"}
    assert set(corpus.left_out.reason) == missing and set(corpus.left_out.file) == {
        f"{part}_dia0_utt0.mp4" for part in FOLDERS
    }


def test_of_two_cuts_of_a_test_film_the_corrected_one_is_used(data):
    film(data, "test", "dia0_utt0"), film(data, "test", "dia0_utt1")
    corrected = film(data, "test", "final_videos_testdia0_utt0")
    corpus = load("meld", data)
    assert clip_of(corpus, "test_dia0_utt0")["video"] == str(corrected)
    wanted = "a second film of test_dia0_utt0; final_videos_testdia0_utt0.mp4 is used"
    assert reasons(corpus)["dia0_utt0.mp4"] == wanted


def test_films_that_are_no_clips_are_left_out_with_the_reason(data):
    film(data, "dev", "dia0_utt0"), film(data, "dev", "dia0_utt1")
    film(data, "dev", "._dia0_utt0"), film(data, "dev", "dia66_utt9")
    elsewhere = data / "meld" / "dia0_utt0.mp4"
    elsewhere.write_bytes(b"x")
    assert reasons(load("meld", data)) == {
        "._dia0_utt0.mp4": "name breaks the convention dia<D>_utt<U>",
        "dia0_utt0.mp4": "lies in meld, not in train_splits, dev_splits_complete, output_repeated_splits_test",
        "dia66_utt9.mp4": "no row dev_dia66_utt9 in the table",
        "train_splits": "no film of train: text only",
        "output_repeated_splits_test": "no film of test: text only",
    }


@pytest.mark.parametrize("clip", list(card("meld")["broken_films"]))
def test_a_film_known_as_broken_is_set_aside_and_its_text_kept(data, clip):
    part, name = clip.split("_", 1)
    dialogue, turn = name[3:].split("_utt")
    table(data / "meld" / "data" / "MELD", part, cells(0, 0), cells(dialogue, turn, "Still here."))
    film(data, part, "dia0_utt0"), film(data, part, name)
    corpus = load("meld", data)
    found = clip_of(corpus, clip)
    assert found["text"] == "Still here." and pd.isna(found["video"]) and pd.isna(found["audio"])
    why = card("meld")["broken_films"][clip]
    assert reasons(corpus)[f"{clip}.mp4"] == f"film: {why}; its text is kept"


def test_an_unreadable_film_leaves_the_text(data):
    film(data, "dev", "dia0_utt0")
    path = film(data, "dev", "dia0_utt1")
    path.unlink()
    path.symlink_to(data / "gone.mp4")
    corpus = load("meld", data)
    assert pd.isna(clip_of(corpus, "dev_dia0_utt1")["video"])
    assert reasons(corpus)["dev_dia0_utt1.mp4"] == "film: not a file; its text is kept"


def test_fetched_tables_win_over_those_of_the_raw_archive_beside_them(data):
    (data / "meld" / "data" / "MELD" / "dev_sent_emo.csv").rename(data / "meld" / "dev_sent_emo.csv")
    table(data / "meld" / "MELD.Raw", "dev", cells(0, 0, "From the archive."))
    corpus = load("meld", data)
    assert clip_of(corpus, "dev_dia0_utt0")["text"] == "Hi."
    assert reasons(corpus) == {"MELD.Raw/dev_sent_emo.csv": "a second copy; meld/dev_sent_emo.csv is read"}


def test_the_raw_archive_alone_is_enough_and_the_repository_wins(data):
    words = {"MELD.Raw/train": "train", "MELD.Raw": "dev"}
    for folder, part in words.items():
        table(data / folder, part, cells(0, 0, "From the archive."))
    corpus = load("meld", data)
    assert clip_of(corpus, "dev_dia0_utt0")["text"] == "Hi."
    assert reasons(corpus)["MELD.Raw/dev_sent_emo.csv"] == "a second copy; MELD/dev_sent_emo.csv is read"
    (data / "meld").rename(data / "other")
    table(data / "MELD.Raw", "test", cells(0, 0))
    assert load("meld", data).clips.text.tolist() == ["From the archive.", "Hi.", "From the archive."]


@pytest.fixture(scope="module")
def real():
    folder = os.environ.get("EMOSTUDY_DATA")
    if not folder or not (Path(folder) / "meld").is_dir():
        pytest.skip("MELD is not there: set EMOSTUDY_DATA to the folder that holds it")
    return load("meld", folder)


# SOURCE.md of the folder, and Table 3 of the paper: train, dev, test.
COUNTS = {
    "neutral": (4710, 470, 1256),
    "joy": (1743, 163, 402),
    "surprise": (1205, 150, 281),
    "anger": (1109, 153, 345),
    "sadness": (683, 111, 208),
    "disgust": (271, 22, 68),
    "fear": (268, 40, 50),
}
SPEAKERS = {
    "Joey": (1510, 149, 411),
    "Ross": (1458, 217, 373),
    "Rachel": (1435, 164, 356),
    "Phoebe": (1321, 185, 291),
    "Monica": (1299, 137, 346),
    "Chandler": (1283, 101, 379),
}


def per_part(clips, column: str) -> dict:
    return clips.groupby([column, "split"]).size().unstack(fill_value=0)[["train", "dev", "test"]].T.to_dict("list")


def test_real_counts(real):
    clips = real.clips
    assert len(real) == 13708
    assert {key: tuple(value) for key, value in per_part(clips, "emotion").items()} == COUNTS
    speakers = per_part(clips, "speaker")
    assert {name: tuple(speakers[name]) for name in SPEAKERS} == SPEAKERS
    assert (~clips.speaker.isin(list(SPEAKERS))).sum() == 2293
    assert clips.groupby("split").speaker.nunique().to_dict() == {"train": 260, "dev": 47, "test": 100}
    assert clips.groupby("split").dialogue.nunique().to_dict() == {"train": 1038, "dev": 114, "test": 280}


def test_real_counts_are_those_of_the_card(real):
    known = card("meld")
    assert real.found["emotions"] == known["counts"] and real.found["speakers"] == known["num_speakers"]
    assert real.clips.split.value_counts().to_dict() == known["split_counts"]
    assert sum(known["counts"].values()) == known["num_clips"] == 13708


def test_real_text_holds_no_control_character(real):
    assert not real.clips.text.str.contains("[\x80-\x9f]").any()
    assert real.clips.text.str.contains("’").sum() > 3000


def test_real_turns_are_in_order_of_the_table(real):
    first = real.clips[real.clips.dialogue == "train_0"].sort_values("turn")
    assert first.turn.tolist() == list(range(14)) and first.text.iloc[1] == "You must’ve had your hands full."


def test_real_smoke_is_small_and_can_be_split(real):
    small = load("meld", os.environ["EMOSTUDY_DATA"], "smoke")
    assert len(small) == 12 * 7 * 3 and set(small.clips.emotion) == set(meld.EMOTIONS)
    assert len(splits(small, "speaker_independent")) == 5

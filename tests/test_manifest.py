"""One's own recordings by a manifest, with all that can be wrong in it."""

import math
from pathlib import Path

import pandas as pd
import pytest

from emostudy.corpora import is_present, load
from emostudy.protocols import splits

HEADER = "emotion,audio,text"


@pytest.fixture
def data(tmp_path):
    """A data folder with three files of sound beside the manifest, and one outside."""
    (tmp_path / "manifest" / "wav").mkdir(parents=True)
    for name in ("a", "b", "c"):
        (tmp_path / "manifest" / "wav" / f"{name}.wav").write_bytes(name.encode())
    (tmp_path / "outside.wav").write_bytes(b"x")
    return tmp_path


def write(data: Path, *lines: str) -> Path:
    (data / "manifest" / "manifest.csv").write_bytes("\n".join(lines).encode() + b"\n")
    return data


def read(data: Path, *lines: str, profile: str = "class"):
    return load("manifest", write(data, *lines), profile)


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


def test_a_row_becomes_a_clip(data):
    head = "Clip_ID, Emotion ,audio,text,speaker,gender,dialogue,turn,split,start,end,mood"
    corpus = read(data, head, 'x1,Joy,wav/a.wav,"Well, hi",Ann,Female,d1,2,val,0.5,1.25,good', "x2,anger,,No!,,,,,,,,")
    one, two = corpus.clips.set_index("clip_id").loc[["x1", "x2"]].itertuples()
    assert (one.emotion, one.audio, one.text) == ("joy", str(data / "manifest" / "wav" / "a.wav"), "Well, hi")
    assert (one.speaker, one.gender, one.dialogue, one.turn, one.split) == ("Ann", "female", "d1", 2, "dev")
    assert (one.start, one.end, one.mood) == (0.5, 1.25, "good")
    assert pd.isna(two.audio) and two.text == "No!" and two.turn == 0 and math.isnan(two.start)
    assert corpus.emotions == ("anger", "joy") and corpus.media == ("audio", "text") and corpus.left_out.empty
    assert len(corpus.fingerprint()) == 16


def test_without_ids_the_number_of_the_row_names_the_clip(data):
    corpus = read(data, "\ufeff" + HEADER, "joy,wav/a.wav,", "", "fear,wav/b.wav,", "joy,none.wav,", "joy,wav/c.wav")
    assert corpus.clips.clip_id.tolist() == ["row00001", "row00002", "row00004"]
    assert list(reasons(corpus)) == ["manifest.csv, row 3"]


def test_a_part_of_a_file_can_be_named(data):
    (data / "manifest" / "talk.mp4").write_bytes(b"film")
    corpus = read(data, "emotion,video,action_units", "joy,talk.mp4#left,", "joy,talk.mp4#right,no.csv#1")
    assert corpus.clips.video.tolist() == [str(data / "manifest" / "talk.mp4#left")]
    assert reasons(corpus) == {"manifest.csv, row 2": "action_units no.csv: not a file"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",wav/a.wav,", "no emotion"),
        ("joy|fear,wav/a.wav,", "several emotions: joy|fear"),
        ("joy,,", "none of audio, video, image, text"),
        ("joy,wav/a.wav,one,two", "more cells than the header"),
        ("joy,wav/none.wav,", "audio wav/none.wav: not a file"),
        ("joy,wav,", "audio wav: not a file"),
        ("joy,../outside.wav,", "audio ../outside.wav leads out of the folder"),
        ("joy,wav/../../outside.wav,", "leads out of the folder"),
        ("joy,C:\\a.wav,", "leads out of the folder"),
        ("joy,link.wav,", "audio link.wav leads out of the folder"),
        ("joy,far/outside.wav,", "audio far/outside.wav leads out of the folder"),
    ],
)
def test_a_bad_row_is_left_out_with_the_reason(data, row, reason):
    (data / "manifest" / "link.wav").symlink_to(data / "outside.wav")
    (data / "manifest" / "far").symlink_to(data)
    corpus = read(data, HEADER, "joy,wav/b.wav,", row)
    assert len(corpus) == 1 and reason in reasons(corpus)["manifest.csv, row 2"]


def test_an_absolute_path_is_left_out(data):
    corpus = read(data, HEADER, "joy,wav/b.wav,", f"joy,{data / 'outside.wav'},")
    assert "leads out of the folder" in reasons(corpus)["manifest.csv, row 2"]


def test_a_folder_that_is_a_link_itself_is_read(data, tmp_path):
    write(data, HEADER, "joy,wav/a.wav,")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest").symlink_to(data / "manifest")
    assert len(load("manifest", tmp_path / "other")) == 1


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("split", "half", "split 'half' is not train, dev or test"),
        ("turn", "first", "turn, start or end is no number"),
        ("end", "inf", "turn, start or end is no number"),
        ("start,end", "2,1", "start 2 and end 1 are no stretch of time"),
        ("start,end", "-1,1", "start -1 and end 1 are no stretch"),
        ("start", "-1", "start -1 and end  are no stretch"),
        ("clip_id", " ", "no clip_id"),
    ],
)
def test_a_bad_cell_leaves_its_row_out(data, column, cell, reason):
    good = {"clip_id": "x", "start,end": "1,2"}.get(column, "")
    corpus = read(data, f"emotion,text,{column}", f"joy,yes,{good}", f"joy,no,{cell}")
    assert len(corpus) == 1 and reason in reasons(corpus)["manifest.csv, row 2"]


def test_a_second_row_of_a_clip_is_left_out(data):
    corpus = read(data, "emotion,audio,clip_id", "joy,wav/a.wav,x", "fear,wav/b.wav,x")
    assert reasons(corpus) == {"b.wav": "a second file or row of clip x"}


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("emotions,audio", "lacks the column 'emotion'; it has ['emotions', 'audio']; rename 'emotions'"),
        ("file,audio", "lacks the column 'emotion'; it has ['file', 'audio']"),
        (
            "emotion,audios",
            "lacks any of the columns ['audio', 'video', 'image', 'text']; it has ['emotion', 'audios']; rename 'audios'",
        ),
        ("emotion;audio;text", "lacks the column 'emotion'"),
        ("emotion,text,speeker", "has a column 'speeker'; if it is 'speaker', write it so"),
        ("emotion,text,text", "column 'text' twice"),
        (",,", "no rows under a header"),
    ],
)
def test_a_wrong_header_is_told_with_the_nearest_names(data, header, told):
    with pytest.raises(ValueError) as error:
        read(data, header, "joy,wav/a.wav,x")
    assert told in str(error.value)


def test_a_further_column_like_a_known_one_that_is_there_is_kept(data):
    corpus = read(data, "emotion,text,speaker,speaker2", "joy,yes,Ann,Bob")
    assert corpus.clips.speaker2.tolist() == ["Bob"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no rows under a header"),
        (b"emotion,text\n", "no rows under a header"),
        (b"emotion,text\njoy,\xff\n", "no csv in UTF-8"),
        (b'emotion,text\njoy,"open\njoy,b\n', "no csv in UTF-8"),
    ],
)
def test_what_is_no_csv_is_refused(data, content, told):
    (data / "manifest" / "manifest.csv").write_bytes(content)
    with pytest.raises(ValueError, match=told):
        load("manifest", data)


def test_no_manifest_is_told_with_the_remedy(data):
    assert is_present("manifest", data)
    with pytest.raises(ValueError, match=r"no manifest.csv in .*manifest \(not a file\): write one"):
        load("manifest", data)


def test_a_manifest_without_a_good_row_names_the_first_fault(data):
    with pytest.raises(ValueError, match=r"manifest: no clip found; the first file: manifest.csv, row 1: no emotion"):
        read(data, HEADER, ",wav/a.wav,")


def test_smoke_takes_the_speakers_in_turn_and_can_be_split_by_them(data):
    rows = [f"{emotion},{n},s{n % 30 // 3}" for n in range(300) for emotion in ("joy", "fear")]
    corpus = read(data, "emotion,text,speaker", *rows, profile="smoke")
    assert corpus.clips.emotion.value_counts().to_dict() == {"joy": 20, "fear": 20}
    assert corpus.clips.speaker.nunique() == 10 and len(splits(corpus, "speaker_independent")) == 5


def test_intervals_resample_what_there_is_enough_of(data):
    rows = [f"joy,t,s{n},d{n % 8}" for n in range(8)]
    assert read(data, "emotion,text,speaker,dialogue", *rows).card["cluster"] == "speaker"
    assert read(data, "emotion,text,speaker,dialogue", *rows, "joy,t,,d1").card["cluster"] == "dialogue"
    assert read(data, "emotion,text,speaker,dialogue", *rows[:7]).card["cluster"] == "clip_id"


def test_a_common_vocabulary_leaves_unknown_words_out(data):
    write(data, "emotion,text", "happy,a", "joy,b", "angry,c", "hangry,d", "surprise,e")
    corpus = load("manifest_common4", data)
    assert corpus.emotions == ("anger", "happiness") and corpus.clips.emotion.tolist() == [
        "happiness",
        "happiness",
        "anger",
    ]
    assert sorted(corpus.left_out.reason) == [
        "emotion hangry is not in manifest_common4",
        "emotion surprise is not in manifest_common4",
    ]

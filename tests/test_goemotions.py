"""GoEmotions as it is distributed, with all that can be wrong in a folder."""

import os
from pathlib import Path

import pytest

from emostudy.corpora import card, load
from emostudy.corpora.goemotions import EMOTIONS, unquoted

LINES = {
    "train": ["Thanks!\t15\tee1", "So sad, and angry\t25,2\tee2", "Who?\t7\tee3"],
    "dev": ["Love it\t18\ted1"],
    "test": ["ok\t27\tef1"],
}


def write(folder: Path, lines: dict = LINES, where: str = "data") -> Path:
    (folder / "goemotions" / where).mkdir(parents=True, exist_ok=True)
    for part, rows in lines.items():
        text = b"".join((row if isinstance(row, bytes) else row.encode()) + b"\n" for row in rows)
        (folder / "goemotions" / where / f"{part}.tsv").write_bytes(text)
    return folder


def with_line(folder: Path, line: str | bytes):
    """The corpus with one more line in dev."""
    return load("goemotions", write(folder, LINES | {"dev": [*LINES["dev"], line]}))


@pytest.mark.parametrize("where", ["data", "."])
def test_a_line_becomes_a_row(tmp_path, where):
    corpus = load("goemotions", write(tmp_path, where=where))
    clips = corpus.clips.set_index("clip_id")
    assert clips.emotion.to_dict() == {
        "ee1": "gratitude",
        "ee2": "anger|sadness",
        "ee3": "curiosity",
        "ed1": "love",
        "ef1": "neutral",
    }
    assert clips.loc["ee2", ["split", "text", "speaker"]].tolist() == ["train", "So sad, and angry", ""]
    assert (clips.loc["ed1"].split, clips.loc["ef1"].split) == ("dev", "test")
    assert corpus.media == ("text",) and corpus.emotions == EMOTIONS and corpus.left_out.empty
    assert corpus.found["emotions"]["anger"] == corpus.found["emotions"]["sadness"] == 1 and corpus.found["clips"] == 5


@pytest.mark.parametrize(
    ("stored", "meant"),
    [
        ('"He said ""no"", twice"', 'He said "no", twice'),
        ('"""No.""" ', '"""No.""" '),
        ('"""No."""', '"No."'),
        ("It's 5\"", "It's 5\""),
        ('"open', '"open'),
        ('"a "b" c"', '"a "b" c"'),
        ('"', '"'),
        ("None", "None"),
    ],
)
def test_the_quotes_of_a_csv_are_undone_and_others_kept(stored, meant, tmp_path):
    assert unquoted(stored) == meant
    clips = with_line(tmp_path, f"{stored}\t27\tex").clips.set_index("clip_id")
    assert clips.text["ex"] == meant and len(clips) == 6


def test_only_a_line_feed_ends_a_line(tmp_path):
    clips = with_line(tmp_path, "one\u2028two\x85three\x0bfour\t27\tex\r").clips.set_index("clip_id")
    assert clips.text["ex"] == "one\u2028two\x85three\x0bfour"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("no tab", "1 columns, not 3"),
        ("a\t1\tex\tmore", "4 columns, not 3"),
        ("", "1 columns, not 3"),
        ("a\t28\tex", "label number '28' is none of 0 to 27"),
        ("a\t1,x\tex", "label number 'x' is none"),
        ("a\t-1\tex", "label number '-1' is none"),
        ("a\t²\tex", "label number '²' is none"),
        ("a\t\tex", "label number '' is none"),
        (" \t1\tex", "no text"),
        ("a\t1\t ", "no comment id"),
        (b"\xff\t1\tex", "not UTF-8"),
    ],
)
def test_a_bad_line_is_left_out_with_the_reason(tmp_path, line, reason):
    corpus = with_line(tmp_path, line)
    assert len(corpus) == 5 and corpus.left_out.file.tolist() == ["dev.tsv, line 2"]
    assert reason in corpus.left_out.reason[0]


def test_a_second_line_of_a_comment_is_left_out_and_named(tmp_path):
    corpus = with_line(tmp_path, "again\t1\tee1")
    assert len(corpus) == 5 and corpus.left_out.reason.tolist() == ["a second file or row of clip ee1"]


def test_a_missing_part_is_told_with_the_remedy(tmp_path):
    write(tmp_path, {part: LINES[part] for part in ("train", "dev")})
    with pytest.raises(ValueError, match=r"no test.tsv under .*data: get train.tsv, dev.tsv and test.tsv") as told:
        load("goemotions", tmp_path)
    assert "raters" not in str(told.value)


def test_the_raw_tables_are_not_the_split(tmp_path):
    folder = tmp_path / "goemotions" / "data" / "full_dataset"
    folder.mkdir(parents=True)
    (folder / "goemotions_1.csv").write_text("text,id\n")
    with pytest.raises(
        ValueError, match=r"no train.tsv .*goemotions_1.csv holds single raters' answers, not the split"
    ):
        load("goemotions", tmp_path)


@pytest.mark.parametrize("name", ["emotions.txt", "labels.txt"])
def test_another_list_of_labels_is_refused(tmp_path, name):
    path = write(tmp_path) / "goemotions" / "data" / name
    path.write_text("\n".join(EMOTIONS))
    assert len(load("goemotions", tmp_path)) == 5
    path.write_text("\n".join(sorted(EMOTIONS)))
    with pytest.raises(ValueError, match=f"{name} is not the published list of 28 labels"):
        load("goemotions", tmp_path)


def test_an_empty_part_is_told(tmp_path):
    path = write(tmp_path) / "goemotions" / "data" / "dev.tsv"
    path.write_bytes(b"")
    corpus = load("goemotions", tmp_path)
    assert corpus.left_out.values.tolist() == [["dev.tsv, line 1", "1 columns, not 3"]]


def test_readings(tmp_path):
    write(tmp_path)
    assert load("goemotions_single", tmp_path).left_out.reason.tolist() == ["several emotions: anger|sadness"]
    ekman = load("goemotions_ekman", tmp_path).clips.set_index("clip_id").emotion.to_dict()
    assert ekman == {"ee1": "joy", "ee3": "surprise", "ed1": "joy", "ef1": "neutral"}
    several = load("goemotions_ekman_multi", tmp_path).clips.set_index("clip_id").emotion
    assert len(several) == 5 and several["ee2"] == "anger|sadness"
    four = load("goemotions_common4", tmp_path)
    assert sorted(four.clips.emotion) == ["happiness", "happiness", "neutral"] and len(four.left_out) == 2


def test_smoke_holds_a_few_of_each(tmp_path):
    lines = [f"line {number}\t{number % 2}\tex{number}" for number in range(20)]
    lines += [f"both {number}\t0,1\tey{number}" for number in range(30)]
    write(tmp_path, LINES | {"train": lines})
    clips = load("goemotions", tmp_path, "smoke").clips
    assert clips[clips.split == "train"].emotion.value_counts().to_dict() == {
        "admiration|amusement": 20,
        "admiration": 3,
        "amusement": 3,
    }


@pytest.fixture(scope="module")
def real():
    folder = os.environ.get("EMOSTUDY_DATA")
    if not folder or not (Path(folder) / "goemotions").is_dir():
        pytest.skip("GoEmotions is not there: set EMOSTUDY_DATA to the folder that holds it")
    return folder


def test_real_counts(real):
    corpus = load("goemotions", real)
    assert len(corpus) == card("goemotions")["num_clips"] == 54263 and corpus.left_out.empty
    assert corpus.clips.split.value_counts().to_dict() == {"train": 43410, "dev": 5426, "test": 5427}
    assert corpus.found["emotions"] == card("goemotions")["counts"]
    test = corpus.clips[corpus.clips.split == "test"].emotion.str.split("|").explode().value_counts()
    assert (test["grief"], test["neutral"], test["admiration"]) == (6, 1787, 504)


def test_real_texts_have_no_doubled_marks_left_by_the_csv(real):
    texts = load("goemotions", real).clips.text
    assert texts.str.contains('"').sum() == 1383 and not texts.str.fullmatch(r'".*[^"]""[^"].*"').any()


def test_real_readings(real):
    single = load("goemotions_single", real)
    assert single.clips.split.value_counts().to_dict() == {"train": 36308, "dev": 4548, "test": 4590}
    assert len(single) + len(single.left_out) == 54263 and set(single.clips.emotion) == set(EMOTIONS)
    ekman = load("goemotions_ekman", real)
    assert len(ekman) == 49469 and len(ekman.left_out) == 4794 and set(ekman.clips.emotion) == set(ekman.emotions)
    assert len(load("goemotions_ekman_multi", real)) == 54263


def test_real_smoke_has_every_emotion_in_train_three_times(real):
    smoke = load("goemotions_single", real, "smoke")
    assert len(smoke) < 300
    assert (smoke.clips[smoke.clips.split == "train"].emotion.value_counts().reindex(EMOTIONS) == 3).all()

"""A csv of sentences: its columns under several names, and what can be wrong."""

from pathlib import Path

import pytest

from emostudy import claim_tables
from emostudy.claims import CLAIMS
from emostudy.corpora import load
from emostudy.corpora.sentences import EMOTION, TEXT
from emostudy.protocols import possible


def write(data: Path, *lines: str, name: str = "all.csv", encoding: str = "utf-8") -> Path:
    (data / "sentences").mkdir(exist_ok=True)
    (data / "sentences" / name).write_bytes("\n".join(lines).encode(encoding))
    return data


def test_a_row_becomes_a_clip(tmp_path):
    lines = [
        "speaker,Emotion,Text,split,dialogue",
        'Ann, Joy ,"Hi, ""you""",valid,d1',
        "Bob,anger,NA,,d1",
        "Bob,anger,no,,",
    ]
    corpus = load("sentences", write(tmp_path, *lines))
    clips = corpus.clips.set_index("clip_id")
    assert list(clips.index) == ["all_000001", "all_000002", "all_000003"]
    assert clips.loc["all_000001", ["emotion", "text", "speaker", "split"]].tolist() == [
        "joy",
        'Hi, "you"',
        "Ann",
        "dev",
    ]
    assert clips.text["all_000002"] == "NA" and clips.turn.tolist() == [0, 1, 0]
    assert corpus.emotions == ("anger", "joy") and corpus.media == ("text",) and corpus.left_out.empty


@pytest.mark.parametrize("text", TEXT)
@pytest.mark.parametrize("emotion", EMOTION)
def test_columns_may_have_several_names(tmp_path, text, emotion):
    corpus = load("sentences", write(tmp_path, f"n,{text.title()},{emotion.upper()}", "0,so it is,joy"))
    assert corpus.clips.text.tolist() == ["so it is"] and corpus.emotions == ("joy",)


def test_the_words_as_they_were_written_come_before_cleaned_ones(tmp_path):
    corpus = load("sentences", write(tmp_path, ",Emotion,Clean_Text,Text", "0,joy,yes,Oh yes!"))
    assert corpus.clips.text.tolist() == ["Oh yes!"]


def test_several_files_are_one_corpus(tmp_path):
    write(tmp_path, "text,emotion", "a,joy", name="one.csv")
    corpus = load(
        "sentences", write(tmp_path, "sentence,label", "a,joy", "b,fear", name="two.CSV", encoding="utf-8-sig")
    )
    assert corpus.clips.clip_id.tolist() == ["one_000001", "two_000001", "two_000002"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",joy,", "no text"),
        ("  ,joy,", "no text"),
        ("a,,", "no emotion"),
        ("a,joy|fear,", "several emotions: joy|fear"),
        ("a,joy,half", "split 'half' is not train, dev or test"),
        ("a, b,joy,train", "more cells than the header"),
    ],
)
def test_a_bad_row_is_left_out_with_the_reason(tmp_path, row, reason):
    corpus = load("sentences", write(tmp_path, "text,emotion,split", "a,joy,", row))
    assert len(corpus) == 1 and corpus.left_out.file.tolist() == ["all.csv, row 2"]
    assert reason in corpus.left_out.reason[0]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (
            ["text,feeling", "a,joy"],
            "has none of the columns emotion, label, emotions, sentiment; it has ['text', 'feeling']",
        ),
        (["words,emotion", "a,joy"], "has none of the columns text, sentence"),
        (["text,emotion", '"a,joy'], "no csv in UTF-8"),
        ([], "no rows under a header"),
    ],
)
def test_a_file_that_is_no_such_csv_is_left_out_and_another_read(tmp_path, lines, reason):
    write(tmp_path, *lines, name="bad.csv")
    with pytest.raises(ValueError) as error:
        load("sentences", tmp_path)
    assert reason in str(error.value) and "sentences: no clip found" in str(error.value)
    corpus = load("sentences", write(tmp_path, "text,emotion", "a,joy", name="good.csv"))
    assert len(corpus) == 1 and corpus.left_out.file.tolist() == ["bad.csv"] and reason in corpus.left_out.reason[0]


def test_a_folder_without_csv_is_told_with_the_remedy(tmp_path):
    (tmp_path / "sentences").mkdir()
    with pytest.raises(ValueError, match=r"no csv in .*sentences: put one there with the columns text and emotion"):
        load("sentences", tmp_path)


def test_smoke_holds_twenty_of_each_emotion_and_part(tmp_path):
    rows = [f"t{n},{emotion},{part}" for n in range(30) for emotion in ("joy", "fear") for part in ("train", "test")]
    clips = load("sentences", write(tmp_path, "text,emotion,split", *rows), "smoke").clips
    assert (clips.groupby(["emotion", "split"]).size() == 20).all() and len(clips) == 80


def test_the_eight_classes_of_the_talk_in_the_common_vocabularies(tmp_path):
    eight = ("neutral", "joy", "sadness", "fear", "surprise", "anger", "shame", "disgust")
    write(tmp_path, "Emotion,Text", *(f"{emotion},words" for emotion in eight))
    seven = load("sentences_common7", tmp_path)
    assert seven.emotions == ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
    assert seven.left_out.reason.tolist() == ["emotion shame is not in sentences_common7"]
    assert len(load("sentences_common4", tmp_path)) == 4


def test_its_card_asks_for_no_split_that_a_file_without_speakers_lacks(tmp_path):
    """The commands of system R's claims take their protocols from the card."""
    rows = [f"sentence {number},{('joy', 'anger')[number % 2]}" for number in range(200)]
    corpus = load("sentences", write(tmp_path, "text,emotion", *rows))
    asked = claim_tables.command(next(claim for claim in CLAIMS if claim.corpora == ("sentences",)))
    protocols = tuple(asked.partition("--protocols ")[2].split()[0].split(","))
    assert set(possible(corpus, protocols).values()) == {""}

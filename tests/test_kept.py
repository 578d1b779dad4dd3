"""The clip table beside the results."""

import json

import pandas as pd
import pytest
import toys

from emostudy import corpora
from emostudy.corpora import kept


@pytest.fixture(autouse=True)
def toy_card(monkeypatch):
    monkeypatch.setattr(kept, "card", lambda name: toys.corpus().card)


def test_a_corpus_comes_back_without_its_media(tmp_path, corpus):
    clips = corpus.clips.assign(audio="/somewhere/else/x.wav", turn=range(len(corpus)), start=0.25, end=None)
    clips.loc[0, "audio"] = None
    corpus = type(corpus)(
        corpus.name, corpus.emotions, corpus.card, clips, pd.DataFrame({"file": ["f"], "reason": ["r"]})
    )
    corpus.clips.attrs.clear()
    object.__setattr__(corpus, "fingerprint", lambda: "abc")
    kept.keep(corpus, tmp_path)
    back = kept.reopen(tmp_path)
    assert (back.name, back.emotions, len(back)) == (corpus.name, corpus.emotions, len(corpus))
    for column in ("clip_id", "emotion", "speaker", "turn"):
        assert back.clips[column].tolist() == corpus.clips[column].tolist(), column
    assert back.clips.audio[1] == "x.wav" and back.clips.audio.isna().tolist() == [True] + [False] * (len(corpus) - 1)
    assert back.clips.start.tolist() == [0.25] * len(corpus) and back.clips.end.isna().all()
    assert back.left_out.to_dict("records") == [{"file": "f", "reason": "r"}]
    assert "/somewhere" not in (tmp_path / "clips.csv").read_text()


def test_sentences_that_may_not_be_shared_are_withheld(tmp_path, corpus):
    clips = corpus.clips.assign(text="a private sentence")
    corpus = type(corpus)(corpus.name, corpus.emotions, corpus.card | {"examples_shareable": False}, clips)
    kept.keep(corpus, tmp_path)
    assert "private" not in (tmp_path / "clips.csv").read_text()
    assert kept.reopen(tmp_path).media == corpus.media


def test_the_same_corpus_is_not_written_twice_and_another_is(tmp_path, corpus):
    kept.keep(corpus, tmp_path)
    before = (tmp_path / "clips.csv").stat().st_mtime_ns
    kept.keep(corpus, tmp_path)
    assert (tmp_path / "clips.csv").stat().st_mtime_ns == before
    text = (tmp_path / "clips.csv").read_text()
    (tmp_path / "clips.csv").write_text(text.replace(",anger,", ",fear,"))
    kept.keep(corpus, tmp_path)
    assert (tmp_path / "clips.csv").read_text() == text, "an edited table is mended"
    fewer = type(corpus)(corpus.name, corpus.emotions, corpus.card, corpus.clips[:-1])
    kept.keep(fewer, tmp_path)
    assert len(kept.reopen(tmp_path)) == len(corpus) - 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("corpus.json", "{"),
        ("corpus.json", "{}"),
        ("clips.csv", "a,b\n1,2\n"),
        ("clips.csv", ""),
        ("corpus.json", "[]"),
    ],
)
def test_a_table_that_is_not_whole_is_told_with_the_remedy(tmp_path, corpus, name, text):
    kept.keep(corpus, tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=r"emostudy run|get it back with git"):
        kept.reopen(tmp_path)


def test_a_corpus_that_is_made_here_is_ready_when_it_is_made(empty_cache):
    assert not corpora.is_ready("emosynth", profile="smoke")
    corpora.load("emosynth", profile="smoke")
    assert corpora.is_ready("emosynth", profile="smoke")
    assert json.dumps(corpora.is_ready("ravdess", "no such folder")) == "false"

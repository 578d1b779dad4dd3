"""The audit finds what is on both sides, whatever a protocol says of itself; and the command that tells it."""

import argparse
import os
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import toys

from emostudy import protocols
from emostudy.audit import audit
from emostudy.auditing import add_audit
from emostudy.corpora import is_present, load
from emostudy.protocols import Protocol, random_folds


def row(rows, what: str):
    return rows.set_index("what").loc[what]


@pytest.fixture
def told(monkeypatch):
    def run(*arguments, corpus=None):
        if corpus is not None:
            monkeypatch.setattr("emostudy.corpora.load", lambda *_: corpus)
        parser = argparse.ArgumentParser()
        add_audit(parser.add_subparsers())
        options = parser.parse_args(["audit", *arguments])
        return options.command(options)

    return run


def test_speakers_are_counted_on_both_sides(corpus):
    every = row(audit(corpus, "random"), "speaker")
    assert every.fold == "all" and every.num_train == 10 and every.percent > 90 and not every.promised
    assert every.num_shared == max(
        protocols.num_shared(one, corpus, "speaker") for one in protocols.splits(corpus, "random")
    )
    one = row(audit(corpus, "speaker_independent", 0), "speaker")
    assert (one.num_train, one.num_dev, one.num_test, one.num_shared, one.num_shared_dev) == (6, 2, 2, 0, 0)
    assert one.promised and not one.broken and one.promise == "all"


def test_numbers_of_several_folds_are_the_mean_and_the_worst(corpus):
    texts = [f"words of clip {'abcdefghij'[n // 9] * 9} {n}" for n in range(len(corpus))]
    first = protocols.splits(corpus, "random", (0,))[0]
    texts = dict(zip(corpus.clips.clip_id, texts, strict=True)) | {
        first.test[0]: "the same",
        first.train[0]: "The same.",
    }
    corpus = replace(corpus, clips=corpus.clips.assign(text=corpus.clips.clip_id.map(texts)))
    each = [row(audit(corpus, "random", fold), "text exact") for fold in range(5)]
    all_ = row(audit(corpus, "random"), "text exact")
    assert each[0].num_shared == 1 == all_.num_shared and each[0].example == "the same"
    assert all_.percent == pytest.approx(np.mean([one.percent for one in each])) and all_.percent_max == each[0].percent


def test_a_fold_that_is_not_there_is_refused(corpus):
    with pytest.raises(ValueError, match="random has no fold 7 on toy"):
        audit(corpus, "random", 7)


def test_recordings_are_compared_by_what_is_heard(corpus, tmp_path, empty_cache):
    for number in range(len(corpus)):
        same = 0 if number in (0, 40) else number + 1
        noise = np.random.default_rng(same).normal(0, 0.1, 8000)
        soundfile.write(tmp_path / f"{number}.wav", noise, 16000)
    corpus = replace(corpus, clips=corpus.clips.assign(audio=[str(tmp_path / f"{n}.wav") for n in range(len(corpus))]))
    for what in ("recording exact", "recording near"):
        assert row(audit(corpus, "speaker_independent"), what).num_shared == 1


def test_a_protocol_that_breaks_its_word_is_told_and_the_command_fails(corpus, told, monkeypatch, capsys):
    def lying(corpus, listed):
        return replace(random_folds(corpus, listed), keeps_apart=("speaker",))

    monkeypatch.setitem(protocols.PROTOCOLS, "random", Protocol("random", "liar", ("speaker",), lying))
    assert told("--protocols", "random", corpus=corpus) == 1
    out = capsys.readouterr().out
    assert "BROKEN: random promises to keep speakers apart and does not, e.g. s00" in out and "1 promise broken" in out
    with pytest.raises(ValueError, match="protocol 'random' keeps speakers apart"):
        protocols.splits(corpus, "random")


def test_the_command_tells_every_protocol_and_why_others_are_not_possible(corpus, told, capsys):
    assert told(corpus=corpus) == 0
    out = capsys.readouterr().out
    for words in (
        "Random split (random)",
        "New speakers (speaker_independent)",
        "kept",
        "none made",
        "No promise is broken",
    ):
        assert words in out
    assert "official: toy has no official split" in out
    assert "80/20 as published (as_published:80_20)" in out
    assert "as_published:100_clips: toy has 90 clips, fewer than the 100 of this split" in out


@pytest.mark.parametrize("option", [("--protocols", "randm"), ("--profile", "clas")])
def test_a_wrong_name_is_refused(corpus, told, option):
    with pytest.raises(ValueError, match="did you mean"):
        told(*option, corpus=corpus)


@pytest.fixture(scope="module")
def meld():
    if not is_present("meld", os.environ.get("EMOSTUDY_DATA")):
        pytest.skip("MELD is not there: set EMOSTUDY_DATA to the folder that holds it")
    return audit(load("meld", os.environ["EMOSTUDY_DATA"]), "official")


def test_the_official_split_of_meld_shares_speakers_episodes_and_verbatim_texts(meld):
    numbers = {what: row(meld, what)[["num_train", "num_test", "num_shared"]].tolist() for what in meld.what}
    assert numbers["speaker"] == [260, 100, 69] and numbers["episode"] == [188, 143, 142]
    assert numbers["dialogue"] == [1038, 280, 0]
    assert numbers["text exact"][2] == 152 and numbers["text near"][2] == 160
    assert not meld.promised.any()
    assert row(meld, "speaker").percent == pytest.approx(95.8, abs=0.05)
    assert row(meld, "text exact").percent == pytest.approx(15.4, abs=0.05)


def test_a_corpus_of_one_toy_has_no_more_traits_than_it_knows():
    assert list(audit(toys.corpus(), "random").what) == ["speaker"]

"""Splits, and the guard that refuses one that leaks."""

from collections import Counter
from dataclasses import replace

import pytest
import toys

from emostudy.corpora.corpus import Corpus
from emostudy.protocols import PROTOCOLS, deal_speakers, guard, num_shared, splits


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_test_parts_partition_the_clips_and_dev_is_the_next_test(corpus, protocol):
    made = splits(corpus, protocol)
    assert sorted(clip for split in made for clip in split.test) == list(corpus.clips.clip_id)
    for split, following in zip(made, made[1:] + made[:1], strict=True):
        assert split.dev == following.test
        assert sorted(split.train + split.dev + split.test) == list(corpus.clips.clip_id)
        assert list(split.train) == sorted(split.train)


def test_random_folds_are_stratified_and_speakers_are_on_both_sides(corpus):
    emotion = corpus.clips.set_index("clip_id").emotion
    for split in splits(corpus, "random"):
        assert Counter(emotion[list(split.test)]) == dict.fromkeys(toys.EMOTIONS, 6)
        assert num_shared(split, corpus, "speaker") > 0


def test_random_folds_do_not_depend_on_the_order_of_rows_or_on_the_global_seed(corpus):
    import numpy as np

    once = splits(corpus, "random")
    np.random.seed(5)
    assert splits(replace(corpus, clips=corpus.clips.sample(frac=1, random_state=3)), "random") == once


def test_speakers_are_kept_apart_and_genders_balanced(corpus):
    clips = corpus.clips.set_index("clip_id")
    for split in splits(corpus, "speaker_independent"):
        assert num_shared(split, corpus, "speaker") == 0
        assert Counter(clips.loc[list(split.test)].drop_duplicates("speaker").gender) == {"female": 1, "male": 1}


def test_speakers_are_dealt_by_gender_first(corpus):
    women = ["s00", "s01", "s05", "s06", "s07"]
    clips = corpus.clips.assign(gender=corpus.clips.speaker.map(lambda name: "female" if name in women else "male"))
    assert all(len(set(women) & set(fold)) == 1 for fold in deal_speakers(clips))


def test_the_card_gives_the_folds_of_speakers(corpus):
    listed = [["s09", "s00"], ["s01", "s02"], ["s03", "s04"], ["s05", "s06"], ["s07", "s08"]]
    given = replace(corpus, card=corpus.card | {"speaker_folds": listed})
    speaker = corpus.clips.set_index("clip_id").speaker
    first = splits(given, "speaker_independent", (0,))[0]
    assert set(speaker[list(first.test)]) == {"s00", "s09"} and set(speaker[list(first.dev)]) == {"s01", "s02"}
    short = replace(corpus, card={"speaker_folds": listed[:4]})
    with pytest.raises(ValueError, match=r"speaker s07 is in no fold of the card; add it"):
        splits(short, "speaker_independent")


def test_too_few_clips_or_speakers_are_told_with_the_remedy(corpus):
    rare = replace(corpus, clips=corpus.clips.drop(corpus.clips.index[corpus.clips.emotion == "joy"][4:]))
    with pytest.raises(ValueError, match=r"only 4 clips of 'joy'; 5 folds need at least 5 of each emotion: add clips"):
        splits(rare, "random")
    with pytest.raises(ValueError, match=r"4 speakers cannot fill 5 folds; use protocol 'random'"):
        splits(toys.corpus(num_speakers=4), "speaker_independent")


def test_an_unknown_protocol_is_refused_with_the_nearest(corpus):
    with pytest.raises(ValueError, match="unknown protocol 'randon'; did you mean random"):
        splits(corpus, "randon")


@pytest.fixture
def split(corpus):
    return splits(corpus, "speaker_independent", (0,))[0]


@pytest.mark.parametrize(("one", "other"), [("train", "test"), ("train", "dev"), ("dev", "test")])
def test_a_speaker_on_both_sides_is_refused(corpus, split, one, other):
    moved, *kept = getattr(split, other)
    leaking = replace(split, **{other: tuple(kept), one: (*getattr(split, one), moved)})
    with pytest.raises(
        ValueError, match=rf"speaker {moved[:3]} is in {one} and {other}; .*speakers apart: use splits\("
    ):
        guard(leaking, corpus)
    guard(replace(leaking, keeps_apart=()), corpus)  # the random protocol promises nothing about speakers


def test_a_clip_in_two_parts_is_refused_under_every_protocol(corpus, split):
    twice = replace(split, keeps_apart=(), train=(*split.train, split.test[0]))
    with pytest.raises(ValueError, match=f"clip_id {split.test[0]} is in train and test"):
        guard(twice, corpus)


def test_an_empty_part_is_refused(corpus, split):
    with pytest.raises(ValueError, match="fold 0: no clip in dev; the corpus is too small"):
        guard(replace(split, dev=()), corpus)


def test_an_emotion_that_is_not_trained_on_is_refused(corpus, split):
    joyless = tuple(clip for clip in split.train if int(clip[-1]) % 3 != 2)
    with pytest.raises(ValueError, match=r"0 training clips of 'joy'.*add clips or leave that emotion out"):
        guard(replace(split, train=joyless), corpus)


def test_an_emotion_of_which_the_corpus_has_no_clip_is_refused(corpus):
    with pytest.raises(ValueError, match="0 training clips of 'pride'"):
        splits(Corpus("toy", (*toys.EMOTIONS, "pride"), {}, corpus.clips), "random")

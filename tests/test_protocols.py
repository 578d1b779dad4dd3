"""Splits, and the guard that refuses one that leaks."""

import os
from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import toys

from emostudy.corpora import cards, is_present, load
from emostudy.corpora.catalogue import subcorpora
from emostudy.corpora.corpus import Corpus
from emostudy.folds import deal_speakers
from emostudy.protocols import VARIANTS, guard, num_shared, pairs_of, possible, splits, unguarded
from emostudy.wording import protocol_title


@pytest.mark.parametrize("protocol", ["random", "speaker_independent", "leave_one_speaker_out"])
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


def spoken(num_speakers: int = 6, num_sentences: int = 6, clips_each: int = 36, **changed) -> Corpus:
    """A toy corpus in which every speaker says every sentence in every emotion, in sessions of two speakers."""
    made = toys.corpus(num_speakers, clips_each)
    number = made.clips.groupby("speaker").cumcount()
    session = (made.clips.speaker.str[1:].astype(int) // 2).map("Ses{}".format)
    return replace(
        made,
        clips=made.clips.assign(
            sentence=(number // 3 % num_sentences).map("say {}".format), session=session, **changed
        ),
    )


def parts(split, corpus, column: str) -> dict[str, set]:
    values = corpus.clips.set_index("clip_id")[column]
    return {part: set(values[list(getattr(split, part))]) for part in ("train", "dev", "test")}


def test_every_protocol_has_a_fold_for_each_group_up_to_five():
    corpus = spoken(num_speakers=12)
    number = {name: len(splits(corpus, name)) for name, reason in possible(corpus).items() if not reason}
    assert number == {
        "random": 5,
        "speaker_independent": 5,
        "sentence_independent": 5,
        "session_independent": 5,
        "speaker_and_sentence_independent": 5,
        "leave_one_speaker_out": 12,
        "leave_one_session_out": 6,
    }


def test_folds_that_a_protocol_does_not_have_are_passed_over():
    assert [split.fold for split in splits(spoken(num_speakers=2), "leave_one_speaker_out", (0, 1, 2))] == [0, 1]


def test_of_two_speakers_one_is_tested_and_dev_is_a_fifth_of_the_others_sentences():
    corpus = spoken(num_speakers=2, num_sentences=10, clips_each=60)
    for protocol in ("speaker_independent", "leave_one_speaker_out"):
        first, second = splits(corpus, protocol)
        assert parts(first, corpus, "speaker") == {"train": {"s01"}, "dev": {"s01"}, "test": {"s00"}}
        assert parts(second, corpus, "speaker")["test"] == {"s01"}
        said = parts(first, corpus, "sentence")
        assert len(said["dev"]) == 2 and len(said["train"]) == 8 and not said["train"] & said["dev"]
        assert len(first.test) == 60 and first.keeps_apart == ("test:speaker", "train/dev:sentence")


def test_new_speakers_and_sentences_leave_out_the_clips_that_mix():
    corpus = spoken()
    for split in splits(corpus, "speaker_and_sentence_independent"):
        for column in ("speaker", "sentence"):
            found = parts(split, corpus, column)
            assert (
                not found["train"] & found["test"]
                and not found["train"] & found["dev"]
                and not found["dev"] & found["test"]
            )
        assert 0 < len(split.train) + len(split.dev) + len(split.test) < len(corpus)


def test_two_sentences_are_split_so_that_only_the_tested_one_is_new():
    corpus = spoken(num_sentences=2)
    split = splits(corpus, "speaker_and_sentence_independent")[0]
    assert parts(split, corpus, "sentence") == {"train": {"say 1"}, "dev": {"say 1"}, "test": {"say 0"}}
    assert split.keeps_apart == ("speaker", "test:sentence")
    with pytest.raises(ValueError, match="two speakers and two sentences"):
        splits(spoken(num_speakers=2, num_sentences=2), "speaker_and_sentence_independent")


def test_the_official_split_is_taken_from_the_column_and_clips_without_a_part_are_in_none():
    corpus = spoken()
    part = ["train", "train", "dev", "test", "", "train"] * (len(corpus) // 6)
    corpus = replace(corpus, clips=corpus.clips.assign(split=part, emotion=list(toys.EMOTIONS) * (len(corpus) // 3)))
    corpus = replace(
        corpus, clips=corpus.clips.assign(split=corpus.clips.sample(frac=1, random_state=0).split.to_numpy())
    )
    (split,) = splits(corpus, "official")
    assert set(split.dev) == set(corpus.clips.clip_id[corpus.clips.split == "dev"]) and split.keeps_apart == ()
    assert len(split.train) + len(split.dev) + len(split.test) == (corpus.clips.split != "").sum()


@pytest.mark.parametrize(
    ("protocol", "lack"),
    [
        ("sentence_independent", "toy knows no sentences"),
        ("leave_one_session_out", "toy knows no sessions"),
        ("dialogue_independent", "toy knows no dialogues"),
        ("official", "toy has no official split"),
    ],
)
def test_what_the_corpus_lacks_is_told_and_what_it_allows(corpus, protocol, lack):
    with pytest.raises(
        ValueError, match=f"{protocol}: {lack}.*it allows random, speaker_independent, leave_one_speaker_out$"
    ):
        splits(corpus, protocol)


def test_a_column_of_one_value_keeps_nothing_apart(corpus):
    with pytest.raises(ValueError, match="only one speaker, 's1'"):
        splits(replace(corpus, clips=corpus.clips.assign(speaker="s1")), "speaker_independent")


def test_clips_of_an_unknown_speaker_are_in_no_part(corpus):
    unknown = corpus.clips.speaker.where(corpus.clips.speaker != "s03", "")
    for split in splits(replace(corpus, clips=corpus.clips.assign(speaker=unknown)), "speaker_independent"):
        assert not {"s03_0", "s03_8"} & {*split.train, *split.dev, *split.test}


def test_groups_without_genders_are_dealt_with_emotions_evenly_spread():
    corpus = spoken(num_speakers=15, gender="")
    held = [parts(split, corpus, "speaker")["test"] for split in splits(corpus, "speaker_independent")]
    assert sorted(map(len, held)) == [3] * 5 and len(set().union(*held)) == 15


def test_clips_of_several_emotions_are_split_officially_only(corpus):
    several = corpus.clips.emotion.where(corpus.clips.index % 7 > 0, "anger|joy")
    official = np.resize(["train", "train", "dev", "test"], len(corpus))
    card = corpus.card | {"multi_label": True}
    corpus = replace(corpus, card=card, clips=corpus.clips.assign(emotion=several, split=official))
    with pytest.raises(ValueError, match=r"several emotions.*no reading with one each; it allows official"):
        splits(corpus, "random")
    assert len(splits(corpus, "official")) == 1


@pytest.mark.parametrize(
    ("promise", "pairs"),
    [
        ("speaker", [("train", "dev"), ("train", "test"), ("dev", "test")]),
        ("test:speaker", [("train", "test"), ("dev", "test")]),
        ("train/dev:sentence", [("train", "dev")]),
    ],
)
def test_a_promise_says_which_parts_it_is_about(promise, pairs):
    assert pairs_of(promise) == pairs


def test_the_guard_holds_a_promise_about_two_parts_to_just_these():
    corpus = spoken(num_speakers=2, num_sentences=10, clips_each=60)
    split = splits(corpus, "speaker_independent")[0]
    moved, *kept = split.dev
    with pytest.raises(ValueError, match="sentence say 0 is in train and dev"):
        guard(replace(split, dev=tuple(kept), train=(*split.train, moved)), corpus)


@cache
def present(name: str) -> Corpus:
    """A corpus that is here, read once; small where it is made here."""
    return load(name, os.environ.get("EMOSTUDY_DATA"), "smoke")


@cache
def allowed(name: str) -> set[str]:
    return {protocol for protocol, reason in possible(present(name)).items() if not reason}


@pytest.mark.parametrize("name", cards())
def test_a_protocol_that_promises_independence_has_it_on_every_corpus_that_is_here(name):
    if not is_present(name, os.environ.get("EMOSTUDY_DATA")):
        pytest.skip(f"{name} is not there: set EMOSTUDY_DATA to the folder that holds it")
    checked = 0
    for protocol in allowed(name):
        for split in unguarded(present(name), protocol)[:10]:  # of hundreds of speakers left out, ten
            for promise in split.keeps_apart:
                found = parts(split, present(name), promise.rpartition(":")[2])
                shared = [found[one] & found[other] for one, other in pairs_of(promise)]
                assert not any(shared), (protocol, split.fold, promise)
                checked += len(shared)
    assert checked or allowed(name) <= {"random", "official"}


@pytest.mark.parametrize(
    ("variant", "sizes"), [("70_20_10", (126, 36, 18)), ("80_20", (115, 29, 36)), ("100_clips", (80, 10, 10))]
)
def test_the_authors_ways_have_their_sizes_and_are_stratified(variant, sizes):
    corpus = toys.corpus(clips_each=18)
    (split,) = splits(corpus, f"as_published:{variant}")
    assert (len(split.train), len(split.dev), len(split.test)) == sizes and split.keeps_apart == ()
    emotion = corpus.clips.set_index("clip_id").emotion
    for part in (split.train, split.dev, split.test):
        counts = Counter(emotion[list(part)])
        assert len(counts) == 3 and max(counts.values()) - min(counts.values()) <= 1
    assert splits(corpus, f"as_published:{variant}", (1, 2)) == []


def test_the_authors_ways_do_not_depend_on_the_order_of_rows_or_on_the_global_seed():
    corpus = toys.corpus(clips_each=18)
    shuffled = replace(corpus, clips=corpus.clips.sample(frac=1, random_state=3))
    published = [protocol for protocol in VARIANTS if protocol.startswith("as_published")]
    once = [splits(corpus, protocol) for protocol in published]
    np.random.seed(5)
    assert [splits(shuffled, protocol) for protocol in published] == once


def test_of_a_hundred_clips_a_rare_emotion_has_five_and_the_others_are_in_proportion():
    corpus = toys.corpus(num_speakers=40, clips_each=9)  # 120 clips of each emotion
    joy, fear = (corpus.clips.index[corpus.clips.emotion == emotion] for emotion in ("joy", "fear"))
    corpus = replace(corpus, clips=corpus.clips.drop([*joy[6:], *fear[40:]]))  # 120, 40 and 6
    (split,) = splits(corpus, "as_published:100_clips")
    emotion = corpus.clips.set_index("clip_id").emotion
    counts = Counter(emotion[[*split.train, *split.dev, *split.test]])
    assert counts["joy"] == 5 and sum(counts.values()) == 100
    assert counts["anger"] / counts["fear"] == pytest.approx(3, abs=0.3)
    assert Counter(emotion[list(split.train)])["joy"] >= 3


@pytest.mark.parametrize(
    ("clips_each", "num_joy", "lack"),
    [(6, 20, "toy has 60 clips, fewer than the 100"), (18, 4, "toy has only 4 clips of 'joy'; this split needs 5")],
)
def test_a_corpus_too_small_for_the_authors_way_is_told(clips_each, num_joy, lack):
    corpus = toys.corpus(clips_each=clips_each)
    joy = corpus.clips.index[corpus.clips.emotion == "joy"]
    corpus = replace(corpus, clips=corpus.clips.drop(joy[num_joy:]))
    with pytest.raises(ValueError, match=f"as_published:100_clips: {lack}.*it allows "):
        splits(corpus, "as_published:100_clips")


def test_more_emotions_than_a_part_has_clips_do_not_fit():
    corpus = toys.corpus(clips_each=18)
    emotions = tuple(f"e{number:02}" for number in range(11))
    corpus = Corpus("toy", emotions, corpus.card, corpus.clips.assign(emotion=np.resize(emotions, len(corpus))))
    assert possible(corpus, VARIANTS)["as_published:100_clips"].startswith("toy has 11 emotions; they do not fit")
    assert possible(corpus, VARIANTS)["as_published:80_20"] == ""


@pytest.mark.parametrize("protocol", ["as_published", "as_published:90_10"])
def test_an_authors_way_that_is_none_is_refused_with_those_that_are(corpus, protocol):
    with pytest.raises(
        ValueError, match="is not one of as_published:70_20_10, as_published:80_20, as_published:100_clips"
    ):
        splits(corpus, protocol)


def test_the_authors_ways_are_told_by_title_and_not_among_the_studys_own(corpus):
    titles = ["70/20/10 as published", "80/20 as published", "100 clips as published"]
    titles += [f"trained on {title}" for title in subcorpora().values()]
    assert {"trained on RAVDESS", "trained on TESS", "trained on EmoSynth"} <= set(titles)
    assert [protocol_title(protocol) for protocol in VARIANTS] == titles
    assert not set(possible(corpus)) & {"as_published", "trained_on", *VARIANTS}

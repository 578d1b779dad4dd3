"""The count guard: a corpus against its card."""

from dataclasses import replace

import pytest
import toys

from emostudy.corpora import check
from emostudy.corpora.check import differences

FOUND = {"clips": 1440, "speakers": 24, "emotions": {"happy": 192, "sad": 1248}}
CARD = {"num_clips": 1440, "num_speakers": 24, "counts": {"happy": 192, "sad": 1248}}


def of(found, card):
    """What differs between these counts and this card."""
    return differences(replace(toys.corpus(), name="toy", found=FOUND | found, card=CARD | card))


def test_nothing_differs_where_all_is_as_published():
    assert of({}, {}) == []


@pytest.mark.parametrize(
    ("found", "card", "line"),
    [
        ({"clips": 1436}, {}, "1436 of 1440 clips: 4 missing"),
        ({"clips": 1442}, {}, "1442 of 1440 clips: 2 too many"),
        ({"speakers": 23}, {}, "23 of 24 speakers: 1 missing"),
        ({"emotions": {"happy": 190, "sad": 1248}}, {}, "190 of 192 happy: 2 missing"),
        ({"emotions": {"sad": 1248}}, {}, "0 of 192 happy: 192 missing"),
        ({"emotions": FOUND["emotions"] | {"bored": 3}}, {}, "3 clips of bored, which the card does not name"),
    ],
)
def test_a_difference_is_named(found, card, line):
    assert of(found, card) == [line]


def test_what_the_card_does_not_state_is_not_compared():
    silent = {"num_clips": None, "num_speakers": None, "counts": {}}
    assert of({"clips": 1, "speakers": 0}, silent) == []


def test_duplicates_are_counted_before_they_are_set_aside():
    corpus = replace(toys.corpus(), name="toy", card=CARD, found=FOUND)
    assert len(corpus.clips) != FOUND["clips"] and differences(corpus) == []


def test_a_corpus_that_was_not_counted_is_counted_here():
    corpus = toys.corpus()
    card = {"num_clips": len(corpus) + 1}
    assert differences(replace(corpus, name="toy", card=card, found=None)) == [
        f"{len(corpus)} of {len(corpus) + 1} clips: 1 missing"
    ]


def test_a_reading_is_compared_with_the_card_of_its_corpus(monkeypatch):
    monkeypatch.setattr(check, "cards", lambda: {"toy": CARD})
    monkeypatch.setattr(check, "base_of", lambda name: name.partition("_")[0])
    corpus = replace(toys.corpus(), name="toy_two", found=FOUND, card=CARD | {"num_clips": 7, "counts": {"good": 1}})
    assert differences(corpus) == []

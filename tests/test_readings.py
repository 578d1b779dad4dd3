"""Readings: the same clips under other labels; what is left out, counted."""

from dataclasses import replace

import pandas as pd
import pytest
import toys

from emostudy.corpora.readings import read_as
from emostudy.corpora.vocabularies import ANY

MERGED = {"emotions": ["bad", "joy"], "labels": {"anger": "bad", "fear": "bad", "joy": "joy"}}


def corpus(*cells: str, **card):
    """A corpus whose clips have these emotions."""
    clips = toys.corpus().clips.head(len(cells)).assign(emotion=cells)
    whole = toys.corpus()
    return replace(whole, clips=clips, card=whole.card | card)


def reasons(read) -> list[str]:
    return read.left_out.reason.tolist()


def test_labels_are_merged_and_every_clip_is_kept_where_all_are_named():
    read = read_as(corpus("joy", "anger", "fear"), "toy_two", MERGED)
    assert read.clips.emotion.tolist() == ["joy", "bad", "bad"] and read.emotions == ("bad", "joy")
    assert read.name == "toy_two" and read.left_out.empty and read.card["licence"] == "CC0"


def test_a_label_that_is_not_named_leaves_its_clips_out_and_they_are_told():
    whole = corpus("joy", "fear", "anger", "fear")
    read = read_as(whole, "toy_two", {"emotions": ["anger", "joy"]})
    assert read.clips.emotion.tolist() == ["joy", "anger"]
    assert read.left_out.file.tolist() == whole.clips.clip_id[[1, 3]].tolist()
    assert reasons(read) == ["emotion fear is not in toy_two"] * 2


def test_what_was_left_out_before_stays_in_the_list():
    whole = replace(corpus("joy", "fear"), left_out=pd.DataFrame([("a.wav", "song")], columns=["file", "reason"]))
    read = read_as(whole, "toy_one", {"emotions": ["joy"]})
    assert reasons(read) == ["song", "emotion fear is not in toy_one"] and len(read) + 1 == len(whole)


def test_a_clip_with_several_labels_is_read_where_they_become_one():
    read = read_as(
        corpus("anger|fear", "anger|joy", "joy", multi_label=True), "toy_two", MERGED | {"multi_label": False}
    )
    assert read.clips.emotion.tolist() == ["bad", "joy"] and reasons(read) == ["several emotions: bad|joy"]
    assert read.labels("bad") == ["bad"]


def test_several_labels_are_kept_each_once_where_the_reading_allows_it():
    read = read_as(corpus("anger|fear|joy", "joy", multi_label=True), "toy_two", MERGED | {"multi_label": True})
    assert read.clips.emotion.tolist() == ["bad|joy", "joy"] and read.left_out.empty
    assert read.label_matrix().tolist() == [[True, True], [False, True]]


@pytest.mark.parametrize("several", [True, False])
def test_no_label_of_a_clip_is_dropped_alone(several):
    card = {"emotions": ["joy"], "multi_label": several}
    read = read_as(corpus("anger|joy", "joy", multi_label=True), "toy_one", card)
    assert len(read) == 1 and reasons(read) == ["emotion anger is not in toy_one"]


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ({"emotions": ["joy"], "labels": {"calm": "joy"}}, "label 'calm' is unknown"),
        ({"emotions": ["joy"], "labels": {"anger": "rage"}}, "label 'rage' is unknown"),
        ({"emotions": ["joy", "bad"], "labels": {"joy": "joy"}}, "no label leads to 'bad'"),
        ({"emotions": ["calm"]}, "label 'calm' is unknown"),
    ],
)
def test_a_reading_that_does_not_fit_is_refused(card, told):
    with pytest.raises(ValueError, match=f"card of toy_x: {told}"):
        read_as(corpus("joy"), "toy_x", card)


def test_a_reading_that_leaves_no_clip_is_refused():
    with pytest.raises(
        ValueError, match=r"toy_one: no clip is left; the emotions of toy are \['anger', 'fear', 'joy'\]"
    ):
        read_as(corpus("fear"), "toy_one", {"emotions": ["joy"]})


def test_a_corpus_has_those_emotions_of_a_reading_that_its_own_labels_lead_to():
    card = {"emotions": ["bad", "calm", "joy"], "labels": MERGED["labels"] | {"calm": "calm"}}
    read = read_as(corpus("joy", "fear", emotions=[*toys.EMOTIONS, "calm"]), "toy_three", card)
    assert read.emotions == ("bad", "joy") and len(read) == 2


def test_a_corpus_with_the_labels_of_its_data_may_lack_any():
    card = {"emotions": ["bad", "calm", "joy"], "labels": MERGED["labels"] | {"calm": "calm"}}
    assert read_as(corpus("joy", "fear", emotions=[ANY]), "toy_three", card).emotions == ("bad", "joy")

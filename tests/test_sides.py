"""Clips of one side of the frame, or balanced between them, and readings that take them."""

import numpy as np
import pandas as pd
import pytest
import toys

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.readings import read_as
from emostudy.corpora.sides import on_side


@pytest.fixture
def corpus() -> Corpus:
    clips = toys.corpus().clips
    sides = np.where(np.arange(len(clips)) % 4 == 0, "right", "left")
    return Corpus("toy", toys.EMOTIONS, {"emotions": list(toys.EMOTIONS)}, clips.assign(side=sides))


@pytest.mark.parametrize(("side", "other"), [("left", "right"), ("right", "left")])
def test_one_side_alone_and_the_others_are_told(corpus, side, other):
    found = on_side(corpus, side)
    assert set(found.clips.side) == {side}
    assert found.left_out.file.tolist() == corpus.clips.clip_id[corpus.clips.side == other].tolist()
    assert set(found.left_out.reason) == {f"the speaker does not sit on the {side}"}


def test_balanced_has_as_many_of_each_emotion_from_either_side_and_is_always_the_same(corpus):
    found = on_side(corpus, "balanced")
    table = pd.crosstab(found.clips.emotion, found.clips.side)
    assert (table.left == table.right).all()
    fewer = pd.crosstab(corpus.clips.emotion, corpus.clips.side).min(axis=1)
    assert table.right.to_dict() == fewer.to_dict()
    assert found.clips.clip_id.tolist() == on_side(corpus, "balanced").clips.clip_id.tolist()
    assert len(found.clips) + len(found.left_out) == len(corpus)


def test_a_reading_may_take_one_side(corpus):
    read = read_as(corpus, "toy_left", {"emotions": list(toys.EMOTIONS), "side": "left"})
    assert read.name == "toy_left" and set(read.clips.side) == {"left"} and read.emotions == tuple(toys.EMOTIONS)


def test_what_cannot_be_chosen_is_refused(corpus):
    with pytest.raises(ValueError, match="side is 'middle'; need left, right or balanced"):
        on_side(corpus, "middle")
    with pytest.raises(ValueError, match="does not say on which side"):
        on_side(toys.corpus(), "left")
    with pytest.raises(ValueError, match="no clip for side 'right'"):
        on_side(on_side(corpus, "left"), "right")

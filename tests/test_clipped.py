"""Heads whose inputs cannot lie far from those of training clips."""

import numpy as np
import torch
import toys

from emostudy.features.clipped import FURTHEST, clipped, clipped_sentence_vectors
from emostudy.features.fitted import padded_sentence_vectors, standardised
from emostudy.recipes import robust


def test_numbers_are_cut_at_five_training_deviations_on_both_sides_and_what_is_missing_stays_so():
    train = np.random.default_rng(0).normal(3.0, 2.0, (500, 4))
    far = np.array([[3.0, 1000.0, -1000.0, np.nan]])
    cut, plain = clipped(train), standardised(train)
    assert cut.size == plain.size == 4
    assert cut(far)[0, 1:3].tolist() == [FURTHEST, -FURTHEST] and cut(far)[0, 3].isnan()
    assert plain(far)[0, 1] > 400
    near = train[plain(train).abs().max(1).values.numpy() < FURTHEST]
    assert torch.equal(cut(near), plain(near))


def test_sentences_are_cut_as_well():
    said = np.array(["I am so happy", "so sad today", "leave me alone", "what a day", "happy day", "sad and alone"] * 3)
    cut, plain = clipped_sentence_vectors(said), padded_sentence_vectors(said)
    assert cut.size == plain.size
    assert torch.equal(cut(said), plain(said).clamp(-FURTHEST, FURTHEST))


def test_clipped_heads_differ_from_theirs_in_nothing_else_and_only_where_there_is_time():
    cell = toys.numbers_cell(np.ones(3))
    corpus = toys.corpus(audio=cell, action_units=cell, text="some words")
    assert robust.cut(False, corpus) == ()
    plain = {one.name: one for one in robust.asked([], True, corpus)}
    for one in robust.cut(True, corpus):
        base = plain[one.name.removesuffix("_clipped")]
        assert one.learner == base.learner and one.features == base.features
        assert set(one.prepare.values()) == {clipped, clipped_sentence_vectors}
    assert {one.name for one in robust.cut(True, corpus)} <= {
        one.name for one in robust.by_condition(corpus)["corrupted"]
    }

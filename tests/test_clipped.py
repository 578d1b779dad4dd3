"""Heads whose inputs cannot lie far from those of training clips."""

import numpy as np
import pandas as pd
import torch
import toys

from emostudy import robust_words
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


def test_what_clipping_does_is_told_both_ways():
    numbers = {"ci_low": 0.0, "ci_high": 0.1}
    compared = pd.DataFrame(
        [
            {"recipe": "a", "condition": "noise_5", "difference": 0.164, "verdict": "better", **numbers},
            {"recipe": "a", "condition": "none", "difference": 0.0, "verdict": "no difference shown", **numbers},
            {"recipe": "b", "condition": "noise_5", "difference": -0.2, "verdict": "worse", **numbers},
            {"recipe": "c", "condition": "none", "difference": 0.0, "verdict": "no difference shown", **numbers},
        ]
    )
    rows = pd.DataFrame(
        {
            "condition": ["none", "noise_5"],
            "modality": ["", "speech"],
            "kind": ["clean", "noise"],
            "severity": [0.0, 5.0],
            "unit": ["", "dB"],
        }
    )
    gains, loses, neither = robust_words.clipped(compared, rows, {"a": "unit a"}).splitlines()
    assert "nit a is shown to be better with speech noise 5 dB 16.4 [0.0, 10.0]" in gains and "other 1 cond" in gains
    assert "worse with speech noise 5 dB -20.0" in loses and "better" not in loses.split("(")[0]
    assert "neither better nor worse" in neither

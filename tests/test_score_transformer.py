"""System I's transformer over the matrix of scores, as a rule: learned from dev, told out of fold there."""

import numpy as np
import pytest

from emostudy.recipes.fusions import FURTHER, HEADS
from emostudy.recipes.score_transformer import SCORE_TRANSFORMER, score_transformer


def votes(num=240, seed=0):
    """(M, N, C) of which the second is right where the first says class 2, and only there."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, num)
    first, second = labels.copy(), labels.copy()
    wrong = labels != 1
    first[wrong] = 2
    second[labels == 1] = rng.integers(0, 3, (labels == 1).sum())
    scores = np.full((2, num, 3), 0.1)
    for m, said in enumerate((first, second)):
        scores[m, np.arange(num), said] = 0.8
    return scores, labels


def test_it_learns_whom_to_believe_when_and_is_the_same_every_time():
    dev, labels = votes()
    test, truth = votes(seed=1)
    fused = score_transformer(dev, labels)(test)
    assert fused.shape == (240, 3) and fused.sum(1) == pytest.approx(1)
    assert (fused.argmax(1) == truth).mean() > 0.97 > (test.mean(0).argmax(1) == truth).mean()
    assert np.array_equal(fused, score_transformer(dev, labels)(test))


def test_on_dev_it_is_told_out_of_fold():
    dev, labels = votes()
    shuffled = np.random.default_rng(3).permutation(labels)
    groups = np.repeat(np.arange(12), 20)
    told = SCORE_TRANSFORMER.combine_dev(dev, shuffled, groups)
    assert (told.argmax(1) == shuffled).mean() < 0.45  # chance is a third: what it learned by heart does not count
    assert told.shape == (240, 3)


def test_it_is_a_further_rule_and_no_head():
    assert SCORE_TRANSFORMER.name in FURTHER and SCORE_TRANSFORMER.name not in HEADS

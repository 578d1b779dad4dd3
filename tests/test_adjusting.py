"""Logit adjustment: what it turns, what it leaves, and where it is taken off."""

import numpy as np
import pytest
from sklearn.metrics import recall_score

from emostudy.adjusting import LogitAdjusted, adjusted
from emostudy.estimators import Fitted
from tests import toys

LABELS = np.repeat([0, 1], [900, 100])


def overlapping():
    """1 000 clips with one number each, the rarer class a little higher; the true posterior of each."""
    x = np.random.default_rng(0).normal(LABELS * 1.5)
    odds = 0.1 / 0.9 * np.exp(1.5 * x - 1.5**2 / 2)
    return np.stack([1 / (1 + odds), odds / (1 + odds)], 1)


def recall(probabilities):
    return recall_score(LABELS, probabilities.argmax(1), average="macro")


def test_the_whole_share_turns_the_posterior_into_the_best_for_uar():
    posterior = overlapping()
    scores = [recall(adjusted(posterior, LABELS, share)) for share in (0, 0.5, 1)]
    assert scores[0] < scores[1] < scores[2]
    likelihoods = posterior / [0.9, 0.1]
    assert np.allclose(adjusted(posterior, LABELS, 1), likelihoods / likelihoods.sum(1, keepdims=True))


def test_no_share_and_equal_classes_change_nothing():
    posterior = overlapping()
    assert np.allclose(adjusted(posterior, LABELS, 0), posterior)
    assert np.allclose(adjusted(posterior, np.repeat([0, 1], 50), 0.7), posterior)


def test_a_class_that_train_lacks_counts_as_one_clip():
    rows = adjusted(np.array([[0.6, 0.4, 0.0], [0.6, 0.399, 0.001]]), LABELS, 1)
    assert rows[0, 2] == 0 and rows.sum(1) == pytest.approx(1)
    odds = np.array([0.6 / 900, 0.399 / 100, 0.001 / 1])
    assert rows[1] == pytest.approx(odds / odds.sum())


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="between 0"):
        LogitAdjusted(toys.SVM.learner, share)


class Learner:
    """Says what it is told."""

    uses_seed = True

    def fit(self, recipe, parts, labels, num_classes, seed, **options):
        return Fitted(overlapping(), overlapping()[:10], [{"epoch": 1}], {"num_parameters": 3} | options)


def test_dev_and_test_are_adjusted_by_train_alone_and_the_record_says_so():
    labels = {"train": LABELS, "dev": 1 - LABELS, "test": 1 - LABELS[:10]}
    found = LogitAdjusted(Learner(), 0.5).fit(None, None, labels, 2, 0, max_epochs=4)
    assert np.array_equal(found.dev, adjusted(overlapping(), LABELS, 0.5))
    assert np.array_equal(found.test, adjusted(overlapping()[:10], LABELS, 0.5))
    assert found.info == {"num_parameters": 3, "max_epochs": 4, "logit_adjustment": 0.5} and found.history
    assert LogitAdjusted(Learner(), 0.5).uses_seed

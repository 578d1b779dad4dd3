"""Fusion rules against numbers worked out by hand, and against Bayes where it is known."""

import numpy as np
import pytest

from emostudy.corpora.emosynth.ceilings import posterior
from emostudy.corpora.emosynth.tables import load_tables
from emostudy.metrics import confusion, uar
from emostudy.recipes.decision import FLOOR, entropy_trust, logs, mean, product, stacking, stacking_dev
from emostudy.recipes.rules import RULES

EVEN = np.full((2, 300, 3), 1 / 3)
EVEN_LABELS = np.arange(300) % 3
ONE_CLIP = np.array([[[0.7, 0.2, 0.1]], [[0.3, 0.6, 0.1]]])  # (M=2, N=1, C=3)


def recognisers(num: int, seed: int, sharpness=(2.0, 1.0)) -> tuple[np.ndarray, np.ndarray]:
    """Two independent modalities' true posteriors (M, N, C) of noisy logits, and labels."""
    rng, labels = np.random.default_rng(seed), np.arange(num) % 3
    logits = [k * (k * np.eye(3)[labels] + rng.normal(size=(num, 3))) for k in sharpness]
    return np.stack([np.exp(one) / np.exp(one).sum(1, keepdims=True) for one in logits]), labels


def reached(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return float(uar(confusion(labels, probabilities.argmax(1), 3)))


def test_mean_by_hand():
    assert mean(EVEN, EVEN_LABELS)(ONE_CLIP)[0] == pytest.approx([0.5, 0.4, 0.1])


def test_product_by_hand_with_an_even_prior():
    assert product(EVEN, EVEN_LABELS)(ONE_CLIP)[0] == pytest.approx(np.array([21, 12, 1]) / 34, rel=1e-6)


def test_product_divides_by_the_prior_once_less_than_there_are_modalities():
    labels = np.array([0] * 5 + [1] * 2 + [2])  # with one added to each: 6, 3, 2 of 11
    dev = np.full((2, 8, 3), 1 / 3)
    expected = np.array([0.21 / 6, 0.12 / 3, 0.01 / 2])
    assert product(dev, labels)(ONE_CLIP)[0] == pytest.approx(expected / expected.sum(), rel=1e-6)
    three = np.concatenate([ONE_CLIP, [[[0.2, 0.2, 0.6]]]])
    expected = np.array([0.042 / 36, 0.024 / 9, 0.006 / 4])
    assert product(np.full((3, 8, 3), 1 / 3), labels)(three)[0] == pytest.approx(expected / expected.sum(), rel=1e-6)


def test_product_is_bayes_where_modalities_are_independent():
    """On EmoSynth's own tables, with the true posterior of each modality, it is the posterior given all."""
    tables = load_tables()
    rng = np.random.default_rng(0)
    shown = {modality: rng.integers(0, 6, 200) for modality in tables}
    single = np.stack([posterior({modality: z}, tables) for modality, z in shown.items()])
    labels = np.arange(6000) % 6
    fused = product(np.full((3, 6000, 6), 1 / 6), labels)(single)
    sure = (single > FLOOR).all((0, 2))  # the floor lifts what four decimals cannot hold
    assert sure.sum() > 50
    assert fused[sure] == pytest.approx(posterior(shown, tables)[sure], abs=1e-9)


def test_a_zero_vetoes_no_more_than_its_rounding_says():
    sure = np.array([[[1.0, 0.0, 0.0]], [[0.0, 0.6, 0.4]]])
    fused = product(EVEN, EVEN_LABELS)(sure)[0]
    assert np.isfinite(fused).all() and fused[0] == pytest.approx(0.5, abs=0.01)
    assert logs(sure)[0, 0, 0] > logs(sure)[0, 0, 1] == pytest.approx(np.log(FLOOR), abs=0.001)


def test_entropy_and_trust_by_hand():
    labels = np.array([0, 1, 2, 0])
    right, half = np.eye(3)[labels] * 0.97 + 0.01, np.eye(3)[[0, 1, 1, 1]] * 0.97 + 0.01
    combine = entropy_trust(np.stack([right, half]), labels)  # trust: UAR 1 and (1/2 + 1 + 0) / 3 = 1/2
    confidence = [1 - -(p * np.log(p)).sum() / np.log(3) for p in ONE_CLIP[:, 0]]
    first, second = 1.0 * confidence[0], 0.5 * confidence[1]
    expected = (first * ONE_CLIP[0, 0] + second * ONE_CLIP[1, 0]) / (first + second)
    assert combine(ONE_CLIP)[0] == pytest.approx(expected, rel=1e-9)
    assert combine(ONE_CLIP)[0, 0] > mean(EVEN, EVEN_LABELS)(ONE_CLIP)[0, 0]  # the first is trusted more


def test_modalities_without_trust_or_confidence_are_averaged():
    labels = np.array([0, 0, 0])
    wrong = np.tile([0.1, 0.8, 0.1], (2, 3, 1))
    assert entropy_trust(wrong, labels)(ONE_CLIP).sum(1) == pytest.approx(1)
    blank = np.full((2, 1, 3), 1 / 3)
    assert entropy_trust(wrong, labels)(blank)[0] == pytest.approx([1 / 3] * 3)


def test_stacking_learns_that_one_modality_talks_nonsense():
    dev, labels = recognisers(300, 0)
    test, test_labels = recognisers(300, 1)
    nonsense = np.random.default_rng(2).dirichlet(np.ones(3) * 0.1, (1, 600))  # and is sure of it
    dev, test = np.concatenate([dev, nonsense[:, :300]]), np.concatenate([test, nonsense[:, 300:]])
    stacked, averaged = stacking(dev, labels)(test), mean(dev, labels)(test)
    assert reached(stacked, test_labels) > reached(averaged, test_labels) + 0.1
    assert reached(stacked, test_labels) > reached(test[0], test_labels) - 0.02


def test_product_is_best_where_probabilities_are_true():
    dev, labels = recognisers(600, 0)
    test, test_labels = recognisers(3000, 1)
    found = {rule.name: reached(rule.fit(dev, labels)(test), test_labels) for rule in RULES}
    assert found["product"] >= max(found.values()) - 0.01 and found["product"] > reached(test[0], test_labels) + 0.01


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_gives_probabilities_even_where_dev_lacks_a_class(rule):
    dev, labels = recognisers(30, 0)
    keep = labels != 1
    for fused in (
        rule.fit(dev[:, keep], labels[keep])(dev),
        (rule.combine_dev or (lambda d, y, _: rule.fit(d, y)(d)))(dev[:, keep], labels[keep], np.arange(keep.sum())),
    ):
        assert fused.shape[1] == 3 and fused.sum(1) == pytest.approx(1) and fused.min() >= 0


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_treats_clips_one_by_one(rule):
    dev, labels = recognisers(60, 0)
    combine = rule.fit(dev, labels)
    assert combine(dev[:, :1]) == pytest.approx(combine(dev)[:1])
    assert combine(dev[:, ::-1]) == pytest.approx(combine(dev)[::-1])


def test_stacked_dev_predictions_were_not_fitted_to_their_own_labels():
    rng = np.random.default_rng(0)
    inside, outside = [], []
    for _ in range(20):
        dev, labels = rng.dirichlet(np.ones(3), (3, 30)), rng.permutation(np.arange(30) % 3)  # nothing to learn
        inside.append(reached(stacking(dev, labels)(dev), labels))
        outside.append(reached(stacking_dev(dev, labels, np.arange(30)), labels))
    assert np.mean(inside) > 0.5 and np.mean(outside) < 0.4


def test_stacked_dev_predictions_do_not_know_the_speaker():
    labels, speakers = np.arange(60) % 3, np.repeat([0, 1], 30)
    shown = (labels + speakers) % 3  # the second speaker shows each emotion as another one
    dev = (np.eye(3)[shown] * 0.9 + 0.1 / 3)[None]
    assert reached(stacking_dev(dev, labels, speakers), labels) == 0  # what one teaches is wrong for the other
    assert reached(stacking_dev(dev, labels, np.arange(60)), labels) > 0.3


def test_one_clip_of_a_class_is_enough_for_stacking():
    dev, labels = recognisers(31, 0)
    labels = np.where(labels == 2, 0, labels)
    labels[0] = 2
    assert stacking_dev(dev, labels, np.arange(31)).sum(1) == pytest.approx(1)

"""Pools, votes, belief, calibration and learned rules against numbers worked out by hand, and on data whose answer is known."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from emostudy.recipes import pools
from emostudy.recipes.calibrated import Calibrated, scaled, temperature
from emostudy.recipes.decision import entropy_trust, mean, stacking
from emostudy.recipes.fusions import drawn
from emostudy.recipes.learned_rules import extreme_learning_machine, hidden, stacked_shares
from emostudy.recipes.rules import RULES, USUAL, asked, calibrated

KNOWN = {rule.name: rule for rule in RULES}

NONE = np.full((3, 3, 3), 1 / 3), np.arange(3)  # dev that teaches nothing
CLIP = np.array([[[0.7, 0.2, 0.1]], [[0.1, 0.6, 0.3]], [[0.2, 0.5, 0.3]]])  # (M=3, N=1, C=3)


def posteriors(num: int, sharpness: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """True posteriors (N, C) of three classes seen through noise, and labels (N,)."""
    labels = np.arange(num) % 3
    seen = sharpness * np.eye(3)[labels] + np.random.default_rng(seed).normal(size=(num, 3))
    return softmax(sharpness * seen, axis=1), labels


def right(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return float((probabilities.argmax(1) == labels).mean())


@pytest.mark.parametrize(
    ("name", "scores"),
    [
        ("mean", [1.0, 1.3, 0.7]),
        ("maximum", [0.7, 0.6, 0.3]),
        ("median", [0.2, 0.5, 0.3]),
        ("majority_vote", [1 + 1 / 3, 2 + 1.3 / 3, 0.7 / 3]),
    ],
)
def test_rules_that_learn_nothing_by_hand(name, scores):
    assert KNOWN[name].fit(*NONE)(CLIP)[0] == pytest.approx(np.array(scores) / np.sum(scores), rel=1e-6)


def test_each_name_stands_for_its_own_rule():
    """No two rules, by name, say the same of three modalities of which one is poor and one too sure."""
    told, labels = posteriors(300, 1.5)
    poor, sure = posteriors(300, 0.5, seed=1)[0], posteriors(300, 1.0, seed=2)[0] ** 3
    dev = np.stack([told, poor, sure / sure.sum(1, keepdims=True)])
    fused = {rule.name: rule.fit(dev, labels)(dev) for rule in RULES}
    for one, other in combinations(fused, 2):
        assert np.abs(fused[one] - fused[other]).max() > 1e-3, (one, other)
    exact = {"weighted_mean": pools.weighted_mean, "log_pool": pools.log_pool, "belief": pools.belief}
    exact |= {"weighted_mean_uar": pools.best_weighted_mean}
    exact |= {"trust": pools.trust, "confidence": pools.confidence, "stacking_shares": stacked_shares}
    exact |= {"elm": extreme_learning_machine, "mean_calibrated": Calibrated(mean), "stacking": stacking}
    for name, fit in exact.items():
        assert fused[name] == pytest.approx(fit(dev, labels)(dev)), name


def test_equal_votes_are_parted_by_the_mean_and_never_outvoted_by_it():
    tie = np.array([[[0.9, 0.1, 0.0]], [[0.2, 0.5, 0.3]]])
    assert pools.majority_vote(*NONE)(tie)[0].argmax() == 0
    two = np.array([[[1.0, 0.0, 0.0]], [[0.33, 0.34, 0.33]], [[0.33, 0.34, 0.33]]])
    assert pools.majority_vote(*NONE)(two)[0].argmax() == 1 and mean(*NONE)(two)[0].argmax() == 0


def test_weights_of_a_mean_are_the_shares_in_which_it_was_mixed():
    rng = np.random.default_rng(1)
    experts = np.stack([rng.dirichlet(np.ones(3) * 0.3, 6000) for _ in range(2)])  # (M, N, C)
    of = rng.random(6000) < 0.8
    drawn_from = np.where(of[:, None], experts[0], experts[1])
    labels = (rng.random((6000, 1)) > drawn_from.cumsum(1)).sum(1).clip(max=2)
    weights = pools.mixture_weights(experts, labels)
    assert weights.sum() == pytest.approx(1) and weights[0] == pytest.approx(0.8, abs=0.03)
    assert pools.weighted_mean(experts, labels)(experts) == pytest.approx(np.einsum("m,mnc->nc", weights, experts))


def test_weights_in_tenths_begin_with_equal_ones():
    for num, count in ((2, 11), (3, 66), (4, 286)):
        weights = pools.shares_in_tenths(num)
        assert len(weights) == count + 1 and weights.sum(1) == pytest.approx(1) and (weights >= 0).all()
        assert len(np.unique(weights[1:].round(9), axis=0)) == count
        far = np.square(weights - 1 / num).sum(1)
        assert far[0] == pytest.approx(0, abs=1e-12) and (np.diff(far) > -1e-9).all() and weights[-1].max() == 1


def test_weights_of_the_best_dev_uar_by_trying_each():
    told, labels = posteriors(300, 1.5)
    dev = np.stack([told, posteriors(300, 0.5, seed=1)[0], posteriors(300, 1.0, seed=2)[0] ** 3])
    tried = [(a / 10, b / 10, (10 - a - b) / 10) for a in range(11) for b in range(11 - a)]
    scores = {w: right(sum(x * one for x, one in zip(w, dev, strict=True)), labels) for w in (*tried, (1 / 3,) * 3)}
    found = tuple(pools.best_weights(dev, labels))
    best = [
        w for w, score in scores.items() if score == max(scores.values())
    ]  # as many of each class: UAR is the share of right ones
    nearest = min(np.square(np.array(w) - 1 / 3).sum() for w in best)
    assert any(found == pytest.approx(w) for w in best)
    assert np.square(np.array(found) - 1 / 3).sum() == pytest.approx(nearest)
    assert pools.best_weighted_mean(dev, labels)(dev) == pytest.approx(np.einsum("m,mnc->nc", found, dev))
    alike = np.stack([told] * 3)
    assert pools.best_weights(alike, labels) == pytest.approx(np.full(3, 1 / 3))  # equally good: equal


def test_likeliest_weights_are_not_those_of_the_best_uar():
    """A sharp modality draws all weight to it where others only say the right thing softly."""
    labels = np.arange(900) % 3
    sharp = np.where(
        np.random.default_rng(0).random(900)[:, None] < 0.7, np.eye(3)[labels], np.eye(3)[(labels + 1) % 3]
    )
    sharp, soft = 0.94 * sharp + 0.02, 0.1 * np.eye(3)[labels] + 0.9 / 3
    dev = np.stack([sharp, soft])
    likeliest, best = pools.mixture_weights(dev, labels), pools.best_weights(dev, labels)
    assert likeliest[0] > 0.4 > best[0]
    assert (
        right(pools.best_weighted_mean(dev, labels)(dev), labels)
        == 1
        > right(pools.weighted_mean(dev, labels)(dev), labels) + 0.2
    )


def test_a_logarithmic_pool_takes_back_what_is_told_too_often():
    told, labels = posteriors(6000, 1.0)
    twice = np.stack([told, told])  # the same opinion twice: each has half a voice
    assert pools.exponents(twice, labels).sum() == pytest.approx(1, abs=0.08)
    assert pools.log_pool(twice, labels)(twice) == pytest.approx(told, abs=0.04)


def test_noise_gets_no_weight_in_pools():
    told, labels = posteriors(3000, 1.5)
    noise = np.random.default_rng(3).dirichlet(np.ones(3), 3000)
    both = np.stack([told, noise])
    assert pools.mixture_weights(both, labels)[1] < 0.02 and pools.exponents(both, labels)[1] < 0.05


def test_belief_by_hand():
    said = np.eye(2)[[0, 0, 1, 0, 1, 1]][None]  # one modality
    labels = np.array([0, 0, 0, 1, 1, 1])
    tables = np.array([[3, 2], [2, 3]]) / 5  # with one added to each: 0 is said as 0 twice of three
    combine = pools.belief(said, labels)
    assert combine(np.array([[[0.9, 0.1]]]))[0] == pytest.approx(tables[:, 0] / tables[:, 0].sum())
    two = pools.belief(np.concatenate([said, said]), labels)(np.array([[[0.9, 0.1]], [[0.2, 0.8]]]))
    assert two[0] == pytest.approx([0.5, 0.5])  # one says so, the other not


def test_belief_starts_from_how_common_a_class_is():
    labels = np.array([0] * 8 + [1] * 2)
    blank = np.eye(2)[np.resize([0, 1], 10)][None]  # says each as often, whatever is true
    fused = pools.belief(blank, labels)(np.array([[[0.9, 0.1]]]))[0]
    assert fused == pytest.approx([9 / 12 * 5 / 10, 3 / 12 * 2 / 4] / np.sum([9 / 12 * 5 / 10, 3 / 12 * 2 / 4]))


def test_belief_hears_a_modality_that_always_says_the_opposite():
    told, labels = posteriors(600, 3.0)
    turned = told[:, [1, 2, 0]]
    assert right(pools.belief(turned[None], labels)(turned[None]), labels) > 0.9 > 0.1 > right(turned, labels)


def test_trust_and_confidence_are_the_two_halves_of_system_rs_weight():
    told, labels = posteriors(300, 2.0)
    poor, _ = posteriors(300, 0.5, seed=1)
    alike, even = np.stack([told, told]), np.stack([told, np.full_like(told, 1 / 3)])
    assert pools.confidence(alike, labels)(even) == pytest.approx(told, abs=2e-2)  # who knows nothing is not heard
    both = np.stack([told, poor])
    assert pools.confidence(alike, labels)(both) == pytest.approx(entropy_trust(alike, labels)(both))  # equal trust
    heard = pools.trust(both, labels)(both)
    assert np.abs(heard - told).mean() < np.abs(heard - poor).mean()


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_how_sure_a_recogniser_is(factor):
    told, labels = posteriors(6000, 1.0)
    assert temperature(softmax(factor * np.log(told), axis=1), labels) == pytest.approx(factor, rel=0.1)


def test_a_calibrated_rule_is_the_rule_on_calibrated_probabilities():
    told, labels = posteriors(3000, 1.0)
    other, _ = posteriors(3000, 1.0, seed=1)
    loud = np.stack([told, softmax(4 * np.log(other), axis=1)])
    temperatures = np.array([temperature(one, labels) for one in loud])
    assert Calibrated(mean)(loud, labels)(loud) == pytest.approx(scaled(loud, temperatures).mean(0))
    assert right(Calibrated(mean)(loud, labels)(loud), labels) > right(mean(loud, labels)(loud), labels)


def exclusive(num: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two modalities that say 0 or 1; the label is whether they differ."""
    says = np.random.default_rng(seed).integers(0, 2, (2, num))
    return np.eye(2)[says] * 0.8 + 0.1, (says[0] != says[1]).astype(int)


def test_a_hidden_layer_finds_what_no_weighing_can():
    (dev, labels), (test, test_labels) = exclusive(300), exclusive(300, 1)
    assert right(extreme_learning_machine(dev, labels)(test), test_labels) == 1
    assert right(stacking(dev, labels)(test), test_labels) < 0.8
    assert np.array_equal(hidden(dev), hidden(dev)) and hidden(dev).shape == (300, 201)


def test_shares_that_are_often_zero_are_stacked_as_they_are():
    rng, labels = np.random.default_rng(0), np.arange(1200) % 6
    truth = 0.3 * np.eye(6)[labels] + 0.7 / 6
    counts = np.stack([[rng.multinomial(5, p) for p in truth] for _ in range(2)]) / 5  # (M, N, C): five raters each
    dev, test = counts[:, :400], counts[:, 400:]
    fused = {rule: right(rule(dev, labels[:400])(test), labels[400:]) for rule in (stacked_shares, stacking)}
    assert fused[stacked_shares] > fused[stacking] + 0.05, fused


@pytest.mark.parametrize("name", ["elm", "belief", "stacking", "stacking_shares"])
def test_dev_predictions_of_what_learns_much_do_not_know_the_speaker(name):
    labels, speakers = np.arange(60) % 3, np.repeat([0, 1], 30)
    shown = (labels + speakers) % 3  # the second speaker shows each emotion as another one
    dev, rule = (np.eye(3)[shown] * 0.9 + 0.1 / 3)[None], KNOWN[name]
    assert right(rule.combine_dev(dev, labels, speakers), labels) == 0
    assert right(rule.fit(dev, labels)(dev), labels) > 0.3
    one = rule.combine_dev(dev, labels, np.zeros(60))  # a single group cannot be parted
    assert one == pytest.approx(rule.fit(dev, labels)(dev))


def test_weights_of_the_best_uar_are_told_on_dev_as_other_speakers_chose_them():
    labels, speakers = np.arange(60) % 3, np.repeat([0, 1], 30)
    said = np.stack(
        [(labels + speakers) % 3, (labels + 1 - speakers) % 3]
    )  # each modality is right of one speaker alone
    dev, rule = np.eye(3)[said] * 0.9 + 0.1 / 3, KNOWN["weighted_mean_uar"]
    assert right(rule.combine_dev(dev, labels, speakers), labels) == 0
    assert right(rule.fit(dev, labels)(dev), labels) >= 0.5


@pytest.mark.parametrize("rule", [rule for rule in RULES if not rule.combine_dev], ids=lambda rule: rule.name)
def test_rules_without_a_guard_learn_too_little_from_dev_to_flatter_themselves(rule):
    rng, gains = np.random.default_rng(0), []
    for _ in range(20):
        dev, labels = rng.dirichlet(np.ones(3), (2, 90)), rng.permutation(np.arange(90) % 3)  # nothing to learn
        gains.append(right(rule.fit(dev, labels)(dev), labels) - 1 / 3)
    assert np.mean(gains) < 0.06


def test_a_calibrated_version_of_what_is_told_out_of_fold_is_refused():
    with pytest.raises(ValueError, match=r"stacking is told out of fold.*combine_dev of its own"):
        calibrated(KNOWN["stacking"])


def test_rules_are_asked_for_by_name():
    assert asked([], False) == USUAL and asked([], True) == RULES
    assert [rule.name for rule in asked(["median"], False)][-1] == "median" and len(asked(["mean"], False)) == 5
    with pytest.raises(ValueError, match=r"unknown rule 'medain'.*median"):
        asked(["medain"], False)
    assert len({rule.name for rule in RULES}) == len(RULES) == len({rule.title for rule in RULES})


def test_a_large_figure_draws_the_usual_rules_and_those_that_dev_prefers():
    rows = pd.DataFrame({"recipe": ["net", "mean", "median", "median"], "modalities": ["face", "a+b", "a+b", "a+c"]})
    assert drawn(rows, {"a+c": "median", "a+b": "mean"}).index.tolist() == [0, 1, 3]

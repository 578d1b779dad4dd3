import warnings

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from emostudy import metrics

NUM_CLASSES = 4


def clips(num_clips=200, seed=0, decimals=2):
    """Codes, predictions and probabilities; few decimals make ties."""
    rng = np.random.default_rng(seed)
    y = rng.choice(NUM_CLASSES, num_clips, p=[0.5, 0.3, 0.15, 0.05])
    logits = rng.normal(size=(num_clips, NUM_CLASSES)) + np.eye(NUM_CLASSES)[y]
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return y, logits.argmax(1), probabilities.round(decimals)


@pytest.mark.parametrize("seed", range(3))
def test_counts_equal_sklearn(seed):
    y, predicted, _ = clips(seed=seed)
    matrix = metrics.confusion(y, predicted, NUM_CLASSES)
    np.testing.assert_array_equal(matrix, sklearn_metrics.confusion_matrix(y, predicted))
    precision, recall, f1, _ = sklearn_metrics.precision_recall_fscore_support(y, predicted)
    expected = {
        metrics.wa: sklearn_metrics.accuracy_score(y, predicted),
        metrics.uar: sklearn_metrics.balanced_accuracy_score(y, predicted),
        metrics.macro_f1: sklearn_metrics.f1_score(y, predicted, average="macro"),
        metrics.weighted_f1: sklearn_metrics.f1_score(y, predicted, average="weighted"),
        metrics.precision: precision,
        metrics.recall: recall,
        metrics.f1: f1,
    }
    for metric, value in expected.items():
        np.testing.assert_allclose(metric(matrix), value, atol=1e-12, rtol=0, err_msg=metric.__name__)


def test_a_class_without_clips_is_left_out():
    y, predicted = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 0])  # class 2 guessed, never shown; 3 neither
    matrix = metrics.confusion(y, predicted, NUM_CLASSES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert metrics.uar(matrix) == pytest.approx(0.5)
        assert metrics.macro_f1(matrix) == pytest.approx(
            sklearn_metrics.f1_score(y, predicted, labels=[0, 1], average="macro")
        )
        for metric in (metrics.precision, metrics.recall, metrics.f1):
            np.testing.assert_array_equal(np.isnan(metric(matrix)), [False, False, True, True])
        assert np.isnan(metrics.uar(np.zeros((2, 2))))


def test_a_class_never_predicted_has_precision_0():
    matrix = metrics.confusion(np.array([0, 1]), np.array([0, 0]), 2)
    np.testing.assert_allclose(metrics.precision(matrix), [0.5, 0])
    np.testing.assert_allclose(metrics.f1(matrix), [2 / 3, 0])


def test_stacks_equal_one_by_one():
    stack = np.stack([metrics.confusion(*clips(30, seed)[:2], NUM_CLASSES) for seed in range(6)])
    stack = stack.reshape(2, 3, NUM_CLASSES, NUM_CLASSES)
    for name in ("wa", "uar", "macro_f1", "weighted_f1", "precision", "recall", "f1"):
        metric = getattr(metrics, name)
        np.testing.assert_array_equal(metric(stack), [[metric(matrix) for matrix in row] for row in stack])


def test_auroc_equals_sklearn():
    y, _, probabilities = clips(decimals=1)  # many ties
    expected = [sklearn_metrics.roc_auc_score(y == c, probabilities[:, c]) for c in range(NUM_CLASSES)]
    np.testing.assert_allclose(metrics.auroc(y, probabilities), expected, atol=1e-12)
    assert metrics.macro_auroc(y, probabilities) == pytest.approx(np.mean(expected), abs=1e-12)


def test_auroc_without_positives_is_nan_and_left_out():
    y, _, probabilities = clips()
    y[y == 3] = 0
    assert np.isnan(metrics.auroc(y, probabilities)[3])
    assert metrics.macro_auroc(y, probabilities) == pytest.approx(metrics.auroc(y, probabilities)[:3].mean())


@pytest.mark.parametrize("exact", [True, False])
def test_weighted_auroc(exact):
    """Exact is the AUROC of the repeated clips; the first order is near it, and equal without reweighting."""
    y, _, probabilities = clips(400)
    rng = np.random.default_rng(1)
    cluster = rng.integers(0, 50, 400)
    weights = np.vstack([np.ones(50), rng.multinomial(50, np.full(50, 1 / 50), 20)]).astype(float)
    repeats = [weights[r].astype(int)[cluster] for r in range(21)]
    expected = [metrics.auroc(y.repeat(times), probabilities.repeat(times, 0)) for times in repeats]
    found = metrics.weighted_auroc(y, probabilities, cluster, weights, exact)
    np.testing.assert_allclose(found, expected, atol=1e-12 if exact else 0.01)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-12)


def test_pairs_won_counts_pairs():
    y, _, probabilities = clips(60, decimals=1)
    cluster, positive, scores = np.arange(60) % 5, y == 1, probabilities[:, 1]
    expected = np.zeros((5, 5))
    for i in np.flatnonzero(positive):
        for j in np.flatnonzero(~positive):
            expected[cluster[i], cluster[j]] += (scores[i] > scores[j]) + (scores[i] == scores[j]) / 2
    np.testing.assert_array_equal(metrics.pairs_won(positive, scores, cluster, 5), expected)


def test_ece_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
    y, predicted = np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1])
    # 15 bins: .9 twice, half right; .6 and .8 alone, right
    assert metrics.ece(y, predicted, probabilities) == pytest.approx((2 * 0.4 + 0.4 + 0.2) / 4)


def test_ece_is_small_for_a_calibrated_and_large_for_a_boastful_model():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(3), 20_000)
    y = (rng.random((20_000, 1)) > probabilities.cumsum(1)).sum(1)
    predicted = probabilities.argmax(1)
    assert metrics.ece(y, predicted, probabilities) < 0.02
    assert metrics.ece(y, predicted, np.eye(3)[predicted]) == pytest.approx((y != predicted).mean())


def test_an_edge_belongs_to_the_bin_below():
    bins, _ = metrics.confidence_gap(np.zeros(3, int), np.zeros(3, int), np.array([[0.0], [0.2], [1.0]]))
    assert bins.tolist() == [0, 2, 14]


def test_brier_equals_sklearn():
    y, _, probabilities = clips(decimals=15)
    probabilities = probabilities / probabilities.sum(1, keepdims=True)
    expected = sklearn_metrics.brier_score_loss(y, probabilities, labels=range(4), scale_by_half=False)
    assert metrics.brier(y, probabilities) == pytest.approx(expected, abs=1e-12)


def test_chance_equals_the_metrics_of_guesses():
    y, _, _ = clips(50_000)
    table = metrics.chance(y, NUM_CLASSES).set_index(["chance", "metric"]).value
    always, any_class = np.zeros(len(y), int), np.random.default_rng(1).integers(0, NUM_CLASSES, len(y))
    for name, predicted, probabilities, error in (
        ("majority", always, np.eye(NUM_CLASSES)[always], 1e-12),
        ("uniform", any_class, np.full((len(y), NUM_CLASSES), 1 / NUM_CLASSES), 0.01),
    ):
        matrix = metrics.confusion(y, predicted, NUM_CLASSES)
        expected = {
            "WA": metrics.wa(matrix),
            "UAR": metrics.uar(matrix),
            "macro_F1": metrics.macro_f1(matrix),
            "weighted_F1": metrics.weighted_f1(matrix),
            "AUROC": metrics.macro_auroc(y, probabilities),
            "ECE": metrics.ece(y, predicted, probabilities),
            "Brier": metrics.brier(y, probabilities),
        }
        for metric, value in expected.items():
            assert table[name, metric] == pytest.approx(value, abs=error), (name, metric)


@pytest.mark.parametrize("codes", [[0, 4], [-1, 0]])
def test_codes_outside_are_refused(codes):
    with pytest.raises(ValueError, match="must be 0 to 3"):
        metrics.confusion(np.array(codes), np.array([0, 0]), NUM_CLASSES)

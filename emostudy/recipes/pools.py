"""Decision-level rules that pool opinions: order statistics, votes, weighted means and products, belief from confusions.

As in `decision`: `fit(dev, labels)` with dev (M, N, C) and labels (N,) gives `combine`, (M, N, C) -> (N, C).
"""

from itertools import product

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from scipy.stats import entropy

from emostudy.metrics import confusion, uar
from emostudy.recipes.decision import FLOOR, Combine, logs

STEPS = 200  # of expectation maximisation: the weights of some hundred clips stand still long before
PENALTY = 0.01  # on squared exponents, for each clip: keeps them finite where dev is told apart without error


def normalised(scores: np.ndarray) -> np.ndarray:
    """Scores (N, C) of 0 or more -> probabilities; a row of zeros is told as even."""
    scores = np.maximum(scores, FLOOR)
    return scores / scores.sum(1, keepdims=True)


def maximum(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """For each class the largest probability that any modality gives it."""
    return lambda probabilities: normalised(probabilities.max(0))


def median(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """For each class the median over modalities; of two modalities that is their mean."""
    return lambda probabilities: normalised(np.median(probabilities, axis=0))


def votes(probabilities: np.ndarray) -> np.ndarray:
    """The class that each modality says, as one-hot: (M, N, C) -> (M, N, C)."""
    return np.eye(probabilities.shape[2])[probabilities.argmax(2)]


def majority_vote(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """The class that most modalities say; the mean probability decides between classes with equally many votes."""
    return lambda probabilities: (votes(probabilities).sum(0) + probabilities.mean(0)) / (len(probabilities) + 1)


def mixture_weights(dev: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights (M,), which sum to 1, under which the weighted mean finds the dev labels most likely.

    By expectation maximisation; the likelihood has one maximum.
    """
    likelihood = np.maximum(dev[:, np.arange(len(labels)), labels], FLOOR)  # (M, N)
    weights = np.full(len(dev), 1 / len(dev))
    for _ in range(STEPS):
        share = weights[:, None] * likelihood
        weights = (share / share.sum(0)).mean(1)
    return weights


def weighted_mean(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """The mean with a weight for each modality, the most likely ones on dev."""
    weights = mixture_weights(dev, labels)
    return lambda probabilities: np.einsum("m,mnc->nc", weights, probabilities)


def shares_in_tenths(num: int) -> np.ndarray:
    """Weights (W, num), which sum to 1, in steps of a tenth, and equal ones; those nearest to equal come first."""
    tenths = [(*some, 10 - sum(some)) for some in product(range(11), repeat=num - 1) if sum(some) <= 10]
    weights = np.array([np.full(num, 10 / num), *tenths]) / 10
    far = np.square(weights - 1 / num).sum(1).round(9)
    return weights[np.argsort(far, kind="stable")]


def best_weights(dev: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights (M,) of `shares_in_tenths` under which the weighted mean has the best dev UAR; of equally good ones the first."""
    tried = shares_in_tenths(len(dev))
    said = (
        np.einsum("m,mnc->nc", weights, dev).argmax(1) for weights in tried
    )  # one at a time: 286 of four modalities
    return tried[np.argmax([uar(confusion(labels, one, dev.shape[2])) for one in said])]


def best_weighted_mean(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """The mean with a weight for each modality, those of the best dev UAR."""
    weights = best_weights(dev, labels)
    return lambda probabilities: np.einsum("m,mnc->nc", weights, probabilities)


def exponents(dev: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Exponents (M,), 0 or more, under which the product of powers finds the dev labels most likely."""
    logarithms, rows = logs(dev), np.arange(len(labels))

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        told = log_softmax(np.tensordot(w, logarithms, 1), axis=1)  # (N, C)
        expected = np.einsum("nc,mnc->mn", np.exp(told), logarithms)
        slope = (expected - logarithms[:, rows, labels]).mean(1)
        return -told[rows, labels].mean() + PENALTY * w @ w / len(w), slope + 2 * PENALTY * w / len(w)

    return minimize(loss, np.ones(len(dev)), jac=True, bounds=[(0, None)] * len(dev), method="L-BFGS-B").x


def log_pool(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """Product of the modalities' probabilities, each to a power; the most likely powers on dev.

    No prior is divided out, whatever the powers sum to: an unequal one is counted that many times.
    """
    w = exponents(dev, labels)
    return lambda probabilities: softmax(np.tensordot(w, logs(probabilities), 1), axis=1)


def belief(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """Bayes' rule on decisions alone: prior x how often, on dev, a modality says this class when that one is true.

    Modalities are taken as independent given the emotion. Each count is one higher, so that nothing is impossible. (Xu et
    al. multiply the probabilities of a class given what is said; with an even prior that is the same.)
    """
    num_classes = dev.shape[2]
    counts = np.stack([confusion(labels, one.argmax(1), num_classes) for one in dev]) + 1  # (M, C, C), rows true
    log_said = np.log(counts / counts.sum(2, keepdims=True))
    prior = np.bincount(labels, minlength=num_classes) + 1

    def combine(probabilities: np.ndarray) -> np.ndarray:
        said = probabilities.argmax(2)  # (M, N)
        terms = [table[:, column].T for table, column in zip(log_said, said, strict=True)]  # M x (N, C)
        return softmax(np.log(prior / prior.sum()) + np.sum(terms, axis=0), axis=1)

    return combine


def trust(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """System R's weights without confidence: each modality's dev UAR."""
    weights = np.array([uar(confusion(labels, one.argmax(1), dev.shape[2])) for one in dev])
    weights = np.maximum(weights, FLOOR) / np.maximum(weights, FLOOR).sum()
    return lambda probabilities: np.einsum("m,mnc->nc", weights, probabilities)


def confidence(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """System R's weights without trust: 1 - entropy / log C of each clip."""

    def combine(probabilities: np.ndarray) -> np.ndarray:
        weights = np.maximum(1 - entropy(probabilities, axis=2) / np.log(probabilities.shape[2]), FLOOR)  # (M, N)
        return np.einsum("mn,mnc->nc", weights / weights.sum(0), probabilities)

    return combine

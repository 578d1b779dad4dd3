"""The best possible accuracy on EmoSynth, for any set of modalities, known from the tables alone.

Emotions are equally frequent, so the expected UAR of the best rule equals its accuracy. "Shown" emotions are
what a clip really shows in a modality; a model has to recognise them, the ceilings assume that it does.
"""

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np

from emostudy.corpora.emosynth.dialogue import INERTIA, draw_chains, transition_matrix
from emostudy.corpora.emosynth.tables import EMOTIONS

Tables = Mapping[str, np.ndarray]


def ceiling(modalities: Sequence[str], tables: Tables, prior: np.ndarray | None = None) -> float:
    """Accuracy (0 to 1) of the best rule that sees what one clip shows: the sum of max_e p(e, shown).

    tables: {modality: (C, C)} with rows = true emotion; prior: (C,), uniform if None.
    Raises ValueError if no modality is given or one has no table.
    """
    _check(modalities, tables)
    joint = _prior(prior)[:, None]  # (C, 1)
    for modality in modalities:
        joint = (joint[:, :, None] * tables[modality][:, None, :]).reshape(len(joint), -1)  # (C, K) -> (C, K * C)
    return float(joint.max(axis=0).sum())


def adjusted_ceiling(modalities: Sequence[str], tables: Tables, confusions: Tables) -> float:
    """The ceiling when what is shown is seen through imperfect recognisers: each table becomes C_m @ Q_m.

    confusions: {modality: Q_m (C, C)}, the row-normalised confusion of a unimodal model (rows: shown emotion,
    columns: predicted). Ceiling minus this is lost in recognition, this minus what fusion reaches in fusion.
    """
    _check(modalities, confusions)
    for modality in modalities:
        if not np.allclose(np.sum(confusions[modality], axis=1), 1, atol=1e-3):
            raise ValueError(f"confusions of {modality}: each row must sum to 1, divide the counts by their row sum")
    return ceiling(modalities, {m: tables[m] @ confusions[m] for m in modalities})


def posterior(shown: Mapping[str, np.ndarray], tables: Tables, prior: np.ndarray | None = None) -> np.ndarray:
    """p(emotion | shown emotions), the Bayes-optimal decision: {modality: (N,) indices 0..C-1} -> (N, C).

    A modality that a clip lacks is -1 there and carries no information.
    """
    _check(list(shown), tables)
    likelihoods = [_likelihood(tables[m], np.asarray(z)) for m, z in shown.items()]  # each (N, C)
    joint = reduce(np.multiply, likelihoods) * _prior(prior)
    return joint / joint.sum(axis=1, keepdims=True)


def ceiling_with_history(
    modalities: Sequence[str],
    tables: Tables,
    num_turns: int = 10,
    inertia: float = INERTIA,
    standard_error: float = 0.0005,
    seed: int = 0,
) -> tuple[float, float]:
    """The ceiling of a rule that also sees what all earlier turns showed: (value, standard error).

    Forward filtering of the chain, which runs through both speakers' turns. The exact sum is too long, so
    dialogues are simulated until the standard error, over the groups drawn together, is at most the one
    asked for: by default 0.05 of a point.
    """
    _check(modalities, tables)
    rng, means = np.random.default_rng(seed), np.empty(0)
    while len(means) < 500 or means.std(ddof=1) / np.sqrt(len(means)) > standard_error:
        block = np.stack([draw_chains(num_turns, inertia, rng) for _ in range(500)])  # (G, C, T)
        best = _filtered_maximum(block.reshape(-1, num_turns), modalities, tables, inertia, rng)  # (G * C, T)
        means = np.concatenate([means, best.reshape(len(block), -1).mean(axis=1)])
    return float(means.mean()), float(means.std(ddof=1) / np.sqrt(len(means)))


def _filtered_maximum(emotions, modalities, tables, inertia, rng) -> np.ndarray:
    """max_e p(e_t | shown_1..t), the chance that the best guess is right: (N, T) true emotions -> (N, T)."""
    belief, best = np.full((len(emotions), len(EMOTIONS)), 1 / len(EMOTIONS)), []
    for turn in emotions.T:  # (N,)
        shown = {m: draw_shown(tables[m][turn], rng) for m in modalities}
        belief = belief * posterior(shown, tables)
        belief /= belief.sum(axis=1, keepdims=True)
        best.append(belief.max(axis=1))
        belief = belief @ transition_matrix(inertia)
    return np.stack(best, axis=1)


def draw_shown(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One draw from each row of probabilities: (N, C) -> (N,) indices."""
    return (rows.cumsum(axis=1) < rng.random((len(rows), 1))).sum(axis=1).clip(max=rows.shape[1] - 1)


def _likelihood(table: np.ndarray, shown: np.ndarray) -> np.ndarray:
    return np.where(shown[:, None] < 0, 1.0, table[:, shown].T)  # (N, C); index -1 is masked


def _prior(prior: np.ndarray | None) -> np.ndarray:
    return np.full(len(EMOTIONS), 1 / len(EMOTIONS)) if prior is None else np.asarray(prior, dtype=float)


def _check(modalities: Sequence[str], tables: Tables) -> None:
    unknown = [m for m in modalities if m not in tables]
    if not modalities or unknown:
        raise ValueError(f"modalities {list(modalities)}: need one or more of {list(tables)}")

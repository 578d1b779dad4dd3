"""Two more mistakes for notebook 09: near copies of test clips in train, and an epoch that test has chosen."""

from dataclasses import dataclass, replace

import numpy as np
from torch import nn

from emostudy.features.fitted import flattened, padded_sentence_vectors
from emostudy.models.dense import mlp
from emostudy.recipes import Recipe
from emostudy.recipes.leaky import NOISE, Seeing, doubled
from emostudy.training import Fitted, Network


@dataclass(frozen=True)
class EpochOnTest:
    """A network that keeps the epoch which does best on the test clips."""

    learner: Network
    uses_seed: bool = True

    def fit(self, recipe, parts, labels, num_classes, seed, **options) -> Fitted:
        """As the network does, with test in the place of dev and dev in the place of test; its history tells of test as dev."""
        turned = [some | {"dev": some["test"], "test": some["dev"]} for some in (parts, labels)]
        found = self.learner.fit(recipe, *turned, num_classes, seed, **options)
        return replace(found, dev=found.test, test=found.dev)


def nearly_doubled(parts: dict, labels: dict, seed: int) -> tuple[dict, dict]:
    """The test clips that `doubled` puts into train stand there as near copies, as when a corpus holds a take cut or coded anew."""
    found, coded = doubled(parts, labels, seed)
    num, rng = len(labels["train"]), np.random.default_rng(len(coded["train"]))
    train = {
        name: np.concatenate([values[:num], near_copy(values[num:], values[:num], rng)])
        for name, values in found["train"].items()
    }
    return found | {"train": train}, coded


def near_copy(values: np.ndarray, train: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Texts (N,) less their last word, numbers (N, ...) with noise of a tenth of their deviation over training clips."""
    if values.dtype.kind not in "biuf":
        return np.array([str(text).rpartition(" ")[0] or text for text in values], dtype=values.dtype)
    noise = NOISE * train.std(0) * rng.standard_normal(values.shape)
    return (values + noise).astype(values.dtype)


def small_network(sizes: dict[str, int], num_classes: int) -> nn.Sequential:
    """(B, D) -> (B, C): two hidden layers."""
    return mlp(next(iter(sizes.values())), num_classes)


def peeks(base: Recipe) -> dict[str, tuple[Recipe, Recipe]]:
    """What is done wrong -> (the recipe that does it, the one that does not); `base`: of one modality.

    The epoch is that of a small network on what `base` reads.
    """
    near = replace(
        base,
        name=f"{base.name}_nearly_doubled",
        title=f"{base.title}, some clips nearly twice",
        learner=Seeing(base.learner, nearly_doubled),
    )
    seen = padded_sentence_vectors if base.modalities == ("text",) else flattened
    fair = replace(
        base,
        name=f"{base.modalities[0]}_small_network",
        title="small network, epoch by dev",
        learner=Network(small_network, epochs=40, batch=32, lr=1e-3),
        prepare=dict.fromkeys(base.features, seen),
    )
    by_test = replace(
        fair,
        name=f"{fair.name}_epoch_on_test",
        title="small network, epoch by test",
        learner=EpochOnTest(fair.learner),
    )
    return {"near": (near, base), "epoch_on_test": (by_test, fair)}

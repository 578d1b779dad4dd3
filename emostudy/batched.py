"""Heads are small and their trainings alike: those of all folds and seeds go through one batched program (torch.func).

Every training has its own weights, scaler, order of clips, noise and dropout, all from its own seed: what it gives does not depend
on which others are trained beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from emostudy.estimators import Fitted, Inputs
from emostudy.models.heads import Head
from emostudy.programs import One, Program, logits_of


@dataclass(frozen=True)
class Predicted(Fitted):
    """What was fitted, and `predict`: inputs (N, ...) of other clips, or of the same after something befell them -> (N, C).

    A modality that a clip lacks is a row of NaN (in what is predicted: a scaler that is fitted must see numbers); `without` hides
    whole inputs by name.
    """

    predict: Callable | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Batched:
    """A `Head`, trained for a fixed number of epochs: dev chooses nothing. An epoch's last clips that fill no batch wait for the next.

    Args:
        build: (list of input sizes, num_classes) -> Head.
        noise: deviation of what is added to each standardised number in training.
        mixup, label_smoothing, weight_decay: as of a `Network`; AdamW, one cycle of step sizes up to `lr`.
        hide: probability with which a modality is hidden from training, for each clip and step (modality dropout); never all that a
            clip has. What is hidden is drawn for the mixture of two clips, which has what both have.
        balanced: errors weighted by one over the class' frequency in what is learned from; of a mixture by the mean weight of its
            two classes.
        refit: test predictions come from a second training, on train and dev.
    """

    build: Callable
    epochs: int = 30
    batch: int = 64
    lr: float = 2e-3
    weight_decay: float = 0.05
    noise: float = 0.3
    mixup: float = 0.4
    label_smoothing: float = 0.1
    hide: float = 0.0
    balanced: bool = False
    refit: bool = True
    uses_seed: bool = True

    def fit(self, recipe, parts, labels, num_classes, seed, device="cpu", max_epochs=None) -> Predicted:
        """One training by itself."""
        return self.fit_many(recipe, [(parts, labels, seed)], num_classes, device, max_epochs)[0]

    def fit_many(self, recipe, runs: list[tuple], num_classes: int, device="cpu", max_epochs=None) -> list[Predicted]:
        """Several trainings at once.

        Args:
            runs: (parts, labels, seed) of each, as `fit` takes them.

        Raises:
            ValueError: a loss is not finite.
        """
        epochs = min(self.epochs, max_epochs or self.epochs)
        folds = {id(parts): _prepared(recipe, parts, device) for parts, _, _ in runs}  # shared by the seeds of a fold
        own = [One(*folds[id(parts)]["train"], _targets(labels, "train", device), seed) for parts, labels, seed in runs]
        seen = [(*folds[id(parts)]["dev"], labels["dev"]) for parts, labels, _ in runs]
        trained = self._train(own, seen, num_classes, epochs)
        dev = [probabilities(model, *part[:2]) for (model, _), part in zip(trained, seen, strict=True)]
        transforms = [folds[id(parts)]["transforms"] for parts, _, _ in runs]
        models = [model for model, _ in trained]
        if self.refit:
            both = {id(parts): _prepared(recipe, _with_dev(parts), device) for parts, _, _ in runs}
            transforms = [both[id(parts)]["transforms"] for parts, _, _ in runs]
            own = [One(*both[id(p)]["train"], _targets(y, "both", device), seed) for p, y, seed in runs]
            models = [model for model, _ in self._train(own, None, num_classes, epochs)]
        info = {"best_epoch": epochs, "epochs": epochs, "refit": self.refit, "trained_together": len(runs)}
        info["num_parameters"] = sum(parameter.numel() for parameter in models[0].parameters())
        found = []
        for (parts, _, _), on_dev, model, (_, history), each in zip(
            runs, dev, models, trained, transforms, strict=True
        ):
            predict = Predict(model, each, device)
            found.append(Predicted(on_dev, predict(parts["test"]), history, info, predict))
        return found

    def _train(self, own: list["One"], seen: list | None, num_classes: int, epochs: int) -> list[tuple[Head, list]]:
        """Models and histories. Trainings of as many steps an epoch and inputs as wide are one program."""
        groups = {}
        for number, one in enumerate(own):
            groups.setdefault((*one.batches(self.batch), *(x.shape[1:] for x in one.inputs)), []).append(number)
        trained = {}
        for (size, num_batches, *_), numbers in groups.items():
            told = [seen[n] for n in numbers] if seen else None
            program = Program(self, [own[n] for n in numbers], num_classes, size, num_batches, epochs)
            trained |= dict(zip(numbers, program.run(told), strict=True))
        return [trained[number] for number in range(len(own))]


@dataclass(frozen=True)
class Predict:
    """Probabilities of a trained head for inputs as they were extracted."""

    model: Head
    transforms: dict[str, Callable]
    device: str = "cpu"

    def __call__(self, inputs: Inputs, without: tuple[str, ...] = (), told: bool = True) -> np.ndarray:
        """(N, C) float64. Inputs named in `without` are hidden; not `told` so, the head sees an average input in their place."""
        x, present = _tensors(self.transforms, inputs, self.device)
        for m, name in enumerate(self.transforms):
            if name in without:
                x[m] = torch.zeros_like(x[m])
                present[:, m] &= not told
        return probabilities(self.model, x, present)


def probabilities(model: Head, inputs: list[Tensor], present: Tensor) -> np.ndarray:
    """(N, C) float64."""
    return logits_of(model, inputs, present).double().softmax(1).numpy()


def _prepared(recipe, parts: dict[str, Inputs], device: str) -> dict:
    """Per part inputs and what is present; and the transforms, fitted on train."""
    transforms = {name: recipe.prepare[name](parts["train"][name]) for name in recipe.features}
    found = {part: _tensors(transforms, parts[part], device) for part in ("train", "dev") if part in parts}
    return found | {"transforms": transforms}


def _tensors(transforms: dict, inputs: Inputs, device: str) -> tuple[list[Tensor], Tensor]:
    """Inputs, what is missing as 0; and which clips have which, (N, M)."""
    x = [transform(inputs[name]).to(device) for name, transform in transforms.items()]
    present = torch.stack([~one.isnan().flatten(1).any(1) for one in x], 1)
    return [one.nan_to_num() for one in x], present


def _targets(labels: dict[str, np.ndarray], part: str, device: str) -> Tensor:
    rows = np.concatenate([labels["train"], labels["dev"]]) if part == "both" else labels[part]
    return torch.tensor(rows).to(device)


def _with_dev(parts: dict[str, Inputs]) -> dict[str, Inputs]:
    joined = {name: np.concatenate([values, parts["dev"][name]]) for name, values in parts["train"].items()}
    return {"train": joined}

"""How a recipe learns: one plain loop for networks, and scikit-learn estimators chosen by their dev score."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.model_selection import ParameterGrid
from torch import Tensor, nn

from emostudy.metrics import confusion, uar
from emostudy.seeds import seed_everything

Inputs = dict[str, np.ndarray]  # input name -> values (N, ...), rows in the order of the labels


@dataclass(frozen=True)
class Fitted:
    """Probabilities (N, C) for dev and test, and how they came about."""

    dev: np.ndarray
    test: np.ndarray
    history: list[dict] = field(default_factory=list)  # per epoch: loss and UAR on train and dev
    info: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Estimator:
    """A scikit-learn classifier. `build(seed, **point)` makes it for one point of `grid`; dev UAR chooses the point.

    With `refit` the test predictions come from a second fit, on train and dev, with what dev chose.
    """

    build: Callable
    grid: dict = field(default_factory=dict)
    refit: bool = False
    uses_seed: bool = False

    def fit(
        self, recipe, parts: dict[str, Inputs], labels: dict[str, np.ndarray], num_classes: int, seed: int, **_
    ) -> Fitted:
        """Fit on train, choose on dev, predict dev and test."""
        x = {part: _columns(values) for part, values in parts.items()}
        trials = []
        for point in ParameterGrid(self.grid or {}):
            model = self.build(seed, **point).fit(x["train"], labels["train"])
            dev = _probabilities(model, x["dev"], num_classes)
            trials.append((_uar(labels["dev"], dev, num_classes), point, model, dev))
        _, point, model, dev = max(trials, key=lambda trial: trial[0])
        if self.refit:
            both = np.concatenate([x["train"], x["dev"]])
            model = self.build(seed, **point).fit(both, np.concatenate([labels["train"], labels["dev"]]))
        info = {
            "chosen": point,
            "refit": self.refit,
            "trials": [{**p, "dev_uar": round(s, 4)} for s, p, _, _ in trials],
        }
        return Fitted(dev, _probabilities(model, x["test"], num_classes), info=info)


@dataclass(frozen=True)
class Network:
    """A torch model: `build(sizes, num_classes)` gives a module that maps the inputs, in order, to logits (B, C).

    The epoch with the best dev UAR is kept. With `refit`, the test predictions come from a second training on train and
    dev for that number of epochs.
    """

    build: Callable
    epochs: int
    batch: int
    lr: float
    optimiser: str = "Adam"
    weight_decay: float = 0.0
    augment: Callable | None = None
    refit: bool = False
    uses_seed: bool = True

    def fit(self, recipe, parts, labels, num_classes, seed, device="cpu", max_epochs=None) -> Fitted:
        """Fit on train, keep the epoch that dev likes best, predict dev and test.

        Raises:
            ValueError: the loss is not finite before one epoch is over.
        """
        epochs = min(self.epochs, max_epochs or self.epochs)
        tensors, sizes = _prepared(recipe, parts, "train")
        targets = {part: torch.tensor(values) for part, values in labels.items()}
        model, history = self._train(sizes, tensors, targets, num_classes, seed, device, epochs)
        best = max(history, key=_liked)["epoch"]
        info = {"best_epoch": best, "epochs": len(history), "refit": self.refit}
        info["num_parameters"] = sum(parameter.numel() for parameter in model.parameters())
        dev = predict(model, tensors["dev"], device)
        if self.refit:
            merged = {
                **parts,
                "train": {k: np.concatenate([parts["train"][k], parts["dev"][k]]) for k in parts["train"]},
            }
            targets["train"] = torch.cat([targets["train"], targets["dev"]])
            tensors, sizes = _prepared(recipe, merged, "train")
            model, _ = self._train(sizes, tensors, targets, num_classes, seed, device, best, keep="last")
        return Fitted(dev, predict(model, tensors["test"], device), history, info)

    def _train(self, sizes, tensors, targets, num_classes, seed, device, epochs, keep="best"):
        generator = seed_everything(seed)
        model = self.build(sizes, num_classes).to(device)
        options = {"lr": self.lr, "weight_decay": self.weight_decay, "fused": True}  # one pass over all weights
        optimiser = getattr(torch.optim, self.optimiser)(model.parameters(), **options)
        history, state = [], None
        for epoch in range(1, epochs + 1):
            started = time.perf_counter()
            train = self._epoch(model, optimiser, tensors["train"], targets["train"], generator, device)
            row = {"epoch": epoch, **_scores("train", *train, num_classes)}
            row |= _scores("dev", *_evaluate(model, tensors["dev"], targets["dev"], device), num_classes)
            if not np.isfinite([row["train_loss"], row["dev_loss"]]).all():
                break
            history.append(row | {"seconds": round(time.perf_counter() - started, 3)})
            if keep == "last" or _liked(row) > max(map(_liked, history[:-1]), default=(-1.0, 0.0)):
                state = {name: value.detach().clone() for name, value in model.state_dict().items()}
        if state is None:
            raise ValueError("the loss was not finite in the first epoch: standardise the input or lower lr")
        model.load_state_dict(state)
        return model, history

    def _epoch(self, model: nn.Module, optimiser, inputs: list[Tensor], targets: Tensor, generator, device):
        model.train()
        order = torch.randperm(len(targets), generator=generator)
        losses, logits = [], []
        for rows in order.split(self.batch):
            x = [tensor[rows].to(device) for tensor in inputs]
            if self.augment is not None:
                x = self.augment(x, generator)
            output = model(*x)
            loss = nn.functional.cross_entropy(output, targets[rows].to(device))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            losses.append(loss.item() * len(rows))
            logits.append(output.detach().cpu())
        return sum(losses) / len(order), torch.cat(logits), targets[order]


def _liked(row: dict) -> tuple[float, float]:
    """By which the epochs of a history are chosen; the first of equals."""
    return row["dev_uar"], -row["dev_loss"]


def predict(model: nn.Module, inputs: list[Tensor], device: str = "cpu", batch: int = 32) -> np.ndarray:
    """Class probabilities (N, C) float64 of a trained model."""
    return torch.softmax(_logits(model, inputs, device, batch).double(), dim=1).numpy()


def _logits(model: nn.Module, inputs: list[Tensor], device: str, batch: int = 32) -> Tensor:
    model.eval()
    with torch.no_grad():
        parts = zip(*(tensor.split(batch) for tensor in inputs), strict=True)
        return torch.cat([model(*(part.to(device) for part in some)).cpu() for some in parts])


def _evaluate(model: nn.Module, inputs: list[Tensor], targets: Tensor, device: str):
    logits = _logits(model, inputs, device)
    return nn.functional.cross_entropy(logits, targets).item(), logits, targets


def _scores(part: str, loss: float, logits: Tensor, targets: Tensor, num_classes: int) -> dict:
    score = uar(confusion(targets.numpy(), logits.argmax(1).numpy(), num_classes))
    return {f"{part}_loss": round(float(loss), 5), f"{part}_uar": round(float(score), 5)}


def _prepared(recipe, parts: dict[str, Inputs], fitted_on: str) -> tuple[dict[str, list[Tensor]], dict[str, int]]:
    transforms = {name: recipe.prepare[name](parts[fitted_on][name]) for name in recipe.features}
    tensors = {part: [transforms[name](values[name]) for name in recipe.features] for part, values in parts.items()}
    return tensors, {name: transform.size for name, transform in transforms.items()}


def _columns(values: Inputs) -> np.ndarray:
    """One table (N, D) of all inputs side by side; a single input of strings stays a column (N, 1)."""
    return np.concatenate([value.reshape(len(value), -1) for value in values.values()], axis=1)


def _probabilities(model, x: np.ndarray, num_classes: int) -> np.ndarray:
    """Columns of `predict_proba` put where the class numbers say, zero for a class that training did not have."""
    probabilities = np.zeros((len(x), num_classes))
    probabilities[:, model.classes_] = model.predict_proba(x)
    return probabilities


def _uar(labels: np.ndarray, probabilities: np.ndarray, num_classes: int) -> float:
    return float(uar(confusion(labels, probabilities.argmax(1), num_classes)))

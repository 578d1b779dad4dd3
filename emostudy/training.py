"""How a network learns: one plain loop."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from emostudy.estimators import Estimator as Estimator  # the two kinds of learners, from one place
from emostudy.estimators import Fitted, Inputs
from emostudy.estimators import Tuned as Tuned
from emostudy.metrics import confusion, uar
from emostudy.optimising import average_of, class_weights, mixed, schedule
from emostudy.seeds import seed_everything


@dataclass(frozen=True)
class Network:
    """A torch model: `build(sizes, num_classes)` gives a module that maps the inputs, in order, to logits (B, C).

    The epoch with the best dev UAR is kept. With `refit`, the test predictions come from a second training on train and
    dev for that number of epochs.

    Args:
        schedule: of the step size, as in `optimising.schedule`: `constant`, `one_cycle`, `linear`.
        augment: (list of inputs, generator) -> list of inputs, on every training batch.
        mixup: parameter of the Beta distribution by which two clips are mixed, 0 = none (Zhang et al. 2018); numbers only.
        balanced: errors weighted by one over the class' frequency in train.
        averaging: decay of a moving average of the weights, with which is predicted; 0 = none (Polyak and Juditsky 1992).
        clip_norm: longest gradient, 0 = any.
        keep: "best" epoch by dev, or the "last" one: then dev chooses nothing.
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
    schedule: str = "constant"
    mixup: float = 0.0
    label_smoothing: float = 0.0
    balanced: bool = False
    averaging: float = 0.0
    clip_norm: float = 0.0
    keep: str = "best"

    def fit(self, recipe, parts, labels, num_classes, seed, device="cpu", max_epochs=None) -> Fitted:
        """Fit on train, keep the epoch that dev likes best, predict dev and test.

        Raises:
            ValueError: the loss is not finite before one epoch is over.
        """
        epochs = min(self.epochs, max_epochs or self.epochs)
        tensors, sizes = _prepared(recipe, parts)
        targets = {part: torch.tensor(values) for part, values in labels.items()}
        model, history = self._train(sizes, tensors, targets, num_classes, seed, device, epochs)
        best = history[-1]["epoch"] if self.keep == "last" else max(history, key=_liked)["epoch"]
        info = {"best_epoch": best, "epochs": len(history), "refit": self.refit}
        info["num_parameters"] = sum(parameter.numel() for parameter in model.parameters())
        dev = predict(model, tensors["dev"], device)
        if self.refit:
            tensors, sizes = _prepared(recipe, parts | {"train": _joined(parts["train"], parts["dev"])})
            targets["train"] = torch.cat([targets["train"], targets["dev"]])
            model, _ = self._train(sizes, tensors, targets, num_classes, seed, device, epochs, stop=best)
        return Fitted(dev, predict(model, tensors["test"], device), history, info)

    def _train(self, sizes, tensors, targets, num_classes, seed, device, epochs, stop=None):
        """The model and its history; with `stop` the one after so many epochs, whatever dev says."""
        generator = seed_everything(seed)
        model = self.build(sizes, num_classes).to(device)
        state = self._state(model, targets["train"], num_classes, epochs)
        history, kept, used = [], None, model if state.averaged is None else state.averaged
        for epoch in range(1, (stop or epochs) + 1):
            started = time.perf_counter()
            train = self._epoch(model, state, tensors["train"], targets["train"], generator, device)
            row = {"epoch": epoch, **_scores("train", *train, num_classes)}
            row |= _scores("dev", *_evaluate(used, tensors["dev"], targets["dev"], device), num_classes)
            if not np.isfinite([row["train_loss"], row["dev_loss"]]).all():
                break
            history.append(row | {"seconds": round(time.perf_counter() - started, 3)})
            if stop or self.keep == "last" or _liked(row) > max(map(_liked, history[:-1]), default=(-1.0, 0.0)):
                kept = {name: value.detach().clone() for name, value in used.state_dict().items()}
        if kept is None:
            raise ValueError("the loss was not finite in the first epoch: standardise the input or lower lr")
        used.load_state_dict(kept)
        return used, history

    def _state(self, model: nn.Module, labels: Tensor, num_classes: int, epochs: int) -> "State":
        options = {"lr": self.lr, "weight_decay": self.weight_decay, "fused": True}  # one pass over all weights
        optimiser = getattr(torch.optim, self.optimiser)(model.parameters(), **options)
        num_steps = epochs * -(-len(labels) // self.batch)
        weight = class_weights(labels, num_classes).to(next(model.parameters()).device) if self.balanced else None
        criterion = nn.CrossEntropyLoss(weight, label_smoothing=self.label_smoothing)
        scheduler, averaged = schedule(self.schedule, optimiser, num_steps), average_of(model, self.averaging)
        return State(optimiser, scheduler, criterion, averaged, num_classes)

    def _epoch(self, model: nn.Module, state: "State", inputs: list[Tensor], targets: Tensor, generator, device):
        model.train()
        order = torch.randperm(len(targets), generator=generator)
        losses, logits = [], []
        for rows in order.split(self.batch):
            x, y = [tensor[rows].to(device) for tensor in inputs], targets[rows].to(device)
            if self.augment is not None:
                x = self.augment(x, generator)
            x, y = mixed(x, y, self.mixup, state.num_classes, generator)
            output = model(*x)
            loss = state.criterion(output, y)
            state.step(model, loss, self.clip_norm)
            losses.append(loss.item() * len(rows))
            logits.append(output.detach().cpu())
        return sum(losses) / len(order), torch.cat(logits), targets[order]


@dataclass
class State:
    """What a training carries from step to step beside the model."""

    optimiser: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LRScheduler
    criterion: nn.Module
    averaged: nn.Module | None
    num_classes: int

    def step(self, model: nn.Module, loss: Tensor, clip_norm: float) -> None:
        """One step of the optimiser, of the step size and of the average."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if clip_norm:
            nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
        self.optimiser.step()
        self.scheduler.step()
        if self.averaged is not None:
            self.averaged.update_parameters(model)


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


def _prepared(recipe, parts: dict[str, Inputs]) -> tuple[dict[str, list[Tensor]], dict[str, int]]:
    transforms = {name: recipe.prepare[name](parts["train"][name]) for name in recipe.features}
    tensors = {part: [transforms[name](values[name]) for name in recipe.features] for part, values in parts.items()}
    return tensors, {name: transform.size for name, transform in transforms.items()}


def _joined(one: Inputs, other: Inputs) -> Inputs:
    return {name: np.concatenate([one[name], other[name]]) for name in one}

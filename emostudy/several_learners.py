"""Learners for clips that may have several labels at once: a machine, or an output of a network, for each label by itself."""

import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from sklearn.model_selection import ParameterGrid
from torch import Tensor, nn

from emostudy.estimators import Estimator, Fitted, _columns, _probabilities, cross_validated, num_parameters
from emostudy.predictions import DECIMALS
from emostudy.seeds import seed_everything
from emostudy.thresholds import best_thresholds, decide, macro_f1
from emostudy.training import Network, State, _joined, _logits, _prepared


def chosen_thresholds(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Thresholds (C,) from dev labels and dev probabilities, both (N, C), the latter as predictions keep them."""
    return best_thresholds(labels, probabilities.round(DECIMALS))


@dataclass(frozen=True)
class OneEach(Estimator):
    """A scikit-learn classifier of each label against its absence (binary relevance); dev macro F1 chooses one point for all."""

    def fit(self, recipe, parts, labels, num_classes, seed, **_) -> Fitted:
        """Fit on train, choose on dev, predict dev and test; labels (N, C)."""
        x = {part: _columns(values) for part, values in parts.items()}
        best, trials = None, []
        for point in ParameterGrid(self.grid or {}):
            found = self._each(x["train"], labels["train"], list(x.values()), seed, point)
            found |= {"point": point, **dict(zip(x, found["probabilities"], strict=True))}
            found["score"] = score(labels["dev"], found["dev"])
            trials.append({**point, "dev_macro_f1": round(found["score"], 4)})
            if best is None or found["score"] > best["score"]:
                best = found
        info = {"chosen": best["point"], "refit": self.refit, "trials": trials}
        thresholds = chosen_thresholds(labels["dev"], best["dev"])
        info["train_macro_f1"] = round(macro_f1(labels["train"], decide(best["train"], thresholds)), 4)
        dev, test = best["dev"], best["test"]
        if self.refit:
            both, y = (np.concatenate([some["train"], some["dev"]]) for some in (x, labels))
            best = self._each(both, y, [x["test"]], seed, best["point"])
            (test,) = best["probabilities"]
        return Fitted(
            dev, test, info=info | {name: best[name] for name in ("num_parameters", "cv_trials") if best[name]}
        )

    def _each(self, x: np.ndarray, y: np.ndarray, asked: list[np.ndarray], seed: int, point: dict) -> dict:
        """Probabilities (N, C) of every table in `asked`; a machine lives no longer than its label's turn."""
        columns, size, tried = [], 0, []
        for number, label in enumerate(y.T):
            model = self.build(seed, **point).fit(x, label.astype(int))
            columns.append([_probabilities(model, some, 2)[:, 1] for some in asked])
            size += num_parameters(model)
            if hasattr(model, "cv_results_"):
                tried += [{"label": number, **trial} for trial in cross_validated(model)]
        probabilities = [np.stack(part, 1) for part in zip(*columns, strict=True)]  # C x (N,) -> (N, C)
        return {"probabilities": probabilities, "num_parameters": size, "cv_trials": tried}


@dataclass(frozen=True)
class ManyLabels(Network):
    """A torch model with a logit for each label: binary cross-entropy, sigmoid, and the epoch with the best dev macro F1.

    `balanced` weighs a label's clips by how many lack it for each that has it. An epoch is scored with the thresholds that dev
    chooses for it. Nothing else differs from `Network`.
    """

    def fit(self, recipe, parts, labels, num_classes, seed, device="cpu", max_epochs=None) -> Fitted:
        """Fit on train, keep the epoch that dev likes best, predict dev and test; labels (N, C) float32.

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
        dev = sigmoids(_logits(model, tensors["dev"], device))
        if self.refit:
            tensors, sizes = _prepared(recipe, parts | {"train": _joined(parts["train"], parts["dev"])})
            targets["train"] = torch.cat([targets["train"], targets["dev"]])
            model, _ = self._train(sizes, tensors, targets, num_classes, seed, device, epochs, stop=best)
        return Fitted(dev, sigmoids(_logits(model, tensors["test"], device)), history, info)

    def _train(self, sizes, tensors, targets, num_classes, seed, device, epochs, stop=None):
        """The model and its history; with `stop` the one after so many epochs, whatever dev says."""
        generator = seed_everything(seed)
        model = self.build(sizes, num_classes).to(device)
        state = self._state(model, targets["train"], num_classes, epochs)
        history, kept, used = [], None, model if state.averaged is None else state.averaged
        for epoch in range(1, (stop or epochs) + 1):
            started = time.perf_counter()
            train = self._epoch(model, state, tensors["train"], targets["train"], generator, device)
            row = {"epoch": epoch, **_scores(train, _logits(used, tensors["dev"], device), targets["dev"])}
            if not np.isfinite([row["train_loss"], row["dev_loss"]]).all():
                break
            history.append(row | {"seconds": round(time.perf_counter() - started, 3)})
            if stop or self.keep == "last" or _liked(row) > max(map(_liked, history[:-1]), default=(-1.0, 0.0)):
                kept = {name: value.detach().clone() for name, value in used.state_dict().items()}
        if kept is None:
            raise ValueError("the loss was not finite in the first epoch: standardise the input or lower lr")
        used.load_state_dict(kept)
        return used, history

    def _state(self, model: nn.Module, labels: Tensor, num_classes: int, epochs: int) -> State:
        state = Network._state(replace(self, balanced=False), model, labels, num_classes, epochs)
        present = labels.sum(0)
        weight = ((len(labels) - present) / present.clamp(min=1)).to(next(model.parameters()).device)
        state.criterion = Smoothed(self.label_smoothing, weight if self.balanced else None)
        return state


class Smoothed(nn.Module):
    """Binary cross-entropy of logits (B, C) and labels (B, C), of which a share `smoothing` is drawn to one half."""

    def __init__(self, smoothing: float, weight: Tensor | None) -> None:
        super().__init__()
        self.smoothing, self.loss = smoothing, nn.BCEWithLogitsLoss(pos_weight=weight)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        return self.loss(logits, labels * (1 - self.smoothing) + self.smoothing / 2)


def sigmoids(logits: Tensor) -> np.ndarray:
    """Probabilities (N, C) float64, of each label by itself."""
    return torch.sigmoid(logits.double()).numpy()


def score(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Macro F1 with the best threshold for each label; both (N, C)."""
    return macro_f1(labels, decide(probabilities.round(DECIMALS), chosen_thresholds(labels, probabilities)))


def _scores(train: tuple, logits: Tensor, labels: Tensor) -> dict:
    """Loss and macro F1 on train and dev, both with the thresholds that dev chooses."""
    loss, train_logits, train_labels = train
    thresholds = chosen_thresholds(labels.numpy(), sigmoids(logits))
    found = {"train_loss": loss, "train_macro_f1": macro_f1(train_labels, decide(sigmoids(train_logits), thresholds))}
    found["dev_loss"] = nn.functional.binary_cross_entropy_with_logits(logits, labels).item()
    found["dev_macro_f1"] = macro_f1(labels, decide(sigmoids(logits).round(DECIMALS), thresholds))
    return {name: round(float(value), 5) for name, value in found.items()}


def _liked(row: dict) -> tuple[float, float]:
    """By which the epochs of a history are chosen; the first of equals."""
    return row["dev_macro_f1"], -row["dev_loss"]

"""Recipes that scikit-learn fits, and a learner of any kind whose settings dev chooses."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from sklearn.model_selection import ParameterGrid

from emostudy.metrics import confusion, uar

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
            trials.append((score(labels["dev"], dev), point, model, dev))
        _, point, model, dev = max(trials, key=lambda trial: trial[0])
        train = _probabilities(model, x["train"], num_classes)
        tried = {"cv_trials": cross_validated(model)} if hasattr(model, "cv_results_") else {}
        if self.refit:
            both = np.concatenate([x["train"], x["dev"]])
            model = self.build(seed, **point).fit(both, np.concatenate([labels["train"], labels["dev"]]))
        info = {
            "chosen": point,
            "refit": self.refit,
            "train_uar": round(score(labels["train"], train), 4),
            "num_parameters": num_parameters(model),
            "trials": [{**p, "dev_uar": round(s, 4)} for s, p, _, _ in trials],
            **tried,
        }
        return Fitted(dev, _probabilities(model, x["test"], num_classes), info=info)


@dataclass(frozen=True)
class Tuned:
    """A learner of which dev UAR chooses some settings: every point of `grid` is one training.

    `info` keeps all trials; the first of equals is taken. Only train and dev are looked at.
    """

    learner: object
    grid: dict[str, list]

    @property
    def uses_seed(self) -> bool:
        """Whether the learner's result depends on the seed."""
        return self.learner.uses_seed

    def fit(self, recipe, parts, labels, num_classes, seed, **options) -> Fitted:
        """Fit with every point, keep the one that dev likes best."""
        best, trials = None, []
        for point in ParameterGrid(self.grid):
            found = replace(self.learner, **point).fit(recipe, parts, labels, num_classes, seed, **options)
            dev_uar = score(labels["dev"], found.dev)
            trials.append({**point, "dev_uar": round(dev_uar, 4)})
            if best is None or dev_uar > best[0]:
                best = dev_uar, point, found
        _, point, found = best
        return replace(found, info={**found.info, "chosen": point, "trials": trials})


def cross_validated(search) -> list[dict]:
    """What scikit-learn's GridSearchCV tried inside train: the point, and the mean and deviation of UAR over its folds."""
    found = search.cv_results_
    scores = zip(found["params"], found["mean_test_score"], found["std_test_score"], strict=True)
    return [
        {name.partition("__")[2]: value for name, value in point.items()}
        | {"cv_uar": round(float(mean), 4), "cv_uar_deviation": round(float(deviation), 4)}
        for point, mean, deviation in scores
    ]


def score(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """UAR of the most probable classes; labels (N,), probabilities (N, C)."""
    return float(uar(confusion(labels, probabilities.argmax(1), probabilities.shape[1])))


def num_parameters(model) -> int:
    """How many numbers were fitted: of every part of a model the arrays that end in an underscore, and the nodes of trees.

    Counted once each, so a machine inside a pipeline inside a calibration is found; what only describes the data is not.
    """
    waiting, seen, total = [model], set(), 0
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, list | tuple):
            waiting += part
        elif isinstance(part, np.ndarray):
            total += part.size if part.dtype.kind == "f" else 0
        elif hasattr(part, "node_count"):
            total += part.node_count
        elif hasattr(part, "get_params"):
            waiting += [value for name, value in vars(part).items() if name.endswith("_") and name not in DATA]
            waiting += [step for _, step in getattr(part, "steps", ())]
        elif hasattr(part, "estimator") and hasattr(part, "calibrators"):
            waiting += [part.estimator, *part.calibrators]
    return int(total)


DATA = ("classes_", "n_features_in_", "class_weight_", "shape_fit_", "support_", "n_support_", "class_count_", "var_")


def _columns(values: Inputs) -> np.ndarray:
    """One table (N, D) of all inputs side by side; a single input of strings stays a column (N, 1)."""
    return np.concatenate([value.reshape(len(value), -1) for value in values.values()], axis=1)


def _probabilities(model, x: np.ndarray, num_classes: int) -> np.ndarray:
    """Columns of `predict_proba` put where the class numbers say, zero for a class that training did not have."""
    probabilities = np.zeros((len(x), num_classes))
    probabilities[:, model.classes_] = model.predict_proba(x)
    return probabilities

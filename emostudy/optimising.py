"""What training adds to a plain step: step sizes that change, clips that are mixed, weights that are averaged."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

WARM_UP = 0.1  # of all steps


def schedule(name: str, optimiser: Optimizer, num_steps: int) -> LRScheduler:
    """How the step size changes over `num_steps` steps.

    `constant`; `linear`: a tenth of the steps up, then down to 0 (BERT's); `one_cycle`: up and down along a cosine (Smith and
    Topin 2018), momentum against it.
    """
    known = {"constant": _constant, "linear": _linear, "one_cycle": _one_cycle}
    if name not in known:
        raise ValueError(f"unknown schedule {name!r}; there are {', '.join(known)}")
    return known[name](optimiser, num_steps)


def _constant(optimiser: Optimizer, num_steps: int) -> LRScheduler:
    return LambdaLR(optimiser, lambda step: 1.0)


def _linear(optimiser: Optimizer, num_steps: int) -> LRScheduler:
    up = max(1, round(WARM_UP * num_steps))
    return LambdaLR(optimiser, lambda step: min((step + 1) / up, max(0.0, (num_steps - step) / max(1, num_steps - up))))


def _one_cycle(optimiser: Optimizer, num_steps: int) -> LRScheduler:
    return OneCycleLR(optimiser, [group["lr"] for group in optimiser.param_groups], num_steps + 1, pct_start=WARM_UP)


def average_of(model: nn.Module, decay: float) -> AveragedModel | None:
    """A moving average of the weights and of what batch normalisation keeps; None where `decay` is 0."""
    if not decay:
        return None
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def class_weights(labels: Tensor, num_classes: int) -> Tensor:
    """One over the frequency of each class, (C,), 1 on average over clips; a class that is not there has weight 0."""
    counts = torch.bincount(labels, minlength=num_classes).float()
    present = counts > 0
    return torch.where(present, len(labels) / (present.sum() * counts.clamp(min=1)), torch.zeros(()))


def mixed(inputs: list[Tensor], labels: Tensor, parameter: float, num_classes: int, generator: torch.Generator):
    """Mixup: each clip of a batch with another one, its class shares with the other's (Zhang et al. 2018).

    One share for the batch, the larger one the clip's own; drawn from Beta(`parameter`, `parameter`). With 0 nothing is done.

    Raises:
        ValueError: an input that is no numbers, such as tokens.
    """
    if not parameter:
        return inputs, labels
    if not all(x.is_floating_point() for x in inputs):
        raise ValueError("mixup is for numbers, and an input holds tokens; set mixup=0")
    state = int(torch.randint(2**31, (1,), generator=generator))
    share = np.random.default_rng(state).beta(parameter, parameter)  # torch's Beta takes no generator
    share = float(max(share, 1 - share))
    other = torch.randperm(len(labels), generator=generator).to(labels.device)
    shares = nn.functional.one_hot(labels, num_classes).to(inputs[0].dtype)  # (B,) -> (B, C)
    return [share * x + (1 - share) * x[other] for x in inputs], share * shares + (1 - share) * shares[other]

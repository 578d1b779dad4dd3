"""Many trainings of a head in one program: weights, clips and dropout of all are stacked, and a step is one step of each."""

import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from emostudy.metrics import confusion, uar
from emostudy.models.coins import Coins, brought
from emostudy.models.crnn import rough
from emostudy.models.heads import Head
from emostudy.optimising import class_weights, mixed, schedule
from emostudy.seeds import seed_everything


@dataclass(frozen=True)
class One:
    """What one training learns from: inputs (N, D) each, `present` (N, M), labels (N,), and its seed."""

    inputs: list[Tensor]
    present: Tensor
    labels: Tensor
    seed: int

    def batches(self, size: int) -> tuple[int, int]:
        """The size of its batches and their number in an epoch."""
        size = min(size, len(self.labels))
        return size, len(self.labels) // size


class Program:
    """Trainings of equal shape side by side: weights are stacked, (K, ...)."""

    def __init__(self, learner, own: list[One], num_classes, size, num_batches, epochs) -> None:
        self.learner, self.own, self.num_classes = learner, own, num_classes
        self.size, self.num_batches, self.epochs = size, num_batches, epochs
        self.generators, models = [], []
        for one in own:
            self.generators.append(seed_everything(one.seed))
            models.append(learner.build([x.shape[-1] for x in one.inputs], num_classes).to(one.labels.device))
        self.models = models
        self.weights, _ = stack_module_state(models)
        self.importance = torch.stack([self._importance(one.labels) for one in own])  # (K, C)
        self.costs = Costs(models[0].train())
        self.num_coins = max(self._coins(progress) for progress in (0.0, 1.0))

    def run(self, seen: list | None) -> list[tuple[Head, list]]:
        """Train; with `seen`, what each training's dev clips say of every epoch is its history."""
        num_steps = self.epochs * self.num_batches
        options = {"lr": self.learner.lr, "weight_decay": self.learner.weight_decay, "fused": True}
        optimiser = torch.optim.AdamW(self.weights.values(), **options)
        steps = schedule("one_cycle", optimiser, num_steps + (num_steps == 9))  # torch divides by zero at nine
        histories = [[] for _ in self.own]
        for epoch in range(self.epochs):
            started = time.perf_counter()
            told = self._epoch(epoch, optimiser, steps)
            seconds = (time.perf_counter() - started) / len(self.own)
            for k, history in enumerate(histories if seen else []):
                row = {"epoch": epoch + 1, **_scores("train", told[0][:, k].mean(), told[1][k], told[2][k])}
                history.append(row | self._on_dev(k, seen[k]) | {"seconds": round(seconds, 4)})
        return [(self._model(k), history) for k, history in enumerate(histories)]

    def _epoch(self, epoch: int, optimiser, steps) -> tuple[Tensor, Tensor, Tensor]:
        """Losses (steps, K), logits (K, N, C) and labels (K, N) of the clips as they were shown."""
        orders = [
            torch.randperm(len(one.labels), generator=g) for one, g in zip(self.own, self.generators, strict=True)
        ]
        losses, logits, labels = [], [], []
        for step in range(self.num_batches):
            rows = [order[step * self.size : (step + 1) * self.size] for order in orders]
            progress = (epoch * self.num_batches + step) / (self.epochs * self.num_batches)
            inputs, present, targets, coins = self._batch(rows)
            each, said = self._costs(inputs, present, targets, coins, progress)
            if not torch.isfinite(each).all():
                raise ValueError("the loss is not finite: standardise the input or lower lr")
            optimiser.zero_grad(set_to_none=True)
            each.sum().backward()
            optimiser.step()
            steps.step()
            losses.append(each.detach())
            logits.append(said.detach())
            labels.append(torch.stack([one.labels[r] for one, r in zip(self.own, rows, strict=True)]))
        return torch.stack(losses).cpu(), torch.cat(logits, 1).cpu(), torch.cat(labels, 1).cpu()

    def _costs(self, inputs, present, targets, coins, progress) -> tuple[Tensor, Tensor]:
        """The mean loss of each training's batch, (K,), and its logits (K, B, C)."""

        def of_one(weights, inputs, present, targets, coins, importance):
            with brought(Coins(coins)):
                arguments = (inputs, present, targets, progress, self.learner.label_smoothing)
                losses, logits = functional_call(self.costs, _under("head", weights), arguments)
            return (losses * (targets @ importance)).mean(), logits

        return vmap(of_one)(self.weights, inputs, present, targets, coins, self.importance)

    def _importance(self, labels: Tensor) -> Tensor:
        """What an error on each class weighs, (C,)."""
        weights = class_weights(labels, self.num_classes) if self.learner.balanced else torch.ones(self.num_classes)
        return weights.to(labels.device)

    def _batch(self, rows: list[Tensor]) -> tuple[list[Tensor], Tensor, Tensor, Tensor]:
        """What every training sees in this step, stacked: each draws from its own generator."""
        drawn = [self._drawn(*some) for some in zip(self.own, rows, self.generators, strict=True)]
        inputs = [torch.stack(each) for each in zip(*(one[0] for one in drawn), strict=True)]  # (K, B, D)
        return inputs, *(torch.stack([one[part] for one in drawn]) for part in (1, 2, 3))

    def _drawn(self, one: One, rows: Tensor, generator: torch.Generator):
        """Noise, then each clip mixed with another, then hidden modalities; and the coins of its dropout."""
        learner, device = self.learner, one.labels.device
        x = rough([x[rows] for x in one.inputs], generator, learner.noise)
        targets = nn.functional.one_hot(one.labels[rows], self.num_classes).to(x[0].dtype)
        mixing = [*x, one.present[rows].to(x[0].dtype), targets]
        (*x, both, targets), _ = mixed(mixing, one.labels[rows], learner.mixup, self.num_classes, generator)
        present = _hidden(both > 1 - 1e-6, learner.hide, generator)  # a mixture has what both clips have
        coins = torch.rand(len(rows), self.num_coins, generator=generator).to(device)
        return x, present, targets, coins

    def _coins(self, progress: float) -> int:
        """How many coins a clip takes in a step of training."""
        rows, targets = [one[:2] for one in self.own[0].inputs], torch.ones(2, self.num_classes)
        present = self.own[0].present[:2]
        with torch.no_grad(), brought(Coins()) as counted:
            self.costs(rows, present, targets.to(present.device), progress, 0.0)
        return counted.used

    def _on_dev(self, k: int, dev: tuple) -> dict:
        inputs, present, labels = dev
        logits, labels = logits_of(self._model(k), inputs, present), torch.tensor(labels)
        return _scores("dev", nn.functional.cross_entropy(logits, labels), logits, labels)

    def _model(self, k: int) -> Head:
        """The k-th network with the weights it has now."""
        self.models[k].load_state_dict({name: weight[k].detach() for name, weight in self.weights.items()})
        return self.models[k]


class Costs(nn.Module):
    """A head whose forward tells its losses: `functional_call` calls nothing else."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = head

    def forward(self, *arguments):
        """As `Head.losses`."""
        return self.head.losses(*arguments)


def logits_of(model: Head, inputs: list[Tensor], present: Tensor) -> Tensor:
    training = model.training
    model.eval()
    with torch.no_grad():
        logits = model(*inputs, present=present).cpu()
    model.train(training)
    return logits


def _scores(part: str, loss: Tensor, logits: Tensor, labels: Tensor) -> dict:
    score = uar(confusion(labels.cpu().numpy(), logits.argmax(1).numpy(), logits.shape[1]))
    return {f"{part}_loss": round(float(loss), 5), f"{part}_uar": round(float(score), 5)}


def _hidden(present: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Each modality that is there hidden with this probability; where that leaves a clip nothing, it keeps all."""
    if not share:
        return present
    left = present & (torch.rand(present.shape, generator=generator) >= share).to(present.device)
    return torch.where(left.any(1, keepdim=True), left, present)


def _under(name: str, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{name}.{key}": weight for key, weight in weights.items()}

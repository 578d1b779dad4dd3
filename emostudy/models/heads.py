"""Heads: networks that join the vectors of any number of modalities, some of which a clip may lack.

Each takes one vector per modality, (B, D) each, and `present` (B, M), True where a clip has the modality; what stands in the place
of a missing one cannot reach the logits (B, C). A clip that lacks all gets logits that no input moves. Nothing here looks at other
clips of the batch, so that many networks can be trained in one program (`batched.py`).
"""

import torch
from torch import Tensor, nn

from emostudy.models.coins import Dropout, toss


class Head(nn.Module):
    """What all heads have in common: how their errors are counted."""

    def losses(
        self, inputs: list[Tensor], present: Tensor, targets: Tensor, progress: float, smoothing: float
    ) -> tuple[Tensor, Tensor]:
        """What each clip's answer costs, (B,), and the logits (B, C).

        Args:
            targets: (B, C) shares of each class.
            progress: of the training, 0 to 1.
            smoothing: share of the targets that is spread over all classes.
        """
        logits = self(*inputs, present=present)
        return cost(logits, targets, smoothing), logits


def cost(logits: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """Cross-entropy of each clip, (B,)."""
    return nn.functional.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)


class Branches(nn.Module):
    """One branch per modality: (B, D) each -> (B, M, U), a missing modality's row all 0."""

    def __init__(self, sizes: list[int], units: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branch(size, units) for size in sizes)

    def forward(self, inputs: tuple[Tensor, ...], present: Tensor | None) -> Tensor:
        """One vector per modality, and which of them are there; None: all."""
        known = there(inputs, present)
        vectors = [
            layers(hidden(x, known[:, m])) for m, (layers, x) in enumerate(zip(self.branches, inputs, strict=True))
        ]
        return torch.stack(vectors, 1) * known[..., None]  # (B, M, U)


def branch(size: int, units: int) -> nn.Sequential:
    """(B, D) -> (B, U): dense, normalised over the units, ReLU; much dropout, for a thousand clips are soon learned by heart."""
    return nn.Sequential(Dropout(0.2), nn.Linear(size, units), nn.LayerNorm(units), nn.ReLU(), Dropout(0.5))


def there(inputs: tuple[Tensor, ...], present: Tensor | None) -> Tensor:
    """Which modalities each clip has, (B, M) bool."""
    if present is None:
        return torch.ones(len(inputs[0]), len(inputs), dtype=torch.bool, device=inputs[0].device)
    return present


def hidden(x: Tensor, known: Tensor) -> Tensor:
    """The vectors (B, D) where `known` (B,) is True, else 0: what stands there may be no number at all."""
    return torch.where(known[:, None], x, torch.zeros_like(x))


def decision(width: int, num_classes: int, units: int = 128) -> nn.Sequential:
    """(B, D) -> (B, C): a dense layer and the classes."""
    return nn.Sequential(nn.Linear(width, units), nn.ReLU(), Dropout(0.5), nn.Linear(units, num_classes))


class Joined(Head):
    """Concatenation: the vectors side by side (system M's idea on other inputs)."""

    def __init__(self, sizes: list[int], num_classes: int, units: int = 128) -> None:
        super().__init__()
        self.branches = Branches(sizes, units)
        self.decision = decision(units * len(sizes), num_classes)

    def forward(self, *inputs: Tensor, present: Tensor | None = None) -> Tensor:
        """(B, D) each -> (B, C)."""
        return self.decision(self.branches(inputs, present).flatten(1))  # (B, M, U) -> (B, M U) -> (B, C)


class TensorFusion(Head):
    """Every product of a number of one modality with one of another: the outer product of [1, h] (Zadeh et al. 2017).

    Units are so few that the product has at most `largest` numbers. A missing modality leaves its 1, so the products of the others.
    """

    def __init__(self, sizes: list[int], num_classes: int, largest: int = 5000) -> None:
        super().__init__()
        side = min(33, int(largest ** (1 / len(sizes))))
        self.branches = Branches(sizes, side - 1)
        self.decision = nn.Sequential(Dropout(0.2), decision(side ** len(sizes), num_classes))

    def forward(self, *inputs: Tensor, present: Tensor | None = None) -> Tensor:
        """(B, D) each -> (B, C)."""
        vectors = with_one(self.branches(inputs, present))  # (B, M, U + 1)
        product = vectors[:, 0]
        for m in range(1, vectors.shape[1]):
            product = (product[:, :, None] * vectors[:, m, None]).flatten(1)  # (B, P), (B, U + 1) -> (B, P (U + 1))
        return self.decision(product)


def with_one(vectors: Tensor) -> Tensor:
    """(B, M, U) -> (B, M, U + 1), a 1 before each."""
    return torch.cat([torch.ones_like(vectors[..., :1]), vectors], -1)


class LowRankFusion(Head):
    """Tensor fusion whose weights are a sum of `rank` products, so that the large tensor is never made (Liu et al. 2018)."""

    def __init__(self, sizes: list[int], num_classes: int, units: int = 64, rank: int = 4) -> None:
        super().__init__()
        self.branches = Branches(sizes, units)
        self.factors = nn.ModuleList(nn.Linear(units + 1, units * rank, bias=False) for _ in sizes)
        self.units, self.rank = units, rank
        self.decision = nn.Sequential(nn.LayerNorm(units), decision(units, num_classes))

    def forward(self, *inputs: Tensor, present: Tensor | None = None) -> Tensor:
        """(B, D) each -> (B, C)."""
        vectors = with_one(self.branches(inputs, present))  # (B, M, U + 1)
        product = self.factors[0](vectors[:, 0])
        for m in range(1, vectors.shape[1]):
            product = product * self.factors[m](vectors[:, m])  # (B, U R)
        return self.decision(product.unflatten(1, (self.rank, self.units)).sum(1))  # (B, R, U) -> (B, U) -> (B, C)


class GatedUnit(Head):
    """The gated multimodal unit: each number of the joint vector is a mean over modalities, weighted by gates that see all of them.

    After Arevalo et al. 2017, whose gates are sigmoids of the inputs and weigh tanh units; here gates see what the branches give, ReLU
    units, and are a softmax over the modalities that are there. Not `gated`, it is their plain mean.
    """

    def __init__(self, sizes: list[int], num_classes: int, units: int = 128, gated: bool = True) -> None:
        super().__init__()
        self.branches, self.gated = Branches(sizes, units), gated
        self.gates = nn.Linear(units * len(sizes), units * len(sizes))
        self.decision = decision(units, num_classes)

    def forward(self, *inputs: Tensor, present: Tensor | None = None) -> Tensor:
        """(B, D) each -> (B, C)."""
        vectors = self.branches(inputs, present)  # (B, M, U)
        gates = self.gates(vectors.flatten(1)).view(vectors.shape) * self.gated
        return self.decision((shares(gates, there(inputs, present)[..., None]) * vectors).sum(1))


def shares(scores: Tensor, known: Tensor) -> Tensor:
    """Softmax over modalities, dimension 1; 0 for those that are not there, and for all where none is."""
    lifted = torch.where(known, scores, torch.full_like(scores, -1e9))
    return torch.where(known, lifted.softmax(1), torch.zeros_like(scores))


class AttentionFusion(Head):
    """One weight per modality and clip, from a small network that sees its vector alone; a weighted mean (Bahdanau et al. 2015;
    face and voice in this way: Chen 2022)."""

    def __init__(self, sizes: list[int], num_classes: int, units: int = 128) -> None:
        super().__init__()
        self.branches = Branches(sizes, units)
        self.score = nn.ModuleList(nn.Sequential(nn.Linear(units, 32), nn.Tanh(), Weighted(32)) for _ in sizes)
        self.decision = decision(units, num_classes)

    def forward(self, *inputs: Tensor, present: Tensor | None = None) -> Tensor:
        """(B, D) each -> (B, C)."""
        vectors = self.branches(inputs, present)  # (B, M, U)
        scores = torch.stack([score(vectors[:, m]) for m, score in enumerate(self.score)], 1)  # (B, M, 1)
        return self.decision((shares(scores, there(inputs, present)[..., None]) * vectors).sum(1))


class Weighted(nn.Module):
    """(B, D) -> (B, 1): a sum with learned weights and no bias.

    Written out, for a dense layer of one unit is rounded otherwise alone than beside other trainings, and from step to step it grows.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size).uniform_(-(size**-0.5), size**-0.5))  # as of a dense layer

    def forward(self, x: Tensor) -> Tensor:
        """(B, D) -> (B, 1)."""
        return (x * self.weight).sum(-1, keepdim=True)


class EmbraceNet(Head):
    """Each number of the joint vector is taken from one modality that is there, drawn anew for each clip in training; then its
    mean over all draws is used (Choi and Lee 2019, who draw at test too)."""

    def __init__(self, sizes: list[int], num_classes: int, units: int = 128) -> None:
        super().__init__()
        self.branches = Branches(sizes, units)
        self.decision = decision(units, num_classes)

    def forward(self, *inputs: Tensor, present: Tensor | None = None) -> Tensor:
        """(B, D) each -> (B, C)."""
        known = there(inputs, present)
        vectors = self.branches(inputs, present)  # (B, M, U)
        num = known.sum(1, keepdim=True).clamp(min=1)  # (B, 1)
        if not self.training:
            return self.decision(vectors.sum(1) / num)
        drawn = (toss(vectors[:, 0]) * num).long()[:, None]  # (B, 1, U): the how-manyth of those that are there
        order = (known.cumsum(1) - 1)[..., None]  # (B, M, 1)
        return self.decision((vectors * ((order == drawn) & known[..., None])).sum(1))

"""Networks on several modalities at once."""

import torch
from torch import Tensor, nn


class Concatenation(nn.Module):
    """System M's fusion: each modality's vector to 128 numbers, side by side, dense 256 and 128 with dropout 0.2, dense C."""

    def __init__(self, num_features: list[int], num_classes: int, units: int = 128) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(nn.Linear(size, units), nn.ReLU()) for size in num_features)
        self.head = nn.Sequential(
            *(nn.Linear(units * len(num_features), 256), nn.ReLU(), nn.Dropout(0.2)),
            *(nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.2)),
            nn.Linear(128, num_classes),
        )

    def forward(self, *inputs: Tensor) -> Tensor:
        """One vector per modality, (B, D) each -> (B, C)."""
        joined = torch.cat([branch(x) for branch, x in zip(self.branches, inputs, strict=True)], dim=1)  # (B, 128 M)
        return self.head(joined)


class LackingConcatenation(Concatenation):
    """The same for clips that lack a modality, a row of NaN: its 128 numbers are 0."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """(B, D) each -> (B, C)."""
        known, inputs = told_by_nan(inputs)
        vectors = [
            branch(x) * known[:, m, None] for m, (branch, x) in enumerate(zip(self.branches, inputs, strict=True))
        ]
        return self.head(torch.cat(vectors, dim=1))


class ToldByNaN(nn.Module):
    """A network that takes `present`, told which inputs a clip lacks by rows of NaN."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Tensor:
        """The inputs of the network, (B, ...) each -> (B, C)."""
        known, inputs = told_by_nan(inputs)
        return self.network(*inputs, present=known)


def told_by_nan(inputs: tuple[Tensor, ...]) -> tuple[Tensor, list[Tensor]]:
    """Which modalities each clip has, (B, M) bool, and the inputs with 0 for NaN."""
    known = torch.stack([~x.flatten(1).isnan().any(1) for x in inputs], 1)
    return known, [x.nan_to_num() for x in inputs]

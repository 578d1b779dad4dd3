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

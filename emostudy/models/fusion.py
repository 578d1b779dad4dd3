"""Networks on several modalities at once."""

import torch
from torch import Tensor, nn

from emostudy.models.text import cls_vector


class DenseBranch(nn.Module):
    """One modality's vector to 128 numbers: (B, D) -> (B, 128)."""

    def __init__(self, num_features: int, units: int = 128) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(num_features, units), nn.ReLU())

    def forward(self, features: Tensor) -> Tensor:
        return self.layers(features)


class TextBranch(nn.Module):
    """Tokens through BERT's CLS vector to 128 numbers: (B, T) -> (B, 128)."""

    def __init__(self, encoder: nn.Module, units: int = 128) -> None:
        super().__init__()
        self.encoder = encoder
        self.layers = nn.Sequential(nn.Linear(encoder.config.hidden_size, units), nn.ReLU())

    def forward(self, tokens: Tensor) -> Tensor:
        return self.layers(cls_vector(self.encoder, tokens))


class Concatenation(nn.Module):
    """System M's fusion: each modality to 128 numbers, side by side, dense 256 and 128 with dropout 0.2, dense C."""

    def __init__(self, branches: list[nn.Module], num_classes: int, units: int = 128) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)
        self.head = nn.Sequential(
            *(nn.Linear(units * len(branches), 256), nn.ReLU(), nn.Dropout(0.2)),
            *(nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.2)),
            nn.Linear(128, num_classes),
        )

    def forward(self, *inputs: Tensor) -> Tensor:
        """One input per branch, (B, ...) each -> (B, C)."""
        joined = torch.cat([branch(x) for branch, x in zip(self.branches, inputs, strict=True)], dim=1)  # (B, 128 M)
        return self.head(joined)

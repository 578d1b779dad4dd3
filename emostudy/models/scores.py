"""System I's fusion: a transformer over the matrix of modalities and their scores for each class."""

import torch
from torch import Tensor, nn

from emostudy.models.coins import Dropout
from emostudy.models.deep_heads import Attention
from emostudy.models.heads import Head, there


class ScoreTransformer(Head):
    """Each row of scores, one modality's, through a dense layer; the rows ask each other; side by side; dense C.

    Reading: 32 units, one layer of four heads; a row is told which modality it is by a vector of its own.
    """

    def __init__(self, sizes: list[int], num_classes: int, units: int = 32) -> None:
        super().__init__()
        self.rows = nn.ModuleList(nn.Linear(size, units) for size in sizes)
        self.names = nn.Parameter(0.02 * torch.randn(len(sizes), units))
        self.attention = Attention(units)
        self.decision = nn.Sequential(Dropout(0.2), nn.Linear(units * len(sizes), num_classes))

    def forward(self, *inputs: Tensor, present: Tensor | None = None) -> Tensor:
        """Scores (B, C) of each modality -> (B, C)."""
        known = there(inputs, present)
        safe = [torch.where(known[:, m, None], x, torch.zeros_like(x)) for m, x in enumerate(inputs)]
        rows = torch.stack([layer(x) for layer, x in zip(self.rows, safe, strict=True)], 1) + self.names  # (B, M, U)
        rows = self.attention(rows, rows, known) * known[..., None]
        return self.decision(rows.flatten(1))  # (B, M U) -> (B, C)

"""The strong line on speech, from scratch: a log-mel spectrogram and pooled functionals, each with a network of its own."""

import torch
from torch import Tensor, nn

from emostudy.models.sequences import AttentionPooling

STRIDES = ((2, 2), (1, 2), (2, 2), (1, 2))  # of time and frequency: a quarter of the frames, a sixteenth of the bands


class CRNN(nn.Module):
    """Four 3 x 3 convolutions, a bidirectional GRU, and mean and deviation over time weighted by attention (Okabe et al. 2018).

    Frames that are all 0 are padding: no attention is paid to them.

    Args:
        num_bands: mel bands, a multiple of 16.
        filters: of each convolution; `units` of the GRU, each way.
    """

    def __init__(
        self, num_bands: int, filters: tuple[int, ...] = (16, 32, 48, 64), units: int = 64, dropout: float = 0.3
    ) -> None:
        super().__init__()
        layers, channels = [], 1
        for width, stride in zip(filters, STRIDES, strict=True):
            layers += [nn.Conv2d(channels, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
        self.convolutions = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.gru = nn.GRU(channels * num_bands // 16, units, bidirectional=True, batch_first=True)
        self.attention = AttentionPooling(2 * units)
        self.size = 4 * units  # of what forward gives

    def forward(self, frames: Tensor) -> Tensor:
        """(B, T, M) -> (B, size)."""
        real = (frames != 0).any(2)  # (B, T)
        longest = max(4, int(real.sum(1).max()))
        real, frames = real[:, :longest:4], frames[:, :longest]
        maps = self.convolutions(frames[:, None])  # (B, 1, T, M) -> (B, D, T / 4, M / 16)
        hidden, _ = self.gru(self.dropout(maps.transpose(1, 2).flatten(2)))  # -> (B, T / 4, 2 * units)
        weights = self.attention.weights(hidden, real)[..., None]
        mean = (weights * hidden).sum(1)
        deviation = ((weights * (hidden - mean[:, None]) ** 2).sum(1) + 1e-5).sqrt()
        return torch.cat([mean, deviation], 1)


class Perceptron(nn.Module):
    """Two dense layers on a vector of functionals, with much dropout: a thousand clips are soon learned by heart."""

    def __init__(self, num_features: int, units: int = 256) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Dropout(0.2), nn.Linear(num_features, units), nn.BatchNorm1d(units), nn.ReLU()),
            *(nn.Dropout(0.5), nn.Linear(units, units), nn.ReLU(), nn.Dropout(0.5)),
        )
        self.size = units  # of what forward gives

    def forward(self, vector: Tensor) -> Tensor:
        """(B, D) -> (B, size)."""
        return self.layers(vector)


class Heard(nn.Module):
    """Parts that each turn one input into a vector, and a dense head on the vectors side by side."""

    def __init__(self, parts: list[nn.Module], num_classes: int, units: int = 128) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        width = sum(part.size for part in parts)
        self.head = nn.Sequential(
            *(nn.Dropout(0.5), nn.Linear(width, units), nn.ReLU()), *(nn.Dropout(0.5), nn.Linear(units, num_classes))
        )

    def forward(self, *inputs: Tensor) -> Tensor:
        """One tensor (B, ...) per part -> (B, C)."""
        return self.head(torch.cat([part(x) for part, x in zip(self.parts, inputs, strict=True)], dim=1))


def rough(inputs: list[Tensor], generator: torch.Generator, deviation: float = 0.3) -> list[Tensor]:
    """Noise on vectors (B, D) of standardised functionals; sequences (B, T, D) stay as they are."""
    return [
        x + deviation * torch.randn(x.shape, generator=generator).to(x.device) if x.dim() == 2 else x for x in inputs
    ]

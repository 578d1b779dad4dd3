"""Picture and sound into one recurrent network, all of it trained at once (Tzirakis et al. 2017, in small)."""

import torch
from torch import Tensor, nn

from emostudy.models.heads import Head, there


class FilmVoice(Head):
    """A CNN on each face frame and one on the log-mel spectrogram; their vectors, step by step side by side, into an LSTM; dense C.

    A clip's spectrogram is cut into as many stretches as there are frames; rows that are all 0 are padding to its right, and in none.
    Reading: small convolutions in place of a pretrained ResNet-50, log-mel bands in place of the waveform.
    """

    def __init__(self, num_classes: int, filters: tuple[int, ...] = (16, 32, 64), units: int = 64) -> None:
        super().__init__()
        self.film, self.voice = convolutions(3, filters), convolutions(1, filters)
        self.width = filters[-1]
        self.lstm = nn.LSTM(2 * self.width, units, num_layers=2, batch_first=True, dropout=0.3)
        self.decision = nn.Sequential(nn.Dropout(0.3), nn.Linear(units, num_classes))

    def forward(self, frames: Tensor, bands: Tensor, present: Tensor | None = None) -> Tensor:
        """Bytes (B, K, 3, H, W) and (B, T, M), and which of the two are there, (B, 2) -> (B, C)."""
        known = there((frames, bands), present)
        frames = frames.to(bands.dtype) / 255 - 0.5
        num_clips, num_frames = frames.shape[:2]
        frames = torch.where(known[:, 0].view(-1, 1, 1, 1, 1), frames, torch.zeros_like(frames))
        bands = torch.where(known[:, 1].view(-1, 1, 1), bands, torch.zeros_like(bands))
        seen = self.film(frames.flatten(0, 1)).mean((2, 3)).view(num_clips, num_frames, self.width)  # -> (B, K, D)
        maps = self.voice(bands[:, None]).mean(3)  # (B, 1, T, M) -> (B, D, T / 8)
        num_real = (bands != 0).any(2).sum(1)  # (B,)
        lengths = (num_real * maps.shape[2]).div(bands.shape[1], rounding_mode="floor")
        heard = stretches(lengths, num_frames, maps.shape[2]) @ maps.transpose(1, 2)  # (B, K, T / 8) @ (B, T / 8, D)
        joined = torch.cat([seen * known[:, :1, None], heard * known[:, 1:, None]], 2)  # (B, K, 2 D)
        states, _ = self.lstm(joined)
        return self.decision(states.mean(1))  # (B, K, U) -> (B, U) -> (B, C)


def stretches(lengths: Tensor, num: int, steps: int) -> Tensor:
    """What each step weighs in each of `num` stretches of a clip's first `lengths` (B,) of `steps` steps: (B, num, steps).

    Stretches are as even as whole steps allow, and overlap where there are fewer steps than stretches.
    """
    at, step = torch.arange(num, device=lengths.device)[:, None], torch.arange(steps, device=lengths.device)
    known = lengths.clamp(min=1).view(-1, 1, 1)
    inside = (step >= at * known // num) & (step * num < (at + 1) * known)  # (B, num, steps)
    return inside / inside.sum(2, keepdim=True)


def convolutions(channels: int, filters: tuple[int, ...]) -> nn.Sequential:
    """3 x 3 convolutions with batch normalisation, ReLU and pooling by 2."""
    layers = []
    for width in filters:
        layers += [
            nn.Conv2d(channels, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        channels = width
    return nn.Sequential(*layers)

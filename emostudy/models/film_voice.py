"""Picture and sound into one recurrent network, all of it trained at once (Tzirakis et al. 2017, in small)."""

import torch
from torch import Tensor, nn

from emostudy.models.heads import Head, there


class FilmVoice(Head):
    """A CNN on each face frame and one on the log-mel spectrogram; their vectors, step by step side by side, into an LSTM; dense C.

    The spectrogram is cut into as many stretches as there are frames. Reading: small convolutions in place of a pretrained ResNet-50,
    log-mel bands in place of the waveform. Stretches are of the padded spectrogram, so a short voice fills only the first of them, and
    padding counts as the average loudness.
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
        heard = nn.functional.adaptive_avg_pool1d(maps, num_frames).transpose(1, 2)  # -> (B, K, D)
        joined = torch.cat([seen * known[:, :1, None], heard * known[:, 1:, None]], 2)  # (B, K, 2 D)
        states, _ = self.lstm(joined)
        return self.decision(states.mean(1))  # (B, K, U) -> (B, U) -> (B, C)


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

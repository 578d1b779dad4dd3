"""System R's networks on frames of speech: CNN, LSTM, bidirectional LSTM, and the latter with attention.

Inputs are (B, T, D), frames that are all 0 at the end are padding. No network lets padding count: recurrent ones stop at a
clip's last frame, averages and attention leave it out. System R names the four and nothing of their sizes: those are ours.
"""

import torch
from torch import Tensor, nn


def lengths(frames: Tensor) -> Tensor:
    """(B, T, D) -> the number of frames before the padding, (B,) int64, at least 1."""
    steps = torch.arange(1, frames.shape[1] + 1, device=frames.device)
    return ((frames != 0).any(2) * steps).amax(1).clamp(min=1)


def mask(num_frames: Tensor, size: int) -> Tensor:
    """Lengths (B,) -> True where a clip has a frame, (B, size)."""
    return torch.arange(size, device=num_frames.device) < num_frames[:, None]


class FramesCNN(nn.Module):
    """Three convolutions over time (64, 128 and 128 filters of 5 frames), batch normalisation, ReLU, pooling; mean over time; dense C."""

    def __init__(self, num_features: int, num_classes: int, filters: tuple[int, ...] = (64, 128, 128)) -> None:
        super().__init__()
        sizes = (num_features, *filters)
        self.convolutions = nn.ModuleList(
            nn.Sequential(nn.Conv1d(a, b, 5, padding=2), nn.BatchNorm1d(b), nn.ReLU())
            for a, b in zip(sizes, filters, strict=False)
        )
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(filters[-1], num_classes))

    def forward(self, frames: Tensor) -> Tensor:
        """(B, T, D) -> (B, C)."""
        num_frames, x = lengths(frames), frames.transpose(1, 2)  # (B, D, T)
        for convolution in self.convolutions:
            inside = mask(num_frames, x.shape[2])[:, None]
            x = nn.functional.max_pool1d(convolution(x) * inside, 2, ceil_mode=True)  # padding is 0, as before the clip
            num_frames = (num_frames + 1) // 2
        inside = mask(num_frames, x.shape[2])[:, None]
        return self.head((x * inside).sum(2) / num_frames[:, None])  # (B, D, T) -> (B, D) -> (B, C)


class FramesLSTM(nn.Module):
    """An LSTM, or one in each direction; the last output of each, or attention over all of them; dense 64 ReLU, dense C.

    Args:
        bidirectional: read the clip from its end too.
        attention: weigh all outputs by a small network of their own (Bahdanau et al. 2015) in place of taking the last.
    """

    def __init__(
        self,
        num_features: int,
        num_classes: int,
        units: int = 128,
        bidirectional: bool = False,
        attention: bool = False,
    ) -> None:
        super().__init__()
        self.forwards = nn.LSTM(num_features, units, batch_first=True)
        self.backwards = nn.LSTM(num_features, units, batch_first=True) if bidirectional else None
        width = units * (2 if bidirectional else 1)
        self.attention = AttentionPooling(width) if attention else None
        self.head = nn.Sequential(
            *(nn.Dropout(0.3), nn.Linear(width, 64), nn.ReLU()), *(nn.Dropout(0.3), nn.Linear(64, num_classes))
        )

    def forward(self, frames: Tensor) -> Tensor:
        """(B, T, D) -> (B, C)."""
        num_frames = lengths(frames)
        frames = frames[:, : int(num_frames.max())]
        outputs = [self.forwards(frames)[0]]  # (B, T, units); what follows a clip's end cannot reach its own frames
        if self.backwards is not None:
            outputs.append(self.backwards(turned(frames, num_frames))[0])
        if self.attention is None:
            rows = torch.arange(len(frames), device=frames.device)
            return self.head(torch.cat([each[rows, num_frames - 1] for each in outputs], 1))  # -> (B, C)
        outputs[1:] = [turned(each, num_frames) for each in outputs[1:]]
        return self.head(self.attention(torch.cat(outputs, 2), mask(num_frames, frames.shape[1])))


def turned(frames: Tensor, num_frames: Tensor) -> Tensor:
    """Each clip (B, T, D) from its own end to its start; padding stays where it is. torch's packing is ten times slower."""
    steps = torch.arange(frames.shape[1], device=frames.device)
    back = num_frames[:, None] - 1 - steps  # (B, T)
    at = torch.where(back >= 0, back, steps)
    return frames.gather(1, at.unsqueeze(2).expand_as(frames))


class AttentionPooling(nn.Module):
    """A weighted mean over time; the weights are a softmax of scores v tanh(W h)."""

    def __init__(self, width: int, units: int = 64) -> None:
        super().__init__()
        # no bias on the score: a softmax over time would not notice it
        self.score = nn.Sequential(nn.Linear(width, units), nn.Tanh(), nn.Linear(units, 1, bias=False))

    def weights(self, outputs: Tensor, inside: Tensor) -> Tensor:
        """(B, T, D) and a mask (B, T) -> weights (B, T) that sum to 1, 0 outside the mask."""
        return self.score(outputs).squeeze(2).masked_fill(~inside, -torch.inf).softmax(1)

    def forward(self, outputs: Tensor, inside: Tensor) -> Tensor:
        """(B, T, D) and a mask (B, T) -> (B, D)."""
        return torch.einsum("bt,btd->bd", self.weights(outputs, inside), outputs)


def jitter_frames(inputs: list[Tensor], generator: torch.Generator) -> list[Tensor]:
    """Augmentation of (B, T, D): noise of deviation 0.1, shift by up to 10 % of the frames, stretching by up to 15 %.

    For features of deviation 1. One draw for each clip; frames between frames are interpolated. What is shifted or stretched past the
    end is cut; frames before a clip's start are 0, its average. Reading: system R says "data augmentation" and no more.
    """
    frames = inputs[0]
    num_clips, size = frames.shape[:2]
    draw = torch.rand(num_clips, 2, generator=generator).to(frames.device) * 2 - 1
    num_frames = lengths(frames)
    shift = 0.1 * draw[:, :1] * num_frames[:, None]  # frames
    at = (torch.arange(size, device=frames.device) - shift) * (1 + 0.15 * draw[:, 1:])  # (B, T) where to read
    inside = ((at >= 0) & (at <= num_frames[:, None] - 1)).unsqueeze(2)
    low = at.floor().clamp(0, size - 1).long()
    high = (low + 1).clamp(max=size - 1)
    part = (at - low).clamp(0, 1).unsqueeze(2)
    rows = torch.arange(num_clips, device=frames.device)[:, None]
    moved = torch.lerp(frames[rows, low], frames[rows, high], part)  # (B, T, D)
    noise = 0.1 * torch.randn(frames.shape, generator=generator).to(frames.device)
    return [torch.where(inside, moved + noise, 0.0), *inputs[1:]]

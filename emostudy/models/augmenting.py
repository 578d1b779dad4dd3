"""Augmentation of spectrograms on the fly: bands and stretches masked, played faster or slower, noise. Each for itself, by name.

All take (list of inputs, generator) and change the first input, frames (B, T, M) of standardised log-mel bands; frames that are all
0 are padding, and stay so: what is masked becomes `HIDDEN`, all but the mean, and is no padding.
"""

import torch
from torch import Tensor

from emostudy.models.sequences import lengths

MASKS, MOST_BANDS, MOST_FRAMES = 2, 0.15, 0.15  # masks of each kind; longest share of the bands, and of a clip's frames
SPEEDS = (0.9, 1.1)
NOISE = 0.2  # deviations
HIDDEN = 1e-6


def masked(inputs: list[Tensor], generator: torch.Generator) -> list[Tensor]:
    """SpecAugment without warping (Park et al. 2019): two runs of bands and two of frames are hidden; one draw a clip."""
    frames = inputs[0]
    bands = torch.full((len(frames),), frames.shape[2], device=frames.device)
    hidden = _runs(bands, frames.shape[2], MOST_BANDS, generator)[:, None]  # (B, 1, M)
    hidden = hidden | _runs(lengths(frames), frames.shape[1], MOST_FRAMES, generator)[..., None]  # (B, T, M)
    hidden = hidden & (frames != 0).any(2, keepdim=True)
    return [torch.where(hidden, HIDDEN, frames), *inputs[1:]]


def _runs(length: Tensor, size: int, share: float, generator: torch.Generator) -> Tensor:
    """`MASKS` runs within the first `length` (B,) of `size` places, each up to a share of it: (B, size) bool."""
    draw = torch.rand(2, MASKS, len(length), generator=generator).to(length.device)
    width = draw[0] * share * length
    start = draw[1] * (length - width)
    place = torch.arange(size, device=length.device)
    return ((place >= start[..., None]) & (place < (start + width)[..., None])).any(0)


def faster_or_slower(inputs: list[Tensor], generator: torch.Generator) -> list[Tensor]:
    """Each clip played at 0.9 to 1.1 of its speed, frames between frames interpolated; what no longer fits is cut."""
    frames = inputs[0]
    low, high = SPEEDS
    speed = low + (high - low) * torch.rand(len(frames), 1, generator=generator).to(frames.device)
    at = torch.arange(frames.shape[1], device=frames.device) * speed  # (B, T) where to read
    inside = at <= lengths(frames)[:, None] - 1
    before = at.floor().clamp(max=frames.shape[1] - 1).long()
    rows = torch.arange(len(frames), device=frames.device)[:, None]
    after = frames[rows, (before + 1).clamp(max=frames.shape[1] - 1)]
    moved = torch.lerp(frames[rows, before], after, (at - before)[..., None].clamp(0, 1))
    return [torch.where(inside[..., None], moved, 0.0), *inputs[1:]]


def noisy(inputs: list[Tensor], generator: torch.Generator) -> list[Tensor]:
    """Noise of deviation 0.2 on every number that is no padding."""
    frames = inputs[0]
    noise = NOISE * torch.randn(frames.shape, generator=generator).to(frames.device)
    return [torch.where((frames != 0).any(2, keepdim=True), frames + noise, 0.0), *inputs[1:]]

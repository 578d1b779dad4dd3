"""Networks on pictures of faces."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


class FaceCNN(nn.Module):
    """System F's image CNN: three convolutions (64, 128, 256 filters, 3 x 3), each with ReLU and max-pooling, dense 512, dense C.

    Reading: convolutions without padding, as its framework does when not told otherwise. Pooling is done before ReLU:
    both only order numbers, so the result is the same and costs less.
    """

    def __init__(self, num_classes: int, size: int = 48) -> None:
        super().__init__()
        layers, channels = [], 3
        for filters in (64, 128, 256):
            layers += [nn.Conv2d(channels, filters, 3), nn.MaxPool2d(2), nn.ReLU()]
            channels, size = filters, (size - 2) // 2
        self.convolutions = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.Flatten(), nn.Linear(channels * size * size, 512), nn.ReLU(), nn.Linear(512, num_classes)
        )
        for layer in self.modules():
            if isinstance(
                layer, nn.Conv2d | nn.Linear
            ):  # its framework's starting values; torch's are too small to learn fast
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
        self.to(memory_format=torch.channels_last)  # a fifth faster on a CPU

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1] -> (B, C)."""
        return self.head(self.convolutions(images.to(memory_format=torch.channels_last)))


class OverFrames(nn.Module):
    """An image network on clips of K frames: in training one frame of each clip at random, else the mean over all frames.

    One frame a step costs a K-th and shows each clip a little differently every epoch.
    """

    def __init__(self, images: nn.Module) -> None:
        super().__init__()
        self.images = images

    def forward(self, frames: Tensor) -> Tensor:
        """(B, K, 3, H, W) -> log of the mean probability (B, C)."""
        num_clips, num_frames = frames.shape[:2]
        if self.training:
            chosen = torch.randint(num_frames, (num_clips,))
            return self.images(frames[torch.arange(num_clips), chosen])  # (B, K, 3, H, W) -> (B, C)
        logits = self.images(frames.flatten(0, 1)).unflatten(0, (num_clips, num_frames))  # (B, K, C)
        return logits.log_softmax(2).logsumexp(1) - math.log(num_frames)  # (B, K, C) -> (B, C)


# System F's changes to a picture, and which of six random numbers each takes.
CHANGES = ("rotation", "zoom", "shift", "mirror", "flip")
DRAWN = {"rotation": (0,), "zoom": (1,), "shift": (2, 3), "mirror": (4,), "flip": (5,)}
UNCHANGED = (0.5, 0.5, 0.5, 0.5, 1.0, 1.0)  # numbers that leave a picture as it is


@dataclass(frozen=True)
class Jitter:
    """Some of system F's changes, told by name ("mirror": left and right, "flip": upside down).

    Raises:
        ValueError: a change that it has not.
    """

    changes: tuple[str, ...]

    def __post_init__(self) -> None:
        if unknown := set(self.changes) - set(CHANGES):
            raise ValueError(f"system F has no change {sorted(unknown)[0]!r}; it has {', '.join(CHANGES)}")

    def __call__(self, inputs: list[Tensor], generator: torch.Generator) -> list[Tensor]:
        return jitter_faces(inputs, generator, self.changes)


def jitter_faces(inputs: list[Tensor], generator: torch.Generator, changes: tuple[str, ...] = CHANGES) -> list[Tensor]:
    """System F's augmentation of (B, K, 3, H, W): rotation to 15 degrees, zoom and shift to 10 %, flips both ways.

    One draw for each clip, the same for each change whatever the others are. Reading: the ranges are not stated.
    """
    frames = inputs[0]
    num_clips, num_frames = frames.shape[:2]
    draw = torch.rand(num_clips, len(UNCHANGED), generator=generator)
    kept = [column not in {c for change in changes for c in DRAWN[change]} for column in range(len(UNCHANGED))]
    draw = torch.where(torch.tensor(kept), torch.tensor(UNCHANGED), draw)  # (B, 6)
    angle = (draw[:, 0] - 0.5) * math.radians(30)
    zoom = 1 + (draw[:, 1] - 0.5) * 0.2
    shift = (draw[:, 2:4] - 0.5) * 0.4  # of half the width
    across = torch.where(draw[:, 4] < 0.5, -1.0, 1.0)
    upright = torch.where(draw[:, 5] < 0.5, -1.0, 1.0)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    # first the flips, then the rotation: the other way round would shear
    rows = [
        torch.stack([cos * across, -sin * upright, shift[:, 0]], 1),
        torch.stack([sin * across, cos * upright, shift[:, 1]], 1),
    ]
    theta = torch.stack(rows, 1).repeat_interleave(num_frames, 0)  # (B * K, 2, 3)
    flat = frames.flatten(0, 1)
    grid = nn.functional.affine_grid(theta, list(flat.shape), align_corners=False)
    moved = nn.functional.grid_sample(flat, grid.to(flat.device), padding_mode="border", align_corners=False)
    return [moved.unflatten(0, (num_clips, num_frames)), *inputs[1:]]

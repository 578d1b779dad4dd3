"""Small networks on pictures, and how training pictures are varied."""

import torch
from torch import Tensor, nn

GREY = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)


class PictureCNN(nn.Module):
    """Convolutions (3 x 3, no padding), each with max-pooling, ReLU and dropout; dense ReLU and dropout; dense C.

    Args:
        num_classes: or the number of features, where the network serves as an encoder.
        size: height and width of the pictures (pixels).
        filters: of each convolution.
        units: of the hidden dense layer.
        dropout: after each pooling; `dense_dropout`: after the hidden dense layer.
        grey: look at brightness alone.

    Raises:
        ValueError: a picture too small for so many poolings.
    """

    def __init__(
        self,
        num_classes: int,
        size: int,
        filters: tuple[int, ...],
        units: int = 128,
        dropout: float = 0.0,
        dense_dropout: float = 0.0,
        grey: bool = False,
    ) -> None:
        super().__init__()
        self.grey, layers, channels, side = grey, [], 1 if grey else 3, size
        for count in filters:
            layers += [nn.Conv2d(channels, count, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Dropout(dropout)]
            channels, side = count, (side - 2) // 2
        if side < 1:
            raise ValueError(f"pictures of {size} pixels are too small for {len(filters)} poolings; make them larger")
        dense = [nn.Linear(channels * side * side, units), nn.ReLU(), nn.Dropout(dense_dropout)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), *dense, nn.Linear(units, num_classes))
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d | nn.Linear):  # the sources' framework starts so
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
        self.to(memory_format=torch.channels_last)  # on a CPU 0.18 s a step in place of 0.30

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W), bytes or numbers in [0, 1] -> (B, C)."""
        x = in_unit(pictures)
        if self.grey:
            x = (x * x.new_tensor(GREY).view(1, 3, 1, 1)).sum(1, keepdim=True)  # (B, 3, H, W) -> (B, 1, H, W)
        return self.layers(x.contiguous(memory_format=torch.channels_last))


def in_unit(pictures: Tensor) -> Tensor:
    """Bytes to numbers in [0, 1]; numbers as they are. Bytes take a quarter of the memory until they are looked at."""
    return pictures.float() / 255 if pictures.dtype == torch.uint8 else pictures


def dense_head(num_features: int, num_classes: int) -> nn.Sequential:
    """System F's "own dense head" on VGG16: (B, D) -> (B, C). Reading: dense 256 ReLU, dropout 0.5."""
    return nn.Sequential(nn.Linear(num_features, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, num_classes))


def generator_style(inputs: list[Tensor], generator: torch.Generator) -> list[Tensor]:
    """Shear to 0.2, zoom of each axis to 20 %, horizontal flips, of (B, K, 3, H, W); one draw for each clip.

    Reading of "generator-style" (system F): what its framework's picture generator does in its best known example.
    """
    frames = in_unit(inputs[0])
    num_clips, num_frames = frames.shape[:2]
    draw = torch.rand(num_clips, 4, generator=generator)
    shear, zoom = (draw[:, 0] - 0.5) * 0.4, 1 + (draw[:, 1:3] - 0.5) * 0.4
    across, none = torch.where(draw[:, 3] < 0.5, -1.0, 1.0), torch.zeros(num_clips)
    rows = [torch.stack([across * zoom[:, 0], shear, none], 1), torch.stack([none, zoom[:, 1], none], 1)]
    theta = torch.stack(rows, 1).repeat_interleave(num_frames, 0)  # (B * K, 2, 3)
    flat = frames.flatten(0, 1)
    grid = nn.functional.affine_grid(theta, list(flat.shape), align_corners=False)
    moved = nn.functional.grid_sample(flat, grid.to(flat.device), padding_mode="border", align_corners=False)
    return [moved.unflatten(0, (num_clips, num_frames)), *inputs[1:]]


def mirror(inputs: list[Tensor], generator: torch.Generator) -> list[Tensor]:
    """Half of the clips (B, K, 3, H, W), drawn at random, mirrored left to right, all their frames alike."""
    frames = inputs[0]
    flipped = (torch.rand(len(frames), generator=generator) < 0.5).to(frames.device)
    return [torch.where(flipped.view(-1, 1, 1, 1, 1), frames.flip(-1), frames), *inputs[1:]]

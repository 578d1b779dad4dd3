"""Networks on films of a face: what changes from frame to frame counts."""

from torch import Tensor, nn

from emostudy.models.vision import Backbone, trunk_of


class FrameGRU(nn.Module):
    """A network on each frame, a gated recurrent unit over the frames, its last state, dropout, dense C.

    Args:
        pictures: (B, 3, H, W) -> (B, D), the same for all frames.
        num_features: D.
    """

    def __init__(
        self, pictures: nn.Module, num_features: int, num_classes: int, units: int = 128, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.pictures = pictures
        self.gru = nn.GRU(num_features, units, batch_first=True)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(units, num_classes))

    def forward(self, frames: Tensor) -> Tensor:
        """(B, T, 3, H, W), bytes or numbers in [0, 1] -> (B, C)."""
        seen = self.pictures(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])  # (B T, 3, H, W) -> (B, T, D)
        _, last = self.gru(seen)
        return self.head(last[0])  # (1, B, units) -> (B, C)


class FilmCNN(nn.Module):
    """A network that convolves over time too, on films whose frames come first."""

    def __init__(self, films: nn.Module) -> None:
        super().__init__()
        self.films = films

    def forward(self, frames: Tensor) -> Tensor:
        """(B, T, 3, H, W), bytes or numbers in [0, 1] -> (B, C)."""
        return self.films(frames.transpose(1, 2))  # (B, 3, T, H, W)


def film_backbone(num_classes: int, weights: str = "", frozen: bool = False) -> FilmCNN:
    """torchvision's r3d_18, a ResNet-18 of 3-D convolutions (Tran et al. 2018): (B, T, 3, H, W) -> logits (B, C).

    Args:
        weights: "KINETICS400_V1", a file or a folder, or "" for a start from scratch, as for `vision.backbone`.
        frozen: train the last layer alone.

    Raises:
        ValueError: as `vision.backbone`.
    """
    trunk, num_features, statistics = trunk_of("r3d_18", weights, frozen)
    return FilmCNN(Backbone(trunk, nn.Linear(num_features, num_classes), statistics, frozen))

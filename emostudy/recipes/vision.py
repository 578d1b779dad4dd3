"""How recipes of pictures and films are built: networks as callables that a record can name, faces, names of weights."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from emostudy.corpora.corpus import file_hash
from emostudy.features import Feature
from emostudy.features.clips import byte_pixels
from emostudy.features.faces import face_crops, image_face
from emostudy.features.images import face_pixels
from emostudy.models.faces import OverFrames
from emostudy.models.pictures import PictureCNN
from emostudy.recipes import Recipe
from emostudy.training import Network

RGB = "8-bit RGB"
FRAME_FEATURES = 128  # of each frame, before a recurrent layer


@dataclass(frozen=True)
class SmallCNN:
    """`PictureCNN` over a clip's frames; fields as there."""

    filters: tuple[int, ...]
    units: int = 128
    dropout: float = 0.0
    dense_dropout: float = 0.0
    grey: bool = False

    def __call__(self, sizes: dict[str, int], num_classes: int) -> OverFrames:
        options = (self.filters, self.units, self.dropout, self.dense_dropout, self.grey)
        return OverFrames(PictureCNN(num_classes, sizes["face"], *options))


@dataclass(frozen=True)
class Torchvision:
    """`vision.backbone` over a clip's frames; where its weights lie is no part of the record."""

    network: str
    weights: str = field(default="", metadata={"record": False})
    frozen: bool = False
    head: Callable | None = None

    def __call__(self, sizes: dict[str, int], num_classes: int) -> OverFrames:
        from emostudy.models.vision import backbone  # torchvision takes seconds to load

        return OverFrames(backbone(self.network, num_classes, self.weights, self.frozen, self.head))


def recurrent_cnn(sizes: dict[str, int], num_classes: int):
    """A small CNN on each frame, from scratch, under a recurrent layer."""
    from emostudy.models.video import FrameGRU  # torchvision takes seconds to load

    return FrameGRU(PictureCNN(FRAME_FEATURES, sizes["face"], (16, 32, 64)), FRAME_FEATURES, num_classes)


@dataclass(frozen=True)
class RecurrentBackbone:
    """A torchvision network on each frame under a recurrent layer; where its weights lie is no part of the record."""

    network: str
    weights: str = field(default="", metadata={"record": False})
    frozen: bool = False

    def __call__(self, sizes: dict[str, int], num_classes: int):
        from emostudy.models.video import FrameGRU
        from emostudy.models.vision import backbone

        frames = backbone(self.network, FRAME_FEATURES, self.weights, self.frozen)
        return FrameGRU(frames, FRAME_FEATURES, num_classes)


@dataclass(frozen=True)
class Films:
    """`video.film_backbone`, r3d_18; where its weights lie is no part of the record."""

    weights: str = field(default="", metadata={"record": False})
    frozen: bool = False

    def __call__(self, sizes: dict[str, int], num_classes: int):
        from emostudy.models.video import film_backbone

        return film_backbone(num_classes, self.weights, self.frozen)


def weights_name(weights: str) -> str:
    """How a record names weights: "IMAGENET1K_V1 (torchvision)", a file by its name and a hash, "none" from scratch.

    Raises:
        ValueError: a folder that does not hold exactly one file of weights.
    """
    if not os.path.exists(os.path.expanduser(weights)):
        return f"{weights} (torchvision)" if weights else "none"
    from emostudy.models.vision import weights_file

    file = weights_file(weights)
    return f"{file.name}@{file_hash(str(file))[:12]}"


def faces_of(medium: str, size: int = 48, num_frames: int = 3, cropped: bool = False) -> Feature:
    """The feature of faces of `size` pixels in a medium: "video" (`num_frames` frames) or "image".

    Raises:
        ValueError: another medium.
    """
    if medium == "video":
        return Feature("face_crops", medium, face_crops, {"num_frames": num_frames, "size": size}, unit=RGB)
    if medium == "image":
        function = face_pixels if cropped else image_face
        return Feature(function.__name__, medium, function, {"size": size}, unit=RGB)
    raise ValueError(f"medium is {medium!r}; faces are in 'video' or 'image'")


def face_recipe(name: str, title: str, feature: Feature, learner: Network, weights: str = "", **told: str) -> Recipe:
    """A record of a network on pictures as bytes; one that could have weights and has none says so in its name."""
    scratch = hasattr(learner.build, "weights") and not weights
    return Recipe(
        name + "_scratch" * scratch,
        title + " from scratch" * scratch,
        ("face",),
        {"face": feature},
        learner,
        {"face": byte_pixels},
        pretrained=weights_name(weights),
        **told,
    )

"""Networks on single pictures: torchvision's, from scratch or pretrained, and small ones of one's own."""

import os
from collections.abc import Callable
from pathlib import Path

import safetensors.torch
import torch
import torchvision  # after emostudy.models, which lets it be imported beside a CPU build of torch
from torch import Tensor, nn

from emostudy.models.pictures import in_unit

NETWORKS = ("resnet18", "resnet50", "vgg16", "vgg19", "alexnet")
SUFFIXES = (".safetensors", ".pth", ".pt")
Head = Callable[[int, int], nn.Module]  # (number of features, number of classes) -> (B, D) to (B, C)


class Backbone(nn.Module):
    """A network that gives vectors (the trunk) and a head on it.

    Args:
        statistics: mean and deviation of each colour that the trunk's weights were trained with; None: pictures as they are.
        frozen: train the head alone; the trunk stays in evaluation mode, so batch normalisation learns nothing either.
    """

    def __init__(
        self, trunk: nn.Module, head: nn.Module, statistics: tuple | None = None, frozen: bool = False
    ) -> None:
        super().__init__()
        self.trunk, self.head, self.frozen = trunk.requires_grad_(not frozen), head, frozen
        mean, deviation = statistics or ((0.0,) * 3, (1.0,) * 3)
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("deviation", torch.tensor(deviation))

    def train(self, mode: bool = True) -> "Backbone":
        super().train(mode)
        if self.frozen:
            self.trunk.eval()
        return self

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) or films (B, 3, T, H, W), bytes or numbers in [0, 1] -> (B, C)."""
        colours = (1, 3) + (1,) * (pictures.ndim - 2)
        x = (in_unit(pictures) - self.mean.view(colours)) / self.deviation.view(colours)
        return self.head(self.trunk(x))  # (B, 3, ...) -> (B, D) -> (B, C)


def backbone(
    name: str, num_classes: int, weights: str = "", frozen: bool = False, head: Head | None = None
) -> Backbone:
    """A torchvision network, (B, 3, H, W) in [0, 1] -> logits (B, C).

    Args:
        name: one of `NETWORKS`.
        weights: a name of torchvision's for this network ("IMAGENET1K_V1"), a file or a folder with one file of weights
            (.safetensors, .pth, .pt), or "" for a start from scratch. With weights, colours are normalised inside.
        frozen: train the head alone.
        head: None puts a layer of `num_classes` in the place of the network's last. Else `head(num_features, num_classes)`
            stands on its pooled convolutions: 512 features of resnet18 and VGG, 2048 of resnet50, 256 of alexnet.

    Raises:
        ValueError: unknown name, weights that are not there or do not fit, or frozen ones that were never trained.
    """
    if name not in NETWORKS:
        raise ValueError(f"network is {name!r}; need one of {list(NETWORKS)}")
    trunk, num_features, statistics = trunk_of(name, weights, frozen, whole=head is None)
    return Backbone(trunk, (head or nn.Linear)(num_features, num_classes), statistics, frozen)


def trunk_of(
    name: str, weights: str, frozen: bool = False, whole: bool = True
) -> tuple[nn.Module, int, tuple[list[float], list[float]] | None]:
    """A torchvision network without its last layer, or without all dense ones if not `whole`; how many features it gives;
    mean and deviation of the colours that its weights expect, None from scratch. ValueError as `backbone`.
    """
    if frozen and not weights:
        raise ValueError(f"{name}: frozen, but without weights; name some, or train it whole")
    with torch.device("meta" if weights else "cpu"):  # what a file fills need not be drawn before: seconds for VGG
        trunk = torchvision.models.get_model(name, weights=None)
    known = set(trunk.state_dict())  # a file may hold the layers that are taken off
    num_features = _behead(trunk, whole)
    return trunk, num_features, _load(trunk, name, weights, known) if weights else None


def _behead(trunk: nn.Module, whole: bool) -> int:
    """Take off the last layer, or all dense layers; how many features are left."""
    if hasattr(trunk, "fc"):
        num_features, trunk.fc = trunk.fc.in_features, nn.Identity()
    elif whole:
        num_features, trunk.classifier[-1] = trunk.classifier[-1].in_features, nn.Identity()
    else:
        num_features = [layer for layer in trunk.features if isinstance(layer, nn.Conv2d)][-1].out_channels
        trunk.avgpool, trunk.classifier = nn.AdaptiveAvgPool2d(1), nn.Identity()
    return num_features


def _load(trunk: nn.Module, name: str, weights: str, known: set[str]) -> tuple[list[float], list[float]]:
    """Fill a network; mean and deviation of the colours that the weights expect."""
    entries = torchvision.models.get_model_weights(name)
    named = {entry.name: entry for entry in entries}
    local = os.path.exists(os.path.expanduser(weights)) or weights not in named
    state = read_weights(weights_file(weights, name)) if local else _fetched(named[weights])
    _fill(trunk, state, known, f"{os.path.basename(weights)!r} for {name}")
    preset = (entries.DEFAULT if local else named[weights]).transforms()
    return list(preset.mean), list(preset.std)


def _fetched(entry) -> dict[str, Tensor]:
    """Weights that torchvision names, from torch's cache or by download."""
    try:
        return entry.get_state_dict(progress=False, check_hash=True, weights_only=True, map_location="cpu")
    except Exception as error:  # no network, no room, a broken file: urllib, OSError, RuntimeError, UnpicklingError
        cache = os.path.join(torch.hub.get_dir(), "checkpoints")
        raise ValueError(
            f"cannot load {entry} ({_first_line(error)}): with network access it is fetched by itself; else put {entry.url} "
            f"into {cache}, or name a file or folder that holds these weights"
        ) from None


def weights_file(weights: str, name: str = "") -> Path:
    """The file of weights that a path names: itself, or the only one in a folder.

    Raises:
        ValueError: no such file, or not exactly one in the folder.
    """
    path = Path(os.path.expanduser(weights))
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
        if len(files) != 1:
            raise ValueError(f"{path.name} holds {len(files)} files of weights {SUFFIXES}; need one: name the file")
        return files[0]
    if not path.is_file():
        names = (
            [entry.name for entry in torchvision.models.get_model_weights(name)] if name else "a name of torchvision's"
        )
        raise ValueError(f"no weights {weights!r}: give {names}, or a file or folder of them {SUFFIXES}")
    return path


def read_weights(path: Path) -> dict[str, Tensor]:
    """Weights by name from a file; nothing in it is run. ValueError for a file that holds anything else."""
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # SafetensorError, UnpicklingError, RuntimeError, EOFError, ...
        raise ValueError(f"cannot read {path.name} ({_first_line(error)}): save model.state_dict() there") from None
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{path.name} holds more than weights by name: save model.state_dict() alone")
    return state


def _fill(trunk: nn.Module, state: dict[str, Tensor], known: set[str], what: str) -> None:
    state = {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
    try:
        missing, _ = trunk.load_state_dict(state, strict=False, assign=True)
    except RuntimeError as error:
        raise ValueError(f"weights {what} have other shapes ({str(error).splitlines()[-1].strip()})") from None
    strange = sorted(set(state) - known)
    if missing or strange:
        raise ValueError(
            f"weights {what}: {len(missing)} missing ({', '.join(missing[:2])}), {len(strange)} unknown "
            f"({', '.join(strange[:2])}); give a state dict of torchvision's network of that name"
        )
    broken = [key for key, value in trunk.state_dict().items() if not torch.isfinite(value).all()]
    if broken:
        raise ValueError(
            f"weights {what}: {broken[0]} holds no numbers; these weights are for use with a head of one's own"
        )


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)

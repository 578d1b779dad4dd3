"""Networks on pictures: torchvision's with weights from every place, and small ones."""

from urllib.error import URLError

import numpy as np
import pytest
import safetensors.torch
import torch
import torchvision
from torch import nn

from emostudy.models.faces import CHANGES, Jitter
from emostudy.models.pictures import PictureCNN, dense_head, generator_style, mirror
from emostudy.models.vision import NETWORKS, backbone, read_weights, weights_file

UPRIGHT = Jitter(CHANGES[:-1])
MEAN, DEVIATION = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])  # of ImageNet
PICTURES = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def reference():
    """torchvision's ResNet-18 with weights of its own, not those that a new one would start from."""
    torch.manual_seed(7)
    model = torchvision.models.resnet18()
    model(PICTURES)  # batch normalisation has seen something
    return model.eval()


@pytest.fixture(scope="module")
def file(reference, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(reference.state_dict(), path)
    return path


HEADS = [("resnet18", None), ("resnet50", None), ("alexnet", None), ("vgg16", dense_head), ("vgg19", None)]


@pytest.mark.parametrize(("name", "head"), HEADS)
def test_logits_and_gradients_for_each_weight(name, head):
    torch.manual_seed(0)
    model = backbone(name, 5, head=head)
    logits = model(PICTURES[:2])
    assert name in NETWORKS and logits.shape == (2, 5) and torch.isfinite(logits).all()
    nn.functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_a_dense_head_stands_on_averaged_convolutions():
    widths = {name: backbone(name, 3, head=nn.Linear).head.in_features for name in ("resnet18", "resnet50", "alexnet")}
    assert widths == {"resnet18": 512, "resnet50": 2048, "alexnet": 256}


@pytest.mark.parametrize("kind", ["file", "folder", "safetensors"])
def test_weights_are_those_of_the_file_and_colours_are_normalised(reference, file, kind, tmp_path):
    path = {"file": file, "folder": file.parent}.get(kind, tmp_path / "model.safetensors")
    if kind == "safetensors":
        safetensors.torch.save_file(reference.state_dict(), path)
    model = backbone("resnet18", 4, str(path)).eval()
    x = (PICTURES - MEAN.view(3, 1, 1)) / DEVIATION.view(3, 1, 1)
    children = list(reference.children())[:-1]  # all but its own last layer
    expected = model.head(nn.Sequential(*children)(x).flatten(1))
    assert model(PICTURES).detach().numpy() == pytest.approx(expected.detach().numpy(), abs=1e-5)


def test_from_scratch_colours_are_as_they_come():
    model = backbone("resnet18", 4).eval()
    expected = model.head(model.trunk(PICTURES))
    assert torch.equal(model(PICTURES), expected)
    as_bytes = (PICTURES * 255).round().to(torch.uint8)
    assert torch.equal(model(as_bytes), model(as_bytes.float() / 255))


def test_a_frozen_trunk_does_not_change(file):
    model = backbone("resnet18", 4, str(file), frozen=True).train()
    before = {key: value.clone() for key, value in model.trunk.state_dict().items()}
    optimiser = torch.optim.Adam(model.parameters(), lr=0.1, weight_decay=0.1)
    for _ in range(2):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(PICTURES), torch.arange(4)).backward()
        optimiser.step()
    assert all(torch.equal(value, before[key]) for key, value in model.trunk.state_dict().items())
    assert all(parameter.grad is not None for parameter in model.head.parameters()) and model.head.training


def test_a_trained_trunk_does_change(file):
    model = backbone("resnet18", 4, str(file)).train()
    before = model.trunk.bn1.running_mean.clone()
    model(PICTURES).sum().backward()
    assert not torch.equal(model.trunk.bn1.running_mean, before) and model.trunk.conv1.weight.grad is not None


def test_a_file_may_hold_layers_that_are_not_needed_or_lack_them(reference, file, tmp_path):
    state = reference.state_dict()
    torch.save({key: value for key, value in state.items() if not key.startswith("fc.")}, tmp_path / "headless.pt")
    torch.save(state | {"fc.weight": torch.zeros(3, 512), "fc.bias": torch.zeros(3)}, tmp_path / "three.pth")
    whole = backbone("resnet18", 4, str(file)).trunk.state_dict()
    for name in ("headless.pt", "three.pth"):
        found = backbone("resnet18", 4, str(tmp_path / name)).trunk.state_dict()
        assert all(torch.equal(found[key], whole[key]) for key in whole)


class Harm:
    def __reduce__(self):
        return print, ("this must not run",)


WRONG = {
    "missing": (
        lambda s: {k: v for k, v in s.items() if k != "conv1.weight"},
        r"1 missing \(conv1\.weight\), 0 unknown",
    ),
    "prefix": (lambda s: {f"module.{k}": v for k, v in s.items()}, r"100 missing .*, 122 unknown \(module\.bn1"),
    "shape": (lambda s: s | {"conv1.weight": torch.zeros(64, 1, 7, 7)}, "have other shapes .*conv1.weight"),
    "numbers": (lambda s: s | {"conv1.weight": torch.full((64, 3, 7, 7), torch.nan)}, "conv1.weight holds no numbers"),
    "nested": (lambda s: {"state_dict": s}, r"nested\.pth holds more than weights by name: save model\.state_dict"),
    "harm": (lambda s: {"x": Harm()}, r"cannot read harm\.pth .*save model\.state_dict"),
}


@pytest.mark.parametrize("name", WRONG)
def test_weights_that_do_not_fit_are_told(reference, tmp_path, name, capsys):
    change, message = WRONG[name]
    torch.save(change(reference.state_dict()), tmp_path / f"{name}.pth")
    with pytest.raises(ValueError, match=message):
        backbone("resnet18", 4, str(tmp_path / f"{name}.pth"))
    assert "must not run" not in capsys.readouterr().out


def test_a_broken_safetensors_file_is_told(tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"no weights")
    with pytest.raises(ValueError, match=r"cannot read x\.safetensors"):
        read_weights(tmp_path / "x.safetensors")


def test_a_folder_holds_one_file_of_weights(tmp_path):
    with pytest.raises(ValueError, match="holds 0 files of weights"):
        weights_file(str(tmp_path))
    for name in ("a.pth", "b.safetensors", "readme.md"):
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=r"holds 2 files of weights .*; need one: name the file"):
        weights_file(str(tmp_path))


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty cache of torch's, and no network."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))

    def refuse(*_, **__):
        raise URLError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    return tmp_path / "hub" / "checkpoints"


def test_a_name_that_cannot_be_fetched_says_how_to_get_it(hub):
    with pytest.raises(ValueError, match=r"no network.*: with network access .* put http.*resnet18-.*\.pth into .*hub"):
        backbone("resnet18", 4, "IMAGENET1K_V1")


def test_a_name_is_read_from_torchs_cache(hub, file, reference):
    hub.mkdir(parents=True)
    name = torchvision.models.ResNet18_Weights.IMAGENET1K_V1.url.rpartition("/")[2]
    (hub / name).write_bytes(file.read_bytes())
    model = backbone("resnet18", 4, "IMAGENET1K_V1")
    assert torch.equal(model.trunk.conv1.weight, reference.conv1.weight)
    assert model.mean.tolist() == pytest.approx(MEAN.tolist())


def test_a_broken_file_in_torchs_cache_is_told(hub):
    hub.mkdir(parents=True)
    (hub / torchvision.models.ResNet18_Weights.IMAGENET1K_V1.url.rpartition("/")[2]).write_bytes(b"half a download")
    with pytest.raises(ValueError, match=r"cannot load ResNet18_Weights\.IMAGENET1K_V1 .*: with network access"):
        backbone("resnet18", 4, "IMAGENET1K_V1")


def test_weights_of_half_precision_are_widened(reference, tmp_path):
    torch.save({key: value.half() for key, value in reference.state_dict().items()}, tmp_path / "half.pth")
    model = backbone("resnet18", 4, str(tmp_path / "half.pth")).eval()
    assert {value.dtype for value in model.parameters()} == {torch.float32}
    assert torch.isfinite(model(PICTURES)).all()
    assert torch.equal(model.trunk.conv1.weight, reference.conv1.weight.half().float())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("resnet34", 4), "network is 'resnet34'; need one of"),
        (("resnet50", 4, "V7"), r"no weights 'V7': give \['IMAGENET1K_V1', 'IMAGENET1K_V2'\], or a file or folder"),
        (("resnet18", 4, "", True), "resnet18: frozen, but without weights"),
    ],
)
def test_what_cannot_be_built_is_told(arguments, message):
    with pytest.raises(ValueError, match=message):
        backbone(*arguments)


@pytest.mark.parametrize("grey", [False, True])
def test_a_small_network_gives_logits_and_every_weight_a_gradient(grey):
    torch.manual_seed(0)
    model = PictureCNN(4, 48, (8, 16), grey=grey)
    logits = model(PICTURES[:, :, :48, :48])
    assert logits.shape == (4, 4)
    logits.square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


def test_a_grey_network_does_not_see_colour():
    torch.manual_seed(0)
    model = PictureCNN(4, 48, (8,), grey=True).eval()
    red, green = torch.zeros(2, 1, 3, 48, 48).unbind()
    red[:, 0], green[:, 1] = 0.587, 0.299  # as bright as each other
    assert model(red).detach().numpy() == pytest.approx(model(green).detach().numpy(), abs=1e-5)
    coloured = PictureCNN(4, 48, (8,)).eval()
    assert np.abs((coloured(red) - coloured(green)).detach().numpy()).max() > 1e-3


def test_dropout_stands_after_pooling_and_after_the_dense_layer():
    rates = [
        layer.p for layer in PictureCNN(4, 48, (8, 16), dropout=0.25, dense_dropout=0.5).layers if hasattr(layer, "p")
    ]
    assert rates == [0.25, 0.25, 0.5]


def test_a_picture_too_small_is_told():
    with pytest.raises(ValueError, match="pictures of 12 pixels are too small for 3 poolings"):
        PictureCNN(4, 12, (8, 8, 8))


@pytest.mark.parametrize("augment", [generator_style, UPRIGHT, mirror])
def test_augmentation_varies_clips_repeatably_and_frames_alike(augment):
    frames = PICTURES[:, None, :, :20, :20].expand(4, 3, 3, 20, 20)
    moved, other = augment([frames, "other"], torch.Generator().manual_seed(2))
    assert moved.shape == frames.shape and moved.min() >= 0 and moved.max() <= 1 and other == "other"
    assert torch.equal(moved[:, 0], moved[:, 2]) and not torch.equal(moved, frames)
    assert torch.equal(moved, augment([frames], torch.Generator().manual_seed(2))[0])


def test_upright_and_generator_style_never_turn_a_face_upside_down():
    frames = torch.linspace(0, 1, 20).view(1, 1, 1, 20, 1).expand(64, 1, 3, 20, 20)  # dark above, bright below
    for augment in (UPRIGHT, generator_style):
        moved = augment([frames], torch.Generator().manual_seed(0))[0]
        assert (moved[..., 15:, :].mean((1, 2, 3, 4)) > moved[..., :5, :].mean((1, 2, 3, 4)) + 0.3).all()
    stated = Jitter(CHANGES)([frames], torch.Generator().manual_seed(0))[0]
    assert 10 < (stated[..., 15:, :].mean((1, 2, 3, 4)) < stated[..., :5, :].mean((1, 2, 3, 4))).sum() < 54


def test_mirrored_films_are_mirrored_and_half_of_them():
    frames = torch.rand(200, 2, 3, 6, 6)
    moved = mirror([frames], torch.Generator().manual_seed(0))[0]
    flipped = [torch.equal(one, other.flip(-1)) for one, other in zip(moved, frames, strict=True)]
    kept = [torch.equal(one, other) for one, other in zip(moved, frames, strict=True)]
    assert sum(flipped) + sum(kept) == 200 and 70 < sum(flipped) < 130
    assert mirror([(frames * 255).byte()], torch.Generator().manual_seed(0))[0].dtype == torch.uint8

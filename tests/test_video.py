"""Networks on films: order of frames counts; and torchvision's 3-D network with weights of every kind."""

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from emostudy.features.clips import byte_pixels
from emostudy.models.faces import FaceCNN, OverFrames
from emostudy.models.pictures import PictureCNN
from emostudy.models.video import FrameGRU, film_backbone
from emostudy.models.vision import backbone
from emostudy.recipes import Recipe
from emostudy.recipes.videos import FACE_GRU
from emostudy.training import Network

FILMS = torch.rand(2, 4, 3, 48, 48, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("weights") / "r3d_18.pth"
    torch.save(torchvision.models.get_model("r3d_18").state_dict(), path)
    return path


BUILD = {
    "small": lambda: FrameGRU(PictureCNN(16, 48, (8, 8)), 16, 3),
    "resnet18": lambda: FrameGRU(backbone("resnet18", 16), 16, 3),
    "r3d_18": lambda: film_backbone(3),
}


@pytest.mark.parametrize("name", BUILD)
def test_logits_gradients_and_the_order_of_frames(name):
    torch.manual_seed(0)
    model = BUILD[name]()
    logits = model(FILMS)
    assert logits.shape == (2, 3) and torch.isfinite(logits).all()
    nn.functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    model.eval()
    with torch.no_grad():
        assert np.abs((model(FILMS) - model(FILMS.flip(1))).numpy()).max() > 1e-5
        assert model(FILMS)[:1].numpy() == pytest.approx(model(FILMS[:1]).numpy(), abs=1e-4)


def test_the_3d_network_is_torchvisions_on_normalised_colours(file):
    model = film_backbone(3, str(file)).eval()
    own = torchvision.models.get_model("r3d_18").eval()
    own.load_state_dict(torch.load(file, weights_only=True))
    own.fc = model.films.head
    preset = torchvision.models.video.R3D_18_Weights.KINETICS400_V1.transforms()
    mean, deviation = (torch.tensor(v).view(3, 1, 1) for v in (preset.mean, preset.std))
    expected = own(((FILMS - mean) / deviation).transpose(1, 2))
    assert model(FILMS).detach().numpy() == pytest.approx(expected.detach().numpy(), abs=1e-4)


def test_a_frozen_3d_network_trains_its_last_layer_alone(file):
    model = film_backbone(3, str(file), frozen=True).train()
    before = model.films.trunk.layer1[0].conv1[1].running_mean.clone()
    model(FILMS).sum().backward()
    assert all(parameter.grad is None for parameter in model.films.trunk.parameters())
    assert torch.equal(model.films.trunk.layer1[0].conv1[1].running_mean, before)
    with pytest.raises(ValueError, match="r3d_18: frozen, but without weights"):
        film_backbone(3, frozen=True)
    with pytest.raises(ValueError, match=r"no weights 'V9': give \['KINETICS400_V1'\]"):
        film_backbone(3, "V9")


def fades(num_clips: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Films (N, 4, 24, 24, 3) that grow brighter (0) or darker (1): each frame alone tells nothing."""
    rng = np.random.default_rng(seed)
    labels = np.arange(num_clips) % 2
    light = np.linspace(40, 200, 4)[None].repeat(num_clips, 0)
    light[labels == 1] = light[labels == 1, ::-1]
    films = light[:, :, None, None, None] + rng.normal(0, 10, (num_clips, 4, 24, 24, 3))
    return films.clip(0, 255).astype(np.uint8), labels


def small_gru(sizes, num_classes):
    return FrameGRU(PictureCNN(16, sizes["face"], (8, 8)), 16, num_classes)


def frames_alone(sizes, num_classes):
    return OverFrames(FaceCNN(num_classes, sizes["face"]))


@pytest.mark.parametrize(("build", "learns"), [(small_gru, True), (frames_alone, False)])
def test_a_recurrent_network_learns_what_single_frames_do_not_show(build, learns):
    parts = {part: fades(48, seed) for seed, part in enumerate(("train", "dev", "test"))}
    recipe = Recipe(
        "r", "r", ("face",), FACE_GRU.features, Network(build, 8, 16, 3e-3), {"face": byte_pixels_or_float(learns)}
    )
    inputs = {part: {"face": films} for part, (films, _) in parts.items()}
    fitted = recipe.learner.fit(recipe, inputs, {part: labels for part, (_, labels) in parts.items()}, 2, 0)
    accuracy = (fitted.test.argmax(1) == parts["test"][1]).mean()
    assert accuracy > 0.9 if learns else accuracy < 0.75


def byte_pixels_or_float(as_bytes: bool):
    from emostudy.features.fitted import pixels

    return byte_pixels if as_bytes else pixels

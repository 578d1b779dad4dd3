"""Mel spectrograms as pictures: shape, where high and low, early and late are, and the recipes' networks on them."""

import numpy as np
import pytest
import soundfile
import torch

from emostudy.features.clips import byte_pixels
from emostudy.features.media import BadMedia
from emostudy.features.pictures import colour_table, mel_picture
from emostudy.recipes.spectrograms import PICTURES, SCRATCH, alexnet_picture, resnet18_picture

RATE = 16_000


def sound(path, wave) -> str:
    soundfile.write(path, wave, RATE)
    return str(path)


def tone(hertz: float, seconds: float = 1.0) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)


@pytest.mark.parametrize("seconds", [0.2, 1.0, 7.0])
def test_every_clip_gives_a_picture_of_one_size(tmp_path, seconds):
    picture = mel_picture(sound(tmp_path / "a.wav", tone(440, seconds)), None, None, size=64)
    assert picture.shape == (1, 64, 64, 3) and picture.dtype == np.uint8 and np.ptp(picture) > 100


def test_high_is_up_and_late_is_right(tmp_path):
    wave = np.concatenate([tone(200), tone(6000)])
    picture = mel_picture(sound(tmp_path / "a.wav", wave), None, None, size=64, colours="grey")[0, ..., 0].astype(int)
    early, late = picture[:, 8:24].mean(1), picture[:, 40:56].mean(1)
    assert early.argmax() > 50 and late.argmax() < 12
    assert picture[early.argmax(), :24].mean() > picture[early.argmax(), 40:].mean() + 60


def test_a_louder_clip_is_the_same_picture(tmp_path):
    rng = np.random.default_rng(0)
    wave = tone(500) + 0.01 * rng.normal(size=RATE)
    one, two = (mel_picture(sound(tmp_path / f"{gain}.wav", gain * wave), None, None, 48) for gain in (0.5, 0.25))
    assert np.abs(one.astype(int) - two).max() <= 6


def test_colours_are_matplotlibs_or_grey():
    import matplotlib

    assert (colour_table("magma")[255] == np.array(matplotlib.colormaps["magma"](1.0)[:3]) * 255 // 1).all()
    assert (colour_table("grey") == np.arange(256)[:, None]).all()
    assert len(np.unique(colour_table("magma"), axis=0)) > 250
    with pytest.raises(ValueError, match=r"colours are 'rainbows'; need \"grey\" or a colour map of matplotlib"):
        colour_table("rainbows")


def test_what_cannot_be_drawn_is_told(tmp_path):
    with pytest.raises(BadMedia, match="silent"):
        mel_picture(sound(tmp_path / "a.wav", np.zeros(RATE)), None, None)
    with pytest.raises(ValueError, match="size is 0; a picture needs at least 1 pixel"):
        mel_picture("a.wav", None, None, size=0)


@pytest.mark.parametrize("recipe", SCRATCH[:2], ids=lambda recipe: recipe.name)
def test_networks_read_the_picture_and_learn(recipe, tmp_path):
    torch.manual_seed(0)
    size = recipe.features["speech"].settings["size"]
    picture = mel_picture(sound(tmp_path / "a.wav", tone(440)), None, None, size)
    x = byte_pixels(picture[None])(np.stack([picture, picture[:, ::-1]]))
    model = recipe.learner.build({"speech": size}, 4).train()
    logits = model(x)
    assert x.shape == (2, 1, 3, size, size) and logits.shape == (2, 4)
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 3])).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_records_say_where_weights_come_from():
    assert [recipe.pretrained for recipe in PICTURES] == ["IMAGENET1K_V1 (torchvision)"] * 3
    assert [recipe.pretrained for recipe in SCRATCH] == ["none"] * 3
    assert all("scratch" in recipe.name and "scratch" in recipe.reading for recipe in SCRATCH)
    assert [recipe.features["speech"].settings["size"] for recipe in (PICTURES[0], SCRATCH[0])] == [224, 96]


def test_weights_from_a_file_are_named_by_content_and_loaded(tmp_path):
    import torchvision

    torch.manual_seed(1)
    network = torchvision.models.resnet18()
    torch.save(network.state_dict(), tmp_path / "mine.pth")
    recipe = resnet18_picture(str(tmp_path / "mine.pth"))
    assert recipe.pretrained.startswith("mine.pth@") and str(tmp_path) not in recipe.pretrained
    loaded = recipe.learner.build({"speech": 224}, 4)
    assert torch.equal(loaded.images.trunk.conv1.weight, network.conv1.weight)


def test_weights_that_are_not_there_are_an_error_and_no_start_from_scratch(tmp_path):
    recipe = alexnet_picture("IMAGENET1K_V9")
    with pytest.raises(ValueError, match="IMAGENET1K_V9"):
        recipe.learner.build({"speech": 224}, 4)

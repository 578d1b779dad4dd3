"""Recipes that look at a mel spectrogram: ResNet-18 (system R), AlexNet (system I), VGG19 (survey talk)."""

from emostudy.features import Feature
from emostudy.features.clips import byte_pixels
from emostudy.features.pictures import mel_picture
from emostudy.recipes import Recipe
from emostudy.recipes.vision import RGB, Torchvision, weights_name
from emostudy.training import Network

IMAGENET = "IMAGENET1K_V1"  # torchvision's name for the first weights of each network
PRETRAINED_SIZE, SCRATCH_SIZE = 224, 96  # pixels a side: what the weights saw; what a CPU can train


def resnet18_picture(weights: str = IMAGENET) -> Recipe:
    """System R's ResNet-18 on the spectrogram; `weights` by torchvision's name, a file or folder, or "" from scratch."""
    return _on_picture("resnet18", "ResNet-18 (R)", "system R, spectrogram image", weights)


def alexnet_picture(weights: str = IMAGENET) -> Recipe:
    """System I's AlexNet on the spectrogram; `weights` as for `resnet18_picture`."""
    return _on_picture("alexnet", "AlexNet (I)", "system I, speech", weights)


def vgg19_picture(weights: str = IMAGENET) -> Recipe:
    """The survey talk's VGG19 on the spectrogram; `weights` as for `resnet18_picture`."""
    return _on_picture("vgg19", "VGG19 (T)", "survey talk, VGG19 on mel spectrograms", weights)


def _on_picture(network: str, title: str, source: str, weights: str) -> Recipe:
    size = PRETRAINED_SIZE if weights else SCRATCH_SIZE
    start = "pretrained weights, all trained on" if weights else "from scratch, for want of the stated weights"
    return Recipe(
        f"speech_{network}_picture" + "_scratch" * (not weights),
        title + " from scratch" * (not weights),
        ("speech",),
        {"speech": Feature("mel_picture", "audio", mel_picture, {"size": size}, unit=RGB)},
        Network(Torchvision(network, weights), epochs=20, batch=32, lr=1e-4),
        {"speech": byte_pixels},
        source=source,
        reading=f"{start}; the whole clip in {size} x {size} pixels, 128 mel bands, 80 dB in the colours of magma; last layer "
        "replaced; Adam 1e-4, batch 32, 20 epochs, epoch chosen on dev",
        pretrained=weights_name(weights),
    )


PICTURES = (resnet18_picture(), alexnet_picture(), vgg19_picture())
SCRATCH = (resnet18_picture(""), alexnet_picture(""), vgg19_picture(""))

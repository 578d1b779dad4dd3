"""Recipes of the published systems that look at faces one picture at a time, on stills (`image`) and on films (`video`).

Each is a function of the medium; of a film it sees some frames, of a still the one picture. `cropped` says that the
stills are faces already cut out (CK+48, FER2013); else the face is looked for.
"""

from dataclasses import replace

from torch import nn

from emostudy.features import Feature
from emostudy.features.faces import half_frames
from emostudy.models.faces import CHANGES, FaceCNN, Jitter, OverFrames, jitter_faces
from emostudy.models.pictures import dense_head, generator_style
from emostudy.recipes import Recipe
from emostudy.recipes.faces import FACE_CNN_STATED
from emostudy.recipes.vision import RGB, SmallCNN, Torchvision, face_recipe, faces_of
from emostudy.training import Network

AUGMENTATIONS = {"stated": jitter_faces, "upright": Jitter(CHANGES[:-1]), "plain": None}


def pooled_first(sizes: dict[str, int], num_classes: int) -> OverFrames:
    """System F's image CNN as one of its sections has it: a max-pooling before the first convolution."""
    return OverFrames(nn.Sequential(nn.MaxPool2d(2), FaceCNN(num_classes, sizes["face"] // 2)))


def image_cnn(
    medium: str, size: int = 48, augmentation: str = "stated", cropped: bool = False, pool_first: bool = False
) -> Recipe:
    """System F's image CNN as stated, at 48 or, as another of its sections says, 88 pixels.

    On films at 48 pixels it is `FACE_CNN_STATED`.

    Args:
        augmentation: "stated", "upright" (without its vertical flips) or "plain" (none).
        pool_first: `pooled_first`.

    Raises:
        ValueError: another medium or augmentation.
    """
    if augmentation not in AUGMENTATIONS:
        raise ValueError(f"augmentation is {augmentation!r}; need one of {list(AUGMENTATIONS)}")
    if (medium, size, augmentation, pool_first) == ("video", 48, "stated", False):
        return FACE_CNN_STATED
    other = [f"{size} px"] * (size != 48) + [augmentation] * (augmentation != "stated") + ["pooled"] * pool_first
    build = pooled_first if pool_first else FACE_CNN_STATED.learner.build
    return replace(
        FACE_CNN_STATED,
        name="_".join(["face_cnn_stated", *other]).replace(" px", ""),
        title=", ".join(["CNN as stated (F)", *other]),
        features={"face": faces_of(medium, size, cropped=cropped)},
        learner=replace(FACE_CNN_STATED.learner, build=build, augment=AUGMENTATIONS[augmentation]),
        source=f"system F, image CNN, {size} x {size}; augmentation: {augmentation}{'; pooled first' * pool_first}",
    )


def jaffe_cnn(medium: str, cropped: bool = False) -> Recipe:
    """System F's CNN for JAFFE."""
    return face_recipe(
        "face_cnn_jaffe",
        "grey CNN (F, JAFFE)",
        faces_of(medium, cropped=cropped),
        Network(SmallCNN((32,), grey=True), epochs=20, batch=32, lr=1e-3),
        source="system F, JAFFE CNN: grey 48 x 48, convolution and max-pooling, dense, Adam, 20 epochs",
        reading="one convolution of 32 filters, dense 128, batch 32; epoch chosen on dev",
    )


def ck48_cnn(medium: str, cropped: bool = False) -> Recipe:
    """System F's CNN for CK+48."""
    return face_recipe(
        "face_cnn_ck48",
        "CNN with dropout (F, CK+48)",
        faces_of(medium, cropped=cropped),
        Network(SmallCNN((32, 64), dropout=0.25, dense_dropout=0.5), epochs=10, batch=32, lr=1e-3),
        source="system F, CK+48 CNN: two convolutions with max-pooling and dropout, dense, 10 epochs",
        reading="32 and 64 filters, dropout 0.25, dense 128 with dropout 0.5, batch 32; epoch chosen on dev",
    )


def generator_cnn(medium: str, cropped: bool = False) -> Recipe:
    """System F's second CNN for CFE, on varied pictures."""
    return face_recipe(
        "face_cnn_generator",
        "CNN, generator's pictures (F, CFE)",
        faces_of(medium, cropped=cropped),
        Network(SmallCNN((32, 64, 128), dense_dropout=0.5), epochs=15, batch=32, lr=1e-3, augment=generator_style),
        source="system F, second CNN for CFE, with generator-style augmentation",
        reading="32, 64, 128 filters, dense 128 with dropout 0.5; shear and zoom to 0.2, horizontal flips; epochs and batch of "
        "its image CNN; epoch chosen on dev",
    )


def vgg16_frozen(medium: str, weights: str = "IMAGENET1K_V1", size: int = 48, cropped: bool = False) -> Recipe:
    """System F's VGG16 for CFE: frozen, with its own dense head."""
    return face_recipe(
        "face_vgg16_frozen",
        "frozen VGG16 (F, CFE)",
        faces_of(medium, size, cropped=cropped),
        Network(Torchvision("vgg16", weights, frozen=True, head=dense_head), epochs=15, batch=32, lr=1e-3),
        weights,
        source="system F, CFE: VGG16, pretrained layers frozen, own dense head",
        reading="dense 256 with dropout 0.5 on the averaged last convolution (at 48 pixels it is one number each); epochs, batch "
        "and size of its image CNN; epoch chosen on dev",
    )


def resnet50(medium: str, weights: str = "IMAGENET1K_V2", size: int = 224, cropped: bool = False) -> Recipe:
    """System R's ResNet-50 on face crops, fine-tuned."""
    return face_recipe(
        "face_resnet50",
        "ResNet-50 (R)",
        faces_of(medium, size, cropped=cropped),
        Network(Torchvision("resnet50", weights), epochs=10, batch=32, lr=1e-4),
        weights,
        source="system R, face: ResNet-50 fine-tuned on face crops, cross-entropy, Adam",
        reading=f"{size} pixels, three frames a film, lr 1e-4, batch 32, 10 epochs; epoch chosen on dev",
    )


def middle_frame(
    network: str,
    of: str = "face",
    weights: str = "IMAGENET1K_V1",
    medium: str = "video",
    size: int = 0,
    cropped: bool = False,
) -> Recipe:
    """System I's networks on the middle frame: "small_cnn" (no weights), "resnet18", "resnet50".

    Args:
        of: "face", cut out, or "half", the speaker's half of the frame (films; the whole frame of a cell without a side).
        size: pixels; 0 for 48 (small_cnn) or 224.

    Raises:
        ValueError: another network, or the half of a still.
    """
    if network not in ("small_cnn", "resnet18", "resnet50") or of not in ("face", "half"):
        raise ValueError(f"no {network!r} on the {of!r}: need small_cnn, resnet18 or resnet50 on the face or the half")
    if of == "half" and medium != "video":
        raise ValueError(f"medium is {medium!r}; halves of frames are in 'video'")
    small = network == "small_cnn"
    size = size or (48 if small else 224)
    halves = Feature("half_frames", "video", half_frames, {"num_frames": 1, "size": size}, unit=RGB)
    build = SmallCNN((32, 64, 128), dense_dropout=0.5) if small else Torchvision(network, weights)
    layers = "32, 64, 128 filters, dense 128 with dropout 0.5; " if small else ""
    return face_recipe(
        f"middle_{of}_{network}",
        f"{network.replace('_', ' ')} on the middle {of} (I)",
        halves if of == "half" else faces_of(medium, size, 1, cropped),
        Network(build, epochs=15, batch=32, lr=1e-3 if small else 1e-4),
        "" if small else weights,
        source=f"system I, faces: {network} on the speaker's {of} in the middle frame, Adam",
        reading=f"{layers}{size} pixels, lr {'1e-3' if small else '1e-4'}, batch 32, 15 epochs; epoch chosen on dev",
    )


def from_scratch(medium: str, cropped: bool = False) -> tuple[Recipe, ...]:
    """Those that need no weights, system F's augmentation ablation first."""
    stated = [image_cnn(medium, 48, augmentation, cropped) for augmentation in AUGMENTATIONS]
    others = [make(medium, cropped) for make in (jaffe_cnn, ck48_cnn, generator_cnn)]
    small = [middle_frame("small_cnn", medium=medium, cropped=cropped)]
    half = [middle_frame("small_cnn", "half")] if medium == "video" else []
    read = [image_cnn(medium, 88, cropped=cropped), image_cnn(medium, cropped=cropped, pool_first=True)]
    return (*stated, *read, *others, *small, *half)


def pretrained(medium: str, cropped: bool = False, weights: str = "") -> tuple[Recipe, ...]:
    """Those on pretrained weights: torchvision's own, or a file or folder that holds them."""
    given = {"cropped": cropped} | ({"weights": weights} if weights else {})
    names = ("resnet18", "resnet50")
    faces = [middle_frame(network, medium=medium, **given) for network in names]
    halves = [middle_frame(network, "half", **given) for network in names] if medium == "video" else []
    return (vgg16_frozen(medium, **given), resnet50(medium, **given), *faces, *halves)

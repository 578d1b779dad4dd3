"""Recipes that look at films of a face: recurrence over frames, 3-D convolution, optical flow, VGG19 on whole frames."""

from emostudy.features import Feature
from emostudy.features.clips import byte_pixels, face_film
from emostudy.features.faces import half_frames
from emostudy.features.fitted import standardised
from emostudy.features.flow import face_flow
from emostudy.models.dense import mlp
from emostudy.models.pictures import mirror
from emostudy.recipes import Recipe
from emostudy.recipes.classical import support_vectors
from emostudy.recipes.vision import RGB, Films, RecurrentBackbone, Torchvision, face_recipe, faces_of, recurrent_cnn
from emostudy.training import Estimator, Network

FLOW = Feature("face_flow", "video", face_flow, {"num_pairs": 8}, unit="face widths per second")


def flow_mlp(sizes: dict[str, int], num_classes: int):
    """A perceptron on pooled motion."""
    return mlp(sizes["face"], num_classes, hidden=(128,), dropout=0.4)


FACE_GRU = Recipe(
    "face_gru",
    "GRU over face frames",
    ("face",),
    {"face": faces_of("video", 48, num_frames=8)},
    Network(recurrent_cnn, epochs=30, batch=16, lr=1e-3, augment=mirror),
    {"face": byte_pixels},
    source="survey T: GRU over face frames",
    reading="eight frames, each cut out by its own box, 48 pixels; CNN of 16, 32, 64 filters to 128 numbers a frame, GRU of "
    "128 units, last state; films mirrored at random; epoch chosen on dev",
)
FACE_FLOW_SVM = Recipe(
    "face_flow_svm",
    "optical flow + SVM",
    ("face",),
    {"face": FLOW},
    Estimator(support_vectors, {"C": [0.3, 1.0, 3.0, 10.0]}),
    source="survey T: optical-flow motion features",
    reading="Farneback's estimator in place of FlowNetS, which needs weights that torchvision has not; speeds and directions on "
    "a 3 x 3 raster of the face, mean and largest over eight pairs of frames 0.2 s apart",
)
FACE_FLOW_MLP = Recipe(
    "face_flow_mlp",
    "optical flow + MLP",
    ("face",),
    {"face": FLOW},
    Network(flow_mlp, epochs=100, batch=32, lr=1e-3, weight_decay=1e-3, optimiser="AdamW"),
    {"face": standardised},
    source="survey T: optical-flow motion features",
    reading=f"{FACE_FLOW_SVM.reading}; epoch chosen on dev",
)
FILMS = (FACE_GRU, FACE_FLOW_SVM, FACE_FLOW_MLP)


def pretrained_gru(
    weights: str = "IMAGENET1K_V1", network: str = "resnet18", frozen: bool = True, size: int = 112
) -> Recipe:
    """A GRU over face frames that a pretrained network reads; without weights give frozen=False."""
    return face_recipe(
        f"face_{network}_gru",
        f"{network} + GRU over face frames",
        faces_of("video", size, num_frames=8),
        Network(RecurrentBackbone(network, weights, frozen), epochs=30, batch=16, lr=1e-3 if frozen else 1e-4),
        weights,
        source="survey T: GRU over face frames, features of a pretrained network",
        reading=f"eight frames of {size} pixels; 128 numbers a frame, GRU of 128 units, last state; epoch chosen on dev",
    )


def r3d18(weights: str = "KINETICS400_V1", num_frames: int = 16, size: int = 112) -> Recipe:
    """torchvision's 3-D ResNet-18 on a short film of the face, fine-tuned; "" from scratch."""
    film = Feature("face_film", "video", face_film, {"num_frames": num_frames, "size": size}, unit=RGB)
    return face_recipe(
        "face_r3d18",
        "3-D ResNet-18",
        film,
        Network(Films(weights), epochs=15, batch=8, lr=1e-4 if weights else 1e-3, augment=mirror),
        weights,
        source="survey T: spatio-temporal 3-D CNN on clips (I3D, RGB stream)",
        reading=f"torchvision's r3d_18 (Tran et al. 2018) in place of I3D, which torchvision has not; {num_frames} frames spread "
        f"over the clip, one box, {size} pixels; films mirrored at random; epoch chosen on dev",
    )


def vgg19_frames(weights: str = "IMAGENET1K_V1", frozen: bool = True, size: int = 224) -> Recipe:
    """VGG19 on whole frames, its last layer trained; without weights give frozen=False."""
    frames = Feature("half_frames", "video", half_frames, {"num_frames": 3, "size": size}, unit=RGB)
    return face_recipe(
        "frames_vgg19",
        "VGG19 on frames",
        frames,
        Network(Torchvision("vgg19", weights, frozen), epochs=15, batch=32, lr=1e-3 if frozen else 1e-4),
        weights,
        source="survey T: VGG19 on frames",
        reading=f"three frames, no face cut out, {size} pixels; {'all but the last layer frozen' if frozen else 'fine-tuned'}; "
        "epoch chosen on dev",
    )


def pretrained_films(weights: str = "") -> tuple[Recipe, ...]:
    """Those on pretrained weights: torchvision's own, or a file or folder that holds them."""
    return tuple(make(weights) if weights else make() for make in (pretrained_gru, r3d18, vgg19_frames))

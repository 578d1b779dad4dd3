"""Recipes that look at faces."""

from dataclasses import replace

from emostudy.features import Feature
from emostudy.features.action_units import action_units
from emostudy.features.faces import face_crops
from emostudy.features.fitted import centred_pixels, pixels, standardised
from emostudy.features.hog import face_hog
from emostudy.models.crnn import Heard, Perceptron
from emostudy.models.dense import mlp
from emostudy.models.faces import FaceCNN, OverFrames, jitter_faces
from emostudy.recipes import Recipe
from emostudy.recipes.classical import support_vectors
from emostudy.recipes.strong import SPEECH_FUNCTIONALS_MLP
from emostudy.training import Estimator, Network

CROPS = Feature("face_crops", "video", face_crops, {"num_frames": 3, "size": 48}, unit="8-bit RGB")
HOG = Feature("face_hog", "video", face_hog, {"num_frames": 3}, unit="normalised gradient energy")
UNITS = Feature("action_units", "action_units", action_units, unit="OpenFace intensity 0 to 5, presence 0 to 1")


def face_cnn(sizes: dict[str, int], num_classes: int) -> OverFrames:
    """System F's CNN over the frames of a clip."""
    return OverFrames(FaceCNN(num_classes, size=sizes["face"]))


def hog_perceptron(sizes: dict[str, int], num_classes: int) -> Heard:
    """The strong perceptron of `recipes/strong.py` on gradients."""
    return Heard([Perceptron(sizes["face"])], num_classes)


def units_mlp(sizes: dict[str, int], num_classes: int):
    """A perceptron on action units."""
    return mlp(sizes["face"], num_classes, hidden=(128, 64), dropout=0.4)


FACE_HOG_SVM = Recipe(
    "face_hog_svm",
    "HOG + SVM",
    ("face",),
    {"face": HOG},
    Estimator(support_vectors, {"C": [0.3, 1.0, 3.0, 10.0]}),
    source="classical line (Dalal and Triggs 2005)",
)
FACE_HOG_MLP = Recipe(
    "face_hog_mlp",
    "MLP on HOG",
    ("face",),
    {"face": HOG},
    replace(SPEECH_FUNCTIONALS_MLP.learner, build=hog_perceptron),
    {"face": standardised},
    source="classical features (Dalal and Triggs 2005), a network with mixup (Zhang et al. 2018)",
    reading="settings of the MLP on functionals, none tuned for faces; 30 epochs whatever dev says; fitted again on train and dev",
)
FACE_CNN = Recipe(
    "face_cnn",
    "CNN on faces (F)",
    ("face",),
    {"face": CROPS},
    Network(face_cnn, epochs=15, batch=32, lr=1e-3),
    {"face": centred_pixels},
    source="system F, image CNN, 48 x 48",
    reading="three frames a clip, one of them at random a step; no padding; pixels centred and no augmentation, or 15 epochs of some "
    "hundred clips are too few; epoch chosen on dev",
)
FACE_CNN_STATED = Recipe(
    "face_cnn_stated",
    "CNN as stated (F)",
    ("face",),
    {"face": CROPS},
    Network(face_cnn, epochs=15, batch=32, lr=1e-3, augment=jitter_faces),
    {"face": pixels},
    source="system F, image CNN, 48 x 48, with its augmentation",
    reading="three frames a clip, one of them at random a step; no padding; ranges of augmentation; epoch chosen on dev",
)
FACE_UNITS_MLP = Recipe(
    "face_units_mlp",
    "MLP on action units",
    ("face",),
    {"face": UNITS},
    Network(units_mlp, epochs=150, batch=32, lr=1e-3, weight_decay=1e-3, optimiser="AdamW"),
    {"face": standardised},
    source="OpenFace action units, standardised (Baltrusaitis et al. 2018)",
)
FACES = (FACE_HOG_SVM, FACE_HOG_MLP, FACE_CNN, FACE_UNITS_MLP)
STATED = (FACE_CNN_STATED,)

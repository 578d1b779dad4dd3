"""More recipes that listen: systems M and R on frames of MFCCs, classical learners on pooled functionals, ours and openSMILE's."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

from emostudy.features import Feature
from emostudy.features.fitted import flattened
from emostudy.features.fitted_speech import flattened_raw, padded_frames
from emostudy.features.functionals import functionals
from emostudy.features.smile import smile
from emostudy.features.speech import mfcc_frames
from emostudy.models.dense import mlp
from emostudy.models.sequences import FramesCNN, FramesLSTM, jitter_frames
from emostudy.recipes import Recipe
from emostudy.recipes.classical import support_vectors
from emostudy.recipes.speech import MFCC_FRAMES
from emostudy.training import Estimator, Network

CLIP = 10.0  # deviations
FORTY = {"num_coefficients": 40, "num_frames": 188, "hop": 512}
MFCC_FORTY = Feature("mfcc_forty_frames", "audio", mfcc_frames, FORTY, unit="dB, cosine transform")
FUNCTIONALS = Feature("functionals", "audio", functionals, unit="see features/functionals.py")
EGEMAPS = Feature("egemaps", "audio", smile, {"feature_set": "eGeMAPSv02"}, unit="openSMILE's own")
COMPARE = Feature("compare", "audio", smile, {"feature_set": "ComParE_2016"}, unit="openSMILE's own")


def mfcc_mlp(sizes: dict[str, int], num_classes: int):
    """System M's perceptron on 13 x 401 MFCCs laid end to end."""
    return mlp(sizes["speech"], num_classes, hidden=(256, 128), dropout=0.2)


SPEECH_MLP = Recipe(
    "speech_mlp",
    "MLP, standardised (M)",
    ("speech",),
    {"speech": MFCC_FRAMES},
    Network(mfcc_mlp, epochs=20, batch=8, lr=1e-4),
    {"speech": flattened},
    source="system M, speech, with standardised MFCCs",
    reading="401 frames are 5.0 s at a hop of 12.5 ms, windows of 50 ms at 16 kHz; each of 13 coefficients to mean 0 and "
    "deviation 1 over training frames, padding (0) among them, as a scaler fitted on padded tables does; epoch chosen on dev",
)
SPEECH_MLP_RAW = replace(
    SPEECH_MLP,
    name="speech_mlp_raw",
    title="MLP, not standardised (M)",
    prepare={"speech": flattened_raw},
    source="system M, speech, MFCCs as they come",
    reading="401 frames are 5.0 s at a hop of 12.5 ms, windows of 50 ms at 16 kHz; epoch chosen on dev",
)


def frames_cnn(sizes: dict[str, int], num_classes: int) -> FramesCNN:
    """System R's CNN."""
    return FramesCNN(sizes["speech"], num_classes)


def frames_lstm(sizes: dict[str, int], num_classes: int) -> FramesLSTM:
    """System R's LSTM."""
    return FramesLSTM(sizes["speech"], num_classes)


def frames_bilstm(sizes: dict[str, int], num_classes: int) -> FramesLSTM:
    """System R's bidirectional LSTM."""
    return FramesLSTM(sizes["speech"], num_classes, bidirectional=True)


def frames_bilstm_attention(sizes: dict[str, int], num_classes: int) -> FramesLSTM:
    """System R's bidirectional LSTM with attention."""
    return FramesLSTM(sizes["speech"], num_classes, bidirectional=True, attention=True)


def _system_r(name: str, title: str, build: Callable) -> Recipe:
    return Recipe(
        f"speech_{name}",
        f"{title} (R)",
        ("speech",),
        {"speech": MFCC_FORTY},
        Network(build, epochs=60, batch=32, lr=1e-3, augment=jitter_frames),
        {"speech": padded_frames},
        source=f"system R, speech, {title}",
        reading="40 MFCCs in frames of 32 ms, standardised over training frames, up to 6 s; sizes of the layers; augmentation is noise, "
        "shift and stretching of the table of MFCCs; padding is masked; Adam 1e-3, batch 32, 60 epochs, epoch chosen on dev",
    )


SPEECH_CNN = _system_r("cnn", "CNN", frames_cnn)
SPEECH_LSTM = _system_r("lstm", "LSTM", frames_lstm)
SPEECH_BILSTM = _system_r("bilstm", "BiLSTM", frames_bilstm)
SPEECH_BILSTM_ATTENTION = _system_r("bilstm_attention", "BiLSTM + attention", frames_bilstm_attention)


def linear_support_vectors(seed: int, C: float = 1e-3):
    """Standardised features into a linear support vector machine, one class against the rest; probabilities by temperature."""
    machine = make_pipeline(StandardScaler(), LinearSVC(C=C, random_state=seed, max_iter=5000))
    return CalibratedClassifierCV(machine, method="temperature", cv=3, ensemble=False)


def clipped_support_vectors(seed: int, C: float = 1e-3):
    """As `linear_support_vectors`, standardised numbers cut at `CLIP` deviations.

    Of openSMILE's thousands of functionals some are constant for all training speakers but for the last digit; at another speaker they
    are not, and would outweigh everything.
    """
    cut = FunctionTransformer(np.clip, kw_args={"a_min": -CLIP, "a_max": CLIP})
    machine = make_pipeline(StandardScaler(), cut, LinearSVC(C=C, random_state=seed, max_iter=5000))
    return CalibratedClassifierCV(machine, method="temperature", cv=3, ensemble=False)


def forest(seed: int, max_features: float | str = "sqrt", min_samples_leaf: int = 1) -> RandomForestClassifier:
    """A random forest of 400 trees."""
    return RandomForestClassifier(
        400, max_features=max_features, min_samples_leaf=min_samples_leaf, random_state=seed, n_jobs=1
    )


LINEAR = Estimator(linear_support_vectors, {"C": [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2]}, refit=True)
CLIPPED = replace(LINEAR, build=clipped_support_vectors)
TREES = {"max_features": ["sqrt", 0.1, 0.2], "min_samples_leaf": [1, 3]}


def _on_functionals(
    name: str, title: str, learner: Estimator, feature: Feature = FUNCTIONALS, source: str = ""
) -> Recipe:
    return Recipe(
        f"speech_{name}",
        title,
        ("speech",),
        {"pooled": feature},
        learner,
        source=source or "classical line: pooled functionals (after Eyben et al. 2016)",
        reading="grid of settings; fitted again on train and dev with what dev chose",
    )


SPEECH_FUNCTIONALS_LINEAR = _on_functionals("functionals_linear", "linear SVM on functionals", LINEAR)
SPEECH_FUNCTIONALS_SVM = _on_functionals(
    "functionals_svm",
    "SVM on functionals",
    Estimator(support_vectors, {"C": [1.0, 3.0, 10.0, 30.0]}, refit=True),
)
SPEECH_FUNCTIONALS_FOREST = _on_functionals(
    "functionals_forest", "random forest on functionals", Estimator(forest, TREES, refit=True, uses_seed=True)
)
SPEECH_EGEMAPS = _on_functionals(
    "egemaps",
    "linear SVM on eGeMAPS",
    replace(CLIPPED, grid={"C": [1e-3, 1e-2, 0.1, 1.0]}),
    EGEMAPS,
    "openSMILE 2.5.0, eGeMAPSv02 (Eyben et al. 2016); research licence",
)
SPEECH_COMPARE = _on_functionals(
    "compare",
    "linear SVM on ComParE",
    replace(CLIPPED, grid={"C": [1e-5, 1e-4, 1e-3, 1e-2]}),
    COMPARE,
    "openSMILE 2.5.0, ComParE_2016 (Schuller et al. 2016); research licence",
)


def knowing_the_speaker(recipe: Recipe) -> Recipe:
    """The same with each speaker's own mean and deviation taken off, which needs unlabelled speech of the test speaker."""
    told = f"{recipe.reading}; standardised over all clips of each speaker, test clips too, without their labels"
    return replace(recipe, by_speaker=tuple(recipe.features), reading=told)


MLPS = (SPEECH_MLP, SPEECH_MLP_RAW)
FRAMES = (SPEECH_CNN, SPEECH_LSTM, SPEECH_BILSTM, SPEECH_BILSTM_ATTENTION)
POOLED = (SPEECH_FUNCTIONALS_LINEAR, SPEECH_FUNCTIONALS_SVM, SPEECH_FUNCTIONALS_FOREST)
VOICES = (*MLPS, *FRAMES, *POOLED)
SMILE = (SPEECH_EGEMAPS, SPEECH_COMPARE)  # with `pip install opensmile==2.5.0`

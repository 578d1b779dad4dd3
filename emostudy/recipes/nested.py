"""Lines whose settings are chosen anew inside every fold, by its own dev clips: what their hand-tuned kin reach without a look at test.

The strong lines of `units` and `strong` were found with scores of test speakers in sight. Here the settings that were tried by hand
are a grid; each run chooses from it for itself, and its record keeps every trial. What no grid undoes: that roots of action units and
mixup are among what is tried at all was learned from those looks, and the functionals were mended after a look at two test folds.
"""

from dataclasses import replace
from functools import partial

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from emostudy.ensembles import MeanOfRuns, together
from emostudy.models import augmenting
from emostudy.recipes import Recipe
from emostudy.recipes.faces import UNITS
from emostudy.recipes.strong import SPEECH_CRNN, SPEECH_FUNCTIONALS_MLP
from emostudy.recipes.voices import SPEECH_COMPARE
from emostudy.training import Estimator, Tuned
from emostudy.tuned_network import TunedNetwork

POWERS = [(1.0,), (0.5,), (0.25,), (1.0, 0.5), (0.5, 0.25), (1.0, 0.5, 0.25)]
MACHINES = [
    *(("discriminant", shrinkage) for shrinkage in (0.1, 0.2, 0.3, 0.5, 0.7)),
    *(("logistic", C) for C in (0.003, 0.01, 0.03, 0.1, 0.3)),
    *(("kernel", C) for C in (1.0, 3.0, 10.0, 30.0)),
]


def to_powers(x: np.ndarray, powers: tuple[float, ...]) -> np.ndarray:
    """The size of each column raised to each power, with its sign: (N, D) -> (N, D * number of powers).

    Units are not negative, but they are where they were standardised over a speaker's clips.
    """
    return np.concatenate([np.sign(x) * np.abs(x) ** power for power in powers], axis=1)


def machine(kind: str, value: float):
    """A classifier of one kind; `value`: its shrinkage or its C. Trees are left out: powers of a column do not change them."""
    if kind == "discriminant":
        return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=value)
    return LogisticRegression(C=value, max_iter=2000) if kind == "logistic" else SVC(C=value)


def bent_units(seed: int, powers: tuple[float, ...], kind: tuple[str, float]):
    """Action units to these powers, standardised, into a machine of this kind; probabilities by temperature, three folds of train.

    Nothing is random.
    """
    bent = FunctionTransformer(partial(to_powers, powers=tuple(powers)))
    steps = make_pipeline(bent, StandardScaler(), machine(*kind))
    return CalibratedClassifierCV(steps, method="temperature", cv=3, ensemble=False)


FACE_UNITS_NESTED = Recipe(
    "face_units_nested",
    "action units, chosen in the fold",
    ("face",),
    {"face": UNITS},
    Estimator(bent_units, {"powers": POWERS, "kind": MACHINES}, refit=True),
    source="OpenFace action units (Baltrusaitis et al. 2018); method and settings by nested validation (Varma and Simon 2006)",
    reading="six sets of powers, three kinds of machine, 84 settings: the one that the run's dev clips like best; fitted again on train "
    "and dev",
)
SPEECH_FUNCTIONALS_NESTED = Recipe(
    "speech_functionals_nested",
    "MLP on functionals, chosen in the fold",
    ("speech",),
    SPEECH_FUNCTIONALS_MLP.features,
    Tuned(SPEECH_FUNCTIONALS_MLP.learner, {"epochs": [15, 30, 60], "mixup": [0.0, 0.2, 0.4]}),
    SPEECH_FUNCTIONALS_MLP.prepare,
    source="classical features, a network with mixup (Zhang et al. 2018); settings by nested validation (Varma and Simon 2006)",
    reading="epochs and mixup, nine settings: the one that the run's dev clips like best; fitted again on train and dev",
)
SPEECH_CRNN_NESTED = Recipe(
    "speech_crnn_nested",
    "CRNN, chosen in the fold",
    ("speech",),
    SPEECH_CRNN.features,
    TunedNetwork(
        replace(SPEECH_CRNN.learner, epochs=20, keep="best"),
        {
            "as they are": {"mixup": 0.0},
            "mixed": {"mixup": 0.3},
            "mixed and masked": {"mixup": 0.3, "augment": augmenting.masked},
        },
    ),
    SPEECH_CRNN.prepare,
    source="convolution, recurrence and attention over a log-mel spectrogram, from scratch; settings by nested validation "
    "(Varma and Simon 2006)",
    reading="clips as they are, with mixup, or with mixup and masks, and the epoch, of 20: what the run's dev clips like best; fitted "
    "again on train and dev for as many epochs; network, step size and these three were tried by hand before, with test scores in sight",
)


def mean_of_lines(name: str, title: str, *members: Recipe) -> Recipe:
    """The mean of what these say, each a system of its own; nothing in it is chosen."""
    told = {"source": "the mean of what each says", "reading": "as each of them"}
    return together(name, title, *members, **told, learner=MeanOfRuns)


SPEECH_STRONG_NESTED = mean_of_lines(
    "speech_strong_nested", "CRNN and MLP, chosen in the fold", SPEECH_CRNN_NESTED, SPEECH_FUNCTIONALS_NESTED
)
SPEECH_CRNN_COMPARE = mean_of_lines(
    "speech_crnn_compare", "CRNN and SVM on ComParE", SPEECH_CRNN_NESTED, SPEECH_COMPARE
)
SPEECH_FUNCTIONALS_COMPARE = mean_of_lines(
    "speech_functionals_compare", "MLP and SVM on ComParE", SPEECH_FUNCTIONALS_NESTED, SPEECH_COMPARE
)
SPEECH_THREE = mean_of_lines(
    "speech_three", "CRNN, MLP and SVM on ComParE", SPEECH_CRNN_NESTED, SPEECH_FUNCTIONALS_NESTED, SPEECH_COMPARE
)
WITH_SMILE = (SPEECH_CRNN_COMPARE, SPEECH_FUNCTIONALS_COMPARE, SPEECH_THREE)  # they need openSMILE
VOICES_NESTED = (SPEECH_FUNCTIONALS_NESTED, SPEECH_CRNN_NESTED, SPEECH_STRONG_NESTED)
NESTED = (FACE_UNITS_NESTED, *VOICES_NESTED)

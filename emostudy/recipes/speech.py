"""Recipes that listen."""

from emostudy.features import Feature
from emostudy.features.fitted import raw, standardised
from emostudy.features.speech import mfcc_frames, mfcc_mean, mfcc_pooled
from emostudy.models.speech import MfccLSTM
from emostudy.recipes import Recipe
from emostudy.recipes.classical import support_vectors
from emostudy.training import Estimator, Network

MFCC_MEAN = Feature("mfcc_mean", "audio", mfcc_mean, {"num_coefficients": 40}, unit="dB, cosine transform")
MFCC_POOLED = Feature("mfcc_pooled", "audio", mfcc_pooled, {"num_coefficients": 40}, unit="dB, cosine transform")
MFCC_FRAMES = Feature(
    "mfcc_frames", "audio", mfcc_frames, {"num_coefficients": 13, "num_frames": 401, "hop": 200}, unit="dB"
)


SILENT = "sound at 16 kHz; dev is no last fifth but the protocol's; epoch chosen on dev"
KERAS = "the LSTM's starting values as in Keras (orthogonal recurrence, forget bias 1), the dense layers' as in torch"


def mfcc_lstm(sizes: dict[str, int], num_classes: int) -> MfccLSTM:
    """System F's LSTM with linear activation."""
    return MfccLSTM(num_classes)


def mfcc_lstm_tanh(sizes: dict[str, int], num_classes: int) -> MfccLSTM:
    """The same with torch's own LSTM, whose activation is tanh."""
    return MfccLSTM(num_classes, linear=False)


SPEECH_SVM = Recipe(
    "speech_svm",
    "SVM on pooled MFCCs",
    ("speech",),
    {"speech": MFCC_POOLED},
    Estimator(support_vectors, {"C": [0.3, 1.0, 3.0, 10.0]}),
    source="classical line",
)
SPEECH_MFCC_LSTM = Recipe(
    "speech_mfcc_lstm",
    "LSTM on mean MFCCs (F)",
    ("speech",),
    {"speech": MFCC_MEAN},
    Network(mfcc_lstm, epochs=100, batch=512, lr=1e-3),
    {"speech": standardised},
    source="system F, speech",
    reading=f"identity in place of tanh, as stated, needs MFCCs standardised over training clips; {KERAS}; {SILENT}",
)
SPEECH_LSTM_TANH = Recipe(
    "speech_lstm_tanh",
    "LSTM with tanh (F)",
    ("speech",),
    {"speech": MFCC_MEAN},
    Network(mfcc_lstm_tanh, epochs=100, batch=512, lr=1e-3),
    {"speech": raw},
    source="system F, speech, its framework's usual activation",
    reading=f"MFCCs as they come; torch's starting values; {SILENT}",
)
SPEECH_LSTM_RAW = Recipe(
    "speech_lstm_raw",
    "LSTM as stated (F)",
    ("speech",),
    {"speech": MFCC_MEAN},
    Network(mfcc_lstm, epochs=100, batch=512, lr=1e-3),
    {"speech": raw},
    source="system F, speech, to the letter",
    reading=f"identity in place of tanh on MFCCs as they come; {KERAS}; {SILENT}",
)
SPEECH = (SPEECH_SVM, SPEECH_MFCC_LSTM)
STATED = (SPEECH_LSTM_TANH, SPEECH_LSTM_RAW)

"""Recipes on pretrained speech encoders, by hub name or folder: layers probed, or fine-tuned."""

from dataclasses import dataclass
from pathlib import Path

from emostudy.features import Feature
from emostudy.features.fitted import raw
from emostudy.features.fitted_speech import each_standardised
from emostudy.features.speech_encoders import Weights, layer_means, padded_wave
from emostudy.models.waves import LayerProbe, SpeechEncoder, WaveClassifier
from emostudy.recipes import Recipe
from emostudy.recipes.text import local_folder, weights_name
from emostudy.training import Network

ENCODERS = (
    "facebook/wav2vec2-base",
    "facebook/hubert-base-ls960",
    "microsoft/wavlm-large",
    "openai/whisper-base",
)


def layer_probe(sizes: dict[str, tuple[int, int]], num_classes: int) -> LayerProbe:
    """A probe on all layers of a frozen encoder."""
    return LayerProbe(*sizes["speech"], num_classes)


@dataclass(frozen=True)
class FineTuned:
    """Builds a classifier on an encoder that trains on; where its weights lie is no part of the record."""

    weights: Weights

    def __call__(self, sizes: dict[str, int], num_classes: int) -> WaveClassifier:
        return WaveClassifier(SpeechEncoder(self.weights.path), num_classes)


def probed_encoder(weights: str) -> Recipe:
    """A frozen encoder whose layers are averaged over time and weighed: one of `ENCODERS`, another of their families, or a folder.

    Raises:
        ValueError: a folder without model.safetensors.
    """
    known = weights_of(weights)
    return Recipe(
        f"speech_{_last(weights)}_probe",
        f"{_last(weights)}, layers probed",
        ("speech",),
        {"speech": Feature("layer_means", "audio", layer_means, {"weights": known}, unit="hidden state")},
        Network(layer_probe, epochs=50, batch=32, lr=1e-3, optimiser="AdamW", weight_decay=0.01),
        {"speech": each_standardised},
        source="survey talk, layer probing (Singh and Gupta 2023), as in SUPERB (Yang et al. 2021)",
        reading="every layer's numbers to mean 0 and deviation 1 over training clips; dense 256 with dropout 0.2; the first 30 s; "
        "AdamW 1e-3, batch 32, 50 epochs, epoch chosen on dev",
        pretrained=known.name,
    )


def finetuned_encoder(weights: str, seconds: float = 6.0, epochs: int = 20) -> Recipe:
    """An encoder that trains on with the classifier, on the first `seconds` of each clip. Wants a GPU. Raises as `probed_encoder`."""
    known = weights_of(weights)
    return Recipe(
        f"speech_{_last(weights)}_finetuned",
        f"{_last(weights)}, fine-tuned",
        ("speech",),
        {"speech": Feature("padded_wave", "audio", padded_wave, {"seconds": seconds}, unit="-1 to 1")},
        Network(
            FineTuned(known),
            epochs,
            batch=8,
            lr=3e-5,
            optimiser="AdamW",
            weight_decay=0.01,
            schedule="linear",
            clip_norm=1.0,
        ),
        {"speech": raw},
        source="survey talk, wav2vec2 and its kin; fine-tuned as by Baevski et al. (2020): convolutions fixed",
        reading=f"mean over time, dense 256 with dropout 0.2; first {seconds:g} s; lr 3e-5, batch 8, {epochs} epochs, chosen on dev; "
        "no masking of the input",
        pretrained=known.name,
    )


def weights_of(weights: str) -> Weights:
    """A hub name or a folder, with the name under which records and caches know it. ValueError for an incomplete folder."""
    return Weights(str(local_folder(weights) or weights), weights_name(weights))


def _last(weights: str) -> str:
    return Path(weights).name

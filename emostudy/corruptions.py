"""What may befall a test clip: a modality is missing, exchanged or spoilt. Training never sees it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from emostudy.features import Feature
from emostudy.features.functionals import functionals
from emostudy.features.hog import face_hog
from emostudy.features.spoilt import GappySpeech, NoisySpeech, covered_hog, wrong_words
from emostudy.features.text import words
from emostudy.seeds import seed_of

CLEAN = "clean"
MISSING = {"absent": "absent", "zeroed": "average", "swapped": "another clip's"}  # in words
SNRS, SHARES = (20, 10, 5, 0, -5), (0.1, 0.25, 0.5, 0.75)  # dB; of the clip


@dataclass(frozen=True)
class Corruption:
    """One thing that befalls one modality of every test clip.

    Args:
        name: the `condition` in its predictions.
        kind: what it is, and `severity` how much of it, in `unit`; 0 for all or nothing.
        spoils: turns the modality's feature into that of spoilt media, of the same shape; None where values are hidden or exchanged.
        how: "spoilt"; "absent": hidden and told so; "zeroed": an average input, not told; "swapped": another test clip's.
    """

    name: str
    modality: str
    kind: str = field(metadata={"record": False})
    severity: float = 0.0
    unit: str = field(default="", metadata={"record": False})
    how: str = "spoilt"
    spoils: Callable[[Feature], Feature] | None = None

    def predict(self, predict: Callable, inputs: dict, spoilt: np.ndarray | None, seed: int) -> np.ndarray:
        """Probabilities (N, C) of a trained head for these test inputs after this has befallen them."""
        if self.how in ("absent", "zeroed"):
            return predict(inputs, without=(self.modality,), told=self.how == "absent")
        if self.how == "swapped":
            spoilt = inputs[self.modality][_exchanged(len(inputs[self.modality]), seed)]
        return predict(inputs | {self.modality: spoilt})


def _exchanged(num: int, seed: int) -> np.ndarray:
    """A permutation in which no clip keeps its own, (N,)."""
    order = np.random.default_rng(seed_of("swapped", seed)).permutation(num)
    exchanged = np.empty(num, int)
    exchanged[order] = np.roll(order, 1)
    return exchanged


def missing(modality: str) -> tuple[Corruption, ...]:
    """The modality is absent, an average, or another clip's."""
    return tuple(Corruption(f"{modality}_{how}", modality, how, how=how) for how in MISSING)


@dataclass(frozen=True)
class Spoil:
    """One way to spoil the features that one function computes: levels, and what the feature becomes at a level."""

    kind: str
    unit: str
    levels: tuple
    spoilt: Callable[[Feature, float], Feature]


@dataclass(frozen=True)
class At:
    """A `Spoil` at one level."""

    spoil: Spoil
    level: float

    def __call__(self, feature: Feature) -> Feature:
        return self.spoil.spoilt(feature, self.level)


def noisy(feature: Feature, snr: float) -> Feature:
    """With white noise at `snr` dB."""
    return replace(feature, name=f"{feature.name}_noise_{snr}", function=NoisySpeech(feature.function, snr))


def gappy(feature: Feature, share: float) -> Feature:
    """With gaps."""
    return replace(feature, name=f"{feature.name}_gaps_{share}", function=GappySpeech(feature.function, share))


def covered(feature: Feature, share: float) -> Feature:
    """With a square over the face."""
    settings = feature.settings | {"share": share}
    return replace(feature, name=f"{feature.name}_covered_{share}", function=covered_hog, settings=settings)


def fewer_frames(feature: Feature, lost: int) -> Feature:
    """Without the last frames."""
    kept = feature.settings["num_frames"] - lost
    settings = feature.settings | {"share": 0.0, "kept": kept}
    return replace(feature, name=f"{feature.name}_lost_{lost}", function=covered_hog, settings=settings)


def misheard(feature: Feature, share: float) -> Feature:
    """With wrong words."""
    return replace(feature, name=f"{feature.name}_wrong_{share}", function=wrong_words, settings={"share": share})


SPOILS = {
    functionals: (Spoil("noise", "dB", SNRS, noisy), Spoil("gaps", "of the clip", SHARES, gappy)),
    face_hog: (
        Spoil("covered", "of the face", SHARES, covered),
        Spoil("frames lost", "of 3", (1, 2), fewer_frames),
    ),
    words: (Spoil("wrong words", "of the words", (*SHARES, 1.0), misheard),),
}


def corruptions_of(features: dict[str, Feature], every_level: bool = True) -> tuple[Corruption, ...]:
    """All that can befall these modalities' features: each missing in three ways, and what their media can be spoilt by.

    Args:
        every_level: else every second level: features of spoilt media take longer than all training.
    """
    found = []
    for modality, feature in features.items():
        found += missing(modality)
        for spoil in SPOILS.get(feature.function, ()):
            name = f"{modality}_{spoil.kind.replace(' ', '_')}"
            found += [
                Corruption(f"{name}_{level}", modality, spoil.kind, level, spoil.unit, spoils=At(spoil, level))
                for level in (spoil.levels if every_level else spoil.levels[1::2])
            ]
    return tuple(found)

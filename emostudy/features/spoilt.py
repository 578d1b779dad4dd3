"""Features of spoilt media: noise, gaps, covered faces, wrong words. Each has the shape of the feature that it spoils.

What is spoilt is drawn from the content itself, so that it is the same in every run and on every machine.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import soundfile

from emostudy.features.faces import face_crops
from emostudy.features.hog import LAYOUT
from emostudy.features.media import read_audio
from emostudy.features.text import words
from emostudy.seeds import seed_of

RATE = 16_000  # Hz
GAP = 0.1  # s
# what a careless transcript is full of: the most frequent words of English
COMMON = (
    "the",
    "be",
    "to",
    "of",
    "and",
    "a",
    "in",
    "that",
    "have",
    "I",
    "it",
    "for",
    "not",
    "on",
    "with",
    "he",
    "as",
    "you",
)


@dataclass(frozen=True)
class NoisySpeech:
    """A speech feature of the clip with white noise, `snr` dB softer than the clip is on average."""

    function: Callable
    snr: float

    def __call__(self, path: str, start: float, end: float, **settings) -> np.ndarray:
        wave = read_audio(path, start, end, RATE)
        noise = _rng(wave).standard_normal(len(wave))
        level = np.sqrt(np.mean(wave.astype(float) ** 2)) * 10 ** (-self.snr / 20)
        return _heard(self.function, wave + level * noise, settings)


@dataclass(frozen=True)
class GappySpeech:
    """A speech feature of the clip of which a `share` of all stretches of 0.1 s is silent, as when packets are lost; the loudest
    one stays."""

    function: Callable
    share: float

    def __call__(self, path: str, start: float, end: float, **settings) -> np.ndarray:
        wave = read_audio(path, start, end, RATE).copy()
        size = round(GAP * RATE)
        starts = np.arange(0, len(wave), size)
        loudness = np.add.reduceat(wave.astype(float) ** 2, starts)
        order = [n for n in _rng(wave).permutation(len(starts)) if n != loudness.argmax()]
        for at in starts[order[: round(self.share * len(starts))]]:
            wave[at : at + size] = 0
        return _heard(self.function, wave, settings)


def _heard(function: Callable, wave: np.ndarray, settings: dict) -> np.ndarray:
    """The feature of a sound that is in no file yet; kept below full scale."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spoilt.wav"
        soundfile.write(path, wave / max(1.0, np.abs(wave).max()), RATE, subtype="FLOAT")
        return function(str(path), start=np.nan, end=np.nan, **settings)


def covered_hog(
    path: str, start: float, end: float, num_frames: int = 3, share: float = 0.25, kept: int = 0
) -> np.ndarray:
    """`face_hog` of faces on each of which a black square covers a `share`; of the first `kept` frames alone, 0 = all. (900,)."""
    crops = face_crops(path, num_frames=num_frames, size=48, start=start, end=end)[: kept or None].copy()
    side = round(48 * share**0.5)
    top, left = _rng(crops).integers(0, 48 - side + 1, 2)
    crops[:, top : top + side, left : left + side] = 0
    descriptor = cv2.HOGDescriptor(*LAYOUT)
    grey = [cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) for crop in crops]
    return np.mean([descriptor.compute(image).ravel() for image in grey], axis=0).astype(np.float32)


def wrong_words(text: str, start: float, end: float, share: float = 0.25) -> np.ndarray:
    """The transcript, a `share` of its words replaced by frequent words of English; a NumPy string of shape ()."""
    told = str(words(text, start, end)).split()
    rng = np.random.default_rng(seed_of("wrong words", text))
    for at in rng.permutation(len(told))[: round(share * len(told))]:
        told[at] = rng.choice(COMMON)
    return np.asarray(" ".join(told))


def _rng(values: np.ndarray) -> np.random.Generator:
    content = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
    return np.random.default_rng(seed_of("spoilt", content, values.shape))

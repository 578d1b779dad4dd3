"""What pretrained speech encoders make of a clip: every layer's hidden states averaged over time; and waves for those that train."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch

from emostudy.features.media import BadMedia, read_audio

RATE = 16_000  # Hz


@dataclass(frozen=True)
class Weights:
    """Pretrained weights: where they lie, and the name that stands in records and caches (hub name, or folder@hash of its files)."""

    path: str = field(metadata={"record": False})
    name: str


def layer_means(path: str, start: float, end: float, weights: Weights, seconds: float = 30.0) -> np.ndarray:
    """Mean over time of the hidden states before the first and after each layer, (L + 1, D) float32.

    Of a clip longer than `seconds` the start is heard, as memory grows with the square of its length.

    Raises:
        BadMedia: no sound that can be read, digital silence, or a clip too short for one frame.
        ValueError: no such weights.
    """
    from emostudy.models.waves import mean_over_frames  # transformers takes seconds to import

    wave = read_audio(path, start, end, RATE)[: int(seconds * RATE)]
    encoder = _encoder(weights)
    if encoder.num_frames([len(wave)])[0] < 1:
        raise BadMedia(f"{len(wave)} samples are too few for {weights.name}")
    with torch.inference_mode():
        states, num_frames = encoder([wave])
        means = [mean_over_frames(state, num_frames)[0] for state in states]  # L + 1 times (D,)
    return torch.stack(means).float().cpu().numpy()


def padded_wave(path: str, start: float, end: float, seconds: float = 6.0) -> np.ndarray:
    """A clip's samples at 16 kHz, cut or padded with zeros to `seconds`, (samples,) float32 in [-1, 1].

    Raises:
        BadMedia: no sound that can be read, digital silence, or less than 25 ms of sound (one frame of the encoders).
    """
    size = int(seconds * RATE)
    wave = np.trim_zeros(read_audio(path, start, end, RATE)[:size], "b")
    if len(wave) < RATE // 40:
        raise BadMedia(f"{len(wave)} samples of sound; need {RATE // 40}")
    return np.pad(wave, (0, size - len(wave)))


@lru_cache(maxsize=1)  # loading takes seconds: once per process; two would take the memory of two
def _encoder(weights: Weights):
    from emostudy.models.waves import SpeechEncoder

    torch.set_num_threads(1)  # processes go parallel, threads do not
    return SpeechEncoder(weights.path).eval()

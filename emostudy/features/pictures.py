"""A mel spectrogram as a picture, for networks that look."""

from functools import cache

import cv2
import matplotlib
import numpy as np

from emostudy.features.media import read_audio
from emostudy.features.speech import RANGE, RATE, mel_filters, power_spectrum


def mel_picture(path: str, start: float, end: float, size: int = 224, colours: str = "magma") -> np.ndarray:
    """The mel spectrogram of a clip, drawn: uint8 (1, size, size, 3) RGB, as `face_crops` of one frame.

    Low frequencies are at the bottom, time runs to the right.
    128 mel bands (0 to 8 kHz), windows of 1 024 samples every 160; dB below the clip's loudest point, from -80 (first colour) to 0
    (last). Readings: a picture of fixed size holds the whole clip, so a longer clip is squeezed; the colours are matplotlib's,
    "magma", which librosa draws spectrograms in, or "grey", the same number in three channels.

    Raises:
        BadMedia: no sound that can be read, or digital silence.
        ValueError: unknown colours, or a size below 1 pixel.
    """
    if size < 1:
        raise ValueError(f"size is {size}; a picture needs at least 1 pixel a side")
    table = colour_table(colours)
    power = power_spectrum(read_audio(path, start, end, RATE), hop=160, window=1024)
    level = 10 * np.log10(np.maximum(1e-10, power @ mel_filters(power.shape[1]).T)).T  # (T, F) -> (M, T) dB
    drawn = np.clip((level - level.max()) / RANGE + 1, 0, 1).astype(np.float32)[::-1]
    drawn = cv2.resize(drawn, (size, size), interpolation=_interpolation(drawn.shape, size))
    return table[np.rint(255 * np.clip(drawn, 0, 1)).astype(np.uint8)][None]  # (H, W) -> (1, H, W, 3)


@cache
def colour_table(colours: str) -> np.ndarray:
    """256 colours, uint8 (256, 3) RGB. ValueError for a name that matplotlib does not know."""
    if colours == "grey":
        return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    if colours not in matplotlib.colormaps:
        raise ValueError(f'colours are {colours!r}; need "grey" or a colour map of matplotlib, as "magma" or "viridis"')
    return matplotlib.colormaps[colours](np.arange(256), bytes=True)[:, :3]


def _interpolation(shape: tuple[int, int], size: int) -> int:
    return cv2.INTER_AREA if min(shape) >= size else cv2.INTER_LINEAR

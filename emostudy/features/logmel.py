"""Log-mel spectrograms of fixed length, silence cut off at both ends; what is missing at the end is 0."""

import numpy as np

from emostudy.features.media import read_audio
from emostudy.features.speech import power_spectrum

RATE = 16_000  # Hz
WINDOW = 1024  # samples, 64 ms: long enough to show single harmonics of a low voice
HOP = 256  # samples, 16 ms
SILENCE = 45.0  # dB below the loudest frame
MARGIN = 4  # frames kept before and after
RANGE = 80.0  # dB below the loudest band; what is softer counts as that
FLOOR = 1e-10  # of power


def logmel(path: str, start: float, end: float, num_bands: int = 64, num_frames: int = 256) -> np.ndarray:
    """Energy in dB by frame and mel band, (num_frames, num_bands) float32, 16 ms a frame; frames of 0 after the last one.

    Frames before the first and after the last one that is at most 45 dB softer than the loudest are cut off: actors wait before they
    speak. What is longer than `num_frames` (4.1 s) is cut. Mel scale of O'Shaughnessy (1987), triangles of height 1.

    Raises:
        BadMedia: what cannot be read, or is silent.
    """
    power = power_spectrum(read_audio(path, start, end, RATE), HOP, WINDOW)  # (T, F)
    loudness = 10 * np.log10(power.sum(1) + FLOOR)
    heard = np.flatnonzero(loudness > loudness.max() - SILENCE)
    spoken = power[max(0, heard[0] - MARGIN) : heard[-1] + MARGIN + 1][:num_frames]
    level = 10 * np.log10(np.maximum(FLOOR, spoken @ bands(num_bands).T))  # (T, F) @ (F, M) -> (T, M)
    level = np.maximum(level, level.max() - RANGE)
    missing = num_frames - len(level)
    return np.pad(level, ((0, missing), (0, 0)), constant_values=0.0).astype(np.float32)


def bands(num_bands: int, lowest: float = 50.0) -> np.ndarray:
    """Overlapping triangles, equally far apart in mel from `lowest` Hz to half the rate, (num_bands, 1 + WINDOW // 2) float32."""
    frequencies = np.linspace(0, RATE / 2, 1 + WINDOW // 2)
    mels = np.linspace(*(2595 * np.log10(1 + np.array([lowest, RATE / 2]) / 700)), num_bands + 2)
    corners = 700 * (10 ** (mels / 2595) - 1)
    width, distance = np.diff(corners)[:, None], corners[:, None] - frequencies
    return np.maximum(0, np.minimum(-distance[:-2] / width[:-1], distance[2:] / width[1:])).astype(np.float32)

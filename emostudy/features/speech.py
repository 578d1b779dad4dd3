"""Speech features: mel-frequency cepstral coefficients, averaged or frame by frame.

The numbers are those of `librosa.feature.mfcc` with its defaults (tests compare them). It is not called here because it makes
the filter bank anew for every clip and its import takes each process seconds: together more time than the clips themselves.
"""

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from emostudy.features.media import read_audio

RATE = 16_000  # Hz
NUM_MELS = 128
RANGE = 80.0  # dB below a clip's loudest band; what is softer counts as that
BLOCK = 32  # frames transformed at once: they fit a processor's cache, and memory does not grow with the clip


def mfcc(path: str, start: float, end: float, num_coefficients: int = 40, hop: int = 512) -> np.ndarray:
    """MFCCs of a clip, (num_coefficients, T) float32, T = 1 + samples // hop; 128 mel bands, window at most 2 048 samples.

    Davis and Mermelstein (1980), with the mel scale and filters of Slaney's Auditory Toolbox (1998). Raises BadMedia.
    """
    wave = read_audio(path, start, end, RATE)
    power = power_spectrum(wave, hop, window=min(2048, max(256, 4 * hop)))
    bands = mel_filters(power.shape[1]) @ power.T  # (M, F) @ (F, T) -> (M, T)
    level = 10.0 * np.log10(np.maximum(1e-10, bands))  # dB
    level = np.maximum(level, level.max() - RANGE)
    return fft.dct(level, axis=0, norm="ortho")[:num_coefficients].astype(np.float32, copy=False)


def mfcc_mean(path: str, start: float, end: float, num_coefficients: int = 40) -> np.ndarray:
    """MFCCs averaged over time, (num_coefficients,) float32. System F's speech input."""
    return mfcc(path, start, end, num_coefficients).mean(1)  # (F, T) -> (F,)


def mfcc_pooled(path: str, start: float, end: float, num_coefficients: int = 40) -> np.ndarray:
    """Mean and standard deviation over time of each MFCC, (2 * num_coefficients,) float32."""
    frames = mfcc(path, start, end, num_coefficients)
    return np.concatenate([frames.mean(1), frames.std(1)])  # (F, T) -> (2 F,)


def mfcc_frames(
    path: str, start: float, end: float, num_coefficients: int = 13, num_frames: int = 401, hop: int = 200
) -> np.ndarray:
    """MFCCs padded with zeros or cut to a fixed length, (num_frames, num_coefficients) float32.

    System M: 13 x 401 = 5 213 numbers. Reading: 401 frames are 5.0 s at 16 kHz with a hop of 200 samples.
    """
    frames = mfcc(path, start, end, num_coefficients, hop)[:, :num_frames]
    return np.pad(frames, ((0, 0), (0, num_frames - frames.shape[1]))).T  # (F, T) -> (T, F)


def power_spectrum(wave: np.ndarray, hop: int, window: int) -> np.ndarray:
    """Power at each frequency in Hann windows, one centred on every `hop`-th sample: (1 + samples // hop, 1 + window // 2) float32."""
    frames = sliding_window_view(np.pad(wave, window // 2), window)[::hop]  # (T, window), no copy
    power = np.empty((len(frames), 1 + window // 2), np.float32)
    for at in range(0, len(frames), BLOCK):
        spectrum = fft.rfft(frames[at : at + BLOCK] * hann(window), axis=1).astype(np.complex64)
        power[at : at + BLOCK] = np.abs(spectrum) ** 2
    return power


@cache
def hann(length: int) -> np.ndarray:
    """Periodic Hann window, (length,) float64."""
    return 0.5 + 0.5 * np.cos(np.linspace(-np.pi, np.pi, length + 1)[:-1])


@cache
def mel_filters(num_frequencies: int) -> np.ndarray:
    """Triangles of equal area on the mel scale, (NUM_MELS, num_frequencies) float32."""
    frequencies = np.linspace(0, RATE / 2, num_frequencies)
    corners = mel_frequencies(NUM_MELS + 2)
    width = np.diff(corners)[:, None]
    distance = corners[:, None] - frequencies  # (M + 2, F)
    rising, falling = -distance[:-2] / width[:-1], distance[2:] / width[1:]
    triangles = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    return (triangles * (2.0 / (corners[2:] - corners[:-2]))[:, None]).astype(np.float32)


def mel_frequencies(num: int) -> np.ndarray:
    """Frequencies (Hz) from 0 to half the rate, equally far apart in mel: linear to 1 000 Hz, logarithmic above."""
    knee, per_mel, log_step = 1000.0, 200 / 3, np.log(6.4) / 27
    highest = knee / per_mel + np.log(RATE / 2 / knee) / log_step
    mels = np.linspace(0, highest, num)
    above = knee * np.exp(log_step * (mels - knee / per_mel))
    return np.where(mels < knee / per_mel, per_mel * mels, above)

"""Pitch and voicing by autocorrelation: Boersma's method (1993), which Praat made common, in NumPy over all frames at once."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from emostudy.features.speech import RATE, hann

LOWEST, HIGHEST = 60.0, 600.0  # Hz
WINDOW = int(3 * RATE / LOWEST)  # samples: three periods of the lowest pitch
FINE = 2  # points a sample at which the autocorrelation is looked up: a high voice's peaks are narrow
AT = np.arange(FINE * int(RATE / HIGHEST), FINE * (int(RATE / LOWEST) + 2))
LAGS = AT / FINE  # samples
CANDIDATES = 4  # peaks of a frame that may be its period
# Costs as Boersma gives them
SILENCE, VOICING, OCTAVE, OCTAVE_JUMP, CHANGE = 0.03, 0.45, 0.01, 0.35, 0.14


def pitch(wave: np.ndarray, hop: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """Fundamental frequency in Hz, 0 where there is no voice, and periodicity in [0, 1], both (1 + samples // hop,) float64.

    Periodicity is the height of the autocorrelation at the chosen period, at its highest peak where there is no voice;
    `harmonics_to_noise` turns it into dB.
    """
    frames = sliding_window_view(np.pad(wave, WINDOW // 2), WINDOW)[::hop]
    frames = frames - frames.mean(1, keepdims=True)
    lags, heights = _candidates(_autocorrelation(frames))  # (T, K) each
    strengths = np.where(lags > 0, heights - OCTAVE * np.log2(LOWEST * np.maximum(lags, 1) / RATE), -np.inf)
    loudness = np.abs(frames).max(1) / max(np.abs(wave).max(), 1e-10)
    silent = VOICING + np.maximum(0, 2 - loudness * (1 + VOICING) / SILENCE)  # (T,)
    f0 = np.where(lags > 0, RATE / np.maximum(lags, 1), 0.0)
    f0 = np.column_stack([f0, np.zeros(len(f0))])  # the last candidate: no voice
    path = _best_path(f0, np.column_stack([strengths, silent]))
    heights = np.column_stack([heights, heights.max(1)])
    at = np.arange(len(path))
    return f0[at, path], np.clip(heights[at, path], 0, 1)


def harmonics_to_noise(periodicity: np.ndarray) -> np.ndarray:
    """Ratio of harmonics to noise in dB, -40 to 40: 10 log10(r / (1 - r))."""
    share = np.clip(periodicity, 1e-4, 1 - 1e-4)
    return 10 * np.log10(share / (1 - share))


def _autocorrelation(frames: np.ndarray) -> np.ndarray:
    """(T, window) -> (T, lags): of Hann windows, divided by the window's own, 1 at lag 0."""
    size = fft.next_fast_len(WINDOW + int(LAGS[-1]) + 1, real=True)
    window = hann(WINDOW)

    def of(x: np.ndarray) -> np.ndarray:
        return fft.irfft(np.abs(fft.rfft(x, size, axis=-1)) ** 2, FINE * size, axis=-1)

    own = of(window)
    found = of((frames * window).astype(np.float32))
    scale = np.maximum(found[:, :1], 1e-10)  # a frame of silence has no peak at all
    return found[:, AT] / (scale * (own[AT] / own[0]).astype(np.float32))


def _candidates(correlation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The highest peaks of each frame: their lags in samples, between the grid's points, and heights (T, K); 0 where fewer."""
    left, middle, right = correlation[:, :-2], correlation[:, 1:-1], correlation[:, 2:]
    peak = (middle > left) & (middle >= right) & (middle > 0)
    curve = np.where(peak, 2 * middle - left - right, 1.0)
    shift = (right - left) / 2 / curve  # of the parabola through three points
    height = np.where(peak, middle + (right - left) ** 2 / 8 / curve, 0.0)
    octave = OCTAVE * np.log2(LOWEST * LAGS[1:-1] / RATE)
    best = np.argpartition(-np.where(peak, height - octave, -1.0), CANDIDATES, axis=1)[:, :CANDIDATES]  # (T, K)
    lags = np.take_along_axis(np.where(peak, LAGS[1:-1] + shift / FINE, 0.0), best, 1)
    return lags, np.take_along_axis(height, best, 1)


def _best_path(f0: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """The candidate of each frame (T,) that makes the sum of strengths less the costs of jumps greatest (Viterbi)."""
    octaves = np.log2(np.maximum(f0, 1e-10))
    voiced = f0 > 0
    both = voiced[:-1, :, None] & voiced[1:, None, :]  # (T - 1, K, K)
    jump = OCTAVE_JUMP * np.abs(octaves[:-1, :, None] - octaves[1:, None, :])
    cost = np.where(both, jump, np.where(voiced[:-1, :, None] == voiced[1:, None, :], 0.0, CHANGE))
    score, back = strengths[0], np.zeros(f0.shape, int)
    for at in range(1, len(f0)):
        reached = score[:, None] - cost[at - 1]  # (K, K)
        back[at] = reached.argmax(0)
        score = reached.max(0) + strengths[at]
    path = np.empty(len(f0), int)
    path[-1] = score.argmax()
    for at in range(len(f0) - 1, 0, -1):
        path[at - 1] = back[at, path[at]]
    return path

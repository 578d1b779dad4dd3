"""Speech features: mel-frequency cepstral coefficients, averaged or frame by frame."""

import numpy as np

from emostudy.features.librosa_once import librosa
from emostudy.features.media import read_audio

RATE = 16_000  # Hz


def mfcc(path: str, start: float, end: float, num_coefficients: int = 40, hop: int = 512) -> np.ndarray:
    """MFCCs of a clip, (num_coefficients, T) float32, T = 1 + samples / hop; librosa's defaults (128 mel bands, window 2 048)."""
    wave = read_audio(path, start, end, RATE)
    window = min(2048, max(256, 4 * hop))
    return librosa.feature.mfcc(y=wave, sr=RATE, n_mfcc=num_coefficients, hop_length=hop, n_fft=window).astype(
        np.float32
    )


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

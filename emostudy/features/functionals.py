"""Pooled functionals: what a voice does frame by frame (spectrum, energy, pitch, voice quality), as statistics over the clip.

The choice of descriptors follows eGeMAPS (Eyben et al. 2016); the numbers are not openSMILE's.
"""

from functools import cache

import numpy as np
from scipy import fft
from scipy.signal import find_peaks

from emostudy.features.media import read_audio
from emostudy.features.pitch import harmonics_to_noise, pitch
from emostudy.features.speech import RANGE, RATE, mel_filters, power_spectrum

HOP, WINDOW = 160, 1024  # samples: 10 and 64 ms
ACTIVE = 45.0  # dB below the loudest frame; what is softer is a pause
LPC_ORDER, LPC_RATE = 12, 11_000  # for formants up to 5.5 kHz
COEFFICIENTS = 20
SPECTRAL = ("level", "centroid", "rolloff", "flatness", "tilt", "alpha", "flux", "periodicity")
VOICED = ("f0", "hnr", "jitter", "shimmer", "f1", "f2", "f3", "voiced_tilt")
STATISTICS = ("mean", "deviation", "p10", "p50", "p90", "slope", "change")
DELTA_STATISTICS = ("deviation", "p10", "p90")
RHYTHM = ("speech_share", "voiced_share", "voiced_rate", "voiced_length", "pause_length", "peak_rate", "seconds")


def functionals(path: str, start: float, end: float) -> np.ndarray:
    """Statistics over time of 36 descriptors and of 28 deltas, then rhythm: (len(names()),) float32, in the order of `names`.

    Statistics are mean, deviation, 10th, 50th and 90th percentile, slope (per second) and mean absolute change from frame to
    frame. Those of the spectrum are taken over frames with speech, those of pitch and voice quality over voiced frames. In a clip
    where no frame is voiced the latter are 0, as openSMILE has it; so is what needs two frames where there is one.

    Raises:
        BadMedia: no sound that can be read, or digital silence.
    """
    wave = read_audio(path, start, end, RATE)
    spectral, voiced = descriptors(wave)
    active = spectral["level"] > spectral["level"].max() - ACTIVE
    sounds = voiced["f0"] > 0
    table = np.stack(list(spectral.values()))  # (D, T)
    pooled = [
        statistics(table[:, active], STATISTICS),
        statistics(deltas(table)[:, active], DELTA_STATISTICS),
        statistics(np.stack(list(voiced.values()))[:, sounds], STATISTICS),
        rhythm(spectral["level"], active, sounds),
    ]
    return np.concatenate(pooled).astype(np.float32)


def names() -> list[str]:
    """The name of each number of `functionals`, as in `f0_mean`."""
    spectral = [f"mfcc{k}" for k in range(COEFFICIENTS)] + list(SPECTRAL)
    return (
        [f"{name}_{kind}" for kind in STATISTICS for name in spectral]
        + [f"delta_{name}_{kind}" for kind in DELTA_STATISTICS for name in spectral]
        + [f"{name}_{kind}" for kind in STATISTICS for name in VOICED]
        + list(RHYTHM)
    )


def descriptors(wave: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Of each frame of 10 ms (T,): those of the spectrum, and those that only voiced frames have (elsewhere without meaning).

    Units: level, alpha (50 to 1 000 Hz over 1 to 5 kHz) and harmonics-to-noise in dB, tilt in dB per octave, centroid, rolloff
    (85 % of the power) and formants in kHz, flatness and periodicity 0 to 1, f0 in semitones above 27.5 Hz (0: no voice), jitter
    and shimmer as the change of period and of amplitude from one frame to the next, as a share.
    """
    power = power_spectrum(wave, HOP, WINDOW) + np.float32(1e-10)  # (T, F)
    hertz = np.linspace(0, RATE / 2, power.shape[1])
    f0, periodicity = pitch(wave, HOP)
    spectral = {f"mfcc{k}": row for k, row in enumerate(_mfcc(power))} | _spectral(power, hertz)
    spectral["periodicity"] = periodicity
    semitones = np.where(f0 > 0, 12 * np.log2(np.maximum(f0, 27.5) / 27.5), 0.0)
    amplitude = np.sqrt(power.sum(1))
    voiced = {"f0": semitones, "hnr": harmonics_to_noise(periodicity)}
    voiced |= {
        "jitter": _relative_change(1 / np.maximum(f0, 1.0), f0 > 0),
        "shimmer": _relative_change(amplitude, f0 > 0),
    }
    voiced |= dict(zip(("f1", "f2", "f3"), formants(power, hertz) / 1000, strict=True))
    return spectral, voiced | {"voiced_tilt": spectral["tilt"]}


def statistics(values: np.ndarray, kinds: tuple[str, ...]) -> np.ndarray:
    """(D, T) -> (len(kinds) * D,): each statistic of all rows, one after the other; 0 where there are no frames."""
    if not values.shape[1]:
        return np.zeros(len(kinds) * len(values))
    time = np.arange(values.shape[1]) * HOP / RATE  # seconds of what is kept, pauses left out
    time = time - time.mean()
    p10, p50, p90 = np.percentile(values, (10, 50, 90), axis=1)
    found = {"mean": values.mean(1), "deviation": values.std(1), "p10": p10, "p50": p50, "p90": p90}
    found["slope"] = values @ time / max((time**2).sum(), 1e-10)
    found["change"] = np.abs(np.diff(values, axis=1)).sum(1) / max(values.shape[1] - 1, 1)
    return np.concatenate([found[kind] for kind in kinds])


def deltas(values: np.ndarray, reach: int = 2) -> np.ndarray:
    """Slope over five frames at each frame, (D, T) -> (D, T); the edges are repeated."""
    padded = np.pad(values, ((0, 0), (reach, reach)), mode="edge")
    length, steps = values.shape[1], range(1, reach + 1)
    ahead = sum(
        k * (padded[:, reach + k : reach + k + length] - padded[:, reach - k : reach - k + length]) for k in steps
    )
    return ahead / (2 * sum(k * k for k in steps))


def rhythm(level: np.ndarray, active: np.ndarray, sounds: np.ndarray) -> np.ndarray:
    """What `RHYTHM` names, (7,): shares of frames, events a second, lengths in seconds."""
    seconds = len(level) * HOP / RATE
    runs = _run_lengths(sounds)
    inside = active[np.argmax(active) : len(active) - np.argmax(active[::-1])]  # from the first to the last sound
    pauses = _run_lengths(~inside)
    smooth = np.convolve(np.pad(level, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    peaks = find_peaks(smooth, height=smooth.max() - 25, distance=8, prominence=2)[0]  # syllables, roughly
    lengths = [(some.mean() if len(some) else 0.0) * HOP / RATE for some in (runs, pauses)]
    spoken = len(inside) * HOP / RATE
    return np.array([active.mean(), sounds.mean(), len(runs) / spoken, *lengths, len(peaks) / spoken, seconds])


def formants(power: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """The first three peaks of the linear-prediction envelope in Hz, (T, F) -> (3, T); where fewer, as in the frames around."""
    cut = int(np.searchsorted(hertz, LPC_RATE / 2))
    angles = np.pi * np.arange(cut) / cut
    emphasis = np.abs(1 - 0.97 * np.exp(-1j * angles)) ** 2
    cosines = emphasis[:, None] * np.cos(angles[:, None] * np.arange(LPC_ORDER + 1))  # the few lags that are needed
    correlation = power[:, :cut].astype(np.float64) @ cosines  # (T, P + 1)
    envelope = 1 / (np.abs(fft.rfft(_predictor(correlation).astype(np.float32), 512, axis=1)) ** 2 + 1e-12)  # (T, 257)
    peak = (envelope[:, 1:-1] > envelope[:, :-2]) & (envelope[:, 1:-1] >= envelope[:, 2:])
    number = peak.cumsum(1)
    found = np.stack([((number == k) & peak).argmax(1) for k in (1, 2, 3)]) + 1  # (3, T); 1 also where there is none
    known = number[:, -1] >= np.array([[1], [2], [3]])
    tracks = found * LPC_RATE / 512
    at = np.arange(len(power))
    return np.stack(
        [np.interp(at, at[k], t[k]) if k.any() else np.zeros(len(at)) for t, k in zip(tracks, known, strict=True)]
    )


def _predictor(correlation: np.ndarray) -> np.ndarray:
    """Levinson's recursion over all frames at once: autocorrelation (T, P + 1) -> prediction filter (T, P + 1)."""
    filters = np.zeros_like(correlation)
    filters[:, 0] = 1
    error = correlation[:, 0] * (1 + 1e-6) + 1e-12
    for order in range(1, correlation.shape[1]):
        reflection = -(filters[:, :order] * correlation[:, order:0:-1]).sum(1) / error  # (T,)
        filters[:, 1 : order + 1] += reflection[:, None] * filters[:, order - 1 :: -1][:, :order]
        error = error * np.maximum(1 - reflection**2, 1e-6)
    return filters


def _mfcc(power: np.ndarray) -> np.ndarray:
    level = 10 * np.log10(power @ mel_filters(power.shape[1]).T + 1e-10)  # (T, M) dB
    return fft.dct(np.maximum(level, level.max() - RANGE), axis=1, norm="ortho")[:, :COEFFICIENTS].T


def _spectral(power: np.ndarray, hertz: np.ndarray) -> dict[str, np.ndarray]:
    total, level = power.sum(1), 10 * np.log10(power)  # (T,), (T, F)
    shape = power / total[:, None]
    octaves = _octaves(len(hertz))
    roots = np.sqrt(shape)  # Hellinger's distance from frame to frame, 0 to the root of 2
    flux = np.concatenate([[0.0], np.sqrt(np.maximum(0, 2 - 2 * (roots[1:] * roots[:-1]).sum(1)))])
    low, high = (power[:, (hertz >= a) & (hertz < b)].sum(1) for a, b in ((50, 1000), (1000, 5000)))
    return {
        "level": 10 * np.log10(total),
        "centroid": shape @ hertz / 1000,
        "rolloff": hertz[(shape.cumsum(1) >= 0.85).argmax(1)] / 1000,
        "flatness": 10 ** (level.mean(1) / 10) / power.mean(1),
        "tilt": level @ octaves,
        "alpha": 10 * np.log10(low / high),
        "flux": flux,
    }


@cache
def _octaves(num_frequencies: int) -> np.ndarray:
    """Weights (F,) that give the slope in dB per octave of the levels from 50 Hz up, each octave counting alike."""
    hertz = np.maximum(np.linspace(0, RATE / 2, num_frequencies), 1.0)
    octave, weight = np.log2(hertz), np.where(hertz >= 50, 1 / hertz, 0.0)
    centred = octave - np.average(octave, weights=weight)
    return (weight * centred / (weight * centred**2).sum()).astype(np.float32)


def _relative_change(values: np.ndarray, sounds: np.ndarray) -> np.ndarray:
    """|change from the frame before| over the mean of both, 0 where one of them is not voiced."""
    change = np.abs(np.diff(values)) / np.maximum((values[1:] + values[:-1]) / 2, 1e-10)
    return np.concatenate([[0.0], np.where(sounds[1:] & sounds[:-1], change, 0.0)])


def _run_lengths(flags: np.ndarray) -> np.ndarray:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return edges[1::2] - edges[::2]  # frames

"""The voice: source-filter synthesis after Klatt (1980, J. Acoust. Soc. Am. 67), styled by the emotion shown.

A tilted train of glottal pulses and breath noise pass five resonators in a row; frication and bursts are
added beside them. One could not write down what is said: it has speech's pitch, rhythm, timbre and loudness.
"""

import numpy as np
from scipy.signal import lfilter

from emostudy.corpora.emosynth.speakers import Speaker
from emostudy.corpora.emosynth.words import Syllable

RATE = 16_000  # Hz
FRAME = 128  # samples, 8 ms: within one the vocal tract stands still
SECONDS = (1.2, 2.5)
# F0 level (semitones), F0 range (log2), final F0 (semitones), energy (dB), rate (log2), brightness (dB at
# 3 kHz), jitter, breath and formants (log2)
STYLES = {
    "anger": (4, 0.6, -3, 8, 0.25, 6, 1.2, -0.5, 0.03),
    "disgust": (-2, -0.3, -4, -2, -0.3, 2.5, 1.8, 0.9, -0.08),
    "fear": (5, -0.1, 1, 2, 0.4, -2, 1.6, 1.8, 0.03),
    "happiness": (4.5, 0.9, 2, 4, 0.1, 1, 0, 0.2, 0.1),
    "neutral": (0, 0, -1, 0, 0, 0, 0, 0, 0),
    "sadness": (-2, -0.9, -3, -7, -0.45, -6, 0.6, 1.2, -0.03),
}
UNITS = np.array([1, 0.2, 1, 1.5, 0.08, 1.2, 0.3, 0.35, 0.015])
SETTINGS = ("level", "range", "final", "energy", "rate", "bright", "jitter", "breath", "formants")
EFFECT, OFFSET, HABIT, NOISE = 1.75, 0.6, 0.4, 0.3
LEVEL = -28.0  # dB re full scale, root mean square of a neutral voice
BANDWIDTHS = (70, 90, 130, 200, 280)  # Hz
LOCI = {"stop": (250, 1700, 2600), "fricative": (300, 1600, 2600), "sonorant": (280, 1250, 2300)}  # Hz
ONSET_SECONDS = {"stop": 0.055, "fricative": 0.07, "sonorant": 0.05, "": 0.01}


def say(
    shown: str, intensity: float, speaker: Speaker, syllables: list[Syllable], rng: np.random.Generator
) -> np.ndarray:
    """Speak so that the voice shows an emotion: float32 (T,), 16 kHz, 1.2 to 2.5 s, within [-1, 1].

    Raises ValueError on an unknown emotion or where there is nothing to say.
    """
    if shown not in STYLES:
        raise ValueError(f"no voice shows {shown!r}: take one of {list(STYLES)}")
    if not syllables:
        raise ValueError("there are no syllables to say: words.syllables makes them from a sentence")
    style = draw_style(shown, intensity, speaker, rng)
    plan = _plan(syllables, style, rng)  # (K, 8)
    num_frames = int(plan[-1, 0] * RATE / FRAME)
    times = (np.arange(num_frames) + 0.5) * FRAME / RATE
    voiced, breath, friction, semitones, *formants = (np.interp(times, plan[:, 0], track) for track in plan.T[1:])
    f0 = speaker.f0 * 2 ** ((style["level"] + semitones) / 12)  # (F,)
    scale = speaker.tract * 2 ** style["formants"]
    source = _glottis(f0, voiced, breath, style, rng)
    wave = _tract(source, np.stack(formants, axis=1), scale) + _friction(friction, scale, rng)
    return _record(wave, style["energy"], speaker, rng)


def draw_style(shown: str, intensity: float, speaker: Speaker, rng: np.random.Generator) -> dict[str, float]:
    """The nine settings of one clip, by SETTINGS: emotion x intensity + the speaker's ways + chance."""
    person = OFFSET * speaker.offset + HABIT * speaker.habits[shown] + NOISE * rng.standard_normal(len(UNITS))
    values = EFFECT * intensity * np.array(STYLES[shown]) + UNITS * person
    return dict(zip(SETTINGS, values, strict=True))


def _plan(syllables: list[Syllable], style: dict[str, float], rng: np.random.Generator) -> np.ndarray:
    """Breakpoints (K, 8): time, voicing, breath, friction, pitch in semitones, and three formants in Hz."""
    now, points = 0.08, [(t, 0, 0, 0, 0, *syllables[0].vowel) for t in (0.0, 0.06)]
    slowness, liveliness = 2 ** -style["rate"], 2 ** style["range"]
    for number, syllable in enumerate(syllables):
        last = number == len(syllables) - 1
        declination = 1.5 - 3 * number / len(syllables)
        pitch = liveliness * (declination + 2.5 * syllable.stressed + 0.7 * rng.standard_normal())
        length = slowness * (0.085 + 0.04 * syllable.stressed + 0.06 * last) * rng.uniform(0.85, 1.15)
        onset = slowness * ONSET_SECONDS[syllable.onset]
        points += _onset(now, onset, syllable.onset, pitch)
        points += _vowel(now + onset, length, syllable, pitch, style["final"] if last else 0.0)
        now += onset + length + 0.1 * syllable.pause
    points += [(now + 0.02, 0, 0, 0, pitch + style["final"], *syllable.vowel)] * 2
    plan = np.array(points)
    plan[-1, 0] += 0.08
    plan[:, 0] *= np.clip(plan[-1, 0], *SECONDS) / plan[-1, 0]
    return plan


def _onset(start: float, length: float, kind: str, pitch: float) -> list[tuple]:
    if kind == "stop":  # closure, then a burst and some aspiration
        return [
            (start, 0, 0, 0, pitch, *LOCI[kind]),
            (start + 0.65 * length, 0, 0, 0, pitch, *LOCI[kind]),
            (start + 0.7 * length, 0, 0.5, 1, pitch, *LOCI[kind]),
            (start + 0.9 * length, 0.2, 0.5, 0, pitch, *LOCI[kind]),
        ]
    if kind == "fricative":
        return [
            (start, 0, 0.2, 0, pitch, *LOCI[kind]),
            (start + 0.3 * length, 0, 0.3, 0.6, pitch, *LOCI[kind]),
            (start + 0.8 * length, 0.05, 0.3, 0.5, pitch, *LOCI[kind]),
        ]
    if kind == "sonorant":
        return [
            (start + 0.2 * length, 0.4, 0.4, 0, pitch, *LOCI[kind]),
            (start + 0.8 * length, 0.5, 0.4, 0, pitch, *LOCI[kind]),
        ]
    return []


def _vowel(start: float, length: float, syllable: Syllable, pitch: float, glide: float) -> list[tuple]:
    loud = 1.0 if syllable.stressed else 0.75
    points = [
        (start + 0.25 * length, loud, loud, 0, pitch, *syllable.vowel),
        (start + 0.7 * length, loud, loud, 0, pitch + glide / 2, *syllable.vowel),
        (start + length, 0.5 * loud, 0.6 * loud, 0, pitch + glide, *syllable.vowel),
    ]
    silence = (start + length + 0.03, 0, 0, 0, pitch, *syllable.vowel)
    return [*points, silence] if syllable.pause else points


def _glottis(f0, voiced, breath, style: dict[str, float], rng: np.random.Generator) -> np.ndarray:
    """Derivative of the glottal flow, tilted, and breath gated by the open glottis: (F,) tracks -> (T,)."""
    f0, voiced, breath = _samples(f0), _samples(voiced), _samples(breath)
    cycle = np.cumsum(f0 / RATE)
    periods = rng.standard_normal((2, int(cycle[-1]) + 1))[:, cycle.astype(int)]  # two draws a period
    jitter = min(0.004 * 2 ** style["jitter"], 0.05)
    step = f0 / RATE * (1 + jitter * periods[0])
    cycle = np.cumsum(step)
    open_part = np.clip(0.6 + 0.04 * style["breath"], 0.45, 0.75)
    phase = (cycle % 1) / open_part  # the glottis is open up to 1
    pulse = np.where(phase < 1, 2 * phase - 3 * phase**2, 0.0) * (1 + 3 * jitter * periods[1])
    pulse += _soft_closure((phase - 1) * open_part / step)
    noise = rng.standard_normal(len(f0)) * np.where(phase < 1, 1.0, 0.3) * 0.03 * 2 ** style["breath"]
    return _tilt(voiced * pulse, 12 - style["bright"]) + breath * noise


def _soft_closure(distance: np.ndarray) -> np.ndarray:
    """Round the jump at closure over two samples (polyBLEP), or it would alias; distance in samples."""
    before, after = (distance > -1) & (distance < 0), (distance >= 0) & (distance < 1)
    return np.where(before, 0.5 * (1 + distance) ** 2, 0.0) - np.where(after, 0.5 * (1 - distance) ** 2, 0.0)


def _tilt(signal: np.ndarray, loss: float) -> np.ndarray:
    """One-pole low-pass that takes `loss` dB (1 to 32) at 3 kHz."""
    power, cosine = 10 ** (-np.clip(loss, 1, 32) / 10), np.cos(2 * np.pi * 3000 / RATE)
    middle = (1 - power * cosine) / (1 - power)
    pole = middle - np.sqrt(middle**2 - 1)
    return lfilter([1 - pole], [1, -pole], signal)


def _tract(source: np.ndarray, formants: np.ndarray, scale: float) -> np.ndarray:
    """Five resonators in a row that move from frame to frame: (T,), (F, 3) Hz -> (T,)."""
    upper = np.broadcast_to([3500.0, 4500.0], (len(formants), 2))
    centres = scale * np.concatenate([formants, upper], axis=1)  # (F, 5)
    radius = np.exp(-np.pi * np.array(BANDWIDTHS) / RATE)
    second = -2 * radius * np.cos(2 * np.pi * centres / RATE)  # (F, 5)
    gains = (1 + second + radius**2).prod(axis=1)  # each resonator passes 0 Hz unchanged
    poles = np.ones((len(formants), 1))
    for k in range(centres.shape[1]):  # product of the five polynomials, all frames at once
        poles = (
            np.pad(poles, ((0, 0), (0, 2)))
            + second[:, k : k + 1] * np.pad(poles, ((0, 0), (1, 1)))
            + radius[k] ** 2 * np.pad(poles, ((0, 0), (2, 0)))
        )
    wave, state = np.empty(len(source)), np.zeros(poles.shape[1] - 1)
    for frame, (gain, pole) in enumerate(zip(gains, poles, strict=True)):
        here = slice(frame * FRAME, (frame + 1) * FRAME)
        wave[here], state = lfilter(gain[None], pole, source[here], zi=state)
    return wave


def _friction(amount: np.ndarray, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Noise around 4.8 kHz, as of s and t: (F,) -> (T,)."""
    centre, radius = 2 * np.pi * min(4800 * scale, 6500) / RATE, np.exp(-np.pi * 1500 / RATE)
    noise = _samples(amount) * rng.standard_normal(len(amount) * FRAME)
    return 0.03 * lfilter([1, -1], [1, -2 * radius * np.cos(centre), radius**2], noise)


def _record(wave: np.ndarray, energy: float, speaker: Speaker, rng: np.random.Generator) -> np.ndarray:
    """Bring the voice to its level, put it in the speaker's room and keep it within [-1, 1]."""
    level = 10 ** ((LEVEL + energy) / 20)
    room = lfilter([1], [1, -speaker.colour], rng.standard_normal(len(wave)))
    loudness = level / np.sqrt(np.mean(wave**2))
    noise = level * 10 ** (-speaker.snr / 20) / np.sqrt(np.mean(room**2))
    return np.tanh(loudness * wave + noise * room).astype(np.float32)


def _samples(track: np.ndarray) -> np.ndarray:
    """From frames to samples, (F,) -> (F * FRAME,), in straight lines."""
    positions = (np.arange(len(track) * FRAME) + 0.5) / FRAME - 0.5
    return np.interp(positions, np.arange(len(track)), track)

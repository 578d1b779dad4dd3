"""Single clips to look at: sounds side by side, and a dialogue turn by turn. Arrays and tables in, figures out."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from emostudy.figures.style import CMAP, EMOTION_COLOURS, FULL, GREY, HALF, INK, LOOKS, canvas, ink_on, styled

KILOHERTZ, NUM_MELS, RANGE = (0.5, 1, 2, 4), 64, 80  # ticks; bands; dB shown below the loudest
SIGNS = {"female": " ♀", "male": " ♂"}
LINE = 0.13  # inches between lines of words
CHIP = 0.155  # inches, height of an emotion's box


@styled
def sounds(
    waves: Mapping[str, np.ndarray],
    rate: int,
    title: str = "What does an emotion sound like?",
    note: str = "",
    width: float | None = None,
) -> Figure:
    """Waveform, mel spectrogram and F0 of some clips, a column each, on common scales.

    Args:
        waves: name -> samples (T,) in [-1, 1] at `rate` Hz.
        width: inches; half a page for three clips, a page for more, if None.
    """
    mels = {name: mel_decibels(wave, rate) for name, wave in waves.items()}
    top = max(mel.max() for mel in mels.values())
    bands = np.interp(
        [1000 * k for k in KILOHERTZ], _librosa().mel_frequencies(NUM_MELS, fmax=rate / 2), range(NUM_MELS)
    )
    shape = {"sharex": True, "sharey": "row", "height_ratios": [0.7, 1.3, 1]}
    width = width or (HALF if len(waves) <= 3 else FULL)
    fig, axes = canvas(width, 3.3, title, note, 3, len(waves), **shape)
    for (wave_ax, mel_ax, pitch_ax), (name, wave) in zip(axes.T, waves.items(), strict=True):
        extent = (0, len(wave) / rate, -0.5, NUM_MELS - 0.5)
        wave_ax.plot(*_envelope(wave, rate), color=LOOKS["speech"].colour, lw=0.6)
        wave_ax.set_title(name)
        mel_ax.imshow(mels[name], CMAP, aspect="auto", origin="lower", extent=extent, vmin=top - RANGE, vmax=top)
        pitch_ax.plot(*pitch(wave, rate), ".", ms=2.5, color=INK)
        pitch_ax.set_xlabel("time (s)")
        pitch_ax.grid(axis="y")
    axes[0, 0].set(ylabel="amplitude", xlim=(0, max(map(len, waves.values())) / rate))
    axes[1, 0].set(ylabel="mel band (kHz)", yticks=bands, yticklabels=[f"{k:g}" for k in KILOHERTZ])
    axes[2, 0].set_ylabel("F0 (Hz)")
    fig.align_ylabels(axes[:, 0])
    return fig


def sounds_alt(waves: Mapping[str, np.ndarray], rate: int) -> str:
    """The finding of `sounds`: length, level and median F0 of every clip."""
    told = []
    for name, wave in waves.items():
        level, f0 = 20 * np.log10(max(np.sqrt(np.mean(np.square(wave))), 1e-6)), pitch(wave, rate)[1]
        heard = f"F0 {np.nanmedian(f0):.0f} Hz" if np.isfinite(f0).any() else "no voice found"
        told.append(f"{name} {len(wave) / rate:.1f} s, {level:.0f} dB, {heard}")
    head = f"Waveform, mel spectrogram and F0 of {len(waves)} clips (length, level, median F0): "
    return head + "; ".join(told) + "."


def mel_decibels(wave: np.ndarray, rate: int) -> np.ndarray:
    """Mel spectrogram (NUM_MELS, frames) in dB, a frame every 10 ms."""
    power = _librosa().feature.melspectrogram(y=wave, sr=rate, n_fft=1024, hop_length=rate // 100, n_mels=NUM_MELS)
    return _librosa().power_to_db(power)


def pitch(wave: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Times in s and F0 in Hz (frames,), NaN where unvoiced: pYIN (Mauch and Dixon 2014), 60 to 600 Hz, every 20 ms."""
    hop = rate // 50
    f0 = _librosa().pyin(wave, fmin=60, fmax=600, sr=rate, frame_length=1024, hop_length=hop, resolution=0.25)[0]
    return np.arange(len(f0)) * hop / rate, f0


def _librosa():
    """Loaded where a sound is drawn: that takes seconds, and most notebooks draw none."""
    from emostudy.features.librosa_once import librosa

    return librosa


def _envelope(wave: np.ndarray, rate: int, num_points: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest sample of each stretch in turn: the picture of the wave, in few points."""
    step = max(1, len(wave) // num_points)
    parts = wave[: len(wave) // step * step].reshape(-1, step)
    ends = np.stack([parts.min(1), parts.max(1)], axis=1).ravel()
    return np.arange(len(ends)) * step / 2 / rate, ends


@styled
def dialogue(
    turns: pd.DataFrame,
    modalities: Sequence[str] = ("face", "speech", "text"),
    title: str = "What is felt, and what is shown?",
    width: float = HALF,
) -> Figure:
    """A dialogue, turn by turn: words, the true emotion, and what each modality shows.

    Boxes are filled for the true emotion and where a modality shows another one; else only their edge is drawn.

    Args:
        turns: clips of one dialogue with `turn, speaker, gender, text, emotion, shows_<modality>`.
    """
    turns = turns.sort_values("turn")
    said = [
        textwrap.wrap(f"{r.turn}  {r.speaker}{SIGNS.get(r.gender, '')}: {r.text}", int(width * 18))
        for r in turns.itertuples()
    ]
    heights = [LINE * len(lines) + CHIP + 0.12 for lines in said]
    note = "Filled: true emotion, and a modality that shows another one."
    fig, axes = canvas(width, sum(heights) + 0.75, title, note)
    ax, top, step = axes[0, 0], 0.0, (width - 0.1) / (len(modalities) + 1)
    for column, name in enumerate(["true emotion", *modalities]):
        ax.text(column * step, -0.06, name, fontweight="bold", va="bottom")
    for row, lines, height in zip(turns.to_dict("records"), said, heights, strict=True):
        ax.text(0, top, "\n".join(lines), va="top", linespacing=1.2)
        for column, key in enumerate(["emotion", *(f"shows_{modality}" for modality in modalities)]):
            left, below = column * step, top + LINE * len(lines) + 0.02
            _chip(ax, left, below, step - 0.035, row[key], filled=column == 0 or row[key] != row["emotion"])
        top += height
    ax.set(xlim=(-0.02, width - 0.08), ylim=(top, -0.2))
    ax.set_axis_off()
    return fig


def dialogue_alt(turns: pd.DataFrame, modalities: Sequence[str] = ("face", "speech", "text")) -> str:
    """The finding of `dialogue`: every turn's emotion, and how often each modality shows another."""
    turns = turns.sort_values("turn")
    chain = ", ".join(turns.emotion)
    other = [f"{modality} in {(turns[f'shows_{modality}'] != turns.emotion).sum()}" for modality in modalities]
    return f"A dialogue of {len(turns)} turns. True emotions: {chain}. Another is shown by {', '.join(other)} turns."


def _chip(ax, left: float, top: float, width: float, emotion: str, filled: bool) -> None:
    """An emotion's name in a box of its colour; nothing where a modality is missing."""
    if pd.isna(emotion) or emotion == "":
        return
    colour, style = EMOTION_COLOURS.get(emotion, GREY), "round,pad=0,rounding_size=0.04"
    ax.add_patch(FancyBboxPatch((left, top), width, CHIP, style, fc=colour if filled else "white", ec=colour, lw=1))
    ink, middle = ink_on(colour) if filled else INK, (left + width / 2, top + CHIP / 2)
    ax.text(*middle, emotion, ha="center", va="center_baseline", color=ink)

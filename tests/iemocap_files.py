"""IEMOCAP's ratings, words, sounds and films in the layout of its full release, made here."""

from pathlib import Path

import numpy as np
import soundfile

RATERS = "C-E2:\tNeutral;\t()\nC-E3:\tNeutral;\t()\nC-F1:\tNeutral;\t(curious)\nA-E3:\tval 3; act 2; dom  2;\t()\n"


def session(data: Path, dialogue: str) -> Path:
    return data / "IEMOCAP_full_release" / f"Session{dialogue[4]}"


def written(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rate(data: Path, dialogue: str, *turns: tuple, more: str = "") -> None:
    """`dialog/EmoEvaluation/<dialogue>.txt` with summary lines (start, end, turn, label) and the raters' lines below each."""
    lines = [
        f"[{start:.4f} - {end:.4f}]\t{dialogue}_{turn}\t{label}\t[2.5000, 3.0000, 2.0000]\n"
        for start, end, turn, label in turns
    ]
    text = (
        "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
        + "".join(f"{line}{RATERS}\n" for line in lines)
        + more
    )
    written(session(data, dialogue) / "dialog" / "EmoEvaluation" / f"{dialogue}.txt", text)


def say(data: Path, dialogue: str, *lines: str) -> None:
    text = "\n".join(lines) + "\n"
    written(session(data, dialogue) / "dialog" / "transcriptions" / f"{dialogue}.txt", text)


def sound(data: Path, dialogue: str, turn: str, suffix: str = ".wav", seed: int | None = None, wave=None) -> Path:
    """The turn's own file, of noise where no `wave` (T,) at 16 kHz is given."""
    path = session(data, dialogue) / "sentences" / "wav" / dialogue / f"{dialogue}_{turn}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = sum(map(ord, dialogue + turn)) if seed is None else seed
    soundfile.write(path, np.random.default_rng(seed).normal(0, 0.1, 400) if wave is None else wave, 16000)
    return path


def film(data: Path, dialogue: str, content: bytes | None = None) -> Path:
    """The dialogue's film; no film but its own name where nothing is given."""
    return written(session(data, dialogue) / "dialog" / "avi" / "DivX" / f"{dialogue}.avi", content or dialogue)

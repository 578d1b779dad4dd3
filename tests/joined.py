"""Files of RAVDESS and TESS in their real layouts, small, for corpora joined as one."""

from pathlib import Path

from test_ravdess import sound as ravdess_sound
from test_tess import sound as tess_sound

COMMON = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
CALM, CODES = 2, (1, 3, 4, 5, 6, 7)  # RAVDESS' emotions: one that others have not, and those in common
WORDS = ("back", "bar", "base", "bath", "bean", "bite", "boat", "bone", "book", "bought")


def voices(folder: Path) -> Path:
    """Ten actors and two actresses, calm and pleasant surprise too; every file holds other noise."""
    seed = 0
    for actor in range(1, 11):
        for code in (*CODES, CALM):
            for take in (1, 2):
                seed += 1
                ravdess_sound(folder, f"03-01-{code:02}-01-01-{take:02}-{actor:02}.wav", seed)
    for actress in ("OAF", "YAF"):
        for word in WORDS:
            for code in ("angry", "disgust", "fear", "happy", "neutral", "ps", "sad"):
                seed += 1
                tess_sound(folder, f"{actress}_{word}_{code}.wav", seed)
    return folder

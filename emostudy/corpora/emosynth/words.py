"""What is said: a sentence that shows an emotion in its words, and its syllables for the voice."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml

# Formants in Hz of a man's vowels (Peterson and Barney 1952), by the letters that spell them most often.
VOWELS = {
    "ee": (270, 2290, 3010),
    "i": (390, 1990, 2550),
    "e": (530, 1840, 2480),
    "a": (660, 1720, 2410),
    "o": (730, 1090, 2440),
    "aw": (570, 840, 2410),
    "oo": (440, 1020, 2240),
    "u": (640, 1190, 2390),
    "ou": (300, 870, 2240),
    "er": (490, 1350, 1690),
}
SPELLINGS = {
    "ea": "ee",
    "ie": "ee",
    "y": "ee",
    "ay": "e",
    "ai": "e",
    "ei": "e",
    "au": "aw",
    "oi": "aw",
    "oy": "aw",
    "oa": "aw",
}
ONSETS = {"stop": "pbtdkgcqx", "fricative": "sfvzhj", "sonorant": "mnlrw"}
SLOT = re.compile(r"{(\w+)}")


class Syllable(NamedTuple):
    """onset: "stop", "fricative", "sonorant" or ""; vowel: three formants in Hz; pause: a comma follows."""

    onset: str
    vowel: tuple[int, int, int]
    stressed: bool
    pause: bool = False


@cache
def lexicon() -> dict:
    return yaml.safe_load(Path(__file__).with_name("lexicon.yaml").read_text(encoding="utf-8"))


def sentence(shown: str, rng: np.random.Generator) -> str:
    """One English sentence whose words show an emotion; topics and people are the same for all emotions.

    Raises ValueError on an unknown emotion.
    """
    if shown not in lexicon() or shown == "shared":
        raise ValueError(f"no words show {shown!r}: take one of {[e for e in lexicon() if e != 'shared']}")
    words = lexicon()["shared"] | lexicon()[shown]
    text = _pick(words["templates"], rng)
    while slot := SLOT.search(text):  # a word put in may itself hold a slot
        text = text[: slot.start()] + _pick(words[slot.group(1)], rng) + text[slot.end() :]
    if rng.random() < 0.25:
        text = f"{_pick(words['opener'], rng)} {text}"
    elif rng.random() < 0.2 and not text.endswith("?"):
        text += _pick(words["ending"], rng)
    return text[0].upper() + text[1:] + ("" if text.endswith("?") else ".")


def _pick(choices: list[str], rng: np.random.Generator) -> str:
    return choices[rng.integers(len(choices))]


def syllables(text: str) -> list[Syllable]:
    """Split a sentence into syllables: one for each group of vowel letters, less a silent e at the end."""
    found = []
    for word in text.lower().split():
        letters = re.sub(r"[^a-z]", "", word)
        letters = letters[:-1] if re.search(r"[aeiouy][^aeiouy]+e$", letters) else letters
        parts = re.findall(r"([^aeiouy]*)([aeiouy]+r?)", letters) or [("", "e")]
        for number, (onset, vowel) in enumerate(parts):
            pause = number == len(parts) - 1 and word.endswith(",")
            found.append(Syllable(_onset(onset), _formants(vowel), number == 0 and len(letters) > 3, pause))
    return found


def _onset(letters: str) -> str:
    return next((kind for kind, group in ONSETS.items() if letters[:1] and letters[0] in group), "")


def _formants(letters: str) -> tuple[int, int, int]:
    for spelling in (letters[-2:], letters[:2], letters[0]):
        if (spelling := SPELLINGS.get(spelling, spelling)) in VOWELS:
            return VOWELS[spelling]
    return VOWELS["u"]

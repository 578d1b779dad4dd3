"""TESS, the Toronto emotional speech set: two actresses say 200 words in one carrier phrase, in 7 emotions; voice.

Layout as distributed: `tess/OAF_back_angry.wav` (speaker, word, emotion), all 2 800 files side by side; the copies in circulation sort
them into folders such as `OAF_Fear` and `YAF_pleasant_surprised`, at any depth. The file's name alone counts.
"""

import re
from pathlib import Path

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.table import at_most, corpus_of, files, told, unreadable

EMOTIONS = ("angry", "disgust", "fear", "happy", "neutral", "pleasant surprise", "sad")
CODES = {emotion: emotion for emotion in EMOTIONS} | {"ps": "pleasant surprise"}
AGES = {"OAF": 64, "YAF": 26}  # older and younger adult female
# The publisher's OA_bite_neutral lacks a letter.
NAME = re.compile(r"(OAF?|YAF)_([a-z]+)_(angry|disgust|fear|happy|neutral|ps|sad)")


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the clips. Every profile holds all of them but `smoke`, which holds ten words of each speaker and emotion.

    Raises:
        ValueError: no clip in the folder.
    """
    rows, left_out = [], []
    for path in files(data_dir / "tess", ".wav", ".flac"):
        match = NAME.fullmatch(path.stem)
        reason = unreadable(path) if match else "name breaks the convention OAF_word_emotion or YAF_word_emotion"
        if reason:
            left_out.append((told(path), reason))
        else:
            rows.append(row_of(path, *match.groups()))
    if not rows:
        raise ValueError(f"no TESS clip (such as OAF_back_angry.wav) under {data_dir / 'tess'}; unzip it there")
    clips = pd.DataFrame(rows)
    if profile == "smoke":
        clips = at_most(clips.sort_values("clip_id"), 10, "speaker", "emotion")
    return corpus_of("tess", EMOTIONS, clips, left_out, once="audio")


def row_of(path: Path, speaker: str, word: str, code: str) -> dict:
    """One row of the clip table."""
    speaker = "OAF" if speaker == "OA" else speaker
    return {
        "clip_id": f"{speaker}_{word}_{code}",
        "emotion": CODES[code],
        "speaker": speaker,
        "gender": "female",
        "audio": str(path),
        "sentence": f"Say the word {word}",
        "age": AGES[speaker],
    }

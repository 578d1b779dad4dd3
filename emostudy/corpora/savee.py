"""SAVEE, the Surrey audio-visual expressed emotion database: 4 men, 120 sentences each, 7 emotions; voice and picture.

Layout as distributed: `savee/AudioData/DC/a01.wav` and `savee/AudioVisualClip/DC/a01.avi` (folder: speaker; name: emotion and number of
the sentence), at any depth; a copy in circulation has `savee/ALL/DC_a01.wav`. Sound and film of one name are one clip; without a sound
file the film gives the sound too.
"""

import re
from pathlib import Path

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.table import at_most, corpus_of, files, told, unreadable

CODES = {
    "a": "anger",
    "d": "disgust",
    "f": "fear",
    "h": "happiness",
    "n": "neutral",
    "sa": "sadness",
    "su": "surprise",
}
EMOTIONS = tuple(CODES.values())
SPEAKERS = ("DC", "JE", "JK", "KL")
MEDIA = {".wav": "audio", ".flac": "audio", ".avi": "video"}
NAME = re.compile(r"(?:(DC|JE|JK|KL)_)?(a|d|f|h|n|sa|su)(\d{1,2})")


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the clips. Every profile holds all of them but `smoke`, which holds five of each speaker and emotion.

    Raises:
        ValueError: no clip in the folder.
    """
    recorded, left_out = {}, []
    for path in files(data_dir / "savee", *MEDIA):
        name, reason = name_of(path)
        if reason := reason or unreadable(path):
            left_out.append((told(path), reason))
            continue
        media = recorded.setdefault(name, {})
        if MEDIA[path.suffix.lower()] in media:
            left_out.append((told(path), f"a second file or row of clip {name}"))
        media.setdefault(MEDIA[path.suffix.lower()], str(path))
    if not recorded:
        raise ValueError(f"no SAVEE clip (such as AudioData/DC/a01.wav) under {data_dir / 'savee'}; unzip it there")
    clips = pd.DataFrame([row_of(name, media) for name, media in sorted(recorded.items())])
    if profile == "smoke":
        clips = at_most(clips, 5, "speaker", "emotion")
    return corpus_of("savee", EMOTIONS, clips, left_out, once="audio")


def name_of(path: Path) -> tuple[str, str]:
    """Speaker, emotion and number as in `DC_a01`, or "" and the reason why the file is no clip."""
    match = NAME.fullmatch(path.stem)
    if not match:
        return "", "name is not one of emotion and number, as in a01 or DC_a01"
    speaker, code, number = match[1] or path.parent.name, match[2], int(match[3])
    if speaker not in SPEAKERS:
        return "", f"neither its name nor its folder {path.parent.name!r} tells the speaker ({', '.join(SPEAKERS)})"
    last = 30 if code == "n" else 15
    if not 1 <= number <= last:
        return "", f"number {number} of {CODES[code]}, which has 1 to {last}"
    return f"{speaker}_{code}{number:02}", ""


def row_of(name: str, media: dict[str, str]) -> dict:
    """One row of the clip table."""
    speaker, _, code = name.partition("_")
    return {
        "clip_id": name,
        "emotion": CODES[code[:-2]],
        "speaker": speaker,
        "gender": "male",
        "audio": media.get("audio", media.get("video")),
        **media,
    }

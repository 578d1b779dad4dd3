"""CK+48: faces cut from CK+ to 48 x 48 grey pixels, the last three frames of each labelled sequence.

Layout as it circulates: `CK+48/<emotion>/S010_004_00000017.png` (subject, sequence, frame), or the same in a folder `ck48`.
The frames of a sequence look nearly the same: the column `take` names the sequence, so that splits can keep it together.
"""

import re
from pathlib import Path

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.table import at_most, corpus_of, files, told, unreadable

EMOTIONS = ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")
FOLDERS = ("CK+48", "ck48")
NAME = re.compile(r"(S[0-9]{3})_([0-9]{3})_([0-9]{8})")
SMOKE = 12  # sequences of each emotion


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the pictures. Every profile holds all but `smoke`, which holds one frame of twelve sequences of each emotion.

    Raises:
        ValueError: no picture in the folder.
    """
    rows, left_out = [], []
    for path in (path for folder in FOLDERS for path in files(data_dir / folder, ".png")):
        row, reason = parse(path)
        reason = reason or unreadable(path)
        if reason:
            left_out.append((told(path), reason))
        else:
            rows.append(row)
    if not rows:
        raise ValueError(
            f"no CK+48 picture (anger/S010_004_00000017.png) under {data_dir / FOLDERS[0]}; unzip its class folders there"
        )
    clips = pd.DataFrame(rows)
    if profile == "smoke":
        clips = at_most(at_most(clips, 1, "take"), SMOKE, "emotion")
    return corpus_of("ck48", EMOTIONS, clips, left_out, once="image")


def parse(path: Path) -> tuple[dict | None, str]:
    """One row of the clip table from a file's folder and name, or None and the reason why it is no picture of this corpus."""
    match = NAME.fullmatch(path.stem)
    if not match:
        return None, "name breaks the convention S010_004_00000017.png"
    emotion = path.parent.name.lower()
    if emotion not in EMOTIONS:
        return None, f"folder {told(path.parent)!r} is none of CK+48's emotions"
    speaker, sequence, _ = match.groups()
    return {
        "clip_id": path.stem,
        "emotion": emotion,
        "speaker": speaker,
        "image": str(path),
        "take": f"{speaker}_{sequence}",
    }, ""

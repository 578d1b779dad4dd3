"""JAFFE: 10 Japanese women pose seven expressions, 213 grey pictures of 256 x 256 pixels.

Layout as distributed: `jaffe/KA.AN1.39.tiff` (initials, expression and its take, number of the picture), also in a folder
`jaffedbase` or one level deeper. The readme and its ratings by 60 viewers are not read.
"""

import re
from pathlib import Path

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.table import at_most, corpus_of, files, told, unreadable

EMOTIONS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
CODES = dict(zip(("AN", "DI", "FE", "HA", "NE", "SA", "SU"), EMOTIONS, strict=True))
FOLDERS = ("jaffe", "jaffedbase")
NAME = re.compile(r"(KA|KL|KM|KR|MK|NA|NM|TM|UY|YM)\.(AN|DI|FE|HA|NE|SA|SU)([1-9])\.([0-9]{1,3})")


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the pictures. Every profile holds all but `smoke`, which holds one of each woman and expression.

    Raises:
        ValueError: no picture in the folder.
    """
    rows, left_out = [], []
    for path in (path for folder in FOLDERS for path in files(data_dir / folder, ".tiff", ".tif")):
        row, reason = parse(path)
        reason = reason or unreadable(path)
        if reason:
            left_out.append((told(path), reason))
        else:
            rows.append(row)
    if not rows:
        raise ValueError(f"no JAFFE picture (KA.AN1.39.tiff) under {data_dir / FOLDERS[0]}; unzip jaffe.zip there")
    clips = pd.DataFrame(rows)
    if profile == "smoke":
        clips = at_most(clips, 1, "speaker", "emotion")
    return corpus_of("jaffe", EMOTIONS, clips, left_out, once="image")


def parse(path: Path) -> tuple[dict | None, str]:
    """One row of the clip table from a file name, or None and the reason why the file is no picture of this corpus."""
    match = NAME.fullmatch(path.stem)
    if not match:
        return None, "name breaks the convention KA.AN1.39.tiff"
    speaker, code, take, _ = match.groups()
    return {
        "clip_id": path.stem,
        "emotion": CODES[code],
        "speaker": speaker,
        "gender": "female",
        "image": str(path),
        "take": take,
    }, ""

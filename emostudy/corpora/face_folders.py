"""Faces in class folders: any set of pictures sorted by emotion, such as CFE, or FER2013 as pictures.

Layout: `faces/<class>/<file>`, with any folders above the class. A folder train, test, valid, ... above it is the official
split. The class is the folder that a picture lies in; its name leads to one of seven emotions (`CLASSES`), and pictures in
other folders are left out and counted. Who is shown is not known.
"""

from pathlib import Path

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.table import at_most, corpus_of, files, unreadable

FOLDER = "faces"
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
NAMES_OF = {
    "anger": ("anger", "angry"),
    "disgust": ("disgust", "disgusted"),
    "fear": ("fear", "fearful", "afraid", "scared"),
    "happiness": ("happiness", "happy", "joy", "joyful"),
    "neutral": ("neutral",),
    "sadness": ("sadness", "sad"),
    "surprise": ("surprise", "surprised"),
}
CLASSES = {name: emotion for emotion, names in NAMES_OF.items() for name in names}
SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("dev", "val", "valid", "validation", "publictest"), "dev"),
    **dict.fromkeys(("test", "testing", "privatetest"), "test"),
}
SMOKE = 20  # pictures of each emotion and split


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the pictures; the emotions are those of the seven that occur. `smoke` holds twenty of each emotion and split.

    Raises:
        ValueError: no picture in a folder named after an emotion.
    """
    folder = data_dir / FOLDER
    rows, left_out = [], []
    for path in files(folder, *SUFFIXES):
        row, reason = parse(path, folder)
        reason = reason or unreadable(path)
        if reason:
            left_out.append((printable(path.relative_to(folder).as_posix()), reason))
        else:
            rows.append(row)
    if not rows:
        because = f" ({left_out[0][0]}: {left_out[0][1]})" if left_out else ""
        raise ValueError(
            f"no picture in {folder} lies in a folder named after an emotion{because}: name them angry, ..."
        )
    clips = pd.DataFrame(rows)
    if profile == "smoke":
        clips = at_most(clips, SMOKE, "emotion", "split")
    return corpus_of("face_folders", tuple(sorted(set(clips.emotion))), clips, left_out, once="image")


def parse(path: Path, folder: Path) -> tuple[dict | None, str]:
    """One row of the clip table from a file's folders, or None and the reason why it is left out."""
    inside = path.relative_to(folder)
    if path.name.startswith("._") or "__MACOSX" in inside.parts:
        return None, "a side file of macOS, no picture"
    if len(inside.parts) < 2:
        return None, "lies in no class folder"
    *above, own = (part.strip().lower() for part in inside.parts[:-1])
    if own not in CLASSES:
        return None, f"class {printable(own)!r} is none of the seven emotions"
    splits = [SPLITS[part] for part in above if part in SPLITS]
    return {
        "clip_id": inside.with_suffix("").as_posix(),
        "emotion": CLASSES[own],
        "split": splits[-1] if splits else "",
        "image": str(path),
    }, ""


def printable(name: str) -> str:
    """A name as it can be printed and written."""
    return name.encode(errors="backslashreplace").decode()

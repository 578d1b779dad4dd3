"""CK+: the peak frame of each sequence that has an emotion label.

Layout as distributed, in a folder `ckplus` or `CK+`: `cohn-kanade-images/S005/001/S005_001_00000011.png` (subject, sequence,
frame; a sequence runs from a neutral face to the peak) and `Emotion/S005/001/S005_001_00000011_emotion.txt` with one number,
for the sequences that have a label; both may lie deeper, as unzipped. Landmarks and FACS codes are not read. The first
frames are left alone: the publisher labels the peak, and none as neutral.
"""

import re
from pathlib import Path

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.table import at_most, corpus_of, files, told, unreadable

EMOTIONS = ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")  # codes 1 to 7
FOLDERS = ("ckplus", "CK+")
IMAGES = "cohn-kanade-images"
FRAME = re.compile(r"(S[0-9]{3})_([0-9]{3})_([0-9]{8})")
SMOKE = 12  # sequences of each emotion


def load(data_dir: Path, profile: str = "class", last_frames: int = 1) -> Corpus:
    """Read the labelled frames. Every profile holds all but `smoke`, which holds twelve sequences of each emotion.

    Args:
        last_frames: how many frames of a sequence, the peak being the last; they look nearly the same (column `take`).

    Raises:
        ValueError: `last_frames` below 1, no pictures, or no labels.
    """
    if last_frames < 1:
        raise ValueError(f"last_frames is {last_frames}; a sequence needs at least 1, its peak")
    frames, labels = found(data_dir)
    rows, left_out = [], []
    for path in labels:
        of_label, reason = rows_of(path, frames, last_frames)
        rows += of_label
        left_out += [(told(path), reason)] if reason else []
    labelled = {sequence_of(path) for path in labels}
    left_out += [(take, "sequence without an emotion label") for take in frames if take not in labelled]
    clips = pd.DataFrame(rows)
    if profile == "smoke" and rows:
        kept = at_most(clips.drop_duplicates("take"), SMOKE, "emotion")
        clips = clips[clips["take"].isin(kept["take"])]
    return corpus_of("ckplus", EMOTIONS, clips, left_out, once="image")


def found(data_dir: Path) -> tuple[dict[str, dict[str, Path]], list[Path]]:
    """Pictures by sequence (`S005_001`) and frame name, and the files of labels. ValueError where there are none."""
    folders = [data_dir / name for name in FOLDERS]
    frames: dict[str, dict[str, Path]] = {}
    for path in (path for folder in folders for path in files(folder, ".png")):
        if IMAGES in path.parts and FRAME.fullmatch(path.stem):
            frames.setdefault(sequence_of(path), {})[path.stem] = path
    labels = [path for folder in folders for path in files(folder, ".txt") if path.stem.endswith("_emotion")]
    labels = [path for path in labels if FRAME.fullmatch(path.stem.removesuffix("_emotion"))]
    if not frames:
        raise ValueError(f"no CK+ picture in {folders[0] / IMAGES}; unzip the pictures of CK+ there (S005/001/*.png)")
    if not labels:
        raise ValueError(f"no CK+ label in {folders[0] / 'Emotion'}; unzip Emotion_labels.zip there (S005/001/*.txt)")
    return frames, labels


def sequence_of(path: Path) -> str:
    """The sequence of a picture or a label: `S005_001`."""
    return path.stem[:8]


def rows_of(path: Path, frames: dict[str, dict[str, Path]], last_frames: int) -> tuple[list[dict], str]:
    """Rows of the clip table for one file of a label, or none and the reason."""
    emotion, reason = read_label(path)
    if reason:
        return [], reason
    take, peak = sequence_of(path), path.stem.removesuffix("_emotion")
    sequence = frames.get(take, {})
    if peak not in sequence:
        return [], f"its picture {peak}.png is missing"
    names = [name for name in sorted(sequence) if name <= peak][-last_frames:]
    if faults := [fault for name in names if (fault := unreadable(sequence[name]))]:
        return [], f"its picture cannot be read: {faults[0]}"
    row = {"emotion": emotion, "speaker": take[:4], "take": take}
    return [{"clip_id": name, **row, "image": str(sequence[name])} for name in names], ""


def read_label(path: Path) -> tuple[str, str]:
    """The emotion in a file such as `   3.0000000e+00`, or the reason why there is none."""
    if fault := unreadable(path):
        return "", fault
    text = path.read_text("ascii", errors="replace").strip()[:40]
    try:
        code = float(text)
    except ValueError:
        return "", f"{text!r} is no emotion code"
    if code not in range(1, len(EMOTIONS) + 1):
        return "", f"emotion code {code:g} is not 1 to {len(EMOTIONS)}"
    return EMOTIONS[int(code) - 1], ""

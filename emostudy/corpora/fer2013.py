"""FER2013 as a csv: 35 887 grey faces of 48 x 48 pixels found on the web, with the split of the Kaggle contest.

Layout as distributed, anywhere in a folder `fer2013`: `fer2013.csv` (emotion,pixels,Usage) or else `icml_face_data.csv` (the same
rows as `emotion, Usage, pixels`). A clip's picture is `<csv>#<row>`, rows counted from 0 after the header. The table is read row
by row; pixels are not held, only their hash (column `content`).
"""

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.table import at_most, corpus_of, told

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")  # codes 0 to 6
SPLITS = {"Training": "train", "PublicTest": "dev", "PrivateTest": "test"}
TABLES = ("fer2013.csv", "icml_face_data.csv")
COLUMNS = ("emotion", "pixels", "usage")
NUM_PIXELS = 48 * 48
SMOKE = 12  # pictures of each emotion and split


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the table. Every profile holds all pictures but `smoke`, which holds twelve of each emotion and split.

    Of pictures with the same pixels one is kept, in test before dev before train.

    Raises:
        ValueError: no table, a table without the columns, or one that cannot be read.
    """
    table = find_table(data_dir / "fer2013")
    rows, left_out = [], []
    for number, cells in rows_of(table):
        row, reason = parse(cells)
        if row:
            rows.append({"clip_id": f"row_{number:05}", **row, "image": f"{table}#{number}"})
        else:
            left_out.append((f"{table.name}#{number}", reason))
    clips = pd.DataFrame(rows)
    if profile == "smoke" and rows:
        clips = at_most(clips, SMOKE, "emotion", "split")
    whole = corpus_of("fer2013", EMOTIONS, clips, left_out)
    return whole.without(same_pixels(whole.clips))


def find_table(folder: Path) -> Path:
    """The first of `TABLES` under a folder; ValueError where there is none."""
    there = [path for name in TABLES for path in sorted(folder.rglob(name)) if path.is_file()]
    if not there:
        raise ValueError(
            f"no {' or '.join(TABLES)} under {folder}; put one there (train.csv and test.csv alone lack the split and labels)"
        )
    return there[0]


def rows_of(table: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and cells of each row that is not blank, one line at a time.

    Raises:
        ValueError: it cannot be read, or lacks a column.
    """
    try:
        with table.open(encoding="utf-8-sig", errors="replace", newline="\n") as lines:
            names = [name.strip().lower() for name in cells_of(lines.readline())]
            lacking = [column for column in COLUMNS if column not in names]
            if lacking:
                raise ValueError(f"{told(table)} lacks the column {lacking[0]!r}; it has {names[:12]}: get it again")
            for number, line in enumerate(lines):
                if line.strip():
                    yield number, dict(zip(names, cells_of(line), strict=False))
    except OSError as error:
        raise ValueError(f"{told(table)} cannot be read ({error.strerror}): get it again") from None


def cells_of(line: str) -> list[str]:
    """The cells of a line; none of a line that is no csv."""
    try:
        return [cell.strip() for cell in next(csv.reader([line]), [])]
    except csv.Error:
        return []


def parse(cells: dict[str, str]) -> tuple[dict | None, str]:
    """Emotion, split and content of a row, or None and the reason why it is left out."""
    emotion, pixels, usage = (cells.get(column, "") for column in COLUMNS)
    if emotion not in {str(code) for code in range(len(EMOTIONS))}:
        return None, f"emotion code {emotion[:20]!r} is not 0 to {len(EMOTIONS) - 1}"
    if usage not in SPLITS:
        return None, f"Usage {usage[:20]!r} is none of {list(SPLITS)}"
    values = pixels.split()
    if len(values) != NUM_PIXELS:
        return None, f"{len(values)} pixels instead of {NUM_PIXELS}"
    content = hashlib.sha256(" ".join(values).encode()).hexdigest()[:16]
    return {"emotion": EMOTIONS[int(emotion)], "split": SPLITS[usage], "content": content}, ""


def same_pixels(clips: pd.DataFrame) -> pd.DataFrame:
    """Clips whose pixels are those of another that is kept: `clip_id, file, reason`."""
    order = clips.split.map({"test": 0, "dev": 1, "train": 2}).sort_values(kind="stable").index
    ordered = clips.loc[order]
    kept = ordered.groupby("content").clip_id.transform("first")
    again = ordered.assign(kept=kept)[ordered.clip_id != kept].sort_values("clip_id")
    return pd.DataFrame(
        {
            "clip_id": again.clip_id,
            "file": again.image.map(lambda cell: Path(cell).name),
            "reason": "exact duplicate of " + again.kept,
        }
    )

"""Sentences with an emotion each, in a csv: text alone.

Layout: `sentences/*.csv`, UTF-8, cells separated by commas, with a header, upper or lower case. A column of the words (`text`,
`sentence`, `utterance`, `content`, `comment`, `tweet` or `clean_text`, the first of these that is there) and one of the emotion
(`emotion`, `label`, `emotions`, `sentiment`); further, if known, `speaker`, `dialogue` (its rows in the order of the talk) and `split`
(train, dev, test). The emotions of the corpus are those found, in lower case and alphabetical order.

The talk that this study follows used a public file of 34 792 sentences in eight classes, emotion_dataset_raw.csv (columns Emotion and
Text): the card says where it is known from.
"""

from pathlib import Path

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.manifest import PARTS, label_fault, own_corpus, part_fault, table_of
from emostudy.corpora.table import told

TEXT = ("text", "sentence", "utterance", "content", "comment", "tweet", "clean_text")
EMOTION = ("emotion", "label", "emotions", "sentiment")


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read every csv in the folder. `smoke` holds at most 20 sentences of each emotion and part.

    Raises:
        ValueError: no csv, or no sentence in any.
    """
    folder = data_dir / "sentences"
    tables = sorted(path for path in folder.glob("*") if path.suffix.lower() == ".csv")
    if not tables:
        raise ValueError(f"no csv in {folder}: put one there with the columns text and emotion")
    rows, left_out = [], []
    for path in tables:
        try:
            new, out = rows_of(path)
        except ValueError as error:
            new, out = [], [(told(path), str(error))]
        rows, left_out = rows + new, left_out + out
    return own_corpus("sentences", turns(rows), left_out, profile)


def rows_of(path: Path) -> tuple[list[dict], list[tuple[str, str]]]:
    """Rows of the clip table from one csv, and what was left out; ValueError where it is no such csv."""
    cells = table_of(path)
    text, emotion = (column_of(list(cells[0]), names, told(path)) for names in (TEXT, EMOTION))
    rows, left_out = [], []
    for number, row in enumerate(cells, 1):
        if reason := fault(row, text, emotion):
            left_out.append((f"{told(path)}, row {number}", reason))
        else:
            made = {"clip_id": f"{told(path.with_suffix(''))}_{number:06}", "emotion": row[emotion].strip().lower()}
            made |= {name: row.get(name, "").strip() for name in ("speaker", "dialogue")}
            rows.append(made | {"split": PARTS[row.get("split", "").strip().lower()], "text": row[text].strip()})
    return rows, left_out


def column_of(header: list, names: tuple[str, ...], file: str) -> str:
    """The first of these names that the header has."""
    found = [name for name in names if name in header]
    if not found:
        raise ValueError(
            f"{file} has none of the columns {', '.join(names)}; it has {[name for name in header if name]}"
        )
    return found[0]


def fault(row: dict, text: str, emotion: str) -> str:
    """Why a row is no sentence, or ""."""
    if None in row:
        return "more cells than the header; put text with commas in quotes"
    return label_fault(row[emotion]) or part_fault(row) or ("" if row[text].strip() else "no text")


def turns(rows: list[dict]) -> list[dict]:
    """The rows with each one's place in its dialogue, from 0."""
    if not rows:
        return rows
    places = pd.DataFrame(rows).groupby("dialogue").cumcount()
    return [row | {"turn": int(place) if row["dialogue"] else 0} for row, place in zip(rows, places, strict=True)]

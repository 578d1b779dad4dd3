"""One's own recordings: a csv that names the files and their emotions.

Layout: `manifest/manifest.csv`, UTF-8, cells separated by commas, a header, one row per clip; the media lie beside it, in any folders
below. The columns, in any order, upper or lower case:

    emotion      needed: what the clip shows, one word. The emotions of the corpus are those of the rows, in alphabetical order.
    audio, video, image    a path relative to the csv, with / between folders; a picture may be one half of a film: `a.mp4#left`
    text         the words themselves. At least one of these four columns is needed, and in each row one filled cell.
    clip_id      unique; where there is no such column, the number of the row: `row00001`. Give ids if rows may be put in later.
    speaker, gender, dialogue      words; empty where unknown. Without speakers no split can keep them apart.
    turn         whole number: the place in the dialogue
    split        train, dev or test, if there is an official split; else empty
    start, end   seconds in the file; empty for the whole file
    action_units, votes, face_features, speech_features, text_features    files of features: `table.csv#row`

Further columns (`sentence, session, take, age` ...) are kept as they are. A row with a fault is left out and told with the reason.
"""

import csv
import math
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from emostudy.corpora.catalogue import inside
from emostudy.corpora.corpus import COLUMNS, MEDIA, SEVERAL, Corpus, file_and_key
from emostudy.corpora.table import at_most, corpus_of, told, unreadable

NEEDED = ("audio", "video", "image", "text")
PARTS = {part: part for part in ("", "train", "dev", "test")} | dict.fromkeys(("val", "valid", "validation"), "dev")
MANY = 8  # clusters, below which there is no interval


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the manifest. `smoke` holds at most 20 clips of each emotion, of as many speakers as there are.

    Raises:
        ValueError: no manifest.csv, one that is no csv, or a column that is lacking or misspelt: the nearest are named.
    """
    folder = data_dir / "manifest"
    cells = table_of(folder / "manifest.csv")
    check_header(list(cells[0]) if cells else [])
    rows, left_out = [], []
    for number, row in enumerate(cells, 1):
        reason = fault(row, folder)
        if reason:
            left_out.append((f"manifest.csv, row {number}", reason))
        else:
            rows.append(clip(row, number, folder))
    return own_corpus("manifest", rows, left_out, profile)


def table_of(path: Path) -> list[dict]:
    """The rows of a csv by column name in lower case; the key None holds cells beyond the header.

    Raises:
        ValueError: no file, no UTF-8, no header, a column twice, quotes that do not close, or no row.
    """
    if reason := unreadable(path):
        raise ValueError(f"no {path.name} in {path.parent} ({reason}): write one, as its documentation says")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = list(csv.reader(file, strict=True)) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{told(path)} is no csv in UTF-8 ({error}): save it as one") from None
    header = [name.strip().lower() for name in header]
    twice = sorted({name for name in header if header.count(name) > 1 and name})
    if twice or not any(header) or not any(rows):
        raise ValueError(
            f"{told(path)} has {f'column {twice[0]!r} twice' if twice else 'no rows under a header'}: mend it"
        )
    padded = ([*row, *[""] * (len(header) - len(row))] for row in rows if row)
    return [
        dict(zip(header, row, strict=False)) | ({None: row[len(header) :]} if row[len(header) :] else {})
        for row in padded
    ]


def check_header(header: list) -> None:
    """ValueError where a needed column is lacking, or one is so near to a known, absent one that it must be meant."""
    header = [name for name in header if name is not None]
    for needed, words in ((("emotion",), "the column 'emotion'"), (NEEDED, f"any of the columns {list(NEEDED)}")):
        if not set(needed) & set(header):
            near = [name for one in needed for name in get_close_matches(one, header, n=2, cutoff=0.5)]
            told_near = f"; rename {near[0]!r}, if that is it" if near else ""
            raise ValueError(f"manifest.csv lacks {words}; it has {header[:12]}{told_near}")
    for name in set(header) - {*COLUMNS, *MEDIA}:
        near = get_close_matches(name, {*COLUMNS, *MEDIA} - set(header), n=1, cutoff=0.85)
        if near:
            raise ValueError(f"manifest.csv has a column {name!r}; if it is {near[0]!r}, write it so, else rename it")


def fault(row: dict, folder: Path) -> str:
    """Why a row is no clip, or ""."""
    if None in row:
        return "more cells than the header; put text with commas in quotes"
    if reason := label_fault(row["emotion"]) or part_fault(row):
        return reason
    if not any(row.get(medium, "").strip() for medium in NEEDED):
        return f"none of {', '.join(NEEDED)}"
    if not all(map(is_number, (row.get("turn", ""), row.get("start", ""), row.get("end", "")))):
        return "turn, start or end is no number"
    if number(row.get("start")) < 0 or number(row.get("start")) >= number(row.get("end")):
        return f"start {row['start']} and end {row.get('end', '')} are no stretch of time"
    if "clip_id" in row and not row["clip_id"].strip():
        return "no clip_id"
    paths = {medium: row[medium].strip() for medium in MEDIA if medium != "text" and row.get(medium, "").strip()}
    return next(filter(None, (file_fault(medium, cell, folder) for medium, cell in paths.items())), "")


def label_fault(emotion: str) -> str:
    """Why a cell is no emotion, or ""."""
    if not emotion.strip():
        return "no emotion"
    return f"several emotions: {emotion}" if SEVERAL in emotion else ""


def part_fault(row: dict) -> str:
    """Why a row's part of the split is none, or ""."""
    part = row.get("split", "").strip().lower()
    return "" if part in PARTS else f"split {part!r} is not train, dev or test"


def is_number(cell: str) -> bool:
    """Whether a cell is empty or a finite number."""
    try:
        return not cell.strip() or math.isfinite(float(cell))
    except ValueError:
        return False


def number(cell: str | None) -> float:
    """The number in a cell; nan where it is empty."""
    return float(cell) if cell and cell.strip() else math.nan


def file_fault(medium: str, cell: str, folder: Path) -> str:
    """Why a path cannot be used, or "": it must lead to a file that really lies in the manifest's folder."""
    name = file_and_key(cell)[0]
    if not inside(name) or not (folder / name).resolve().is_relative_to(folder.resolve()):
        return f"{medium} {name} leads out of the folder of the manifest"
    reason = unreadable(folder / name)
    return f"{medium} {name}: {reason}" if reason else ""


def clip(row: dict, place: int, folder: Path) -> dict:
    """One row of the clip table; cells of media become paths, empty ones None."""
    made = {"clip_id": f"row{place:05}"} | {name: cell.strip() for name, cell in row.items() if name}
    media = {medium: made[medium] for medium in MEDIA if medium in made and medium != "text"}
    made |= {medium: str(folder / cell) if cell else None for medium, cell in media.items()}
    if "text" in made:
        made["text"] = made["text"] or None
    made |= {"emotion": made["emotion"].lower(), "gender": made.get("gender", "").lower()}
    turn = number(row.get("turn"))
    times = {name: number(row.get(name)) for name in ("start", "end")}
    return made | times | {"turn": 0 if math.isnan(turn) else int(turn), "split": PARTS[made.get("split", "").lower()]}


def own_corpus(name: str, rows: list[dict], left_out: list[tuple[str, str]], profile: str) -> Corpus:
    """A corpus whose emotions are those of its rows. Its intervals resample speakers, else dialogues, where all clips have
    one and there are at least eight; else clips."""
    emotions = tuple(sorted({row["emotion"] for row in rows}))
    corpus = corpus_of(name, emotions, few(rows) if profile == "smoke" else rows, left_out)
    known = (unit for unit in ("speaker", "dialogue") if (corpus.clips[unit] != "").all())
    unit = next((unit for unit in known if corpus.clips[unit].nunique() >= MANY), "clip_id")
    return replace(corpus, card=corpus.card | {"cluster": unit})


def few(rows: list[dict]) -> pd.DataFrame:
    """At most 20 rows of each emotion in each part of the split, from the speakers in turn."""
    clips = pd.DataFrame(rows)
    who = [column for column in ("speaker", "emotion", "split") if column in clips]
    in_turn = clips.loc[clips.groupby(who).cumcount().sort_values(kind="stable").index]
    return at_most(in_turn, 20, *who[who.index("emotion") :]) if len(clips) else clips

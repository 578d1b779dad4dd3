"""MELD's tables and films in their real layout, made here."""

import csv
from pathlib import Path

from emostudy.corpora import meld

HEAD = ["Sr No.", "Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID", "Season", "Episode"]
FOLDERS = {part: folder for folder, part in meld.FILMS.items()}


def cells(dialogue, turn, words="Hi.", speaker="Monica", emotion="neutral", sentiment="neutral") -> list:
    return [1, words, speaker, emotion, sentiment, dialogue, turn, 8, 21]


def table(folder: Path, part: str, *rows: list) -> Path:
    path = folder / f"{part}_sent_emo.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*HEAD, "StartTime", "EndTime"])
        writer.writerows([*row, "00:16:16,059", "00:16:21,731"] for row in rows)
    return path


def film(folder: Path, part: str, name: str, content: bytes | None = None) -> Path:
    """`train_splits/<name>.mp4` and its like; no film but its own name where nothing is given."""
    path = folder / "MELD.Raw" / part / FOLDERS[part] / f"{name}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(name.encode() if content is None else content)
    return path

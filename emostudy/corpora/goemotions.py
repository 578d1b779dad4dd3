"""GoEmotions: English Reddit comments with one or more of 27 emotions, or neutral; the official split.

Layout as distributed: `goemotions/data/{train,dev,test}.tsv` (or the files right in `goemotions/`), no header, three columns: text,
numbers of the labels joined by commas, comment id. Beside them, if at hand, `emotions.txt` (or `labels.txt`), one label a line in the
order of the numbers. The `goemotions_1.csv` to `_3.csv` of the same publisher are single raters' answers, without the split.

A text that holds a quotation mark is stored as in a csv, in quotes and with each mark doubled: that is undone here.
"""

from pathlib import Path

import pandas as pd

from emostudy.corpora.corpus import SEVERAL, Corpus
from emostudy.corpora.table import at_most, corpus_of, files

# In the order of the label numbers.
EMOTIONS = (
    *("admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire"),
    *("disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief", "joy"),
    *("love", "nervousness", "optimism", "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral"),
)
PARTS = ("train", "dev", "test")
FOLDERS = ("data", ".")


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the split. Several emotions of a comment are joined by "|". `smoke` holds about 300 comments.

    Raises:
        ValueError: a part is missing or cannot be read, or the list of labels is another one.
    """
    folder = folder_of(data_dir / "goemotions")
    check_labels(folder)
    rows, left_out = [], []
    for part in PARTS:
        for number, line in enumerate(lines_of(folder / f"{part}.tsv"), 1):
            row, reason = parse(line, part)
            if row:
                rows.append(row)
            else:
                left_out.append((f"{part}.tsv, line {number}", reason))
    return corpus_of("goemotions", EMOTIONS, few(rows) if profile == "smoke" else rows, left_out)


def folder_of(parent: Path) -> Path:
    """The folder that holds the three parts. ValueError that names what is missing."""
    lacking = {name: [part for part in PARTS if not (parent / name / f"{part}.tsv").is_file()] for name in FOLDERS}
    best = min(FOLDERS, key=lambda name: len(lacking[name]))
    if lacking[best]:
        raw = [path.name for path in files(parent, ".csv") if path.name.startswith("goemotions_")]
        told = f"; {raw[0]} holds single raters' answers, not the split" if raw else ""
        raise ValueError(
            f"no {lacking[best][0]}.tsv under {parent / 'data'}: get train.tsv, dev.tsv and test.tsv from the folder "
            f"goemotions/data of google-research{told}"
        )
    return parent / best


def lines_of(path: Path) -> list[bytes]:
    """The lines of a part. Only line feeds end them: comments hold other signs that Python takes for an end."""
    try:
        return path.read_bytes().removesuffix(b"\n").split(b"\n")
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read ({error.strerror}): get it again") from None


def check_labels(folder: Path) -> None:
    """ValueError where a list of labels lies there that is not the published one: the numbers would mean something else."""
    for name in ("emotions.txt", "labels.txt"):
        if (folder / name).is_file():
            found = (folder / name).read_text("utf-8", errors="replace").split()
            if found != list(EMOTIONS):
                raise ValueError(
                    f"{name} is not the published list of {len(EMOTIONS)} labels: get it again or take it away"
                )


def parse(line: bytes, part: str) -> tuple[dict | None, str]:
    """One row of the clip table from a line, or None and the reason why it is none."""
    try:
        cells = line.decode("utf-8").removesuffix("\r").split("\t")
    except UnicodeDecodeError:
        return None, "not UTF-8"
    if len(cells) != 3:
        return None, f"{len(cells)} columns, not 3"
    text, numbers, clip_id = unquoted(cells[0]), cells[1].split(","), cells[2].strip()
    unknown = [one for one in numbers if not (one.isascii() and one.isdigit() and int(one) < len(EMOTIONS))]
    if unknown:
        return None, f"label number {unknown[0]!r} is none of 0 to {len(EMOTIONS) - 1}"
    if not text.strip() or not clip_id:
        return None, "no text" if clip_id else "no comment id"
    emotion = SEVERAL.join(EMOTIONS[number] for number in sorted({int(one) for one in numbers}))
    return {"clip_id": clip_id, "emotion": emotion, "split": part, "text": text}, ""


def unquoted(text: str) -> str:
    """A text without the quotes of a csv; unchanged where it has none, or other ones."""
    inner = text[1:-1].replace('""', "")
    if len(text) < 2 or not text.startswith('"') or not text.endswith('"') or '"' in inner:
        return text
    return text[1:-1].replace('""', '"')


def few(rows: list[dict]) -> pd.DataFrame:
    """Of each part, three comments of each single label and twenty of several labels."""
    clips = pd.DataFrame(rows)
    several = clips.emotion.str.contains(SEVERAL, regex=False)
    return pd.concat([at_most(clips[~several], 3, "split", "emotion"), at_most(clips[several], 20, "split")])

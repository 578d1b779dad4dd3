"""What the corpora's modules share: walking a folder, reading a table, and rows into a corpus."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from emostudy.corpora.catalogue import base_of, card
from emostudy.corpora.corpus import COLUMNS, MEDIA, Corpus, counts, file_and_key, file_hash

EMPTY = dict.fromkeys(COLUMNS, "") | {"turn": 0, "start": np.nan, "end": np.nan}  # what a corpus does not know


def files(folder: Path, *suffixes: str) -> list[Path]:
    """All under a folder that has one of these suffixes (lower case, with dot), sorted by path; `unreadable` says what is no file."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes)


def told(path: Path) -> str:
    """A file's name as it can be printed and written."""
    return path.name.encode(errors="backslashreplace").decode()


def unreadable(path: Path) -> str:
    """Why a file cannot be read, or ""."""
    try:
        str(path).encode()
        if not path.is_file():
            return "not a file"
        path.open("rb").close()
    except UnicodeEncodeError:
        return "a path that is not UTF-8"
    except OSError as error:
        return str(error.strerror)
    return ""


def read_csv(path: Path, columns: Iterable[str], **options) -> pd.DataFrame:
    """A table of texts, no cell turned into NaN ("None" and "NA" are words).

    Args:
        columns: that it must have.
        options: further ones of `pandas.read_csv`, such as `sep` and `names`.

    Raises:
        ValueError: it cannot be read as such a table, or lacks a column.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, **options)
    except (ValueError, OSError) as error:  # pandas' own parser errors are ValueErrors
        raise ValueError(f"{told(path)} cannot be read ({' '.join(str(error).split())[:200]}): get it again") from None
    lacking = [column for column in columns if column not in table]
    if lacking:
        raise ValueError(
            f"{told(path)} lacks the column {lacking[0]!r}; it has {list(map(str, table))[:12]}: get it again"
        )
    return table


def corpus_of(
    name: str,
    emotions: tuple[str, ...],
    rows: list[dict] | pd.DataFrame,
    left_out: list[tuple[str, str]],
    once: str = "",
) -> Corpus:
    """A corpus from rows and from (file, reason) pairs; a second row of one clip_id joins those left out.

    Columns of `COLUMNS` that the rows lack are filled as not known. `found` holds the counts before any duplicate is set aside.

    Args:
        once: a medium; where several clips' files hold the same bytes, all but the first are set aside.

    Raises:
        ValueError: no row.
    """
    clips = pd.DataFrame(rows)
    if not len(clips):
        because = f"; the first file: {left_out[0][0]}: {left_out[0][1]}" if left_out else ""
        raise ValueError(
            f"{name}: no clip found{because}; the head of emostudy/corpora/{base_of(name)}.py tells the layout"
        )
    clips = clips.assign(**{column: value for column, value in EMPTY.items() if column not in clips})
    again = clips[clips.clip_id.duplicated()]
    column = next((medium for medium in MEDIA if medium in clips and medium != "text"), "clip_id")
    cells = again[column].where(again[column].notna(), again.clip_id)  # a row without its file is named by its clip
    names = cells.map(lambda cell: Path(file_and_key(str(cell))[0]).name)
    left_out = [
        *left_out,
        *((file, f"a second file or row of clip {clip}") for file, clip in zip(names, again.clip_id, strict=True)),
    ]
    clips = clips.drop_duplicates("clip_id")
    whole = Corpus(name, emotions, card(name), clips, pd.DataFrame(left_out, columns=["file", "reason"]), counts(clips))
    return whole.without(duplicates(whole.clips, once)) if once else whole


def duplicates(clips: pd.DataFrame, medium: str) -> pd.DataFrame:
    """Clips whose file of a medium holds the bytes of an earlier clip's: `clip_id, file, reason`."""
    clips = clips[clips[medium].notna()]
    hashes = clips[medium].map(lambda cell: file_hash(cell) + file_and_key(cell)[1])
    first = clips.groupby(hashes).clip_id.transform("first")
    empty = clips[medium].map(
        lambda cell: Path(file_and_key(cell)[0]).stat().st_size == 0
    )  # no recordings: extraction says so
    again = clips[hashes.duplicated() & ~empty]
    names = again[medium].map(lambda cell: Path(file_and_key(cell)[0]).name)
    return pd.DataFrame(
        {"clip_id": again.clip_id, "file": names, "reason": "exact duplicate of " + first[again.index].astype(str)}
    )


def at_most(clips: pd.DataFrame, number: int, *columns: str) -> pd.DataFrame:
    """The first `number` rows of each combination of values of these columns: a small corpus for `smoke`."""
    return clips[clips.groupby(list(columns)).cumcount() < number]

"""Folds: which clips are held out together. Dealt out here, or read from a published list of ids in `corpora/folds`."""

import warnings
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from emostudy.corpora.catalogue import CARDS, base_of
from emostudy.corpora.corpus import Corpus
from emostudy.corpora.table import read_csv

FOLDS = CARDS.parent / "folds"
NUM_FOLDS = 5
SECOND = {
    "speaker": "sentence",
    "sentence": "speaker",
    "session": "dialogue",
}  # dev is held out by it where groups are few


class Lacks(ValueError):
    """The corpus lacks what a protocol needs."""


def dealt(corpus: Corpus, column: str, listed: str = "") -> np.ndarray:
    """Each clip's fold (N,) int by a column: as a list says, else dealt into five; -1 where the value is not known.

    Args:
        listed: the name of a published list; "" for the folds of the card, or the first list, where there is one.

    Raises:
        Lacks: the column is empty, or holds one value alone.
        ValueError: no such list, or one that does not name all values.
    """
    values = known(corpus, column)
    if column == "speaker" and not listed and corpus.card.get("speaker_folds"):
        folds = {str(one): k for k, fold in enumerate(corpus.card["speaker_folds"]) for one in fold}
        told = "the card; add it to speaker_folds"
    elif listed or lists(corpus, column):
        name, path = chosen(corpus, column, listed)
        folds, told = read_list(path, column), f"the list {name!r}; add it to {path.name}"
    else:
        return deal(corpus, column)
    unlisted = sorted(set(values[values != ""]) - set(folds))
    if unlisted:
        raise ValueError(f"{corpus.name}: {column} {unlisted[0]} is in no fold of {told}")
    return values.map(lambda value: folds.get(value, -1)).to_numpy(int)


def known(corpus: Corpus, column: str) -> pd.Series:
    """A column's values as texts, "" where not known. Lacks where fewer than two are known."""
    values = corpus.clips[column].fillna("").astype(str) if column in corpus.clips else pd.Series(dtype=str)
    found = sorted(set(values) - {""})
    if len(found) < 2:
        told = f"only one {column}, {found[0]!r}" if found else f"no {several(column)}"
        raise Lacks(f"{corpus.name} knows {told}: there is nothing to keep apart")
    return values


def several(column: str) -> str:
    """ "speaker" -> "speakers", "subcorpus" -> "subcorpora"."""
    return f"{column.removesuffix('us')}ora" if column.endswith("corpus") else f"{column}s"


def deal(corpus: Corpus, column: str) -> np.ndarray:
    """Five folds of a column's values, or one for each value where there are fewer; -1 where the value is not known.

    Speakers are dealt out in turn, by gender, then name, where all genders are known; all else so that emotions are
    as evenly spread as whole groups allow (scikit-learn's StratifiedGroupKFold).
    """
    values = known(corpus, column)
    distinct = sorted(set(values) - {""})
    if len(distinct) < NUM_FOLDS:
        return values.map({one: k for k, one in enumerate(distinct)}).fillna(-1).to_numpy(int)
    if column == "speaker" and (corpus.clips.gender != "").all() and (values != "").all():
        fold_of = {one: k for k, fold in enumerate(deal_speakers(corpus.clips)) for one in fold}
        return values.map(fold_of).to_numpy(int)
    folds, rows = np.full(len(corpus), -1), np.flatnonzero(values != "")
    with warnings.catch_warnings():  # of a rare emotion: the guard counts it in train
        warnings.simplefilter("ignore", UserWarning)
        parts = StratifiedGroupKFold(NUM_FOLDS).split(rows, corpus.clips.emotion.iloc[rows], values.iloc[rows])
        for fold, (_, held) in enumerate(parts):
            folds[rows[held]] = fold
    return folds


def deal_speakers(clips: pd.DataFrame) -> list[list[str]]:
    """Five lists of speakers, genders balanced."""
    speakers = clips[["gender", "speaker"]].drop_duplicates().sort_values(["gender", "speaker"]).speaker.tolist()
    return [speakers[fold::NUM_FOLDS] for fold in range(NUM_FOLDS)]


def stratified(corpus: Corpus) -> np.ndarray:
    """Each clip's fold (N,) int of five that are stratified by emotion, always the same for the same clip ids."""
    counts = corpus.clips.emotion.value_counts()
    if counts.min() < NUM_FOLDS:
        raise ValueError(
            f"{corpus.name}: only {counts.min()} clips of {counts.idxmin()!r}; {NUM_FOLDS} folds need at least {NUM_FOLDS} "
            "of each emotion: add clips or leave that emotion out"
        )
    folds = np.empty(len(corpus), int)
    splitter = StratifiedKFold(NUM_FOLDS, shuffle=True, random_state=0)
    for fold, (_, test) in enumerate(splitter.split(folds, corpus.clips.emotion)):
        folds[test] = fold
    return folds


def lists(corpus: Corpus, column: str) -> dict[str, Path]:
    """The corpus' published lists of a column's values, by name: those of its card first, in its order.

    A list is a file `corpora/folds/<corpus>_<name>.csv` of a column's values and the `fold` (0, 1, ...) of each.
    """
    base = base_of(corpus.name)
    of_card = {name: FOLDS / entry["file"] for name, entry in corpus.card.get("fold_lists", {}).items()}
    others = {path.stem.removeprefix(f"{base}_"): path for path in files_of(base) if path not in of_card.values()}
    return {name: path for name, path in (of_card | others).items() if _columns(path) == [column, "fold"]}


def files_of(base: str) -> list[Path]:
    """The fold lists of a corpus."""
    return sorted(FOLDS.glob(f"{base}_*.csv"))


def _columns(path: Path) -> list[str]:
    if not path.is_file():
        raise ValueError(f"the card names the fold list {path.name}, which is not in {path.parent.name}: put it there")
    with path.open(encoding="utf-8") as file:
        return file.readline().strip().split(",")


def chosen(corpus: Corpus, column: str, listed: str) -> tuple[str, Path]:
    """Name and file of the list that is asked for, or of the first. ValueError for one that is not there."""
    there = lists(corpus, column)
    if not listed and there:
        return next(iter(there.items()))
    if listed not in there:
        near = get_close_matches(listed, there, n=2, cutoff=0)
        told = f"did you mean {' or '.join(near)}?" if near else "there is none; use the protocol without `:`"
        raise ValueError(f"{corpus.name} has no list {listed!r} of {column}s; {told}")
    return listed, there[listed]


def read_list(path: Path, column: str, value: str = "fold") -> dict[str, int | str]:
    """A fold list: value of the column -> fold as int, or part of the official split as text."""
    table = read_csv(path, (column, value))
    twice = table[column][table[column].duplicated()]
    if len(twice):
        raise ValueError(f"{path.name}: {column} {twice.iloc[0]} stands twice; each may be in one fold only")
    return dict(zip(table[column], table[value].astype(int) if value == "fold" else table[value], strict=True))


def official(corpus: Corpus) -> np.ndarray:
    """Each clip's part (N,) of the corpus' official split, "" for none.

    Raises:
        Lacks: the column `split` is empty, or names no test part.
        ValueError: the split that the corpus has is not the one in its list `<corpus>_official.csv`.
    """
    parts = corpus.clips.split.fillna("").to_numpy(str)
    if "test" not in parts or "train" not in parts:
        raise Lacks(f"{corpus.name} has no official split")
    path = FOLDS / f"{base_of(corpus.name)}_official.csv"
    if path.is_file():
        wrong = differing(corpus, path)
        if len(wrong):
            raise ValueError(
                f"{corpus.name}: {len(wrong)} clips are not in the part that {path.name} lists, the first {wrong[0]}: get the "
                "corpus again from its publisher"
            )
    return parts


def differing(corpus: Corpus, path: Path) -> list[str]:
    """Ids of clips whose part is not the listed one."""
    column = _columns(path)[0]
    listed = corpus.clips[column].map(read_list(path, column, "split"))
    return corpus.clips.clip_id[listed.fillna("") != corpus.clips.split].tolist()


def write_official(corpus: Corpus, column: str) -> Path:
    """Write a corpus' official split as the list `<corpus>_official.csv`: the part of each value of a column that none shares."""
    table = corpus.clips[[column, "split"]].drop_duplicates().sort_values(column)
    if table[column].duplicated().any():
        raise ValueError(f"{corpus.name}: a {column} is in two parts; list another column, such as clip_id")
    path = FOLDS / f"{base_of(corpus.name)}_official.csv"
    table.to_csv(path, index=False, lineterminator="\n")
    return path


Masks = Callable[[int], dict[str, np.ndarray]]  # of fold k: the clips (N,) bool that may be in train, dev and test


def in_turn(fold_of: np.ndarray, num: int) -> Masks:
    """Fold k is test, fold k + 1 is dev, the rest is train."""

    def masks(k: int) -> dict[str, np.ndarray]:
        test, dev = fold_of == k % num, fold_of == (k + 1) % num
        return {"train": ~(test | dev) & (fold_of >= 0), "dev": dev, "test": test}

    return masks


def one_out(fold_of: np.ndarray, num: int) -> Masks:
    """Fold k is test, all others are train and dev."""

    def masks(k: int) -> dict[str, np.ndarray]:
        rest = (fold_of != k % num) & (fold_of >= 0)
        return {"train": rest, "dev": rest, "test": fold_of == k % num}

    return masks


def dev_out(fold_of: np.ndarray, num: int) -> Masks:
    """Fold k is dev, all others are train; test has any."""

    def masks(k: int) -> dict[str, np.ndarray]:
        dev = fold_of == k % num
        return {"train": ~dev & (fold_of >= 0), "dev": dev, "test": np.ones(len(fold_of), bool)}

    return masks

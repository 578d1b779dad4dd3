"""Vocabularies that corpora have in common: 4, 6 and 7 emotions, and which of each corpus' labels lead to them.

`vocabularies.csv` has one row per label of every corpus: `corpus, label, common4, common6, common7, source`. An empty cell leaves
the clips of that label out, and they are counted; `source` says why. The rows of the corpus `open` are for every corpus whose
labels are those found in the data (`sentences`, `manifest`); a label that does not stand there is left out too.
"""

from functools import cache
from pathlib import Path

import pandas as pd

TABLE = Path(__file__).with_name("vocabularies.csv")
# IEMOCAP's usual four; the six of CREMA-D and of EmoSynth; the six basic emotions of Ekman and neutral.
VOCABULARIES = {
    "common4": ("anger", "happiness", "neutral", "sadness"),
    "common6": ("anger", "disgust", "fear", "happiness", "neutral", "sadness"),
    "common7": ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"),
}
COLUMNS = ["corpus", "label", *VOCABULARIES, "source"]
ANY, OPEN = (
    "as in the file",
    "open",
)  # the emotions in a card whose corpus finds them in the data; its rows in the table


def is_open(card: dict) -> bool:
    """Whether a corpus' labels are those found in its data."""
    return card.get("emotions") == [ANY]


@cache
def table() -> pd.DataFrame:
    """Which label of which corpus leads to which emotion: columns `COLUMNS`, texts; "" where it leads to none."""
    return checked(pd.read_csv(TABLE, dtype=str, keep_default_na=False))


def checked(rows: pd.DataFrame) -> pd.DataFrame:
    """The table itself.

    Raises:
        ValueError: other columns, a label twice, an emotion that is not in its vocabulary, or a row without its source.
    """
    if list(rows) != COLUMNS:
        raise ValueError(f"{TABLE.name} has columns {list(rows)}; they must be {COLUMNS}")
    for row in rows[rows.duplicated(["corpus", "label"]) | (rows.source == "")].itertuples():
        raise ValueError(f"{TABLE.name}: {row.corpus} {row.label} stands twice or has no source; mend it")
    for name, emotions in VOCABULARIES.items():
        strange = rows[~rows[name].isin([*emotions, ""])]
        if len(strange):
            raise ValueError(f"{TABLE.name}: {strange[name].iloc[0]!r} is not in {name}: {list(emotions)}")
    return rows


def readings_of(corpus: str, card: dict) -> dict[str, dict]:
    """The readings `common4, common6, common7` of a corpus as cards have them; none where the table has no row of it.

    Of a vocabulary, a corpus has the emotions that its labels lead to, in the vocabulary's order.
    """
    return readings().get(OPEN if is_open(card) else corpus, {})


@cache
def readings() -> dict[str, dict[str, dict]]:
    """Corpus -> vocabulary -> reading: the whole table, read once."""
    return {
        corpus: {name: reading(rows, name) for name in VOCABULARIES if (rows[name] != "").any()}
        for corpus, rows in table().groupby("corpus")
    }


def reading(rows: pd.DataFrame, name: str) -> dict:
    """One reading from a corpus' rows; a clip whose labels lead to several emotions is left out."""
    labels = {label: emotion for label, emotion in zip(rows.label, rows[name], strict=True) if emotion}
    emotions = [emotion for emotion in VOCABULARIES[name] if emotion in labels.values()]
    about = f"the {len(VOCABULARIES[name])} emotions that corpora have in common (vocabularies.csv)"
    return {"about": about, "emotions": emotions, "labels": labels, "multi_label": False}


def overview(name: str) -> pd.DataFrame:
    """For a vocabulary, the labels of each corpus (row) that lead to each of its emotions, and those left out (column).

    Raises:
        ValueError: an unknown vocabulary.
    """
    if name not in VOCABULARIES:
        raise ValueError(f"unknown vocabulary {name!r}; take one of {list(VOCABULARIES)}")
    rows = table().assign(emotion=table()[name].replace("", "left out"))
    cells = rows.groupby(["corpus", "emotion"], sort=False).label.agg(", ".join).unstack(fill_value="")
    return cells.reindex(index=rows.corpus.unique(), columns=[*VOCABULARIES[name], "left out"], fill_value="")

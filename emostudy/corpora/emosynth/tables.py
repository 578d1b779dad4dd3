"""The confusion tables C_m[e, z]: how often a clip of true emotion e shows emotion z in modality m."""

from pathlib import Path

import numpy as np
import pandas as pd

EMOTIONS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
MODALITIES = ("face", "speech", "text")
CONFUSIONS = Path(__file__).with_name("confusions.csv")


def load_tables(kind: str = "sharpened", path: Path = CONFUSIONS) -> dict[str, np.ndarray]:
    """Read the tables of one kind: {modality: (C, C)}, rows = true emotion, columns = shown, rows sum to 1.

    kind "sharpened" (what EmoSynth draws from: face, speech, text) or "raters" (CREMA-D's mean shares of
    answers, face and speech only). The csv is written by `make_tables`. Raises ValueError on an unknown kind.
    """
    rows = pd.read_csv(path, comment="#")
    if kind not in set(rows["kind"]):
        raise ValueError(f"unknown kind of table {kind!r}: take one of {sorted(set(rows['kind']))}")
    rows = rows[rows["kind"] == kind]
    return {m: _table(rows[rows["modality"] == m]) for m in MODALITIES if m in set(rows["modality"])}


def _table(rows: pd.DataFrame) -> np.ndarray:
    table = rows.set_index("emotion").loc[list(EMOTIONS), list(EMOTIONS)].to_numpy(float)
    return table / table.sum(axis=1, keepdims=True)  # the csv is rounded, probabilities must sum to 1


def sharpen(shares: np.ndarray, power: float) -> np.ndarray:
    """Turn raters' shares (C, C) into a table that shows its emotion more clearly, (C, C), rows sum to 1.

    Columns are divided by the square root of their mean, which takes away half of the raters' bias towards
    some answers (plain powers let "neutral" absorb every row of speech); then rows are raised to `power`.
    """
    unbiased = shares / np.sqrt(shares.mean(axis=0))
    powered = (unbiased / unbiased.sum(axis=1, keepdims=True)) ** power
    return powered / powered.sum(axis=1, keepdims=True)


def text_table() -> np.ndarray:
    """The table assumed for text, (C, C): words name the emotion in .60, are neutral in .30, else any.

    CREMA-D has no ratings of words alone (its twelve sentences are fixed), so this is our assumption.
    """
    neutral, others = EMOTIONS.index("neutral"), len(EMOTIONS) - 2
    table = np.full((len(EMOTIONS), len(EMOTIONS)), 0.10 / others)
    table[:, neutral] = 0.30
    np.fill_diagonal(table, 0.60)
    table[neutral] = 0.10 / (others + 1)
    table[neutral, neutral] = 0.90
    return table

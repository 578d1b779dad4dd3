"""How crowd raters judged a clip of CREMA-D: from the voice alone, from the face alone, or from both."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from emostudy.corpora.corpus import file_and_key
from emostudy.features.media import BadMedia

WAYS = {"voice": "1", "face": "2", "both": "3"}  # the first digit of a row's number
ANSWERS = list("ADFHNS")  # anger, disgust, fear, happy, neutral, sad: the order of the corpus' emotions


def votes(cell: str, start: float, end: float, way: str = "both") -> np.ndarray:
    """Shares of the raters' answers, which sum to 1, (6,) float32, in the order of CREMA-D's emotions.

    `cell` is `<tabulatedVotes.csv>#<clip>`; `way` is "voice", "face" or "both" (Cao et al. 2014).

    Raises:
        BadMedia: the clip was not rated in this way, or its row holds no counts.
        ValueError: an unknown way.
    """
    if way not in WAYS:
        raise ValueError(f"way is {way!r}; CREMA-D's raters judged by {list(WAYS)}")
    path, clip = file_and_key(cell)
    counts = _counts(path, Path(path).stat().st_mtime_ns).get((WAYS[way], clip))
    if counts is None:
        raise BadMedia(f"{clip} was not rated by {way}")
    if not (np.isfinite(counts).all() and (counts >= 0).all() and counts.sum() > 0):
        raise BadMedia(f"ratings of {clip} by {way} are no counts")
    return (counts / counts.sum()).astype(np.float32)


@lru_cache(maxsize=2)
def _counts(path: str, modified: int) -> dict[tuple[str, str], np.ndarray]:
    """Counts of the six answers by way and clip; the first column, which has no name, numbers the rows."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    counts = table[ANSWERS].apply(pd.to_numeric, errors="coerce").to_numpy(float)  # (N, 6)
    return dict(zip(zip(table.iloc[:, 0].str[:1], table["fileName"], strict=True), counts, strict=True))

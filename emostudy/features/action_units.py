"""Facial action units measured by OpenFace 2, averaged over a clip."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from emostudy.corpora.corpus import file_and_key
from emostudy.features.media import BadMedia


def action_units(cell: str, start: float, end: float) -> np.ndarray:
    """Means over the clip of 17 intensities (0 to 5) and 18 presences (0 to 1), (35,) float32.

    `cell` is `<csv>#<row key>`: a table with a column `clip` and one per unit (Baltrusaitis et al. 2018).

    Raises:
        BadMedia: no such row, or a value that is missing or outside 0 to 5.
    """
    path, key = file_and_key(cell)
    table = _table(path, Path(path).stat().st_mtime_ns)
    if key not in table.index:
        raise BadMedia(f"no row {key} in the table of action units")
    values = table.loc[key].to_numpy(np.float32)
    if not ((values >= 0) & (values <= 5)).all():
        raise BadMedia(f"action units of {key} are missing or outside 0 to 5")
    return values


@lru_cache(maxsize=4)
def _table(path: str, modified: int) -> pd.DataFrame:
    table = pd.read_csv(path, index_col="clip", dtype={"clip": str})
    return table[sorted(column for column in table if column.startswith("AU"))].apply(pd.to_numeric, errors="coerce")

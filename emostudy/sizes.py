"""What each system reads and how many parameters it has, from the records of its runs: beside its score in a table."""

from pathlib import Path

import pandas as pd

from emostudy import tables
from emostudy.predictions import read_records
from emostudy.wording import number

KEYS = ["recipe", "modalities"]
SCORES = "scores of single modalities"


def of_systems(folder: Path, run_ids: list[str]) -> pd.DataFrame:
    """`recipe, modalities, num_parameters, reads`, a row per recipe and set of modalities.

    The largest of its runs counts, for folds may differ by words. A fusion rule reads scores and has NaN: its own few are not recorded.
    """
    rows = []
    for run in read_records(folder, run_ids):
        features = run.get("record", {}).get("features", {})
        size = run.get("fitted", {}).get("num_parameters", float("nan"))
        reads = ", ".join(one["name"].replace("_", " ") for one in features.values())
        rows.append({**{key: run[key] for key in KEYS}, "num_parameters": size, "reads": reads or SCORES})
    return pd.DataFrame(rows).groupby(KEYS, as_index=False).max()


def beside(shown: pd.DataFrame, scored: pd.DataFrame, metric: str, sizes: pd.DataFrame) -> pd.DataFrame:
    """`tables.side_by_side` with two more columns, parameters and what is read, of `of_systems`."""
    told = tables.systems(scored, metric)[KEYS].merge(sizes, "left", KEYS)  # in the order of the rows shown
    worded = told.num_parameters.map(lambda size: "-" if pd.isna(size) else number(int(size)))
    return shown.assign(parameters=worded, reads=told.reads)

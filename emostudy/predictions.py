"""Predictions: one row per clip, the only thing that training leaves behind for the rest of the study."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from emostudy.labels import encode
from emostudy.paths import write_atomically

COLUMNS = [
    "run_id",
    "corpus",
    "protocol",
    "fold",
    "seed",
    "recipe",
    "modalities",
    "condition",
    "part",
    "clip_id",
    "speaker",
    "emotion",
    "predicted",
]
DECIMALS = 4


def frame(
    head: dict, clips: pd.DataFrame, part: str, probabilities: np.ndarray, emotions: tuple[str, ...]
) -> pd.DataFrame:
    """Predictions of one run for one part.

    Args:
        head: `run_id, corpus, protocol, fold, seed, recipe, modalities, condition`.
        clips: rows of the clip table, in the order of `probabilities` (N, C).
    """
    rounded = probabilities.round(DECIMALS)
    rows = clips[["clip_id", "speaker", "emotion"]].reset_index(drop=True)
    rows = rows.assign(**head, part=part, predicted=np.asarray(emotions)[rounded.argmax(1)])[list(COLUMNS)]
    return pd.concat([rows, pd.DataFrame(rounded, columns=columns_of(emotions))], axis=1)


def columns_of(emotions: tuple[str, ...]) -> list[str]:
    """Names of the probability columns, in the emotions' order."""
    return [f"p_{emotion}" for emotion in emotions]


def arrays(predictions: pd.DataFrame, emotions: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Class numbers (N,), predicted class numbers (N,) and probabilities (N, C)."""
    y, predicted = (encode(predictions[column], emotions) for column in ("emotion", "predicted"))
    return y, predicted, predictions[columns_of(emotions)].to_numpy(float)


def write_run(folder: Path, predictions: pd.DataFrame, record: dict) -> None:
    """Write `predictions/<run_id>.parquet`, and then `runs/<run_id>.json`: a run with a record is a finished run."""
    run_id = record["run_id"]
    numbers = [column for column in predictions if column.startswith("p_")]
    packed = {"compression": "zstd", "compression_level": 19, "use_dictionary": list(COLUMNS)}
    with write_atomically(folder / "predictions" / f"{run_id}.parquet") as path:
        predictions.astype(dict.fromkeys(numbers, "float32")).to_parquet(path, index=False, **packed)
    with write_atomically(folder / "runs" / f"{run_id}.json") as path:
        lines = [f"{json.dumps(key)}: {json.dumps(record[key], sort_keys=True, default=str)}" for key in sorted(record)]
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")  # a line per key: small, and read by people too


def is_finished(folder: Path, run_id: str) -> bool:
    """Whether a run was written whole."""
    return (folder / "runs" / f"{run_id}.json").is_file() and (folder / "predictions" / f"{run_id}.parquet").is_file()


def finished(folder: Path) -> list[str]:
    """Ids of the runs in a results folder that were written whole, sorted."""
    return sorted(path.stem for path in (folder / "runs").glob("[!.]*.json") if is_finished(folder, path.stem))


def discard_superseded(folder: Path, run_ids: list[str]) -> None:
    """Remove runs in whose place one of `run_ids` stands: another id, for code, settings or data have changed since.

    Else both would be scored, and every clip come twice.
    """
    records = read_records(folder, finished(folder))
    places = {_place(record) for record in records if record["run_id"] in run_ids}
    for record in records:
        if record["run_id"] not in run_ids and _place(record) in places:
            (folder / "runs" / f"{record['run_id']}.json").unlink(missing_ok=True)
            (folder / "predictions" / f"{record['run_id']}.parquet").unlink(missing_ok=True)


def _place(record: dict) -> tuple:
    return tuple(record.get(key) for key in ("protocol", "fold", "seed", "recipe", "modalities", "condition"))


def read_runs(folder: Path, run_ids: list[str]) -> pd.DataFrame:
    """Predictions of these runs, one below the other, in this order."""
    if not run_ids:
        return pd.DataFrame(columns=list(COLUMNS))
    frames = [pd.read_parquet(folder / "predictions" / f"{run_id}.parquet") for run_id in run_ids]
    rows = pd.concat(frames, ignore_index=True)
    numbers = [column for column in rows if column.startswith("p_")]
    return rows.assign(**rows[numbers].astype(float).round(DECIMALS))


def read_all(folder: Path) -> pd.DataFrame:
    """Every finished run's predictions in a results folder, sorted by run id.

    Raises:
        ValueError: there is none.
    """
    run_ids = finished(folder)
    if not run_ids:
        raise ValueError(
            f"no finished run in {folder.parent.name}/{folder.name}: run the notebooks before this one first"
        )
    return read_runs(folder, run_ids)


def read_records(folder: Path, run_ids: list[str]) -> list[dict]:
    """The records of these runs."""
    return [json.loads((folder / "runs" / f"{run_id}.json").read_text("utf-8")) for run_id in run_ids]

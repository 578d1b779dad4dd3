"""Predictions: one row per clip, the only thing that training leaves behind for the rest of the study."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from pyarrow import ArrowException

from emostudy.corpora.corpus import SEVERAL
from emostudy.labels import encode, encode_several, joined
from emostudy.paths import is_kept, write_atomically
from emostudy.stamps import run_files
from emostudy.thresholds import decide

WORDS = ("title", "source", "reading", "pretraining")  # of a record: they change no result
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


def frame_several(
    head: dict,
    clips: pd.DataFrame,
    part: str,
    probabilities: np.ndarray,
    emotions: tuple[str, ...],
    thresholds: np.ndarray,
) -> pd.DataFrame:
    """As `frame`, of clips with several labels: `emotion` and `predicted` hold them joined, in the emotions' order.

    Equal cells are equal sets, so that a clip is right where `emotion == predicted`.

    Args:
        probabilities: (N, C), of each label by itself.
        thresholds: (C,), as in `thresholds.decide`.
    """
    rounded = probabilities.round(DECIMALS)
    true = joined(encode_several(clips.emotion, emotions), emotions)
    rows = clips[["clip_id", "speaker"]].reset_index(drop=True).assign(**head, part=part, emotion=true)
    rows = rows.assign(predicted=joined(decide(rounded, thresholds), emotions))[list(COLUMNS)]
    return pd.concat([rows, pd.DataFrame(rounded, columns=columns_of(emotions))], axis=1)


def columns_of(emotions: tuple[str, ...]) -> list[str]:
    """Names of the probability columns, in the emotions' order."""
    return [f"p_{emotion}" for emotion in emotions]


def arrays(predictions: pd.DataFrame, emotions: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Class numbers (N,), predicted class numbers (N,) and probabilities (N, C)."""
    y, predicted = (encode(predictions[column], emotions) for column in ("emotion", "predicted"))
    return y, predicted, predictions[columns_of(emotions)].to_numpy(float)


def matrices(predictions: pd.DataFrame, emotions: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which emotions each clip has and is said to have, both (N, C) bool, and probabilities (N, C).

    For any corpus: a row holds one True where each clip has one emotion.
    """
    true, said = (encode_several(predictions[column], emotions) > 0 for column in ("emotion", "predicted"))
    return true, said, predictions[columns_of(emotions)].to_numpy(float)


def write_run(folder: Path, predictions: pd.DataFrame, record: dict) -> None:
    """Write `predictions/<run_id>.parquet`, and then `runs/<run_id>.json`: a run with a record is a finished run."""
    run_id = record["run_id"]
    numbers = [column for column in predictions if column.startswith("p_")]
    packed = {"compression": "zstd", "compression_level": 19, "use_dictionary": list(COLUMNS)}
    with write_atomically(folder / "predictions" / f"{run_id}.parquet") as path:
        predictions.astype(dict.fromkeys(numbers, "float32")).to_parquet(path, index=False, **packed)
    _write_record(folder, record)


def _write_record(folder: Path, record: dict) -> None:
    with write_atomically(folder / "runs" / f"{record['run_id']}.json") as path:
        lines = [f"{json.dumps(key)}: {json.dumps(record[key], sort_keys=True, default=str)}" for key in sorted(record)]
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")  # a line per key: small, and read by people too


def retell(folder: Path, run_id: str, words: dict[str, str]) -> None:
    """Let a finished run's record say what only tells (`WORDS`) as it is told now: nothing is made anew for a word."""
    (record,) = read_records(folder, [run_id])
    told = {key: value for key, value in record.items() if key not in WORDS} | words
    if told != record:
        _write_record(folder, told)


def is_finished(folder: Path, run_id: str) -> bool:
    """Whether a run was written whole, and may be read back."""
    return all(is_kept(folder / name) for name in run_files(run_id))


def read_runs(folder: Path, run_ids: list[str]) -> pd.DataFrame:
    """Predictions of these runs, one below the other, in this order."""
    if not run_ids:
        return pd.DataFrame(columns=list(COLUMNS))
    frames = [_read(folder / "predictions" / f"{run_id}.parquet", _rows) for run_id in run_ids]
    rows = pd.concat(frames, ignore_index=True)
    numbers = [column for column in rows if column.startswith("p_")]
    return rows.assign(**rows[numbers].astype(float).round(DECIMALS))


def with_cluster(rows: pd.DataFrame, corpus) -> pd.DataFrame:
    """Predictions with the column that the corpus' card resamples by (a dialogue, a word), which only the clip table knows."""
    cluster = corpus.card["cluster"]
    if cluster in rows:
        return rows
    return rows.assign(**{cluster: rows.clip_id.map(corpus.clips.set_index("clip_id")[cluster])})


def read_records(folder: Path, run_ids: list[str]) -> list[dict]:
    """The records of these runs."""
    return [_read(folder / "runs" / f"{run_id}.json", _record) for run_id in run_ids]


def _read(path: Path, read: Callable[[Path], object]):
    """ValueError, with the remedy, for a run's file that is not what `write_run` wrote."""
    try:
        return read(path)
    except (ValueError, TypeError, KeyError, RecursionError, OSError, ArrowException) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"{path.parent.name}/{path.name} is broken ({reason}): delete it and run its notebook again"
        ) from None


def _rows(path: Path) -> pd.DataFrame:
    rows = pd.read_parquet(path)
    numbers = rows[[column for column in rows if column.startswith("p_")]].astype(float)
    if list(rows.columns[: len(COLUMNS)]) != COLUMNS or not len(rows) or not numbers.shape[1]:
        raise ValueError("other columns, or no rows")
    known, values = {column[2:] for column in numbers}, numbers.to_numpy()
    named = {label for cell in {*rows.predicted.unique(), *rows.emotion.unique()} for label in str(cell).split(SEVERAL)}
    if not ((values >= 0) & (values <= 1)).all() or not named <= known:  # NaN too
        raise ValueError("probabilities outside 0 to 1, or an emotion without one")
    if set(rows.run_id.unique()) != {path.stem} or rows.duplicated(["condition", "fold", "part", "clip_id"]).any():
        raise ValueError("another run's rows, or a clip twice")
    return rows


def _record(path: Path) -> dict:
    record = json.loads(path.read_text("utf-8"))
    lacking = [key for key in ("run_id", "protocol", "seed", "recipe", "modalities", "title") if key not in record]
    if lacking or record["run_id"] != path.stem:
        raise ValueError(f"it lacks {lacking[0]}" if lacking else "another run's record")
    return record

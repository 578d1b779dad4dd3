"""The files in which CMU-MOSEI is passed on: computational sequences (.csd, HDF5), pickles of padded arrays, the SDK's lists of folds.

csd: `/<name>/data/<video>/features` (T, D) and `/intervals` (T, 2) in seconds, one row per label, word or frame of a whole video.
pkl: `{"train", "valid", "test"} -> {"text", "audio", "vision": (N, T, D), "labels", "id", ...}`, row i of each belonging to clip i.
"""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np

from emostudy.corpora import safe_pickle

PARTS = {"train": "train", "valid": "dev", "test": "test"}  # as in the files -> as here
FOLDS = {"standard_train_fold": "train", "standard_valid_fold": "dev", "standard_test_fold": "test"}
STREAMS = ("text", "audio", "vision")
LARGEST = 200_000_000  # values read at once; the longest video has some ten millions


@contextmanager
def csd(path: str | Path) -> Iterator[h5py.Group]:
    """The group that has one entry per video.

    Raises:
        ValueError: it is no HDF5 file, or holds no single group with `data` in it.
    """
    name = Path(path).name
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ValueError(
            f"{name} is no HDF5 file, or damaged ({' '.join(str(error).split())[:120]}): get it again"
        ) from None
    with file:
        roots = list(file)
        data = inside(inside(file, roots[0]), "data") if len(roots) == 1 else None
        if not isinstance(data, h5py.Group):
            raise ValueError(
                f"{name} is no computational sequence: it must hold /<name>/data/<video>, it has {roots[:3]}"
            )
        yield data


def inside(group: object, name: str) -> object:
    """An entry of a group, None where there is none; links, into other files too, are not followed."""
    if not isinstance(group, h5py.Group) or not isinstance(group.get(name, getlink=True), h5py.HardLink):
        return None
    return group[name]


def videos(path: str | Path) -> list[str]:
    """The videos in a csd file, sorted."""
    with csd(path) as data:
        return sorted(data)


def entries(path: str | Path) -> dict[str, tuple[np.ndarray, np.ndarray] | ValueError]:
    """All of a small csd file (labels, words): video -> features (T, D) and intervals (T, 2), or what is wrong with it."""
    found = {}
    with csd(path) as data:
        for video in sorted(data):
            try:
                found[video] = rows(data, video)
            except ValueError as error:
                found[video] = error
    return found


def frames(path: str | Path, video: str, start: float, end: float) -> np.ndarray:
    """Frames of a video whose middle lies from `start` to before `end` (seconds; nan = from the first, to the last).

    Returns float32 (T, D) as stored, -inf and nan included; only these frames are read, not the file.

    Raises:
        ValueError: the file or the video is not there or damaged, or it has no frame in that stretch.
    """
    with csd(path) as data:
        found = rows(data, video, -np.inf if np.isnan(start) else start, np.inf if np.isnan(end) else end)[0]
        if found.dtype.kind not in "fiu":
            raise ValueError(f"{Path(path).name}: {video} holds {found.dtype}, not numbers")
        return found.astype(np.float32)


def rows(data: h5py.Group, video: str, start: float = -np.inf, end: float = np.inf) -> tuple[np.ndarray, np.ndarray]:
    """Features (T, D) and intervals (T, 2) of a video, of the rows whose middle lies from `start` to before `end`."""
    features, times = (inside(inside(data, video), name) for name in ("features", "intervals"))
    for one in (features, times):
        if not isinstance(one, h5py.Dataset) or one.external or one.is_virtual or one.ndim != 2:
            raise ValueError(f"video {video} lacks features and intervals, both of two dimensions")
    if len(features) != len(times) or times.shape[1] != 2 or times.size > LARGEST or times.dtype.kind not in "fiu":
        raise ValueError(f"video {video} has {len(features)} rows and intervals of shape {times.shape}")
    intervals = times[:].astype(float)
    middle = intervals.mean(1)
    wanted = np.flatnonzero((middle >= start) & (middle < end))
    if not len(wanted):
        raise ValueError(f"video {video} has no row from {start:.3f} to {end:.3f} s")
    first, last = wanted[0], wanted[-1] + 1
    if (last - first) * features.shape[1] > LARGEST:
        raise ValueError(f"video {video} claims {last - first} rows of {features.shape[1]} values")
    return features[first:last][wanted - first], intervals[wanted]


def folds(path: Path) -> dict[str, str]:
    """Video -> train, dev or test, from the SDK's `cmu_mosei_std_folds.py`, which is read and not run.

    Raises:
        ValueError: it cannot be read, lacks a list, or puts one video into two.
    """
    try:
        body = ast.parse(path.read_text("utf-8")).body
        lists = {
            one.targets[0].id: ast.literal_eval(one.value)
            for one in body
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name) and one.targets[0].id in FOLDS
        }
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"{path.name} is not the SDK's file of folds ({str(error)[:120]}): get it again") from None
    if lacking := [name for name in FOLDS if not isinstance(lists.get(name), list)]:
        raise ValueError(f"{path.name} lacks the list {lacking[0]}: get it again from the SDK")
    pairs = [(str(video), FOLDS[name]) for name in FOLDS for video in lists[name]]
    found = dict(pairs)
    if twice := [video for video, split in pairs if found[video] != split]:
        raise ValueError(f"{path.name} puts video {twice[0]!r} into two folds: get it again from the SDK")
    return found


def pickled(path: str | Path) -> dict[str, dict]:
    """A pickle's three parts: name of the part -> name of the array -> array or list, kept for the next call of this process.

    Raises:
        ValueError: no pickle of plain things, or other parts.
        OSError: it cannot be opened.
    """
    return _pickled(str(path), Path(path).stat().st_mtime_ns)


@lru_cache(maxsize=1)  # such a file has gigabytes
def _pickled(path: str, modified: int) -> dict[str, dict]:
    found = safe_pickle.load(path)
    if not isinstance(found, dict) or not all(isinstance(found.get(part), dict) for part in PARTS):
        told = list(found)[:5] if isinstance(found, dict) else type(found).__name__
        raise ValueError(f"{Path(path).name} must hold {list(PARTS)}, each with its arrays; it holds {told}")
    return found


def padded(path: str | Path, part: str, stream: str, row: int) -> np.ndarray:
    """One clip's sequence out of a pickle, (T, D) float32, without the rows of zeros that pad it in front or behind.

    Raises:
        ValueError: no such part, stream or row, or nothing but padding.
    """
    arrays = pickled(path).get(part, {})
    if stream not in STREAMS or stream not in arrays or not 0 <= row < len(arrays[stream]):
        raise ValueError(f"{Path(path).name} has no row {row} of {stream} in {part}")
    sequence = np.asarray(arrays[stream][row])
    if sequence.ndim != 2 or sequence.dtype.kind not in "fiu":
        raise ValueError(
            f"{stream} {row} of {part} has {sequence.dtype} of {sequence.ndim} dimensions, not frames x values"
        )
    filled = np.flatnonzero((sequence != 0).any(1))
    if not len(filled):
        raise ValueError(f"{stream} {row} of {part} is nothing but padding")
    return sequence[filled[0] : filled[-1] + 1].astype(np.float32)

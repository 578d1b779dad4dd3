"""Extraction: every clip of a corpus through a feature, in parallel, each result kept on disk under what determines it."""

import hashlib
import inspect
import os
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from emostudy.corpora import derived
from emostudy.corpora.corpus import Corpus, file_and_key, file_hash
from emostudy.features import Feature, store
from emostudy.features.media import BadMedia
from emostudy.paths import cache_dir, is_kept
from emostudy.provenance import hash_of
from emostudy.sources import callables_of, source_hash

CHUNK = 32  # clips a task: large enough to hide joblib's cost, small enough for a moving bar
BATCH = 256  # clips a task where a feature takes many at once: enough to put those of like length together


@dataclass(frozen=True)
class Extracted:
    """Values of one feature, row i belonging to `clip_ids[i]`; and the clips that gave none: `clip_id, file, reason`.

    Values of a cached feature stay on disk: they take memory only where they are looked at, in every process that does.
    """

    clip_ids: tuple[str, ...]
    values: np.ndarray  # (N, ...) or (N,) of str; a np.memmap, read only, where the feature is cached
    left_out: pd.DataFrame

    def rows(self, clip_ids: tuple[str, ...]) -> np.ndarray:
        """Values of these clips, in this order: a copy in memory."""
        position = {clip_id: row for row, clip_id in enumerate(self.clip_ids)}
        return self.values[[position[clip_id] for clip_id in clip_ids]]

    def rows_or_missing(self, clip_ids: tuple[str, ...]) -> np.ndarray:
        """As `rows`, NaN for a clip that gave none; of numbers only."""
        mine = set(self.clip_ids)
        known = [clip_id in mine for clip_id in clip_ids]
        if all(known):
            return self.rows(clip_ids)
        values = np.full((len(clip_ids), *self.values.shape[1:]), np.nan, np.float32)
        values[known] = self.rows(tuple(clip_id for clip_id, is_known in zip(clip_ids, known, strict=True) if is_known))
        return values


def extract(corpus: Corpus, feature: Feature, jobs: int = 2, progress: bool = True) -> Extracted:
    """Compute (or read back) a feature for all clips that have its medium.

    A clip that cannot be read is named in `left_out` with the reason, and the rest goes on. What the cache holds is used
    only if it is what was written there; else it is computed again.

    Raises:
        ValueError: the corpus lacks the medium, no clip at all could be read, or two clips gave arrays of different shapes.
    """
    tasks = _tasks(corpus, feature)
    size = BATCH if feature.batched else CHUNK
    chunks = [tasks[at : at + size] for at in range(0, len(tasks), size)]
    code = _code_of(feature)
    # One process does for what is on disk already, or for a handful; starting workers costs seconds.
    workers = jobs if feature.cached and _many_missing(feature, tasks, code) else 1
    folder = _folder_of(feature)  # here: a worker may have been started when the variable EMOSTUDY_CACHE was another
    tasks_of_workers = (delayed(_extract_chunk)(feature, chunk, code, folder) for chunk in chunks)
    done = Parallel(workers, return_as="generator")(tasks_of_workers)
    if progress:
        done = tqdm(done, total=len(chunks), desc=f"{corpus.name}: {feature.name}", unit="chunk", leave=False)
    return _gather(corpus, feature, (result for chunk in done for result in chunk))


def _tasks(corpus: Corpus, feature: Feature) -> list[tuple]:
    """`clip_id, cell, start, end` of every clip that has the medium."""
    cells = derived.column(corpus.clips, feature.medium)
    if cells is None:
        raise ValueError(
            f"{corpus.name} has no {feature.medium}, which feature {feature.name!r} needs; it has {corpus.media}"
        )
    clips = corpus.clips[["clip_id", "start", "end"]].assign(cell=cells)
    return list(clips[cells.notna()][["clip_id", "cell", "start", "end"]].itertuples(index=False, name=None))


def _code_of(feature: Feature) -> str:
    """Hash of the code that computes a feature; of a record that is called, of its class and of what its fields name."""
    function = feature.function
    return source_hash(*([function] if inspect.isroutine(function) else callables_of(function)))


def _gather(corpus: Corpus, feature: Feature, results: Iterable[tuple]) -> Extracted:
    clip_ids, found, kinds, bad = [], [], {}, []
    for clip_id, value, kind, file, reason in results:
        if kind is None:
            bad.append((clip_id, file, reason))
        else:
            clip_ids.append(clip_id)
            found.append(value)
            kinds.setdefault(kind, file)
    if not found:
        raise ValueError(
            f"{corpus.name}: no clip gave {feature.name!r}; the first: {bad[0][1]}: {bad[0][2]}"
            if bad
            else f"{corpus.name}: every cell of {feature.medium} is empty"
        )
    shape = _one_shape(corpus, feature, kinds)
    values = _packed(feature, found, shape, {dtype for _, dtype in kinds}) if feature.cached else np.stack(found)
    return Extracted(tuple(clip_ids), values, pd.DataFrame(bad, columns=["clip_id", "file", "reason"]))


def _one_shape(corpus: Corpus, feature: Feature, kinds: dict[tuple, str]) -> tuple[int, ...]:
    files = {shape: file for (shape, _), file in kinds.items()}
    if len(files) > 1:
        (one, first), (other, second) = list(files.items())[:2]
        raise ValueError(
            f"{corpus.name}: {feature.name!r} has shape {one} for {first} and {other} for {second}; a feature must have one "
            "shape for all clips: pad, cut or average in its function"
        )
    return next(iter(files))


def _packed(feature: Feature, keys: list[str], shape: tuple[int, ...], dtypes: set[str]) -> np.ndarray:
    """All clips' values as one array on disk, found again by the clips' keys in their order."""
    folder = _folder_of(feature)
    path = folder / "packed" / f"{_hash_of_all(keys)}.npy"
    if not store.is_whole(path):
        dtype = np.result_type(*map(np.dtype, sorted(dtypes)))  # as np.stack would choose: the longest string, say
        store.pack(path, (_path_of(folder, key) for key in keys), len(keys), shape, dtype)
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _hash_of_all(keys: list[str]) -> str:
    return hashlib.sha256(" ".join(keys).encode()).hexdigest()[:16]


def _extract_chunk(feature: Feature, chunk: list[tuple], code: str, folder: Path) -> list[tuple]:
    made = _together(feature, chunk, code, folder) if feature.batched else {}
    return [(task[0], *_extract_one(feature, *task, code, folder, made)) for task in chunk]


def _together(feature: Feature, chunk: list[tuple], code: str, folder: Path) -> dict[str, np.ndarray]:
    """Values by clip id of those that are not kept yet; none where one of them is bad, so that each is tried alone."""
    missing = [task for task in chunk if not (feature.cached and _is_cached(feature, *task[1:], code, folder))]
    try:
        values = _compute(feature, *map(list, list(zip(*missing, strict=True))[1:])) if missing else []
    except (BadMedia, OSError):  # any other error, such as weights that are missing, is none of the clips' fault
        return {}
    return {task[0]: value for task, value in zip(missing, values, strict=True)}


def _compute(feature: Feature, cells: list[str], starts: list[float], ends: list[float]) -> np.ndarray:
    values = np.asarray(feature.function(cells, start=starts, end=ends, **feature.settings))
    if len(values) != len(cells):
        raise TypeError(
            f"{feature.name!r} gave {len(values)} values for {len(cells)} clips; a batched feature gives one each"
        )
    return values


def _extract_one(
    feature: Feature, clip_id: str, cell: str, start: float, end: float, code: str, folder: Path, made: dict
) -> tuple:
    """The value, or the key under which it is kept; its shape and dtype; the file; the reason why there is none.

    Values of cached features are not sent from process to process, and not held: together they may be larger than memory.
    """
    name = f"text of {clip_id}" if derived.is_text(feature.medium) else os.path.basename(cell)
    try:
        key = _key(feature, cell, start, end, code) if feature.cached else None
        value = store.read(_path_of(folder, key)) if key else None
        if value is not None:
            return key, _kind(value), name, ""
        if clip_id in made:
            value = made[clip_id]
        elif feature.batched:
            value = _compute(feature, [cell], [start], [end])[0]
        else:
            value = np.asarray(feature.function(cell, start=start, end=end, **feature.settings))
        if np.issubdtype(value.dtype, np.floating) and not np.isfinite(value).all():
            raise BadMedia(f"{feature.name} is not finite")
    except ValueError as error:  # BadMedia, or a start and end that are no stretch of time
        return None, None, name, str(error)
    except OSError as error:
        return None, None, name, error.strerror or str(error)
    if key:
        store.write(_path_of(folder, key), value)
    return key or value, _kind(value), name, ""


def _kind(value: np.ndarray) -> tuple[tuple[int, ...], str]:
    return value.shape, value.dtype.str


def _key(feature: Feature, cell: str, start: float, end: float, code: str) -> str:
    content = cell if derived.is_text(feature.medium) else file_hash(cell) + file_and_key(cell)[1]
    return hash_of("sealed", content, repr(float(start)), repr(float(end)), feature.function, feature.settings, code)


def _folder_of(feature: Feature) -> Path:
    return cache_dir() / "features" / feature.name


def _path_of(folder: Path, key: str) -> Path:
    return folder / key[:2] / f"{key}.npy"


def _many_missing(feature: Feature, tasks: list[tuple], code: str) -> bool:
    folder = _folder_of(feature)
    missing = (task for task in tasks if not _is_cached(feature, *task[1:], code, folder))
    return len(list(islice(missing, CHUNK + 1))) > CHUNK


def _is_cached(feature: Feature, cell: str, start: float, end: float, code: str, folder: Path) -> bool:
    try:
        return is_kept(_path_of(folder, _key(feature, cell, start, end, code)))
    except OSError:  # a clip's own file is gone
        return False

"""Extraction: every clip of a corpus through a feature, in parallel, each result kept on disk under what determines it."""

import os
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from emostudy.corpora.corpus import Corpus, file_hash
from emostudy.features import Feature
from emostudy.features.media import BadMedia
from emostudy.paths import cache_dir, is_kept, write_atomically
from emostudy.provenance import hash_of
from emostudy.sources import source_hash

CHUNK = 32  # clips a task: large enough to hide joblib's cost, small enough for a moving bar


@dataclass(frozen=True)
class Extracted:
    """Values of one feature, row i belonging to `clip_ids[i]`; and the clips that gave none: `clip_id, file, reason`."""

    clip_ids: tuple[str, ...]
    values: np.ndarray  # (N, ...) or (N,) of str
    left_out: pd.DataFrame

    def rows(self, clip_ids: tuple[str, ...]) -> np.ndarray:
        """Values of these clips, in this order."""
        position = {clip_id: row for row, clip_id in enumerate(self.clip_ids)}
        return self.values[[position[clip_id] for clip_id in clip_ids]]


def extract(corpus: Corpus, feature: Feature, jobs: int = 2, progress: bool = True) -> Extracted:
    """Compute (or read back) a feature for all clips that have its medium.

    A clip that cannot be read is named in `left_out` with the reason, and the rest goes on.

    Raises:
        ValueError: the corpus lacks the medium, or no clip at all could be read.
    """
    if feature.medium not in corpus.clips:
        raise ValueError(
            f"{corpus.name} has no {feature.medium}, which feature {feature.name!r} needs; it has {corpus.media}"
        )
    clips = corpus.clips[corpus.clips[feature.medium].notna()]
    tasks = list(clips[["clip_id", feature.medium, "start", "end"]].itertuples(index=False, name=None))
    chunks = [tasks[at : at + CHUNK] for at in range(0, len(tasks), CHUNK)]
    code = source_hash(feature.function)
    # One process does for what is on disk already, or for a handful; starting workers costs seconds.
    workers = jobs if feature.cached and len(tasks) > CHUNK and not _all_cached(feature, tasks, code) else 1
    done = Parallel(workers, return_as="generator")(delayed(_extract_chunk)(feature, chunk, code) for chunk in chunks)
    if progress:
        done = tqdm(done, total=len(chunks), desc=f"{corpus.name}: {feature.name}", unit="chunk", leave=False)
    results = [result for chunk in done for result in chunk]
    return _gather(corpus, feature, results)


def _gather(corpus: Corpus, feature: Feature, results: list[tuple]) -> Extracted:
    good = [(clip_id, value) for clip_id, value, _, _ in results if value is not None]
    bad = [(clip_id, file, reason) for clip_id, value, file, reason in results if value is None]
    left_out = pd.DataFrame(bad, columns=["clip_id", "file", "reason"])
    if not good:
        raise ValueError(
            f"{corpus.name}: no clip gave {feature.name!r}; the first: {bad[0][1]}: {bad[0][2]}"
            if bad
            else f"{corpus.name}: every cell of {feature.medium} is empty"
        )
    return Extracted(tuple(clip_id for clip_id, _ in good), np.stack([value for _, value in good]), left_out)


def _extract_chunk(feature: Feature, chunk: list[tuple], code: str) -> list[tuple]:
    return [(clip_id, *_extract_one(feature, clip_id, cell, start, end, code)) for clip_id, cell, start, end in chunk]


def _extract_one(feature: Feature, clip_id: str, cell: str, start: float, end: float, code: str) -> tuple:
    name = os.path.basename(cell) if feature.medium != "text" else f"text of {clip_id}"
    try:
        path = _cache_path(feature, cell, start, end, code) if feature.cached else None
        if path is not None and is_kept(path):
            return np.load(path, allow_pickle=False), name, ""
        value = np.asarray(feature.function(cell, start=start, end=end, **feature.settings))
        if np.issubdtype(value.dtype, np.floating) and not np.isfinite(value).all():
            raise BadMedia(f"{feature.name} is not finite")
    except ValueError as error:  # BadMedia, or a start and end that are no stretch of time
        return None, name, str(error)
    except OSError as error:
        return None, name, error.strerror or str(error)
    if path is not None:
        with write_atomically(path) as temporary, open(temporary, "wb") as file:
            np.save(file, value, allow_pickle=False)
    return value, name, ""


def _cache_path(feature: Feature, cell: str, start: float, end: float, code: str):
    content = file_hash(cell) + cell.partition("#")[2] if feature.medium != "text" else cell
    key = hash_of(content, repr(float(start)), repr(float(end)), feature.function, feature.settings, code)
    return cache_dir() / "features" / feature.name / key[:2] / f"{key}.npy"


def _all_cached(feature: Feature, tasks: list[tuple], code: str) -> bool:
    try:
        return all(is_kept(_cache_path(feature, cell, start, end, code)) for _, cell, start, end in tasks)
    except OSError:
        return False

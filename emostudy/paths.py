"""Where things lie: the repository, the data, the cache and the results. And how to write a file whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def whole(folder: str | os.PathLike) -> Path:
    """A folder's path from the root on. ValueError for what cannot be one, here or in a notebook."""
    try:
        os.fspath(folder).encode()
        return Path(folder).expanduser().resolve()
    except (RuntimeError, ValueError, AttributeError) as error:  # no such home; a zero byte; not UTF-8
        raise ValueError(f"folder {str(folder)[:60]!r} cannot be ({error}): write its whole path") from None


def data_dir(value: str | os.PathLike | None = None) -> Path | None:
    """Parent folder of all corpora: `value`, else the variable EMOSTUDY_DATA, else None (embedded corpus only)."""
    value = value or os.environ.get("EMOSTUDY_DATA")
    return whole(value) if value else None


def cache_dir() -> Path:
    """Features and the embedded corpus: the variable EMOSTUDY_CACHE, else `results/cache` (ignored by git)."""
    value = os.environ.get("EMOSTUDY_CACHE")
    return whole(value) if value else ROOT / "results" / "cache"


def results_root(value: str | os.PathLike | None = None) -> Path:
    """The results folder: `value`, else `results/` of the repository, from whichever folder one runs."""
    return whole(value) if value else ROOT / "results"


def results_dir(value: str | os.PathLike | None, corpus: str, profile: str) -> Path:
    """`results/<corpus>/<profile>`, made if it is not there."""
    folder = results_root(value) / corpus / profile
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def is_kept(path: Path) -> bool:
    """Whether a file is there to be read back. `run --fresh` sets EMOSTUDY_SINCE (s): what was written before does not count."""
    since = float(os.environ.get("EMOSTUDY_SINCE") or 0)
    return path.is_file() and path.stat().st_mtime >= since


@contextmanager
def write_atomically(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it takes the name `path` only when the block ends well.

    So a reader, or a run after a crash, meets the old file or the new one, never half of one.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

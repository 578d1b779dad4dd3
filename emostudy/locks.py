"""One run at a time in a results folder; and what a killed one left half written is swept up."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

LEFT = 600  # s: a half-written file older than this is nobody's
HALF = re.compile(r"\..*-[a-z0-9_]{8}(\.\w+)?")  # as mkstemp names them for `write_atomically`


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a results folder. Who comes second waits, and then finds most of its work done.

    The system frees the lock of a process that dies, so a killed run blocks nobody.
    """
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"another run is at work in {os.path.relpath(folder)}: waiting for it to end", flush=True)
        lock.acquire()
    try:
        sweep(folder)
        yield
    finally:
        lock.release()


def sweep(folder: Path) -> None:
    """Remove what `write_atomically` of a killed process left behind: names that begin with a dot."""
    for path in folder.rglob(".*"):
        with suppress(FileNotFoundError):
            if HALF.fullmatch(path.name) and path.is_file() and time.time() - path.stat().st_mtime > LEFT:
                path.unlink()

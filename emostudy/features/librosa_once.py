"""librosa, loaded by one process at a time.

On its first import numba compiles librosa's functions and caches each as a pair of files. Processes that do so together may mix
the pairs, and the next process to use them dies of a segmentation fault (numba issue 10128). A lock keeps them apart.
"""

import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

_lock = FileLock(Path(tempfile.gettempdir()) / "emostudy-librosa.lock", mode=0o666)
with suppress(OSError):  # a temporary folder that cannot be written: go on without, a crash is rare
    _lock.acquire()

import librosa  # noqa: E402

# The import alone loads nothing: librosa's modules come, and are compiled, where one of their functions is first named.
with warnings.catch_warnings():  # of progress bars for downloads, which are not wanted here
    warnings.simplefilter("ignore")
    _LOADED = (librosa.util.frame, librosa.pyin, librosa.feature.melspectrogram)

_lock.release()

__all__ = ["librosa"]

"""Arrays on disk that are read back whole or not at all: a .npy file with a seal behind it, the hash of its name and its bytes.

Half a file, a changed byte, another clip's file under this name or a plain .npy all lack the right seal.
"""

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from emostudy.paths import is_kept, write_atomically

SEAL = hashlib.sha256().digest_size  # bytes at the end of a file
BLOCK = 1 << 20  # bytes read at a time


def write(path: Path, value: np.ndarray) -> None:
    """Keep one array.

    Raises:
        ValueError: an array of objects, which only pickle could write.
    """
    file = io.BytesIO()
    np.save(file, value, allow_pickle=False)
    _write_sealed(path, [file.getbuffer()])


def read(path: Path) -> np.ndarray | None:
    """The array, or None where the file is not there, is not to be used (`is_kept`), or is not what was written."""
    return np.load(path, allow_pickle=False) if is_whole(path) else None


def pack(path: Path, sources: Iterable[Path], num: int, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Keep `num` arrays of this shape, each in a file of its own, as one (num, *shape); one at a time is in memory.

    Raises:
        ValueError: a source is gone or damaged.
    """
    _write_sealed(path, _packed(sources, num, shape, dtype))


def is_whole(path: Path) -> bool:
    """Whether a file bears its seal. It is read in blocks, so this takes time in proportion to its size but no memory."""
    try:
        if not is_kept(path):
            return False
        digest, left = hashlib.sha256(path.stem.encode()), path.stat().st_size - SEAL
        with open(path, "rb") as file:
            while left > 0 and (block := file.read(min(BLOCK, left))):
                digest.update(block)
                left -= len(block)
            return left == 0 and file.read() == digest.digest()
    except OSError:  # a cache that cannot be read is one that is not there
        return False


def _packed(sources: Iterable[Path], num: int, shape: tuple[int, ...], dtype: np.dtype) -> Iterable[bytes]:
    header = io.BytesIO()
    described = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (num, *shape)}
    np.lib.format.write_array_header_1_0(header, described)
    yield header.getvalue()
    for source in sources:
        value = read(source)
        if value is None:
            raise ValueError(f"{source.name} in the cache was changed while it was gathered: run again")
        yield np.asarray(value, dtype).tobytes()


def _write_sealed(path: Path, pieces: Iterable) -> None:
    digest = hashlib.sha256(path.stem.encode())
    with write_atomically(path) as temporary, open(temporary, "wb") as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
        file.write(digest.digest())

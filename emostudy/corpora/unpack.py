"""Archives unpacked safely: nothing outside the folder, no bombs, no links, all of it or nothing."""

import gzip
import lzma
import os
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from emostudy.corpora.catalogue import inside

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
RATIO, FLOOR = (
    20,
    1 << 26,
)  # unpacked bytes per byte of the archive, and what any archive may hold: recordings hardly shrink
NUM_FILES = 200_000
BLOCK = 1 << 20
HEADER = 1 << 24  # bytes that one header of a tar may ask for at once
BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, EOFError, RuntimeError)


class Budget:
    """What may still be written, counted as it is written: headers are not believed."""

    def __init__(self, archive: Path) -> None:
        self.bytes = max(FLOOR, RATIO * archive.stat().st_size)
        self.files = NUM_FILES
        self.told = f"more than {NUM_FILES} files or {self.bytes} bytes"

    def spend(self, num_bytes: int, num_files: int = 0) -> None:
        self.bytes -= num_bytes
        self.files -= num_files
        if self.bytes < 0 or self.files < 0:
            raise ValueError(f"it holds {self.told}, far more than its size allows")


def is_archive(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES)


def unpack(archive: Path, folder: Path) -> dict[str, int]:
    """Unpack a zip or tar(.gz) into a folder, and the archives that lie in it, beside themselves.

    It is unpacked into a hidden folder first and moved when all is there; a file of the same name is replaced.

    Returns:
        The files written, relative to `folder`, with their sizes in bytes.

    Raises:
        ValueError: a name that leads out, a link or device, an encrypted or broken archive, too much in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    budget = Budget(archive)
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=folder) as name:
        hidden = Path(name)
        extract(archive, hidden, budget)
        for inner in sorted(path for path in hidden.rglob("*") if is_archive(path) and path.is_file()):
            extract(inner, inner.parent, budget)
            inner.unlink()
        return move(hidden, folder)


def extract(archive: Path, folder: Path, budget: Budget) -> None:
    """Write all files of an archive under a folder. ValueError names the archive and what is wrong."""
    members = zip_members if archive.name.lower().endswith(".zip") else tar_members
    try:
        for name, size, source in members(archive):
            write(source, folder / safe(name), size, budget)
    except BROKEN as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise ValueError(f"{archive.name} is broken ({reason}): delete it and fetch it again") from None
    except (NotImplementedError, FileExistsError, NotADirectoryError, IsADirectoryError, ValueError) as error:
        if isinstance(error, OSError):
            error = "one name stands for two files"
        raise ValueError(f"{archive.name} is not unpacked: {error}") from None


def zip_members(archive: Path) -> Iterator[tuple]:
    """Name, size and open file of each file in a zip. ValueError for what is encrypted, a link or a device."""
    with zipfile.ZipFile(archive) as pack:
        for info in pack.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if info.flag_bits & 0x1:
                raise ValueError(f"{told(info.orig_filename)} is encrypted")
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise ValueError(f"{told(info.orig_filename)} is a link or a device, not a file")
            if info.is_dir():
                safe(info.orig_filename)
                continue
            with pack.open(info) as source:
                yield info.orig_filename, info.file_size, source


def tar_members(archive: Path) -> Iterator[tuple]:
    """Name, size and open file of each file in a tar. Any link is refused, even one that stays inside: a corpus has none."""
    zipped = archive.name.lower().endswith(("gz", "tgz"))
    with (gzip.open if zipped else open)(archive, "rb") as raw, tarfile.open(fileobj=Bounded(raw), mode="r:") as pack:
        for info in pack:
            safe(info.name)
            if not info.isreg() and not info.isdir():
                raise ValueError(f"{told(info.name)} is a link or a device, not a file")
            tarfile.data_filter(info, str(archive.parent))  # Python's own rules for what may leave an archive
            if info.isreg():
                yield info.name, info.size, pack.extractfile(info)


class Bounded:
    """A file that no header can make read without end."""

    def __init__(self, file) -> None:
        self.file, self.seek, self.tell = file, file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= HEADER:
            raise ValueError(f"a header of {size} bytes")
        return self.file.read(size)


def safe(name: str) -> str:
    """The name, if it goes down only, on every system. ValueError otherwise."""
    plain = name.replace("\\", "/")
    if not inside(plain) or ":" in name or any(ord(letter) < 32 for letter in name):
        raise ValueError(f"the name {told(name)} leads out of the folder")
    return plain


def told(name: str) -> str:
    return ascii(name)[:80]


def write(source, path: Path, size: int, budget: Budget) -> None:
    """Copy one file, counting. ValueError where it is longer or shorter than the archive says."""
    budget.spend(0, num_files=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    done = 0
    with path.open("xb") as file:
        while block := source.read(BLOCK):
            done += len(block)
            budget.spend(len(block))
            file.write(block)
    if done != size:
        raise EOFError(f"{told(path.name)} has {done} of {size} bytes")


def move(hidden: Path, folder: Path) -> dict[str, int]:
    """Move all files to the same place under `folder`; checked first, so that one that cannot be moved leaves all as it was."""
    written = {path.relative_to(hidden).as_posix(): path.stat().st_size for path in hidden.rglob("*") if path.is_file()}
    for name in written:
        target = folder / name
        if (
            not target.parent.resolve().is_relative_to(folder.resolve())
            or target.is_dir()
            or hides_file(target, folder)
        ):
            raise ValueError(f"{target} cannot be written: a link, file or folder is in its way; take it away")
    for name in written:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(hidden / name, folder / name)
    return dict(sorted(written.items()))


def hides_file(target: Path, folder: Path) -> bool:
    """Whether a file lies where the path needs a folder."""
    return any(parent.is_file() for parent in target.parents if parent != folder and parent.is_relative_to(folder))

"""What a card lets one download, part by part: what is there already, what was written, and nothing twice."""

import json
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from emostudy.corpora.catalogue import FOLDERS
from emostudy.corpora.unpack import unpack
from emostudy.paths import write_atomically

RECORD = ".fetched.json"  # in the corpus' folder: per download the files that it gave, with their sizes


def folder_of(card: dict, data_dir: Path) -> Path:
    """Where the downloads of a corpus go: the first folder that its card names."""
    return data_dir / next(folder for key in FOLDERS for folder in card.get(key, []))


def parts(card: dict, only: str = "") -> list[dict]:
    """The downloads whose file name contains `only`. ValueError if there is none."""
    chosen = [one for one in card.get("downloads", []) if only.lower() in one["file"].lower()]
    if not chosen:
        files = ", ".join(one["file"] for one in card.get("downloads", []))
        raise ValueError(f"no download's name contains {only!r}; there are: {files}")
    return chosen


def fetch_part(one: dict, folder: Path, page: str) -> dict[str, int]:
    """Download one part, unpack it where the card says so, and note what came. Returns files (relative) and sizes in bytes.

    An archive is deleted when all that was in it is in its place.
    """
    from emostudy.corpora.download import download, fault_of

    target = place(one, folder)
    if not target.is_file() or fault_of(target, one):
        download(one, target, page)
    if one.get("unpack"):
        into = folder / one.get("to", ".")
        try:
            written = unpack(target, into)
        except ValueError as error:
            raise ValueError(f"{error} (it is {target})") from None
        written = {(into / name).relative_to(folder).as_posix(): size for name, size in written.items()}
    else:
        written = {target.relative_to(folder).as_posix(): target.stat().st_size}
    note(folder, one, written)
    if one.get("unpack"):
        target.unlink()
    return written


def place(one: dict, folder: Path) -> Path:
    """Where the file itself goes: an archive into the corpus' folder, another file where the card wants it."""
    return folder / one["file"] if one.get("unpack") else folder / one.get("to", ".") / one["file"]


def is_there(one: dict, folder: Path) -> bool:
    """Whether a part is there and right: the file by the card's size and checksum, an archive by what came out of it."""
    if not one.get("unpack"):
        from emostudy.corpora.download import fault_of

        return place(one, folder).is_file() and not fault_of(place(one, folder), one)
    noted = record(folder).get(one["file"], {})
    if noted.get("part") != identity(one) or not noted.get("files"):
        return False
    return all((folder / name).is_file() and (folder / name).stat().st_size == n for name, n in noted["files"].items())


def identity(one: dict) -> dict:
    """What makes a download another one: a new address, checksum or place."""
    return {key: one[key] for key in ("url", "md5", "sha256", "to") if key in one}


def record(folder: Path) -> dict:
    """What was fetched into a folder earlier; {} where that is not known."""
    with suppress(OSError, ValueError):
        noted = json.loads((folder / RECORD).read_text("utf-8"))
        if isinstance(noted, dict) and all(isinstance(entry, dict) for entry in noted.values()):
            return noted
    return {}


def note(folder: Path, one: dict, written: dict[str, int]) -> None:
    """Add a part to the record."""
    noted = record(folder) | {one["file"]: {"part": identity(one), "files": written}}
    with write_atomically(folder / RECORD) as path:
        path.write_text(json.dumps(noted, indent=0, sort_keys=True) + "\n", "utf-8")


@contextmanager
def alone(folder: Path):
    """Only one fetch at a time in a folder. ValueError for a second one; a killed one blocks nobody."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".fetch.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ValueError(f"another fetch is at work in {folder}: wait for it to end") from None
    try:
        yield
    finally:
        lock.release()
        (folder / ".fetch.lock").unlink(missing_ok=True)
        with suppress(OSError):  # it holds something
            folder.rmdir()

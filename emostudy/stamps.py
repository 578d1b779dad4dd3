"""Stamps: what each notebook trained, read and wrote, and from what. By these the study knows what is current and what is stale.

`stamps/<slug>.json` in a results folder holds `corpus` (fingerprint), `runs` (ids made, in order), `reads` (ids of other notebooks'
runs that it used), `files` (path -> hash); and, where `run` executed it, `source`, `parameters`, `code` (module -> hash), `copy` (the
executed notebook -> hash), `predictions` (those made and read -> hash). Of a notebook about all corpora `around` holds
what it saw of others.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path, PurePath

from emostudy.paths import write_atomically
from emostudy.profiles import PROFILES

AROUND = (
    "records.csv",
    "tables/09_leaks.csv",
    "tables/09_ladder.csv",
    "tables/05_ceilings.csv",
    "tables/05_unflattered.csv",
    "tables/11_rules.csv",
)  # what a notebook about all corpora sees of the others
SUPERSEDED = "superseded"  # ignored by git: what was computed is never thrown away


def read(folder: Path, slug: str) -> dict | None:
    """A notebook's stamp; None where there is none that is whole."""
    try:
        stamp = json.loads((folder / "stamps" / f"{slug}.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return stamp if _is_whole(stamp) else None


def _is_whole(stamp: object) -> bool:
    """Whether it is as `write` leaves it. Files are moved by the names in it, so none may lead out of the results folder."""
    if not isinstance(stamp, dict) or not {"corpus", "runs", "reads", "files"} <= set(stamp):
        return False
    kinds = {
        "corpus": str,
        "runs": list,
        "reads": list,
        "files": dict,
        "parameters": dict,
        "code": dict,
        "around": dict,
    }
    if not all(isinstance(stamp[key], kind) for key, kind in kinds.items() if key in stamp):
        return False
    ids = all(isinstance(run_id, str) and PurePath(run_id).name == run_id for run_id in stamp["runs"] + stamp["reads"])
    return ids and not any(PurePath(name).is_absolute() or ".." in PurePath(name).parts for name in stamp["files"])


def read_all(folder: Path) -> dict[str, dict]:
    """Every stamp in a results folder by slug."""
    slugs = sorted(path.stem for path in (folder / "stamps").glob("[!.]*.json"))
    return {slug: stamp for slug in slugs if (stamp := read(folder, slug)) is not None}


def write(folder: Path, slug: str, stamp: dict) -> None:
    """Write a stamp, and set aside what the one before it claims and no stamp claims any more."""
    others = read_all(folder)
    before = others.pop(slug, None) or {"runs": [], "files": {}}
    if len(others) == len({path.stem for path in (folder / "stamps").glob("[!.]*.json")} - {slug}):
        _set_aside(folder, before, [stamp, *others.values()])  # else nobody knows what an unreadable stamp claims
    with write_atomically(folder / "stamps" / f"{slug}.json") as path:
        path.write_text(json.dumps(stamp, indent=1, sort_keys=True) + "\n", "utf-8")


def _set_aside(folder: Path, before: dict, claimed: list[dict]) -> None:
    gone = set(before["runs"]) - {run_id for one in claimed for run_id in one["runs"]}
    names = [name for run_id in sorted(gone) for name in run_files(run_id)]
    names += sorted(set(before["files"]) - {name for one in claimed for name in one["files"]})
    for name in names:
        _move(folder / name, folder / SUPERSEDED / name)


def run_files(run_id: str) -> tuple[str, str]:
    """A run's files, the one that makes it a finished run first."""
    return f"runs/{run_id}.json", f"predictions/{run_id}.parquet"


def bring_back(folder: Path, run_id: str) -> None:
    """Put a run that was set aside back in its place: settings were changed, and are as before again."""
    if all((folder / name).is_file() for name in run_files(run_id)):
        return
    for name in reversed(run_files(run_id)):
        _move(folder / SUPERSEDED / name, folder / name)


def _move(source: Path, target: Path) -> None:
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)


def runs_of(folder: Path, slugs: Iterable[str]) -> list[str]:
    """Ids of the runs that these notebooks made, each once, in order."""
    found = [stamp["runs"] for slug in slugs if (stamp := read(folder, slug)) is not None]
    return list(dict.fromkeys(run_id for runs in found for run_id in runs))


def around(folder: Path) -> dict[str, str]:
    """`<corpus>/<profile>/<file>` -> hash, of the results of all other corpora; runs cut short, which mean nothing, do not count."""
    root, cut = folder.parents[1], {profile.name for profile in PROFILES.values() if profile.is_cut}
    places = sorted(place for place in root.glob("*/*") if place.is_dir() and place != folder and place.name not in cut)
    files = [place / name for place in places for name in AROUND]
    return {file.relative_to(root).as_posix(): _hash(file) for file in files if file.is_file()}


def hashes(folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Path under the results folder -> hash of the file's bytes; "" where there is none."""
    return {path.relative_to(folder).as_posix(): _hash(path) for path in sorted(set(paths))}


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""

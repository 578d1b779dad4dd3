"""What is fresh, stale or missing in a results folder: per notebook and per recipe, and why. Nothing is run, nothing is made."""

from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import NamedTuple

from emostudy import predictions as preds
from emostudy import stamps
from emostudy.corpora import is_ready, load, names
from emostudy.corpora.kept import reopen
from emostudy.graph import NOTEBOOKS
from emostudy.parameters import SHARED
from emostudy.paths import ROOT
from emostudy.profiles import PROFILES
from emostudy.provenance import environment
from emostudy.steps import why
from emostudy.study import plan


class Line(NamedTuple):
    """A notebook or a recipe, its state (`fresh`, `stale` or `missing`), and why."""

    name: str
    state: str
    why: str = ""


def folders(root: Path) -> list[Path]:
    """Every `<corpus>/<profile>` under a results folder in which a notebook was run."""
    found = sorted({path.parent for name in ("stamps", "notebooks") for path in root.glob(f"*/*/{name}")})
    return [folder for folder in found if folder.name in PROFILES and folder.parent.name in names()]


def of_notebooks(folder: Path, parameters: dict, data_dir: str = "") -> list[Line]:
    """A line for every notebook that the corpus can be given to, as a run with these parameters would find it."""
    shared = SHARED | {"corpus": folder.parent.name, "profile": folder.name}
    steps, _ = plan(NOTEBOOKS, shared, parameters, ROOT / "notebooks")
    current = cache(lambda: fingerprint(folder, data_dir))
    lines = {}
    for step in steps:
        slug, found = step.notebook.slug, why(step, folder, current)
        missing = stamps.read(folder, slug) is None
        waits = [name for name in step.before if name in lines and lines[name].state != "fresh"]
        reason = "; ".join(found) or (f"if {waits[0]} comes out as before" if waits else "")
        lines[slug] = Line(slug, "missing" if missing else "stale" if found else "fresh", reason)
    return list(lines.values())


def fingerprint(folder: Path, data_dir: str) -> str:
    """The corpus as it is now, or "" where it is not on this machine and so cannot be compared."""
    corpus, profile = folder.parent.name, folder.name
    return load(corpus, data_dir or None, profile).fingerprint() if is_ready(corpus, data_dir or None, profile) else ""


def other_versions(folder: Path) -> list[str]:
    """Where runs were made with another version than is here: their numbers may come out otherwise in the last digits."""
    now, made = versions(environment()), set()
    for record in current_records(folder):
        made |= set(versions(record.get("environment", {})).items())
    return [
        f"made with {name} {version}, here {now.get(name, 'none')}"
        for name, version in sorted(made)
        if now.get(name) != version
    ]


def versions(environment: dict) -> dict[str, str]:
    """Python's version and the libraries'."""
    return {"python": environment.get("python"), **environment.get("versions", {})}


def current_records(folder: Path) -> list[dict]:
    """The records of all runs that a notebook's stamp claims and that are whole."""
    run_ids = stamps.runs_of(folder, stamps.read_all(folder))
    return preds.read_records(folder, [run_id for run_id in run_ids if preds.is_finished(folder, run_id)])


def of_recipes(folder: Path, data_dir: str = "") -> list[Line]:
    """A line for every recipe and rule that the corpus can feed or that was run: are its runs those of today's code and data?"""
    known, now = known_recipes(folder), fingerprint(folder, data_dir)
    runs = defaultdict(list)
    for record in current_records(folder):
        runs[(record["recipe"], record["modalities"])].append(record)
    return [_line(name, runs.get(name, []), known.get(name), now) for name in {**known, **runs}]


def _line(name: tuple[str, str], runs: list[dict], identity: dict | None, now: str) -> Line:
    told = f"{name[0]} ({name[1]})"
    if not runs:
        return Line(told, "missing")
    counted = f"{len(runs)} run{'s' if runs[1:] else ''}"
    if identity is None:
        return Line(told, "fresh", f"{counted}, by a notebook's own parameters: not compared")
    found = [
        reason
        for reason, changed in (
            (
                "its record has changed",
                any((run.get("identity") or {}).get("record") != identity["record"] for run in runs),
            ),
            ("its code has changed", any((run.get("identity") or {}).get("code") != identity["code"] for run in runs)),
            ("the corpus has changed", any(now and run.get("corpus_fingerprint") != now for run in runs)),
        )
        if changed
    ]
    return Line(told, "stale" if found else "fresh", "; ".join([counted, *found]))


def known_recipes(folder: Path) -> dict[tuple[str, str], dict]:
    """(name, modalities) -> identity of every recipe and rule of the study that this corpus can feed."""
    from emostudy import experiments, fusing
    from emostudy.recipes import for_corpus
    from emostudy.recipes.decision import RULES
    from emostudy.recipes.faces import FACES
    from emostudy.recipes.fusion import concatenations
    from emostudy.recipes.reference import REFERENCE
    from emostudy.recipes.speech import SPEECH
    from emostudy.recipes.text import TEXT

    corpus = reopen(folder)
    recipes = for_corpus((*REFERENCE, *FACES, *SPEECH, *TEXT, *concatenations(corpus)), corpus)
    found = {(r.name, "+".join(r.modalities) or "none"): experiments.identity_of(r) for r in recipes}
    fused = dict.fromkeys(modalities for _, modalities in found if "+" in modalities)
    return found | {(rule.name, modalities): fusing.identity_of(rule) for rule in RULES for modalities in fused}

"""What is fresh, stale or missing in a results folder: per notebook and per recipe, and why. Nothing is run, nothing is made."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from emostudy import predictions as preds
from emostudy import stamps
from emostudy.corpora import is_ready, load, names
from emostudy.corpora.kept import reopen
from emostudy.graph import NOTEBOOKS
from emostudy.parameters import SHARED, injected_protocols
from emostudy.paths import ROOT
from emostudy.profiles import PROFILES
from emostudy.provenance import environment
from emostudy.steps import why
from emostudy.study import plan

Name = tuple[str, str, str]  # recipe, modalities, condition


class Line(NamedTuple):
    """A notebook or a recipe, its state (`fresh`, `stale` or `missing`), and why."""

    name: str
    state: str
    why: str = ""


def folders(root: Path) -> list[Path]:
    """Every `<corpus>/<profile>` under a results folder in which a notebook was run."""
    found = sorted({path.parent for name in ("stamps", "notebooks") for path in root.glob(f"*/*/{name}")})
    return [folder for folder in found if folder.name in PROFILES and folder.parent.name in names()]


def of_notebooks(folder: Path, parameters: dict, data_dir: str = "", protocols: Sequence[str] = ()) -> list[Line]:
    """A line for every notebook that the corpus can be given to, as a run with these parameters would find it."""
    corpus = folder.parent.name
    asked = {"protocols": injected_protocols(corpus, protocols)}
    shared = SHARED | {"corpus": corpus, "profile": folder.name} | asked
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
    """A line for every recipe and rule that the notebooks train on the corpus or that was run: are its runs those of today?"""
    now, runs = fingerprint(folder, data_dir), defaultdict(list)
    for record in current_records(folder):
        runs[(record["recipe"], record["modalities"], record.get("condition", "none"))].append(record)
    passed_over = {name for name, some in runs.items() if any("OfThoseThere" in str(one.get("record")) for one in some)}
    expected, asked_for = known_recipes(folder, set(runs), passed_over)
    return [_line(name, runs.get(name, []), (expected | asked_for).get(name), now) for name in {**expected, **runs}]


def _line(name: Name, runs: list[dict], identities: list[dict] | None, now: str) -> Line:
    told = f"{name[0]} ({name[1]})" + (f", {name[2].replace('_', ' ')}" if name[2] != "none" else "")
    if not runs:
        return Line(told, "missing")
    counted = f"{len(runs)} run{'s' if runs[1:] else ''}"
    if identities is None:
        return Line(told, "fresh", f"{counted}, by a notebook's own parameters: not compared")
    kept = {key: {identity[key] for identity in identities} for key in ("record", "code")}
    found = [
        reason
        for reason, changed in (
            *(
                (f"its {key} has changed", any((run.get("identity") or {}).get(key) not in known for run in runs))
                for key, known in kept.items()
            ),
            ("the corpus has changed", any(now and run.get("corpus_fingerprint") != now for run in runs)),
        )
        if changed
    ]
    return Line(told, "stale" if found else "fresh", "; ".join([counted, *found]))


def known_recipes(
    folder: Path, ran: set[Name], passed_over: set[Name] = frozenset()
) -> tuple[dict[Name, list[dict]], dict[Name, list[dict]]]:
    """Identities of the recipes and rules that the notebooks train on this corpus; and of those that ran beside them.

    Args:
        passed_over: those that met clips that lack a modality: they have two.
    """
    from emostudy import fusing
    from emostudy.recipes import ablated, for_corpus, heads, robust
    from emostudy.recipes.fusion import concatenations
    from emostudy.recipes.raters import RATERS
    from emostudy.recipes.reference import lines
    from emostudy.recipes.registry import KINDS, every, further, usual
    from emostudy.recipes.rules import RULES, asked
    from emostudy.recipes.score_transformer import SCORE_TRANSFORMER
    from emostudy.recipes.voices import knowing_the_speaker
    from emostudy.several import for_labels

    corpus = reopen(folder)
    wants_more = PROFILES[folder.name].further
    more = corpus.card.get("further_systems", {}) if wants_more else {}
    named = [one for kind, names in more.items() if kind in KINDS for one in further(kind, names, corpus)]
    trained = (
        *named,
        *lines(corpus),
        *(one for kind in KINDS for one in usual(kind, corpus)),
        *concatenations(corpus),
        *heads.asked(more.get("fusion", []), wants_more, corpus),
        *RATERS,
    )
    expected = {(r.name, "+".join(r.modalities) or "none", "none"): r for r in for_corpus(trained, corpus)}
    fused = dict.fromkeys(modalities for _, modalities, _ in expected if "+" in modalities)
    pairs = {
        (rule.name, modalities, "none"): rule
        for rule in (*RULES, SCORE_TRANSFORMER)
        for modalities in fused
        if modalities.count("+") + 1 >= rule.fewest
    }
    usual_rules = (*asked([], wants_more), *((SCORE_TRANSFORMER,) if wants_more else ()))
    rules = {n: [fusing.identity_of(rule)] for n, rule in pairs.items() if rule in usual_rules or n in ran}
    systems = {recipe.name: recipe for kind in KINDS for recipe in every(kind).values()}
    asked_for = {name: systems[name[0]] for name in ran - set(expected) if name[0] in systems}
    tried = {**ablated.by_condition(corpus), **robust.by_condition(corpus)} if len(heads.sets_of(corpus)) else {}
    asked_for |= {
        (one.name, "+".join(one.modalities), condition): one
        for condition, some in tried.items()
        for one in some
        if (one.name, "+".join(one.modalities), condition) in ran
    }
    known = {n: knowing_the_speaker(r) if n[2] == "by_speaker" else r for n, r in asked_for.items()}
    expected, known = (
        dict(zip(some, for_labels(tuple(some.values()), corpus), strict=True)) for some in (expected, known)
    )
    identities = [{n: _identities(r, n in passed_over) for n, r in some.items()} for some in (expected, known)]
    return identities[0] | rules, identities[1]


def _identities(recipe, passed_over: bool) -> list[dict]:
    """One, or two: as it is, and as it passes over what clips lack."""
    from emostudy import experiments, missing

    ways = [recipe, *([missing.passing_over(recipe)] if passed_over else [])]
    return [experiments.identity_of(way) for way in ways]

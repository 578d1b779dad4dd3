"""Words that the report shares with the repository's own files, and the commands that make its results anew."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from markupsafe import Markup, escape

from emostudy import stamps
from emostudy.corpora import card
from emostudy.corpora.kept import modalities_of
from emostudy.graph import NOTEBOOKS, left_out
from emostudy.parameters import SHARED, parse_parameter
from emostudy.paths import ROOT

ETHICS = "Data and ethics"
WHOLE = ("protocols", "seeds")  # shared by all notebooks of one command; an absent one has its default
MACHINE = ("corpus", "profile", "data_dir", "results_dir", "jobs")  # told otherwise, or no matter of the results
FILES = "files of "  # a stamp has the hash of a folder's files under this and the folder's parameter


def points(section: str = ETHICS, path: Path = ROOT / "README.md") -> list[Markup]:
    """The bullet points of a section of the README, escaped, with bold, code and links; none where there is no such section."""
    text = path.read_text("utf-8") if path.is_file() else ""
    found = re.search(rf"(?ms)^## {re.escape(section)}\n(.*?)(?=^## |\Z)", text)
    return [_inline(" ".join(point.split())) for point in re.split(r"(?m)^\* ", found[1])[1:]] if found else []


def _inline(text: str) -> Markup:
    html = str(escape(text))
    html = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", re.sub(r"`(.+?)`", r"<code>\1</code>", html))
    html = re.sub(r"\[([^\]]+)\]\((https://[^)\s]+)\)", r'<a href="\2">\1</a>', html)
    return Markup(
        re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", html)
    )  # a file of the repository need not lie beside the report


def citation(path: Path = ROOT / "CITATION.cff") -> str:
    """The study in a line, from its CITATION.cff; "" where that is not there."""
    text = path.read_text("utf-8") if path.is_file() else ""
    told = {name: value.strip().strip('"') for name, value in re.findall(r"(?m)^([\w-]+): *(\S.*)$", text)}
    authors = re.findall(r"(?m)^ +- name: *(.+)$", text)
    edition = [f"version {told['version']}" if "version" in told else "", told.get("date-released", "")]
    parts = [", ".join(authors), told.get("title", ""), ", ".join(filter(None, edition)).capitalize()]
    return ". ".join(filter(None, parts))


def commands(folder: Path) -> list[str]:
    """`run ...` as what made a results folder: one line, or more where notebooks were run with different parameters.

    Paths of a machine are left out; a folder of weights is told by its last part. ValueError for a parameter that none can have.
    """
    slugs = {node.slug for node in NOTEBOOKS}
    ran = {slug: stamp.get("parameters", {}) for slug, stamp in stamps.read_all(folder).items() if slug in slugs}
    groups: list[tuple[dict, list[str]]] = []
    for slug, parameters in ran.items():
        asked = {name: parameters.get(name, SHARED[name]) for name in WHOLE} | _told(parameters)
        fitting = (one for one in groups if all(one[0].get(name, value) == value for name, value in asked.items()))
        merged, members = next(fitting, ({}, []))
        if not members:
            groups.append((merged, members))
        merged.update(asked)
        members.append(slug)
    part = len(groups) > 1 or bool(_runnable(folder) - set(ran))
    lines = [_command(folder, asked, members if part else []) for asked, members in groups or [({}, [])]]
    "".join(lines).encode()  # a stamp's half of a character would stop the page that is written
    return lines


def _told(parameters: Mapping) -> dict:
    """Parameters without paths of a machine and hashes of files."""
    told = {name: value for name, value in parameters.items() if name not in MACHINE and not name.startswith(FILES)}
    return {name: _portable(value, f"{FILES}{name}" in parameters) for name, value in told.items()}


def _portable(value, is_folder: bool = False):
    if isinstance(value, list):
        return [_portable(one, is_folder) for one in value]
    is_path = isinstance(value, str) and (is_folder or PurePath(value).is_absolute())
    return PurePath(value).name if is_path else value


def _runnable(folder: Path) -> set[str]:
    corpus = folder.parent.name
    reasons = left_out(NOTEBOOKS, modalities_of(folder), several=bool(card(corpus).get("multi_label")), corpus=corpus)
    return {slug for slug, why in reasons.items() if not why}


def _command(folder: Path, asked: Mapping, only: Sequence[str]) -> str:
    corpus, profile = folder.parts[-2:]
    known = card(corpus)
    words = ["run", "--corpus", corpus, "--profile", profile]
    words += ["--data-dir", "DATA"] if known.get("folders") or known.get("any_folder") else []
    words += ["--only", ",".join(slug.partition("_")[0] for slug in only)] if only else []
    for name, value in sorted(asked.items()):
        if name in WHOLE:
            words += [f"--{name}", ",".join(map(str, value))] if value and isinstance(value, list) else []
        elif name in SHARED:
            words += [f"--{name}", str(value)]
        else:
            words += ["-p", _assigned(name, value)]
    return shlex.join(words)


def _assigned(name: str, value) -> str:
    """`name=value` from which `parse_parameter` reads this very value."""
    plain = f"{name}={value}"
    if isinstance(value, str) and parse_parameter(plain) == (name, value):
        return plain
    return f"{name}={json.dumps(value, separators=(',', ':'))}"

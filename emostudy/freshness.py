"""Fresh, stale or missing: a notebook's stamp compared with its source, parameters, inputs and the package as they are now."""

import ast
import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import yaml
from IPython.core.inputtransformer2 import TransformerManager

from emostudy import stamps
from emostudy.corpora.catalogue import CARDS, base_of
from emostudy.corpora.corpus import file_hash
from emostudy.folds import files_of
from emostudy.graph import Notebook
from emostudy.parameters import SHARED
from emostudy.paths import ROOT, is_kept
from emostudy.sources import bare

GRAPH = "emostudy.graph"
PLACES = ("data_dir", "results_dir", "jobs")  # parameters that change no number


def ingredients(source: Path, parameters: dict, corpus: str) -> dict:
    """What determines a notebook's results beside its data: its cells, parameters and the modules that it uses.

    Args:
        parameters: those that differ from the notebook's defaults.
    """
    cells = json.loads(source.read_text("utf-8"))["cells"]
    texts = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    code = "\n".join(TransformerManager().transform_cell(text) for kind, text in texts if kind == "code")
    asked = {name: value for name, value in parameters.items() if name not in PLACES}
    folders = {
        name: source.parent / Path(value).expanduser() for name, value in asked.items() if _may_be_folder(name, value)
    }
    asked |= {f"files of {name}": _content(folder) for name, folder in folders.items() if folder.is_dir()}
    try:
        return {"source": _hash(json.dumps(texts)), "parameters": asked, "code": modules(code, corpus)}
    except SyntaxError as error:
        raise ValueError(f"{source.name}: {error.msg} in `{(error.text or '').strip()}`; mend the cell") from None


def reasons(
    folder: Path, notebook: Notebook, now: dict, before: list[str], fingerprint: Callable[[], str]
) -> list[str]:
    """Why a notebook has to be run, the most telling first; nothing if it is fresh.

    Args:
        now: of `ingredients`.
        before: slugs of the notebooks that it builds on.
        fingerprint: the corpus as it is now; asked for only if nothing else has changed. "" where it cannot be known.
    """
    stamp = stamps.read(folder, notebook.slug)
    if stamp is None:
        return ["never run to its end"]
    if not is_kept(folder / "stamps" / f"{notebook.slug}.json"):
        return ["to be run anew, as --fresh asked"]
    if not {"source", "parameters", "code", "copy"} <= set(stamp) or not isinstance(stamp["copy"], dict):
        return ["its files are not from a whole `run`: by hand in Jupyter, or killed at its end"]
    found = _changed(stamp, now) + _gone_or_edited(folder, stamp)
    if stamp["reads"] and set(stamp["reads"]) != set(stamps.runs_of(folder, before)):
        found.append("the runs that it reads are others now")
    if "around" in stamp and stamp["around"] != stamps.around(folder):
        found.append("results of other corpora have changed")
    corpus = "" if found else fingerprint()
    if corpus not in ("", stamp["corpus"]):
        found.append(f"the corpus has changed ({stamp['corpus']}, now {corpus})")
    return found


def _changed(stamp: dict, now: dict) -> list[str]:
    found = ["the notebook has changed"] if stamp["source"] != now["source"] else []
    if stamp["parameters"] != now["parameters"]:
        found.append(f"parameters were {_told(stamp['parameters'])}, now {_told(now['parameters'])}")
    old, new = stamp["code"], now["code"]
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return found + ([f"code has changed: {', '.join(names[:3])}{more}"] if names else [])


def _gone_or_edited(folder: Path, stamp: dict) -> list[str]:
    """Files that are gone or not as they were written, and runs that are gone."""
    files = stamp["files"] | stamp["copy"] | stamp.get("predictions", {})
    names = [*files, *(name for run_id in stamp["runs"] for name in stamps.run_files(run_id))]
    gone = [name for name in names if not (folder / name).is_file()]
    if gone:
        return [f"{gone[0]} is gone" + (f", and {len(gone) - 1} more" if gone[1:] else "")]
    now = stamps.hashes(folder, [folder / name for name in files])
    edited = [name for name in files if now[name] != files[name]]
    return (
        [f"{edited[0]} was changed since" + (f", and {len(edited) - 1} more" if edited[1:] else "")] if edited else []
    )


def _told(parameters: dict) -> str:
    return ", ".join(f"{name}={json.dumps(value)}" for name, value in parameters.items()) or "the defaults"


def modules(code: str, corpus: str) -> dict[str, str]:
    """Module of this package -> hash of its code, for all that some code imports, directly or not; and the corpus' own.

    Comments and docstrings do not count; tables that lie beside a module do, and so do the corpus' fold lists. The graph of notebooks
    counts where the code itself shows it: what a notebook builds on is told by the runs that it reads.
    """
    shown = imported(code)
    waiting, found = [*shown, f"emostudy.corpora.{base_of(corpus)}"], {}
    while waiting:
        name = waiting.pop()
        path = file_of(name)
        if name not in found and path is not None and (name != GRAPH or GRAPH in shown):
            found[name], used = _read(path, path.stat().st_mtime_ns)
            waiting += [*used, name.rpartition(".")[0]]
            found |= {file.name: _hash(file.read_text("utf-8")) for file in _tables_beside(path)}
    found |= {file.name: _hash(file.read_text("utf-8")) for file in files_of(base_of(corpus))}
    card = CARDS / f"{base_of(corpus)}.yaml"
    if card.is_file():
        found[f"card {corpus}"] = _hash(
            json.dumps(yaml.safe_load(card.read_text("utf-8")), sort_keys=True, default=str)
        )
    return dict(sorted(found.items()))


@cache
def _read(path: Path, modified: int) -> tuple[str, tuple[str, ...]]:
    text = path.read_text("utf-8")
    try:
        return _hash(bare(text)), imported(text)
    except SyntaxError as error:
        raise ValueError(f"{path.relative_to(ROOT)}, line {error.lineno}: {error.msg}; mend it") from None


def imported(code: str) -> tuple[str, ...]:
    """Names that some code imports from this package: modules, and what may be a module or a function in one."""
    names = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(name for name in names if name.partition(".")[0] == "emostudy")


def _tables_beside(path: Path) -> list[Path]:
    """Data files of the package in a module's folder."""
    return sorted(file for file in path.parent.iterdir() if file.suffix in (".csv", ".yaml"))


def _may_be_folder(name: str, value: object) -> bool:
    return name not in SHARED and isinstance(value, str) and bool(value) and "\0" not in value


def _content(folder: Path) -> str:
    """A hash of the files in a folder, such as pretrained weights."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return _hash(" ".join(f"{path.relative_to(folder).as_posix()} {file_hash(str(path))}" for path in files))


def file_of(name: str) -> Path | None:
    """The file of a module or package; None where the name is none of ours."""
    path = ROOT.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]

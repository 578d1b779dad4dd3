"""The study's report: one page to read from top to bottom, and a page of every figure and table for each corpus.

Written from the results folder, straight from disk, without a network or a script. It shows and links the files that are there,
and computes no score. Pictures and tables stay where they are.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tqdm import tqdm

from emostudy.corpora import card, names
from emostudy.corpora.kept import modalities_of
from emostudy.folds import NUM_FOLDS
from emostudy.graph import NOTEBOOKS, Notebook, lacking
from emostudy.paths import write_atomically
from emostudy.profiles import PROFILES
from emostudy.report_files import convert, counts, protocols, provenance, read_figure, read_run, read_table
from emostudy.report_parts import Part, Shown, Study
from emostudy.report_sections import sections
from emostudy.report_words import citation, commands, points
from emostudy.wording import CLUSTERS, counted

LINKS = {"figures": ("svg", "pdf", "png"), "tables": ("csv", "tex", "md")}
FIRST = ("20_protocols", "20_results")  # the main figure and the main table
TEMPLATES = FileSystemLoader(Path(__file__).parent)


@dataclass
class Report:
    """What was written: the page, what stands on it, how many notebooks were converted now, and every bad file."""

    path: Path
    studies: list[Study] = field(default_factory=list)
    claims: list[Shown] = field(default_factory=list)  # what was claimed and reached: the figure, then the table
    num_converted: int = 0
    faults: dict[str, str] = field(default_factory=dict)  # file under the results folder -> what is wrong with it

    def summary(self) -> list[str]:
        """Lines to be printed."""
        parts = [part for study in self.studies for part in study.parts]
        told = [counted(sum(bool(s.content) for p in parts for s in getattr(p, kind)), kind[:-1]) for kind in LINKS]
        told.append(counted(sum(bool(part.page) for part in parts), "notebook"))
        lines = [f"{study.corpus:<12}{study.profile:<8}{counted(len(study.runs), 'run')}" for study in self.studies]
        lines.append(f"shown: {', '.join(told)}; converted now: {self.num_converted}")
        lines += [f"not shown: {name}: {why}" for name, why in self.faults.items()]
        return [*lines, f"open next: {os.path.relpath(self.path)}"]


def write(root: Path) -> Path:
    """Write `<root>/report/index.html`, the corpora's pages and the notebooks' beside it; its path.

    Raises:
        ValueError: no corpus has a table yet.
    """
    return make(root).path


def make(root: Path) -> Report:
    """As `write`, but gives back what was written, with its `summary()`. The same files give the same bytes."""
    root = Path(root).resolve()
    folders = _folders(root)
    report = Report(root / "report" / "index.html")
    pages = _convert([path for folder in folders for path in _files(folder / "notebooks", "ipynb")], report)
    report.studies = sorted((_study(folder, pages, report) for folder in folders), key=_place)
    report.claims = _claims(root / "claims", report)
    written = {study.page: _page(report, study) for study in report.studies} | {"index.html": _page(report)}
    for name, html in written.items():
        with write_atomically(report.path.parent / name) as temporary:
            temporary.write_text(html, "utf-8", newline="\n")
    for page in set(_files(report.path.parent, "html")) - {report.path.parent / name for name in written}:
        page.unlink(missing_ok=True)
    return report


def _folders(root: Path) -> list[Path]:
    """Results folders with tables; those of runs cut short only where there are no others."""
    found = [root / corpus / profile for corpus in names() for profile in PROFILES]
    found = [folder for folder in found if _files(folder / "tables", "md")]
    whole = [folder for folder in found if not PROFILES[folder.name].is_cut]
    if not found:
        raise ValueError(f"no tables in {root}; run `python -m emostudy run` first, or name its --results-dir")
    return whole or found


def _place(study: Study) -> tuple:
    """Sort key: what has results first, what is made here after recordings, what falls and has more modalities before the rest."""
    has_none = not (study.falling or study.main)
    return has_none, study.card["access"] == "made here", not study.falling, -len(study.modalities)


def _files(folder: Path, ending: str) -> list[Path]:
    """Whole files: no hidden one, which is being written, and no notebook that failed."""
    paths = [path for path in folder.glob(f"[!.]*.{ending}") if not path.stem.endswith(".failed")]
    return sorted(paths, key=lambda path: (path.stem not in FIRST, path))


def _convert(notebooks: list[Path], report: Report) -> dict[Path, str]:
    """Executed notebook -> its page's name in `report/notebooks`, from which pages of no notebook are removed."""
    pages, folder = {}, report.path.parent / "notebooks"
    for path in tqdm(notebooks, desc="notebooks", leave=False):
        if made := _try(path, report, lambda path: convert(path, folder)):
            pages[path] = made[0]
            report.num_converted += made[1]
    for page in set(_files(folder, "html")) - {folder / name for name in pages.values()}:
        page.unlink(missing_ok=True)
    return pages


def _try(path: Path, report: Report, read: Callable):
    """What `read` makes of a file; None, and a fault in the report, where it cannot."""
    try:
        return read(path)
    except (ValueError, OSError) as error:
        why = getattr(error, "strerror", None) or " ".join(str(error).split())  # strerror: without the folder
        why = "not UTF-8; run its notebook again" if isinstance(error, UnicodeDecodeError) else why
        report.faults[path.relative_to(report.path.parents[1]).as_posix()] = why
        return None


def _study(folder: Path, pages: dict[Path, str], report: Report) -> Study:
    figures = [_shown(path, report, read_figure) for path in _files(folder / "figures", "png")]
    tables = [_shown(path, report, read_table) for path in _files(folder / "tables", "md")]
    strays = {_number(item.slug) for item in (*figures, *tables)} - {_number(node.slug) for node in NOTEBOOKS}
    nodes = [*NOTEBOOKS, *(Notebook(number, "Files of no notebook") for number in sorted(strays))]
    nodes.sort(key=lambda node: _number(node.slug) != _number(FIRST[0]))  # the paper's part first
    runs = [_try(path, report, read_run) for path in _files(folder / "runs", "json")]
    parts = [_part(folder, node, figures, tables, pages) for node in nodes]
    told = _try(folder / "clips.csv", report, counts) if (folder / "clips.csv").is_file() else None
    known = card(folder.parent.name)
    told = told or ((0, 0) if known.get("profiles") else (known.get("num_clips", 0), known.get("num_speakers", 0)))
    again = _try(folder / "stamps", report, lambda path: commands(path.parent)) or []
    return Study(*folder.parts[-2:], parts, [run for run in runs if run], modalities_of(folder), *told, again)


def _claims(folder: Path, report: Report) -> list[Shown]:
    """The figure and the table that notebook 10 leaves for all corpora together; nothing where it has not run."""
    found = []
    for name, read, kinds in (
        ("claims.png", read_figure, LINKS["figures"]),
        ("claims.md", read_table, LINKS["tables"]),
    ):
        if (folder / name).is_file():
            links = [(kind, f"../claims/claims.{kind}") for kind in kinds if (folder / f"claims.{kind}").is_file()]
            content = _try(folder / name, report, read)
            found.append(Shown("claims", content, report.faults.get(f"claims/{name}", ""), links))
    return found


def _number(slug: str) -> str:
    return slug.partition("_")[0]


def _part(folder: Path, node: Notebook, figures: list[Shown], tables: list[Shown], pages: dict[Path, str]) -> Part:
    items = {"figures": figures, "tables": tables}
    own = {kind: [s for s in shown if _number(s.slug) == _number(node.slug)] for kind, shown in items.items()}
    copy = folder / "notebooks" / f"{node.slug}.ipynb"
    page = f"notebooks/{quote(pages[copy])}" if copy in pages else ""
    source = _address(copy) if copy.is_file() else ""
    return Part(node.slug, node.question, page, source, _note(node, copy, own), **own)


def _note(node: Notebook, copy: Path, own: dict[str, list[Shown]]) -> str:
    """What is not there, in a sentence; "" where nothing is missing."""
    if copy.with_suffix(".failed.ipynb").is_file():
        return "The last run of this notebook failed; what stands here is from a run before."
    why = lacking(node, modalities_of(copy.parents[1]), corpus=copy.parents[2].name)
    if why and not copy.is_file() and not any(own.values()):
        return f"Left out: it {why}."
    missing = [] if copy.is_file() or node not in NOTEBOOKS else ["executed notebook"]
    missing += [kind for kind in own if kind in node.writes and not own[kind]]
    return f"Not here yet: {', '.join(missing)}." if missing else ""


def _shown(path: Path, report: Report, read: Callable) -> Shown:
    siblings = [path.with_suffix(f".{ending}") for ending in LINKS[path.parent.name]]
    links = [(other.suffix[1:], _address(other)) for other in siblings if other.is_file()]
    content = _try(path, report, read)
    return Shown(path.stem, content, report.faults.get("/".join(path.parts[-4:]), ""), links)


def _address(path: Path) -> str:
    """From the page to a file `<corpus>/<profile>/<kind>/<name>`."""
    return "../" + quote("/".join(path.parts[-4:]))


def _page(report: Report, study: Study | None = None) -> str:
    """The main page, or that of one study."""
    env = Environment(
        autoescape=True, loader=TEMPLATES, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    words = {"protocols": protocols, "provenance": provenance, "clusters": CLUSTERS, "profiles": PROFILES}
    words |= {
        "report": report,
        "num_folds": NUM_FOLDS,
        "is_cut": all(PROFILES[s.profile].is_cut for s in report.studies),
    }
    if study:
        return env.get_template("report_corpus.html.j2").render(study=study, **words)
    shown = sections(report.studies, report.claims)
    runs = [run for one in report.studies for run in one.runs]
    usual = sorted({name for one in report.studies for name in one.card["protocols"]})
    words |= {"shown": shown, "runs": runs, "usual": usual, "ethics": points(), "citation": citation()}
    return env.get_template("report_page.html.j2").render(**words)

"""Files of the results as the report shows them: figures, tables, runs in words, notebooks as pages.

What cannot be read whole is a ValueError with its remedy; the report names it and goes on.
"""

import csv
import inspect
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from emostudy.paths import write_atomically
from emostudy.protocols import PROTOCOLS
from emostudy.provenance import hash_of
from emostudy.wording import by_rigour, counted, protocol_title

CSS_PIXELS = 110  # per inch: a figure's seven points are ten pixels
RUN = {"protocol": str, "environment": dict, "seconds": int | float}
ALLOWED = "default-src 'none'; style-src 'unsafe-inline'; img-src data: file: 'self'; media-src data: file: 'self'"
FORBID = f'<meta http-equiv="Content-Security-Policy" content="{ALLOWED}">'
SCRIPTS = re.compile(r"(?is)<script\b.*?</script\s*>")
FETCHED = re.compile(r"(?i)<(?:link|iframe|base|object|embed|meta [^>]*http-equiv)\b[^>]*>|@font-face\s*\{[^}]*\}")
REMOTE = re.compile(r"""(?i)(<[a-z]+\b[^>]*?\s)(src|srcset|poster)(\s*=\s*["']?\s*(?:https?:)?//)""")
STYLE = """<style>
#notebook pre { white-space: pre; word-break: normal; overflow-wrap: normal; }
.output_html, .output_markdown, .output_text, div.input_area { overflow-x: auto; }
nav { max-width: 1140px; margin: 8px auto; padding: 0 15px; }
nav a { color: #0b57a4; text-decoration: underline; }
@media (max-width: 600px) {
  #notebook-container { width: 100%; padding: 12px; }
  div.input, div.output_area { flex-direction: column; }
  div.output_subarea { max-width: 100%; }
}
</style>"""


@dataclass(frozen=True)
class Figure:
    """A picture's alternative text, and its size on the page in CSS pixels."""

    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class Table:
    """Cells as text; `right` (columns,) tells what stands to the right, the first `num_keys` cells of a row name it."""

    caption: str
    header: list[str]
    right: list[bool]
    rows: list[list[str]]
    note: str
    num_keys: int


def read_figure(path: Path) -> Figure:
    """The figure at `figures/<slug>.png` with its text `<slug>.txt`.

    Raises:
        ValueError: the picture is cut or no picture, or there is no alternative text.
    """
    text = path.with_suffix(".txt")
    alt = " ".join(text.read_text("utf-8").split()) if text.is_file() else ""
    if not alt:
        raise ValueError(f"no alternative text in {text.name}; run its notebook again")
    try:
        with Image.open(path) as picture:
            picture.load()  # opening alone does not see that the end is missing
            dpi = picture.info.get("dpi", (200, 200))[0]
            width, height = (round(size / dpi * CSS_PIXELS) for size in picture.size)
    except (OSError, SyntaxError, ZeroDivisionError) as error:  # Pillow's broken PNG is a SyntaxError
        raise ValueError("not a whole picture; run its notebook again") from error
    return Figure(alt, width, height)


def read_table(path: Path) -> Table:
    """The table at `tables/<slug>.md`, as `table_files.markdown` writes it: caption, table, note.

    Raises:
        ValueError: no caption, no table, or rows of different lengths.
    """
    lines = path.read_text("utf-8").strip().split("\n")
    caption = re.fullmatch(r"\*\*(.+)\*\*", lines[0])
    rows = [_cells(line) for line in lines if line.startswith("|")]
    if not caption or len(rows) < 2 or not all(re.fullmatch(r":?-{3,}:?", cell) for cell in rows[1]):
        raise ValueError("must be a **caption** above a Markdown table; run its notebook again")
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise ValueError(f"row {number} has {len(row)} cells, the first {len(rows[0])}; run its notebook again")
    right = [cell.endswith(":") for cell in rows[1]]
    note = " ".join(line for line in lines[1:] if line and not line.startswith("|"))
    return Table(caption[1], rows[0], right, rows[2:], note, _num_keys(rows[2:], right))


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]


def _num_keys(rows: list[list[str]], right: list[bool]) -> int:
    """How many leading columns of words it takes to tell the rows apart; at least one."""
    words = next((at for at, is_right in enumerate(right) if is_right), len(right))
    apart = (num for num in range(1, words + 1) if len({tuple(row[:num]) for row in rows}) == len(rows))
    return next(apart, max(words, 1))


def read_run(path: Path) -> dict:
    """The record of one run. ValueError if it is not whole."""
    try:
        record = json.loads(path.read_text("utf-8"))
        whole = "protocol" in record and all(isinstance(record[k], kind) for k, kind in RUN.items() if k in record)
    except (ValueError, TypeError):  # no JSON, or JSON that is no record
        whole = False
    if not whole:
        raise ValueError("not a whole record of a run; delete it and run the notebooks again")
    return record


def counts(path: Path) -> tuple[int, int]:
    """Number of clips and of speakers in a kept clip table, `clips.csv`. ValueError if it is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            speakers = [row["speaker"] for row in csv.DictReader(file)]
    except (csv.Error, KeyError) as error:
        raise ValueError("no table of clips; run notebook 01 again") from error
    return len(speakers), len({speaker for speaker in speakers if speaker})


def protocols(runs: Sequence[dict], usual: Sequence[str]) -> list[tuple[str, str]]:
    """(titles, what they do) of the protocols that were run, or where there is no run of the card's, `usual`.

    Those of which the same can be said share a row; those that keep more apart come later.
    """
    told = {}
    for name in by_rigour({run["protocol"] for run in runs} or usual):
        known = PROTOCOLS.get(name.partition(":")[0])
        apart = [f"No {column} is in two of train, dev and test." for column in known.keeps_apart] if known else []
        rule = known.rule.__doc__ if known and inspect.isfunction(known.rule) else ""
        words = " ".join([*apart, *(rule or "").replace("`", "").split()])
        told.setdefault(words or name, []).append(protocol_title(name))
    return [(", ".join(titles), words) for words, titles in told.items()]


def provenance(runs: Sequence[dict]) -> list[tuple[str, str]]:
    """Where the runs came from: (name, value), with the number of runs of each value where they differ."""
    trained = [run for run in runs if "environment" in run]
    places = [run["environment"] for run in trained]
    seconds = round(sum(run.get("seconds", 0) for run in trained))
    told = {
        "Runs": f"{len(runs)}: {len(trained)} trained, {len(runs) - len(trained)} joined from their predictions",
        "Folds": "; ".join(f"{protocol_title(name)}: {num}" for name, num in _num_folds(trained).items()),
        "Seeds": ", ".join(sorted({str(run.get("seed")) for run in trained})),
        "Corpus fingerprint": _told(run.get("corpus_fingerprint") for run in trained),
        "Commit": _told(place.get("commit") for place in places),
        "Python": _told(place.get("python") for place in places),
        "Versions": _told(", ".join(f"{n} {v}" for n, v in place.get("versions", {}).items()) for place in places),
        "Device": _told(f"{run.get('device')}, {run['environment'].get('processor')}" for run in trained),
        "Training time": f"{seconds // 60} min {seconds % 60} s, all runs one after another",
    }
    return [(name, value) for name, value in told.items() if value]


def _num_folds(runs: Sequence[dict]) -> dict[str, int]:
    """Protocol -> how many folds of it were run."""
    pairs = {(run["protocol"], str(run.get("fold"))) for run in runs}
    return {name: sum(one == name for one, _ in pairs) for name in by_rigour(one for one, _ in pairs)}


def _told(values: Iterable) -> str:
    counts = sorted(Counter(map(str, values)).items())
    return "; ".join(value if len(counts) == 1 else f"{value} ({counted(count, 'run')})" for value, count in counts)


def convert(path: Path, folder: Path) -> tuple[str, bool]:
    """Write the executed notebook `results/<corpus>/<profile>/notebooks/<slug>.ipynb` as a page in `folder`.

    The page fetches nothing: scripts go (MathJax too, so a formula is shown as it is written in TeX), and addresses
    of remote pictures are kept as `data-src` only. It is written only where this very page is not there.

    Returns:
        `<corpus>_<profile>_<slug>.html`, and whether it was written.

    Raises:
        ValueError: not a whole notebook.
    """
    corpus, profile, slug = path.parts[-4], path.parts[-3], path.stem
    page = folder / f"{corpus}_{profile}_{slug}.html"
    text, back = path.read_text("utf-8"), f"../{corpus}_{profile}.html#{quote(f'{corpus}-{profile}-{slug}')}"
    stamp = f"<!-- emostudy {hash_of(text, back, version('nbconvert'), Path(__file__).read_text('utf-8'))} -->"
    if page.is_file() and stamp.encode() in page.read_bytes()[:200]:
        return page.name, False
    html = REMOTE.sub(r"\1data-\2\3", FETCHED.sub("", SCRIPTS.sub("", _html(text, f"{slug}, {corpus}, {profile}"))))
    nav = f'<nav aria-label="Report"><a href="{back}">Back to the report</a></nav>'
    html = html.replace("<!DOCTYPE html>", f"<!DOCTYPE html>\n{stamp}", 1).replace("<head>", f"<head>{FORBID}", 1)
    html = html.replace("</head>", f"{STYLE}</head>", 1).replace("<body>", f"<body>\n{nav}", 1)
    with write_atomically(page) as temporary:
        temporary.write_text(html, "utf-8", newline="\n")
    return page.name, True


def _html(text: str, name: str) -> str:
    import nbformat
    from nbconvert import HTMLExporter  # here, for a report in which nothing is converted needs a second less

    try:
        notebook = nbformat.convert(nbformat.reader.reads(text), 4)
        nbformat.validate(notebook)
        exporter = HTMLExporter(template_name="classic")  # "lab" drops alternative texts
        return exporter.from_notebook_node(notebook, {"metadata": {"name": name}})[0]
    except (ValueError, TypeError, AttributeError, KeyError, nbformat.ValidationError) as error:
        raise ValueError("not a whole notebook; run it again") from error

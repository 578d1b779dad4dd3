"""Slides from an executed notebook: one page for a browser, without a network. Arrow keys turn pages; printed, each slide is a sheet."""

import base64
import html
import re
from dataclasses import dataclass, field
from pathlib import Path

import latex2mathml.converter
import nbformat
from nbconvert.filters import highlight, markdown2html

from emostudy.paths import write_atomically

LONG = 520  # letters of prose that still fit under a figure or a table
SHORT = 90  # letters of a heading that shares its slide with what follows
HIDDEN = ("import ", "from ", "check(", "answer = ", "lesson.finish(")  # how cells begin that are not for the wall
FORMULA = re.compile(
    r"(?P<code>```.*?```|`[^`\n]+`)|\$\$(?P<block>.+?)\$\$|(?<![\\$\w])\$(?=\S)(?P<inline>[^$\n]+?)(?<=\S)\$(?![\w$])",
    re.DOTALL,
)
STYLE = """
:root { color-scheme: light; }
html { scroll-snap-type: y mandatory; }
body { margin: 0; font: 26px/1.45 system-ui, sans-serif; color: #222; background: #fff; }
section { box-sizing: border-box; min-height: 100vh; padding: 5vh 7vw; scroll-snap-align: start; display: flex; flex-direction: column;
  justify-content: center; border-bottom: 1px solid #ddd; }
.of { font-size: 0.6em; color: #666; margin: 0 0 1em; }
h1 { font-size: 1.7em; } h2 { font-size: 1.35em; } a.anchor-link { display: none; }
img { max-width: 100%; max-height: 68vh; object-fit: contain; align-self: center; }
.table { overflow: auto; font-size: 0.62em; max-height: 74vh; }
table { border-collapse: collapse; } td, th { padding: 0.2em 0.6em; text-align: right; border-bottom: 1px solid #ddd; }
pre { font-size: 0.6em; overflow-x: auto; background: #f6f6f6; padding: 0.6em; }
@media (max-width: 700px) { body { font-size: 18px; } section { padding: 3vh 5vw; } }
@media print { @page { size: 297mm 167mm; margin: 0; } section { height: 100vh; break-after: page; border: 0; } }
"""
KEYS = """
const all = [...document.querySelectorAll("section")];
addEventListener("keydown", event => {
  const step = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const at = all.findLastIndex(one => one.offsetTop <= scrollY + innerHeight / 3);
  all[Math.max(0, Math.min(all.length - 1, at + step))].scrollIntoView();
});
"""


@dataclass
class Slide:
    """Blocks of HTML under the heading of the section that they belong to; `of` is "" where a block brings the heading itself."""

    of: str = ""
    blocks: list[str] = field(default_factory=list)
    letters: int = 0  # of prose


def make(executed: Path, target: Path, code: bool = False) -> int:
    """Write the slides of an executed notebook; how many they are.

    Args:
        code: show the code above what it gives.

    Raises:
        ValueError: the file is no executed notebook.
    """
    try:
        notebook = nbformat.read(executed, as_version=4)
    except Exception as error:  # nbformat raises what json and its schema raise
        raise ValueError(f"{executed.name} is no notebook ({type(error).__name__}): run it again") from None
    if not any(cell.get("outputs") for cell in notebook.cells):
        raise ValueError(f"{executed.name} has no outputs: `python -m emostudy run` executes it")
    slides = slides_of(notebook, code)
    with write_atomically(target) as temporary:
        temporary.write_text(page(executed.stem, slides), "utf-8", newline="\n")
    return len(slides)


def slides_of(notebook: nbformat.NotebookNode, code: bool = False) -> list[Slide]:
    """A slide for each heading with what follows it, for each further output, and for prose that finds no room below one.

    Parameters, imports and what an exercise answers have none.
    """
    slides, section = [Slide()], ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for text in parts_of(cell.source):
                if text.startswith("#"):
                    section = text.partition("\n")[0].lstrip("# ")
                    slides.append(Slide())
                elif slides[-1].letters + len(text) > LONG:
                    slides.append(Slide(section))
                slides[-1].blocks.append(as_html(text))
                slides[-1].letters += len(text)
        elif cell.cell_type == "code" and not cell.source.startswith(HIDDEN):
            shown = [block for output in cell.outputs if (block := block_of(output))]
            if shown and slides[-1].letters >= SHORT:
                slides.append(Slide(section))
            slides[-1].blocks += [*([coloured(cell.source)] if code and shown else []), *shown]
            slides[-1].letters += SHORT * len(shown)
    return [slide for slide in slides if slide.blocks]


def parts_of(text: str) -> list[str]:
    """A markdown cell cut before its headings, and its prose into parts of whole paragraphs that a slide can hold."""
    parts = [""]
    for paragraph in re.split(r"\n\n(?![^`]*```(?:[^`]*```[^`]*```)*[^`]*$)", text):  # not inside a fence
        if paragraph.startswith("#") or len(parts[-1]) + len(paragraph) > LONG:
            parts.append("")
        parts[-1] += f"{paragraph}\n\n"
    return [part.strip() for part in parts if part.strip()]


def block_of(output: nbformat.NotebookNode) -> str:
    """An output as HTML, the richest form that it has; "" for what is printed and for errors."""
    data = output.get("data", {})
    if "image/png" in data:
        alt = output.get("metadata", {}).get("image/png", {}).get("alt") or output.get("metadata", {}).get("alt", "")
        picture = "".join(data["image/png"].split())
        base64.b64decode(picture, validate=True)
        return f'<img alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{picture}">'
    if "text/html" in data:
        return f'<div class="table">{data["text/html"]}</div>'
    return as_html(data["text/markdown"]) if "text/markdown" in data else ""


def as_html(text: str) -> str:
    """Markdown as HTML, formulas as MathML, which a browser draws without a script."""
    kept = []

    def put_by(found: re.Match) -> str:
        """Code stays as it is, and so does a formula that cannot be read; one that can is drawn, out of Markdown's way."""
        if found["code"]:
            return found[0]
        try:
            kept.append(
                latex2mathml.converter.convert(
                    found["block"] or found["inline"], display="block" if found["block"] else "inline"
                )
            )
        except Exception:  # the converter has a kind of its own for everything that it does not know
            return found[0]
        return f"\ue000{len(kept) - 1}\ue001"  # of the letters that no text has

    made = str(markdown2html(FORMULA.sub(put_by, text)))
    return re.sub("\ue000(\\d+)\ue001", lambda found: kept[int(found[1])], made)


def coloured(source: str) -> str:
    """Code as HTML."""
    return highlight.Highlight2HTML()(source)


def page(title: str, slides: list[Slide]) -> str:
    """All slides as one page."""
    sections = []
    for number, slide in enumerate(slides, 1):
        told = f"{html.escape(slide.of)} · " if slide.of else ""
        sections.append(
            f'<section><p class="of">{told}{number} / {len(slides)}</p>\n' + "\n".join(slide.blocks) + "\n</section>"
        )
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{html.escape(title)}</title>'
    )
    body = "\n".join(sections)
    top = f'<!doctype html><html lang="en"><head>{head}<style>{STYLE}</style></head>'
    return f"{top}\n<body>\n{body}\n<script>{KEYS}</script></body></html>\n"

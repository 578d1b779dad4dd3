"""One look for all figures: fixed colours and markers, readable at half a page, in files that repeat byte for byte."""

import io
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath
from matplotlib.transforms import blended_transform_factory
from PIL import Image

from emostudy.figures.plotted import plotted
from emostudy.paths import write_atomically

HALF, FULL = 3.4, 7.0  # inches: a column and a page; text is at least 7 points at these widths
DPI = 200
SMALL, TITLE = 7, 8.5  # points
MAX_BYTES = 150_000  # a png above this is reduced to 256 colours
INK, GREY = "#222222", "#6e6e6e"
CMAP = "cividis"


class Look(NamedTuple):
    """How a set of modalities is drawn, always."""

    colour: str
    marker: str
    hatch: str


_PALETTE = [str(colour) for colour in sns.color_palette("colorblind").as_hex()]
_SIGNS = {"face": (0, "o", "///"), "speech": (1, "s", "\\\\\\"), "text": (2, "^", "..."), "physio": (5, "v", "---")}
LOOKS = {name: Look(_PALETTE[at], marker, hatch) for name, (at, marker, hatch) in _SIGNS.items()}
FUSION, REFERENCE = Look(_PALETTE[4], "D", "xxx"), Look(GREY, "X", "")
GENDERS = {"female": Look("#b5b5b5", "o", "////"), "male": Look(GREY, "o", ""), "": Look("#dcdcdc", "s", "....")}
# fmt: off
_EMOTIONS = {
    ("anger", "angry"): 3, ("disgust",): 2, ("fear", "fearful"): 4, ("happiness", "happy", "joy"): 8,
    ("neutral",): 7, ("sadness", "sad"): 0, ("surprise", "surprised"): 9, ("calm",): 5,
}
EMOTION_COLOURS = {name: _PALETTE[at] for names, at in _EMOTIONS.items() for name in names}  # for dialogues alone

RC = {
    "figure.dpi": DPI, "font.family": "DejaVu Sans", "font.size": SMALL, "text.color": INK,
    "axes.titlesize": SMALL, "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.labelsize": SMALL,
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.6, "axes.axisbelow": True,
    "axes.edgecolor": GREY, "axes.labelcolor": INK, "xtick.color": GREY, "ytick.color": GREY,
    "xtick.labelcolor": INK, "ytick.labelcolor": INK, "xtick.labelsize": SMALL, "ytick.labelsize": SMALL,
    "xtick.major.width": 0.6, "ytick.major.width": 0.6, "xtick.major.size": 2.5, "ytick.major.size": 2.5,
    "grid.color": "#ececec", "grid.linewidth": 0.6, "lines.linewidth": 1.2, "hatch.linewidth": 0.5,
    "legend.fontsize": SMALL, "legend.frameon": False, "image.interpolation": "nearest", "image.resample": False,
}
REPEATABLE = {"svg.hashsalt": "emostudy", "svg.fonttype": "path", "pdf.fonttype": 42, "pdf.compression": 9}
METADATA = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
}
# fmt: on


def look(modalities: str) -> Look:
    """The look of "face", of any two or more ("face+text"), or of a reference line ("none")."""
    if modalities in ("none", ""):
        return REFERENCE
    return LOOKS.get(modalities, FUSION) if "+" not in modalities else FUSION


@contextmanager
def settings() -> Iterator[None]:
    """The house's settings and matplotlib's own defaults for the rest, whatever a notebook has set."""
    with plt.rc_context():
        plt.rcdefaults()
        plt.rcParams.update(RC | REPEATABLE)
        yield


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """A drawing function under the house's settings."""

    @wraps(draw)
    def inner(*args, **kwargs) -> Figure:
        with settings():
            return draw(*args, **kwargs)

    return inner


def canvas(width: float, height: float, title: str, note: str = "", rows: int = 1, columns: int = 1, **kwargs):
    """A figure and its axes (rows, columns) in inches; title above and note below, both to the left and wrapped."""
    fig, axes = plt.subplots(rows, columns, figsize=(width, height), layout="constrained", squeeze=False, **kwargs)
    plt.close(fig)  # a notebook shows what a cell returns, not each open figure again
    fig.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.03, hspace=0.03)
    left = 0.035 / width
    fig.suptitle(textwrap.fill(title, int(width * 13.5)), x=left, ha="left", fontsize=TITLE, fontweight="bold")
    if note:
        fig.supxlabel(
            textwrap.fill(note, int(width * 19)),
            x=left,
            ha="left",
            fontsize=SMALL,
            color=GREY,
            linespacing=1.25,
        )
    return fig, axes


def panels(count: int, width: float, height: float, title: str, note: str = "", stack_below: float = 5, **kwargs):
    """`count` axes (count,), each `height` inches high: side by side, or one above the other in a narrow figure."""
    stacked = width < stack_below
    shape = {"rows": count} if stacked else {"columns": count}
    fig, axes = canvas(width, 0.55 + height * (count if stacked else 1), title, note, **shape, **kwargs)
    return fig, axes.ravel()


def settled(fig: Figure) -> Figure:
    """The figure laid out once before it is saved: square axes find their size only in a second pass, and titles theirs in the next."""
    fig.draw_without_rendering()
    return fig


def label_rows(ax, positions, labels, bold=()) -> None:
    """Name the rows of a chart at its left, flush left; the first row is on top.

    Args:
        bold: the numbers of headings. A long one reaches into the chart, for its row holds no data.
    """
    ax.set_yticks(positions, labels)
    weights = ["bold" if number in bold else "normal" for number in range(len(labels))]
    widths = [
        TextPath((0, 0), line, size=SMALL, prop={"weight": "normal"}).get_extents().width
        for label, weight in zip(labels, weights, strict=True)
        for line in label.splitlines()
        if weight == "normal"
    ]
    ax.tick_params(axis="y", length=0, pad=max(widths, default=0) + 6)
    for tick, weight in zip(ax.get_yticklabels(), weights, strict=True):
        tick.set(ha="left", fontweight=weight)
        if weight == "bold":
            tick.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.6})
    ax.spines["left"].set_visible(False)
    ax.set_ylim(max(positions) + 0.7, min(positions) - 0.7)


def keys_above(fig: Figure, ax, handles: list, columns: int = 4) -> None:
    """A one-line legend above the axes, from the figure's left edge; an empty title keeps its place."""
    across = blended_transform_factory(fig.transFigure, ax.transAxes)
    close = {"columnspacing": 1.1, "handletextpad": 0.2, "handlelength": 1.4, "borderpad": 0.2, "borderaxespad": 0.2}
    keys = ax.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1), bbox_transform=across, ncols=columns, **close
    )
    keys.set_in_layout(False)  # or its width would push the axes aside
    ax.set_title(" ")


def ink_on(colour) -> str:
    """Black or white, whichever reads better on a colour."""
    red, green, blue = to_rgb(colour)
    return "white" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.5 else "black"


def save(fig: Figure, folder: Path, slug: str, alt: str) -> list[Path]:
    """Write `figures/<slug>.png`, `.svg`, `.pdf`, `.txt` (the finding, in words, for those who do not see it) and `.csv` (the numbers).

    The same figure gives the same bytes. `folder` is `results/<corpus>/<profile>`.

    Raises:
        ValueError: no alternative text.
    """
    if not alt.strip():
        raise ValueError(f"{slug}: no alt text; say in words what the figure shows")
    paths = [folder / "figures" / f"{slug}.{ending}" for ending in ("png", "svg", "pdf", "txt", "csv")]
    with settings():
        for path in paths[:3]:
            with write_atomically(path) as temporary:
                temporary.write_bytes(_bytes(fig, path.suffix[1:]))
    with write_atomically(paths[3]) as temporary:
        temporary.write_text(" ".join(alt.split()) + "\n", "utf-8", newline="\n")
    with write_atomically(paths[4]) as temporary:
        plotted(fig).to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
    return paths


def _bytes(fig: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    fig.savefig(buffer, format=kind, dpi=DPI, facecolor="white", metadata=METADATA[kind])
    return _compact(buffer.getvalue()) if kind == "png" else buffer.getvalue()


def _compact(png: bytes) -> bytes:
    """The picture without transparency, compressed hard; with 256 colours if it is still too large."""
    picture, buffer = Image.open(io.BytesIO(png)).convert("RGB"), io.BytesIO()
    picture.save(buffer, "png", optimize=True, dpi=(DPI, DPI))
    if buffer.tell() > MAX_BYTES:
        buffer = io.BytesIO()
        picture.quantize(256).save(buffer, "png", optimize=True, dpi=(DPI, DPI))
    return buffer.getvalue()

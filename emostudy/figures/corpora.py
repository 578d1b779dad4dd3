"""What a corpus looks like: counts, contact sheets, tables of confusion. Tables and arrays in, figures out."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from emostudy.corpora.corpus import SEVERAL
from emostudy.figures.marks import matrix
from emostudy.figures.style import CMAP, FULL, GENDERS, HALF, canvas, keys_above, panels, styled
from emostudy.wording import counted, percent

Images = Mapping[tuple[str, str], np.ndarray]
CALLED = {"speaker": "speaker", "split": "part"}
MOST_CELLS = 130  # speakers that find room side by side
SIGNS = {"female": "women", "male": "men", "": "speakers"}


@styled
def emotion_counts(clips: pd.DataFrame, emotions: Sequence[str], width: float = HALF) -> Figure:
    """Clips of every emotion by gender (bars), and of every speaker (cells); emotions share the rows.

    Where no speaker is known, a cell is a part of the official split; of very many speakers those with most clips have one.
    """
    clips, unit = by_unit(clips)
    order = clips.drop_duplicates(unit).sort_values(["gender", unit]).set_index(unit).gender
    cells = pd.crosstab(clips.emotion, clips[unit]).reindex(emotions, fill_value=0)[list(order.index)]
    num, all_cells = clips.clip_id.nunique(), cells
    note = f"{counted(num, 'clip')} of {counted(len(order), CALLED[unit])}. Cells: clips of one {CALLED[unit]}."
    if len(order) > MOST_CELLS:
        order = order[order.index.isin(cells.sum().nlargest(MOST_CELLS).index)]
        note = note.replace("Cells:", f"Cells, of the {MOST_CELLS} with most:")
    height, shape = 1.35 + 0.2 * len(emotions), {"sharey": True, "width_ratios": [1, 1.15]}
    fig, ((bars, grid),) = canvas(width, height, "How often is each emotion shown?", note, 1, 2, **shape)
    left = np.zeros(len(emotions))
    for gender, drawn in GENDERS.items():
        of_gender = clips[clips.gender == gender].emotion.value_counts()
        lengths = of_gender.reindex(emotions, fill_value=0)
        if lengths.any():
            bars.barh(
                range(len(emotions)),
                lengths,
                0.74,
                left,
                color=drawn.colour,
                hatch=drawn.hatch,
                edgecolor="white",
                lw=0.5,
                label=SIGNS[gender],
            )
            left = left + lengths.to_numpy()
    for row, total in enumerate(left):
        bars.annotate(f"{total:.0f}", (total, row), (2, 0), textcoords="offset points", va="center_baseline")
    bars.set(xlabel="clips", yticks=range(len(emotions)), yticklabels=emotions)
    bars.spines["left"].set_visible(False)
    bars.margins(x=0.18)
    cells = all_cells[list(order.index)]
    grid.imshow(cells, cmap=CMAP, aspect="auto", vmin=0)
    grid.axvline((order == order.iloc[0]).sum() - 0.5, color="white", lw=3)
    grid.set(
        xlabel=" | ".join(
            f"{SIGNS[g] if unit == 'speaker' else 'parts of the split'} ({n})"
            for g, n in order.value_counts(sort=False).items()
        ),
        xticks=[],
    )
    grid.set_xticks(np.arange(len(order)) - 0.5, minor=True)
    grid.set_yticks(np.arange(len(emotions)) - 0.5, minor=True)
    grid.grid(which="minor", color="white", lw=0.8)
    for ax in (bars, grid):
        ax.tick_params(axis="y", which="both", length=0)
    grid.tick_params(axis="x", which="both", length=0)
    grid.spines[:].set_visible(False)
    ends = sorted({int(cells.min().min()), int(cells.max().max())})
    scale = [Patch(color=colormaps[CMAP](count / max(ends[-1], 1)), label=counted(count, "clip")) for count in ends]
    keys_above(fig, bars, bars.get_legend_handles_labels()[0] + scale)
    return fig


def emotion_counts_alt(clips: pd.DataFrame, emotions: Sequence[str]) -> str:
    """The finding of `emotion_counts`."""
    clips, unit = by_unit(clips)
    per = clips.emotion.value_counts().reindex(emotions, fill_value=0)
    cells = pd.crosstab(clips.emotion, clips[unit])
    people = clips.drop_duplicates(unit).gender.value_counts()
    said = ", ".join(f"{emotion} {count}" for emotion, count in per.items())
    genders = ", ".join(
        f"{count} {SIGNS[g] if unit == 'speaker' else 'parts of the split'}" for g, count in people.items()
    )
    return f"Clips by emotion: {said}. {genders}; clips of one {CALLED[unit]} and emotion: {_range(cells)}."


def by_unit(clips: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """A row for each emotion of each clip, and by what they are told apart: `speaker`, or `split` where no speaker is known."""
    clips = clips.assign(emotion=clips.emotion.str.split(SEVERAL, regex=False)).explode("emotion")
    unit = "speaker" if (clips.speaker != "").any() else "split"
    return clips.assign(**{unit: clips[unit].replace("", "unknown")}), unit


def _range(cells: pd.DataFrame) -> str:
    low, high = int(cells.min().min()), int(cells.max().max())
    return str(low) if low == high else f"{low} to {high}"


@styled
def contact_sheet(
    images: Images,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str = "How does a face show an emotion?",
    note: str = "",
    width: float = HALF,
) -> Figure:
    """Pictures in rows and columns, such as speakers and emotions, enlarged without smoothing.

    Args:
        images: (row, column) -> uint8 (H, W, 3) or grey (H, W), all of one size; white where there is none.
    """
    height, wide = next(iter(images.values())).shape[:2]
    gap = max(1, wide // 24)
    sheet = np.full((len(rows) * (height + gap) - gap, len(columns) * (wide + gap) - gap, 3), 255, np.uint8)
    for (row, column), image in images.items():
        top, left = list(rows).index(row) * (height + gap), list(columns).index(column) * (wide + gap)
        sheet[top : top + height, left : left + wide] = image if image.ndim == 3 else image[..., None]
    fig, axes = canvas(width, (width - 0.6) * sheet.shape[0] / sheet.shape[1] + (0.75 if note else 0.6), title, note)
    ax = axes[0, 0]
    ax.imshow(sheet, interpolation="nearest")
    ax.xaxis.tick_top()
    ax.set_xticks([(wide + gap) * at + wide / 2 for at in range(len(columns))], columns)
    ax.set_yticks([(height + gap) * at + height / 2 for at in range(len(rows))], rows)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return fig


def contact_sheet_alt(images: Images, rows: Sequence[str], columns: Sequence[str]) -> str:
    """What `contact_sheet` holds."""
    missing = len(rows) * len(columns) - len(images)
    lack = f"; {counted(missing, 'place')} empty" if missing else ""
    return f"{counted(len(images), 'picture')}, rows {', '.join(rows)}; columns {', '.join(columns)}{lack}."


def crops(
    images: np.ndarray, names: Sequence[str], title: str = "What does the network see?", width: float = HALF
) -> Figure:
    """Model inputs (N, F, H, W, 3) or grey (N, F, H, W), uint8: frames below each other, a column per clip."""
    images = np.asarray(images)
    rows = [f"frame {at + 1}" for at in range(images.shape[1])]
    columns = [f"{name}" + "\u200b" * at for at, name in enumerate(names)]  # equal names stay apart, unseen
    sheet = {(row, column): images[n, f] for f, row in enumerate(rows) for n, column in enumerate(columns)}
    return contact_sheet(sheet, rows, columns, title, f"{images.shape[2]} x {images.shape[3]} pixels each.", width)


@styled
def confusion_tables(
    tables: Mapping[str, np.ndarray],
    emotions: Sequence[str],
    title: str = "What does each modality show?",
    width: float = FULL,
) -> Figure:
    """Tables C_m (C, C) in 0 to 1, a panel per modality: rows the true emotion, columns what is shown, in percent."""
    side = (width / len(tables) - 0.45 if width > 5 else width - 1.0) - 0.1
    fig, axes = panels(len(tables), width, side + 0.85, title, "Percent of each row.", sharey=width > 5)
    for ax, (modality, table) in zip(axes, tables.items(), strict=True):
        matrix(ax, np.asarray(table), emotions)
        ax.set_title(modality)
        ax.set_xlabel("shown")
    for ax in axes[:1] if width > 5 else axes:
        ax.set_ylabel("true emotion")
    return fig


def confusion_tables_alt(tables: Mapping[str, np.ndarray], emotions: Sequence[str]) -> str:
    """The finding of `confusion_tables`: per modality the clearest and the least clear emotion."""
    told = []
    for modality, table in tables.items():
        right = np.diagonal(table)
        best, worst = right.argmax(), right.argmin()
        told.append(f"{modality} shows {emotions[best]} most clearly ({percent(right[best], 0)} %) and "
                    f"{emotions[worst]} least ({percent(right[worst], 0)} %)")  # fmt: skip
    return f"How often a true emotion shows as which: {'; '.join(told)}."

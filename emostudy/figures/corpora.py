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
MOST_CELLS = 130  # speakers that find room side by side; of more than these
OF_MORE = 24  # so many are shown;
MOST_LINES = 60  # and so many with a line between them
SIGNS = {"female": "women", "male": "men", "": "others"}


@styled
def emotion_counts(clips: pd.DataFrame, emotions: Sequence[str], width: float = HALF) -> Figure:
    """Clips of every emotion by gender (bars), and of every speaker (cells); emotions share the rows.

    Where no speaker is known, a cell is a part of the official split; of very many speakers those with most clips have one.
    """
    clips, unit = by_unit(clips)
    who = clips.drop_duplicates(unit).sort_values(["gender", unit]).set_index(unit).gender
    who = pd.concat([who[who != ""], who[who == ""]])
    cells = pd.crosstab(clips.emotion, clips[unit]).reindex(emotions, fill_value=0)[list(who.index)]
    note = f"{counted(clips.clip_id.nunique(), 'clip')} of {counted(len(who), CALLED[unit])}. Cells: clips of one {CALLED[unit]}."
    if len(who) > MOST_CELLS:
        who = who[who.index.isin(cells.sum().nlargest(OF_MORE).index)]
        cells, note = cells[list(who.index)], note.replace("Cells:", f"Cells, of the {OF_MORE} with most:")
    height, shape = 1.35 + 0.2 * len(emotions), {"sharey": True, "width_ratios": [1, 1.15]}
    fig, ((bars, grid),) = canvas(width, height, "How often is each emotion shown?", note, 1, 2, **shape)
    by_gender(bars, clips, emotions, lambda gender: named(gender, unit, set(who)))
    shares(grid, cells, who, unit)
    for ax in (bars, grid):
        ax.tick_params(axis="y", which="both", length=0)
    drawn = bars.get_legend_handles_labels()[0]
    ends = sorted({int(cells.min().min()), int(cells.max().max())})
    scale = [Patch(color=colormaps[CMAP](count / max(ends[-1], 1)), label=counted(count, "clip")) for count in ends]
    keys_above(fig, bars, drawn + scale[-1 if len(drawn) > 2 else 0 :])  # all in one row
    return fig


def by_gender(bars, clips: pd.DataFrame, emotions: Sequence[str], called) -> None:
    """Bars: clips of every emotion, parted by gender, with their sum."""
    left = np.zeros(len(emotions))
    for gender, drawn in GENDERS.items():
        lengths = clips[clips.gender == gender].emotion.value_counts().reindex(emotions, fill_value=0)
        if lengths.any():
            look = {"color": drawn.colour, "hatch": drawn.hatch, "edgecolor": "white", "lw": 0.5}
            bars.barh(range(len(emotions)), lengths, 0.74, left, label=called(gender), **look)
            left = left + lengths.to_numpy()
    for row, total in enumerate(left):
        bars.annotate(f"{total:.0f}", (total, row), (2, 0), textcoords="offset points", va="center_baseline")
    bars.set(xlabel="clips", yticks=range(len(emotions)), yticklabels=emotions)
    bars.spines["left"].set_visible(False)
    bars.margins(x=0.18)


def shares(grid, cells: pd.DataFrame, who: pd.Series, unit: str) -> None:
    """Cells: clips of every emotion (rows) and speaker (columns), a wider gap between genders."""
    grid.imshow(cells, cmap=CMAP, aspect="auto", vmin=0)
    sizes = who.value_counts(sort=False)
    for end in sizes.cumsum().iloc[:-1]:
        grid.axvline(end - 0.5, color="white", lw=3)
    words = [f"{named(gender, unit, set(who))} ({size})" for gender, size in sizes.items()]
    grid.set(xlabel=" | ".join(words), xticks=[])
    if len(words) > 2:
        grid.xaxis.label.set_fontsize("small")
    grid.set_xticks(np.arange(len(who)) - 0.5 if len(who) <= MOST_LINES else [], minor=True)
    grid.set_yticks(np.arange(len(cells)) - 0.5, minor=True)
    grid.grid(which="minor", color="white", lw=0.8)
    grid.tick_params(axis="x", which="both", length=0)
    grid.spines[:].set_visible(False)


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


def named(gender: str, unit: str, genders: set[str]) -> str:
    """ "women", "men"; "others" beside these, or "speakers" where no gender is known; "parts of the split"."""
    if unit != "speaker":
        return "parts of the split"
    return "speakers" if genders == {""} else SIGNS[gender]


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

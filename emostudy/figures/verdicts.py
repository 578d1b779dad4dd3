"""Which differences are shown and which are not, at a glance: every fused system on every set of modalities."""

from collections.abc import Mapping

import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from emostudy.figures.style import CMAP, GREY, HALF, canvas, ink_on, styled
from emostudy.wording import cluster_title, counted, metric_title, modality_rank, modality_title, on, protocol_title

SHADE = {"better": 0.95, "worse": 0.15}  # of cividis; what is not shown stays white
LACKING = "#c4c4c4"
CELL = 0.185  # inches


@styled
def verdicts(
    comparisons: pd.DataFrame, titles: Mapping[str, str], cluster: str = "speaker", width: float = HALF, title: str = ""
) -> Figure:
    """A cell per system and set of modalities: the difference in points, shaded where a paired test shows it.

    Args:
        comparisons: of `records.compare_with`, against the single modality that dev prefers, under one protocol.
    """
    cells, base = comparisons.set_index(["recipe", "modalities"]), titles.get(comparisons.baseline.iloc[0], "")
    columns = sorted(comparisons.modalities.unique(), key=modality_rank)
    rows = comparisons.groupby("recipe").difference.max().sort_values(ascending=False).index.tolist()
    units = {"clip": comparisons.num_clips.max(), cluster_title(cluster): comparisons.num_clusters.max()}
    note = (
        f"Against {base}, which dev prefers. {protocol_title(comparisons.protocol.iloc[0]).capitalize()}; "
        f"{', '.join(counted(n, unit) for unit, n in units.items())}. "
        f"Difference in {metric_title(comparisons.metric.iloc[0])}, points. Shaded: shown, p < 0.05, paired permutation test, Holm "
        "(light: better; dark: worse). White: no difference shown."
    )
    lacking = [
        (recipe, modalities) for recipe in rows for modalities in columns if (recipe, modalities) not in cells.index
    ]
    note += " Hatched: not run." if lacking else ""
    heads = max(modalities.count("+") for modalities in columns) + 1
    fig, axes = canvas(width, 1.0 + CELL * (len(rows) + heads), title or "Better than the best modality alone?", note)
    ax = axes[0, 0]
    for (recipe, modalities), row in cells.iterrows():
        _cell(ax, columns.index(modalities), rows.index(recipe), row)
    for recipe, modalities in lacking:
        _patch(ax, columns.index(modalities), rows.index(recipe), "white", edgecolor=LACKING, hatch="//////")
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    ax.set_xticks(range(len(columns)), [modality_title(m).replace(" + ", "\n+ ") for m in columns])
    ax.set_yticks(range(len(rows)), [titles.get(recipe, recipe) for recipe in rows])
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return fig


def _cell(ax, x: int, y: int, row: pd.Series) -> None:
    """One difference; NaN is a dash."""
    shade = SHADE.get(row.verdict)
    colour = "white" if shade is None else colormaps[CMAP](shade)
    _patch(ax, x, y, colour)
    text = "–" if pd.isna(row.difference) else f"{100 * row.difference:+.1f}".replace("-", "−")
    style = {"color": GREY} if shade is None else {"color": ink_on(colour), "fontweight": "bold"}
    ax.text(x, y, text, ha="center", va="center_baseline", label=f"_{row.name[0]} {row.name[1]}", **style)


def _patch(ax, x: int, y: int, colour, **style) -> None:
    style = {"facecolor": colour, "edgecolor": "none", "lw": 0} | style
    ax.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, **style))


def verdicts_alt(comparisons: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The finding of `verdicts`: for each set of modalities how many systems are shown better or worse, and the best."""
    told, base = [], comparisons.baseline.iloc[0]
    for modalities in sorted(comparisons.modalities.unique(), key=modality_rank):
        some = comparisons[comparisons.modalities == modalities]
        counts, top = some.verdict.value_counts(), some.sort_values("difference", na_position="first").iloc[-1]
        told.append(
            f"{modality_title(modalities)}: {counts.get('better', 0)} of {len(some)} shown better, {counts.get('worse', 0)} worse, "
            f"most {titles.get(top.recipe, top.recipe)} by {100 * top.difference:.1f} points."
        )
    metric, split = metric_title(comparisons.metric.iloc[0]), on(comparisons.protocol.iloc[0])
    return f"Fused systems against {titles.get(base, base)} {split}, {metric}. " + " ".join(told)

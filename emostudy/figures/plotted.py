"""The numbers in a figure, read off the figure itself: what another machine must get again, whatever its fonts and pixels."""

import numpy as np
import pandas as pd
from matplotlib.collections import Collection
from matplotlib.figure import Figure

COLUMNS = ("panel", "kind", "item", "point", "x", "y", "text")
MOST = 2000  # values of a picture; larger ones are photographs and spectrograms, not results


def plotted(fig: Figure) -> pd.DataFrame:
    """One row per point, bar, cell or word: `panel` (number of the axes), `kind`, `item` (its number), `point`, `x`, `y`, `text`.

    Lines and filled areas give their points, bars their left edge and height, matrices column, row and value.
    """
    rows = [row for panel, ax in enumerate(fig.axes) for row in _of_axes(panel, ax)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_axes(panel: int, ax) -> list[tuple]:
    found = [("line", line.get_xydata()) for line in ax.lines]
    found += [("marks", points) for collection in ax.collections for points in _points(collection)]
    found += [("bar", patch.get_path().transformed(patch.get_patch_transform()).vertices[:4]) for patch in ax.patches]
    rows = [
        (panel, kind, item, at, x, y, "")
        for item, (kind, points) in enumerate(found)
        for at, (x, y) in enumerate(np.ma.filled(np.ma.asarray(points, float), np.nan))
    ]
    for item, image in enumerate(ax.images):
        values = np.asarray(image.get_array(), float)
        if values.ndim == 2 and values.size <= MOST:
            rows += [(panel, f"cell {r}", item, c, c, value, "") for (r, c), value in np.ndenumerate(values)]
    rows += [(panel, "word", at, 0, *text.get_position(), text.get_text()) for at, text in enumerate(ax.texts)]
    return rows


def _points(collection: Collection) -> list[np.ndarray]:
    """Where scattered marks stand; the outlines of areas and error bars."""
    offsets = collection.get_offsets()
    drawn = [path.vertices for path in collection.get_paths()]
    return [offsets] if len(offsets) > 1 or np.any(offsets) else drawn

"""The numbers read off a figure are those that were drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from emostudy.figures import style
from emostudy.figures.plotted import plotted


def drawn():
    fig, (left, right) = plt.subplots(1, 2)
    left.plot([0, 1, 2], [3, np.nan, 5])
    left.scatter([1, 2], [7, 8])
    left.bar([0], [4], width=2)
    left.fill_between([0, 1], [0, 0], [1, 2])
    left.text(0.5, 0.25, "word")
    right.imshow([[1, 2], [3, 4]])
    right.imshow(np.zeros((40, 40, 3)))
    right.imshow(np.zeros((400, 400)))
    plt.close(fig)
    return fig


def test_points_bars_cells_and_words_are_read():
    rows = plotted(drawn())
    line = rows[(rows.kind == "line") & (rows.panel == 0)]
    assert line.x.tolist() == [0, 1, 2] and line.y.tolist()[::2] == [3, 5] and np.isnan(line.y.tolist()[1])
    marks = rows[(rows.kind == "marks")]
    assert {(1, 7), (2, 8), (1, 2)} <= set(zip(marks.x, marks.y, strict=True))
    bar = rows[rows.kind == "bar"]
    assert {(-1, 0), (1, 4)} <= set(zip(bar.x, bar.y, strict=True))
    cells = rows[rows.kind.str.startswith("cell")]
    assert cells.y.tolist() == [1, 2, 3, 4]  # and neither the photograph nor the large picture
    assert rows[rows.kind == "word"][["x", "y", "text"]].to_numpy().tolist() == [[0.5, 0.25, "word"]]


def test_a_figure_is_saved_with_its_numbers(tmp_path):
    for folder in ("one", "two"):
        style.save(drawn(), tmp_path / folder, "05_x", "Three points rise.")
    first, second = (tmp_path / folder / "figures" / "05_x.csv" for folder in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    back = pd.read_csv(first, keep_default_na=False)
    assert len(back) == len(plotted(drawn())) and back.text.tolist().count("word") == 1

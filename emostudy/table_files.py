"""A table as files: csv for machines, Markdown and LaTeX for people. The same table gives the same bytes."""

from pathlib import Path

import pandas as pd

from emostudy.paths import write_atomically

LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
LATEX |= {character: "\\" + character for character in "&%$#_{}"}


def save(
    df: pd.DataFrame, folder: Path, slug: str, caption: str, shown: pd.DataFrame | None = None, note: str = ""
) -> list[Path]:
    """Write `tables/<slug>.csv` (the numbers of `df`), `.md` and `.tex` (`shown`, or `df` where there is no other).

    Args:
        folder: `results/<corpus>/<profile>`.
        note: stands below the Markdown table and after the caption in LaTeX.
    """
    shown = df if shown is None else shown
    texts = {
        "csv": df.to_csv(index=False, float_format="%.5g", lineterminator="\n"),
        "md": markdown(shown, caption, note),
        "tex": latex(shown, slug, caption, note),
    }
    paths = [folder / "tables" / f"{slug}.{ending}" for ending in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        with write_atomically(path) as temporary:
            temporary.write_text(text, "utf-8", newline="\n")
    return paths


def markdown(df: pd.DataFrame, caption: str, note: str = "") -> str:
    """A GitHub table, numbers to the right, caption above and note below."""
    words = worded(df)
    rule = ["---:" if right else ":---" for right in _to_right(words)]
    rows = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in (words, *words.to_numpy())]
    lines = ["| " + " | ".join(row) + " |" for row in (rows[0], rule, *rows[1:])]
    return "\n\n".join(part for part in (f"**{caption}**", "\n".join(lines), note) if part) + "\n"


def latex(df: pd.DataFrame, slug: str, caption: str, note: str = "") -> str:
    """A booktabs table float, label `tab:<slug>`; cells, headers and caption escaped."""
    words = worded(df)
    style = words.style.hide(axis="index").format(escape="latex").format_index(escape="latex", axis=1)
    sentence = caption if caption.endswith((".", "?", "!")) else f"{caption}."
    text = "".join(LATEX.get(character, character) for character in f"{sentence} {note}".strip())
    align = "".join("r" if right else "l" for right in _to_right(words))
    return style.to_latex(
        hrules=True, column_format=align, caption=text, label=f"tab:{slug}", position_float="centering"
    )


def worded(df: pd.DataFrame) -> pd.DataFrame:
    """Every cell a string: floats with five digits at most, "-" for NaN."""

    def word(cell) -> str:
        return "-" if pd.isna(cell) else f"{cell:.5g}" if isinstance(cell, float) else str(cell)

    return df.reset_index(drop=True).astype(object).map(word)


def _to_right(words: pd.DataFrame) -> list[bool]:
    """Columns in which every cell begins like a number."""
    return words.map(lambda cell: cell[:1] in tuple("-+<.0123456789")).all().tolist()

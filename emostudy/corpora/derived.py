"""Columns that are made from the clip table: what was said before, for recipes that read a dialogue.

`history_3` is a clip's words and the three turns before it, the newest first, each with its speaker's name:
`Joey: What? [SEP] Ross: We were on a break! [SEP] Rachel: ...`. The current turn stands first, so that a tokeniser that cuts at
the end drops the oldest turn. Only words and names are read, never an emotion; under a random split an earlier turn may be of
another part.
"""

import re

import pandas as pd

SEPARATOR = "[SEP]"  # between turns; an encoder's own token takes its place
HISTORY = re.compile(r"history_(\d+)")


def is_made(medium: str) -> bool:
    """Whether a column is made here."""
    return HISTORY.fullmatch(medium) is not None


def is_text(medium: str) -> bool:
    """Whether the cells of a column are words, and not the names of files."""
    return medium == "text" or is_made(medium)


def column(clips: pd.DataFrame, medium: str) -> pd.Series | None:
    """Cells of a column of the clip table, or of one made from it; a missing cell is None or NaN.

    None where there is no such column: `history_<k>` needs words, and a dialogue that is known of some clip.
    """
    match = HISTORY.fullmatch(medium)
    if medium in clips or not match:
        return clips.get(medium)
    known = "text" in clips and ((clips.dialogue != "") & clips.dialogue.notna() & clips.text.notna()).any()
    return history(clips, int(match[1])) if known else None


def history(clips: pd.DataFrame, turns: int) -> pd.Series:
    """Each clip's words after its speaker's name, then those of up to `turns` turns before it in its dialogue, newest first.

    A speaker who is not known has no name there; a turn without words is passed over; a clip of no dialogue stands alone.
    """
    ordered = clips[clips.text.notna()].sort_values(["dialogue", "turn", "start"], kind="stable")
    said = [f"{name}: {text}" if name else text for name, text in zip(names(ordered), ordered.text, strict=True)]
    joined, past = [], []
    before = None
    for dialogue, words in zip(ordered.dialogue, said, strict=True):
        past = past if dialogue and dialogue == before else []
        joined.append(f" {SEPARATOR} ".join([words, *past[:turns]]))
        past, before = [words, *past], dialogue
    return pd.Series(joined, index=ordered.index, dtype=object).reindex(clips.index)


def names(clips: pd.DataFrame) -> list[str]:
    """The speakers as the corpus tells them, "" where it does not."""
    return ["" if pd.isna(name) else str(name) for name in clips.speaker]

"""Clips chosen by the side of the frame on which the speaker sits, as system I compared them."""

from dataclasses import replace

import pandas as pd

from emostudy.corpora.corpus import Corpus

SIDES = ("left", "right", "balanced")


def on_side(corpus: Corpus, side: str) -> Corpus:
    """The clips whose speaker sits "left" or "right", or "balanced" ones of both; the others join `left_out`.

    Reading of balanced: of each emotion as many clips from the left as from the right, those left out drawn at random (seed 0).

    Raises:
        ValueError: another word, a corpus without the column `side`, or none of its clips left.
    """
    if side not in SIDES:
        raise ValueError(f"side is {side!r}; need {', '.join(SIDES[:-1])} or {SIDES[-1]}")
    if "side" not in corpus.clips:
        raise ValueError(f"{corpus.name} does not say on which side a speaker sits (column `side`); take IEMOCAP")
    clips = corpus.clips[corpus.clips.side.isin([side] if side != "balanced" else ["left", "right"])]
    if side == "balanced":
        shuffled = clips.sample(frac=1, random_state=0)
        rank = shuffled.groupby(["emotion", "side"]).cumcount()
        sizes = clips.groupby(["emotion", "side"]).size().unstack(fill_value=0).min(axis=1)
        clips = shuffled[rank < shuffled.emotion.map(sizes)].sort_index()
    if not len(clips):
        raise ValueError(f"{corpus.name} has no clip for side {side!r}")
    others = corpus.clips.clip_id[~corpus.clips.index.isin(clips.index)]
    reason = (
        "left out for as many on the other side" if side == "balanced" else f"the speaker does not sit on the {side}"
    )
    out = pd.DataFrame({"file": others, "reason": reason})
    return replace(corpus, clips=clips, left_out=pd.concat([corpus.left_out, out], ignore_index=True))

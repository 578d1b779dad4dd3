"""Readings: the same clips under another set of labels, and what was left out for it, counted."""

from dataclasses import replace

import pandas as pd

from emostudy.corpora.corpus import SEVERAL, Corpus


def read_as(corpus: Corpus, name: str, card: dict) -> Corpus:
    """The corpus under a reading's labels.

    Args:
        name: of the reading, `<corpus>_<reading>`.
        card: of the reading: `emotions` in order, `labels` (own label -> label of the reading; a label that is not named
            leaves its clips out), and `multi_label` where a clip may keep several.

    Raises:
        ValueError: a label that the corpus does not have, or one that leads to none of the reading's emotions.
    """
    labels = card.get("labels", {own: own for own in corpus.emotions})
    strange = sorted(set(labels) - set(corpus.emotions)) or sorted(set(labels.values()) - set(card["emotions"]))
    if strange:
        raise ValueError(f"card of {name}: label {strange[0]!r} is unknown; known are {list(corpus.emotions)}")
    new = corpus.clips.emotion.map({cell: relabelled(cell, labels) for cell in corpus.clips.emotion.unique()})
    several = new.str.contains(SEVERAL, regex=False) & (not card.get("multi_label", False))
    reasons = pd.Series("", new.index).where(new != "", "emotion " + corpus.clips.emotion + f" is not in {name}")
    reasons = reasons.where(~several, "several emotions: " + new)
    out = reasons != ""
    left_out = pd.DataFrame({"file": corpus.clips.clip_id[out], "reason": reasons[out]})
    clips = corpus.clips.assign(emotion=new)[~out]
    return replace(
        corpus,
        name=name,
        emotions=tuple(card["emotions"]),
        card=corpus.card | card,
        clips=clips,
        left_out=pd.concat([corpus.left_out, left_out], ignore_index=True),
    )


def relabelled(cell: str, labels: dict[str, str]) -> str:
    """The labels of a cell under a map, each once, in order: "annoyance|anger" -> "anger". "" where none is named."""
    return SEVERAL.join(dict.fromkeys(labels[label] for label in cell.split(SEVERAL) if label in labels))

"""Readings: the same clips under another set of labels, or some of them, and what was left out for it, counted."""

from dataclasses import replace

import pandas as pd

from emostudy.corpora.corpus import SEVERAL, Corpus
from emostudy.corpora.sides import on_side
from emostudy.corpora.vocabularies import is_open


def read_as(corpus: Corpus, name: str, card: dict) -> Corpus:
    """The corpus under a reading's labels.

    Args:
        name: of the reading, `<corpus>_<reading>`.
        card: of the reading: `emotions` in order, `labels` (own label -> label of the reading; a label that is not named
            leaves its clips out, those too that have a named one besides), `multi_label` where a clip may keep several, and `side` where
            only those are taken whose speaker sits there (`sides.on_side`).

    Returns:
        Each clip that was left out joins `left_out` by its clip_id, with the labels that stood in the way. Of the
        emotions of the reading, the corpus has those that its own labels lead to.

    Raises:
        ValueError: a label that the corpus does not have, one that leads to none of the reading's emotions, an emotion that
            no label leads to, or no clip left.
    """
    labels = card.get("labels", {own: own for own in card["emotions"]})
    check(corpus, name, card["emotions"], labels)
    labels = {own: new for own, new in labels.items() if own in corpus.emotions}
    emotions = [emotion for emotion in card["emotions"] if emotion in labels.values()]
    several = card.get("multi_label", False)
    read = {cell: relabelled(cell, labels, name, several) for cell in corpus.clips.emotion.unique()}
    new, reason = (corpus.clips.emotion.map({cell: pair[i] for cell, pair in read.items()}) for i in (0, 1))
    if not (reason == "").any():
        raise ValueError(f"{name}: no clip is left; the emotions of {corpus.name} are {list(corpus.emotions)[:12]}")
    out = pd.DataFrame({"file": corpus.clips.clip_id, "reason": reason})[reason != ""]
    found = replace(
        corpus,
        name=name,
        emotions=tuple(emotions),
        card=corpus.card | card,
        clips=corpus.clips.assign(emotion=new)[reason == ""],
        left_out=pd.concat([corpus.left_out, out], ignore_index=True),
    )
    return on_side(found, card["side"]) if "side" in card else found


def check(corpus: Corpus, name: str, emotions: list[str], labels: dict[str, str]) -> None:
    """ValueError where a reading's labels and emotions do not fit together, or not what the corpus may have."""
    known = {*corpus.emotions, *corpus.card.get("emotions", []), *(labels if is_open(corpus.card) else [])}
    strange = sorted(set(labels) - known) or sorted(set(labels.values()) - set(emotions))
    if strange:
        raise ValueError(f"card of {name}: label {strange[0]!r} is unknown; known are {list(corpus.emotions)}")
    idle = [emotion for emotion in emotions if emotion not in labels.values()]
    if idle:
        raise ValueError(
            f"card of {name}: no label leads to {idle[0]!r}; name one in labels or take it out of emotions"
        )


def relabelled(cell: str, labels: dict[str, str], name: str, several: bool) -> tuple[str, str]:
    """The labels of a cell under a map, each once, in order, and ""; or "" and the reason why the clip is left out.

    "annoyance|anger" -> ("anger", "").
    """
    own = cell.split(SEVERAL)
    if strange := [label for label in own if label not in labels]:
        return "", f"emotion {SEVERAL.join(strange)} is not in {name}"
    new = list(dict.fromkeys(labels[label] for label in own))
    if len(new) > 1 and not several:
        return "", f"several emotions: {SEVERAL.join(new)}"
    return SEVERAL.join(new), ""

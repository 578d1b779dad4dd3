"""The count guard: what was found of a corpus against what its card says was published."""

from emostudy.corpora.catalogue import base_of, cards
from emostudy.corpora.corpus import Corpus, counts


def differences(corpus: Corpus) -> list[str]:
    """What differs from the card, in words: `1436 of 1440 clips: 4 missing`, `happy: 190 of 192`. [] where nothing does.

    Counted before duplicates were set aside (`corpus.found`). What the card does not state is not compared. A reading is
    compared with the card of its corpus, for both have the same files.
    """
    card = cards().get(base_of(corpus.name), corpus.card)
    if card.get("access") == "made here":  # as large as it was asked for
        return []
    found = corpus.found or counts(corpus.clips)
    lines = [
        difference(found["clips"], card.get("num_clips"), "clips"),
        difference(found["speakers"], card.get("num_speakers"), "speakers"),
    ]
    published = card.get("counts", {})
    for emotion, number in published.items():
        lines.append(difference(found["emotions"].get(str(emotion), 0), number, str(emotion)))
    if published:
        known = {str(emotion) for emotion in published}
        strange = {emotion: number for emotion, number in found["emotions"].items() if emotion not in known}
        lines += [f"{number} clips of {emotion}, which the card does not name" for emotion, number in strange.items()]
    return [line for line in lines if line]


def difference(found: int, published: int | None, of: str) -> str:
    """One count in words; "" where it is as published, or nothing was."""
    if published is None or found == published:
        return ""
    gap = f"{published - found} missing" if found < published else f"{found - published} too many"
    return f"{found} of {published} {of}: {gap}"

"""Mistakes that need no recipe of their own, one function each: (test predictions with it, without), None where it cannot be made."""

from dataclasses import replace

import pandas as pd

from emostudy import ablations
from emostudy.lesson import Lesson
from emostudy.recipes.leaky import Confounded, Unbalanced
from emostudy.recipes.reference import MAJORITY, SPEAKER_ONLY
from emostudy.recipes.rules import STACKING
from emostudy.refusals import too_small_for

Pair = tuple[pd.DataFrame, pd.DataFrame] | None
WAYS = ("random", "speaker_independent")
TITLES = {f"{STACKING.name}_on_dev": STACKING.title}  # of what is not one of a lesson's runs


def known_speaker(test: pd.DataFrame) -> Pair:
    """The speaker is in train and test: one system's test predictions on a random split, and on new speakers."""
    return _under(test, *WAYS)


def known_sentence(test: pd.DataFrame) -> Pair:
    """The sentence is in train and test: one system's test predictions on a random split, and on new sentences."""
    return _under(test, "random", "sentence_independent")


def _under(test: pd.DataFrame, *ways: str) -> Pair:
    by_protocol = dict(list(test.groupby("protocol")))
    return tuple(by_protocol[way] for way in ways) if set(ways) <= set(by_protocol) else None


def learned_clips(single: pd.DataFrame) -> Pair:
    """Training clips are scored: what a network says of clips that it has learned, and of test clips.

    Each clip and seed once, from the first fold that learned it.

    Args:
        single: predictions of one network on train, dev and test.
    """
    seen = single[single.part == "train"].sort_values("fold", kind="stable")
    seen = seen.drop_duplicates(["seed", "clip_id"]).assign(part="test")
    return (seen, single[single.part == "test"]) if len(seen) else None


def stacked_on_learned(single: pd.DataFrame, emotions: tuple[str, ...]) -> Pair:
    """A stacker is fitted on what single networks say of clips that they have learned, and on what they say of dev.

    Args:
        single: predictions of one network per modality on train, dev and test; None of one modality.
    """
    if single.modalities.nunique() < 2:
        return None
    learned, fair = (ablations.stacked(single, STACKING, part, emotions) for part in ("train", "dev"))
    return learned, fair


def confounded(lesson: Lesson, allowed: list[str], folds: tuple[int, ...]) -> Pair:
    """Speakers differ in what they feel: what a speaker's name alone reads of them on a random split, and on new speakers."""
    sample = Confounded()
    if not set(WAYS) <= set(allowed) or too_small_for(sample, lesson.corpus, list(WAYS), folds):
        return None
    found = [replace(lesson, protocols=[way]).ablate((SPEAKER_ONLY,), "confounded", sample) for way in WAYS]
    return tuple(rows[(rows.part == "test") & (rows.protocol == way)] for rows, way in zip(found, WAYS, strict=True))


def unbalanced(lesson: Lesson, folds: tuple[int, ...]) -> pd.DataFrame | None:
    """Nine tenths of all emotions but one are left out: what the majority class says of the test clips that are left."""
    sample = Unbalanced()
    if too_small_for(sample, lesson.corpus, lesson.protocols[-1:], folds):
        return None
    found = lesson.ablate((MAJORITY,), "unbalanced", sample)
    return found[found.part == "test"]

"""Costly systems, run once beside a lesson's: one seed, of a large corpus a share of the training clips."""

from dataclasses import replace

import pandas as pd

from emostudy.ablations import against, briefly, cut_of
from emostudy.claim_tables import NEAREST
from emostudy.corpora.corpus import Corpus
from emostudy.recipes import Recipe, fits, for_corpus
from emostudy.recipes.registry import every, named
from emostudy.records import best_single, compare_pairs

ONCE = "once"  # the condition of these runs: they stand in a table of their own, and take part in no fusion


def recipes_of(modality: str, corpus: Corpus, weights: str = "") -> tuple[Recipe, ...]:
    """The systems of this modality that the corpus' card names under `once`.

    Args:
        weights: what pretrained systems start from, as a notebook was given them.

    Raises:
        ValueError: a name that no system has which the corpus can feed.
    """
    known = {name: one for name, one in named(modality, corpus, weights).items() if fits(one, corpus)}
    mine = {*every(modality), *known}
    wanted = [name for name in corpus.card.get("once", []) if name in mine or name.startswith(f"{modality}_")]
    if unknown := [name for name in wanted if name not in known]:
        raise ValueError(
            f"{unknown[0]} is under `once` in the card of {corpus.name}, which cannot feed it, or it needs weights: take it out of the card"
        )
    return for_corpus(tuple(known[name] for name in wanted), corpus)


def train(lesson, modality: str, weights: str = "") -> pd.DataFrame | None:
    """Predictions of these systems with the lesson's first seed under its honest protocol; None at a profile without `further`.

    In all folds, or in as many as the corpus' card says under `once_folds`. And in one fold of a random split, which is how most of their
    authors split: whether or not the lesson has that protocol, for the fall is what is asked of them.
    """
    recipes = recipes_of(modality, lesson.corpus, weights) if lesson.profile.further else ()
    if not recipes:
        return None
    few, cut = briefly(lesson, lesson.corpus.card.get("once_folds")), cut_of(lesson.corpus)
    found = [few.ablate(recipes, ONCE, cut)]
    if lesson.protocols[-1] != NEAREST:
        found.append(replace(briefly(lesson, 1), protocols=[NEAREST]).ablate(recipes, ONCE, cut))
    return pd.concat(found, ignore_index=True)


def compared(rows: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """Each of these systems against the one that dev prefers among them, as `records.compare_pairs`: none where one ran alone.

    Args:
        rows: of one protocol.
    """
    baseline = best_single(rows.assign(condition="none"), corpus, rows.protocol.iloc[0])
    return compare_pairs(against(rows, baseline), corpus)

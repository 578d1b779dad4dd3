"""Rebuilds of printed numbers in their authors' own way to split, beside the protocols of a lesson: for tables of claims alone."""

from dataclasses import dataclass

import pandas as pd

from emostudy.claims import CLAIMS, IN_THEIR_WAY, Claim
from emostudy.protocols import splits
from emostudy.recipes import Recipe, fits
from emostudy.recipes.registry import named
from emostudy.wording import protocol_title


@dataclass(frozen=True)
class Planned:
    """Which systems are to run in which way, and why others cannot."""

    recipes: dict[str, tuple[Recipe, ...]]  # by way
    refused: tuple[str, ...] = ()


def plan(lesson, modality: str, ran: pd.DataFrame, weights: str = "") -> Planned:
    """The systems of this modality that the corpus' card names under `in_their_way`; at a profile without `further` none.

    Args:
        ran: predictions of the lesson: what ran in its authors' way as one of the lesson's protocols does not run so again.
        weights: what pretrained systems start from, as a notebook was given them.
    """
    wanted = lesson.corpus.card.get("in_their_way", []) if lesson.profile.further else []
    done, recipes, refused = set(zip(ran.recipe, ran.protocol, strict=True)), {}, []
    for name in (name for name in wanted if name.startswith(f"{modality}_")):
        try:
            recipe, way = checked(name, modality, lesson.corpus, weights)
        except ValueError as error:
            refused.append(f"{name}: {error}")
            continue
        if (name, way) not in done:
            recipes[way] = (*recipes.get(way, ()), recipe)
    return Planned(recipes, tuple(refused))


def checked(name: str, modality: str, corpus, weights: str) -> tuple[Recipe, str]:
    """A system by name, and the way of the claim that it rebuilds.

    Raises:
        ValueError: no such system without weights, it rebuilds no claim with a way, the corpus cannot feed it or be split so.
    """
    recipe = named(modality, corpus, weights).get(name)
    if recipe is None:
        raise ValueError("is known only where its weights are given: text_weights in 04, weights elsewhere")
    claim = claim_of(recipe, modality)
    if not (claim and claim.way):
        raise ValueError("rebuilds no printed number of which a way to split is told: take it out of the card")
    if not fits(recipe, corpus):
        raise ValueError(
            f"{corpus.name} has {', '.join(corpus.media)} and not what it reads: get the rest of the corpus"
        )
    splits(corpus, claim.way)
    return recipe, claim.way


def claim_of(recipe: Recipe, modality: str) -> Claim | None:
    """The first claim whose model a recipe rebuilds."""
    return next((one for one in CLAIMS if one.modalities == modality and recipe.source.startswith(one.source)), None)


def train(lesson, planned: Planned) -> pd.DataFrame:
    """Predictions of what is planned, each under its own way, with the condition `IN_THEIR_WAY`."""
    made = [lesson.train(recipes, IN_THEIR_WAY, [way]) for way, recipes in planned.recipes.items()]
    return pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=["run_id", "recipe", "protocol"])


def worded(planned: Planned) -> str:
    """What ran in its authors' way beside the lesson's protocols, and what could not."""
    ran = [
        f"{', '.join(recipe.title for recipe in recipes)} ({protocol_title(way)})"
        for way, recipes in planned.recipes.items()
    ]
    lines = [f"In their authors' own way to split, for the two tables below alone: {'; '.join(ran)}."] if ran else []
    lines += [f"Not in their authors' way: {reason}." for reason in planned.refused]
    return "\n\n".join(lines) or "No system runs beside the protocols of this notebook."

"""For which corpus a system is meant: so that a printed command runs it where it belongs, and where it has something to read."""

from collections.abc import Sequence
from functools import cache

from emostudy.claims import CLAIMS
from emostudy.corpora import derived
from emostudy.corpora.catalogue import ACCESS, card, cards
from emostudy.recipes import Recipe
from emostudy.recipes.registry import every

MEANT = (  # how a recipe's source begins, and the corpus of its authors where no printed number names it
    ("system F, JAFFE CNN", "jaffe"),
    ("system F, CK+48 CNN", "ck48"),
    ("system F, second CNN for CFE", "face_folders"),
    ("system F, CFE", "face_folders"),
    ("system I, ", "iemocap_9"),
    ("system R, face", "ravdess"),
    ("system R, speech", "ravdess"),
    ("system R, spectrogram", "ravdess"),
)


def corpus_for(recipe: Recipe, ran_on: Sequence[str] = ()) -> str:
    """The name of the corpus that a system is meant for and that can feed it.

    That is the one of the printed numbers that it rebuilds, or of its authors; else one on which it ran; else the first of the study.

    Raises:
        ValueError: no corpus can feed it.
    """
    claimed = [claim.corpora[0] for claim in CLAIMS if recipe.source.startswith(claim.source)]
    named = [corpus for source, corpus in MEANT if recipe.source.startswith(source)]
    alone = [
        corpus for corpus in ran_on if "subcorpora" not in card(corpus)
    ]  # on others no notebook of one modality runs
    for corpus in (*claimed, *named, *alone, *known()):
        if feeds(corpus, recipe):
            return corpus
    media = ", ".join(feature.medium for feature in recipe.features.values())
    raise ValueError(f"{recipe.name} reads {media}, which no card's media name: add a corpus that has them")


@cache
def known() -> tuple[str, ...]:
    """All corpora that are not joined of others: what is made here first, then what is downloaded freely, then the rest."""
    alone = [name for name, one in cards().items() if "subcorpora" not in one]
    return tuple(sorted(alone, key=lambda name: ACCESS.index(card(name)["access"])))


def feeds(corpus: str, recipe: Recipe) -> bool:
    """Whether a whole copy of a corpus has all that the system of this name reads there: on stills it is another than on films."""
    told = card(corpus)
    media = set(told.get("media", []))
    stills = "image" in media and "video" not in media
    there = systems(recipe.modalities[0], "image" if stills else "video", told.get("faces") == "cropped")
    here = there.get(recipe.name)
    return here is not None and all(has(media, feature.medium) for feature in here.features.values())


def has(media: set[str], medium: str) -> bool:
    """Whether there is such a column, or what it is made from."""
    return medium in media or (derived.is_made(medium) and {"text", "dialogue"} <= media)


@cache
def systems(modality: str, medium: str, cropped: bool) -> dict[str, Recipe]:
    """`registry.every`, made once."""
    return every(modality, medium, cropped)

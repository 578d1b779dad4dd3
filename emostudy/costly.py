"""Further systems that take minutes a fold, as a corpus' card names them under `costly`: trained under the honest protocol alone."""

from emostudy.corpora.corpus import Corpus
from emostudy.recipes import Recipe


def is_costly(recipe: Recipe, corpus: Corpus) -> bool:
    """Whether the corpus' card names it."""
    return recipe.name in corpus.card.get("costly", [])


def apart(
    recipes: tuple[Recipe, ...], corpus: Corpus, protocols: list[str]
) -> list[tuple[tuple[Recipe, ...], list[str]]]:
    """Recipes and their protocols: costly ones have the last alone, all others every one; nothing of a kind that is not there."""
    costly = tuple(recipe for recipe in recipes if is_costly(recipe, corpus))
    others = tuple(recipe for recipe in recipes if recipe not in costly)
    return [(some, asked) for some, asked in ((others, protocols), (costly, protocols[-1:])) if some]

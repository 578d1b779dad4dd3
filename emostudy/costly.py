"""Further systems that take minutes a fold, as a corpus' card names them under `costly`: under the honest protocol alone.

They take no part in fusion, whose fall from one protocol to the other would be of other speakers.
"""

from emostudy.corpora.corpus import Corpus
from emostudy.means_of_runs import members_of
from emostudy.recipes import Recipe


def is_costly(recipe: Recipe, corpus: Corpus) -> bool:
    """Whether the corpus' card names it, or what it is a mean of."""
    return any(one.name in corpus.card.get("costly", []) for one in (recipe, *members_of(recipe)))


def apart(
    recipes: tuple[Recipe, ...], corpus: Corpus, protocols: list[str]
) -> list[tuple[tuple[Recipe, ...], list[str]]]:
    """Recipes and their protocols: costly ones have the last alone, all others every one; no group is empty but one of no recipes."""
    costly = tuple(recipe for recipe in recipes if is_costly(recipe, corpus))
    others = tuple(recipe for recipe in recipes if recipe not in costly)
    groups = [(some, asked) for some, asked in ((others, protocols), (costly, protocols[-1:])) if some]
    return groups or [(recipes, protocols)]

"""Recipes for clips that may have several labels at once: which learner takes the place of a recipe's own."""

from dataclasses import fields, replace

from emostudy.adjusting import LogitAdjusted
from emostudy.corpora.corpus import Corpus
from emostudy.ensembles import Together
from emostudy.recipes import Recipe
from emostudy.several_learners import ManyLabels, OneEach
from emostudy.training import Estimator, Network

KINDS = {Estimator: OneEach, Network: ManyLabels}


def for_labels(recipes: tuple[Recipe, ...], corpus: Corpus) -> tuple[Recipe, ...]:
    """The recipes as they learn on this corpus: unchanged, or for several labels a clip where its card says `multi_label`.

    Raises:
        ValueError: a learner that cannot learn several.
    """
    if not corpus.card.get("multi_label"):
        return recipes
    return tuple(replace(recipe, learner=_for_several(recipe)) for recipe in recipes)


def learns_several(recipe: Recipe) -> bool:
    """Whether a recipe gives each label a probability by itself."""
    members = getattr(recipe.learner, "members", ())
    return isinstance(recipe.learner, OneEach | ManyLabels) or any(map(learns_several, members))


def _for_several(recipe: Recipe):
    """The recipe's learner for several labels."""
    learner = recipe.learner
    if learns_several(recipe):
        return learner
    if isinstance(learner, Together):
        return replace(learner, members=tuple(replace(one, learner=_for_several(one)) for one in learner.members))
    if isinstance(learner, LogitAdjusted):
        return _for_several(replace(recipe, learner=learner.learner))
    kind = KINDS.get(type(learner))
    mixes = getattr(learner, "mixup", 0)  # whose shares are of one label a clip
    if kind is None or mixes:
        why = "mixes clips (mixup)" if mixes else f"learns by {type(learner).__name__}"
        raise ValueError(f"{recipe.name} {why}, which is for one emotion a clip; leave it out for this corpus")
    return kind(**{field.name: getattr(learner, field.name) for field in fields(learner)})

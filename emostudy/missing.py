"""Clips that lack a modality: what joins several is told who lacks what and learns from the rest; all else leaves such clips out."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from emostudy.batched import Batched
from emostudy.features.extract import Extracted
from emostudy.features.fitted import Transform
from emostudy.provenance import hash_of
from emostudy.recipes import Recipe


@dataclass(frozen=True)
class OfThoseThere:
    """What is fitted on training clips (`fit`, of `features/fitted.py`) where some of them are missing: those are passed over.

    Missing is a row of NaN, or None among sentences; its transform is a row of NaN.
    """

    fit: Callable

    def __call__(self, train: np.ndarray) -> Transform:
        """Raises ValueError where no training clip is there."""
        there = is_there(train)
        if not there.any():
            raise ValueError("no training clip has this modality: leave it out of the set, or take another protocol")
        transform = self.fit(_plain(train[there]))
        return Transform(lambda values: _spread(transform, values), transform.size)


def is_there(values: np.ndarray) -> np.ndarray:
    """Which clips are not missing, (N,)."""
    if values.dtype.kind in "OU":
        return np.array([value is not None for value in values], bool)
    return ~np.isnan(values).reshape(len(values), -1).any(1)


def _spread(transform: Transform, values: np.ndarray) -> Tensor:
    there = is_there(values)
    if there.all():
        return transform(_plain(values))
    known = transform(_plain(values[there])) if there.any() else torch.zeros(0, transform.size)
    spread = torch.full((len(values), *known.shape[1:]), torch.nan)
    spread[torch.from_numpy(there)] = known
    return spread


def _plain(values: np.ndarray) -> np.ndarray:
    return values.astype(str) if values.dtype.kind == "O" else values


def adapted(recipe: Recipe, inputs: dict[str, Extracted]) -> Recipe:
    """The recipe as it learns from these inputs: `passing_over` where a clip that has some of them lacks another, and it can."""
    known = [set(values.clip_ids) for values in inputs.values()]
    return recipe if all(one == known[0] for one in known) or not can_pass_over(recipe) else passing_over(recipe)


def can_pass_over(recipe: Recipe) -> bool:
    """Heads can, and networks that say what they build then (`Recipe.lacking`).

    Not where speakers are standardised: their means would be of other clips for each modality.
    """
    return (isinstance(recipe.learner, Batched) or recipe.lacking is not None) and not recipe.by_speaker


def passing_over(recipe: Recipe) -> Recipe:
    """The recipe as it learns from clips of which some lack a modality."""
    learner = replace(recipe.learner, build=recipe.lacking) if recipe.lacking else recipe.learner
    return replace(recipe, learner=learner, prepare={name: OfThoseThere(fit) for name, fit in recipe.prepare.items()})


class Lacking(Extracted):
    """Values of one feature of which some clips are asked for that gave none."""

    def rows(self, clip_ids: tuple[str, ...]) -> np.ndarray:
        """As `Extracted.rows`; NaN, of sentences None, for a clip that gave none."""
        mine = set(self.clip_ids)
        known = np.array([clip_id in mine for clip_id in clip_ids], bool)
        kind, missing = (object, None) if self.values.dtype.kind in "OU" else (np.float32, np.nan)
        values = np.full((len(clip_ids), *self.values.shape[1:]), missing, kind)
        values[known] = super().rows(tuple(np.array(clip_ids, object)[known]))
        return values


def passes_over(recipe: Recipe) -> bool:
    """Whether a recipe was `adapted`."""
    return any(isinstance(fit, OfThoseThere) for fit in recipe.prepare.values())


def inputs_of(recipe: Recipe, extracted: dict[str, Extracted]) -> dict[str, Extracted]:
    """What a recipe reads, by input, of features by their hash; where it was `adapted`, of clips too that lack some of it."""
    found = {name: extracted[hash_of(feature)] for name, feature in recipe.features.items()}
    if not passes_over(recipe):
        return found
    return {name: Lacking(one.clip_ids, one.values, one.left_out) for name, one in found.items()}


def usable(recipe: Recipe, inputs: dict[str, Extracted]) -> set[str]:
    """Clip ids that an `adapted` recipe can learn from or be asked about; `left_out` of the extraction says why others are not there."""
    known = [set(values.clip_ids) for values in inputs.values()]
    return set.union(*known) if passes_over(recipe) else set.intersection(*known)

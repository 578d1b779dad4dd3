"""Several recipes as one system: each learns by itself from its own inputs, and their probabilities are averaged."""

from dataclasses import dataclass

import numpy as np

from emostudy.estimators import Fitted
from emostudy.recipes import Recipe


@dataclass(frozen=True)
class Together:
    """Learners side by side; the mean of their probabilities. `members` are whole recipes."""

    members: tuple[Recipe, ...]

    @property
    def uses_seed(self) -> bool:
        """Whether any member's result depends on the seed."""
        return any(member.learner.uses_seed for member in self.members)

    def fit(self, recipe, parts, labels, num_classes, seed, **options) -> Fitted:
        """Fit every member on its own inputs. `info` holds each one's, by name."""
        found = {}
        for member in self.members:
            own = {
                part: {name: values[_of(member, name)] for name in member.features} for part, values in parts.items()
            }
            found[member.name] = member.learner.fit(member, own, labels, num_classes, seed, **options)
        dev, test = (np.mean([getattr(one, part) for one in found.values()], axis=0) for part in ("dev", "test"))
        info = {"members": {name: one.info for name, one in found.items()}}
        info["num_parameters"] = sum(one.info["num_parameters"] for one in found.values())
        return Fitted(dev, test, info=info)


@dataclass(frozen=True)
class MeanOfRuns(Together):
    """The same of runs that are there: each member is a system with rows and curves of its own, and is trained once for both.

    `experiments.run` trains the members and writes their mean (`means_of_runs`).

    Raises:
        ValueError: two members of one name, or a member that is such a mean itself.
    """

    def __post_init__(self) -> None:
        names = [member.name for member in self.members]
        if len(set(names)) < len(names):
            raise ValueError(f"two members of a mean are called {names[0]!r}; names must differ: rename one of them")
        for member in self.members:
            if isinstance(member.learner, MeanOfRuns):
                raise ValueError(f"{member.name} is a mean itself: name its members instead")

    def inputs_of(self, member: Recipe) -> set[str]:
        """What the mean calls the member's inputs."""
        return {_of(member, name) for name in member.features}


def together(
    name: str, title: str, *members: Recipe, source: str = "", reading: str = "", learner: type[Together] = Together
) -> Recipe:
    """One recipe of several, for the union of their modalities."""
    return Recipe(
        name,
        title,
        tuple(dict.fromkeys(modality for member in members for modality in member.modalities)),
        {_of(member, key): feature for member in members for key, feature in member.features.items()},
        learner(members),
        source=source,
        reading=reading,
        pretrained=", ".join(dict.fromkeys(member.pretrained for member in members)),
        by_speaker=tuple(_of(member, key) for member in members for key in member.by_speaker),
        pretraining=", ".join(dict.fromkeys(member.pretraining for member in members if member.pretraining)),
    )


def _of(member: Recipe, name: str) -> str:
    return f"{member.name}: {name}"

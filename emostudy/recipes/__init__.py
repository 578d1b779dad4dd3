"""Recipes: every system of the study as one frozen record, and which of them a corpus can feed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from emostudy.corpora import derived
from emostudy.corpora.corpus import Corpus
from emostudy.features import Feature
from emostudy.training import Estimator, Network


@dataclass(frozen=True)
class Recipe:
    """One system: what it looks at, how it is built and trained, and where that comes from.

    Args:
        name: identifier in every table; `title`: how figures call it.
        modalities: those of `face`, `speech`, `text` that it uses; none for the reference lines.
        features: one `Feature` per input; inputs reach the model in this order.
        prepare: per input, a function of `features/fitted.py` (networks only).
        learner: `Network` or `Estimator`.
        source: system and section that it rebuilds; `reading`: what was decided where the source is silent.
        pretrained: the weights it starts from, by name; "none" trained from scratch. `pretraining`: of an encoder of text what it
            was pretrained for.
        by_speaker: inputs standardised over all clips of their speaker before anything else, test clips too: no label is
            used, but unlabelled speech of the test speaker must be at hand.
        lacking: what a `Network` builds instead where clips lack some of its inputs: (sizes, num_classes) -> a network that is
            told so by rows of NaN. None: such clips are left out. Heads need none.
    """

    name: str
    title: str = field(metadata={"record": False})
    modalities: tuple[str, ...]
    features: dict[str, Feature]
    learner: Network | Estimator
    prepare: dict[str, Callable] = field(default_factory=dict)
    source: str = field(default="", metadata={"record": False})
    reading: str = field(default="", metadata={"record": False})
    pretrained: str = "none"
    pretraining: str = field(default="", metadata={"record": False})
    by_speaker: tuple[str, ...] = ()
    lacking: Callable | None = field(default=None, metadata={"record": False})  # it is the learner's, where it is used


def fits(recipe: Recipe, corpus: Corpus) -> bool:
    """Whether the corpus has every column that the recipe's features read, or what such a column is made from."""
    return all(derived.column(corpus.clips, feature.medium) is not None for feature in recipe.features.values())


def for_corpus(recipes: tuple[Recipe, ...], corpus: Corpus) -> tuple[Recipe, ...]:
    """Those of `recipes` that the corpus can feed, in order."""
    return tuple(recipe for recipe in recipes if fits(recipe, corpus))

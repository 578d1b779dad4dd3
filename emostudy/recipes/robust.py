"""Heads of notebook 08: on all modalities with and without hidden ones in training, and on each modality alone for rules to join."""

from dataclasses import replace

from emostudy.corpora.corpus import Corpus
from emostudy.features.clipped import FURTHEST, clipped, clipped_sentence_vectors
from emostudy.features.fitted import padded_sentence_vectors, standardised
from emostudy.parameters import check_name
from emostudy.recipes import Recipe
from emostudy.recipes.heads import WAYS, Way, inputs_of, recipe_of

HIDE = 0.3  # modality dropout: how often a modality is hidden from a training clip
USUAL, FURTHER = ("gated_unit",), ("joined", "embracenet", "cross_modal")
CLIPPED = ("gated_unit", "cross_modal")  # the second has no normalisation that could catch what lies far out
CUT = {standardised: clipped, padded_sentence_vectors: clipped_sentence_vectors}
ALONE = "alone"


def asked(names: list[str], further: bool, corpus: Corpus) -> tuple[Recipe, ...]:
    """Each head as it is and with modality dropout, on all modalities of the corpus.

    Raises:
        ValueError: an unknown name.
    """
    known = {way.name: way for way in WAYS}
    for name in names:
        check_name("head", name, known)
    chosen = dict.fromkeys([*USUAL, *(FURTHER if further else ()), *names])
    return tuple(recipe for name in chosen for recipe in _both(known[name], corpus))


def _both(way: Way, corpus: Corpus) -> tuple[Recipe, Recipe]:
    plain = recipe_of(way, tuple(inputs_of(corpus)), corpus)
    hidden = recipe_of(way, tuple(inputs_of(corpus)), corpus, hide=HIDE)
    reading = f"{plain.reading}; each modality hidden from {100 * HIDE:.0f} % of training clips (mixtures of two), never all of one"
    return plain, replace(hidden, name=f"{way.name}_hidden", title=f"{way.title}, modality dropout", reading=reading)


def cut(further: bool, corpus: Corpus) -> tuple[Recipe, ...]:
    """With `further` the heads in `CLIPPED` on inputs that cannot lie far from those of training clips."""
    known = {way.name: way for way in WAYS}
    plain = [recipe_of(known[name], tuple(inputs_of(corpus)), corpus) for name in CLIPPED if further]
    return tuple(
        replace(
            one,
            name=f"{one.name}_clipped",
            title=f"{one.title}, inputs clipped",
            prepare={name: CUT[fitted] for name, fitted in one.prepare.items()},
            reading=f"{one.reading}; inputs cut at {FURTHEST:g} training deviations",
        )
        for one in plain
    )


def alone(corpus: Corpus) -> tuple[Recipe, ...]:
    """The same inputs and training, one modality each."""
    singles = (recipe_of(WAYS[0], (modality,), corpus) for modality in inputs_of(corpus))
    return tuple(replace(one, name=ALONE, title="one modality alone") for one in singles)


def by_condition(corpus: Corpus) -> dict[str, tuple[Recipe, ...]]:
    """All of these under the condition by which notebook 08 keeps them."""
    return {"corrupted": (*asked([way.name for way in WAYS], True, corpus), *cut(True, corpus), *alone(corpus))}

"""Recipes that join what is known of each modality in one small network: ten ways, the same inputs, the same training.

The settings of the training are those of the perceptron on functionals (`recipes/strong.py`) but for batch normalisation. They were
not tuned for any head, but they were found for that perceptron on RAVDESS, while looking at all its test folds: what heads reach there
may be flattered by that too, by how much is not known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

from emostudy.batched import Batched
from emostudy.corpora import derived
from emostudy.corpora.corpus import Corpus
from emostudy.features.fitted import padded_sentence_vectors, standardised
from emostudy.models import deep_heads, heads
from emostudy.parameters import check_name
from emostudy.recipes import Recipe, fits
from emostudy.recipes.faces import HOG
from emostudy.recipes.films_and_voices import FILMS_AND_VOICES
from emostudy.recipes.text import WORDS
from emostudy.recipes.units import UNIT_POWERS
from emostudy.recipes.voices import FUNCTIONALS

# Per modality what a head can be fed, the first that a corpus has: feature, and what is fitted on training clips.
INPUTS = {
    "face": ((UNIT_POWERS, standardised), (HOG, standardised)),
    "speech": ((FUNCTIONALS, standardised),),
    "text": ((WORDS, padded_sentence_vectors),),
}
READING = "inputs are pooled vectors; sizes of the layers; 30 epochs whatever dev says"
REFITTED = "; fitted again on train and dev"


@dataclass(frozen=True)
class Way:
    """A way to join vectors: the `Head`, its name and title, where it comes from, and in what it is another than there."""

    name: str
    title: str
    build: Callable
    source: str
    unlike: str = ""


WAYS = (
    Way("joined", "joined vectors", heads.Joined, "concatenation, as in system M, of pooled vectors"),
    Way("tensor_fusion", "tensor fusion", heads.TensorFusion, "tensor fusion network (Zadeh et al. 2017)"),
    Way("low_rank_fusion", "low-rank fusion", heads.LowRankFusion, "low-rank multimodal fusion (Liu et al. 2018)"),
    Way(
        "gated_unit",
        "gated unit",
        heads.GatedUnit,
        "after the gated multimodal unit (Arevalo et al. 2017)",
        "softmax gates on the branches' ReLU units, not sigmoids of the inputs on tanh units",
    ),
    Way("embracenet", "EmbraceNet", heads.EmbraceNet, "EmbraceNet (Choi and Lee 2019)"),
    Way("attention_fusion", "attention fusion", heads.AttentionFusion, "attention over face and voice (Chen 2022)"),
    Way(
        "cross_modal",
        "cross-modal transformer",
        deep_heads.CrossModal,
        "after the cross-modal transformer (Tsai et al. 2019)",
        "one attention over the tokens of all other modalities, not one for each ordered pair",
    ),
    Way("hierarchical_gated", "gated, self-distilled", deep_heads.HierarchicalGated, "Ma et al. 2023, on vectors"),
    Way(
        "shared_space",
        "shared space",
        deep_heads.SharedSpace,
        "after the bimodal autoencoder (Ngiam et al. 2011)",
        "learns with labels, from a mean over modalities; a hidden one is not built again from the others",
    ),
    Way(
        "two_stages",
        "two stages (F)",
        deep_heads.TwoStages,
        "system F, video model: the last modality joins in a second stage",
    ),
)
USUAL = ("gated_unit",)  # that every profile trains


def asked(names: list[str], further: bool, corpus: Corpus) -> tuple[Recipe, ...]:
    """The usual heads and those of these names, on every set of modalities; all of `WAYS` with `further`, as at the profile `paper`.

    Raises:
        ValueError: an unknown name, or films asked for where the corpus has none.
    """
    films = {recipe.name: recipe for recipe in FILMS_AND_VOICES}
    known = {way.name: way for way in WAYS} | films
    for name in names:
        check_name("head", name, known)
        if name in films and not fits(films[name], corpus):
            raise ValueError(f"{name} reads video and audio; {corpus.name} has {', '.join(corpus.media)}: leave it out")
    ways = [way for way in WAYS if further or way.name in USUAL or way.name in names]
    named = [films[name] for name in dict.fromkeys(names) if name in films]
    return (*(recipe for way in ways for recipe in recipes_of(way, corpus)), *named)


def inputs_of(corpus: Corpus) -> dict[str, tuple]:
    """Per modality that the corpus has, the feature and what is fitted on training clips."""
    at_hand = {
        modality: [way for way in ways if derived.column(corpus.clips, way[0].medium) is not None]
        for modality, ways in INPUTS.items()
    }
    return {modality: ways[0] for modality, ways in at_hand.items() if ways}


def sets_of(corpus: Corpus, fewest: int = 2) -> list[tuple[str, ...]]:
    """Every set of this many or more of its modalities, small ones first."""
    at_hand = tuple(inputs_of(corpus))
    return [chosen for size in range(fewest, len(at_hand) + 1) for chosen in combinations(at_hand, size)]


def recipes_of(way: Way, corpus: Corpus, fewest: int = 2, **settings) -> tuple[Recipe, ...]:
    """A head on every set of `fewest` or more modalities that the corpus has; `settings` of the learner that differ."""
    return tuple(recipe_of(way, chosen, corpus, **settings) for chosen in sets_of(corpus, fewest))


def recipe_of(way: Way, modalities: tuple[str, ...], corpus: Corpus, **settings) -> Recipe:
    """A head on these modalities of the corpus."""
    inputs = {modality: inputs_of(corpus)[modality] for modality in modalities}
    learner = Batched(way.build, **settings)
    return Recipe(
        way.name,
        way.title,
        modalities,
        {modality: feature for modality, (feature, _) in inputs.items()},
        learner,
        {modality: fitted for modality, (_, fitted) in inputs.items()},
        source=way.source,
        reading="; ".join(filter(None, [READING + REFITTED * learner.refit, way.unlike])),
    )

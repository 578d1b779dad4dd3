"""Recipes that fuse modalities inside one network."""

from itertools import combinations

from emostudy.corpora.corpus import Corpus
from emostudy.features.fitted import flattened, sentence_vectors, standardised
from emostudy.models.fusion import Concatenation, LackingConcatenation
from emostudy.recipes import Recipe
from emostudy.recipes.faces import HOG, UNITS
from emostudy.recipes.speech import MFCC_FRAMES
from emostudy.recipes.text import WORDS
from emostudy.training import Network

# Per modality, the ways in which system M's fusion can be fed: feature, and what is fitted on training clips.
FACE_INPUTS = ((HOG, standardised), (UNITS, standardised))
SPEECH_INPUTS = ((MFCC_FRAMES, flattened),)
TEXT_INPUTS = ((WORDS, sentence_vectors),)
INPUTS = {"face": FACE_INPUTS, "speech": SPEECH_INPUTS, "text": TEXT_INPUTS}


def concatenation(sizes: dict[str, int], num_classes: int) -> Concatenation:
    """System M's network on these inputs."""
    return Concatenation(list(sizes.values()), num_classes)


def lacking_concatenation(sizes: dict[str, int], num_classes: int) -> LackingConcatenation:
    """The same where clips lack a modality."""
    return LackingConcatenation(list(sizes.values()), num_classes)


def concatenations(corpus: Corpus) -> tuple[Recipe, ...]:
    """System M's feature-level fusion for every set of two or more modalities that the corpus has."""
    at_hand = {
        modality: [way for way in ways if way[0].medium in corpus.clips][:1] for modality, ways in INPUTS.items()
    }
    at_hand = {modality: ways[0] for modality, ways in at_hand.items() if ways}
    sizes = range(2, len(at_hand) + 1)
    return tuple(
        _concatenation({m: at_hand[m] for m in chosen}) for size in sizes for chosen in combinations(at_hand, size)
    )


def _concatenation(ways: dict) -> Recipe:
    return Recipe(
        "concatenation",
        "concatenation (M)",
        tuple(ways),
        {modality: feature for modality, (feature, _) in ways.items()},
        Network(concatenation, epochs=20, batch=8, lr=1e-4),
        {modality: fitted for modality, (_, fitted) in ways.items()},
        source="system M, fusion",
        lacking=lacking_concatenation,
        reading="face joins as a third branch; without pretrained weights a sentence is its latent semantic vector",
    )

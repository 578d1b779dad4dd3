"""Every system of the study by name: those that the notebooks train, and the further ones that one asks for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from emostudy.corpora.corpus import Corpus
from emostudy.parameters import check_name
from emostudy.recipes import Recipe, fits, for_corpus, pictures, speech
from emostudy.recipes.classical_text import CLASSICAL_TEXT
from emostudy.recipes.faces import FACES
from emostudy.recipes.nested import FACE_UNITS_NESTED, VOICES_NESTED, WITH_SMILE
from emostudy.recipes.sentences import BASES, pretrained_text, with_history
from emostudy.recipes.spectrograms import SCRATCH, alexnet_picture, resnet18_picture, vgg19_picture
from emostudy.recipes.strong import SPEECH_FUNCTIONALS_MLP, STRONG
from emostudy.recipes.text import TEXT, pretrained_bert
from emostudy.recipes.units import UNITS_STRONG
from emostudy.recipes.videos import FILMS, pretrained_films
from emostudy.recipes.voices import SMILE, VOICES
from emostudy.recipes.waves import ENCODERS, finetuned_encoder, probed_encoder


@dataclass(frozen=True)
class Kind:
    """Systems of one modality: the `usual` ones of its notebook, further ones from `scratch`, and `pretrained` ones.

    Each takes a medium ("video" or "image") and whether stills are faces already cut out; the last one also weights, "" for each
    system's own by name, and gives what makes the systems: weights of one kind of network are refused by those of another. Systems
    that read one medium only pay no heed to them.
    """

    usual: Callable[[str, bool], tuple[Recipe, ...]]
    scratch: Callable[[str, bool], tuple[Recipe, ...]]
    pretrained: Callable[[str, bool, str], list[Callable[[], tuple[Recipe, ...]]]]
    named: Callable[[list[str], str], tuple[Recipe, ...]] = (
        lambda names, weights: ()
    )  # whose names hold a number, on weights


def _usual_faces(medium: str, cropped: bool) -> tuple[Recipe, ...]:
    stills = (pictures.ck48_cnn(medium, cropped), pictures.image_cnn(medium, 48, "plain", cropped))
    return stills if medium == "image" else (*UNITS_STRONG, *FACES)


def _usual_voices(medium: str, cropped: bool) -> tuple[Recipe, ...]:
    return (speech.SPEECH_SVM, SPEECH_FUNCTIONALS_MLP, speech.SPEECH_MFCC_LSTM)


def _usual_texts(medium: str, cropped: bool) -> tuple[Recipe, ...]:
    return TEXT


def _faces(medium: str, cropped: bool) -> tuple[Recipe, ...]:
    return (*pictures.from_scratch(medium, cropped), *FILMS, FACE_UNITS_NESTED)


def _pretrained_faces(medium: str, cropped: bool, weights: str) -> list[Callable]:
    return [partial(pictures.pretrained, medium, cropped, weights), partial(pretrained_films, weights)]


def _voices(medium: str, cropped: bool) -> tuple[Recipe, ...]:
    return (*speech.STATED, *STRONG, *VOICES_NESTED, *VOICES, *SMILED, *SCRATCH)


def _pretrained_voices(medium: str, cropped: bool, weights: str) -> list[Callable]:
    given, encoders = [weights] if weights else [], [weights] if weights else ENCODERS
    on_pictures = [partial(_one, make, *given) for make in (resnet18_picture, alexnet_picture, vgg19_picture)]
    return [
        *on_pictures,
        *(partial(_one, make, name) for name in encoders for make in (probed_encoder, finetuned_encoder)),
    ]


def _one(make: Callable, *given: str) -> tuple[Recipe, ...]:
    return (make(*given),)


def _with_turns(names: list[str], weights: str) -> tuple[Recipe, ...]:
    """Those with as many turns before as names ask for: `..._history_5`."""
    turns = sorted({int(found[1]) for name in names if (found := re.search(r"_history_([1-9]\d*)$", name))})
    return tuple(
        recipe for num in turns for base in ([weights] if weights else BASES) for recipe in with_history(base, num)
    )


def _texts(medium: str, cropped: bool) -> tuple[Recipe, ...]:
    return CLASSICAL_TEXT


def _pretrained_texts(medium: str, cropped: bool, weights: str) -> list[Callable]:
    bases = [weights] if weights else BASES
    return [partial(make, name) for name in bases for make in (pretrained_text, partial(_one, pretrained_bert))]


KINDS = {
    "face": Kind(_usual_faces, _faces, _pretrained_faces),
    "speech": Kind(_usual_voices, _voices, _pretrained_voices),
    "text": Kind(_usual_texts, _texts, _pretrained_texts, _with_turns),
}

SMILED = (*SMILE, *WITH_SMILE)
OPTIONAL = frozenset(recipe.name for recipe in SMILED)  # they need a package that requirements.txt has not


def every(modality: str, medium: str = "video", cropped: bool = False, weights: str = "") -> dict[str, Recipe]:
    """All systems of a modality by name, the notebook's own first; pretrained ones on `weights`, or on their own.

    Raises:
        ValueError: no pretrained system can start from `weights`.
    """
    kind, known = KINDS[modality], {}
    pretrained, refusals = _made(kind.pretrained(medium, cropped, weights))
    if refusals and not pretrained:
        raise ValueError(refusals[0])
    for recipe in (*kind.usual(medium, cropped), *kind.scratch(medium, cropped), *pretrained):
        known.setdefault(recipe.name, recipe)
    return known


def _made(makers: list[Callable]) -> tuple[list[Recipe], list[str]]:
    """The recipes that could be made, and why others could not."""
    made, refusals = [], []
    for make in makers:
        try:
            made += make()
        except ValueError as error:
            refusals.append(str(error))
    return made, refusals


def usual(modality: str, corpus: Corpus) -> tuple[Recipe, ...]:
    """What the modality's notebook trains on this corpus, the notebook's own network last."""
    return for_corpus(KINDS[modality].usual(*_pictures_of(corpus)), corpus)


def further(modality: str, names: list[str], corpus: Corpus, weights: str = "") -> tuple[Recipe, ...]:
    """Systems of these names, less the usual ones, for the medium that the corpus has; names of other modalities are passed over.

    Args:
        weights: for the pretrained ones: a name, a file or a folder; "" for each one's own.

    Raises:
        ValueError: an unknown name, or a system that the corpus cannot feed.
    """
    names = [name for name in names if not name.startswith(tuple(f"{kind}_" for kind in KINDS if kind != modality))]
    known = {recipe.name: recipe for recipe in KINDS[modality].named(names, weights)}
    known |= named(modality, corpus, weights) if names else {}
    for name in names:
        check_name("system", name, known)
        if not fits(known[name], corpus):
            media = ", ".join(feature.medium for feature in known[name].features.values())
            raise ValueError(f"{name} reads {media}; {corpus.name} has {', '.join(corpus.media)}: leave it out")
    others = {recipe.name for recipe in usual(modality, corpus)}
    return tuple(known[name] for name in dict.fromkeys(names) if name not in others)


def named(modality: str, corpus: Corpus, weights: str = "") -> dict[str, Recipe]:
    """`every`, for the medium that the corpus has."""
    return every(modality, *_pictures_of(corpus), weights)


def _pictures_of(corpus: Corpus) -> tuple[str, bool]:
    """The medium of a corpus' faces, and whether they are cut out already."""
    stills = "image" in corpus.media and "video" not in corpus.media
    return ("image" if stills else "video"), corpus.card.get("faces") == "cropped"

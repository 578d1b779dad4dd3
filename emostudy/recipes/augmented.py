"""Networks whose training clips are varied in one way each, for notebook 07: the CRNN on voices, system F's CNN on faces."""

from dataclasses import replace

from emostudy.corpora.corpus import Corpus
from emostudy.models.faces import CHANGES, Jitter
from emostudy.recipes import Recipe, fits
from emostudy.recipes.faces import FACE_CNN
from emostudy.recipes.strong import AUGMENTED, SPEECH_CRNN

UNMIXED = replace(
    SPEECH_CRNN,
    name="speech_crnn_no_mixup",
    title="CRNN on log-mel, without mixup",
    learner=replace(SPEECH_CRNN.learner, mixup=0.0),
)
VOICES = (SPEECH_CRNN, UNMIXED, *AUGMENTED)
ONE_BY_ONE = {**{change: (change,) for change in CHANGES}, "all but flip": CHANGES[:-1], "all": CHANGES}
FACES = (
    FACE_CNN,
    *(
        replace(
            FACE_CNN,
            name=f"face_cnn_{name.replace(' ', '_')}",
            title=f"CNN on faces (F), {name}",
            learner=replace(FACE_CNN.learner, augment=Jitter(changes)),
        )
        for name, changes in ONE_BY_ONE.items()
    ),
)


def one_by_one(corpus: Corpus) -> list[tuple[Recipe, ...]]:
    """Groups of recipes of one modality each: the first as it is, the others varied otherwise.

    Of modalities that the corpus can feed; where its card has `augmented`, of these alone.
    """
    return [one for one in (VOICES, FACES) if fits(one[0], corpus) and num_folds(corpus, one) != 0]


def num_folds(corpus: Corpus, group: tuple[Recipe, ...]) -> int | None:
    """In how many of the folds a group is trained, as the corpus' card says under `augmented`: 0 in none, None in all."""
    return corpus.card["augmented"].get(group[0].modalities[0], 0) if "augmented" in corpus.card else None


def names(group: tuple[Recipe, ...]) -> dict[str, str]:
    """What is varied, by recipe."""
    return {one.name: one.title.removeprefix(f"{group[0].title}, ") for one in group}

"""Simple systems, and the same with a mistake made on purpose: they see at training what they must not see. For notebook 09."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import SVC

from emostudy.corpora.corpus import Corpus
from emostudy.protocols import PROTOCOLS, Split, possible
from emostudy.recipes import Recipe, for_corpus
from emostudy.recipes.faces import FACE_HOG_SVM
from emostudy.recipes.speech import SPEECH_SVM
from emostudy.recipes.text import TEXT_TFIDF
from emostudy.recipes.units import FACE_UNITS_DISCRIMINANT
from emostudy.recipes.vision import faces_of
from emostudy.seeds import seed_of
from emostudy.training import Estimator, Fitted

SIMPLE = (SPEECH_SVM, FACE_UNITS_DISCRIMINANT, FACE_HOG_SVM, TEXT_TFIDF)  # quick, nothing random
MOST_FOLDS = 30
NOISE = 0.1  # deviation of an augmented copy, of each number's own
SHARE = 0.1  # of the test clips that are in train too
RARE, FEWEST = 0.1, 15  # of the clips of all emotions but one in an unbalanced sample


def simple(corpus: Corpus) -> tuple[Recipe, ...]:
    """One quick system for each modality that the corpus has."""
    cropped = corpus.card.get("faces") == "cropped"
    stills = Recipe(
        "face_pixels_svm",
        "SVM on pixels",
        ("face",),
        {"face": faces_of("image", 48, cropped=cropped)},
        FACE_HOG_SVM.learner,
        source="the simplest line on stills",
    )
    of_each = {}
    for recipe in for_corpus((*SIMPLE, stills), corpus):
        of_each.setdefault(recipe.modalities, recipe)
    return tuple(of_each.values())


def ladder(corpus: Corpus) -> dict[str, str]:
    """Every protocol of the study, and why it is not run on this corpus, "" where it is: not with one fold for each of many groups."""
    reasons = possible(corpus)
    for name in reasons:
        num = num_folds(corpus, name) if not reasons[name] and name.startswith("leave_one") else 0
        if num > MOST_FOLDS:
            reasons[name] = f"{num} folds; {MOST_FOLDS} at most are run here"
    return reasons


def num_folds(corpus: Corpus, protocol: str) -> int:
    """How many folds a protocol has on a corpus."""
    return PROTOCOLS[protocol].rule(corpus, "").num


@dataclass(frozen=True)
class Seeing:
    """A learner whose material something has happened to first: `happens` (parts, labels, seed) -> (parts, labels)."""

    learner: Estimator
    happens: Callable
    uses_seed: bool = False

    def fit(self, recipe, parts, labels, num_classes, seed, **options) -> Fitted:
        """Fit on what is left of the split."""
        return self.learner.fit(recipe, *self.happens(parts, labels, seed), num_classes, seed, **options)


@dataclass(frozen=True)
class ChosenOnTest:
    """A learner whose settings are those that do best on the test clips."""

    learner: Estimator
    uses_seed: bool = False

    def fit(self, recipe, parts, labels, num_classes, seed, **options) -> Fitted:
        """Settings by test, by UAR; else as the learner does."""
        learner = replace(self.learner, refit=False)
        on_test = parts | {"dev": parts["test"]}, labels | {"dev": labels["test"]}
        point = learner.fit(recipe, *on_test, num_classes, seed, **options).info["chosen"]
        chosen = replace(self.learner, grid={name: [value] for name, value in point.items()})
        return chosen.fit(recipe, parts, labels, num_classes, seed, **options)


def unscaled_support_vectors(seed: int, C: float = 1.0):
    """As `support_vectors`, without a scaler of its own, which would undo any other one's work."""
    return CalibratedClassifierCV(SVC(C=C, decision_function_shape="ovr"), method="temperature", cv=3, ensemble=False)


def scaled_on_all(parts: dict, labels: dict, seed: int) -> tuple[dict, dict]:
    """Every number to mean 0 and deviation 1 over train, dev and test together."""
    return _scaled(parts, tuple(parts)), labels


def scaled_on_train(parts: dict, labels: dict, seed: int) -> tuple[dict, dict]:
    """Every number to mean 0 and deviation 1 over train."""
    return _scaled(parts, ("train",)), labels


def _scaled(parts: dict, seen: tuple[str, ...]) -> dict:
    scaled = {part: dict(inputs) for part, inputs in parts.items()}
    for name in parts["train"]:
        every = np.concatenate([parts[part][name] for part in seen])
        mean, deviation = every.mean(0), every.std(0)
        for part, inputs in parts.items():
            scaled[part][name] = (inputs[name] - mean) / np.where(deviation > 1e-8, deviation, 1.0)
    return scaled


def doubled(parts: dict, labels: dict, seed: int) -> tuple[dict, dict]:
    """A share of the test clips stands in train as well, as when a corpus holds files twice."""
    num = len(labels["test"])
    rows = _rng("doubled", labels).permutation(num)[: max(1, round(SHARE * num))]
    extra = {name: values[rows] for name, values in parts["test"].items()}
    return _with(parts, labels, extra, labels["test"][rows])


def augmented_first(parts: dict, labels: dict, seed: int, of: tuple[str, ...] = ("train", "test")) -> tuple[dict, dict]:
    """Copies with a little noise of train and test clips, dealt out as if they were clips: a part of both comes into train."""
    rng, share = _rng("copies", labels), len(labels["train"]) / sum(map(len, labels.values()))
    found = parts, labels
    for part in of:
        rows = rng.random(len(labels[part])) < share
        copies = {name: _noisy(values[rows], parts["train"][name], rng) for name, values in parts[part].items()}
        found = _with(*found, copies, labels[part][rows])
    return found


def augmented_after(parts: dict, labels: dict, seed: int) -> tuple[dict, dict]:
    """The very same copies of training clips, and none of others."""
    return augmented_first(parts, labels, seed, of=("train",))


def _noisy(values: np.ndarray, train: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (values + NOISE * train.std(0) * rng.standard_normal(values.shape)).astype(values.dtype)


def _with(parts: dict, labels: dict, extra: dict, coded: np.ndarray) -> tuple[dict, dict]:
    train = {name: np.concatenate([values, extra[name]]) for name, values in parts["train"].items()}
    return parts | {"train": train}, labels | {"train": np.concatenate([labels["train"], coded])}


def _rng(what: str, labels: dict) -> np.random.Generator:
    told = [",".join(map(str, np.asarray(values).ravel())) for values in labels.values()]
    return np.random.default_rng(seed_of(what, *told))


def leaky(base: Recipe, corpus: Corpus) -> dict[str, tuple[Recipe, Recipe]]:
    """What is done wrong -> (the recipe that does it, the one that does not)."""

    def of(name: str, title: str, learner) -> Recipe:
        return replace(base, name=f"{base.name}_{name}", title=f"{base.title}, {title}", learner=learner)

    chosen = of("chosen_on_test", "settings by test", ChosenOnTest(base.learner))
    twice = of("doubled", "some clips twice", Seeing(base.learner, doubled))
    found = {"chosen_on_test": (chosen, base), "doubled": (twice, base)}
    if base.modalities == ("text",):
        return found  # words have neither a scale nor noise
    unscaled = Estimator(unscaled_support_vectors, {"C": [0.3, 1.0, 3.0, 10.0]})
    scaled = of("scaled_on_all", "SVM scaled on all clips", Seeing(unscaled, scaled_on_all))
    fairly = of("scaled_on_train", "SVM scaled on train", Seeing(unscaled, scaled_on_train))
    first = of("augmented_first", "augmented before the split", Seeing(base.learner, augmented_first))
    after = of("augmented_after", "augmented after the split", Seeing(base.learner, augmented_after))
    told = replace(
        base, name=f"{base.name}_by_speaker", title=f"{base.title}, by speaker", by_speaker=tuple(base.features)
    )
    found |= {"scaled_on_all": (scaled, fairly), "augmented_first": (first, after)}
    everyone_known = (corpus.clips.speaker.fillna("") != "").all()
    return found | ({"by_speaker": (told, base)} if everyone_known else {})


@dataclass(frozen=True)
class Confounded:
    """Of each speaker the clips of one emotion and a third of another one's: who speaks tells much of what is felt."""

    def __call__(self, split: Split, corpus: Corpus) -> Split:
        """The clips that are left of a split."""
        kept, emotions = set(), corpus.emotions
        for number, (_, rows) in enumerate(corpus.clips.groupby("speaker", sort=True)):
            own, other = (emotions[(number + k) % len(emotions)] for k in (0, 1))
            lots = sorted(rows.clip_id[rows.emotion == other], key=lambda clip_id: seed_of("confounded", clip_id))
            kept |= {*rows.clip_id[rows.emotion == own], *lots[: round(len(lots) / 3)]}
        return _less(split, kept)


@dataclass(frozen=True)
class Unbalanced:
    """All clips of the first emotion, a tenth of every other one's, but `FEWEST` at least."""

    def __call__(self, split: Split, corpus: Corpus) -> Split:
        """The clips that are left of a split."""
        kept = set()
        for emotion, clip_ids in corpus.clips.clip_id.groupby(corpus.clips.emotion):
            lots = sorted(clip_ids, key=lambda clip_id: seed_of("unbalanced", clip_id))
            kept |= set(lots if emotion == corpus.emotions[0] else lots[: max(FEWEST, round(RARE * len(lots)))])
        return _less(split, kept)


def _less(split: Split, kept: set[str]) -> Split:
    parts = {part: tuple(one for one in getattr(split, part) if one in kept) for part in ("train", "dev", "test")}
    return replace(split, **parts)

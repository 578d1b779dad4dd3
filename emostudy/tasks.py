"""One task of a study: the runs that are trained in one go, from inputs and labels to predictions and records."""

import time
from dataclasses import dataclass
from functools import partial

import pandas as pd

from emostudy import predictions as preds
from emostudy.corpora.corpus import Corpus
from emostudy.features.extract import Extracted
from emostudy.features.speakers import by_speaker
from emostudy.labels import encode, encode_several
from emostudy.protocols import Split
from emostudy.provenance import describe, environment
from emostudy.recipes import Recipe
from emostudy.several import learns_several
from emostudy.several_learners import chosen_thresholds
from emostudy.training import Fitted


@dataclass(frozen=True)
class Run:
    """One training: a recipe on one split with one seed. `run_id` hashes all that determines its result."""

    run_id: str
    recipe: Recipe
    split: Split
    seed: int
    condition: str
    max_epochs: int | None
    identity: dict

    @property
    def head(self) -> dict:
        """What every row of its predictions says of it."""
        return {
            "run_id": self.run_id,
            "protocol": self.split.protocol,
            "fold": self.split.fold,
            "seed": self.seed,
            "recipe": self.recipe.name,
            "modalities": "+".join(self.recipe.modalities) or "none",
            "condition": self.condition,
        }


def tasks_of(runs: list[Run]) -> list[tuple[Run, ...]]:
    """What one task trains: all folds and seeds of a recipe under one protocol, where its learner takes many at once; else one run."""
    tasks = {}
    for one in runs:
        many = hasattr(one.recipe.learner, "fit_many")
        key = (one.recipe.name, one.recipe.modalities, one.split.protocol) if many else one.run_id
        tasks.setdefault(key, []).append(one)
    return [tuple(task) for task in tasks.values()]


def train(runs: tuple[Run, ...], corpus: Corpus, inputs: dict[str, Extracted], device: str) -> list[tuple]:
    """Predictions and record of each run of a task; on a worker that may have none of the corpus' files."""
    started = time.perf_counter()
    clips = corpus.clips.set_index("clip_id", drop=False)
    told = {one.split: told_to(one, corpus, clips, inputs) for one in runs}  # seeds of a fold share it
    fitted = fitted_of(runs, [(*told[one.split], one.seed) for one in runs], len(corpus.emotions), device)
    seconds = round((time.perf_counter() - started) / len(runs), 2)
    learned = zip(runs, fitted, strict=True)
    return [made_of(one, corpus, clips, found, told[one.split][1]["dev"], device, seconds) for one, found in learned]


def made_of(
    one: Run, corpus: Corpus, clips: pd.DataFrame, found: Fitted, dev_labels, device: str, seconds: float
) -> tuple[pd.DataFrame, dict]:
    """Predictions and record of one run that has learned; `clips` by name, `dev_labels` as coded."""
    rows, chosen = _framed(one, corpus, clips, found, dev_labels)
    about = {"history": found.history, "fitted": found.info | chosen, "device": device, "seconds": seconds}
    return rows, record_of(one, corpus) | words_of(one.recipe) | about


def told_to(one: Run, corpus: Corpus, clips: pd.DataFrame, inputs: dict[str, Extracted]) -> tuple[dict, dict]:
    """Inputs and labels of train, dev and test."""
    ids = {part: getattr(one.split, part) for part in ("train", "dev", "test")}
    parts = {part: {name: values.rows(some) for name, values in inputs.items()} for part, some in ids.items()}
    speakers = {part: clips.speaker.loc[list(some)].to_numpy(str) for part, some in ids.items()}
    coded = encode_several if learns_several(one.recipe) else encode
    labels = {part: coded(clips.loc[list(some), "emotion"], corpus.emotions) for part, some in ids.items()}
    return by_speaker(parts, speakers, one.recipe.by_speaker), labels


def fitted_of(runs: tuple[Run, ...], told: list[tuple], num_classes: int, device: str) -> list[Fitted]:
    """What a task's runs learned; several at once only where the learner can."""
    recipe, options = runs[0].recipe, {"device": device, "max_epochs": runs[0].max_epochs}
    try:
        if len(runs) > 1:
            return recipe.learner.fit_many(recipe, told, num_classes, **options)
        return [recipe.learner.fit(recipe, *told[0][:2], num_classes, told[0][2], **options)]
    except ValueError as error:
        where = ", ".join(f"{one.split.protocol}, fold {one.split.fold}, seed {one.seed}" for one in runs)
        raise ValueError(f"{recipe.name}, {where}: {error}") from error


def _framed(one: Run, corpus: Corpus, clips: pd.DataFrame, fitted: Fitted, dev_labels) -> tuple[pd.DataFrame, dict]:
    """Predictions of dev and test, and what dev decided for them: the thresholds of several labels."""
    framed, told = preds.frame, {}
    if learns_several(one.recipe):
        thresholds = chosen_thresholds(dev_labels, fitted.dev)
        framed = partial(preds.frame_several, thresholds=thresholds)
        told = {"thresholds": dict(zip(corpus.emotions, thresholds.round(5).tolist(), strict=True))}
    head = one.head | {"corpus": corpus.name}
    rows = [
        framed(head, clips.loc[list(getattr(one.split, part))], part, getattr(fitted, part), corpus.emotions)
        for part in ("dev", "test")
    ]
    return pd.concat(rows, ignore_index=True), told


def record_of(one: Run, corpus: Corpus) -> dict:
    return one.head | {
        "corpus": corpus.name,
        "record": describe(one.recipe),
        "identity": one.identity,
        "title": one.recipe.title,
        "source": one.recipe.source,
        "reading": one.recipe.reading,
        "pretrained": one.recipe.pretrained,
        "num_clips": {part: len(getattr(one.split, part)) for part in ("train", "dev", "test")},
        "max_epochs": one.max_epochs,
        "environment": environment(),
    }


def words_of(recipe: Recipe) -> dict[str, str]:
    """What a record tells of a recipe in words, which change no result."""
    told = {key: getattr(recipe, key) for key in ("title", "source", "reading")}
    return told | ({"pretraining": recipe.pretraining} if recipe.pretraining else {})

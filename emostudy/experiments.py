"""Recipe x split x seed -> predictions. What is finished is read back; the rest is trained, in processes or on a cluster."""

import os
import time
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from emostudy import predictions as preds
from emostudy import workers
from emostudy.corpora import derived
from emostudy.corpora.corpus import Corpus
from emostudy.features.extract import Extracted, extract
from emostudy.features.speakers import by_speaker
from emostudy.labels import encode, encode_several
from emostudy.profiles import Profile
from emostudy.protocols import Split, guard, splits
from emostudy.provenance import describe, environment, hash_of
from emostudy.recipes import Recipe
from emostudy.several import for_labels, learns_several
from emostudy.several_learners import chosen_thresholds
from emostudy.sources import callables_of, source_hash
from emostudy.stamps import bring_back
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


def run(
    corpus: Corpus,
    recipes: tuple[Recipe, ...],
    protocols: list[str],
    profile: Profile,
    folder: Path,
    seeds: list[int] | None = None,
    jobs: int = 2,
    device: str = "cpu",
    condition: str = "none",
    cluster: str | None = None,
) -> pd.DataFrame:
    """Predictions of every recipe under every protocol, fold and seed of the profile, for dev and test.

    Training goes on in `jobs` processes here, or on the Dask cluster whose scheduler's address is given (None: the variable
    EMOSTUDY_CLUSTER); this process alone writes. Where the corpus' card says `multi_label`, recipes learn several labels a clip.

    Raises:
        ValueError: unknown protocol, a split that leaks or cannot be learned from, a recipe the corpus cannot feed, no such cluster.
    """
    cluster = os.environ.get("EMOSTUDY_CLUSTER", "") if cluster is None else cluster
    workers.check(cluster)  # before hours of extraction
    recipes = for_labels(recipes, corpus)
    features = {hash_of(feature): feature for recipe in recipes for feature in recipe.features.values()}
    extracted = {key: extract(corpus, feature, jobs) for key, feature in features.items()}
    planned = plan(corpus, recipes, protocols, profile, extracted, seeds or list(profile.seeds), condition)
    for one in planned:
        bring_back(folder, one.run_id)
    todo = [one for one in planned if not preds.is_finished(folder, one.run_id)]
    made_on = {"corpus_fingerprint": corpus.fingerprint()}  # here: it reads the corpus' files
    tasks = [(one, corpus, _inputs(one.recipe, extracted), device) for one in todo]
    # A GPU is shared badly by processes: there, one run after the other.
    with closing(workers.each(_train, tasks, jobs if device == "cpu" else 1, cluster)) as done:
        for frame, record in tqdm(done, total=len(todo), desc="training", unit="run", leave=False) if todo else []:
            preds.write_run(folder, frame, record | made_on)
    print(f"{len(planned)} runs: {len(todo)} trained, {len(planned) - len(todo)} read back")
    run_ids = [one.run_id for one in planned]
    return preds.read_runs(folder, run_ids)


def plan(corpus, recipes, protocols, profile, extracted, seeds, condition="none") -> list[Run]:
    """Every run of a study in order: protocol, fold, recipe, seed. A recipe without randomness runs with seed 0 only."""
    check_names(recipes)
    same = (corpus.fingerprint(), profile.max_epochs, condition)  # for all runs
    identities = [identity_of(recipe) for recipe in recipes]
    planned = []
    for protocol in protocols:
        for split in splits(corpus, protocol, profile.folds):
            for recipe, identity in zip(recipes, identities, strict=True):
                usable = _usable(split, _inputs(recipe, extracted))
                guard(usable, corpus)  # clips without a feature may have been the last of their emotion
                for seed in seeds if recipe.learner.uses_seed else [0]:
                    run_id = hash_of(identity, same, usable, seed)
                    planned.append(Run(run_id, recipe, usable, seed, condition, profile.max_epochs, identity))
    return planned


def identity_of(recipe: Recipe) -> dict[str, str]:
    """Hashes of a recipe's record and of the code that computes its predictions."""
    coding = (
        [preds.frame_several, encode_several, chosen_thresholds] if learns_several(recipe) else [preds.frame, encode]
    )
    around = [*coding, *([by_speaker] if recipe.by_speaker else [])]
    if any(derived.is_made(feature.medium) for feature in recipe.features.values()):
        around.append(derived.column)
    return {"record": hash_of(recipe), "code": source_hash(*callables_of(recipe), *around)}


def check_names(recipes: tuple[Recipe, ...]) -> None:
    """ValueError where two different recipes would stand under one name and set of modalities in every table."""
    names = {}
    for recipe in recipes:
        if names.setdefault((recipe.name, recipe.modalities), recipe) != recipe:
            raise ValueError(f"two recipes are called {recipe.name!r}; names must differ: rename one of them")


def _inputs(recipe: Recipe, extracted: dict[str, Extracted]) -> dict[str, Extracted]:
    return {name: extracted[hash_of(feature)] for name, feature in recipe.features.items()}


def _usable(split: Split, inputs: dict[str, Extracted]) -> Split:
    """The split less the clips that gave no feature; `left_out` of the extraction says which and why."""
    known = set.intersection(*(set(values.clip_ids) for values in inputs.values()))
    parts = {part: tuple(i for i in getattr(split, part) if i in known) for part in ("train", "dev", "test")}
    return Split(split.protocol, split.fold, **parts, keeps_apart=split.keeps_apart)


def _train(one: Run, corpus: Corpus, inputs: dict[str, Extracted], device: str) -> tuple[pd.DataFrame, dict]:
    """Predictions and record of a run; on a worker that may have none of the corpus' files."""
    started = time.perf_counter()
    clips = corpus.clips.set_index("clip_id", drop=False)
    ids = {part: getattr(one.split, part) for part in ("train", "dev", "test")}
    parts = {part: {name: values.rows(some) for name, values in inputs.items()} for part, some in ids.items()}
    speakers = {part: clips.speaker.loc[list(some)].to_numpy(str) for part, some in ids.items()}
    parts = by_speaker(parts, speakers, one.recipe.by_speaker)
    coded = encode_several if learns_several(one.recipe) else encode
    labels = {part: coded(clips.loc[list(some), "emotion"], corpus.emotions) for part, some in ids.items()}
    options = {"device": device, "max_epochs": one.max_epochs}
    try:
        fitted = one.recipe.learner.fit(one.recipe, parts, labels, len(corpus.emotions), one.seed, **options)
    except ValueError as error:
        where = f"{one.recipe.name}, {one.split.protocol}, fold {one.split.fold}, seed {one.seed}"
        raise ValueError(f"{where}: {error}") from error
    rows, told = _framed(one, corpus, clips, fitted, labels["dev"])
    record = _record(one, corpus, ids) | {"history": fitted.history, "fitted": fitted.info | told, "device": device}
    record["seconds"] = round(time.perf_counter() - started, 2)
    return rows, record


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


def _record(one: Run, corpus: Corpus, ids: dict[str, tuple]) -> dict:
    return one.head | {
        "corpus": corpus.name,
        "record": describe(one.recipe),
        "identity": one.identity,
        "title": one.recipe.title,
        "source": one.recipe.source,
        "reading": one.recipe.reading,
        "pretrained": one.recipe.pretrained,
        "num_clips": {part: len(some) for part, some in ids.items()},
        "max_epochs": one.max_epochs,
        "environment": environment(),
    }

"""Recipe x split x seed -> predictions. What is finished is read back; the rest is trained, in processes or on a cluster."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from emostudy import missing, workers
from emostudy import predictions as preds
from emostudy.corpora import derived
from emostudy.corpora.corpus import Corpus
from emostudy.features.extract import extract
from emostudy.features.speakers import by_speaker
from emostudy.labels import encode, encode_several
from emostudy.means_of_runs import is_mean, made_from, mean_of, runs_of, with_members
from emostudy.profiles import Profile
from emostudy.protocols import Split, guard, splits
from emostudy.provenance import hash_of
from emostudy.recipes import Recipe
from emostudy.several import for_labels, learns_several
from emostudy.several_learners import chosen_thresholds
from emostudy.sources import callables_of, source_hash
from emostudy.stamps import bring_back
from emostudy.tasks import Run, tasks_of, train, words_of


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
    cut: Callable[[Split, Corpus], Split] | None = None,
) -> pd.DataFrame:
    """Predictions of every recipe under every protocol, fold and seed of the profile, for dev and test.

    Training goes on in `jobs` processes here, or on the Dask cluster whose scheduler's address is given (None: the variable
    EMOSTUDY_CLUSTER); this process alone writes. Where the corpus' card says `multi_label`, recipes learn several labels a clip.
    With a mean of runs its members run too.

    Args:
        cut: changes every split before anything is trained, as an ablation does that leaves clips out of train.

    Raises:
        ValueError: unknown protocol, a split that leaks or cannot be learned from, a recipe the corpus cannot feed, no such cluster.
    """
    cluster = os.environ.get("EMOSTUDY_CLUSTER", "") if cluster is None else cluster
    workers.check(cluster)  # before hours of extraction
    recipes = with_members(for_labels(recipes, corpus))
    features = {hash_of(feature): feature for recipe in recipes for feature in recipe.features.values()}
    extracted = {key: extract(corpus, feature, jobs) for key, feature in features.items()}
    planned = plan(corpus, recipes, protocols, profile, extracted, seeds or list(profile.seeds), condition, cut)
    for one in planned:
        bring_back(folder, one.run_id)
    todo = _unfinished(planned, folder)
    made_on = {"corpus_fingerprint": corpus.fingerprint()}  # here: it reads the corpus' files
    learning = [one for one in todo if not is_mean(one.recipe)]
    tasks = [(runs, corpus, missing.inputs_of(runs[0].recipe, extracted), device) for runs in tasks_of(learning)]
    # A GPU is shared badly by processes: there, one run after the other.
    with closing(workers.each(train, tasks, jobs if device == "cpu" else 1, cluster)) as done:
        made = (one for some in done for one in some)
        bar = {"total": len(learning), "desc": "training", "unit": "run", "leave": False}
        for frame, record in tqdm(made, **bar) if learning else []:
            preds.write_run(folder, frame, record | made_on)
    means = [one for one in todo if is_mean(one.recipe)]
    for one in means:  # of what is there by now
        frame, record = made_from(one, runs_of(one, planned), corpus, folder)
        preds.write_run(folder, frame, record | made_on)
    told = f", {len(means)} averaged" if means else ""
    print(f"{len(planned)} runs: {len(learning)} trained{told}, {len(planned) - len(todo)} read back")
    run_ids = [one.run_id for one in planned]
    return preds.read_runs(folder, run_ids)


def _unfinished(planned: list[Run], folder: Path) -> list[Run]:
    """The runs that have to be made: those that are not there, and means of such; the others' records are told anew."""
    todo = {}
    for one in planned:
        members = {run.run_id for run in runs_of(one, planned).values()}
        if preds.is_finished(folder, one.run_id) and not members & set(todo):
            preds.retell(folder, one.run_id, words_of(one.recipe))
        else:
            todo[one.run_id] = one
    return list(todo.values())


def plan(corpus, recipes, protocols, profile, extracted, seeds, condition="none", cut=None) -> list[Run]:
    """Every run of a study in order: protocol, fold, recipe, seed. A recipe without randomness runs with seed 0 only."""
    check_names(recipes)
    recipes = tuple(missing.adapted(recipe, missing.inputs_of(recipe, extracted)) for recipe in recipes)
    same = (corpus.fingerprint(), profile.max_epochs, condition)  # for all runs
    identities = [identity_of(recipe) for recipe in recipes]
    planned = []
    for protocol in protocols:
        for split in splits(corpus, protocol, profile.folds):
            for recipe, identity in zip(recipes, identities, strict=True):
                usable = _usable(
                    cut(split, corpus) if cut else split, missing.usable(recipe, missing.inputs_of(recipe, extracted))
                )
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
    around = [*coding, *([by_speaker] if recipe.by_speaker else []), *([mean_of] if is_mean(recipe) else [])]
    if any(derived.is_made(feature.medium) for feature in recipe.features.values()):
        around.append(derived.column)
    return {"record": hash_of(recipe), "code": source_hash(*callables_of(recipe), *around)}


def check_names(recipes: tuple[Recipe, ...]) -> None:
    """ValueError where two different recipes would stand under one name and set of modalities in every table."""
    names = {}
    for recipe in recipes:
        if names.setdefault((recipe.name, recipe.modalities), recipe) != recipe:
            raise ValueError(f"two recipes are called {recipe.name!r}; names must differ: rename one of them")


def _usable(split: Split, known: set[str]) -> Split:
    """The split less the clips that are not known."""
    parts = {part: tuple(i for i in getattr(split, part) if i in known) for part in ("train", "dev", "test")}
    return Split(split.protocol, split.fold, **parts, keeps_apart=split.keeps_apart)

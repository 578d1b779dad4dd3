"""Systems that are the mean of others' runs: the members are trained as systems of their own, and nothing more is trained."""

import time
from pathlib import Path

import numpy as np
import pandas as pd

from emostudy import predictions as preds
from emostudy.corpora.corpus import Corpus
from emostudy.ensembles import MeanOfRuns
from emostudy.labels import encode, encode_several
from emostudy.protocols import Split
from emostudy.recipes import Recipe
from emostudy.recipes.voices import knowing_the_speaker
from emostudy.several import learns_several
from emostudy.tasks import Run, made_of
from emostudy.training import Fitted


def is_mean(recipe: Recipe) -> bool:
    """Whether it is a mean of runs, so that there is nothing to train."""
    return isinstance(recipe.learner, MeanOfRuns)


def with_members(recipes: tuple[Recipe, ...]) -> tuple[Recipe, ...]:
    """These recipes, and before each mean its members; each once."""
    found = [one for recipe in recipes for one in (*members_of(recipe), recipe)]
    return tuple(one for at, one in enumerate(found) if one not in found[:at])


def members_of(recipe: Recipe) -> tuple[Recipe, ...]:
    """Of what it is the mean, standardised by speaker where the mean is; nothing of any other recipe."""
    members = recipe.learner.members if is_mean(recipe) else ()
    return tuple(
        knowing_the_speaker(one)
        if not one.by_speaker and recipe.learner.inputs_of(one) <= set(recipe.by_speaker)
        else one
        for one in members
    )


def runs_of(one: Run, planned: list[Run]) -> dict[str, Run]:
    """The runs that a mean is of, by the members' names; none of what is no mean.

    Of the same protocol and fold, with the same seed; what has no randomness has one seed, which stands for all.
    """
    found = {}
    for member in members_of(one.recipe):
        place = (member.name, member.modalities, one.split.protocol, one.split.fold)
        own = {run.seed: run for run in planned if _place(run) == place}
        found[member.name] = own.get(one.seed) or own[0]
    return found


def _place(run: Run) -> tuple:
    return run.recipe.name, run.recipe.modalities, run.split.protocol, run.split.fold


def made_from(one: Run, members: dict[str, Run], corpus: Corpus, folder: Path) -> tuple[pd.DataFrame, dict]:
    """Predictions and record of a mean whose members' runs are in `folder`."""
    started = time.perf_counter()
    runs = {name: run.run_id for name, run in members.items()}
    clips, found = corpus.clips.set_index("clip_id", drop=False), mean_of(one.split, runs, folder)
    coded = encode_several if learns_several(one.recipe) else encode
    dev_labels = coded(clips.loc[list(one.split.dev), "emotion"], corpus.emotions)
    return made_of(one, corpus, clips, found, dev_labels, "cpu", round(time.perf_counter() - started, 2))


def mean_of(split: Split, runs: dict[str, str], folder: Path) -> Fitted:
    """The mean of what these runs in `folder` say of a split's dev and test clips; each speaks of all of them.

    Returns:
        `info` names the runs, and adds up their parameters.
    """
    said = [preds.read_runs(folder, [run_id]).set_index(["part", "clip_id"]) for run_id in runs.values()]
    parts = {part: [(part, clip_id) for clip_id in getattr(split, part)] for part in ("dev", "test")}
    numbers = [column for column in said[0] if column.startswith("p_")]
    means = {
        part: np.mean([rows.loc[clips, numbers].to_numpy(float) for rows in said], axis=0)
        for part, clips in parts.items()
    }
    sizes = [record["fitted"]["num_parameters"] for record in preds.read_records(folder, list(runs.values()))]
    return Fitted(**means, info={"members": runs, "num_parameters": sum(sizes)})

"""Systems that are the mean of others' runs: the members are trained as systems of their own, and nothing more is trained."""

import time
from pathlib import Path

import numpy as np
import pandas as pd

from emostudy import predictions as preds
from emostudy.corpora.corpus import Corpus
from emostudy.ensembles import MeanOfRuns
from emostudy.labels import encode, encode_several
from emostudy.recipes import Recipe
from emostudy.recipes.voices import knowing_the_speaker
from emostudy.several import learns_several
from emostudy.tasks import Run, made_of
from emostudy.training import Fitted


def is_joined(recipe: Recipe) -> bool:
    """Whether it is a mean of runs, so that there is nothing to train."""
    return isinstance(recipe.learner, MeanOfRuns)


def with_members(recipes: tuple[Recipe, ...]) -> tuple[Recipe, ...]:
    """These recipes, and before each mean its members; each once."""
    found = [one for recipe in recipes for one in (*members_of(recipe), recipe)]
    return tuple(one for at, one in enumerate(found) if one not in found[:at])


def members_of(recipe: Recipe) -> tuple[Recipe, ...]:
    """Of what it is the mean, each standardised by speaker where the mean is; nothing of any other recipe."""
    members = recipe.learner.members if is_joined(recipe) else ()
    return tuple(map(knowing_the_speaker, members)) if recipe.by_speaker else members


def joined(one: Run, planned: list[Run], corpus: Corpus, folder: Path) -> tuple[pd.DataFrame, dict]:
    """Predictions and record of a mean whose members' runs are in `folder`."""
    started = time.perf_counter()
    clips, found = corpus.clips.set_index("clip_id", drop=False), mean_of(one, planned, folder)
    coded = encode_several if learns_several(one.recipe) else encode
    dev_labels = coded(clips.loc[list(one.split.dev), "emotion"], corpus.emotions)
    return made_of(one, corpus, clips, found, dev_labels, "cpu", round(time.perf_counter() - started, 2))


def mean_of(one: Run, planned: list[Run], folder: Path) -> Fitted:
    """The mean of what its members' runs in `folder` say of the same fold with the same seed, or with the only one that they have.

    Returns:
        `info` names the members' runs, and adds up their parameters.
    """
    names = [member.name for member in one.recipe.learner.members]
    runs = [_run_of(name, one, planned).run_id for name in names]
    said = [preds.read_runs(folder, [run_id]).set_index(["part", "clip_id"]) for run_id in runs]
    parts = {part: [(part, clip_id) for clip_id in getattr(one.split, part)] for part in ("dev", "test")}
    numbers = [column for column in said[0] if column.startswith("p_")]
    means = {
        part: np.mean([rows.loc[clips, numbers].to_numpy(float) for rows in said], axis=0)
        for part, clips in parts.items()
    }
    sizes = [record["fitted"]["num_parameters"] for record in preds.read_records(folder, runs)]
    return Fitted(**means, info={"members": dict(zip(names, runs, strict=True)), "num_parameters": sum(sizes)})


def _run_of(name: str, one: Run, planned: list[Run]) -> Run:
    """The member's run of the same fold; what has no randomness has one seed, which stands for all."""
    place = (name, one.split.protocol, one.split.fold)
    own = {run.seed: run for run in planned if (run.recipe.name, run.split.protocol, run.split.fold) == place}
    return own.get(one.seed) or own[0]

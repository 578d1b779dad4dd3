"""One training, many fates: a head is trained once, and its test clips are looked at clean and after each corruption."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from emostudy import missing, workers
from emostudy import predictions as preds
from emostudy.corpora.corpus import Corpus
from emostudy.corruptions import CLEAN, Corruption
from emostudy.experiments import plan
from emostudy.features.extract import Extracted, extract
from emostudy.fusing_in_memory import by_rule
from emostudy.profiles import Profile
from emostudy.provenance import hash_of
from emostudy.recipes import Recipe
from emostudy.recipes.decision import Rule
from emostudy.records import compare_pairs
from emostudy.sources import callables_of, source_hash
from emostudy.stamps import bring_back
from emostudy.tasks import Run, fitted_of, record_of, tasks_of, told_to


def run(
    corpus: Corpus,
    recipes: tuple[Recipe, ...],
    corruptions: tuple[Corruption, ...],
    protocols: list[str],
    profile: Profile,
    folder: Path,
    seeds: list[int] | None = None,
    jobs: int = 2,
    keep_train: bool = False,
) -> pd.DataFrame:
    """Predictions of every recipe's test clips, clean and corrupted, and of its dev clips, clean; `condition` says which.

    Recipes learn by `Batched`, their inputs are named by modality. A run holds all conditions of one training; its record says
    `condition: corrupted`, so that it takes part in nothing else. With `keep_train` it holds training clips too (`with train`).
    """
    features = {hash_of(one): one for recipe in recipes for one in recipe.features.values()}
    extracted = {key: extract(corpus, feature, jobs) for key, feature in features.items()}
    code = source_hash(*callables_of(corruptions), train, preds.frame)
    planned = []
    for recipe in recipes:  # a modality's corruptions are no part of a run that does not see it
        own = tuple(one for one in corruptions if one.modality in recipe.modalities)
        condition = f"corrupted {hash_of([*own], code, keep_train)}"
        some = plan(corpus, (recipe,), protocols, profile, extracted, seeds or list(profile.seeds), condition)
        planned += [replace(one, condition="with train" if keep_train else "corrupted") for one in some]
    for one in planned:
        bring_back(folder, one.run_id)
    todo = [one for one in planned if not preds.is_finished(folder, one.run_id)]
    tested = _with_clips(corpus, {clip_id for one in todo for clip_id in one.split.test})
    spoilt = {one.name: extract(tested, _spoilt_of(one, recipes), jobs) for one in corruptions if one.spoils and todo}
    tasks = [
        (
            runs,
            corpus,
            missing.inputs_of(runs[0].recipe, extracted),
            corruptions,
            spoilt,
        )
        for runs in tasks_of(todo)
    ]
    made_on = {"corpus_fingerprint": corpus.fingerprint()}
    with closing(workers.each(train, tasks, jobs)) as done:
        made = (one for some in done for one in some)
        for frame, record in tqdm(made, total=len(todo), desc="training", unit="run", leave=False) if todo else []:
            preds.write_run(folder, frame, record | made_on)
    for name, values in spoilt.items():
        if len(values.left_out):
            print(f"{name}: {len(values.left_out)} clips cannot be read; there the modality counts as absent")
    print(f"{len(planned)} runs: {len(todo)} trained, {len(planned) - len(todo)} read back")
    return preds.read_runs(folder, [one.run_id for one in planned])


def _with_clips(corpus: Corpus, clip_ids: set[str]) -> Corpus:
    return replace(corpus, clips=corpus.clips[corpus.clips.clip_id.isin(clip_ids)])


def _spoilt_of(corruption: Corruption, recipes: tuple[Recipe, ...]):
    """The feature of the spoilt medium, made from the one that the recipes read."""
    return corruption.spoils(
        next(r.features[corruption.modality] for r in recipes if corruption.modality in r.modalities)
    )


def train(
    runs: tuple[Run, ...],
    corpus: Corpus,
    inputs: dict[str, Extracted],
    corruptions: tuple[Corruption, ...],
    spoilt: dict[str, Extracted],
) -> list[tuple]:
    """Train the runs of a task together; predictions under all conditions, and the record, of each."""
    clips = corpus.clips.set_index("clip_id", drop=False)
    told = {one.split: told_to(one, corpus, clips, inputs) for one in runs}
    fitted = fitted_of(runs, [(*told[one.split], one.seed) for one in runs], len(corpus.emotions), "cpu")
    made = []
    for one, found in zip(runs, fitted, strict=True):
        head, test = one.head | {"corpus": corpus.name, "condition": CLEAN}, told[one.split][0]["test"]
        rows = {part: clips.loc[list(getattr(one.split, part))] for part in ("train", "dev", "test")}
        frames = [
            preds.frame(head, rows[part], part, getattr(found, part), corpus.emotions) for part in ("dev", "test")
        ]
        if one.condition == "with train":
            seen = found.predict(told[one.split][0]["train"])
            frames.append(preds.frame(head, rows["train"], "train", seen, corpus.emotions))
        for corruption in corruptions:
            if corruption.modality in one.recipe.modalities:
                other = spoilt[corruption.name].rows_or_missing(one.split.test) if corruption.name in spoilt else None
                probabilities = corruption.predict(found.predict, test, other, one.seed)
                under = head | {"condition": corruption.name}
                frames.append(preds.frame(under, rows["test"], "test", probabilities, corpus.emotions))
        about = {"history": found.history, "fitted": found.info, "device": "cpu"}
        about["corruptions"] = sorted({frame.condition.iloc[0] for frame in frames} - {CLEAN})
        made.append((pd.concat(frames, ignore_index=True), record_of(one, corpus) | about))
    return made


def joined(
    predictions: pd.DataFrame, rule: Rule, corruptions: tuple[Corruption, ...], emotions: tuple[str, ...]
) -> pd.DataFrame:
    """A rule on single modalities' predictions, clean and corrupted: it is fitted on clean dev clips, and left out is what is absent.

    Args:
        predictions: of recipes of one modality each, one recipe per modality, from `run`.
    """
    frames = []
    for _, some in predictions.groupby(["protocol", "fold", "seed"], sort=True):
        by = dict(list(some.groupby("modalities", sort=True)))
        for condition in (CLEAN, *(one.name for one in corruptions)):
            befallen = next((one for one in corruptions if one.name == condition), None)
            left = [m for m in by if not (befallen and befallen.how == "absent" and befallen.modality == m)]
            told = {
                "modalities": "+".join(by),
                "condition": condition,
                "run_id": f"{rule.name} of {some.run_id.iloc[0]}",
            }
            frames.append(by_rule([_under(by[m], befallen, m) for m in left], rule, emotions, **told))
    made = pd.concat(frames, ignore_index=True)
    clips = predictions.drop_duplicates("clip_id").set_index("clip_id")
    further = predictions.columns.difference(made.columns)  # what intervals resample where it is no speaker: a dialogue
    return made.assign(**{name: made.clip_id.map(clips[name]) for name in further})


def _under(rows: pd.DataFrame, befallen: Corruption | None, modality: str) -> pd.DataFrame:
    """A modality's clean dev rows, and its test rows as they are when this has befallen some modality."""
    own = befallen.name if befallen and befallen.modality == modality else CLEAN
    return rows[((rows.part == "dev") & (rows.condition == CLEAN)) | ((rows.part == "test") & (rows.condition == own))]


def curves(scored: pd.DataFrame, corruptions: tuple[Corruption, ...], metric: str) -> pd.DataFrame:
    """The metric of every system under every condition, clean first: with `kind, severity, unit, modality` of what befell it."""
    about = {one.name: (one.modality, one.kind, one.severity, one.unit) for one in corruptions}
    rows = scored[(scored.metric == metric) & (scored.emotion == "all")]
    of = rows.condition.map(lambda name: about.get(name, ("", CLEAN, 0.0, "")))
    told = pd.DataFrame(of.tolist(), columns=["modality", "kind", "severity", "unit"], index=rows.index)
    order = {name: number for number, name in enumerate([CLEAN, *about])}
    table = rows.drop(columns=["emotion", "group"]).assign(**told)
    return table.sort_values(
        ["protocol", "recipe", "modalities", "condition"], key=lambda c: c.map(order) if c.name == "condition" else c
    )


def told_or_not(
    predictions: pd.DataFrame, corpus: Corpus, recipes: list[str], modalities: tuple[str, ...]
) -> pd.DataFrame:
    """Each recipe against itself when a modality is an average and not known to be absent, and when it is another clip's and no average.

    As `records.compare_pairs`, with `modality`; `recipe` is kept, `befallen` and `against` say which two conditions.
    """
    test, pairs, told = predictions[predictions.part == "test"], [], []
    for recipe in recipes:
        own = dict(list(test[test.recipe == recipe].groupby("condition")))
        for modality in modalities:
            for how, against in (("zeroed", "absent"), ("swapped", "zeroed")):
                pairs.append((own[f"{modality}_{how}"], own[f"{modality}_{against}"]))
                told.append((modality, how, against))
    columns = pd.DataFrame(told, columns=["modality", "befallen", "against"])
    return pd.concat([compare_pairs(pairs, corpus), columns], axis=1)


def compared(predictions: pd.DataFrame, corpus: Corpus, pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """Each first recipe against the second under every condition that both have, as `records.compare_pairs`; with `condition`."""
    test, found, conditions = predictions[predictions.part == "test"], [], []
    for recipes in pairs:
        for condition in dict.fromkeys(test.condition):
            some = [test[(test.recipe == recipe) & (test.condition == condition)] for recipe in recipes]
            if all(len(frame) for frame in some):
                found.append(some)
                conditions.append(condition)
    return compare_pairs(found, corpus).assign(condition=conditions)

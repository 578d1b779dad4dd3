"""Decision-level fusion of finished runs: from predictions to predictions, nothing is trained again."""

import time
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from emostudy import predictions as preds
from emostudy.metrics import confusion, uar
from emostudy.protocols import PROTOCOLS
from emostudy.provenance import describe, environment, hash_of
from emostudy.recipes.decision import Rule
from emostudy.sources import callables_of, source_hash
from emostudy.stamps import bring_back, run_files

MODALITIES = ("face", "speech", "text")
HEAD = ("run_id", "corpus", "protocol", "fold", "seed", "recipe", "modalities", "condition")


def fuse(
    predictions: pd.DataFrame, rules: tuple[Rule, ...], emotions: tuple[str, ...], folder: Path, fingerprint: str = ""
) -> pd.DataFrame:
    """The predictions that `fuse_runs` makes of the runs in `predictions`, which were read from `folder`, all in memory."""
    return preds.read_runs(folder, fuse_runs(list(predictions.run_id.unique()), rules, emotions, folder, fingerprint))


def fuse_runs(
    run_ids: list[str], rules: tuple[Rule, ...], emotions: tuple[str, ...], folder: Path, fingerprint: str = ""
) -> list[str]:
    """Every set of two or more modalities by every rule that joins so few, for each protocol and seed; one run holds all folds.

    In each fold a modality is spoken for by its recipe with the best UAR on that fold's dev clips. A recipe without
    randomness has one seed, which stands for all. Clips that lack a modality are left out of the sets that need it, but by rules
    that read what is missing.
    From disk to disk: the fused runs of one set, and one fold of what they are made of are in memory at a time.

    Args:
        run_ids: of finished runs in `folder`; those that are not unimodal are passed over.
        fingerprint: of the corpus, for the runs' records.

    Raises:
        ValueError: a run is not in the folder, or there are no two modalities that every fold has.
    """
    single = _unimodal(run_ids, folder)
    fused = []
    for protocol, group in single.groupby("protocol", sort=True):
        for seed in seeds_of(group):
            folds = _spoken_for(group, seed, emotions, folder)
            modalities = [m for m in MODALITIES if all(m in best for best in folds.values())]
            head = {"corpus": group.corpus.iloc[0], "protocol": protocol, "seed": int(seed), "condition": "none"}
            for size in range(2, len(modalities) + 1):
                for chosen in combinations(modalities, size):
                    able = tuple(rule for rule in rules if rule.fewest <= size)
                    fused += fuse_set(head, folds, chosen, able, emotions, folder, fingerprint)
    if not fused:
        found = sorted(set(single.modalities))
        raise ValueError(f"fusion needs two modalities in every fold, found {found}: run their notebooks first")
    return fused


def _unimodal(run_ids: list[str], folder: Path) -> pd.DataFrame:
    """What the records of unimodal runs say: one row per run."""
    unknown = [run_id for run_id in run_ids if not all((folder / name).is_file() for name in run_files(run_id))]
    if unknown:
        raise ValueError(f"run {unknown[0]} is not in {folder.name}: fuse predictions that were read from that folder")
    heads = [{key: record[key] for key in HEAD} for record in preds.read_records(folder, run_ids)]
    runs = pd.DataFrame(heads, columns=list(HEAD))
    return runs[runs.modalities.isin(MODALITIES) & (runs.condition == "none")]


def _spoken_for(runs: pd.DataFrame, seed: int, emotions: tuple[str, ...], folder: Path) -> dict[int, dict[str, dict]]:
    """Per fold and modality the `run_id` and `recipe` that speak for it."""
    folds = {}
    for (fold, modality), some in runs.groupby(["fold", "modalities"], sort=True):
        best = best_recipes(preds.read_runs(folder, list(some.run_id)), seed, emotions)[modality]
        folds.setdefault(int(fold), {})[modality] = best[["run_id", "recipe"]].iloc[0].to_dict()
    return folds


def seeds_of(predictions: pd.DataFrame) -> list[int]:
    """Seeds of the recipes that have randomness; one without has seed 0 alone, and that stands for all of them."""
    of_each = [set(seeds) for seeds in predictions.groupby("recipe").seed.unique()]
    return sorted(set().union(*(seeds for seeds in of_each if seeds != {0})) or {0})


def best_recipes(fold: pd.DataFrame, seed: int, emotions: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """Per modality the predictions, in one fold, of the recipe that is best on dev for this seed (or its only seed)."""
    best = {}
    for modality, group in fold.groupby("modalities", sort=True):
        scores = {}
        for recipe, rows in group.groupby("recipe", sort=True):
            own = rows[rows.seed == seed] if seed in set(rows.seed) else rows[rows.seed == rows.seed.min()]
            y, predicted, _ = preds.arrays(own[own.part == "dev"], emotions)
            scores[recipe] = (float(uar(confusion(y, predicted, len(emotions)))), own)
        best[modality] = max(scores.values(), key=lambda pair: pair[0])[1]
    return best


def fuse_set(
    head: dict,
    folds: dict,
    chosen: tuple[str, ...],
    rules: tuple[Rule, ...],
    emotions: tuple[str, ...],
    folder: Path,
    fingerprint: str,
) -> list[str]:
    """Every rule on one set of modalities over all folds: fused and written, those that were not before. The runs' ids."""
    base = {fold: {m: best[m]["run_id"] for m in chosen} for fold, best in folds.items()}
    apart = PROTOCOLS[head["protocol"].partition(":")[0]].keeps_apart
    grouped_by = "speaker" if "speaker" in apart else "clip_id"
    identities = {rule.name: identity_of(rule) for rule in rules}
    ids = {rule.name: hash_of("fused", identities[rule.name], base, head, grouped_by) for rule in rules}
    for run_id in ids.values():
        bring_back(folder, run_id)
    todo = [rule for rule in rules if not preds.is_finished(folder, ids[rule.name])]
    for rule in rules:
        if rule not in todo:
            preds.retell(folder, ids[rule.name], {"title": rule.title, "source": rule.source})
    made, seconds = {rule.name: [] for rule in todo}, dict.fromkeys(ids, 0.0)
    for fold, of in base.items() if todo else ():
        parts = [preds.read_runs(folder, [of[m]]) for m in chosen]
        clips = both_parts(parts, emotions, grouped_by)
        for rule in todo:
            started = time.perf_counter()
            own = head | {"run_id": ids[rule.name], "recipe": rule.name, "modalities": "+".join(chosen), "fold": fold}
            every = both_parts(completed(parts, emotions), emotions, grouped_by) if rule.reads_missing else clips
            made[rule.name].append(fuse_fold(own, every, rule, emotions))
            seconds[rule.name] += time.perf_counter() - started
    names = {fold: {m: best[m]["recipe"] for m in chosen} for fold, best in folds.items()}
    joined = _joined(base, folder) if todo else {}
    for rule in todo:
        record = head | {
            "run_id": ids[rule.name],
            "recipe": rule.name,
            "modalities": "+".join(chosen),
            "corpus_fingerprint": fingerprint,
            "identity": identities[rule.name],
            "environment": environment(),
            "title": rule.title,
            "source": rule.source,
            "record": describe(rule),
            "fused_runs": base,
            "fused_recipes": names,
            **joined,
            "seconds": round(seconds[rule.name], 2),
        }
        preds.write_run(folder, pd.concat(made.pop(rule.name), ignore_index=True), record)
    return list(ids.values())


def _joined(base: dict[int, dict[str, str]], folder: Path) -> dict:
    """The pretrained weights of what is joined, and how many parameters it has in each fold; a rule's own few are not counted."""
    of = {fold: preds.read_records(folder, list(runs.values())) for fold, runs in base.items()}
    pretrained = {record["pretrained"] for records in of.values() for record in records} - {"none"}
    sizes = {fold: sum(record["fitted"]["num_parameters"] for record in records) for fold, records in of.items()}
    return {"pretrained": " + ".join(sorted(pretrained)) or "none", "num_parameters": sizes}


def identity_of(rule: Rule) -> dict[str, str]:
    """Hashes of a rule's record and of the code that computes its predictions."""
    around = [fuse_fold, both_parts, best_recipes, *([completed] if rule.reads_missing else [])]
    return {"record": hash_of(rule), "code": source_hash(*callables_of(rule), *around)}


@dataclass(frozen=True)
class Clips:
    """What one fold's modalities say of the clips that all have: rows of clips, and probabilities (M, N, C), for dev and test.

    `labels` (N,) and `groups` (N,) are of dev: what stays together where a rule is fitted on a part of it.
    """

    dev_rows: pd.DataFrame
    dev: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    test_rows: pd.DataFrame
    test: np.ndarray


def both_parts(parts: list[pd.DataFrame], emotions: tuple[str, ...], grouped_by: str = "clip_id") -> Clips:
    """One fold's predictions, of each modality a frame, side by side.

    Args:
        grouped_by: clips that have this column's value in common stay together.
    """
    dev_rows, dev = aligned([rows[rows.part == "dev"] for rows in parts], emotions)
    test_rows, test = aligned([rows[rows.part == "test"] for rows in parts], emotions)
    alone = dev_rows[grouped_by].nunique() < 2  # the one actress of TESS that dev has: her clips can still be parted
    groups = dev_rows["clip_id" if alone else grouped_by].to_numpy()
    return Clips(dev_rows, dev, preds.arrays(dev_rows, emotions)[0], groups, test_rows, test)


def completed(parts: list[pd.DataFrame], emotions: tuple[str, ...]) -> list[pd.DataFrame]:
    """Predictions of each modality, with rows for the clips that only others speak of: their probabilities are NaN."""
    every = pd.concat(parts).drop_duplicates("clip_id")
    unknown = every.assign(**dict.fromkeys(preds.columns_of(emotions), np.nan))
    return [pd.concat([rows, unknown[~unknown.clip_id.isin(rows.clip_id)]]) for rows in parts]


def fuse_fold(head: dict, clips: Clips, rule: Rule, emotions: tuple[str, ...]) -> pd.DataFrame:
    """Fit the rule on one fold's dev predictions, and fuse its dev and test predictions."""
    combine = rule.fit(clips.dev, clips.labels)
    fitted = rule.combine_dev
    fused_dev = fitted(clips.dev, clips.labels, clips.groups) if fitted else combine(clips.dev)
    framed = [
        preds.frame(head, clips.dev_rows, "dev", fused_dev, emotions),
        preds.frame(head, clips.test_rows, "test", combine(clips.test), emotions),
    ]
    return pd.concat(framed, ignore_index=True)


def aligned(parts: list[pd.DataFrame], emotions: tuple[str, ...]) -> tuple[pd.DataFrame, np.ndarray]:
    """The clips that all parts have, and their probabilities (M, N, C): row n of every modality is the same clip.

    System I's matching: a clip that lacks one modality is skipped.
    """
    common = sorted(set.intersection(*(set(rows.clip_id) for rows in parts)))
    rows = [part.set_index("clip_id", drop=False).loc[common] for part in parts]
    probabilities = np.stack([one[preds.columns_of(emotions)].to_numpy(float) for one in rows])  # (M, N, C)
    return rows[0].reset_index(drop=True), probabilities

"""Decision-level fusion of finished runs: from predictions to predictions, nothing is trained again."""

import time
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
    """Every set of two or more modalities by every rule, for each protocol and seed; one run holds all folds.

    In each fold a modality is spoken for by its recipe with the best UAR on that fold's dev clips. A recipe without
    randomness has one seed, which stands for all. Clips that lack a modality are left out of the sets that need it.
    From disk to disk: one fused run, and one fold of what it is made of are in memory at a time.

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
                    fused += [fuse_run(head, folds, chosen, rule, emotions, folder, fingerprint) for rule in rules]
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


def fuse_run(
    head: dict,
    folds: dict,
    chosen: tuple[str, ...],
    rule: Rule,
    emotions: tuple[str, ...],
    folder: Path,
    fingerprint: str,
) -> str:
    """One rule on one set of modalities over all folds: fused and written, if it was not before. The run's id."""
    base = {fold: {m: best[m]["run_id"] for m in chosen} for fold, best in folds.items()}
    identity = identity_of(rule)
    apart = PROTOCOLS[head["protocol"].partition(":")[0]].keeps_apart
    grouped_by = "speaker" if "speaker" in apart else "clip_id"
    run_id = hash_of("fused", identity, base, head, grouped_by)
    bring_back(folder, run_id)
    if preds.is_finished(folder, run_id):
        return run_id
    started = time.perf_counter()
    head = head | {"run_id": run_id, "recipe": rule.name, "modalities": "+".join(chosen)}
    rows = [
        fuse_fold(head | {"fold": fold}, [preds.read_runs(folder, [of[m]]) for m in chosen], rule, emotions, grouped_by)
        for fold, of in base.items()
    ]
    names = {fold: {m: best[m]["recipe"] for m in chosen} for fold, best in folds.items()}
    record = head | {
        "corpus_fingerprint": fingerprint,
        "identity": identity,
        "environment": environment(),
        "title": rule.title,
        "source": rule.source,
        "record": describe(rule),
        "fused_runs": base,
        "fused_recipes": names,
    }
    fused = pd.concat(rows, ignore_index=True)
    record["seconds"] = round(time.perf_counter() - started, 2)
    preds.write_run(folder, fused, record)
    return run_id


def identity_of(rule: Rule) -> dict[str, str]:
    """Hashes of a rule's record and of the code that computes its predictions."""
    return {"record": hash_of(rule), "code": source_hash(*callables_of(rule), fuse_fold, best_recipes)}


def fuse_fold(
    head: dict, parts: list[pd.DataFrame], rule: Rule, emotions: tuple[str, ...], grouped_by: str = "clip_id"
) -> pd.DataFrame:
    """Fit the rule on one fold's dev predictions, and fuse its dev and test predictions.

    Args:
        grouped_by: clips that have this column's value in common stay together where a rule is fitted on a part of dev.
    """
    dev_clips, dev = aligned([rows[rows.part == "dev"] for rows in parts], emotions)
    test_clips, test = aligned([rows[rows.part == "test"] for rows in parts], emotions)
    labels = preds.arrays(dev_clips, emotions)[0]
    combine = rule.fit(dev, labels)
    alone = dev_clips[grouped_by].nunique() < 2  # the one actress of TESS that dev has: her clips can still be parted
    groups = dev_clips["clip_id" if alone else grouped_by].to_numpy()
    fused_dev = rule.combine_dev(dev, labels, groups) if rule.combine_dev else combine(dev)
    framed = [
        preds.frame(head, dev_clips, "dev", fused_dev, emotions),
        preds.frame(head, test_clips, "test", combine(test), emotions),
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

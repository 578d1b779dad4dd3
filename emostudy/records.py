"""Records: everything that is said about a run, computed from predictions; rebuilt by one call, in a fixed order."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from emostudy import predictions as preds
from emostudy.comparisons import ALPHA, compare, holm
from emostudy.corpora.corpus import Corpus
from emostudy.fusing import MODALITIES
from emostudy.paths import write_atomically
from emostudy.scores import COLUMNS, has_several, remembered, score, score_runs


def dev_score(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> pd.Series:
    """The card's metric on dev clips, mean over folds and seeds, by modalities and recipe; without reference lines."""
    rows = predictions[
        (predictions.protocol == protocol) & (predictions.part == "dev") & (predictions.modalities != "none")
    ]
    rows = rows[rows.condition == "none"]
    if rows.empty:
        ran = ", ".join(sorted(predictions.protocol.unique()))
        raise ValueError(
            f"no system ran under {protocol!r}, but under {ran}: run the notebooks that train with it first"
        )
    table = score_runs(rows, corpus)
    return table[table.metric == corpus.card["metric"]].groupby(["modalities", "recipe"], sort=True).value.mean()


def best_of_each(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> dict[str, str]:
    """For each set of modalities the recipe with the best score on dev clips, mean over folds and seeds."""
    return dict(dev_score(predictions, corpus, protocol).groupby("modalities").idxmax().tolist())


def best_single(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> str:
    """The unimodal recipe with the best score on dev clips, mean over folds: the one that fusion has to beat."""
    means = dev_score(predictions, corpus, protocol)
    if not any(m in MODALITIES for m in means.index.get_level_values("modalities")):
        raise ValueError(f"no unimodal run under {protocol!r}: run notebooks 02 to 04 first")
    return means[[m in MODALITIES for m in means.index.get_level_values("modalities")]].idxmax()[1]


def runner_up(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> str:
    """The unimodal recipe with the second best score on dev clips: what fusion might have had to beat; "" where there is one alone."""
    first = best_single(predictions, corpus, protocol)
    others = predictions[predictions.modalities.isin(MODALITIES) & (predictions.recipe != first)]
    return best_single(others, corpus, protocol) if (others.condition == "none").any() else ""


def compare_with(predictions: pd.DataFrame, corpus: Corpus, protocol: str, baseline: str) -> pd.DataFrame:
    """What builds on a recipe against it: fused systems against a single modality, these against a reference line.

    Where nothing joins modalities, the other systems of the same one. Difference in the card's metric on the test clips that both
    have, interval, paired test; p values after Holm over the table's rows.

    Raises:
        ValueError: no prediction of `baseline`.
    """
    rows = _tested(predictions, protocol)
    base = rows[rows.recipe == baseline]
    if base.empty:
        known = sorted(rows.recipe.unique())
        raise ValueError(f"no test prediction of {baseline!r} under {protocol!r}; there are {known}")
    above = _level(base.modalities.iloc[0]) + 1
    others = rows[rows.modalities.map(_level) == above]
    if others.empty:
        others = rows[(rows.modalities == base.modalities.iloc[0]) & (rows.recipe != baseline)]
    groups = others.groupby(["recipe", "modalities"], sort=True)
    return compare_pairs([(other, base) for _, other in groups], corpus)


def compare_fusions(predictions: pd.DataFrame, corpus: Corpus, protocol: str, recipes: Collection[str]) -> pd.DataFrame:
    """For each set of modalities the one of these fusions that dev prefers, against the other one that dev prefers: as `compare_with`."""
    fused = predictions[predictions.modalities.map(_level) == 2]
    sides = [fused[fused.recipe.isin(recipes)], fused[~fused.recipe.isin(recipes)]]
    chosen = [best_of_each(side, corpus, protocol) if len(side) else {} for side in sides]
    rows, pairs = _tested(fused, protocol), []
    for modalities, group in rows.groupby("modalities", sort=True):
        pair = [group[group.recipe == of.get(modalities)] for of in chosen]
        if all(len(frame) for frame in pair):
            pairs.append(pair)
    if not pairs:
        raise ValueError(
            f"nothing to compare {', '.join(sorted(recipes))} with under {protocol!r}: run notebook 05 first"
        )
    return compare_pairs(pairs, corpus)


def _tested(predictions: pd.DataFrame, protocol: str) -> pd.DataFrame:
    keep = (predictions.protocol == protocol) & (predictions.part == "test") & (predictions.condition == "none")
    return predictions[keep]


def _level(modalities: str) -> int:
    """0 for a reference line, 1 for a single modality, 2 for a fusion."""
    return 0 if modalities == "none" else 1 + ("+" in modalities)


def compare_pairs(pairs: list, corpus: Corpus) -> pd.DataFrame:
    """The first of each pair of predictions against the second, on the test clips that both have; p values after Holm over all rows."""
    made, how = [], (corpus.emotions, corpus.card["cluster"], corpus.card["metric"])
    for other, base in pairs:
        both = pd.Index(base.clip_id.unique()).intersection(other.clip_id.unique())
        pair = [preds.with_cluster(frame[both.get_indexer(frame.clip_id) >= 0], corpus) for frame in (other, base)]
        head = {name: other[name].iloc[0] for name in ("corpus", "protocol", "recipe", "modalities")}
        head |= {"baseline": base.recipe.iloc[0], "num_seeds": max(frame.seed.nunique() for frame in pair)}
        found = remembered(lambda pair=pair: compare(*pair, *how, several=has_several(corpus)), pair, corpus)
        made.append(head | found.to_dict())
    columns = ["corpus", "protocol", "recipe", "modalities", "baseline", "p_value", "difference"]
    table = pd.DataFrame(made) if made else pd.DataFrame(columns=columns)
    table["p_holm"] = holm(table.p_value.to_numpy(float))
    table["verdict"] = [verdict_on(p, d) for p, d in zip(table.p_holm, table.difference, strict=True)]
    return table


def verdict_on(p: float, difference: float) -> str:
    """Better, worse, or that no difference is shown, by a corrected p value."""
    if not p < ALPHA:  # NaN too
        return "no difference shown"
    return "better" if difference > 0 else "worse"


def titles(folder: Path, run_ids: list[str]) -> dict[str, str]:
    """How figures and tables call the recipes of these runs: name -> title."""
    return {record["recipe"]: record["title"] for record in preds.read_records(folder, run_ids)}


def curves(folder: Path, run_ids: list[str]) -> pd.DataFrame:
    """Learning curves of runs: `run_id, protocol, recipe, modalities, condition, fold, seed, epoch, train_loss, ..., chosen`."""
    rows = []
    for record in preds.read_records(folder, run_ids):
        head = {
            key: record[key]
            for key in ("run_id", "protocol", "recipe", "modalities", "condition", "fold", "seed")
            if key in record
        }
        for epoch in record.get("history", []):
            rows.append(head | epoch | {"chosen": epoch["epoch"] == record["fitted"]["best_epoch"]})
    return pd.DataFrame(rows).drop(columns="seconds", errors="ignore")


def rebuild(
    folder: Path, corpus: Corpus, predictions: pd.DataFrame, beside: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Write `records.csv`, `comparisons.csv` and `curves.csv` from predictions into a results folder, and give them back.

    Args:
        beside: predictions that have records too, and are compared with nothing.
    """
    frames = [frame for frame in (predictions, beside) if frame is not None and len(frame)]
    records = [made for frame in frames for made in (score(frame, corpus)[COLUMNS], score_runs(frame, corpus))]
    records = pd.concat(records, ignore_index=True)
    records = records.astype({"fold": str, "seed": str}).sort_values(
        [c for c in COLUMNS if c not in ("value", "ci_low", "ci_high")]
    )
    comparisons = [
        compare_with(predictions, corpus, protocol, baseline)
        for protocol in sorted(predictions.protocol.unique())
        for baseline in dict.fromkeys(("majority", best_single(predictions, corpus, protocol)))
        if baseline in set(predictions[predictions.protocol == protocol].recipe)
    ]
    compared = [table for table in comparisons if len(table)] or comparisons[:1]  # an empty one makes counts decimals
    tables = (records, pd.concat(compared, ignore_index=True), curves(folder, sorted(predictions.run_id.unique())))
    for name, table in zip(("records", "comparisons", "curves"), tables, strict=True):
        with write_atomically(folder / f"{name}.csv") as path:
            table.to_csv(path, index=False, float_format="%.5g")
    return tables

"""Records: everything that is said about a run, computed from predictions; rebuilt by one call, in a fixed order."""

import hashlib
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
import pandas as pd

from emostudy import predictions as preds
from emostudy import several_metrics
from emostudy.comparisons import ALPHA, compare, holm
from emostudy.corpora.corpus import Corpus
from emostudy.fusing import MODALITIES
from emostudy.intervals import OVERALL, summarise
from emostudy.labels import encode
from emostudy.paths import write_atomically

COLUMNS = [
    "run_id",
    "corpus",
    "protocol",
    "recipe",
    "modalities",
    "condition",
    "fold",
    "seed",
    "part",
    "group",
    "emotion",
    "metric",
    "value",
    "ci_low",
    "ci_high",
    "num_clips",
    "num_clusters",
]
SYSTEM = ["corpus", "protocol", "recipe", "modalities", "condition"]
_KNOWN: dict[str, pd.DataFrame | pd.Series] = {}  # hash of predictions -> what was worked out of them


def score(predictions: pd.DataFrame, corpus: Corpus, part: str = "test") -> pd.DataFrame:
    """One row per system, emotion and metric: all folds pooled, mean over seeds, 95 % interval over the card's clusters.

    The metrics are those of `intervals`, or of `several_metrics` where the card says `multi_label`.
    """
    frames = []
    predictions = preds.with_cluster(predictions, corpus)
    for key, rows in predictions[predictions.part == part].groupby(SYSTEM, sort=True):
        table = _summary(rows, corpus)
        frames.append(
            table.assign(
                **dict(zip(SYSTEM, key, strict=True)), num_seeds=rows.seed.nunique(), num_folds=rows.fold.nunique()
            )
        )
    if not frames:
        raise ValueError(f"no {part} prediction to score: run the notebook that trains first")
    scored = pd.concat(frames, ignore_index=True)
    return scored.assign(run_id="all", fold="all", seed="all", part=part, group="all")[
        [*COLUMNS, "num_seeds", "num_folds"]
    ]


def _summary(rows: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """Metrics and intervals of one system."""
    summary = several_metrics.summarise if _several(corpus) else summarise
    return _remembered(lambda: summary(rows, corpus.emotions, corpus.card["cluster"]), [rows], corpus)


def _remembered(make: Callable, frames: list[pd.DataFrame], corpus: Corpus) -> pd.DataFrame | pd.Series:
    """What is worked out of predictions, once for the same ones: a notebook's tables and figures ask again."""
    content = [pd.util.hash_pandas_object(rows, index=False).to_numpy().tobytes() for rows in frames]
    card = {name: corpus.card.get(name) for name in ("cluster", "metric", "multi_label")}
    told = repr(([(len(rows), list(rows)) for rows in frames], corpus.emotions, card)).encode()
    key = hashlib.sha256(b"".join([told, *content])).hexdigest()
    if key not in _KNOWN:
        _KNOWN[key] = make()
    return _KNOWN[key].copy()


def score_runs(predictions: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """WA, UAR and the card's metric of every fold and seed by itself, for dev and test, without intervals.

    Of clips with several labels `several_metrics.OVERALL`.
    """
    keys, cluster = ["run_id", *SYSTEM, "fold", "seed", "part"], corpus.card["cluster"]
    rows = preds.with_cluster(predictions, corpus)
    groups = rows.groupby(keys, sort=True)
    heads = groups.agg(num_clips=("clip_id", "size"), num_clusters=(cluster, "nunique")).reset_index()
    if _several(corpus):
        values = pd.DataFrame([several_metrics.of_run(run, corpus.emotions) for _, run in groups])
    else:
        values = _values(rows, groups.ngroup().to_numpy(), corpus)
    table = pd.concat([heads, values], axis=1).melt(list(heads), var_name="metric", ignore_index=False)
    none = {"group": "all", "emotion": "all", "ci_low": float("nan"), "ci_high": float("nan")}
    return table.sort_index(kind="stable").reset_index(drop=True).assign(**none)[COLUMNS]


def _values(rows: pd.DataFrame, group: np.ndarray, corpus: Corpus) -> pd.DataFrame:
    """Metrics of each group of rows, of which `group` (N,) has the numbers; all counted at once, for runs are thousands."""
    y, predicted = (_codes(rows[column], corpus.emotions) for column in ("emotion", "predicted"))
    num = len(corpus.emotions)
    cells = np.bincount((group * num + y) * num + predicted, minlength=(group.max() + 1) * num**2)
    counts = cells.reshape(-1, num, num)  # (G, C, C)
    return pd.DataFrame({name: OVERALL[name](counts) for name in dict.fromkeys(("WA", "UAR", corpus.card["metric"]))})


def _codes(labels: pd.Series, emotions: tuple[str, ...]) -> np.ndarray:
    """As `encode`, (N,), each different label looked at once."""
    number, names = pd.factorize(labels)
    return encode(pd.Series(names), emotions)[number]


def _several(corpus: Corpus) -> bool:
    """Whether its clips may have several labels."""
    return bool(corpus.card.get("multi_label"))


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
        found = _remembered(lambda pair=pair: compare(*pair, *how, several=_several(corpus)), pair, corpus)
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

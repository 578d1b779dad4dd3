"""Records: everything that is said about a run, computed from predictions; rebuilt by one call, in a fixed order."""

from pathlib import Path

import pandas as pd

from emostudy import predictions as preds
from emostudy.comparisons import compare, holm
from emostudy.corpora.corpus import Corpus
from emostudy.fusing import MODALITIES
from emostudy.intervals import summarise
from emostudy.metrics import confusion, uar, wa
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
COMPARED = (
    "corpus protocol recipe modalities baseline metric difference ci_low ci_high p_value num_clips num_clusters verdict"
)


def score(predictions: pd.DataFrame, corpus: Corpus, part: str = "test") -> pd.DataFrame:
    """One row per system, emotion and metric: all folds pooled, mean over seeds, 95 % interval over the card's clusters."""
    frames = []
    for key, rows in predictions[predictions.part == part].groupby(SYSTEM, sort=True):
        table = summarise(rows, corpus.emotions, corpus.card["cluster"])
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


def score_runs(predictions: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """WA and UAR of every fold and seed by itself, for dev and test, without intervals."""
    rows = []
    keys = ["run_id", *SYSTEM, "fold", "seed", "part"]
    for key, run in predictions.groupby(keys, sort=True):
        y, predicted, _ = preds.arrays(run, corpus.emotions)
        counts = confusion(y, predicted, len(corpus.emotions))
        head = dict(zip(keys, key, strict=True)) | {"num_clips": len(run), "num_clusters": run.speaker.nunique()}
        rows += [
            head | {"metric": name, "value": float(value)} for name, value in (("WA", wa(counts)), ("UAR", uar(counts)))
        ]
    none = {"group": "all", "emotion": "all", "ci_low": float("nan"), "ci_high": float("nan")}
    return pd.DataFrame(rows).assign(**none)[COLUMNS]


def dev_uar(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> pd.Series:
    """UAR on dev clips, mean over folds and seeds, by modalities and recipe; without reference lines."""
    rows = predictions[
        (predictions.protocol == protocol) & (predictions.part == "dev") & (predictions.modalities != "none")
    ]
    rows = rows[rows.condition == "none"]
    table = score_runs(rows, corpus)
    return table[table.metric == "UAR"].groupby(["modalities", "recipe"], sort=True).value.mean()


def best_of_each(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> dict[str, str]:
    """For each set of modalities the recipe with the best UAR on dev clips, mean over folds and seeds."""
    return dict(dev_uar(predictions, corpus, protocol).groupby("modalities").idxmax().tolist())


def best_single(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> str:
    """The unimodal recipe with the best UAR on dev clips: the one that fusion has to beat."""
    means = dev_uar(predictions, corpus, protocol)
    return means[[m in MODALITIES for m in means.index.get_level_values("modalities")]].idxmax()[1]


def compare_with(predictions: pd.DataFrame, corpus: Corpus, protocol: str, baseline: str) -> pd.DataFrame:
    """Every other system against one recipe on the test clips that both have: difference in UAR, interval, paired test.

    p values are adjusted by Holm's method for the number of systems compared.
    """
    keep = (predictions.protocol == protocol) & (predictions.part == "test") & (predictions.condition == "none")
    rows = predictions[keep]
    base = rows[rows.recipe == baseline]
    if base.empty:
        raise ValueError(
            f"no test prediction of {baseline!r} under {protocol!r}; there are {sorted(rows.recipe.unique())}"
        )
    made = []
    for (recipe, modalities), other in rows[rows.recipe != baseline].groupby(["recipe", "modalities"], sort=True):
        both = sorted(set(base.clip_id) & set(other.clip_id))
        pair = [frame[frame.clip_id.isin(both)] for frame in (other, base)]
        head = {
            "corpus": corpus.name,
            "protocol": protocol,
            "recipe": recipe,
            "modalities": modalities,
            "baseline": baseline,
        }
        made.append(head | compare(*pair, corpus.emotions, corpus.card["cluster"]).to_dict())
    table = pd.DataFrame(made, columns=COMPARED.split())  # with its columns even if there is no other system
    return table.assign(p_holm=holm(table.p_value.to_numpy())).assign(
        verdict=lambda t: [
            ("better" if d > 0 else "worse") if p < 0.05 else "no difference shown"
            for p, d in zip(t.p_holm, t.difference, strict=True)
        ]
    )


def titles(folder: Path) -> dict[str, str]:
    """How figures and tables call each recipe that was run: name -> title."""
    records = preds.read_records(folder, preds.finished(folder))
    return {record["recipe"]: record["title"] for record in records}


def curves(folder: Path, run_ids: list[str]) -> pd.DataFrame:
    """Learning curves of runs: `run_id, protocol, recipe, modalities, fold, seed, epoch, train_loss, ..., chosen`."""
    rows = []
    for record in preds.read_records(folder, run_ids):
        head = {
            key: record[key] for key in ("run_id", "protocol", "recipe", "modalities", "fold", "seed") if key in record
        }
        for epoch in record.get("history", []):
            rows.append(head | epoch | {"chosen": epoch["epoch"] == record["fitted"]["best_epoch"]})
    return pd.DataFrame(rows).drop(columns="seconds", errors="ignore")


def rebuild(folder: Path, corpus: Corpus) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Write `records.csv`, `comparisons.csv` and `curves.csv` from the predictions in a results folder, and give them back.

    Raises:
        ValueError: there are no predictions.
    """
    predictions = preds.read_all(folder)
    records = pd.concat([score(predictions, corpus)[COLUMNS], score_runs(predictions, corpus)], ignore_index=True)
    records = records.astype({"fold": str, "seed": str}).sort_values(
        [c for c in COLUMNS if c not in ("value", "ci_low", "ci_high")]
    )
    comparisons = [
        compare_with(predictions, corpus, protocol, baseline)
        for protocol in sorted(predictions.protocol.unique())
        for baseline in dict.fromkeys(("majority", best_single(predictions, corpus, protocol)))
        if baseline in set(predictions[predictions.protocol == protocol].recipe)
    ]
    tables = (records, pd.concat(comparisons, ignore_index=True), curves(folder, sorted(predictions.run_id.unique())))
    for name, table in zip(("records", "comparisons", "curves"), tables, strict=True):
        with write_atomically(folder / f"{name}.csv") as path:
            table.to_csv(path, index=False, float_format="%.5g")
    return tables

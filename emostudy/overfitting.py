"""What a model knows of the clips it was trained on, beside what it knows of others."""

from collections.abc import Mapping

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.scores import score_runs
from emostudy.wording import modality_rank, percent, protocol_title

PARTS = ("train", "dev", "test")
SCORES = {"train_uar": "UAR", "train_macro_f1": "macro_F1"}  # as records name them
NOTE = (
    "Percent, each the mean over folds and seeds; UAR, of clips with several labels macro F1. A network's training score is taken "
    "while it learns, with the dropout, augmentation and mixup that it has, so that it can be lower than the others; '-' where a "
    "system of several members has none. "
    "Where a recipe is refitted on train and dev, its test score is of that second fit."
)


ADJUSTED = (
    " Of {} the training score is the learner's before its logits are adjusted, dev and test are after it: "
    "no difference is told."
)


def training_scores(runs: list[dict]) -> pd.DataFrame:
    """A row per run: `run_id, protocol, recipe, modalities, condition, train, adjusted`, in 0 to 1; NaN where none was recorded.

    `adjusted`: whether dev and test are of logits that were adjusted afterwards, as the run's record says.

    Args:
        runs: of `predictions.read_records`.
    """
    columns = ["run_id", "protocol", "recipe", "modalities", "condition"]
    rows = [
        {name: run.get(name, "none") for name in columns}
        | {"train": train_score(run), "adjusted": "logit_adjustment" in run.get("fitted", {})}
        for run in runs
    ]
    return pd.DataFrame(rows, columns=[*columns, "train", "adjusted"])


def train_score(run: dict) -> float:
    """UAR, or macro F1 of several labels, on training clips: of the fit that dev liked best, for a network of its chosen epoch."""
    fitted = run.get("fitted", {})
    chosen = [row for row in run.get("history", []) if row["epoch"] == fitted.get("best_epoch")]
    told = [values[name] for values in (fitted, *chosen) for name in SCORES if name in values]
    return float(told[0]) if told else float("nan")


def table(
    predictions: pd.DataFrame, runs: list[dict], corpus: Corpus, protocol: str, condition: str = "none"
) -> pd.DataFrame:
    """A row per recipe under one protocol: `recipe, modalities, train, dev, test, adjusted, num_runs`, means over runs in 0 to 1.

    Sorted by modalities, then by training less test score, the largest first; reference lines last.

    Raises:
        ValueError: no prediction of this protocol.
    """
    rows = predictions[(predictions.protocol == protocol) & (predictions.condition == condition)]
    if rows.empty:
        raise ValueError(f"no prediction under {protocol!r}; there are {sorted(predictions.protocol.unique())}")
    keys = ["recipe", "modalities"]
    scored = score_runs(rows, corpus)
    scored = scored[scored.metric == next(name for name in SCORES.values() if name in set(scored.metric))]
    means = scored.pivot_table(index=keys, columns="part", values="value", aggfunc="mean")
    trained = training_scores(runs)
    trained = trained[trained.run_id.isin(rows.run_id.unique())].groupby(keys)
    trained = trained.agg(train=("train", "mean"), adjusted=("adjusted", "any"), num_runs=("train", "size"))
    made = means.join(trained).reset_index()
    made["adjusted"] = made.adjusted.eq(True)  # of what has no record nothing is known
    made = made.assign(rank=made.modalities.map(modality_rank), lead=made.test - made.train)
    return made.sort_values(["rank", "lead", "recipe"])[[*keys, *PARTS, "adjusted", "num_runs"]].reset_index(drop=True)


def worded(table: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """`table` in percent, and training less test in points, "-" where one is before an adjustment and the other after it."""
    shown = {"system": table.recipe.map(lambda name: titles.get(name, name)), "modality": table.modalities}
    shown |= {"split": table.protocol.map(protocol_title)} if "protocol" in table else {}
    parts = {name: table[part].map(percent) for name, part in zip(("training", "dev", "test"), PARTS, strict=True)}
    lead = (table.train - table.test).where(~table.adjusted)
    return pd.DataFrame({**shown, **parts, "training - test (points)": lead.map(percent)})


def note(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """What stands under it: what training scores are, and which systems adjust their logits after learning."""
    names = dict.fromkeys(titles.get(name, name) for name in table.recipe[table.adjusted])
    return NOTE + (ADJUSTED.format(" and of ".join(names)) if names else "")

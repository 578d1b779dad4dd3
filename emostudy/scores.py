"""What predictions are worth: metrics of systems with intervals, and of single runs without."""

import hashlib
from collections.abc import Callable

import numpy as np
import pandas as pd

from emostudy import predictions as preds
from emostudy import several_metrics
from emostudy.corpora.corpus import Corpus
from emostudy.intervals import OVERALL, summarise
from emostudy.labels import encode

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
    summary = several_metrics.summarise if has_several(corpus) else summarise
    return remembered(lambda: summary(rows, corpus.emotions, corpus.card["cluster"]), [rows], corpus)


def remembered(make: Callable, frames: list[pd.DataFrame], corpus: Corpus) -> pd.DataFrame | pd.Series:
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
    if has_several(corpus):
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


def has_several(corpus: Corpus) -> bool:
    """Whether its clips may have several labels."""
    return bool(corpus.card.get("multi_label"))

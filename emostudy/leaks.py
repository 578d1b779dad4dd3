"""What each way to flatter a score is worth: a mistake made on purpose beside the same without it, and what refuses it here."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emostudy import intervals
from emostudy import predictions as preds
from emostudy.corpora.corpus import Corpus
from emostudy.metrics import confusion
from emostudy.records import compare_pairs
from emostudy.tables import worded_p
from emostudy.wording import counted, full_title, interval, interval_note, percent, protocol_title

HUNDRED, STUDIES = 100, 10  # clips of a small study; studies of which the best is told
FACTS = ("corpus", "protocol", "recipe", "modalities")


@dataclass(frozen=True)
class Leak:
    """A mistake in words, and what keeps it from happening in this study."""

    title: str
    guard: str


LEAKS = {
    "speaker": Leak(
        "the speaker is in train and test", "protocol `speaker_independent`; its guard refuses a shared speaker"
    ),
    "sentence": Leak(
        "the sentence is in train and test", "protocol `sentence_independent`; its guard refuses a shared sentence"
    ),
    "confounded": Leak(
        "speakers who differ in what they feel, in train and test", "the line *speaker's name only* in 02 to 06 and 20"
    ),
    "doubled": Leak("one test clip in ten is in train too", "the guard refuses a shared clip"),
    "near": Leak("one test clip in ten has a near copy in train", "`audit` finds near texts, recordings and pictures"),
    "augmented_first": Leak(
        "augmented before the split", "recipes augment batches of what is learned from, nothing else"
    ),
    "scaled_on_all": Leak(
        "scaled on all clips", "scalers are fitted on what is learned from: train, and dev after a refit"
    ),
    "by_speaker": Leak("scaled on the test speaker's own clips", "a recipe has to say so: `by_speaker`, in its record"),
    "chosen_on_test": Leak("settings chosen by test", "learners choose by dev; records keep all trials"),
    "epoch_on_test": Leak("epoch chosen by test", "networks choose by dev; `curves.csv` keeps every epoch"),
    "stacked": Leak("stacked on scores of learned clips", "rules are fitted on dev alone (`fusing.fuse`)"),
    "training": Leak("training clips are scored", "tables are of test; training scores stand beside (02 to 04)"),
    "metric": Leak("accuracy of unbalanced classes", "the corpus' card names the metric; chance is drawn"),
    "hundred": Leak(
        f"best of {STUDIES} studies of {HUNDRED} clips", "all folds are pooled, with an interval over clusters of clips"
    ),
    "seed": Leak("luckiest of all seeds", "scores are means over seeds"),
}
CHOSEN = "above by construction"  # the verdict on the best of many, which no test is about


def worth(pairs: dict[str, tuple[pd.DataFrame, pd.DataFrame]], corpus: Corpus) -> pd.DataFrame:
    """Leak -> (test predictions with it, without): what it adds on the clips that both have, with interval and paired test.

    Where no clip is in both, as of training clips under a split of one fold, see `apart`.
    """
    pairs = {leak: [preds.with_cluster(rows, corpus) for rows in pair] for leak, pair in pairs.items()}
    common = {leak: pair for leak, pair in pairs.items() if len(shared(*pair)[0])}
    table = compare_pairs(list(common.values()), corpus)
    sides = [[value_of(rows, corpus) for rows in shared(*pair)] for pair in common.values()]
    table = table.assign(
        leak=list(common),
        flattered=[one for one, _ in sides],
        honest=[other for _, other in sides],
        against=[other.protocol.iloc[0] for _, other in common.values()],
    )
    rest = [apart(leak, *pair, corpus) for leak, pair in pairs.items() if leak not in common]
    return pd.concat([table, pd.DataFrame(rest)], ignore_index=True) if rest else table


def apart(leak: str, one: pd.DataFrame, other: pd.DataFrame, corpus: Corpus, num_draws: int = 2000) -> dict:
    """What the first predictions reach more than the second, of other clips: both are resampled, each for itself; no paired test."""
    draws, values, sizes = [], [], []
    for seed, rows in enumerate((one, other)):
        pool = intervals.pooled(rows, corpus.emotions, corpus.card["cluster"])

        def score(weights: np.ndarray, pool=pool) -> np.ndarray:
            return intervals.overall(pool, weights, corpus.card["metric"])

        draws.append(intervals.bootstrap(score, pool.num_clusters, num_draws, seed))
        values.append(value_of(rows, corpus))
        sizes.append(pool.num_clusters)
    low, high = intervals.percentiles((draws[0] - draws[1])[:, None], np.array([min(sizes)]))[:, 0]
    verdict = "better" if low > 0 else "worse" if high < 0 else "no difference shown"
    return _row(leak, (one, other), *values, low, high, verdict)


def shared(one: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of the clips that both have."""
    both = set(one.clip_id) & set(other.clip_id)
    return one[one.clip_id.isin(both)], other[other.clip_id.isin(both)]


def value_of(rows: pd.DataFrame, corpus: Corpus, metric: str = "") -> float:
    """A metric, the card's if none is named, of all folds pooled, mean over seeds."""
    pool = intervals.pooled(rows, corpus.emotions, corpus.card["cluster"])
    return float(intervals.overall(pool, np.ones((1, pool.num_clusters)), metric or corpus.card["metric"])[0])


def of_accuracy(rows: pd.DataFrame, corpus: Corpus, num_draws: int = 2000) -> dict:
    """What WA says more than UAR of the same predictions, with its interval; it is shown where that leaves zero out."""
    pool = intervals.pooled(rows, corpus.emotions, corpus.card["cluster"])

    def gap(weights: np.ndarray) -> np.ndarray:
        return intervals.overall(pool, weights, "WA") - intervals.overall(pool, weights, "UAR")

    draws = intervals.bootstrap(gap, pool.num_clusters, num_draws)
    low, high = intervals.percentiles(draws[:, None], np.array([pool.num_clusters]))[:, 0]
    values = [value_of(rows, corpus, metric) for metric in ("WA", "UAR")]
    return _row("metric", (rows, rows), *values, low, high, "better" if low > 0 else "no difference shown")


def of_small_studies(rows: pd.DataFrame, corpus: Corpus, num_draws: int = 1000) -> list[dict]:
    """What the best of `STUDIES` scores says more, each of `HUNDRED` test clips drawn at random; the range of 95 % of draws.

    Nothing where there are no more than `HUNDRED` test clips.
    """
    some = rows[rows.seed == rows.seed.min()].reset_index(drop=True)
    if len(some) <= HUNDRED:
        return []
    y, predicted, _ = preds.arrays(some, corpus.emotions)
    rng, whole = np.random.default_rng(0), value_of(some, corpus)
    drawn = np.argsort(rng.random((num_draws, len(some))))[:, :HUNDRED]
    metric = intervals.OVERALL[corpus.card["metric"]]
    each = metric(np.stack([confusion(y[clips], predicted[clips], len(corpus.emotions)) for clips in drawn]))
    best = each.reshape(-1, STUDIES).max(1)
    low, high = np.percentile(best - whole, [2.5, 97.5])
    return [_row("hundred", (rows, rows), float(best.mean()), whole, low, high)]


def by_seed(rows: pd.DataFrame, corpus: Corpus) -> pd.Series:
    """The score of every seed."""
    return pd.Series({seed: value_of(some, corpus) for seed, some in rows.groupby("seed", sort=True)})


def of_lucky_seeds(scores: pd.Series, rows: pd.DataFrame) -> dict:
    """What the best seed says more than their mean. It has no interval: what other seeds would say is not in these.

    Args:
        scores: of `by_seed(rows)`.
    """
    best, mean = float(scores.max()), float(scores.mean())
    return _row("seed", (rows, rows), best, mean, float("nan"), float("nan"))


def _row(leak: str, pair: tuple, flattered: float, honest: float, low: float, high: float, verdict=CHOSEN) -> dict:
    one, other = (rows.iloc[0] for rows in pair)
    head = {name: one[name] for name in FACTS} | {"baseline": other.recipe, "against": other.protocol}
    head["num_seeds"] = max(rows.seed.nunique() for rows in pair)
    told = {"difference": flattered - honest, "ci_low": low, "ci_high": high, "p_value": float("nan")}
    return head | told | {"verdict": verdict, "leak": leak, "flattered": flattered, "honest": honest}


def placed(table: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """The gallery with two more columns: `system`, in which the mistake is made, and `split`, of the flattered / of the honest score."""
    rows = table.assign(recipe=table.baseline)
    systems = [
        titles.get(row.recipe, row.recipe) if row.modalities in ("none", "") else full_title(row, titles)
        for row in rows.itertuples()
    ]
    split = [" / ".join(map(protocol_title, dict.fromkeys([row.protocol, row.against]))) for row in table.itertuples()]
    return table.assign(system=systems, split=split).drop(columns="against")


def worded(table: pd.DataFrame) -> pd.DataFrame:
    """The gallery in words: what was done, in which system, both scores, what it adds, and what keeps it from happening here.

    Args:
        table: of `placed`.
    """
    rows = table.sort_values("difference", ascending=False)
    bounds = rows[["difference", "ci_low", "ci_high"]].to_numpy(float)
    return pd.DataFrame(
        {
            "mistake": rows.leak.map(lambda name: LEAKS[name].title),
            "system": rows.system,
            "protocol": rows.split,
            "with it": rows.flattered.map(percent),
            "without": rows.honest.map(percent),
            "adds (points)": [interval(*row) for row in bounds],
            "p (Holm)": rows.p_holm.map(worded_p),
            "verdict": rows.verdict.replace("better", "flatters"),
            "what keeps it out here": rows.leak.map(lambda name: LEAKS[name].guard),
        }
    )


def note(scores: pd.Series, cluster: str) -> str:
    """What the numbers of `worded` are; `scores`: of `by_seed`."""
    return (
        f"With it and without in percent; in brackets the {interval_note(cluster)}, but of the best of {STUDIES} studies 95 % of draws, "
        f"and of the luckiest of {counted(len(scores), 'seed')} nothing: their standard deviation is {percent(np.std(scores))} points. "
        "Two protocols: with it / without. p only where both scores are of the same clips."
    )

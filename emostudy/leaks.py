"""What each way to flatter a score is worth: a mistake made on purpose beside the same without it, and what refuses it here."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from emostudy import intervals
from emostudy import predictions as preds
from emostudy.corpora.corpus import Corpus
from emostudy.metrics import confusion
from emostudy.protocols import Split, guard, splits
from emostudy.records import compare_pairs
from emostudy.tables import worded_p
from emostudy.wording import interval, percent, protocol_title

HUNDRED, STUDIES = 100, 10  # clips of a small study; studies of which the best is told
COLUMNS = ["leak", "honest", "flattered", "difference", "ci_low", "ci_high", "p_value", "verdict"]


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
    "doubled": Leak("one test clip in ten is in train too", "the guard refuses a shared clip; `audit` finds near ones"),
    "augmented_first": Leak(
        "augmented before the split", "recipes augment batches of what is learned from, nothing else"
    ),
    "scaled_on_all": Leak(
        "scaled on all clips", "scalers are fitted on what is learned from: train, and dev after a refit"
    ),
    "by_speaker": Leak("scaled on the test speaker's own clips", "a recipe has to say so: `by_speaker`, in its record"),
    "chosen_on_test": Leak("settings chosen by test", "learners choose by dev; records keep all trials"),
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

    Passed over where both have none, as a profile of one fold may bring about.
    """
    pairs = {
        leak: [preds.with_cluster(rows, corpus) for rows in pair]
        for leak, pair in pairs.items()
        if len(shared(*pair)[0])
    }
    table = compare_pairs(list(pairs.values()), corpus)
    sides = [[value_of(rows, corpus) for rows in shared(*pair)] for pair in pairs.values()]
    return table.assign(leak=list(pairs), flattered=[one for one, _ in sides], honest=[other for _, other in sides])


def shared(one: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of the clips that both have."""
    both = set(one.clip_id) & set(other.clip_id)
    return one[one.clip_id.isin(both)], other[other.clip_id.isin(both)]


def value_of(rows: pd.DataFrame, corpus: Corpus, metric: str = "") -> float:
    """A metric, the card's if none is named, of all folds pooled, mean over seeds."""
    pool = intervals.pooled(rows, corpus.emotions, corpus.card["cluster"])
    return float(intervals.overall(pool, np.ones((1, pool.num_clusters)), metric or corpus.card["metric"])[0])


def as_if_new(rows: pd.DataFrame) -> pd.DataFrame:
    """Predictions of training clips as if they were of test clips: each clip and seed once, from the first fold that learned it."""
    seen = rows[rows.part == "train"].sort_values("fold", kind="stable")
    return seen.drop_duplicates(["seed", "clip_id"]).assign(part="test")


def of_accuracy(rows: pd.DataFrame, corpus: Corpus, num_draws: int = 2000) -> dict:
    """What WA says more than UAR of the same predictions, with its interval; it is shown where that leaves zero out."""
    pool = intervals.pooled(rows, corpus.emotions, corpus.card["cluster"])

    def gap(weights: np.ndarray) -> np.ndarray:
        return intervals.overall(pool, weights, "WA") - intervals.overall(pool, weights, "UAR")

    draws = intervals.bootstrap(gap, pool.num_clusters, num_draws)
    low, high = intervals.percentiles(draws[:, None], np.array([pool.num_clusters]))[:, 0]
    values = [value_of(rows, corpus, metric) for metric in ("WA", "UAR")]
    return _row("metric", *values, low, high, "better" if low > 0 else "no difference shown")


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
    return [_row("hundred", float(best.mean()), whole, low, high)]


def by_seed(rows: pd.DataFrame, corpus: Corpus) -> pd.Series:
    """The score of every seed."""
    return pd.Series({seed: value_of(some, corpus) for seed, some in rows.groupby("seed", sort=True)})


def of_lucky_seeds(scores: pd.Series) -> dict:
    """What the best seed says more than their mean; the range from the mean to the best of 95 % of samples of as many seeds."""
    rng = np.random.default_rng(0)
    best = rng.choice(scores.to_numpy(), (2000, len(scores))).max(1) - scores.mean()
    return _row("seed", float(scores.max()), float(scores.mean()), *np.percentile(best, [2.5, 97.5]))


def _row(leak: str, flattered: float, honest: float, low: float, high: float, verdict: str = CHOSEN) -> dict:
    values = leak, honest, flattered, flattered - honest, low, high, float("nan"), verdict
    return dict(zip(COLUMNS, values, strict=True))


def worded(table: pd.DataFrame) -> pd.DataFrame:
    """The gallery in words: what was done, both scores, what it adds, and what keeps it from happening here."""
    rows = table.sort_values("difference", ascending=False)
    bounds = rows[["difference", "ci_low", "ci_high"]].to_numpy(float)
    return pd.DataFrame(
        {
            "mistake": rows.leak.map(lambda name: LEAKS[name].title),
            "with it": rows.flattered.map(percent),
            "without": rows.honest.map(percent),
            "adds (points)": [interval(*row) for row in bounds],
            "p (Holm)": rows.p_holm.map(worded_p),
            "verdict": rows.verdict.replace("better", "flatters"),
            "here": rows.leak.map(lambda name: LEAKS[name].guard),
        }
    )


def refused(corpus: Corpus, allowed: list[str]) -> pd.DataFrame:
    """What the guard says to splits that break their word: `protocol, shared, said`, a row per column that some protocol keeps apart.

    Into train comes a test clip, or of a protocol that keeps speakers apart (sentences, dialogues) one of several clips of a test speaker.
    """
    rows, known = [], {}
    for protocol in allowed:
        for split in splits(corpus, protocol, (0,)):
            known.setdefault("clip_id", (protocol, replace(split, train=(*split.train, split.test[0]))))
            for column in split.keeps_apart:
                moved = next((clip for clip in split.test if _has_company(clip, split, corpus, column)), None)
                if moved is not None and column in corpus.clips:
                    test = tuple(clip for clip in split.test if clip != moved)
                    known.setdefault(column, (protocol, replace(split, train=(*split.train, moved), test=test)))
    for column, (protocol, broken) in known.items():
        rows.append((protocol_title(protocol), column, told(guard, broken, corpus)))
    return pd.DataFrame(rows, columns=["protocol", "shared", "said"])


def _has_company(clip: str, split: Split, corpus: Corpus, column: str) -> bool:
    """Whether another test clip has the same value of a column."""
    if column not in corpus.clips:
        return False
    values = corpus.clips.set_index("clip_id")[column].loc[list(split.test)]
    return int((values == values[clip]).sum()) > 1


def told(refuse: Callable, *arguments) -> str:
    """The words of the ValueError that a call raises, "" where it raises none."""
    try:
        refuse(*arguments)
    except ValueError as error:
        return str(error)
    return ""


def too_small_for(cut: Callable, corpus: Corpus, protocols: list[str], folds: tuple[int, ...]) -> str:
    """Why a sample cannot be learned from, "" where it can."""
    for protocol in protocols:
        for split in splits(corpus, protocol, folds):
            if reason := told(guard, cut(split, corpus), corpus):
                return reason
    return ""

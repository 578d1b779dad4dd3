"""What each choice was worth: modalities' shares, fewer clips, wrong partners, stackers on what was seen, folds against seeds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd

from emostudy import intervals, metrics
from emostudy import predictions as preds
from emostudy.corpora.corpus import Corpus
from emostudy.fusing import by_rule
from emostudy.protocols import MIN_CLIPS, Split
from emostudy.recipes.decision import Rule
from emostudy.seeds import seed_of


@dataclass(frozen=True)
class Fewer:
    """A split of whose training clips a `share` is left: single clips of each emotion, or all clips of some speakers (`of`)."""

    share: float
    of: str = "clip"

    def __call__(self, split: Split, corpus: Corpus) -> Split:
        """The same dev and test clips."""
        clips = corpus.clips.set_index("clip_id", drop=False).loc[list(split.train)]
        if self.of == "speaker":
            return replace(split, train=tuple(clips.clip_id[clips.speaker.isin(self._speakers(split, clips))]))
        kept = set()
        for _, some in clips.clip_id.groupby(clips.emotion):
            kept |= set(_drawn(some, split)[: max(MIN_CLIPS, round(self.share * len(some)))])
        return replace(split, train=tuple(clips.clip_id[clips.clip_id.isin(kept)]))

    def _speakers(self, split: Split, clips: pd.DataFrame) -> list[str]:
        """As many speakers as the share asks for, or as it takes for every emotion to be learned."""
        names = _drawn(clips.speaker, split)
        num = max(1, round(self.share * len(names)))
        while num < len(names) and _rarest(clips[clips.speaker.isin(names[:num])], clips) < MIN_CLIPS:
            num += 1
        return names[:num]


def _drawn(values: pd.Series, split: Split) -> list[str]:
    """All different values in an order of chance, the same for every share, so that fewer are always among more."""
    return sorted(values.unique(), key=lambda name: seed_of("fewer", split.protocol, split.fold, name))


def _rarest(some: pd.DataFrame, clips: pd.DataFrame) -> int:
    """Clips of the rarest emotion."""
    return some.emotion.value_counts().reindex(clips.emotion.unique(), fill_value=0).min()


def shapley(values: Mapping[frozenset, np.ndarray], players: tuple[str, ...]) -> dict[str, np.ndarray]:
    """What each player adds, mean over all orders in which they may come (Shapley 1953).

    Args:
        values: of every set of players, the empty one too; numbers, or arrays of one shape.
    """
    found = {}
    for player in players:
        others, total = [one for one in players if one != player], 0.0
        for size in range(len(players)):
            weight = factorial(size) * factorial(len(players) - size - 1) / factorial(len(players))
            for some in combinations(others, size):
                total = total + weight * (values[frozenset([*some, player])] - values[frozenset(some)])
        found[player] = total
    return found


def modality_shares(predictions: pd.DataFrame, corpus: Corpus, num_draws: int = 2000) -> pd.DataFrame:
    """Shapley values of UAR, chance for no modality: `modality, value, ci_low, ci_high`; they sum to what all have above chance.

    Args:
        predictions: test clips of one recipe on every set of modalities, one protocol.
    """
    chance, cluster = 1 / len(corpus.emotions), corpus.card["cluster"]
    of_each = [set(rows.clip_id) for _, rows in predictions.groupby("modalities")]
    predictions = predictions[predictions.clip_id.isin(set.intersection(*of_each))]  # the same clips for all sets
    pools = {
        frozenset(modalities.split("+")): intervals.pooled(rows, corpus.emotions, cluster)
        for modalities, rows in predictions.groupby("modalities", sort=True)
    }
    players = tuple(sorted(set().union(*pools)))
    num_clusters = next(iter(pools.values())).num_clusters

    def of(weights: np.ndarray) -> np.ndarray:
        """(R, K) -> (R, M): the same speakers drawn for all sets."""
        values = {chosen: intervals.overall(pool, weights, "UAR") for chosen, pool in pools.items()}
        found = shapley(values | {frozenset(): np.full(len(weights), chance)}, players)
        return np.stack([found[player] for player in players], 1)

    value = of(np.ones((1, num_clusters)))[0]
    draws = intervals.bootstrap(of, num_clusters, num_draws)
    low, high = intervals.percentiles(draws, np.full(len(players), num_clusters))
    return pd.DataFrame({"modality": players, "value": value, "ci_low": low, "ci_high": high, "chance": chance})


def partnered(predictions: pd.DataFrame, rule: Rule, how: str, emotions: tuple[str, ...]) -> pd.DataFrame:
    """A rule on single modalities' predictions whose rows are matched clip by clip, or not.

    Args:
        predictions: of one recipe per modality.
        how: "matched"; "any": each test clip has another clip's second and third modality; "same emotion": one of the same emotion.
    """
    frames = []
    for (_, fold, seed), some in predictions.groupby(["protocol", "fold", "seed"], sort=True):
        change = None if how == "matched" else partial(_other_partners, how == "same emotion", fold, seed)
        parts = [rows for _, rows in some.groupby("modalities", sort=True)]
        frames.append(by_rule(parts, rule, emotions, change=change, condition=how))
    return pd.concat(frames, ignore_index=True)


def _other_partners(same_emotion: bool, fold, seed, rows: pd.DataFrame, test: np.ndarray) -> np.ndarray:
    """The first modality's rows as they are, every other one's in another order, (M, N, C)."""
    orders = [_other_clip(rows, same_emotion, seed_of("partner", fold, seed, m)) for m in range(1, len(test))]
    return np.stack([test[0], *(values[order] for values, order in zip(test[1:], orders, strict=True))])


def _other_clip(rows: pd.DataFrame, same_emotion: bool, seed: int) -> np.ndarray:
    """Which clip takes each clip's place, (N,): never itself where there is another one."""
    order, rng = np.arange(len(rows)), np.random.default_rng(seed)
    groups = rows.groupby("emotion").indices.values() if same_emotion else [order]
    for some in groups:
        mixed = rng.permutation(some)
        order[mixed] = np.roll(mixed, 1)
    return order


def against(predictions: pd.DataFrame, baseline: str) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Test predictions of each other recipe beside those of `baseline`, for `records.compare_pairs`."""
    test = predictions[predictions.part == "test"]
    base = test[test.recipe == baseline]
    return [(rows, base) for name, rows in test.groupby("recipe", sort=True) if name != baseline]


def stacked(predictions: pd.DataFrame, rule: Rule, part: str, emotions: tuple[str, ...]) -> pd.DataFrame:
    """A stacker fitted on what single models say of `part`: "train", which they have learned, or "dev", which is new to them."""
    frames = []
    for _, some in predictions.groupby(["protocol", "fold", "seed"], sort=True):
        parts = [rows for _, rows in some.groupby("modalities", sort=True)]
        told = {"recipe": f"{rule.name}_on_{part}", "condition": "stacked"}
        frames.append(by_rule(parts, rule, emotions, part, **told))
    return pd.concat(frames, ignore_index=True)


def variances(predictions: pd.DataFrame, emotions: tuple[str, ...]) -> pd.DataFrame:
    """How far UAR moves with the fold and with the seed: standard deviations, a row per recipe and set of modalities.

    `over_folds`: of the folds' means over seeds, which holds the chance of their test clips and a part of the seeds';
    `over_seeds`: within a fold, mean over folds (NaN for one seed).
    """
    rows = []
    for (recipe, modalities), some in predictions[predictions.part == "test"].groupby(
        ["recipe", "modalities"], sort=True
    ):
        uar = some.groupby(["fold", "seed"]).apply(_uar, emotions, include_groups=False).unstack("seed")
        within = uar.std(axis=1).mean() if uar.shape[1] > 1 else float("nan")
        rows.append((recipe, modalities, *uar.shape, uar.mean(axis=1).std(), within))
    return pd.DataFrame(rows, columns=["recipe", "modalities", "num_folds", "num_seeds", "over_folds", "over_seeds"])


def _uar(rows: pd.DataFrame, emotions: tuple[str, ...]) -> float:
    y, predicted, _ = preds.arrays(rows, emotions)
    return float(metrics.uar(metrics.confusion(y, predicted, len(emotions))))


def by_size(frames: dict[Fewer, pd.DataFrame], score, records: list[dict], metric: str) -> pd.DataFrame:
    """Scores over the number of training clips: a row per `Fewer`; `score` as `Lesson.score`, `records` of the runs.

    All clips (share 1) are all clips of all speakers too: that row stands for both.
    """
    num_train = {record["run_id"]: record["num_clips"]["train"] for record in records}
    rows = []
    for fewer, predictions in frames.items():
        scored = score(predictions)
        row = scored[(scored.metric == metric) & (scored.emotion == "all")].iloc[0].to_dict()
        mean = float(np.mean([num_train[run_id] for run_id in predictions.run_id.unique()]))
        both = ("clip", "speaker") if fewer.share == 1 else (fewer.of,)
        rows += [row | {"of": of, "share": fewer.share, "num_train": mean} for of in both]
    return pd.DataFrame(rows)

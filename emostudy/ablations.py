"""What each choice was worth: fewer clips or fewer speakers, stackers on what was seen."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.fusing_in_memory import by_rule
from emostudy.protocols import MIN_CLIPS, Split
from emostudy.recipes.decision import Rule
from emostudy.records import compare_pairs
from emostudy.seeds import seed_of

MOST = 1500  # clips of a corpus whose ablations learn from all: hundreds of runs, and choices matter most where clips are few


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
            kept |= set(drawn(some, split.protocol, split.fold)[: max(MIN_CLIPS, round(self.share * len(some)))])
        return replace(split, train=tuple(clips.clip_id[clips.clip_id.isin(kept)]))

    def _speakers(self, split: Split, clips: pd.DataFrame) -> list[str]:
        """As many speakers as the share asks for, or as it takes for every emotion to be learned."""
        names = drawn(clips.speaker, split.protocol, split.fold)
        num = max(1, round(self.share * len(names)))
        while num < len(names) and _rarest(clips[clips.speaker.isin(names[:num])], clips) < MIN_CLIPS:
            num += 1
        return names[:num]


def share_of(corpus: Corpus) -> float:
    """Of a fold's training clips, how many ablations learn from: all of a corpus of `MOST` clips or fewer.

    Dev stays whole: what is fitted again on train and dev learns from all of it.
    """
    return min(1.0, round(MOST / len(corpus.clips), 2))


def cut_of(corpus: Corpus) -> Fewer | None:
    """What leaves that share of the training clips; None where it is all."""
    return Fewer(share_of(corpus)) if share_of(corpus) < 1 else None


def learned_told(corpus: Corpus) -> str:
    """That a share of the training clips is learned from, for what stands behind the protocol in captions; "" where it is all."""
    share = share_of(corpus)
    return f", learned from {100 * share:.0f} % of the training clips, dev whole" if share < 1 else ""


def briefly(lesson, num_folds: int | None):
    """A lesson with its first seed alone and its first `num_folds` folds (None: all), for what takes minutes a fold."""
    profile = replace(lesson.profile, folds=lesson.profile.folds[:num_folds])
    return replace(lesson, seeds=lesson.seeds[:1], profile=profile)


def drawn(values: pd.Series, protocol: str, fold: int) -> list[str]:
    """All different values in an order of chance, the same for every share, so that fewer are always among more."""
    return sorted(values.unique(), key=lambda name: seed_of("fewer", protocol, fold, name))


def _rarest(some: pd.DataFrame, clips: pd.DataFrame) -> int:
    """Clips of the rarest emotion."""
    return some.emotion.value_counts().reindex(clips.emotion.unique(), fill_value=0).min()


def equally_frequent(predictions: pd.DataFrame, corpus: Corpus) -> bool:
    """Whether all emotions have as many clips in the corpus, and in each fold's test: so in what is learned from, train and dev."""
    test = predictions[predictions.part == "test"].drop_duplicates(["fold", "clip_id"])
    counts = [
        some.value_counts() for some in (corpus.clips.emotion, *(rows.emotion for _, rows in test.groupby("fold")))
    ]
    return all(some.reindex(list(corpus.emotions), fill_value=0).nunique() == 1 for some in counts)


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


def clips_or_speakers(frames: dict[Fewer, pd.DataFrame], corpus: Corpus) -> pd.DataFrame:
    """A share of each emotion's clips against the same share of speakers, as `records.compare_pairs`, with `share`."""
    shares = [one.share for one in frames if one.of == "clip" and replace(one, of="speaker") in frames]
    tested = {one: rows[rows.part == "test"] for one, rows in frames.items()}
    compared = compare_pairs([[tested[Fewer(share, of)] for of in ("clip", "speaker")] for share in shares], corpus)
    told = {"recipe": "single clips", "baseline": "whole speakers"}
    kept = {side: [f"{what} left out, {100 * share:.0f} % kept" for share in shares] for side, what in told.items()}
    return compared.assign(share=shares, **kept)

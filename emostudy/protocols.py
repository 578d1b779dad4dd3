"""Who is trained on, who is chosen by, who is tested: splits of a corpus, and the guard that holds them to their word."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from emostudy.corpora.corpus import Corpus

NUM_FOLDS = 5
MIN_CLIPS = 3  # of each emotion in train: a support vector machine's probabilities need three


@dataclass(frozen=True)
class Split:
    """Clip ids of one fold, each sorted. `keeps_apart` names the columns of which no value is in two parts."""

    protocol: str
    fold: int
    train: tuple[str, ...]
    dev: tuple[str, ...]
    test: tuple[str, ...]
    keeps_apart: tuple[str, ...] = ()


@dataclass(frozen=True)
class Protocol:
    """A way to split: `fold_of` gives each clip's fold (N,) int, or raises where the corpus cannot be split so."""

    name: str
    title: str
    keeps_apart: tuple[str, ...]
    fold_of: Callable[[Corpus], np.ndarray]


def random_folds(corpus: Corpus) -> np.ndarray:
    """Five folds stratified by emotion, clips drawn at random, always the same for the same clip ids.

    The flattering protocol: every speaker is on both sides.
    """
    counts = corpus.clips.emotion.value_counts()
    if counts.min() < NUM_FOLDS:
        raise ValueError(
            f"{corpus.name}: only {counts.min()} clips of {counts.idxmin()!r}; {NUM_FOLDS} folds need at least {NUM_FOLDS} "
            "of each emotion: add clips or leave that emotion out"
        )
    folds = np.empty(len(corpus), int)
    splitter = StratifiedKFold(NUM_FOLDS, shuffle=True, random_state=0)
    for fold, (_, test) in enumerate(splitter.split(folds, corpus.clips.emotion)):
        folds[test] = fold
    return folds


def speaker_folds(corpus: Corpus) -> np.ndarray:
    """The folds of speakers that the corpus' card gives; else speakers dealt out in turn, by gender, then name."""
    listed = corpus.card.get("speaker_folds") or deal_speakers(corpus.clips)
    fold_of = {str(speaker): fold for fold, speakers in enumerate(listed) for speaker in speakers}
    unlisted = sorted(set(corpus.clips.speaker) - set(fold_of))
    if unlisted:
        raise ValueError(f"{corpus.name}: speaker {unlisted[0]} is in no fold of the card; add it to speaker_folds")
    return corpus.clips.speaker.map(fold_of).to_numpy(int)


def deal_speakers(clips: pd.DataFrame) -> list[list[str]]:
    """Five lists of speakers, genders balanced."""
    speakers = clips[["gender", "speaker"]].drop_duplicates().sort_values(["gender", "speaker"]).speaker.tolist()
    if len(speakers) < NUM_FOLDS:
        raise ValueError(f"{len(speakers)} speakers cannot fill {NUM_FOLDS} folds; use protocol 'random' and say so")
    return [speakers[fold::NUM_FOLDS] for fold in range(NUM_FOLDS)]


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol("random", "random split", (), random_folds),
        Protocol("speaker_independent", "new speakers", ("speaker",), speaker_folds),
    )
}


def splits(corpus: Corpus, protocol: str, folds: tuple[int, ...] | None = None) -> list[Split]:
    """The splits of a protocol: fold k is test, fold k + 1 is dev, the rest is train.

    Raises:
        ValueError: unknown protocol, a corpus that cannot be split so, or a broken promise of independence.
    """
    if protocol not in PROTOCOLS:
        near = get_close_matches(protocol, PROTOCOLS, n=2, cutoff=0)
        raise ValueError(f"unknown protocol {protocol!r}; did you mean {' or '.join(near)}?")
    fold_of = PROTOCOLS[protocol].fold_of(corpus)
    made = []
    for fold in range(NUM_FOLDS) if folds is None else folds:
        part = np.where(fold_of == fold, "test", np.where(fold_of == (fold + 1) % NUM_FOLDS, "dev", "train"))
        ids = {name: tuple(corpus.clips.clip_id[part == name]) for name in ("train", "dev", "test")}
        made.append(Split(protocol, fold, **ids, keeps_apart=PROTOCOLS[protocol].keeps_apart))
        guard(made[-1], corpus)
    return made


def guard(split: Split, corpus: Corpus) -> None:
    """Refuse a split that leaks or cannot be learned from.

    Raises:
        ValueError: a clip, or a value of a column that the protocol keeps apart, is in two parts; a part is empty; an
            emotion has fewer than three training clips.
    """
    parts = {"train": split.train, "dev": split.dev, "test": split.test}
    empty = [name for name, ids in parts.items() if not ids]
    if empty:
        raise ValueError(f"{split.protocol}, fold {split.fold}: no clip in {empty[0]}; the corpus is too small for it")
    rows = {name: corpus.clips[corpus.clips.clip_id.isin(ids)] for name, ids in parts.items()}
    for column in ("clip_id", *split.keeps_apart):
        for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
            shared = sorted(set(rows[one][column]) & set(rows[other][column]))
            if shared:
                raise ValueError(
                    f"{column} {shared[0]} is in {one} and {other}; protocol {split.protocol!r} keeps {column}s apart: "
                    f'use splits(corpus, "{split.protocol}") instead of a list of your own'
                )
    counts = rows["train"].emotion.value_counts().reindex(list(corpus.emotions), fill_value=0)
    if counts.min() < MIN_CLIPS:
        raise ValueError(
            f"{split.protocol}, fold {split.fold}: {counts.min()} training clips of {counts.idxmin()!r}, at least {MIN_CLIPS} "
            "are needed; add clips or leave that emotion out"
        )


def num_shared(split: Split, corpus: Corpus, column: str) -> int:
    """How many values of a column are in train and in test: what a protocol does not keep apart."""
    train, test = (set(corpus.clips[corpus.clips.clip_id.isin(ids)][column]) for ids in (split.train, split.test))
    return len(train & test)

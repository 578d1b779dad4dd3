"""Who is trained on, who is chosen by, who is tested: splits of a corpus, and the guard that holds them to their word."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from emostudy.corpora.catalogue import base_of, card, names, subcorpora
from emostudy.corpora.corpus import Corpus
from emostudy.divisions import (
    PARTS,
    PUBLISHED,
    Division,
    as_published,
    dialogue_folds,
    each_corpus,
    each_session,
    each_speaker,
    from_one_corpus,
    official_parts,
    random_folds,
    sentence_folds,
    session_folds,
    speaker_and_sentence_folds,
    speaker_folds,
)
from emostudy.folds import Lacks, several
from emostudy.parameters import check_name

MIN_CLIPS = 3  # of each emotion in train: a support vector machine's probabilities need three
CHECKED = 10  # folds; leaving one of hundreds of speakers out is not tried for each
PAIRS = (("train", "dev"), ("train", "test"), ("dev", "test"))


@dataclass(frozen=True)
class Split:
    """Clip ids of one fold, each sorted. `keeps_apart` names the columns of which no value is in two parts.

    `test:speaker` is a weaker promise: no speaker of test is in another part; `train/dev:sentence`: none is in both of these.
    """

    protocol: str
    fold: int
    train: tuple[str, ...]
    dev: tuple[str, ...]
    test: tuple[str, ...]
    keeps_apart: tuple[str, ...] = ()


@dataclass(frozen=True)
class Protocol:
    """A way to split: `rule(corpus, list or variant)` divides a corpus, or raises where it cannot be split so.

    `keeps_apart` is what it promises where the corpus has enough groups; a split of few groups promises what it can.
    Of a protocol with `variants` (name -> title) one has to be named: `as_published:80_20`.
    """

    name: str
    title: str
    keeps_apart: tuple[str, ...]
    rule: Callable[[Corpus, str], Division]
    variants: Mapping[str, str] = field(default_factory=dict)


TRAINED_ON = {name: f"trained on {title}" for name, title in subcorpora().items()}
PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol("random", "random split", (), random_folds),
        Protocol(
            "as_published", "as published", (), as_published, {name: way.title for name, way in PUBLISHED.items()}
        ),
        Protocol("speaker_independent", "new speakers", ("speaker",), speaker_folds),
        Protocol("sentence_independent", "new sentences", ("sentence",), sentence_folds),
        Protocol("session_independent", "new sessions", ("session",), session_folds),
        Protocol("dialogue_independent", "new dialogues", ("dialogue",), dialogue_folds),
        Protocol(
            "speaker_and_sentence_independent",
            "new speakers and sentences",
            ("speaker", "sentence"),
            speaker_and_sentence_folds,
        ),
        Protocol("leave_one_speaker_out", "one new speaker", ("speaker",), each_speaker),
        Protocol("leave_one_session_out", "one new session", ("session",), each_session),
        Protocol("official", "official split", (), official_parts),
        Protocol("leave_one_corpus_out", "one new corpus", ("subcorpus",), each_corpus),
        Protocol("trained_on", "trained on", ("speaker",), from_one_corpus, TRAINED_ON),
    )
}

LISTED = tuple(name for name in PROTOCOLS if name.endswith("_independent"))  # those that may take a published list
STUDYS_OWN = tuple(name for name, protocol in PROTOCOLS.items() if not protocol.variants)
VARIANTS = tuple(f"{name}:{variant}" for name, protocol in PROTOCOLS.items() for variant in protocol.variants)


def splits(corpus: Corpus, protocol: str, folds: tuple[int, ...] | None = None) -> list[Split]:
    """The splits of a protocol: of one with folds, fold k is test, fold k + 1 is dev, the rest is train.

    Args:
        protocol: a name in `PROTOCOLS`; `speaker_independent:six` takes the corpus' published list `six`, `as_published:80_20`
            the authors' way 80_20.
        folds: the wanted ones; those that the protocol does not have are passed over.

    Raises:
        ValueError: unknown protocol, a corpus that cannot be split so, or a broken promise of independence.
    """
    try:
        made = unguarded(corpus, protocol, folds)
    except Lacks as lack:
        allowed = [name for name, reason in possible(corpus).items() if not reason]
        raise ValueError(f"{protocol}: {lack}; it allows {', '.join(allowed) or 'no protocol'}") from None
    for split in made:
        guard(split, corpus)
    return made


def unguarded(corpus: Corpus, protocol: str, folds: tuple[int, ...] | None = None) -> list[Split]:
    """The splits as a protocol makes them, whether or not they keep its word: for the audit."""
    check_protocol(protocol)
    name, _, listed = protocol.partition(":")
    if corpus.card.get("multi_label") and name != "official":
        raise Lacks(f"{corpus.name} has clips of several emotions, which cannot be dealt out evenly; {single(corpus)}")
    division = PROTOCOLS[name].rule(corpus, listed)
    made = []
    for fold in range(division.num) if folds is None else [fold for fold in folds if 0 <= fold < division.num]:
        part = division.parts(fold)
        ids = {name: tuple(corpus.clips.clip_id[part == name]) for name in PARTS}
        made.append(Split(protocol, fold, **ids, keeps_apart=division.keeps_apart))
    return made


def check_protocol(protocol: str) -> None:
    """ValueError for a protocol that no corpus has."""
    name, _, listed = protocol.partition(":")
    check_name("protocol", name, PROTOCOLS)
    if PROTOCOLS[name].variants and protocol not in VARIANTS:
        raise ValueError(f"protocol {protocol!r} is not one of {', '.join(VARIANTS)}: write one of them")
    if listed and protocol not in VARIANTS and name not in LISTED:
        raise ValueError(f"protocol {name!r} takes no published list; write it without ':{listed}'")


def single(corpus: Corpus) -> str:
    """Which readings of a corpus give each clip one emotion, in words."""
    base = base_of(corpus.name)
    found = [name for name in names() if base_of(name) == base and not card(name).get("multi_label")]
    return f"readings with one each: {', '.join(found)}" if found else "its card has no reading with one each"


def possible(corpus: Corpus, protocols: tuple[str, ...] = STUDYS_OWN) -> dict[str, str]:
    """Every protocol of the study, or these, and why the corpus does not allow it: "" where it does."""
    reasons = {}
    for name in protocols:
        try:
            for split in unguarded(corpus, name, tuple(range(CHECKED))):
                guard(split, corpus)
            reasons[name] = ""
        except ValueError as error:
            reasons[name] = str(error)
    return reasons


def guard(split: Split, corpus: Corpus) -> None:
    """Refuse a split that leaks or cannot be learned from.

    Raises:
        ValueError: a clip, or a value of a column that the protocol keeps apart, is in two parts; a part is empty; an
            emotion has fewer than three training clips.
    """
    rows = rows_of(split, corpus)
    empty = [name for name, some in rows.items() if not len(some)]
    if empty:
        why = "the corpus is too small for it" if split.protocol != "official" else "take another protocol"
        raise ValueError(f"{split.protocol}, fold {split.fold}: no clip in {empty[0]}; {why}")
    for promise in ("clip_id", *split.keeps_apart):
        column = promise.rpartition(":")[2]
        for one, other in pairs_of(promise):
            shared = sorted(values(rows[one], column) & values(rows[other], column))
            if shared:
                raise ValueError(
                    f"{column} {shared[0]} is in {one} and {other}; protocol {split.protocol!r} keeps {several(column)} apart: "
                    f'use splits(corpus, "{split.protocol}") instead of a list of your own'
                )
    labels = [label for cell in rows["train"].emotion for label in corpus.labels(cell)]
    counts = pd.Series(labels, dtype=str).value_counts().reindex(list(corpus.emotions), fill_value=0)
    if counts.min() < MIN_CLIPS:
        raise ValueError(
            f"{split.protocol}, fold {split.fold}: {counts.min()} training clips of {counts.idxmin()!r}, at least {MIN_CLIPS} "
            "are needed; add clips or leave that emotion out"
        )


def rows_of(split: Split, corpus: Corpus) -> dict[str, pd.DataFrame]:
    """The clip table of each part."""
    return {part: corpus.clips[corpus.clips.clip_id.isin(set(getattr(split, part)))] for part in PARTS}


def pairs_of(promise: str) -> list[tuple[str, str]]:
    """The pairs of parts that an entry of `keeps_apart` is about: all of them, those with test, or one pair."""
    named = set(filter(None, promise.rpartition(":")[0].split("/")))
    return [pair for pair in PAIRS if named <= set(pair)]


def values(rows: pd.DataFrame, column: str) -> set:
    """What is known of a column."""
    return set(rows[column].dropna()) - {""}


def num_shared(split: Split, corpus: Corpus, column: str) -> int:
    """How many values of a column are in train and in test: what a protocol does not keep apart."""
    rows = rows_of(split, corpus)
    return len(values(rows["train"], column) & values(rows["test"], column))

"""The rules of the protocols: each divides a corpus into train, dev and test, or says why the corpus does not allow it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from emostudy.corpora.corpus import Corpus
from emostudy.folds import (
    NUM_FOLDS,
    SECOND,
    Lacks,
    Masks,
    deal,
    dealt,
    dev_out,
    in_turn,
    known,
    official,
    one_out,
    stratified,
)

PARTS = ("train", "dev", "test")
FEWEST = 5  # clips of each emotion for one split: three to learn from, one to choose by, one to be tested


@dataclass(frozen=True)
class Division:
    """A corpus divided: how many folds there are, each clip's part (N,) in fold k ("" for none), and what is kept apart."""

    num: int
    parts: Callable[[int], np.ndarray]
    keeps_apart: tuple[str, ...]


def crossed(num: int, keeps_apart: tuple[str, ...], *masks: Masks) -> Division:
    """Each part holds the clips that every one of the masks allows in it."""

    def parts(k: int) -> np.ndarray:
        allowed = [np.all([mask(k)[part] for mask in masks], axis=0) for part in PARTS]
        return np.select(allowed, PARTS, "")

    return Division(num, parts, keeps_apart)


def by_group(corpus: Corpus, column: str, fold_of: np.ndarray, num: int) -> Division:
    """Whole groups in turn; of fewer than five, all but the tested one are trained on, and dev holds a fifth of what they share."""
    second = SECOND.get(column, "")
    try:
        shared = deal(corpus, second) if num < NUM_FOLDS and second else None
    except Lacks:
        shared = None
    if shared is not None and shared.max() > 0:
        keeps_apart = (f"test:{column}", f"train/dev:{second}")
        return crossed(num, keeps_apart, one_out(fold_of, num), dev_out(shared, shared.max() + 1))
    if num < 3:
        needed = f", and nothing ({second}) by which dev could be held out" if second else ""
        raise Lacks(f"{corpus.name} has only {num} groups of {column}s{needed}")
    return crossed(num, (column,), in_turn(fold_of, num))


def random_folds(corpus: Corpus, listed: str) -> Division:
    """Five folds stratified by emotion, clips drawn at random, always the same for the same clip ids.

    The flattering protocol: every speaker is on both sides.
    """
    return crossed(NUM_FOLDS, (), in_turn(stratified(corpus), NUM_FOLDS))


def speaker_folds(corpus: Corpus, listed: str) -> Division:
    """The folds of speakers that the corpus' card gives; else speakers dealt out in turn, by gender, then name."""
    return in_folds(corpus, "speaker", listed)


def sentence_folds(corpus: Corpus, listed: str) -> Division:
    """Five folds of sentences; a corpus of fewer is tested on one sentence at a time."""
    return in_folds(corpus, "sentence", listed)


def session_folds(corpus: Corpus, listed: str) -> Division:
    """Five folds of recording sessions, each with the speakers that talk in it."""
    return in_folds(corpus, "session", listed)


def dialogue_folds(corpus: Corpus, listed: str) -> Division:
    """Five folds of whole dialogues; their speakers may be on both sides."""
    return in_folds(corpus, "dialogue", listed)


def in_folds(corpus: Corpus, column: str, listed: str) -> Division:
    """By the folds of a column's values, listed or dealt."""
    fold_of = dealt(corpus, column, listed)
    num = len(corpus.card.get("speaker_folds", ())) if column == "speaker" and not listed else 0
    return by_group(corpus, column, fold_of, num or fold_of.max() + 1)


def each_speaker(corpus: Corpus, listed: str) -> Division:
    """As many folds as there are speakers, each tested alone, and the next chooses: where speakers have few clips, by few."""
    return each(corpus, "speaker")


def each_session(corpus: Corpus, listed: str) -> Division:
    """As many folds as there are sessions, each tested alone."""
    return each(corpus, "session")


def each(corpus: Corpus, column: str) -> Division:
    """As many folds as a column has values."""
    codes, values = pd.factorize(known(corpus, column).replace("", None), sort=True)  # -1 for None
    return by_group(corpus, column, codes, len(values))


def each_corpus(corpus: Corpus, listed: str) -> Division:
    """As many folds as there are corpora in one (`corpora/joining.py`), each tested alone; dev is a fifth of each of the others."""
    codes, names = pd.factorize(known(corpus, "subcorpus"), sort=True)
    dev = np.zeros(len(corpus), bool)
    for code in range(len(names)):
        dev[codes == code] = a_fifth(replace(corpus, clips=corpus.clips[codes == code]))
    return Division(len(names), lambda k: np.select([codes == k, dev], ["test", "dev"], "train"), ("test:subcorpus",))


def a_fifth(home: Corpus) -> np.ndarray:
    """(N,) bool: clips of one corpus among several, of a fifth of its speakers, or of its sentences where speakers are few."""
    fold_of = home.clips.speaker_fold.to_numpy(int)
    return (fold_of if fold_of.max() + 1 >= NUM_FOLDS else deal(home, SECOND["speaker"])) == 0


def from_one_corpus(corpus: Corpus, variant: str) -> Division:
    """Learned on one of the corpora in one, by its own folds of speakers; test holds the speakers of fold k of every corpus.

    So each clip is tested once, by a model that has not met its speaker, and other corpora's clips are told by the very models that
    are tested at home. Dev is of the corpus that is learned.
    """
    if variant not in set(known(corpus, "subcorpus")):
        raise Lacks(f"{corpus.name} has no clip of {variant}")
    at_home, fold_of = (corpus.clips.subcorpus == variant).to_numpy(), corpus.clips.speaker_fold.to_numpy(int)
    num = fold_of[at_home].max() + 1
    if not num:
        raise Lacks(f"{corpus.name} does not know who speaks in {variant}: there is nobody to keep apart")
    home = by_group(replace(corpus, clips=corpus.clips[at_home]), "speaker", fold_of[at_home], num)

    def parts(k: int) -> np.ndarray:
        found = np.where((fold_of >= 0) & (fold_of % num == k), "test", "").astype("<U5")  # abroad
        found[at_home] = home.parts(k)
        return found

    return Division(num, parts, home.keeps_apart)


def speaker_and_sentence_folds(corpus: Corpus, listed: str) -> Division:
    """Test holds the speakers of fold k saying the sentences of group k, dev those of k + 1, train neither's.

    Clips that mix are in no part. Where there are but two speakers or two sentences, train and dev share the other one.
    """
    axes, keeps_apart = [], []
    for column, fold_of in (("speaker", dealt(corpus, "speaker", listed)), ("sentence", deal(corpus, "sentence"))):
        num = fold_of.max() + 1
        axes.append((in_turn if num > 2 else one_out)(fold_of, num))
        keeps_apart.append(column if num > 2 else f"test:{column}")
    if all(":" in one for one in keeps_apart):
        raise Lacks(f"{corpus.name} has two speakers and two sentences: train and dev would be the same clips")
    return crossed(dealt(corpus, "speaker", listed).max() + 1, tuple(keeps_apart), *axes)


def official_parts(corpus: Corpus, listed: str) -> Division:
    """The split that the corpus' authors published: one fold. It promises nothing by itself; the audit says what is shared."""
    parts = official(corpus)
    return Division(1, lambda k: parts, ())


@dataclass(frozen=True)
class Published:
    """How authors split: the share of clips in dev and in test, in percent, and of how many clips (None: all).

    System M's logs show 100 clips of *training*, and print no test score of the network that reads them: here 100 clips are all that
    there are, dealt as 80 for train, 10 for dev and 10 for test.
    """

    title: str
    dev: int
    test: int
    num_clips: int | None = None


PUBLISHED = {
    "70_20_10": Published("70/20/10 as published", 20, 10),  # system R's text
    "80_20": Published("80/20 as published", 16, 20),  # system F; what chooses is a fifth of the 80
    "100_clips": Published("100 clips as published", 10, 10, 100),  # system M
}


def as_published(corpus: Corpus, variant: str) -> Division:
    """One fold, clips drawn at random and stratified by emotion, as the authors of the variant did; the same for the same clip ids.

    Nothing is kept apart: every speaker may be on both sides, and one draw alone is tested.
    """
    way, emotion = PUBLISHED[variant], corpus.clips.emotion.to_numpy(str)
    num = way.num_clips or len(corpus)
    sizes = {part: round(num * getattr(way, part) / 100) for part in ("dev", "test")}
    check_large_enough(corpus, num, min(sizes.values()))
    rows = np.sort(drawn(emotion, num))
    parts = np.full(len(corpus), "", dtype="<U5")
    for part, size in sizes.items():
        rows, held = train_test_split(rows, test_size=size, stratify=emotion[rows], random_state=0)
        parts[held] = part
    parts[rows] = "train"
    return Division(1, lambda k: parts, ())


def check_large_enough(corpus: Corpus, num: int, smallest: int) -> None:
    """Lacks where the corpus has fewer than `num` clips, too few of an emotion, or more emotions than the smallest part has clips."""
    counts = corpus.clips.emotion.value_counts()
    if len(corpus) < num:
        raise Lacks(f"{corpus.name} has {len(corpus)} clips, fewer than the {num} of this split")
    if counts.min() < FEWEST:
        raise Lacks(
            f"{corpus.name} has only {counts.min()} clips of {counts.idxmin()!r}; this split needs {FEWEST} of each"
        )
    if len(counts) > smallest:
        raise Lacks(f"{corpus.name} has {len(counts)} emotions; they do not fit into a part of {smallest} clips")


def drawn(emotion: np.ndarray, num: int) -> np.ndarray:
    """Rows (num,) of `num` clips: `FEWEST` of each emotion, the others in proportion to how many there are. emotion: (N,)."""
    clips = pd.Series(emotion).sample(frac=1, random_state=0)
    rank = clips.groupby(clips).cumcount()  # of a clip in its emotion, in the order drawn
    place = (rank + 0.5) / clips.groupby(clips).transform("size")
    order = np.lexsort((place, rank >= FEWEST))
    return clips.index.to_numpy()[order[:num]]

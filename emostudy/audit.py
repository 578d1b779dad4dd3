"""The split audit: who and what is on both sides of a split, whether or not its protocol promises that nothing is."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from emostudy import near
from emostudy.corpora.corpus import Corpus
from emostudy.features.extract import extract
from emostudy.protocols import PARTS, Split, pairs_of, unguarded

WHO = ("speaker", "sentence", "dialogue", "episode", "session")  # columns of the clip table
PERFORMANCE = ("speaker", "sentence", "emotion", "intensity")  # of which several takes were recorded


@dataclass(frozen=True)
class Trait:
    """What clips may share: `codes` (N,) int says which value each clip has, -1 for none, and `names` names the values.

    `like` (V, V) bool says which values are nearly the same, each being like itself; None where only equal ones are.
    """

    what: str
    codes: np.ndarray
    names: list[str]
    like: sparse.csr_matrix | None = None


def audit(corpus: Corpus, protocol: str, fold: int | None = None, traits: list[Trait] | None = None) -> pd.DataFrame:
    """What is in more than one part of a protocol's splits, one row for each trait.

    Args:
        fold: of one fold; None for all folds together: their mean numbers of values, `num_shared` and `num_shared_dev` of the
            fold with the most, `percent` of the mean fold and `percent_max` of the worst.
        traits: of `traits_of(corpus)`, where they are known already.

    Returns:
        protocol, fold, what; num_train, num_dev, num_test: different values in a part; num_shared: values of test that are (or
        are nearly) in train, num_shared_dev: in dev; percent: of test clips that have such a value in train; promised: whether
        the protocol keeps it apart, promise: in which parts ("" none, "all", "test" against the others, "train/dev");
        broken: whether it does not; num_unknown: clips of all parts of which the value is not known, which count nowhere else;
        num_unused: clips in no part; example: a shared value.

    Raises:
        ValueError: a protocol that the corpus does not allow, or a fold that it does not have.
    """
    made = unguarded(corpus, protocol, None if fold is None else (fold,))
    if not made:
        raise ValueError(f"{protocol} has no fold {fold} on {corpus.name}; folds are counted from 0")
    traits = traits_of(corpus) if traits is None else traits
    rows = pd.DataFrame([row_of(split, corpus, trait) for split in made for trait in traits])
    return rows if fold is not None else over_folds(rows)


def audited(corpus: Corpus, protocols: list[str], traits: list[Trait]) -> pd.DataFrame:
    """The audit of several protocols, one below the other."""
    return pd.concat([audit(corpus, protocol, traits=traits) for protocol in protocols], ignore_index=True)


def over_folds(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of several folds as one for each trait."""
    groups = rows.assign(percent_max=rows.percent).groupby("what", sort=False)
    how = dict.fromkeys(("num_train", "num_dev", "num_test", "percent"), "mean") | {"fold": lambda fold: "all"}
    worst = (
        "num_shared",
        "num_shared_dev",
        "percent_max",
        "promised",
        "broken",
        "promise",
        "num_unknown",
        "num_unused",
    )
    how |= dict.fromkeys(worst, "max")
    whole = groups.agg(how | {"protocol": "first", "example": lambda some: next(filter(None, some), "")}).reset_index()
    numbers = ["num_train", "num_dev", "num_test"]
    return whole.assign(**whole[numbers].round().astype(int))[list(rows)]


def row_of(split: Split, corpus: Corpus, trait: Trait) -> dict:
    """The row of one trait in one split."""
    position = pd.Series(np.arange(len(corpus)), corpus.clips.clip_id)
    codes = {part: trait.codes[position[list(getattr(split, part))].to_numpy(int)] for part in PARTS}
    found = {part: np.unique(some[some >= 0]) for part, some in codes.items()}
    shared, of_dev = (found["test"][is_like(trait, found["test"], found[part])] for part in ("train", "dev"))
    tested = codes["test"][codes["test"] >= 0]
    percent = 100 * np.isin(tested, shared).mean() if len(tested) else 0.0
    promises = [one for one in split.keeps_apart if one.rpartition(":")[2] == trait.what]
    pairs = [pair for promise in promises for pair in pairs_of(promise)]
    return {
        "protocol": split.protocol,
        "fold": split.fold,
        "what": trait.what,
        **{f"num_{part}": len(some) for part, some in found.items()},
        "num_shared": len(shared),
        "num_shared_dev": len(of_dev),
        "percent": percent,
        "percent_max": percent,
        "promised": bool(promises),
        "promise": " and ".join(one.rpartition(":")[0] or "all" for one in promises),
        "broken": any(is_like(trait, found[one], found[other]).any() for one, other in pairs),
        "num_unknown": sum(int((some < 0).sum()) for some in codes.values()),
        "num_unused": len(corpus) - sum(map(len, codes.values())),
        "example": example(trait, shared, found["train"]) if len(shared) else "",
    }


def is_like(trait: Trait, some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of some values are (nearly) among the others, (len(some),) bool."""
    if trait.like is None:
        return np.isin(some, others)
    there = np.zeros(trait.like.shape[0], np.int32)
    there[others] = 1
    return trait.like[some] @ there > 0


def example(trait: Trait, shared: np.ndarray, train: np.ndarray) -> str:
    """A shared value by name; of those only nearly the same, both."""
    if trait.like is not None:
        for one in shared:
            other = np.intersect1d(trait.like[[one]].indices, train)
            if len(other) and one not in other:
                return f"{trait.names[one]} ~ {trait.names[other[0]]}"
    return trait.names[shared[0]]


def traits_of(corpus: Corpus, jobs: int = 2) -> list[Trait]:
    """All that clips of a corpus may share, as far as the corpus knows it: columns, texts, sounds and pictures."""
    clips = corpus.clips
    found = [trait(what, clips[what]) for what in WHO if what in clips]
    if "take" in clips:
        known = [column for column in PERFORMANCE if column in clips]
        found.append(
            trait("take", clips[known].astype(str).agg(", ".join, axis=1).where(clips["take"].fillna("") != ""))
        )
    if "text" in corpus.media:
        plain = clips.text.map(near.normalised, na_action="ignore")
        found += both("text", plain, near.like_texts)
    if medium := next((one for one in ("audio", "video") if one in corpus.media), ""):
        found += [
            of_feature("recording exact", corpus, near.SAMPLES[medium], jobs),
            of_feature("recording near", corpus, near.SOUND[medium], jobs, near.like_sounds),
        ]
    # A film with sound is known again by its sound: faces that are all in the middle look alike where people differ.
    silent_films = [] if "audio" in corpus.media else ["video"]
    if medium := next((one for one in ("image", *silent_films) if one in corpus.media), ""):
        found += [
            of_feature("image exact", corpus, near.PIXELS[medium], jobs),
            of_feature("image near", corpus, near.PICTURE[medium], jobs, near.like_pictures),
        ]
    return [
        one for one in found if one.names or one.what.startswith(("recording", "image"))
    ]  # none readable: that is told


def trait(what: str, values: pd.Series) -> Trait:
    """Equal values of a column (N,); empty and missing ones are not known."""
    codes, names = pd.factorize(values.where(values.notna() & (values != ""), None).astype(object))
    return Trait(what, codes, [str(name) for name in names])


def both(what: str, values: pd.Series, pairs_of_names) -> list[Trait]:
    """The exact and the near trait of texts."""
    exact = trait(f"{what} exact", values)
    if not exact.names:
        return []
    return [
        exact,
        Trait(f"{what} near", exact.codes, exact.names, adjacency(pairs_of_names(exact.names), len(exact.names))),
    ]


def of_feature(what: str, corpus: Corpus, feature, jobs: int, pairs_of_values=None) -> Trait:
    """Recordings or pictures by a feature: equal ones, or, with a function that finds pairs, those nearly the same.

    A clip that cannot be read has none; if that is all of them, so has the corpus.
    """
    try:
        got = extract(corpus, feature, jobs)
    except ValueError:  # no clip gave it: say, films without sound
        return Trait(what, np.full(len(corpus), -1), [])
    rows = corpus.clips.clip_id.isin(set(got.clip_ids)).to_numpy()
    codes = np.full(len(corpus), -1)
    if pairs_of_values is None:
        codes[rows], values = pd.factorize(np.asarray(got.values))
        first = dict(zip(codes[rows][::-1], got.clip_ids[::-1], strict=True))
        return Trait(what, codes, [first[code] for code in range(len(values))])
    codes[rows] = np.arange(rows.sum())
    return Trait(what, codes, list(got.clip_ids), adjacency(pairs_of_values(np.asarray(got.values)), rows.sum()))


def adjacency(pairs: np.ndarray, num: int) -> sparse.csr_matrix:
    """Pairs (P, 2) as a symmetric (num, num) matrix of 0 and 1 with a diagonal of 1."""
    i, j = np.concatenate([pairs, pairs[:, ::-1], np.repeat(np.arange(num)[:, None], 2, axis=1)]).T
    return sparse.csr_matrix((np.ones(len(i), np.int32), (i, j)), (num, num))

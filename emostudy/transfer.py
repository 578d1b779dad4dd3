"""Across corpora: what a system that has learned one corpus reads in another, against one that has learned that other one."""

import pandas as pd

from emostudy.comparisons import compare, holm
from emostudy.corpora.corpus import Corpus
from emostudy.intervals import summarise
from emostudy.profiles import Profile
from emostudy.protocols import rows_of, splits
from emostudy.records import dev_score, verdict_on

OTHERS = "leave_one_corpus_out"
PLAIN, BY_SPEAKER = "none", "by_speaker"
SYSTEM = ["recipe", "condition"]
METRIC = "UAR"
ALL_OTHERS = "all others"  # what was learned, where a whole corpus was left out


def ways(corpus: Corpus) -> tuple[str, ...]:
    """The protocols of a corpus that is several in one: each of them learned in turn, and all others together."""
    return *(f"trained_on:{name}" for name in corpus.card["subcorpora"]), OTHERS


def learned(protocol: str) -> str:
    """ "trained_on:tess" -> "tess"; all others for `leave_one_corpus_out`."""
    return ALL_OTHERS if protocol == OTHERS else protocol.partition(":")[2]


def sizes(corpus: Corpus, profile: Profile) -> pd.DataFrame:
    """What there is to learn from: `learned`, the fewest and most clips and speakers in train of the profile's folds."""
    found = []
    for protocol in ways(corpus):
        train = [rows_of(split, corpus)["train"] for split in splits(corpus, protocol, profile.folds)]
        clips, speakers = [len(rows) for rows in train], [rows.speaker.nunique() for rows in train]
        found.append((learned(protocol), min(clips), max(clips), min(speakers), max(speakers)))
    return pd.DataFrame(found, columns=["learned", "clips_min", "clips_max", "speakers_min", "speakers_max"])


def placed(predictions: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """Test predictions with what was `learned` and the corpus that is `tested`, of clips that were read after each way to learn.

    Where not all folds ran, corpora of few folds would else be read whole by some systems and in part by others.
    """
    test = predictions[(predictions.part == "test") & predictions.protocol.isin(ways(corpus))]
    of = corpus.clips.set_index("clip_id").subcorpus
    test = test.assign(learned=test.protocol.map(learned), tested=test.clip_id.map(of))
    num_ways = test.groupby("tested").learned.nunique()
    test = test[test.groupby("clip_id").learned.transform("nunique") == test.tested.map(num_ways)]
    return test.iloc[test.groupby(SYSTEM, sort=False).ngroup().argsort(kind="stable")]  # a system's rows stand together


def matrix(predictions: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """UAR of every system by what it learned and where it is tested.

    Args:
        predictions: of `placed`.

    Returns:
        recipe, condition, learned, tested, value, ci_low, ci_high, num_clips, num_clusters, said (the emotion said most) and
        share_said (of how many clips); each row pools the folds and is the mean over seeds.
    """
    found = []
    for key, rows in predictions.groupby([*SYSTEM, "learned", "tested"], sort=False):
        summary = summarise(rows, corpus.emotions, corpus.card["cluster"])
        row = summary[(summary.metric == METRIC) & (summary.emotion == "all")].iloc[0]
        said = rows.predicted.value_counts(normalize=True)
        told = dict(zip([*SYSTEM, "learned", "tested"], key, strict=True))
        told |= row[["value", "ci_low", "ci_high", "num_clips", "num_clusters"]].to_dict()
        found.append(told | {"said": said.index[0], "share_said": said.iloc[0]})
    return pd.DataFrame(found)


def falls(predictions: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """Each system that learned the tested corpus against the same that learned another, on the same clips, speakers new to both.

    Args:
        predictions: of `placed`.

    Returns:
        recipe, condition, tested, learned, and of `comparisons.compare` (home less abroad): difference, ci_low, ci_high, p_value,
        num_clips, num_clusters; p_holm after Holm over all rows, and the verdict by it.
    """
    found = []
    for key, rows in predictions.groupby([*SYSTEM, "tested"], sort=False):
        home = rows[rows.learned == key[-1]]
        for name, away in rows[rows.learned != key[-1]].groupby("learned", sort=False):
            told = dict(zip([*SYSTEM, "tested"], key, strict=True)) | {"learned": name}
            found.append(told | _paired(home, away, corpus))
    return _judged(found)


def known(predictions: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """Each system with each speaker standardised against the same as it comes, on the same clips.

    Args:
        predictions: of `placed`.

    Returns:
        recipe, learned, tested, and as `falls` (standardised less as it comes); of recipes that have both.
    """
    found = []
    for key, rows in predictions.groupby(["recipe", "learned", "tested"], sort=False):
        pair = [rows[rows.condition == condition] for condition in (BY_SPEAKER, PLAIN)]
        if all(map(len, pair)):
            found.append(dict(zip(("recipe", "learned", "tested"), key, strict=True)) | _paired(*pair, corpus))
    return _judged(found)


def _paired(one: pd.DataFrame, other: pd.DataFrame, corpus: Corpus) -> dict:
    pair = (rows.assign(protocol="", condition="") for rows in (one, other))
    return compare(*pair, corpus.emotions, corpus.card["cluster"], METRIC).to_dict()


def _judged(found: list[dict]) -> pd.DataFrame:
    rows = pd.DataFrame(found).assign(p_holm=lambda rows: holm(rows.p_value.to_numpy(float)))
    verdicts = [verdict_on(row.p_holm, row.difference) for row in rows.itertuples()]
    return rows.assign(verdict=verdicts)


def preferred(predictions: pd.DataFrame, corpus: Corpus) -> str:
    """The recipe that dev clips of the corpora that were learned like best, mean over these; no test clip is asked."""
    plain = predictions[predictions.condition == PLAIN]
    scores = [dev_score(plain, corpus, protocol) for protocol in ways(corpus) if protocol != OTHERS]
    return str(pd.concat(scores).groupby("recipe").mean().idxmax())


def of_one(table: pd.DataFrame, recipe: str, condition: str = PLAIN) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Of one system the rows of `matrix` at home, and those of a single other corpus learned."""
    return sides(table[(table.recipe == recipe) & (table.condition == condition)])


def sides(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of `matrix` at home, and those of a single other corpus learned."""
    home = rows.learned == rows.tested
    return rows[home], rows[~home & (rows.learned != ALL_OTHERS)]


def worst_pair(table: pd.DataFrame, recipe: str) -> tuple[str, str]:
    """Of one recipe as it comes: which corpus it learned, and on which other one its UAR is lowest."""
    _, abroad = of_one(table, recipe)
    return tuple(abroad.loc[abroad.value.idxmin(), ["learned", "tested"]])


def lost(table: pd.DataFrame, recipe: str, learned_on: str, tested_on: str) -> float:
    """Points of UAR between the recipe at home on `tested_on` and the one that learned `learned_on`."""
    of = table[(table.recipe == recipe) & (table.condition == PLAIN) & (table.tested == tested_on)]
    value = of.set_index("learned").value
    return 100 * float(value[tested_on] - value[learned_on])


def num_helped(worth: pd.DataFrame, recipe: str) -> int:
    """In how many cells standardising each speaker is shown to help one recipe."""
    return int(((worth.recipe == recipe) & (worth.verdict == "better")).sum())

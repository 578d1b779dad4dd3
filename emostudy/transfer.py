"""Across corpora: what a system that has learned one corpus reads in another, against one that has learned that other one."""

import pandas as pd

from emostudy.comparisons import ALPHA, compare, holm
from emostudy.corpora.catalogue import card
from emostudy.corpora.corpus import Corpus
from emostudy.intervals import summarise
from emostudy.protocols import TRAINED_ON
from emostudy.records import dev_score
from emostudy.tables import worded_p
from emostudy.wording import counted, interval, percent

LEARNED = tuple(f"trained_on:{name}" for name in TRAINED_ON)
OTHERS = "leave_one_corpus_out"
SYSTEM = ["recipe", "condition"]
METRIC = "UAR"
ALL_OTHERS = "all others"  # what was learned, where a whole corpus was left out


def title(subcorpus: str) -> str:
    """ "ravdess" -> "RAVDESS"."""
    return (
        card(card("across")["subcorpora"][subcorpus])["title"].split(",")[0] if subcorpus in TRAINED_ON else subcorpus
    )


def learned(protocol: str) -> str:
    """ "trained_on:tess" -> "tess"; all others for `leave_one_corpus_out`."""
    return ALL_OTHERS if protocol == OTHERS else protocol.partition(":")[2]


def placed(predictions: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """Test predictions with what was `learned` and the corpus that is `tested`."""
    test = predictions[(predictions.part == "test") & predictions.protocol.isin([*LEARNED, OTHERS])]
    of = corpus.clips.set_index("clip_id").subcorpus
    return test.assign(learned=test.protocol.map(learned), tested=test.clip_id.map(of))


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
    """Each system that learned another corpus against the same that learned the tested one, on the same clips, speakers new to both.

    Args:
        predictions: of `placed`.

    Returns:
        recipe, condition, tested, learned, and of `comparisons.compare` (home less abroad): difference, ci_low, ci_high, p_value,
        num_clips, num_clusters, verdict; p_holm after Holm over all rows.
    """
    found = []
    for key, rows in predictions.groupby([*SYSTEM, "tested"], sort=False):
        home = rows[rows.learned == key[-1]]
        for name, away in rows[rows.learned != key[-1]].groupby("learned", sort=False):
            both = set(home.clip_id) & set(away.clip_id)
            pair = (some[some.clip_id.isin(both)].assign(protocol="") for some in (home, away))
            told = compare(*pair, corpus.emotions, corpus.card["cluster"], METRIC).to_dict()
            found.append(dict(zip([*SYSTEM, "tested"], key, strict=True)) | {"learned": name} | told)
    return pd.DataFrame(found).assign(p_holm=lambda rows: holm(rows.p_value.to_numpy(float)))


def preferred(predictions: pd.DataFrame, corpus: Corpus) -> str:
    """The recipe that dev clips of the corpora that were learned like best, mean over these; no test clip is asked."""
    plain = predictions[predictions.condition == "none"]
    scores = [dev_score(plain, corpus, protocol) for protocol in LEARNED]
    return str(pd.concat(scores).groupby("recipe").mean().idxmax())


def named(row, titles: dict[str, str]) -> str:
    """How tables and figures call a system under its condition."""
    return titles.get(row.recipe, row.recipe) + (", by speaker" if row.condition == "by_speaker" else "")


def matrix_worded(table: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    """`matrix` with a row for each system and what it learned, a column for each corpus tested."""
    rows = table.assign(system=[named(row, titles) for row in table.itertuples()], learned=table.learned.map(title))
    rows["cell"] = [interval(row.value, row.ci_low, row.ci_high) for row in rows.itertuples()]
    wide = rows.pivot(index=["system", "learned"], columns="tested", values="cell")
    order = rows[["system", "learned"]].drop_duplicates().apply(tuple, axis=1).tolist()
    wide = wide.loc[order, list(TRAINED_ON)].rename(columns=lambda name: f"tested on {title(name)}").fillna("-")
    return wide.reset_index().rename(columns={"learned": "trained on"}).rename_axis(columns=None)


def falls_worded(table: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    """`falls` with differences in points."""
    return pd.DataFrame(
        {
            "system": [named(row, titles) for row in table.itertuples()],
            "tested on": table.tested.map(title),
            "trained on": table.learned.map(title),
            "home less abroad (points)": [
                interval(row.difference, row.ci_low, row.ci_high) for row in table.itertuples()
            ],
            "p (Holm)": table.p_holm.map(worded_p),
            "verdict": ["shown" if p < ALPHA else "no difference shown" for p in table.p_holm],
        }
    )


def findings(table: pd.DataFrame, fallen: pd.DataFrame, recipe: str, chance: float, titles: dict[str, str]) -> str:
    """What was seen, for one recipe as it comes: at home, abroad, what it says there, and what standardising each speaker changed."""
    one = table[table.recipe == recipe]
    plain, known = one[one.condition == "none"], one[one.condition == "by_speaker"]
    at_home, abroad = (
        plain[plain.learned == plain.tested],
        plain[plain.learned.isin(TRAINED_ON) & (plain.learned != plain.tested)],
    )
    best, worst = abroad.loc[abroad.value.idxmax()], abroad.loc[abroad.value.idxmin()]
    stuck = abroad.loc[abroad.share_said.idxmax()]
    homes = ", ".join(f"{percent(row.value)} on {title(row.tested)}" for row in at_home.itertuples())
    mine = fallen[(fallen.recipe == recipe) & (fallen.condition == "none")]
    lost = mine[mine.difference > 0]
    told = [
        f"- {titles[recipe]}, new speakers of the corpus that was learned: {homes} (UAR, chance {percent(chance)}).",
        f"- In another corpus it reads between {percent(worst.value)} ({_way(worst)}) and {percent(best.value)} ({_way(best)}).",
        f"- Of {counted(len(mine), 'comparison')} on the same clips, home was shown to be better in {(lost.p_holm < ALPHA).sum()}.",
        f"- A lost system says one thing: {_way(stuck)}, *{stuck.said}* of {percent(stuck.share_said, 0)} % of the clips.",
    ]
    if len(known):
        away = known[known.learned.isin(TRAINED_ON) & (known.learned != known.tested)]
        told.append(
            f"- With each speaker standardised, which needs unlabelled clips of the test speakers, the mean abroad goes from "
            f"{percent(abroad.value.mean())} to {percent(away.value.mean())}, at home from {percent(at_home.value.mean())} to "
            f"{percent(known[known.learned == known.tested].value.mean())}."
        )
    return "\n".join(told)


def _way(row) -> str:
    return f"trained on {title(row.learned)}, tested on {title(row.tested)}"


def worst_pair(table: pd.DataFrame, recipe: str) -> tuple[str, str]:
    """Of one recipe as it comes: which corpus it learned, and on which other one its UAR is lowest."""
    one = table[(table.recipe == recipe) & (table.condition == "none") & table.learned.isin(TRAINED_ON)]
    one = one[one.learned != one.tested]
    return tuple(one.loc[one.value.idxmin(), ["learned", "tested"]])


def lost(table: pd.DataFrame, recipe: str, learned_on: str, tested_on: str) -> float:
    """Points of UAR between the recipe at home on `tested_on` and the one that learned `learned_on`."""
    of = (
        table[(table.recipe == recipe) & (table.condition == "none") & (table.tested == tested_on)]
        .set_index("learned")
        .value
    )
    return 100 * float(of[tested_on] - of[learned_on])


def num_helped(table: pd.DataFrame, recipe: str) -> int:
    """For how many tested corpora learning all others is better than learning the best single other one."""
    one = table[(table.recipe == recipe) & (table.condition == "none")]
    helped = 0
    for tested, rows in one.groupby("tested"):
        of = rows.set_index("learned").value
        if ALL_OTHERS in of:  # a run cut short has one fold
            helped += bool(of[ALL_OTHERS] > of.drop([tested, ALL_OTHERS]).max())
    return helped

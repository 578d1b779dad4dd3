"""For whom a system works: UAR by gender, age and other things that are known of speakers, the gaps, and the spread of speakers."""

from dataclasses import replace

import numpy as np
import pandas as pd

from emostudy import intervals
from emostudy import predictions as preds
from emostudy.comparisons import ALPHA, holm
from emostudy.corpora.corpus import Corpus
from emostudy.seeds import seed_of
from emostudy.tables import worded_p
from emostudy.wording import counted, interval, percent

ATTRIBUTES = ("gender", "age", "race", "ethnicity", "skin")
AGES = (30, 50)  # years: under the first, up to the second, the second and over
SAME = ["recipe", "modalities", "attribute"]
UNKNOWN = ["", "unknown", "Unknown"]  # is no group of people
FEW = 20  # clips of a speaker below which a score says more of luck than of the speaker
UNTESTED = "not testable"
QUANTILES = {"worst": 0.0, "lower quarter": 0.25, "middle": 0.5, "upper quarter": 0.75, "best": 1.0}


def attributes(corpus: Corpus) -> dict[str, pd.Series]:
    """What is known of speakers and differs between them: attribute -> speaker -> group; ages in three groups."""
    found = {}
    for name in ATTRIBUTES:
        if name in corpus.clips:
            known = corpus.clips[["speaker", name]].replace(UNKNOWN, np.nan).dropna().drop_duplicates("speaker")
            of = known.set_index("speaker")[name].map(GROUPED.get(name, str))
            if of.nunique() > 1:
                found[name] = of
    return found


def age_group(years: object) -> str:
    """In words: "under 30", "30 to 49", "50 and over"; what is no number stays as it is."""
    try:
        number = float(years)
    except ValueError:
        return str(years)
    low, high = AGES
    return f"under {low}" if number < low else f"{low} to {high - 1}" if number < high else f"{high} and over"


def tone_group(tone: object) -> str:
    """The lighter and the darker half of EmoSynth's skins, 0 (light) to 1."""
    return "lighter" if float(tone) < 0.5 else "darker"


GROUPED = {"age": age_group, "skin": tone_group}


def table(predictions: pd.DataFrame, corpus: Corpus, num_draws: int = 2000) -> pd.DataFrame:
    """UAR of each group under one protocol, largest first, and the gap between the groups at either end.

    Args:
        predictions: test rows of one protocol and condition; one or several systems.

    Returns:
        recipe, modalities, attribute, group, value, ci_low, ci_high, num_speakers, num_clips. Groups of fewer than eight speakers have no
        interval and take no part in what follows: gap (best less worst group), gap_low, gap_high (of two groups; of more the ends are
        chosen from the data), p_value: how often speakers dealt to such groups at random lie as far apart, NaN unless speakers are the
        card's clusters; p_holm: after Holm over systems and attributes. Groups that lack an emotion are read over those they have.
    """
    found = []
    for (recipe, modalities), rows in predictions.groupby(["recipe", "modalities"], sort=True):
        for name, of in attributes(corpus).items():
            known = preds.with_cluster(rows[rows.speaker.isin(of.index)], corpus)
            if known.speaker.map(of).nunique() > 1:
                found.append(
                    _groups(known, of, corpus, num_draws).assign(recipe=recipe, modalities=modalities, attribute=name)
                )
    columns = ["recipe", "modalities", "attribute", "group", "value", "ci_low", "ci_high", "num_speakers", "num_clips"]
    columns += ["gap", "gap_low", "gap_high", "p_value"]
    made = pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)
    tests = made.drop_duplicates(SAME)
    return made.merge(tests[SAME].assign(p_holm=holm(tests.p_value.to_numpy(float))), on=SAME, how="left")


def _groups(rows: pd.DataFrame, of: pd.Series, corpus: Corpus, num_draws: int) -> pd.DataFrame:
    rows = rows.sort_values(["seed", "clip_id"])  # as `pooled` orders them
    cluster = corpus.card["cluster"]
    pool, group = intervals.pooled(rows, corpus.emotions, cluster), rows.speaker.map(of).to_numpy(str)
    names = sorted(set(group))
    parts = [_part(pool, group == name) for name in names]

    def uar(weights: np.ndarray) -> np.ndarray:
        return np.stack([intervals.overall(part, weights, "UAR") for part in parts], 1)  # (R, G)

    value = uar(np.ones((1, pool.num_clusters)))[0]
    made = pd.DataFrame({"group": names, "value": value})
    made["num_speakers"] = [rows.speaker[group == name].nunique() for name in names]
    made["num_clips"] = [len(np.unique(part.clip)) for part in parts]
    large = made.num_speakers.to_numpy() >= intervals.MIN_CLUSTERS
    ends = (
        sorted(np.flatnonzero(large), key=lambda at: value[at])[:: -max(1, large.sum() - 1)] if large.sum() > 1 else []
    )

    def with_gap(weights: np.ndarray) -> np.ndarray:
        each = uar(weights)
        gap = each[:, ends[0]] - each[:, ends[1]] if len(ends) else np.full(len(each), np.nan)
        return np.column_stack([each, gap])  # (R, G + 1)

    draws = intervals.bootstrap(with_gap, pool.num_clusters, num_draws)
    enough = [*np.where(large, intervals.MIN_CLUSTERS, 0), intervals.MIN_CLUSTERS if large.sum() == 2 else 0]
    low, high = intervals.percentiles(draws, np.array(enough))
    made = made.assign(ci_low=low[:-1], ci_high=high[:-1], gap_low=low[-1], gap_high=high[-1])
    gap = value[ends[0]] - value[ends[1]] if len(ends) else float("nan")
    some = rows[np.isin(group, np.array(names)[large])]
    p_value = _p_of(some, of, corpus, gap) if len(ends) and cluster == "speaker" else float("nan")
    return made.assign(gap=gap, p_value=p_value).iloc[value.argsort()[::-1]]


def _part(pool: intervals.Pool, rows: np.ndarray) -> intervals.Pool:
    """Some rows of a pool; clusters keep their numbers, so that the same draw serves all parts."""
    names = ("y", "predicted", "probabilities", "clip", "cluster", "seed")
    return replace(pool, **{name: getattr(pool, name)[rows] for name in names})


def _p_of(rows: pd.DataFrame, of: pd.Series, corpus: Corpus, gap: float, num_exchanges: int = 2000) -> float:
    """How often groups of the same sizes, of speakers drawn at random, lie at least `gap` apart."""
    pool = intervals.pooled(rows, corpus.emotions, "speaker")
    speakers = np.unique(rows.speaker.to_numpy(str))  # in the order of the pool's clusters
    labels = of.reindex(speakers).to_numpy(str)
    rng = np.random.default_rng(seed_of("groups", len(speakers)))
    dealt = np.stack([rng.permutation(labels) for _ in range(num_exchanges)])
    each = np.stack([intervals.overall(pool, (dealt == name).astype(float), "UAR") for name in np.unique(labels)], 1)
    return float((1 + (np.ptp(each, axis=1) >= gap - 1e-12).sum()) / (1 + num_exchanges))


def of_speakers(predictions: pd.DataFrame) -> pd.Series:
    """UAR of every speaker, by recipe, modalities and speaker: over the emotions that a speaker shows, mean over seeds.

    Speakers of fewer than `FEW` clips are left out, unless all have so few.
    """
    num = predictions.speaker.map(predictions.groupby("speaker").clip_id.nunique())
    predictions = predictions[num >= FEW] if (num >= FEW).any() else predictions
    keys = ["recipe", "modalities", "seed", "speaker", "emotion"]
    right = (predictions.emotion == predictions.predicted).groupby([predictions[key] for key in keys]).mean()
    return right.groupby(keys[:4]).mean().groupby(["recipe", "modalities", "speaker"]).mean()


def each_speaker(predictions: pd.DataFrame, num_draws: int = 1000) -> pd.DataFrame:
    """UAR of every speaker of `of_speakers` with a 95 % interval over that speaker's own clips; the worst of each system first.

    Returns:
        recipe, modalities, speaker, value, ci_low, ci_high, num_clips.
    """
    found = []
    for (recipe, modalities, speaker), value in of_speakers(predictions).items():
        rows = predictions[(predictions.recipe == recipe) & (predictions.speaker == speaker)]
        low, high = _over_clips(rows[rows.modalities == modalities], num_draws)
        found.append((recipe, modalities, speaker, value, low, high, rows.clip_id.nunique()))
    columns = ["recipe", "modalities", "speaker", "value", "ci_low", "ci_high", "num_clips"]
    return pd.DataFrame(found, columns=columns).sort_values(["recipe", "value"], ignore_index=True)


def _over_clips(rows: pd.DataFrame, num_draws: int) -> np.ndarray:
    """Ends of the interval of a mean over emotions, by drawing clips again and again; a draw that lacks an emotion does without it."""
    right = (rows.emotion == rows.predicted).groupby([rows.clip_id, rows.emotion]).mean()  # over seeds
    rng, num = np.random.default_rng(seed_of("speaker", len(right))), len(right)
    draws = rng.multinomial(num, np.full(num, 1 / num), num_draws)  # (R, N)
    shows = np.equal.outer(right.index.get_level_values(1).to_numpy(str), np.unique(rows.emotion))  # (N, C)
    drawn = draws @ shows
    share = np.divide(draws @ (shows * right.to_numpy()[:, None]), drawn, np.full(drawn.shape, np.nan), where=drawn > 0)
    return np.percentile(np.nanmean(share, 1), [2.5, 97.5])


def spread(predictions: pd.DataFrame) -> pd.DataFrame:
    """How far speakers lie apart: UAR of the worst, at a quarter, in the middle, at three quarters, of the best.

    Returns:
        recipe, modalities, a column for each of `QUANTILES`, deviation, num_speakers, num_left_out (for too few clips).
    """
    of, everyone = of_speakers(predictions), predictions.speaker.nunique()
    found = []
    for (recipe, modalities), values in of.groupby(["recipe", "modalities"]):
        told = {name: float(values.quantile(at)) for name, at in QUANTILES.items()}
        told |= {
            "deviation": float(values.std(ddof=1)),
            "num_speakers": len(values),
            "num_left_out": everyone - len(values),
        }
        found.append({"recipe": recipe, "modalities": modalities} | told)
    return pd.DataFrame(found)


def smallest(table: pd.DataFrame) -> str:
    """The smallest group by name, and what can be said of it."""
    if table.empty:
        return "Nothing is known of this corpus' speakers that differs between them."
    rows = table.drop_duplicates(["attribute", "group"])
    row = rows.sort_values(["num_speakers", "num_clips"], kind="stable").iloc[0]
    few = f"{counted(row.num_speakers, 'speaker')}, {counted(row.num_clips, 'clip')}"
    if rows.num_speakers.nunique() == 1 and rows.num_clips.nunique() == 1:
        return f"All groups are of the same size: {few}."
    return f"The smallest group is {row.attribute} *{row.group}*: {few}{'; too few for an interval' if pd.isna(row.ci_low) else ''}."


def worded(table: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    """`table` for people: the gap once for each attribute, behind its first group."""
    first = ~table.duplicated(SAME)
    gaps = [interval(*row) for row in table[["gap", "gap_low", "gap_high"]].to_numpy(float)]
    cells = {
        "system": table.recipe.map(lambda name: titles.get(name, name)),
        "attribute": table.attribute,
        "group": table.group,
        "UAR": [interval(*row) for row in table[["value", "ci_low", "ci_high"]].to_numpy(float)],
        "speakers": table.num_speakers,
        "clips": table.num_clips,
        "gap (points)": np.where(first, gaps, ""),
        "p (Holm)": np.where(first, table.p_holm.map(worded_p).mask(table.p_holm.isna(), UNTESTED), ""),
    }
    return pd.DataFrame(cells)


def spread_worded(table: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    """`spread` for people, in percent."""
    shown = {"system": table.recipe.map(lambda name: titles.get(name, name))}
    shown |= {name: table[name].map(percent) for name in (*QUANTILES, "deviation")}
    return pd.DataFrame(shown | {"speakers": table.num_speakers, "left out": table.num_left_out})


def largest_gap(table: pd.DataFrame) -> float:
    """The largest gap between groups of eight or more speakers, in points; 0 where there is none."""
    return 100 * float(table.gap.fillna(0).max()) if len(table) else 0.0


def num_below(predictions: pd.DataFrame, recipe: str, share: float) -> int:
    """How many speakers a recipe reads with less than a UAR of `share`."""
    return int((of_speakers(predictions[predictions.recipe == recipe]) < share).sum())


def range_of(table: pd.DataFrame, recipe: str) -> float:
    """Points from the worst to the best speaker of a recipe in `spread`."""
    row = table.set_index("recipe").loc[recipe]
    return 100 * float(row.best - row.worst)


def findings(table: pd.DataFrame, spread: pd.DataFrame, titles: dict[str, str]) -> str:
    """Which gaps are shown, how many could not be tested, and how far single speakers lie apart."""
    every = table.drop_duplicates(SAME)
    tests = every[every.p_value.notna()]
    shown = tests[tests.p_holm < ALPHA]
    named = [
        f"{row.group} best by {titles.get(row.recipe, row.recipe)}, {percent(row.gap)} points"
        for row in shown.itertuples()
    ]
    told = f": {'; '.join(named)}" if named else ""
    lines = [f"* Of {len(tests)} gaps between groups that could be tested {len(shown)} are shown{told}."]
    if untested := len(every) - len(tests):
        lines.append(
            f"* {untested} could not be tested: too few speakers in a group, or intervals that are not over speakers."
        )
    for row in spread.itertuples():
        out = f" ({row.num_left_out} of too few clips left out)" if row.num_left_out else ""
        lines.append(
            f"* {titles.get(row.recipe, row.recipe)}: from {percent(row.worst)} for the worst-read of {row.num_speakers} speakers{out} to "
            f"{percent(row.best)} for the best-read."
        )
    return "\n".join(lines)

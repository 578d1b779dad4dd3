"""On whose scores may a stacker learn? Of clips that the models have learned, of fewer of these, of the same out of fold, or of dev."""

from dataclasses import dataclass, replace

import pandas as pd

from emostudy.ablations import drawn, stacked
from emostudy.corpora.corpus import Corpus
from emostudy.protocols import Split, pairs_of
from emostudy.recipes import ablated
from emostudy.recipes.decision import Rule
from emostudy.recipes.rules import STACKING
from emostudy.wording import interval, metric_title

TITLES = {  # the part that is learned from -> whose scores these are
    "train": "training clips, which the models have learned",
    "few": "as many of these as dev has, whole speakers",
    "out_of_fold": "training clips, out of fold",
    "dev": "dev clips",
}
PAIRS = {  # of parts -> what is compared; in the first two one thing differs
    ("train", "out_of_fold"): "the same training clips, learned minus out of fold",
    ("few", "train"): "learned clips, as many as dev has minus all",
    ("few", "dev"): "about as many clips, learned ones minus dev's",
    ("out_of_fold", "dev"): "clips that are new to the models, out of fold minus dev's",
    ("train", "dev"): "all learned clips minus dev's",
}


@dataclass(frozen=True)
class Inner:
    """A split whose dev is one of `num` shares of train, whole speakers where there are enough, and whose train is the rest."""

    number: int
    num: int = ablated.INNER

    @property
    def condition(self) -> str:
        return f"inner fold {self.number}"

    def __call__(self, split: Split, corpus: Corpus) -> Split:
        """The same test clips. All shares' dev together is train, each clip once."""
        clips = corpus.clips.set_index("clip_id", drop=False).loc[list(split.train)]
        of = clips.speaker if clips.speaker.nunique() > self.num else clips.clip_id
        out = of.isin(drawn(of, split.protocol, split.fold)[self.number :: self.num])
        # what else a protocol keeps apart, such as sentences, is kept out of test; train cannot be divided by all of it
        promised = {one.rpartition(":")[2] for one in split.keeps_apart if ("train", "test") in pairs_of(one)}
        parts = {"train": tuple(clips.clip_id[~out]), "dev": tuple(clips.clip_id[out])}
        return replace(split, **parts, keeps_apart=tuple(f"test:{column}" for column in sorted(promised)))


INNER = tuple(Inner(number) for number in range(ablated.INNER))


def scores(single: pd.DataFrame, inner: list[pd.DataFrame]) -> pd.DataFrame:
    """What single models say of test clips and of each part in `TITLES`, one below the other.

    Args:
        single: of models trained on all of train, on train, dev and test.
        inner: of models trained under each of `INNER`; their dev clips are new to them.
    """
    held_out = pd.concat(inner, ignore_index=True)
    held_out = held_out[held_out.part == "dev"].assign(part="out_of_fold")
    return pd.concat([single, fewer(single), held_out], ignore_index=True)


def fewer(single: pd.DataFrame) -> pd.DataFrame:
    """Training clips of so many speakers that they are about as many as dev's, as the part "few"."""
    frames = []
    for (protocol, fold), rows in single.groupby(["protocol", "fold"], sort=True):
        clips = rows.drop_duplicates("clip_id")
        train, num_dev = clips[clips.part == "train"], (clips.part == "dev").sum()
        unit = "speaker" if train.speaker.nunique() > 1 else "clip_id"
        names = drawn(train[unit], protocol, fold)
        counts = train[unit].value_counts()[names].cumsum()
        kept = names[: 1 + (counts - num_dev).abs().to_numpy().argmin()]
        frames.append(rows[(rows.part == "train") & rows[unit].isin(kept)])
    return pd.concat(frames, ignore_index=True).assign(part="few")


def fitted(scores: pd.DataFrame, emotions: tuple[str, ...], rule: Rule = STACKING) -> dict[str, pd.DataFrame]:
    """A rule fitted on each part of `scores`, applied to the same test scores: part -> predictions."""
    return {part: stacked(scores, rule, part, emotions).assign(recipe=part) for part in TITLES}


def reached(fitted: dict[str, pd.DataFrame], scores: pd.DataFrame, score, metric: str) -> pd.DataFrame:
    """Records of `fitted` in one metric, with `num_learned`, the mean number of clips that a stacker learned from.

    Args:
        score: as `Lesson.score`.
    """
    scored = score(pd.concat(fitted.values(), ignore_index=True))
    rows = scored[(scored.metric == metric) & (scored.emotion == "all")].set_index("recipe", drop=False)
    counts = scores.groupby(["part", "fold", "seed"]).clip_id.nunique().groupby("part").mean()
    return rows.loc[list(TITLES)].assign(num_learned=counts).reset_index(drop=True)


def worded(reached: pd.DataFrame) -> pd.DataFrame:
    """`reached` for people."""
    told = [interval(*row) for row in reached[["value", "ci_low", "ci_high"]].to_numpy(float)]
    num = reached.num_learned.round().astype(int)
    columns = {"scores of": reached.recipe.map(TITLES), "clips to learn from, mean over folds": num}
    return pd.DataFrame({**columns, metric_title(reached.metric.iloc[0]): told})


def pairs(fitted: dict[str, pd.DataFrame]) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """The predictions of each of `PAIRS`, for `records.compare_pairs`."""
    return [(fitted[one], fitted[other]) for one, other in PAIRS]


def told(compared: pd.DataFrame) -> str:
    """What the comparisons of `PAIRS` show: a line per row, and whether either cause is shown."""
    lines, verdicts = [], {}
    for row in compared.itertuples():
        verdicts[row.recipe, row.baseline] = row.verdict
        difference = interval(row.difference, row.ci_low, row.ci_high)
        lines.append(
            f"* Stacking on scores of {PAIRS[row.recipe, row.baseline]}: {difference} points, {row.verdict} (p after Holm)."
        )
    if all(verdicts[pair] == "no difference shown" for pair in list(PAIRS)[:2]):
        lines.append("* Neither that clips were learned nor how many they are is shown to matter here.")
    return "\n".join(lines)

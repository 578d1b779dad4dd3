"""How far folds and seeds move a score: components of variance of the table fold x seed, with intervals."""

import numpy as np
import pandas as pd
from scipy import stats

from emostudy import metrics
from emostudy import predictions as preds
from emostudy.corpora.corpus import Corpus
from emostudy.scores import score_runs
from emostudy.wording import counted, interval, percent, protocol_title

NAMES = {"of_fold": "between folds", "of_seed": "seeds within a fold", "both": "both"}
NOTE = (
    "Standard deviations in points of UAR with 95 % intervals (between folds after Williams 1962, both after Graybill and Wang 1980), as "
    "if values were normal and folds independent; but folds share training clips. Between folds test clips differ, a matter of sampling "
    "too, and training clips; chance of seeds is taken off. Both: one fold and one seed."
)
ONE_SEED = " Over one seed it cannot be told how far seeds move a score, nor folds without them: '-'."


def components(predictions: pd.DataFrame, emotions: tuple[str, ...]) -> pd.DataFrame:
    """Standard deviations of UAR, a row per recipe and set of modalities: `of_fold, of_seed, both`, each with `_low` and `_high`.

    `num_clips`: of test, over all folds. `mean`: over all folds and seeds. NaN where one fold or one seed cannot tell.
    """
    rows, keys = [], ["recipe", "modalities"]
    for key, some in predictions[predictions.part == "test"].groupby(keys, sort=True):
        uar = some.groupby(["fold", "seed"]).apply(_uar, emotions, include_groups=False).unstack("seed").to_numpy()
        counts = {"num_folds": uar.shape[0], "num_seeds": uar.shape[1], "num_clips": some.clip_id.nunique()}
        rows.append(dict(zip(keys, key, strict=True)) | counts | {"mean": uar.mean()} | parted(uar))
    return pd.DataFrame(rows)


def parted(values: np.ndarray) -> dict[str, float]:
    """Standard deviations between folds, of seeds within a fold, and of both, with 95 % intervals; values are (folds, seeds).

    Seeds are nested: that two folds were trained with seed 0 gives them nothing in common. One-way random effects (Searle et al. 1992).
    """
    num_folds, num_seeds = values.shape
    df_fold, df_seed = num_folds - 1, num_folds * (num_seeds - 1)
    of_means = values.mean(1).var(ddof=1) if df_fold else np.nan
    within = values.var(1, ddof=1).mean() if df_seed else np.nan
    left = within * (1 - 1 / num_seeds) if df_seed else 0.0  # of the seeds' variance, what a mean over seeds has not
    found = {
        "of_fold": (np.maximum(0.0, of_means - (within - left)), *_between(values)),
        "of_seed": (within, *_sum((within, df_seed))),
        "both": (of_means + left, *_sum((of_means, df_fold), *([(left, df_seed)] if df_seed else []))),
    }
    return {
        f"{name}{end}": float(np.sqrt(value))
        for name, some in found.items()
        for end, value in zip(("", "_low", "_high"), some, strict=True)
    }


def _sum(*parts: tuple[float, int]) -> tuple[float, float]:
    """95 % interval of a sum of variances, each with its degrees of freedom (Graybill and Wang 1980); of one alone chi-squared's."""
    if not all(df for _, df in parts):
        return np.nan, np.nan
    total, ends = sum(variance for variance, _ in parts), []
    for sign, share in ((-1, 0.975), (1, 0.025)):
        far = [variance * (df / stats.chi2.ppf(share, df) - 1) for variance, df in parts]
        ends.append(total + sign * np.sqrt(np.square(far).sum()))
    return max(0.0, ends[0]), ends[1]


def _between(values: np.ndarray) -> tuple[float, float]:
    """95 % interval of the variance between folds (Williams 1962), not below 0."""
    (num_folds, num_seeds), means = values.shape, values.mean(1)
    df_fold, df_seed = num_folds - 1, num_folds * (num_seeds - 1)
    if not (df_fold and df_seed):
        return np.nan, np.nan
    squares, within = df_fold * means.var(ddof=1), values.var(1, ddof=1).mean() / num_seeds
    ends = []
    for share in (0.975, 0.025):
        least = stats.f.ppf(share, df_fold, df_seed) * within  # as if F were that of no variance between folds
        ends.append(max(0.0, (squares - df_fold * least) / stats.chi2.ppf(share, df_fold)))
    return ends[0], ends[1]


def between_seeds(predictions: pd.DataFrame, corpus: Corpus, metric: str, titles: dict[str, str]) -> str:
    """What stands under a table of scores, whose intervals are of means over seeds: how far apart single seeds are; "" of one seed."""
    scored = score_runs(predictions[predictions.part == "test"], corpus)
    scored = scored[scored.metric == metric]
    means = scored.groupby(["protocol", "recipe", "modalities", "condition", "seed"]).value.mean().unstack("seed")
    apart = (means.max(axis=1) - means.min(axis=1))[means.notna().sum(axis=1) > 1]  # over folds alike
    if apart.empty:
        return ""
    protocol, recipe = apart.idxmax()[:2]
    return (
        f" Intervals are of means over seeds, and hold nothing of what another seed would give: the lowest and the highest seed lie "
        f"{percent(apart.median())} points apart (median of {counted(len(apart), 'row')} with several seeds), at most "
        f"{percent(apart.max())} ({titles.get(recipe, recipe)}, {protocol_title(protocol)})."
    )


def worded(table: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    """`components` in points, for people."""
    shown = {"system": table.recipe.map(lambda name: titles.get(name, name))}
    shown |= table[["num_folds", "num_seeds"]].rename(columns=lambda name: name.removeprefix("num_"))
    for name, title in NAMES.items():
        shown[title] = [interval(*row) for row in table[[name, f"{name}_low", f"{name}_high"]].to_numpy(float)]
    return pd.DataFrame(shown)


def note(table: pd.DataFrame) -> str:
    """What stands below the table."""
    return f"{table.num_clips.max()} test clips. {NOTE}{ONE_SEED if table.num_seeds.min() == 1 else ''}"


def told(table: pd.DataFrame, recipe: str, title: str) -> str:
    """What folds and seeds move in one recipe of `components`."""
    row = table.set_index("recipe").loc[recipe]
    of = {name: interval(*row[[name, f"{name}_low", f"{name}_high"]].astype(float)) for name in NAMES}
    head = f"* {title[:1].upper()}{title[1:]}, standard deviation of UAR: "
    if row.num_seeds == 1:
        return f"{head}{of['both']} points by fold and seed together; one seed was run, so how much is the seed's cannot be told."
    return f"{head}{of['of_fold']} points between folds, {of['of_seed']} between seeds within a fold."


def _uar(rows: pd.DataFrame, emotions: tuple[str, ...]) -> float:
    y, predicted, _ = preds.arrays(rows, emotions)
    return float(metrics.uar(metrics.confusion(y, predicted, len(emotions))))

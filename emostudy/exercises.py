"""Exercises: an answer is checked against what the data at hand say, so that it is right for any corpus and profile."""

from collections.abc import Callable
from math import factorial
from numbers import Real

import numpy as np
import pandas as pd
from IPython.display import Markdown

from emostudy import predictions as preds
from emostudy import several_metrics
from emostudy.corpora.corpus import SEVERAL
from emostudy.intervals import OVERALL
from emostudy.ladder import FEWEST
from emostudy.metrics import recall
from emostudy.thresholds import confusions
from emostudy.wording import pair


def check(number: str, answer: object, solve: Callable, *material, within: float = 0.0) -> Markdown:
    """Say whether an answer is right.

    Args:
        answer: None says "not answered yet"; else a number, a word, or a tuple of words.
        solve: a function of this module that works out the right answer from `material`; None where there is none.
        within: how far a number may be off.
    """
    if answer is None:
        return Markdown(f"**Exercise {number}**: not answered yet.")
    right = solve(*material)
    if right is None:
        return Markdown(f"**Exercise {number}** compares two protocols, and one was run: choose two with `protocols`.")
    if _same(answer, right, within):
        return Markdown(f"**Exercise {number}**: right, {answer}.")
    if isinstance(right, Real) and not _is_number(answer):
        return Markdown(f"**Exercise {number}**: {answer!r} is not a number; the answer is one.")
    return Markdown(f"**Exercise {number}**: {answer} is not right yet. {_hint(answer, right)}")


def _same(answer: object, right: object, within: float) -> bool:
    if isinstance(right, Real):
        return _is_number(answer) and abs(answer - right) <= within
    if isinstance(right, tuple):
        return isinstance(answer, list | tuple) and tuple(answer) == right
    return answer == right


def _is_number(answer: object) -> bool:
    return isinstance(answer, Real) and not isinstance(answer, bool)  # Real: NumPy's numbers too


def _hint(answer: object, right: object) -> str:
    if isinstance(right, Real):
        return "Try a smaller number." if answer > right else "Try a larger number."
    return "Look again at the table or the figure that the question names."


def num_runs(num_splits: int, num_seeds: int, num_recipes: int) -> int:
    """Trainings that a plan needs."""
    return num_splits * num_seeds * num_recipes


def chance_uar(emotions: tuple[str, ...]) -> float:
    """UAR in percent of anyone who does not look."""
    return 100 / len(emotions)


def honest_protocol() -> str:
    """The protocol that tells how an app will do with people it has never met."""
    return "speaker_independent"


def majority_wa(emotions: pd.Series) -> float:
    """WA in percent of always saying the most frequent emotion."""
    return 100 * float(emotions.value_counts(normalize=True).max())


def best_guess(shown: dict[str, str], tables: dict[str, np.ndarray], emotions: tuple[str, ...]) -> str:
    """The emotion that the best rule says when modalities show these emotions."""
    posterior = np.prod([tables[m][:, emotions.index(z)] for m, z in shown.items()], axis=0)
    return emotions[int(posterior.argmax())]


def points(value: float) -> float:
    """A share in percent."""
    return 100 * value


def most_confused(test: pd.DataFrame, recipe: str, protocol: str, emotions: tuple[str, ...]) -> tuple[str, str]:
    """The true emotion and the other one that is most often said in its place."""
    y, said, _ = preds.matrices(_of(test, recipe, protocol), emotions)
    having = np.maximum(y.sum(0), 1)[:, None]  # clips that have the row's label, as in the figure
    shares = several_metrics.taken(y, said) / having
    np.fill_diagonal(shares, -1)
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    return emotions[row], emotions[column]


def fall(test: pd.DataFrame, recipe: str, emotions: tuple[str, ...], metric: str = "UAR") -> float | None:
    """Points, seeds averaged, lost from the flattering protocol to the honest one; None where one protocol alone was run."""
    flattering, honest = pair(test.protocol)
    if not flattering:
        return None
    known, new = (_mean(_of(test, recipe, protocol), emotions, metric) for protocol in (flattering, honest))
    return 100 * (known - new)


def hardest_speaker(test: pd.DataFrame, recipe: str, protocol: str) -> str:
    """The speaker with the lowest share of right clips."""
    rows = _of(test, recipe, protocol)
    return (rows.emotion == rows.predicted).groupby(rows.speaker).mean().idxmin()


def best_recalled(test: pd.DataFrame, recipe: str, protocol: str, emotions: tuple[str, ...]) -> str:
    """The emotion with the highest recall."""
    y, said, _ = preds.matrices(_of(test, recipe, protocol), emotions)
    return emotions[int(np.nanargmax(recall(confusions(y, said))[:, 1]))]


def sure_and_wrong(
    test: pd.DataFrame, recipe: str, protocol: str, emotions: tuple[str, ...], least: float = 0.8
) -> float:
    """Of the clips on which the model was at least so sure, the percentage on which it was wrong."""
    rows = _of(test, recipe, protocol)
    sure = rows[preds.columns_of(emotions)].max(axis=1) >= least
    return 100 * float((rows.emotion != rows.predicted)[sure].mean()) if sure.any() else 0.0


def dense_parameters(num_inputs: int, num_outputs: int) -> int:
    """Weights and biases of a dense layer."""
    return num_inputs * num_outputs + num_outputs


def trust_weight(probabilities: list[list[float]], trust: list[float]) -> float:
    """System R's weight of the first modality for one clip."""
    p = np.asarray(probabilities)
    confidence = 1 + (p * np.log(np.maximum(p, 1e-12))).sum(1) / np.log(p.shape[1])
    weights = np.asarray(trust) * confidence
    return float(weights[0] / weights.sum())


def best_on_dev(predictions: pd.DataFrame, protocol: str, emotions: tuple[str, ...], metric: str = "UAR") -> str:
    """The recipe with the best score on dev clips."""
    rows = predictions[(predictions.part == "dev") & (predictions.protocol == protocol)]
    scores = rows.groupby(["recipe", "modalities"]).apply(lambda group: _mean(group, emotions, metric))
    return scores.round(9).idxmax()[0]  # or the last digit of a sum would decide between equals


def num_shown(comparisons: pd.DataFrame) -> int:
    """How many systems are shown to be better than the baseline."""
    return int((comparisons.verdict == "better").sum())


def deepest_fall(test: pd.DataFrame, emotions: tuple[str, ...], metric: str = "UAR") -> str | None:
    """The recipe that loses most from the flattering protocol to the honest one; None where one protocol alone was run."""
    if not pair(test.protocol)[0]:
        return None
    alone = test[~test.modalities.str.contains("+", regex=False)]
    falls = {recipe: round(fall(alone, recipe, emotions, metric), 9) for recipe in sorted(set(alone.recipe))}
    return max(falls, key=falls.get)


def shapley_of_two(alone: float, other: float, both: float, chance: float) -> float:
    """The first of two modalities' share: the mean of what it adds to nothing and to the other."""
    return ((alone - chance) + (both - other)) / 2


def num_orders(num: int) -> int:
    """In how many orders `num` things may come."""
    return factorial(num)


def least_worth(compared: pd.DataFrame) -> str:
    """The recipe that differs least from the baseline."""
    return compared.loc[compared.difference.abs().idxmin()].recipe


def noise_level(snr: float) -> float:
    """How loud noise is beside a signal that is `snr` dB louder: the ratio of their root mean squares."""
    return 10 ** (-snr / 20)


def kept(score: float, clean: float, chance: float) -> float:
    """The share of what is above chance that is left."""
    return (score - chance) / (clean - chance)


def costliest(table: pd.DataFrame, recipe: str) -> str:
    """The condition under which this system is worst; of `robustness.curves`."""
    rows = table[table.recipe == recipe]
    return rows.loc[rows.value.idxmin()].condition


def _of(test: pd.DataFrame, recipe: str, protocol: str) -> pd.DataFrame:
    return test[(test.part == "test") & (test.recipe == recipe) & (test.protocol == protocol)]


def _counts(rows: pd.DataFrame, emotions: tuple[str, ...]) -> np.ndarray:
    return several_metrics.taken(*preds.matrices(rows, emotions)[:2])


def _mean(rows: pd.DataFrame, emotions: tuple[str, ...], metric: str) -> float:
    """A metric of the clips, mean over seeds."""
    if metric in OVERALL and not rows.emotion.str.contains(SEVERAL, regex=False).any():
        return float(np.mean([OVERALL[metric](_counts(seed, emotions)) for _, seed in rows.groupby("seed")]))
    return float(np.mean([several_metrics.of_run(seed, emotions)[metric] for _, seed in rows.groupby("seed")]))


def costliest_leak(table: pd.DataFrame) -> str:
    """The mistake that adds most."""
    return str(table.leak[table.difference.idxmax()])


def fall_between(rows: pd.DataFrame, recipe: str) -> float:
    """Points between the highest and the lowest score of a recipe over protocols that test `FEWEST` clips or more."""
    own = rows[rows.recipe == recipe]
    values = own.value[own.num_clips >= FEWEST] if own.num_clips.max() >= FEWEST else own.value
    return 100 * float(values.max() - values.min())


def num_costlier(table: pd.DataFrame, leak: str) -> int:
    """How many mistakes add more than this one."""
    adds = table.set_index("leak").difference
    return int((adds > adds[leak]).sum())


def num_measured_on(claims: pd.DataFrame, part: str) -> int:
    """How many printed numbers are scores of a part of the clips: training, validation, test."""
    return int((claims.measured_on == part).sum())


def rise_of_one_side(claims: pd.DataFrame, subject: str) -> float:
    """Points by which the mean of the numbers printed for the left and for the right lies above that for both."""
    printed = claims[claims.subject == subject].set_index("of").claimed
    return 100 * float((printed["left"] + printed["right"]) / 2 - printed[""])


def widest(claims: pd.DataFrame, num: int) -> float:
    """Points to each side of the widest 95 % interval that the claims on test clips would have, were each of `num` independent draws."""
    test = claims[claims.measured_on.str.startswith("test")]
    return float(half_width(test.claimed, num).max())


def half_width(share: float, num: int) -> float:
    """Points to each side of a share of `num` independent draws that a 95 % interval has, by the normal approximation."""
    return 196 * (share * (1 - share) / num) ** 0.5

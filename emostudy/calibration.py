"""What a system's confidence is worth: reliability, temperatures from dev, and what is right if only the surest clips are answered."""

import numpy as np
import pandas as pd

from emostudy import intervals
from emostudy import predictions as preds
from emostudy.corpora.corpus import Corpus
from emostudy.metrics import NUM_BINS, confidence_gap
from emostudy.recipes.calibrated import COLDEST, HOTTEST, scaled, temperature
from emostudy.wording import interval, interval_note, modality_title, percent, protocol_title, sample

SYSTEM = ["protocol", "recipe", "modalities"]
RUN = [*SYSTEM, "condition", "fold", "seed"]
ANSWERED = (0.25, 0.5, 0.75, 1.0)  # shares of the clips


def at_temperatures(predictions: pd.DataFrame, emotions: tuple[str, ...]) -> pd.DataFrame:
    """Test predictions with one temperature for each run, from its own dev clips; what is said stays the same (Guo et al. 2017).

    Returns:
        The test rows, condition `calibrated`, with their `temperature`. Runs without dev predictions are left out.
    """
    columns, found = preds.columns_of(emotions), []
    for _, run in predictions.groupby(RUN, sort=True):
        dev, test = (run[run.part == part] for part in ("dev", "test"))
        if len(dev) and len(test):
            labels = pd.Index(emotions).get_indexer(dev.emotion)
            by = temperature(dev[columns].to_numpy(float), labels)
            values = scaled(test[columns].to_numpy(float)[None], np.array([by]))[0]  # (1, N, C) -> (N, C)
            cooled = pd.DataFrame(values, columns=columns, index=test.index)
            found.append(test.assign(condition="calibrated", temperature=by, **cooled))
    return pd.concat(found, ignore_index=True) if found else predictions[:0].assign(temperature=np.nan)


def confidences(predictions: pd.DataFrame, emotions: tuple[str, ...]) -> pd.DataFrame:
    """The rows with `sure`, the probability of what is said, and `right`."""
    sure = predictions[preds.columns_of(emotions)].max(axis=1).astype(float)
    return predictions.assign(sure=sure, right=predictions.emotion == predictions.predicted)


def reliability(predictions: pd.DataFrame, corpus: Corpus, num_draws: int = 1000) -> pd.DataFrame:
    """Per system and bin of confidence how sure it was and how often it was right: a reliability diagram's points.

    Args:
        predictions: test rows of one part and condition; seeds are pooled.

    Returns:
        protocol, recipe, modalities, bin (those of ECE, `metrics.confidence_gap`), sure, right, ci_low, ci_high (right, over the card's
        clusters), num_clips: rows of the bin over the number of seeds. Bins without a clip have no row.
    """
    found = []
    for key, rows in confidences(preds.with_cluster(predictions, corpus), corpus.emotions).groupby(SYSTEM, sort=True):
        codes, probabilities = (
            pd.Index(corpus.emotions).get_indexer,
            rows[preds.columns_of(corpus.emotions)].to_numpy(float),
        )
        bins, _ = confidence_gap(codes(rows.emotion), codes(rows.predicted), probabilities)
        cluster = np.unique(rows[corpus.card["cluster"]].to_numpy(str), return_inverse=True)[1]
        share = _by_bin(rows.right.to_numpy(float), bins, cluster)
        draws = intervals.bootstrap(share, cluster.max() + 1, num_draws)
        in_bin = [len(np.unique(cluster[bins == at])) for at in range(NUM_BINS)]
        low, high = intervals.percentiles(draws, np.array(in_bin))
        table = rows.groupby(bins).agg(sure=("sure", "mean"), right=("right", "mean"), num_clips=("right", "size"))
        table = table.assign(
            num_clips=table.num_clips / rows.seed.nunique(), ci_low=low[table.index], ci_high=high[table.index]
        )
        found.append(table.rename_axis("bin").reset_index().assign(**dict(zip(SYSTEM, key, strict=True))))
    columns = [*SYSTEM, "bin", "sure", "right", "ci_low", "ci_high", "num_clips"]
    return pd.concat(found, ignore_index=True)[columns]


def _by_bin(right: np.ndarray, bins: np.ndarray, cluster: np.ndarray):
    """Weights of clusters (R, K) -> share right in each bin (R, B); NaN where a draw has none in it."""
    shape = cluster.max() + 1, NUM_BINS
    hits, clips = np.zeros(shape), np.zeros(shape)
    np.add.at(hits, (cluster, bins), right)
    np.add.at(clips, (cluster, bins), 1.0)

    def share(weights: np.ndarray) -> np.ndarray:
        all_clips = weights @ clips
        return np.divide(weights @ hits, all_clips, out=np.full_like(all_clips, np.nan), where=all_clips > 0)

    return share


def coverage(predictions: pd.DataFrame, emotions: tuple[str, ...]) -> pd.DataFrame:
    """Per system and share of clips answered, the surest first, the share of them that is right: `answered, right`, mean over seeds.

    Answering all clips gives WA. Clips that are equally sure are answered together, each as right as they are on average.
    """
    found, grid = [], np.linspace(0.01, 1, 100)
    for key, rows in confidences(predictions, emotions).groupby(SYSTEM, sort=True):
        curves = [np.interp(grid, *_curve(one)) for _, one in rows.groupby("seed")]
        found.append(
            pd.DataFrame({"answered": grid, "right": np.mean(curves, axis=0)}).assign(
                **dict(zip(SYSTEM, key, strict=True))
            )
        )
    return pd.concat(found, ignore_index=True)[[*SYSTEM, "answered", "right"]]


def _curve(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Share answered and share right of it (N,), the surest first."""
    ordered = rows.sort_values("sure", ascending=False, kind="stable")
    even = ordered.groupby("sure", sort=False).right.transform("mean").to_numpy(float)
    num = np.arange(1, len(rows) + 1)
    return num / len(rows), even.cumsum() / num


def table(
    scored: pd.DataFrame, cooled: pd.DataFrame, covered: pd.DataFrame, temperatures: pd.DataFrame
) -> pd.DataFrame:
    """A row per system and protocol: ECE and Brier score as they are and at their temperature, and what is right of the surest clips.

    Args:
        scored, cooled: records (`scores.score`) of predictions as they are and of `at_temperatures`.
        covered: of `coverage`; temperatures: of `at_temperatures`.

    Returns:
        Shares with `_low` and `_high`: ECE, ECE_calibrated, Brier, Brier_calibrated; temperature, mean over runs; right_25 ... right_100.
    """
    found = []
    means = temperatures.groupby(SYSTEM).temperature.mean()
    for key, rows in covered.groupby(SYSTEM, sort=True):
        row = dict(zip(SYSTEM, key, strict=True)) | {"temperature": float(means.get(key, np.nan))}
        for ending, records in (("", scored), ("_calibrated", cooled)):
            for metric in ("ECE", "Brier"):
                row |= _value(records, key, metric, f"{metric}{ending}")
        row |= {f"right_{100 * share:.0f}": np.interp(share, rows.answered, rows.right) for share in ANSWERED}
        found.append(row)
    return pd.DataFrame(found)


def _value(records: pd.DataFrame, key: tuple, metric: str, name: str) -> dict[str, float]:
    rows = records[(records.metric == metric) & (records.emotion == "all")]
    rows = rows[(rows[SYSTEM] == list(key)).all(axis=1)]
    ends = {"": "value", "_low": "ci_low", "_high": "ci_high"}
    return {f"{name}{end}": float(rows[column].iloc[0]) if len(rows) else np.nan for end, column in ends.items()}


def worded(table: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    """`table` for people: percent, but for the Brier score, 0 to 2."""
    cells = {
        "system": [
            f"{modality_title(row.modalities)}: {titles.get(row.recipe, row.recipe)}" for row in table.itertuples()
        ]
    }
    cells["protocol"] = table.protocol.map(protocol_title)
    for name in ("ECE", "ECE_calibrated"):
        cells[name.replace("_", ", ")] = [
            interval(*row) for row in table[[name, f"{name}_low", f"{name}_high"]].to_numpy(float)
        ]
    for name in ("Brier", "Brier_calibrated"):
        cells[name.replace("_", ", ")] = table[name].map("{:.2f}".format)
    cells["temperature"] = [
        f"{value:.2f}{'' if COLDEST * 1.1 < value < HOTTEST * 0.9 else ' (bound)'}" for value in table.temperature
    ]
    for share in ANSWERED:
        cells[f"right of {100 * share:.0f} %"] = table[f"right_{100 * share:.0f}"].map(percent)
    return pd.DataFrame(cells)


def least_calibrated(table: pd.DataFrame, protocol: str) -> str:
    """The recipe with the largest ECE under a protocol."""
    rows = table[table.protocol == protocol]
    return rows.recipe[rows.ECE.idxmax()]


def num_worsened(table: pd.DataFrame, protocol: str) -> int:
    """How many systems have a larger ECE at their temperature than without."""
    rows = table[table.protocol == protocol]
    return int((rows.ECE_calibrated > rows.ECE).sum())


def right_of(covered: pd.DataFrame, recipe: str, protocol: str, share: float) -> float:
    """Percent right of a share of the clips, the surest ones."""
    rows = covered[(covered.recipe == recipe) & (covered.protocol == protocol)]
    return 100 * float(np.interp(share, rows.answered, rows.right))


def findings(table: pd.DataFrame, protocol: str, titles: dict[str, str]) -> str:
    """What the table shows under one protocol: ECE, what temperatures did, what the surer half is worth."""
    rows = table[table.protocol == protocol].sort_values("ECE")
    each = [f"{titles.get(row.recipe, row.recipe)} {percent(row.ECE)}" for row in rows.itertuples()]
    halves = [
        f"{titles.get(row.recipe, row.recipe)} {percent(row.right_100)} to {percent(row.right_50)}"
        for row in rows.itertuples()
    ]
    return "\n".join(
        [
            f"* ECE, {protocol_title(protocol)}, least first: {', '.join(each)}.",
            f"* A temperature from dev makes the ECE of {num_worsened(table, protocol)} of {len(rows)} systems larger.",
            f"* Right of all clips, and of the surer half: {', '.join(halves)}.",
        ]
    )


def sureness(lesson, predictions: pd.DataFrame, caption: str) -> pd.DataFrame:
    """Write how sure each system is on average of test clips under the honest protocol, how often it is right, and the difference."""
    honest, cluster = lesson.protocols[-1], lesson.cluster
    keep = (predictions.part == "test") & (predictions.protocol == honest) & (predictions.modalities != "none")
    told, found = confidences(predictions[keep], lesson.corpus.emotions), []
    for (modalities, recipe), rows in told.groupby(["modalities", "recipe"], sort=True):
        both = rows[["sure", "right"]].to_numpy(float)
        over, low, high = intervals.mean_intervals(both[:, :1] - both[:, 1:], rows[cluster])[:, 0]
        sure, right = both.mean(0)
        of = {"num_clips": rows.clip_id.nunique(), "num_clusters": rows[cluster].nunique()}
        found.append({"modalities": modalities, "recipe": recipe, "sure": sure, "right": right} | of)
        found[-1] |= {"too_sure": over, "ci_low": low, "ci_high": high}
    table = pd.DataFrame(found)
    worded = table[["modalities", "recipe"]].assign(recipe=table.recipe.map(lesson.titles))
    worded = worded.assign(sure=table.sure.map(percent), right=table.right.map(percent))
    worded["too sure by"] = [interval(*cells) for cells in table[["too_sure", "ci_low", "ci_high"]].to_numpy(float)]
    note = f"Percent of clips; in brackets the {interval_note(cluster)}. {sample(told, cluster)}."
    return lesson.table(table, "sureness", f"{caption}, {protocol_title(honest)}", worded, note)

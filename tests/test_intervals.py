import warnings

import numpy as np
import pandas as pd
import pytest

from emostudy import intervals, metrics
from emostudy.intervals import bootstrap, pooled, summarise

EMOTIONS = ("anger", "happiness", "neutral")


def predictions(num_clips=120, num_speakers=12, num_seeds=2, skill=1.0, seed=0):
    """Frame as experiments write it; the clips are the same for every seed and skill."""
    rng, clips = np.random.default_rng(seed), np.random.default_rng(99)
    y, speaker = clips.integers(0, 3, num_clips), clips.integers(0, num_speakers, num_clips)
    frames = []
    for run in range(num_seeds):
        logits = rng.normal(size=(num_clips, 3)) + skill * np.eye(3)[y]
        probabilities = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).round(4)
        frame = pd.DataFrame(probabilities, columns=[f"p_{emotion}" for emotion in EMOTIONS])
        frames.append(
            frame.assign(
                clip_id=[f"c{i:04d}" for i in range(num_clips)],
                speaker=[f"s{s}" for s in speaker],
                seed=run,
                emotion=np.array(EMOTIONS)[y],
                predicted=np.array(EMOTIONS)[logits.argmax(1)],
                recipe="made",
            )
        )
    return pd.concat(frames, ignore_index=True)


def repeated(pool, weights):
    """Point metrics, mean over seeds, of clips written out as often as their cluster is drawn."""
    rows = []
    for seed in range(pool.seed.max() + 1):
        at = np.flatnonzero(pool.seed == seed)
        at = at.repeat(weights.astype(int)[pool.cluster[at]])
        y, predicted, probabilities = pool.y[at], pool.predicted[at], pool.probabilities[at]
        matrix = metrics.confusion(y, predicted, 3)
        rows.append(
            {
                "WA": metrics.wa(matrix),
                "UAR": metrics.uar(matrix),
                "macro_F1": metrics.macro_f1(matrix),
                "weighted_F1": metrics.weighted_f1(matrix),
                "AUROC": metrics.macro_auroc(y, probabilities),
                "ECE": metrics.ece(y, predicted, probabilities),
                "Brier": metrics.brier(y, probabilities),
            }
        )
    return pd.DataFrame(rows).mean()


def test_values_are_the_mean_over_seeds_of_pooled_metrics():
    frame = predictions()
    table = summarise(frame, EMOTIONS, num_draws=10).set_index(["metric", "emotion"]).value
    pool = pooled(frame, EMOTIONS, "speaker")
    expected = repeated(pool, np.ones(pool.num_clusters))
    for metric in intervals.METRICS:
        assert table[metric, "all"] == pytest.approx(expected[metric], abs=1e-12)
    happy = frame[frame.emotion == "happiness"]
    assert table["recall", "happiness"] == pytest.approx((happy.predicted == "happiness").mean())
    assert len(table) == len(intervals.METRICS) + 4 * 3


@pytest.mark.parametrize("metric", intervals.METRICS)
def test_bootstrap_equals_brute_force(metric):
    pool = pooled(predictions(60, 9), EMOTIONS, "speaker")
    drawn = []
    values = bootstrap(lambda w: drawn.append(w) or intervals.overall(pool, w, metric), 9, 25)
    expected = [repeated(pool, weights)[metric] for weights in np.concatenate(drawn)]
    np.testing.assert_allclose(values, expected, atol=1e-12)
    assert (np.concatenate(drawn).sum(1) == 9).all()


def test_many_clusters_give_the_interval_of_few(monkeypatch):
    """Sparse sums, first-order AUROC and small blocks change nothing that can be seen."""
    frame = predictions(600, 60)
    exact = summarise(frame, EMOTIONS)
    monkeypatch.setattr(intervals, "MAX_PAIRED", 10)
    monkeypatch.setattr(intervals, "BLOCK", 7_000)
    other = summarise(frame, EMOTIONS)
    numbers = ["value", "ci_low", "ci_high"]
    aurocs = exact.metric == "AUROC"
    np.testing.assert_allclose(other.loc[~aurocs, numbers], exact.loc[~aurocs, numbers], atol=1e-12)
    np.testing.assert_allclose(other.loc[aurocs, numbers], exact.loc[aurocs, numbers], atol=0.002)


def test_order_of_rows_and_repetition_change_nothing():
    frame = predictions()
    first = summarise(frame, EMOTIONS, num_draws=200)
    pd.testing.assert_frame_equal(first, summarise(frame, EMOTIONS, num_draws=200), check_exact=True)
    shuffled = frame.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(first, summarise(shuffled, EMOTIONS, num_draws=200), check_exact=True)
    assert not first.ci_low.equals(summarise(frame, EMOTIONS, num_draws=200, seed=1).ci_low)


def test_percentiles_hold_95_of_100():
    draws = np.random.default_rng(0).permutation(1001)[:, None]
    np.testing.assert_allclose(intervals.percentiles(draws, np.array([8])), [[25], [975]])


def test_counts_of_clips_and_clusters():
    table = summarise(predictions(), EMOTIONS, num_draws=10).set_index(["metric", "emotion"])
    one_seed = predictions(num_seeds=1)
    angry = one_seed[one_seed.emotion == "anger"]
    assert table.loc[("UAR", "all"), ["num_clips", "num_clusters"]].tolist() == [120, 12]
    expected = [len(angry), angry.speaker.nunique()]
    assert table.loc[("F1", "anger"), ["num_clips", "num_clusters"]].tolist() == expected


def test_few_clusters_carry_no_interval():
    few, enough = (summarise(predictions(num_speakers=num), EMOTIONS, num_draws=50) for num in (7, 8))
    assert few.ci_low.isna().all() and few.ci_high.isna().all()
    assert enough.ci_low.notna().all() and enough.ci_high.notna().all()


def test_an_emotion_that_few_clusters_show_has_no_interval():
    frame = predictions()
    frame = frame[(frame.emotion != "anger") | frame.speaker.isin(["s1", "s2"])]
    table = summarise(frame, EMOTIONS, num_draws=50)
    assert (table.ci_low.isna() == (table.emotion == "anger")).all()
    assert table.value.notna().all()


def test_an_emotion_that_never_occurs_is_nan_without_warnings():
    frame = predictions()
    frame = frame[frame.emotion != "anger"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = summarise(frame, EMOTIONS, num_draws=50)
    assert (table.value.isna() == (table.emotion == "anger")).all()


def test_intervals_over_clusters_cover_the_truth_and_those_over_clips_do_not():
    """Speakers differ in how well they are read, so clips of one are alike; true accuracy .7."""
    rng, covered = np.random.default_rng(0), {"speaker": 0, "clip_id": 0}
    num_trials, num_speakers, num_each = 150, 30, 20
    for _ in range(num_trials):
        right = rng.random((num_speakers, num_each)) < rng.beta(2.1, 0.9, (num_speakers, 1))
        y = np.zeros(right.size, int)
        probabilities = np.full((right.size, 2), 0.5)
        clip, predicted = np.arange(right.size), 1 - right.ravel().astype(int)
        for unit, cluster in (("speaker", clip // num_each), ("clip_id", clip)):
            pool = intervals.Pool(y, predicted, probabilities, clip, cluster, seed=y)
            draws = bootstrap(lambda w, pool=pool: intervals.overall(pool, w, "WA"), pool.num_clusters, 300)
            low, high = intervals.percentiles(draws[:, None], np.array([num_speakers]))
            covered[unit] += low[0] <= 0.7 <= high[0]
    assert 0.88 <= covered["speaker"] / num_trials <= 0.99
    assert covered["clip_id"] / num_trials < 0.75, covered


def test_seeds_may_have_tested_different_clips():
    frame = predictions()
    frame = frame[(frame.seed == 0) == (frame.clip_id < "c0060")]
    values = summarise(frame, EMOTIONS, num_draws=10).set_index(["metric", "emotion"]).value
    each = [summarise(frame[frame.seed == seed], EMOTIONS, num_draws=10).value.to_numpy() for seed in (0, 1)]
    np.testing.assert_allclose(values, np.mean(each, axis=0), atol=1e-12)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda f: f.drop(columns="p_anger"), "p_anger"),
        (lambda f: f.drop(columns="speaker"), "speaker"),
        (lambda f: f[:0], "no predictions"),
        (lambda f: pd.concat([f, f[:1]]), "'c0000' comes twice"),
        (lambda f: f.assign(emotion="joy"), "emotion is joy"),
        (lambda f: f.assign(predicted=None), "predicted is"),
        (lambda f: f.assign(speaker=""), "no speaker"),
        (lambda f: f.assign(speaker=np.nan), "no speaker"),
        (lambda f: f.assign(p_anger=np.nan), "NaN"),
        (lambda f: f.assign(p_anger=1.2), "outside 0 to 1"),
        (lambda f: f.assign(recipe=["a", "b"] * (len(f) // 2)), "recipe is a, b"),
    ],
)
def test_what_cannot_be_pooled_is_refused(broken, message):
    with pytest.raises(ValueError, match=message):
        summarise(broken(predictions()), EMOTIONS, num_draws=10)


def test_intervals_of_means_resample_whole_clusters():
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(20), 10)
    values = np.column_stack([np.repeat(rng.normal(size=20), 10), rng.normal(size=200)])  # of the speaker; of the clip
    (mean, low, high) = intervals.mean_intervals(values, cluster)
    assert mean == pytest.approx(values.mean(0)) and (low < mean).all() and (mean < high).all()
    error = np.array([values[::10, 0].std(), values[:, 1].std() / np.sqrt(10)]) / np.sqrt(20)
    assert (high - low)[0] == pytest.approx(
        2 * 1.96 * error[0], rel=0.1
    )  # ten clips of one speaker are one observation
    assert (high - low)[1] < 2 * 1.96 * error[1] * 1.3
    few = intervals.mean_intervals(values, cluster % 3)
    assert few[0] == pytest.approx(mean) and np.isnan(few[1:]).all()

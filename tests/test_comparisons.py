import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from emostudy import comparisons
from emostudy.comparisons import compare, holm
from emostudy.intervals import METRICS, summarise

EMOTIONS = ("anger", "happiness", "neutral")
COLUMNS = [f"p_{emotion}" for emotion in EMOTIONS]


def predictions(skill=1.0, seed=0, num_clips=120, num_speakers=12, num_seeds=1):
    """Frame as experiments write it; the clips are the same for every skill and seed."""
    rng, clips = np.random.default_rng(seed), np.random.default_rng(99)
    y, speaker = clips.integers(0, 3, num_clips), clips.integers(0, num_speakers, num_clips)
    frames = []
    for run in range(num_seeds):
        logits = rng.normal(size=(num_clips, 3)) + skill * np.eye(3)[y]
        probabilities = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).round(2)
        frames.append(
            pd.DataFrame(probabilities, columns=COLUMNS).assign(
                clip_id=[f"c{i:04d}" for i in range(num_clips)],
                speaker=[f"s{s:02d}" for s in speaker],
                seed=run,
                emotion=np.array(EMOTIONS)[y],
                predicted=np.array(EMOTIONS)[logits.argmax(1)],
            )
        )
    return pd.concat(frames, ignore_index=True)


def values(frame):
    return summarise(frame, EMOTIONS, num_draws=1).query("emotion == 'all'").set_index("metric").value


def test_p_values_equal_brute_force():
    a, b = predictions(1.0, 1, 40, 5, num_seeds=2), predictions(0.3, 2, 40, 5, num_seeds=2)
    changing, differences = [*COLUMNS, "predicted"], []
    for swapped in itertools.product([False, True], repeat=5):
        speakers = [f"s{s:02d}" for s in range(5) if swapped[s]]
        rows, x, y = a.speaker.isin(speakers), a.copy(), b.copy()
        x.loc[rows, changing], y.loc[rows, changing] = b.loc[rows, changing], a.loc[rows, changing]
        differences.append(values(x) - values(y))
    every = pd.DataFrame(np.array(differences), columns=differences[0].index)  # first: nothing swapped
    for metric in METRICS:
        found = compare(a, b, EMOTIONS, metric=metric, num_draws=10)
        assert found.difference == pytest.approx(every[metric][0], abs=1e-12)
        assert found.p_value == (every[metric].abs() >= abs(every[metric][0]) - 1e-12).mean()


@pytest.mark.parametrize("metric", ["UAR", "AUROC"])
def test_random_exchanges_come_near_to_all_of_them(metric, monkeypatch):
    a, b = predictions(1.0, 1), predictions(0.9, 2)
    every = compare(a, b, EMOTIONS, metric=metric, num_draws=10).p_value
    monkeypatch.setattr(comparisons, "MAX_ENUMERATED", 5)
    assert 0.01 < every < 0.9
    assert compare(a, b, EMOTIONS, metric=metric, num_draws=10).p_value == pytest.approx(every, abs=0.03)


def test_p_values_are_uniform_between_recipes_that_are_alike():
    frames = [predictions(1.0, seed, 60, 16) for seed in range(200)]
    p = np.array(
        [
            compare(a, b, EMOTIONS, num_draws=1, num_exchanges=200).p_value
            for a, b in zip(frames[::2], frames[1::2], strict=True)
        ]
    )
    assert kstest(p, "uniform").pvalue > 0.001
    assert (p <= 0.05).mean() < 0.12


def test_a_real_difference_is_shown_from_both_sides():
    a, b = predictions(2.5, 1, num_speakers=20), predictions(0.5, 2, num_speakers=20)
    ahead, behind = compare(a, b, EMOTIONS), compare(b, a, EMOTIONS)
    assert ahead.p_value == pytest.approx(1 / 10_001)
    assert 0 < ahead.ci_low < ahead.difference < ahead.ci_high
    assert ahead.verdict == "a better" and behind.verdict == "b better"
    assert [behind.difference, behind.ci_low] == pytest.approx([-ahead.difference, -ahead.ci_high])
    assert (ahead.num_clips, ahead.num_clusters) == (120, 20)


def test_a_lower_brier_score_is_better():
    found = compare(predictions(2.5, 1), predictions(0.5, 2), EMOTIONS, metric="Brier", num_draws=10)
    assert found.difference < 0 and found.verdict == "a better"


def test_a_recipe_does_not_differ_from_itself():
    found = compare(predictions(), predictions(), EMOTIONS)
    assert found[["difference", "ci_low", "ci_high", "p_value"]].tolist() == [0, 0, 0, 1]
    assert found.verdict == "no difference shown"


def test_five_speakers_can_show_nothing():
    """2^5 exchanges: p is never below 2 / 32, and there is no interval."""
    found = compare(predictions(9, 1, num_speakers=5), predictions(0, 2, num_speakers=5), EMOTIONS)
    assert found.p_value == 2 / 32 and found.verdict == "no difference shown" and np.isnan(found.ci_low)


def test_pairing_narrows_the_interval_of_recipes_that_err_alike():
    a = predictions(1.0, 1, num_clips=400, num_speakers=20)
    b = a.copy()
    b.loc[::20, "predicted"] = "anger"
    paired = compare(a, b, EMOTIONS)
    alone = summarise(a, EMOTIONS).query("metric == 'UAR'").iloc[0]
    assert paired.ci_high - paired.ci_low < 0.7 * (alone.ci_high - alone.ci_low)


def test_a_single_seed_meets_each_seed_of_the_other():
    one, three = predictions(1.5, 1).assign(seed=7), predictions(1.0, 2, num_seeds=3)
    found = compare(one, three, EMOTIONS)
    assert found.difference == pytest.approx(values(one).UAR - values(three).UAR, abs=1e-12)
    thrice = pd.concat([one.assign(seed=seed) for seed in range(3)])
    pd.testing.assert_series_equal(found, compare(thrice, three, EMOTIONS))
    assert compare(three, one, EMOTIONS).difference == -found.difference


def test_order_of_rows_and_repetition_change_nothing():
    a, b = (predictions(1.0, seed, num_speakers=20, num_seeds=2) for seed in (1, 2))
    first = compare(a, b, EMOTIONS, metric="Brier")
    pd.testing.assert_series_equal(first, compare(a, b, EMOTIONS, metric="Brier"), check_exact=True)
    shuffled = a.sample(frac=1, random_state=1), b.sample(frac=1, random_state=2)
    pd.testing.assert_series_equal(first, compare(*shuffled, EMOTIONS, metric="Brier"), check_exact=True)


def test_one_seed_against_another_is_the_same_clips_compared():
    a, b = (
        predictions(1.0, seed) for seed in (1, 2)
    )  # as of a machine without randomness, under seed 0, and of a network
    first = compare(a, b, EMOTIONS)
    pd.testing.assert_series_equal(first, compare(a, b.assign(seed=3), EMOTIONS), check_exact=True)
    pd.testing.assert_series_equal(first, compare(a.assign(seed=3), b, EMOTIONS), check_exact=True)


@pytest.mark.parametrize("cluster", ["speaker", "clip_id"])
def test_any_column_may_be_the_cluster(cluster):
    found = compare(predictions(1.0, 1), predictions(0.8, 2), EMOTIONS, cluster, num_draws=10)
    assert found.num_clusters == {"speaker": 12, "clip_id": 120}[cluster]


def test_nothing_is_shown_where_the_metric_does_not_exist():
    a, b = (predictions(1.0, seed).query("emotion == 'anger'") for seed in (1, 2))
    found = compare(a, b, EMOTIONS, metric="AUROC", num_draws=10)
    assert np.isnan(found.p_value) and found.verdict == "no difference shown"


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda f: f[f.clip_id != "c0003"], r"1 only in a \(c0003\)"),
        (lambda f: f.assign(clip_id=f.clip_id.replace("c0003", "x")), r"in a \(c0003\) and 1 only in b \(x\)"),
        (lambda f: f.assign(seed=f.seed + 1), r"seeds differ: 1 only in a \(0\) and 1 only in b \(2\)"),
        (lambda f: f.drop(f.index[0]), "c0000"),
        (lambda f: f.assign(emotion=f.emotion[::-1].to_numpy()), "has emotion"),
        (lambda f: f.assign(speaker="s00"), "has speaker"),
        (lambda f: f.assign(part="dev"), "part is test in a, dev in b"),
        (lambda f: f.drop(columns="seed"), "lack seed"),
    ],
)
def test_what_does_not_match_is_refused(broken, message):
    a, b = (predictions(1.0, seed, num_seeds=2).assign(part="test") for seed in (1, 2))
    with pytest.raises(ValueError, match=message):
        compare(a, broken(b), EMOTIONS)


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="must be one of WA, UAR"):
        compare(predictions(), predictions(), EMOTIONS, metric="uar")


def test_holm_by_hand():
    np.testing.assert_allclose(holm([0.01, 0.04, np.nan, 0.03, 0.005]), [0.03, 0.06, np.nan, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.6, 0.7]), [1, 1])
    assert holm([]).shape == (0,)

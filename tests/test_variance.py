"""Folds against seeds: components of variance by hand, intervals that hold the truth, and what one seed cannot tell."""

import numpy as np
import pandas as pd
import pytest
import toys

from emostudy import predictions as preds
from emostudy import variance


def test_components_of_a_table_worked_out_by_hand():
    found = variance.parted(np.array([[0.0, 2.0], [6.0, 8.0], [4.0, 4.0]]))
    within = (2 + 2 + 0) / 3
    of_means = np.var([1, 7, 4], ddof=1)
    assert found["of_seed"] == pytest.approx(np.sqrt(within))
    assert found["of_fold"] == pytest.approx(np.sqrt(of_means - within / 2))
    assert found["both"] == pytest.approx(np.sqrt(found["of_fold"] ** 2 + found["of_seed"] ** 2))


@pytest.mark.parametrize(("of_fold", "of_seed"), [(2.0, 1.0), (0.5, 1.0), (0.0, 1.0)])
def test_intervals_hold_the_truth(of_fold, of_seed):
    rng, truth = np.random.default_rng(0), {"of_fold": of_fold, "of_seed": of_seed, "both": np.hypot(of_fold, of_seed)}
    held = []
    for _ in range(600):
        values = of_fold * rng.normal(size=(5, 1)) + of_seed * rng.normal(size=(5, 3))
        found = variance.parted(values)
        held.append([found[f"{name}_low"] <= value <= found[f"{name}_high"] for name, value in truth.items()])
    assert (np.mean(held, axis=0) > 0.92).all() and (np.mean(held, axis=0)[1:] < 0.985).all()


def test_folds_that_differ_by_chance_of_seeds_alone_have_no_component():
    rng = np.random.default_rng(1)
    found = [variance.parted(rng.normal(size=(5, 3))) for _ in range(200)]
    assert np.mean([one["of_fold"] == 0 for one in found]) > 0.4
    assert np.mean([one["of_fold_low"] == 0 for one in found]) > 0.9


@pytest.mark.parametrize("shape", [(4, 1), (1, 3), (1, 1)])
def test_what_one_seed_or_one_fold_cannot_tell_is_not_told(shape):
    values = np.random.default_rng(2).normal(size=shape)
    found = variance.parted(values)
    assert np.isnan(found["of_fold"]) and np.isnan(found["of_fold_high"])
    assert np.isnan(found["of_seed"]) == (shape[1] == 1)
    assert np.isnan(found["both"]) == (shape[0] == 1)
    if shape == (4, 1):
        assert found["both"] == pytest.approx(values.std(ddof=1))


def predictions(num_seeds: int) -> pd.DataFrame:
    rows = []
    for fold, by_seed in enumerate(([0.0, 1.0], [1.0, 1.0])):
        for seed, share in enumerate(by_seed[:num_seeds]):
            for number, emotion in enumerate(toys.EMOTIONS * 4):
                said = emotion if number % 2 < 2 * share else toys.EMOTIONS[(toys.EMOTIONS.index(emotion) + 1) % 3]
                rows.append((fold, seed, f"c{fold}{number}", emotion, said))
    frame = pd.DataFrame(rows, columns=["fold", "seed", "clip_id", "emotion", "predicted"])
    return frame.assign(
        part="test", recipe="a", modalities="face", **dict.fromkeys(preds.columns_of(toys.EMOTIONS), 0.3)
    )


def test_the_table_of_predictions():
    table = variance.components(predictions(2), toys.EMOTIONS)
    (row,) = table.itertuples()
    assert (row.num_folds, row.num_seeds, row.num_clips, row.mean) == (2, 2, 24, pytest.approx(0.75))
    assert row.of_seed == pytest.approx(np.sqrt((0.5 + 0) / 2)) and row.of_fold == 0
    assert variance.worded(table, {"a": "A"}).iloc[0, :3].tolist() == ["A", 2, 2]
    assert "50.0 [" in variance.told(table, "a", "a head") and "24 test clips" in variance.note(table)
    assert "one seed" not in variance.told(table, "a", "a head").lower() and variance.ONE_SEED not in variance.note(
        table
    )


def test_of_one_seed_it_is_said_that_its_share_cannot_be_told():
    table = variance.components(predictions(1), toys.EMOTIONS)
    assert "cannot be told" in variance.told(table, "a", "a head") and variance.ONE_SEED in variance.note(table)
    assert variance.worded(table, {})["seeds within a fold"].tolist() == ["-"]

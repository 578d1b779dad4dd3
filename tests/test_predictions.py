"""Predictions on disk."""

import time

import numpy as np
import pandas as pd
import pytest
import toys

from emostudy import predictions as preds

HEAD = {
    "run_id": "abc",
    "corpus": "toy",
    "protocol": "random",
    "fold": 2,
    "seed": 1,
    "recipe": "a",
    "modalities": "face",
    "condition": "none",
}


def framed(probabilities) -> pd.DataFrame:
    return preds.frame(HEAD, toys.corpus().clips[: len(probabilities)], "dev", np.array(probabilities), toys.EMOTIONS)


def test_a_frame_has_the_promised_columns_in_order():
    rows = framed([[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]])
    assert list(rows) == [*preds.COLUMNS, "p_anger", "p_fear", "p_joy"]
    assert rows.predicted.tolist() == ["joy", "anger"] and rows.emotion.tolist() == ["anger", "fear"]
    assert rows.clip_id.tolist() == ["s00_0", "s00_1"] and set(rows.fold) == {2} and set(rows.part) == {"dev"}


def test_four_decimals_decide_even_the_prediction():
    rows = framed([[0.33331, 0.33333, 0.33334], [0.12345678, 0.8, 0.07654322]])
    assert rows.predicted.tolist() == ["anger", "fear"]  # .3333 each: the first
    assert rows.p_anger.tolist() == [0.3333, 0.1235]


def test_what_is_written_is_read_back_to_the_last_decimal(tmp_path):
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), 90)
    rows = framed(probabilities)
    preds.write_run(tmp_path, rows, {"run_id": "abc"})
    assert preds.is_finished(tmp_path, "abc")
    back = preds.read_runs(tmp_path, ["abc"])
    pd.testing.assert_frame_equal(back, rows, check_dtype=False)
    assert back.p_joy.dtype == float and (back.p_joy == np.round(probabilities[:, 2], 4)).all()


def test_writing_again_gives_the_same_bytes(tmp_path):
    for folder in ("one", "two"):
        preds.write_run(tmp_path / folder, framed([[0.2, 0.3, 0.5]]), {"run_id": "abc", "b": 1, "a": 2})
    for file in ("predictions/abc.parquet", "runs/abc.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_run_that_was_cut_short_is_no_finished_run(tmp_path, monkeypatch):
    def breaks(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(preds.Path, "write_text", breaks)
        with pytest.raises(KeyboardInterrupt):
            preds.write_run(tmp_path, framed([[0.2, 0.3, 0.5]]), {"run_id": "abc"})
    assert not preds.is_finished(tmp_path, "abc")
    assert list((tmp_path / "runs").iterdir()) == []
    with monkeypatch.context() as patch:
        patch.setattr(pd.DataFrame, "to_parquet", breaks)
        with pytest.raises(KeyboardInterrupt):
            preds.write_run(tmp_path, framed([[0.2, 0.3, 0.5]]), {"run_id": "def"})
    assert not list((tmp_path / "predictions").glob("*def*"))


def test_half_a_file_left_by_a_kill_is_passed_over(tmp_path):
    preds.write_run(tmp_path, framed([[0.2, 0.3, 0.5]]), {"run_id": "abc", "recipe": "a", "title": "A"})
    (tmp_path / "runs" / ".def-x1.json").write_text("{")
    (tmp_path / "runs" / "ghi.json").write_text("{")  # its predictions are gone
    assert [preds.is_finished(tmp_path, run_id) for run_id in ("abc", "def", "ghi")] == [True, False, False]
    assert preds.read_runs(tmp_path, []).empty


def test_fresh_runs_read_nothing_back_that_is_older(tmp_path, monkeypatch):
    preds.write_run(tmp_path, framed([[0.2, 0.3, 0.5]]), {"run_id": "abc"})
    monkeypatch.setenv("EMOSTUDY_SINCE", str(time.time() + 5))
    assert not preds.is_finished(tmp_path, "abc")
    monkeypatch.setenv("EMOSTUDY_SINCE", str(time.time() - 5))
    assert preds.is_finished(tmp_path, "abc")


def test_arrays_are_in_the_order_of_the_emotions():
    y, predicted, probabilities = preds.arrays(framed([[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]]), toys.EMOTIONS)
    assert y.tolist() == [0, 1] and predicted.tolist() == [2, 0] and probabilities[0].tolist() == [0.2, 0.3, 0.5]
    turned = preds.arrays(framed([[0.2, 0.3, 0.5]]), toys.EMOTIONS[::-1])
    assert turned[2].tolist() == [[0.5, 0.3, 0.2]] and turned[0].tolist() == [2]

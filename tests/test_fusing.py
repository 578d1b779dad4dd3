"""Fusion of finished runs: whose predictions are joined, on which clips, and what it may know."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toys

from emostudy import predictions as preds
from emostudy.fusing import aligned, best_recipes, fuse, fuse_runs, seeds_of
from emostudy.recipes import score_transformer
from emostudy.recipes.decision import Rule, mean, stacking_dev
from emostudy.recipes.rules import MEAN, RULES, STACKING
from emostudy.recipes.score_transformer import SCORE_TRANSFORMER


def singles(**shared) -> pd.DataFrame:
    return pd.concat(
        [
            toys.predictions("a", "face", 1.0, **shared),
            toys.predictions("b", "speech", 1.0, noise=1, **shared),
            toys.predictions("c", "text", 0.5, noise=2, **shared),
        ],
        ignore_index=True,
    )


def fused(frame, folder, rules=(MEAN,)):
    """Fused predictions of unimodal runs that are in the folder already, as the study's are."""
    toys.write(folder, frame, corpus="toy")
    return fuse(frame, rules, toys.EMOTIONS, folder)


def made(folder) -> list[str]:
    """Ids of the fused runs in a folder."""
    runs = toys.finished(folder)
    return [record["run_id"] for record in preds.read_records(folder, runs) if "fused_runs" in record]


def test_every_set_rule_protocol_and_seed_is_one_run(tmp_path):
    frame = pd.concat([singles(protocol=p, seed=s) for p in ("random", "speaker_independent") for s in (0, 1)])
    rows = fused(frame, tmp_path, RULES[:3])
    assert set(rows.modalities) == {"face+speech", "face+text", "speech+text", "face+speech+text"}
    assert rows.run_id.nunique() == 4 * 3 * 2 * 2 == len(made(tmp_path))
    one = rows[rows.run_id == rows.run_id.iloc[0]]
    assert sorted(one.fold.unique()) == [0, 1, 2, 3, 4]
    assert sorted(one[one.part == "test"].clip_id) == list(toys.corpus().clips.clip_id)


def test_a_new_title_is_told_of_runs_that_are_read_back_and_nothing_else_changes(tmp_path):
    frame = singles()
    fused(frame, tmp_path)
    before = {run_id: (tmp_path / "runs" / f"{run_id}.json").read_text() for run_id in made(tmp_path)}
    fused(frame, tmp_path, (replace(MEAN, title='the "mean"'),))
    assert set(made(tmp_path)) == set(before)
    for run_id, text in before.items():
        now = (tmp_path / "runs" / f"{run_id}.json").read_text()
        assert json.loads(now) == json.loads(text) | {"title": 'the "mean"'}
        assert [line for line in now.splitlines() if line not in text.splitlines()] == ['"title": "the \\"mean\\""']


def test_a_median_joins_no_fewer_than_three(tmp_path):
    (median,) = [rule for rule in RULES if rule.fewest > 2]
    rows = fused(singles(), tmp_path, (MEAN, median))
    assert set(rows[rows.recipe == "median"].modalities) == {"face+speech+text"}
    assert rows[rows.recipe == "mean"].modalities.nunique() == 4


def test_the_mean_of_two_modalities_clip_by_clip(tmp_path):
    frame = singles()
    rows = fused(frame, tmp_path)
    pair = rows[rows.modalities == "face+text"].set_index(["fold", "part", "clip_id"]).sort_index()
    face, text = (
        frame[frame.modalities == m].set_index(["fold", "part", "clip_id"]).sort_index() for m in ("face", "text")
    )
    expected = (face[["p_anger", "p_fear", "p_joy"]] + text[["p_anger", "p_fear", "p_joy"]]) / 2
    assert np.abs(pair[expected.columns] - expected).max().max() < 1e-4
    assert (pair.emotion == face.emotion).all()


def test_the_order_of_rows_does_not_matter(tmp_path):
    frame = singles()
    shuffled = frame.sample(frac=1, random_state=0)
    one, two = (fused(each, tmp_path / str(n), (MEAN, STACKING)) for n, each in enumerate((frame, shuffled)))
    pd.testing.assert_frame_equal(one, two)


def test_a_clip_that_lacks_a_modality_is_left_out_of_the_sets_that_need_it(tmp_path):
    frame = singles()
    frame = frame[~((frame.modalities == "text") & (frame.clip_id == "s00_0"))]
    rows = fused(frame, tmp_path)
    having = rows[rows.clip_id == "s00_0"].modalities.unique().tolist()
    assert having == ["face+speech"]
    assert (rows.groupby("modalities").clip_id.nunique() == [90, 89, 89, 89]).all()


def test_a_rule_that_reads_what_is_missing_is_given_every_clip(tmp_path, monkeypatch):
    shorter = replace(score_transformer.LEARNER, epochs=2)  # which clips it is given is asked, not what it learns
    monkeypatch.setattr(score_transformer, "LEARNER", shorter)
    frame = singles()
    frame = frame[~((frame.modalities == "text") & frame.clip_id.isin(["s00_0", "s05_1"]))]
    frame = frame[~((frame.modalities == "face") & (frame.clip_id == "s00_1"))]
    rows = fused(frame, tmp_path, (MEAN, SCORE_TRANSFORMER))
    counted = rows.groupby(["recipe", "modalities"]).clip_id.nunique()
    assert (counted["score_transformer"] == 90).all() and counted["mean", "face+speech+text"] == 87
    pair = rows[(rows.recipe == "score_transformer") & (rows.modalities == "speech+text") & (rows.part == "test")]
    (lone,) = pair[pair.clip_id == "s05_1"].to_dict("records")
    (source,) = frame[(frame.clip_id == "s05_1") & (frame.modalities == "speech") & (frame.part == "test")].to_dict(
        "records"
    )
    assert (lone["speaker"], lone["emotion"]) == (source["speaker"], source["emotion"])
    assert not fused(singles(), tmp_path / "whole", (MEAN,)).empty and rows.run_id.nunique() == 8


def test_what_stands_in_the_place_of_missing_scores_reaches_nothing():
    rng = np.random.default_rng(0)
    scores, labels = rng.dirichlet(np.ones(3), (2, 60)), rng.integers(0, 3, 60)
    scores[1, ::4] = np.nan
    combine = SCORE_TRANSFORMER.fit(scores, labels)
    said = combine(scores)
    assert np.isfinite(said).all() and said.sum(1) == pytest.approx(1)
    whole = np.where(np.isnan(scores), 1 / 3, scores)
    assert np.abs(combine(whole) - said)[::4].max() > 1e-3 and np.allclose(combine(whole)[1::4], said[1::4], atol=1e-6)


def test_missing_scores_are_hidden_from_the_transformer_on_dev_and_on_test(monkeypatch):
    rng = np.random.default_rng(0)
    scores, labels = rng.dirichlet(np.ones(3), (2, 60)), rng.integers(0, 3, 60)
    scores[1, ::4] = np.nan
    seen, one = [], score_transformer.One
    monkeypatch.setattr(
        score_transformer, "One", lambda x, known, *rest, **more: seen.append(known) or one(x, known, *rest, **more)
    )
    say = score_transformer.probabilities
    monkeypatch.setattr(
        score_transformer, "probabilities", lambda net, x, known: seen.append(known) or say(net, x, known)
    )
    score_transformer.score_transformer(scores, labels)(scores)
    assert len(seen) == 2 and all(np.array_equal(known.numpy(), ~np.isnan(scores).any(2).T) for known in seen)


def test_aligned_rows_are_one_clip():
    frame = singles(folds=(0,))
    test = frame[frame.part == "test"]
    parts = [test[test.modalities == "face"][::-1], test[test.modalities == "speech"][3:]]
    clips, probabilities = aligned(parts, toys.EMOTIONS)
    assert probabilities.shape == (2, 15, 3) and list(clips.clip_id) == sorted(parts[1].clip_id)
    for n in (0, 7):
        for m in (0, 1):
            row = parts[m][parts[m].clip_id == clips.clip_id[n]]
            assert probabilities[m, n].tolist() == row[["p_anger", "p_fear", "p_joy"]].iloc[0].tolist()


def swap_labels(rows: pd.DataFrame) -> pd.DataFrame:
    """Turn every prediction round: right becomes wrong."""
    return rows.assign(
        p_anger=rows.p_joy,
        p_joy=rows.p_anger,
        predicted=rows.predicted.map({"joy": "anger", "anger": "joy", "fear": "fear"}),
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("what", ["dev and test of other folds", "test labels of its own"])
def test_a_fold_knows_only_its_own_dev(tmp_path, rule, what):
    frame = singles()
    frame = frame[(frame.fold < 2) & ((frame.modalities != "speech") | (rule.fewest > 2))]  # few sets of modalities
    before = fused(frame, tmp_path / "before", (rule,))
    if what == "dev and test of other folds":
        changed = pd.concat([frame[frame.fold == 0], swap_labels(frame[frame.fold != 0])], ignore_index=True)
    else:
        own = (frame.fold == 0) & (frame.part == "test")
        changed = frame.assign(emotion=frame.emotion.where(~own, "joy"))
    after = fused(changed, tmp_path / "after", (rule,))
    columns = ["clip_id", "part", "modalities", "predicted", "p_anger", "p_fear", "p_joy"]
    first, second = (rows.loc[rows.fold == 0, columns].reset_index(drop=True) for rows in (before, after))
    pd.testing.assert_frame_equal(first, second)


def test_dev_labels_of_the_own_fold_do_matter(tmp_path):
    frame = singles()
    own = (frame.fold == 0) & (frame.part == "dev")
    turned = frame.assign(
        emotion=frame.emotion.where(~own, frame.emotion.map({"joy": "anger", "anger": "joy", "fear": "fear"}))
    )
    one, two = fused(frame, tmp_path / "1", (STACKING,)), fused(turned, tmp_path / "2", (STACKING,))
    assert not one[one.fold == 0].p_joy.equals(two[two.fold == 0].p_joy)


def test_stacked_dev_predictions_are_out_of_fold(tmp_path):
    frame = singles(folds=(0,))
    rows = fused(frame, tmp_path, (STACKING,))
    dev = frame[frame.part == "dev"]
    clips, probabilities = aligned([dev[dev.modalities == m] for m in ("face", "text")], toys.EMOTIONS)
    expected = stacking_dev(probabilities, preds.arrays(clips, toys.EMOTIONS)[0], clips.clip_id.to_numpy())
    found = rows[(rows.modalities == "face+text") & (rows.part == "dev")][preds.columns_of(toys.EMOTIONS)]
    assert found.to_numpy() == pytest.approx(expected, abs=1e-4)


def test_the_best_recipe_on_dev_speaks_for_a_modality_whatever_its_test_score():
    parts = {}
    for name, skills in (("good_on_dev", {"dev": 4.0, "test": 0.0}), ("good_on_test", {"dev": 0.0, "test": 4.0})):
        for part, skill in skills.items():
            rows = toys.predictions(name, skill=skill, folds=(0,))
            parts[name, part] = rows[rows.part == part]
    chosen = best_recipes(pd.concat(parts.values()), 0, toys.EMOTIONS)
    assert set(chosen["face"].recipe) == {"good_on_dev"}


def test_each_fold_has_its_own_best_recipe(tmp_path):
    first = pd.concat([toys.predictions("a", skill=4.0, folds=(0,)), toys.predictions("a", skill=0.0, folds=(1,))])
    second = pd.concat([toys.predictions("d", skill=0.0, folds=(0,)), toys.predictions("d", skill=4.0, folds=(1,))])
    voice = toys.predictions("b", "speech", folds=(0, 1), noise=1)
    fused(pd.concat([first, second, voice]), tmp_path)
    record = preds.read_records(tmp_path, made(tmp_path))[0]
    assert record["fused_recipes"] == {"0": {"face": "a", "speech": "b"}, "1": {"face": "d", "speech": "b"}}
    assert record["fused_runs"]["1"] == {"face": "d-random-1-0-0", "speech": "b-random-1-0-1"}


def test_a_fusion_tells_of_the_weights_and_the_size_of_what_it_joins(tmp_path):
    for recipe, modality, told in (("a", "face", "bert"), ("b", "speech", "none")):
        some = toys.predictions(recipe, modality, folds=(0, 1))
        toys.write(tmp_path, some, corpus="toy", pretrained=told, fitted={"num_parameters": len(told)})
    fuse_runs(toys.finished(tmp_path), (MEAN,), toys.EMOTIONS, tmp_path)
    record = preds.read_records(tmp_path, made(tmp_path))[0]
    assert record["pretrained"] == "bert" and record["num_parameters"] == {"0": 8, "1": 8}


def test_a_recipe_without_randomness_stands_for_every_seed(tmp_path):
    frame = pd.concat(
        [toys.predictions("svm", "face", seed=0), *(toys.predictions("net", "speech", seed=s, noise=s) for s in (1, 2))]
    )
    assert seeds_of(frame) == [1, 2] and seeds_of(frame[frame.recipe == "svm"]) == [0]
    rows = fused(frame, tmp_path)
    assert sorted(rows.seed.unique()) == [1, 2]
    one, two = (rows[rows.seed == seed].p_joy.to_numpy() for seed in (1, 2))
    assert not np.array_equal(one, two)


def test_ablated_runs_and_reference_lines_are_passed_over(tmp_path):
    frame = singles(folds=(0,))
    more = [
        toys.predictions("a", "face", 9.0, folds=(0,), run_id="ablated").assign(condition="ablated"),
        toys.predictions("majority", "none", 9.0, folds=(0,)),
    ]
    pd.testing.assert_frame_equal(fused(frame, tmp_path / "1"), fused(pd.concat([frame, *more]), tmp_path / "2"))


def test_a_finished_fusion_is_read_back_and_another_input_is_another_run(tmp_path):
    calls = []

    def counted(dev, labels):
        calls.append(1)
        return mean(dev, labels)

    counted.__module__ = mean.__module__
    rule = Rule("counted", "counted", counted, "test")
    frame = singles(folds=(0,))
    first = fused(frame, tmp_path, (rule,))
    again = fused(frame, tmp_path, (rule,))
    assert len(calls) == 4
    pd.testing.assert_frame_equal(first, again)
    other = fused(frame.assign(run_id=frame.run_id + "x"), tmp_path, (rule,))
    assert len(calls) == 8 and not set(other.run_id) & set(first.run_id)
    assert set(made(tmp_path)) == {*first.run_id, *other.run_id}  # nothing that was computed is lost
    assert set(fused(frame, tmp_path / "2", (replace(rule, title="other"),)).run_id) == set(first.run_id)


def test_one_modality_cannot_be_fused(tmp_path):
    with pytest.raises(
        ValueError, match=r"needs two modalities in every fold, found \['face'\]: run their notebooks first"
    ):
        fused(toys.predictions(folds=(0,)), tmp_path)


def test_predictions_that_are_not_in_the_folder_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"run a-random-0-0-0 is not in .*: fuse predictions that were read from that"):
        fuse(singles(folds=(0,)), (MEAN,), toys.EMOTIONS, tmp_path)


def test_a_modality_that_was_not_run_under_a_protocol_is_not_asked_for_there(tmp_path):
    frame = pd.concat(
        [
            singles(folds=(0,)),
            toys.predictions("a", protocol="speaker_independent", folds=(0,)),
            toys.predictions("b", "speech", protocol="speaker_independent", folds=(0,)),
        ]
    )
    sets = fused(frame, tmp_path).groupby("protocol").modalities.unique().map(list)
    assert sets["speaker_independent"] == ["face+speech"] and len(sets["random"]) == 4

"""Records: scores, choices by dev, comparisons, and three files that are the same each time."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toys
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, roc_auc_score

from emostudy import findings, records
from emostudy import predictions as preds
from emostudy.comparisons import holm
from emostudy.scores import _summary, score, score_runs


@pytest.fixture
def everything():
    return pd.concat(
        [
            toys.predictions("good", "face", 3.0),
            toys.predictions("fair", "face", 1.5, noise=1),
            toys.predictions("poor", "speech", 0.3, noise=2),
            toys.predictions("majority", "none", 0.0, noise=3),
            toys.predictions("mean", "face+speech", 3.0, noise=4),
        ],
        ignore_index=True,
    )


def test_scores_are_those_of_scikit_learn_on_all_folds_together(corpus):
    rows = toys.predictions(skill=1.0)
    found = score(rows, corpus).set_index(["metric", "emotion"]).value
    test = rows[rows.part == "test"]
    columns = ["p_anger", "p_fear", "p_joy"]
    assert found["WA", "all"] == pytest.approx(accuracy_score(test.emotion, test.predicted))
    assert found["UAR", "all"] == pytest.approx(balanced_accuracy_score(test.emotion, test.predicted))
    assert found["macro_F1", "all"] == pytest.approx(f1_score(test.emotion, test.predicted, average="macro"))
    assert found["weighted_F1", "all"] == pytest.approx(f1_score(test.emotion, test.predicted, average="weighted"))
    scores = test[columns] / test[columns].sum(axis=1).to_numpy()[:, None]
    assert found["AUROC", "all"] == pytest.approx(roc_auc_score(test.emotion, scores, multi_class="ovr"), abs=1e-3)
    assert found["F1", "fear"] == pytest.approx(
        f1_score(test.emotion, test.predicted, labels=["fear"], average="macro")
    )


def test_scores_are_means_over_seeds_and_say_whose_they_are(corpus):
    seeds = [toys.predictions(skill=1.0, seed=seed, noise=seed) for seed in (0, 1)]
    each = [score(rows, corpus).set_index(["metric", "emotion"]).value for rows in seeds]
    both = score(pd.concat(seeds), corpus)
    value = both.set_index(["metric", "emotion"]).value
    assert value["UAR", "all"] == pytest.approx((each[0]["UAR", "all"] + each[1]["UAR", "all"]) / 2)
    assert set(both.num_seeds) == {2} and set(both.fold) == {"all"} and set(both.part) == {"test"}
    uar = both[(both.metric == "UAR") & (both.emotion == "all")].iloc[0]
    assert uar.ci_low < uar.value < uar.ci_high and (uar.num_clips, uar.num_clusters) == (90, 10)
    assert list(both)[: len(records.COLUMNS)] == records.COLUMNS


def test_nothing_to_score_is_told_with_the_remedy(corpus):
    rows = toys.predictions()
    with pytest.raises(ValueError, match="no test prediction to score: run the notebook that trains first"):
        score(rows[rows.part == "dev"], corpus)


def test_every_run_is_scored_by_itself_without_intervals(corpus):
    rows = toys.predictions(skill=1.0)
    table = score_runs(rows, corpus)
    assert len(table) == 5 * 2 * 2 and table.ci_low.isna().all()
    one = table[(table.fold == 3) & (table.part == "dev") & (table.metric == "UAR")].iloc[0]
    clips = rows[(rows.fold == 3) & (rows.part == "dev")]
    assert one.value == pytest.approx(balanced_accuracy_score(clips.emotion, clips.predicted)) and one.num_clips == len(
        clips
    )


def test_what_a_caller_does_to_its_scores_touches_no_later_ones(corpus):
    rows = toys.predictions(skill=1.0)
    first = score(rows, corpus)
    kept = _summary(rows[rows.part == "test"], corpus)
    kept["value"] = -1.0
    again = _summary(rows[rows.part == "test"], corpus)
    assert (again.value >= 0).all()
    pd.testing.assert_frame_equal(score(rows, corpus), first)


def test_choices_are_made_on_dev_and_test_has_no_say(corpus, everything):
    assert records.best_of_each(everything, corpus, "random") == {
        "face": "good",
        "face+speech": "mean",
        "speech": "poor",
    }
    assert records.best_single(everything, corpus, "random") == "good"
    dev, test = everything[everything.part == "dev"], everything[everything.part == "test"]
    perfect = test.assign(predicted=test.predicted.where(test.recipe != "poor", test.emotion))
    assert records.best_single(pd.concat([dev, perfect]), corpus, "random") == "good"
    turned = dev.assign(predicted=dev.predicted.where(dev.recipe != "poor", dev.emotion))
    assert records.best_single(pd.concat([turned, test]), corpus, "random") == "poor"


def test_the_second_on_dev_is_told_where_there_is_one(corpus, everything):
    single = everything[everything.recipe.isin(["good", "poor"])]
    assert records.runner_up(single, corpus, "random") == "poor"
    assert records.runner_up(single[single.recipe == "good"], corpus, "random") == ""


def test_what_is_shown_against_both_is_counted_row_by_row(corpus, everything):
    rows = pd.DataFrame({"recipe": ["mean", "mean", "product"], "modalities": ["a+b", "a+c", "a+b"]})
    first = rows.assign(baseline="good", verdict=["better", "better", "worse"])
    second = rows[::-1].assign(baseline="poor", verdict=["better", "no difference shown", "better"])
    told = findings.had_dev_chosen(first, second, {"good": "the good one", "poor": "the poor one"})
    assert "2 of 3 are shown better than the good one" in told and "2 of 3 are shown better than the poor one" in told
    assert "1 than both" in told


def test_reference_lines_and_ablations_are_never_chosen(corpus, everything):
    ideal = everything[everything.recipe == "majority"]
    ideal = ideal.assign(predicted=ideal.emotion)
    ablated = ideal.assign(condition="ablated", recipe="ablated", modalities="speech")
    assert records.best_single(pd.concat([everything, ideal, ablated]), corpus, "random") == "good"


def test_comparisons_are_paired_and_adjusted_for_their_number(corpus, everything):
    table = records.compare_with(everything, corpus, "random", "majority").set_index("recipe")
    assert set(table.index) == {"good", "fair", "poor"}  # fused systems have another rival
    assert table.verdict["good"] == table.verdict["fair"] == "better"
    assert np.allclose(table.p_holm, holm(table.p_value.to_numpy())) and (table.p_holm >= table.p_value).all()
    test = everything[everything.part == "test"]
    uars = {name: balanced_accuracy_score(rows.emotion, rows.predicted) for name, rows in test.groupby("recipe")}
    assert table.difference["good"] == pytest.approx(uars["good"] - uars["majority"])
    assert set(table.baseline) == {"majority"} and set(table.num_clips) == {90}


def test_what_builds_on_a_single_modality_is_fusion(corpus, everything):
    table = records.compare_with(everything, corpus, "random", "good")
    assert table.recipe.tolist() == ["mean"] and table.p_holm.tolist() == table.p_value.tolist()


def test_where_nothing_is_joined_the_systems_of_one_modality_are_compared(corpus, everything):
    alone = everything[~everything.modalities.str.contains("+", regex=False)]
    table = records.compare_with(alone, corpus, "random", "good").set_index("recipe")
    assert set(table.modalities) == {"face"} and set(table.index) == {"fair"}  # not of speech, nor reference lines
    assert table.difference["fair"] < 0 and table.p_holm["fair"] <= 1


def test_a_fusion_is_compared_with_the_one_that_dev_prefers(corpus, everything):
    fused = [
        toys.predictions(name, "face+speech", skill) for name, skill in (("first", 0.5), ("second", 3.0), ("mine", 1.0))
    ]
    table = records.compare_fusions(pd.concat(fused), corpus, "random", {"mine"})
    assert table[["recipe", "baseline", "verdict"]].to_numpy().tolist() == [["mine", "second", "worse"]]
    with pytest.raises(ValueError, match="run notebook 05"):
        records.compare_fusions(fused[2], corpus, "random", {"mine"})


def test_alike_recipes_are_not_told_apart(corpus):
    alike = pd.concat([toys.predictions("one", skill=1.0), toys.predictions("two", "face+speech", skill=1.0, noise=7)])
    assert records.compare_with(alike, corpus, "random", "one").verdict.tolist() == ["no difference shown"]


def test_a_p_value_that_is_no_number_shows_nothing(corpus, everything, monkeypatch):
    monkeypatch.setattr(records, "holm", lambda p: np.full(len(p), np.nan))
    assert set(records.compare_with(everything, corpus, "random", "majority").verdict) == {"no difference shown"}


def test_only_clips_that_both_have_are_compared(corpus, everything):
    fewer = everything[~((everything.recipe == "good") & (everything.clip_id < "s02"))]
    table = records.compare_with(fewer, corpus, "random", "majority").set_index("recipe").num_clips
    assert table["good"] == 72 and table["poor"] == 90


def test_ablated_runs_are_not_compared_as_systems(corpus, everything):
    more = toys.predictions("good", "face", 0.1).assign(condition="ablated")
    table = records.compare_with(pd.concat([everything, more]), corpus, "random", "majority")
    pd.testing.assert_frame_equal(table, records.compare_with(everything, corpus, "random", "majority"))


def test_an_unknown_baseline_is_refused_with_those_there_are(corpus, everything):
    with pytest.raises(ValueError, match=r"no test prediction of 'best' under 'random'; there are \['fair', 'good'"):
        records.compare_with(everything, corpus, "random", "best")


HISTORY = {
    "history": [{"epoch": 1, "dev_uar": 0.4, "seconds": 1.2}, {"epoch": 2, "dev_uar": 0.6, "seconds": 9.9}],
    "fitted": {"best_epoch": 2},
}


@pytest.fixture
def folder(tmp_path, everything):
    toys.write(tmp_path, everything[everything.recipe != "good"])
    toys.write(tmp_path, everything[everything.recipe == "good"], **HISTORY)
    return tmp_path


def rebuilt(folder, corpus):
    return records.rebuild(folder, corpus, preds.read_runs(folder, toys.finished(folder)))


def test_three_files_are_rebuilt_byte_by_byte_and_sorted(folder, corpus):
    tables = rebuilt(folder, corpus)
    files = [folder / f"{name}.csv" for name in ("records", "comparisons", "curves")]
    first = [path.read_bytes() for path in files]
    rebuilt(folder, replace(corpus, clips=corpus.clips[::-1]))
    assert [path.read_bytes() for path in files] == first
    written = pd.read_csv(files[0])
    assert list(written) == records.COLUMNS and len(written) == len(tables[0])
    keys = written[["run_id", "recipe", "fold", "part", "metric"]].astype(str)
    assert (
        keys.equals(keys.sort_values(["run_id", "recipe"], kind="stable"))
        and not written.duplicated(
            ["run_id", "protocol", "recipe", "modalities", "fold", "seed", "part", "emotion", "metric"]
        ).any()
    )
    assert set(pd.read_csv(files[1]).baseline) == {"majority", "good"}


def test_curves_tell_the_chosen_epoch_and_no_seconds(folder, corpus):
    curves = rebuilt(folder, corpus)[2]
    assert set(curves.recipe) == {"good"} and len(curves) == 10 and "seconds" not in curves
    assert (curves.chosen == (curves.epoch == 2)).all()


def test_titles_are_read_from_the_runs(folder):
    assert records.titles(folder, toys.finished(folder))["poor"] == "title of poor"


def test_one_recipe_alone_can_be_rebuilt(tmp_path, corpus):
    toys.write(tmp_path, toys.predictions("only"))
    tables = rebuilt(tmp_path, corpus)
    assert len(tables[0]) and tables[1].empty


def test_intervals_are_over_what_the_card_says_even_if_only_the_clip_table_knows_it(corpus):
    """Words of TESS, dialogues of MELD: a column of the clip table that predictions do not carry."""
    card = corpus.card | {"cluster": "sentence"}
    spoken = replace(corpus, card=card, clips=corpus.clips.assign(sentence=corpus.clips.clip_id.str[-1]))
    rows = toys.predictions(skill=1.0)
    whole = score(rows, spoken).query("metric == 'UAR' and emotion == 'all'").iloc[0]
    assert whole.num_clusters == 9 != corpus.clips.speaker.nunique()
    again = score(rows.assign(sentence=rows.clip_id.str[-1]), spoken)
    assert again.query("metric == 'UAR' and emotion == 'all'").iloc[0].ci_low == whole.ci_low
    assert set(score_runs(rows, spoken).num_clusters) <= set(range(1, 10))


def test_dev_chooses_by_the_metric_of_the_card(corpus, everything):
    judged = replace(corpus, card=corpus.card | {"metric": "weighted_F1"})
    dev = everything[(everything.part == "dev") & (everything.recipe == "fair")]
    folds = [f1_score(rows.emotion, rows.predicted, average="weighted") for _, rows in dev.groupby("fold")]
    assert records.dev_score(everything, judged, "random")["face", "fair"] == pytest.approx(np.mean(folds))
    assert set(score_runs(everything, judged).metric) == {"WA", "UAR", "weighted_F1"}
    assert set(score_runs(everything, corpus).metric) == {"WA", "UAR"}


def test_comparisons_are_in_the_metric_of_the_card(corpus, everything):
    judged = replace(corpus, card=corpus.card | {"metric": "weighted_F1"})
    row = records.compare_with(everything, judged, "random", "good").iloc[0]
    test = everything[everything.part == "test"]
    scores = [
        f1_score(rows.emotion, rows.predicted, average="weighted")
        for rows in (test[test.recipe == "mean"], test[test.recipe == "good"])
    ]
    assert row.metric == "weighted_F1" and row.difference == pytest.approx(scores[0] - scores[1])


def test_a_protocol_that_nothing_ran_under_is_told_with_the_remedy(corpus, everything):
    for ask in (records.best_of_each, records.best_single):
        with pytest.raises(ValueError, match="no system ran under 'official', but under random: run the"):
            ask(everything, corpus, "official")

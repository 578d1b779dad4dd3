"""Clips with several labels at once: learned, written, read back and scored."""

import json
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
import toys
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score, roc_auc_score
from test_encoders import tiny
from test_text_recipes import WORDS, small

from emostudy import experiments, intervals, metrics, records, several_metrics
from emostudy import predictions as preds
from emostudy.adjusting import LogitAdjusted
from emostudy.comparisons import compare
from emostudy.corpora import card, names
from emostudy.corpora.corpus import Corpus
from emostudy.ensembles import together
from emostudy.estimators import Tuned
from emostudy.labels import encode_several, joined
from emostudy.paths import ROOT
from emostudy.protocols import STUDYS_OWN, VARIANTS
from emostudy.recipes.reference import MAJORITY, REFERENCE, lines
from emostudy.recipes.sentences import fine_tuned
from emostudy.recipes.speech import SPEECH_MFCC_LSTM, SPEECH_SVM
from emostudy.recipes.text import TEXT_TFIDF
from emostudy.scores import score
from emostudy.several import for_labels, learns_several
from emostudy.thresholds import best_thresholds, decide, macro_f1

E = toys.EMOTIONS
TOGETHER = together("both", "both", toys.SVM, toys.NET)


def corpus(num: int = 180, signal: float = 3.0, shuffled: bool = False) -> Corpus:
    """Clips with one, two or three labels, each as clear in `seen` as `signal` says, and named in `text`; official split."""
    rng = np.random.default_rng(0)
    members = rng.random((num, 3)) < (0.5, 0.3, 0.4)
    members[~members.any(1), 2] = True
    seen = rng.normal(size=(num, 3)) + signal * members
    said = [" ".join(["i am", *(WORDS[E[c]] for c in np.flatnonzero(row))]) for row in members]
    told = rng.permuted(members, axis=0) if shuffled else members
    told[~told.any(1), 2] = True
    clips = pd.DataFrame({"clip_id": [f"c{n:03}" for n in range(num)], "emotion": joined(told, E), "text": said})
    clips = clips.assign(seen=[toys.numbers_cell(row) for row in seen], speaker="", gender="", dialogue="", turn=0)
    clips = clips.assign(
        split=np.resize(["train", "train", "train", "dev", "test", "test"], num), start=np.nan, end=np.nan
    )
    card = {"cluster": "clip_id", "metric": "macro_F1", "licence": "CC0", "multi_label": True}
    return Corpus("toy", E, card, clips)


def run(folder, corpus_, *recipes, **options):
    found = experiments.run(corpus_, recipes, ["official"], toys.QUICK, folder, **{"jobs": 1} | options)
    record = preds.read_records(folder, [found.run_id.iloc[0]])[0]
    return found, record


def matrices_of(found, part: str = "test"):
    y, said, probabilities = preds.matrices(found[found.part == part], E)
    return y, said, probabilities


@pytest.mark.parametrize("recipe", [toys.SVM, toys.NET, TOGETHER], ids=lambda recipe: recipe.name)
def test_every_kind_of_learner_finds_each_label(recipe, tmp_path):
    found, record = run(tmp_path, corpus(), recipe)
    y, said, probabilities = matrices_of(found)
    assert macro_f1(y, said) > 0.85 and (y.sum(1) > 1).any() and (said.sum(1) > 1).any()
    assert not np.allclose(probabilities.sum(1), 1)  # each label by itself
    assert set(record["fitted"]["thresholds"]) == set(E) and record["fitted"]["num_parameters"] > 0
    again, _ = run(tmp_path, corpus(), recipe)  # read back
    pd.testing.assert_frame_equal(found, again)


@pytest.mark.parametrize("recipe", [toys.SVM, toys.NET], ids=lambda recipe: recipe.name)
def test_labels_that_mean_nothing_are_found_by_chance_alone(recipe, tmp_path):
    y, _, probabilities = matrices_of(run(tmp_path, corpus(600, shuffled=True), recipe)[0])
    assert np.abs(several_metrics.aurocs(y, probabilities) - 0.5).max() < 0.12


@pytest.mark.parametrize("recipe", [toys.SVM, toys.NET], ids=lambda recipe: recipe.name)
def test_test_labels_change_no_prediction(recipe, tmp_path):
    whole = corpus()
    emotion, test = whole.clips.emotion.to_numpy().copy(), whole.clips.split == "test"
    emotion[test] = np.random.default_rng(1).permutation(emotion[test])
    one, first = run(tmp_path / "one", whole, recipe)
    two, second = run(tmp_path / "two", replace(whole, clips=whole.clips.assign(emotion=emotion)), recipe)
    assert first["fitted"]["thresholds"] == second["fitted"]["thresholds"]
    assert one.predicted.tolist() == two.predicted.tolist() and one.emotion.tolist() != two.emotion.tolist()


def test_thresholds_are_those_that_dev_likes_best(tmp_path):
    found, record = run(tmp_path, corpus(signal=1.0), toys.NET)
    y, said, probabilities = matrices_of(found, "dev")
    thresholds = np.array(list(record["fitted"]["thresholds"].values()))
    assert (decide(probabilities, thresholds) == said).all()
    for c in range(3):
        tried = [f1_score(y[:, c], probabilities[:, c] >= t) for t in np.unique(probabilities[:, c])]
        assert f1_score(y[:, c], probabilities[:, c] >= thresholds[c]) >= max(tried)


def test_a_threshold_lies_between_two_probabilities():
    y = np.array([[1, 0], [1, 0], [0, 0], [0, 0]])
    probabilities = np.array([[0.9, 0.2], [0.7, 0.2], [0.3, 0.2], [0.1, 0.2]])
    assert best_thresholds(y, probabilities) == pytest.approx([0.5, 0.5])  # no clip has the second one
    assert best_thresholds(1 - y, np.full((4, 2), 0.4)) == pytest.approx([0.2, 0.2])  # equal ones are said together


def test_a_clip_that_reaches_no_threshold_gets_its_most_probable_label():
    said = decide(np.array([[0.1, 0.3, 0.2], [0.6, 0.3, 0.7]]), np.array([0.5, 0.5, 0.5]))
    assert said.tolist() == [[False, True, False], [True, False, True]]


def test_labels_of_one_clip_are_written_in_the_emotions_order():
    cells = pd.Series(["joy|anger", "fear"])
    assert encode_several(cells, E).tolist() == [[1, 0, 1], [0, 1, 0]] and encode_several(cells, E).dtype == np.float32
    assert joined(encode_several(cells, E), E) == ["anger|joy", "fear"]
    with pytest.raises(ValueError, match="'rage' is not in the vocabulary"):
        encode_several(pd.Series(["joy|rage"]), E)


def test_metrics_are_those_of_scikit_learn(tmp_path):
    found, _ = run(tmp_path, corpus(signal=1.0), toys.NET)
    table = score(found, corpus()).set_index(["metric", "emotion"]).value
    y, said, probabilities = matrices_of(found)
    for name in ("macro", "micro", "weighted"):
        assert table[f"{name}_F1", "all"] == pytest.approx(f1_score(y, said, average=name))
    assert table["subset_accuracy", "all"] == pytest.approx(accuracy_score(y, said))
    assert table["AUROC", "all"] == pytest.approx(roc_auc_score(y, probabilities))
    for name, each in (("precision", precision_score), ("recall", recall_score), ("F1", f1_score)):
        assert table[name].loc[list(E)].tolist() == pytest.approx(each(y, said, average=None, zero_division=0).tolist())
    assert table["AUROC"].loc[list(E)].tolist() == pytest.approx(roc_auc_score(y, probabilities, average=None).tolist())


@pytest.mark.parametrize("num", [180, 3000])  # AUROC exactly, and to first order
def test_intervals_are_as_wide_as_drawing_clips_anew_makes_them(num, tmp_path):
    found, _ = run(tmp_path, corpus(num, signal=1.0), toys.NET)
    table = score(found, corpus(num))
    assert (table.ci_low <= table.value).all() and (table.value <= table.ci_high).all()
    y, said, probabilities = matrices_of(found)
    rng, drawn = np.random.default_rng(1), {"macro_F1": [], "AUROC": [], "subset_accuracy": []}
    for _ in range(300):
        some = rng.integers(0, len(y), len(y))
        drawn["macro_F1"].append(f1_score(y[some], said[some], average="macro"))
        drawn["AUROC"].append(roc_auc_score(y[some], probabilities[some]))
        drawn["subset_accuracy"].append((y == said).all(1)[some].mean())
    rows = table[table.emotion == "all"].set_index("metric")
    for name, values in drawn.items():
        low, high = np.percentile(values, [2.5, 97.5])
        assert rows.ci_high[name] - rows.ci_low[name] == pytest.approx(high - low, rel=0.25)


def test_clips_of_one_cluster_are_drawn_together(tmp_path):
    found, _ = run(tmp_path, corpus(signal=1.0), toys.NET)
    test = found[found.part == "test"]
    twice = pd.concat([test.assign(pair=test.clip_id), test.assign(pair=test.clip_id, clip_id=test.clip_id + "b")])
    one, two = (several_metrics.summarise(rows, E, name) for rows, name in ((test, "clip_id"), (twice, "pair")))
    assert two[["value", "ci_low", "ci_high"]].to_numpy() == pytest.approx(
        one[["value", "ci_low", "ci_high"]].to_numpy()
    )
    assert (two.num_clips == 2 * one.num_clips).all() and (two.num_clusters == one.num_clusters).all()


def test_records_are_rebuilt_with_comparisons_by_macro_f1(tmp_path):
    whole = corpus()
    found, _ = run(tmp_path, whole, MAJORITY, toys.NET, toys.SVM)
    table, compared, curves = records.rebuild(tmp_path, whole, found)
    assert {"macro_F1", "subset_accuracy"} <= set(table.metric) and not {"UAR", "WA"} & set(table.metric)
    assert set(compared.metric) == {"macro_F1"} and set(compared.recipe) == {"net", "svm"}
    above = compared[compared.baseline == "majority"]
    assert (above.verdict == "better").all() and (above.ci_low > 0).all() and len(above) == 2
    assert len(compared) == 3  # and the one that dev likes less against the other
    assert {"train_macro_f1", "dev_macro_f1", "chosen"} <= set(curves) and curves.chosen.sum() == 1
    assert records.best_of_each(found, whole, "official")["face"] in ("net", "svm")


def test_the_majority_line_gives_the_share_of_each_label(tmp_path):
    whole = corpus()
    _, _, probabilities = matrices_of(run(tmp_path, whole, *lines(whole))[0])
    shares = whole.label_matrix()[(whole.clips.split == "train").to_numpy()].mean(0)
    assert probabilities == pytest.approx(np.tile(shares, (len(probabilities), 1)), abs=1e-4)
    assert lines(whole) == (MAJORITY,) and lines(toys.corpus()) == REFERENCE


def test_words_are_read_by_tfidf_and_by_a_tuned_encoder(tmp_path, empty_cache):
    encoder = small(fine_tuned(str(tiny(tmp_path / "tiny-bert", "bert"))))
    for recipe in (TEXT_TFIDF, encoder):
        y, said, _ = matrices_of(run(tmp_path / recipe.name, corpus(), recipe)[0])
        assert macro_f1(y, said) > 0.9


def test_an_epoch_is_kept_by_macro_f1_on_dev(tmp_path):
    _, record = run(tmp_path, corpus(signal=1.0), toys.NET)
    scores = [epoch["dev_macro_f1"] for epoch in record["history"]]
    assert record["fitted"]["best_epoch"] in [n for n, value in enumerate(scores, 1) if value == max(scores)]
    found, _ = run(tmp_path / "again", corpus(signal=1.0), toys.NET)
    assert macro_f1(*matrices_of(found, "dev")[:2]) == pytest.approx(max(scores), abs=1e-4)


@pytest.mark.parametrize("changed", [{"refit": True}, {"balanced": True}, {"label_smoothing": 0.1}, {"averaging": 0.9}])
def test_a_networks_options_work_for_several_labels_too(changed, tmp_path):
    recipe = replace(toys.NET, learner=replace(toys.NET.learner, **changed))
    y, said, _ = matrices_of(run(tmp_path, corpus(), recipe)[0])
    assert macro_f1(y, said) > 0.8


def test_refitting_a_machine_leaves_its_dev_predictions(tmp_path):
    refitted = replace(toys.SVM, learner=replace(toys.SVM.learner, refit=True))
    one, two = (run(tmp_path / str(n), corpus(), recipe)[0] for n, recipe in enumerate((toys.SVM, refitted)))
    (_, _, before), (_, _, after) = matrices_of(one, "dev"), matrices_of(two, "dev")
    assert np.array_equal(before, after) and not np.array_equal(matrices_of(one)[2], matrices_of(two)[2])


def test_one_emotion_a_clip_is_learned_as_before(corpus):
    recipes = (toys.SVM, toys.NET, TOGETHER)
    assert for_labels(recipes, corpus) is recipes and not any(map(learns_several, recipes))


def test_committed_runs_of_one_emotion_a_clip_are_not_trained_again():
    kept = [json.loads(path.read_text("utf-8")) for path in (ROOT / "results/ravdess/paper/runs").glob("*.json")]
    for recipe in (MAJORITY, SPEECH_SVM, SPEECH_MFCC_LSTM):
        runs = [run for run in kept if run["recipe"] == recipe.name and run["condition"] == "none"]
        assert len(runs) >= 10 and all(run["identity"] == experiments.identity_of(recipe) for run in runs)


def test_several_labels_make_another_run_and_keep_every_setting():
    for recipe, learned in zip(
        (toys.SVM, toys.NET, TOGETHER), for_labels((toys.SVM, toys.NET, TOGETHER), corpus()), strict=True
    ):
        one, other = experiments.identity_of(recipe), experiments.identity_of(learned)
        assert one["record"] != other["record"] and one["code"] != other["code"] and learns_several(learned)
        assert for_labels((learned,), corpus()) == (learned,)
        for field in fields(recipe.learner)[: -1 if recipe is TOGETHER else None]:
            if field.name != "members":
                assert getattr(recipe.learner, field.name) == getattr(learned.learner, field.name)


def test_logit_adjustment_is_left_to_the_thresholds():
    recipe = replace(toys.NET, learner=LogitAdjusted(toys.NET.learner, 0.5))
    (learned,) = for_labels((recipe,), corpus())
    assert learns_several(learned) and learned == for_labels((toys.NET,), corpus())[0]


@pytest.mark.parametrize(
    ("learner", "why"),
    [
        (replace(toys.NET.learner, mixup=0.2), r"net mixes clips \(mixup\)"),
        (Tuned(toys.NET.learner, {"lr": [0.1]}), "net learns by Tuned"),
    ],
)
def test_a_learner_that_needs_one_emotion_is_refused(learner, why, tmp_path):
    with pytest.raises(ValueError, match=f"{why}.*leave it out"):
        run(tmp_path, corpus(), replace(toys.NET, learner=learner))


def test_of_one_emotion_a_clip_the_matrices_tell_what_the_codes_do(corpus):
    rows = toys.predictions()
    rows = rows[rows.part == "test"]
    (y, said, probabilities), (true, told, same) = preds.arrays(rows, E), preds.matrices(rows, E)
    assert (
        np.array_equal(true.argmax(1), y)
        and np.array_equal(told.argmax(1), said)
        and np.array_equal(probabilities, same)
    )
    assert (true.sum(1) == 1).all() and np.array_equal(true.astype(int).T @ told, metrics.confusion(y, said, 3))
    assert several_metrics.aurocs(true, same) == pytest.approx(metrics.auroc(y, probabilities))


def test_a_kept_label_without_a_probability_is_refused(tmp_path):
    found, record = run(tmp_path, corpus(), toys.SVM)
    broken = found.assign(predicted=["joy|rage", *found.predicted[1:]])
    preds.write_run(tmp_path, broken, record)
    with pytest.raises(ValueError, match=r"an emotion without one.*delete it"):
        preds.read_runs(tmp_path, [record["run_id"]])


def test_two_systems_on_clips_with_several_labels_are_compared_in_pairs():
    """Against itself nothing is shown; against one that is right more often, all of it; and the sign is that of a - b."""
    rng, emotions = np.random.default_rng(0), ("joy", "anger", "fear")
    y = rng.random((200, 3)) < 0.4
    y[~y.any(1), 0] = True

    def of(wrong: float) -> pd.DataFrame:
        said = y ^ (rng.random(y.shape) < wrong)
        said[~said.any(1), 0] = True
        sets = [["|".join(np.array(emotions)[row]) for row in rows] for rows in (y, said)]
        rows = {"clip_id": [f"c{n}" for n in range(len(y))], "seed": 0, "emotion": sets[0], "predicted": sets[1]}
        return pd.DataFrame(rows | {f"p_{emotion}": said[:, n] * 1.0 for n, emotion in enumerate(emotions)})

    good, bad = of(0.05), of(0.4)
    found = compare(good, bad, emotions, "clip_id", "macro_F1", 200, 500, several=True)
    assert found.verdict == "a better" and found.ci_low > 0 and found.p_value < 0.01
    assert found.difference == pytest.approx(
        f1_score(y, preds.matrices(good, emotions)[1], average="macro")
        - f1_score(y, preds.matrices(bad, emotions)[1], average="macro")
    )
    same = compare(bad, bad, emotions, "clip_id", "micro_F1", 200, 500, several=True)
    assert same.verdict == "no difference shown" and same.p_value == 1
    with pytest.raises(ValueError, match="metric is 'UAR'"):
        compare(good, bad, emotions, "clip_id", "UAR", 10, 10, several=True)


@pytest.mark.parametrize("name", names())
def test_every_corpus_is_judged_by_a_metric_that_is_counted_on_splits_that_it_allows(name):
    several = bool(card(name).get("multi_label"))
    assert card(name)["metric"] in (several_metrics if several else intervals).OVERALL
    assert (
        card(name)["protocols"] == ["official"] if several else set(card(name)["protocols"]) <= {*STUDYS_OWN, *VARIANTS}
    )

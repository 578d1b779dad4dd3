"""Learning: what is chosen by dev, what test labels cannot touch, and that shuffled labels give chance."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import toys
from sklearn.dummy import DummyClassifier
from torch import nn

from emostudy.features.fitted import raw, standardised
from emostudy.intervals import summarise
from emostudy.labels import encode
from emostudy.metrics import confusion, uar
from emostudy.protocols import splits
from emostudy.recipes.reference import MAJORITY, SPEAKER_ONLY
from emostudy.training import Estimator, Network, Tuned, predict


@pytest.fixture(scope="module")
def data():
    corpus = toys.corpus(num_speakers=20)
    split = splits(corpus, "speaker_independent", (0,))[0]
    clips = corpus.clips.set_index("clip_id")
    labels = {
        part: encode(clips.loc[list(getattr(split, part)), "emotion"], toys.EMOTIONS)
        for part in ("train", "dev", "test")
    }
    return toys.inputs(corpus, split), labels


def fit(recipe, data, seed=0, **changed):
    parts, labels = data
    return replace(recipe.learner, **changed).fit(recipe, parts, labels, 3, seed)


def score(labels, probabilities) -> float:
    return float(uar(confusion(labels, probabilities.argmax(1), 3)))


RECIPES = [toys.SVM, toys.NET]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_clear_signal_is_learned_and_probabilities_are_probabilities(recipe, data):
    fitted = fit(recipe, data)
    assert score(data[1]["test"], fitted.test) > 0.9
    for part in ("dev", "test"):
        probabilities = getattr(fitted, part)
        assert probabilities.shape == (len(data[1][part]), 3)
        assert probabilities.sum(1) == pytest.approx(1) and probabilities.min() >= 0


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_shuffled_labels_give_chance(recipe):
    """With a strong signal, over every fold: the interval holds chance if labels are shuffled, and only then."""
    corpus = toys.corpus(num_speakers=20, signal=6.0)
    shuffled = corpus.clips.emotion.sample(frac=1, random_state=1).to_numpy()
    found = {}
    for name, emotions in (("real", corpus.clips.emotion.to_numpy()), ("shuffled", shuffled)):
        changed = replace(corpus, clips=corpus.clips.assign(emotion=emotions))
        clips, frames = changed.clips.set_index("clip_id", drop=False), []
        for split in splits(changed, "speaker_independent"):
            ids = {part: list(getattr(split, part)) for part in ("train", "dev", "test")}
            labels = {part: encode(clips.loc[some, "emotion"], toys.EMOTIONS) for part, some in ids.items()}
            fitted = recipe.learner.fit(recipe, toys.inputs(changed, split), labels, 3, 0)
            frames.append(
                toys.preds.frame(
                    dict.fromkeys(toys.preds.COLUMNS[:8], "x") | {"seed": 0},
                    clips.loc[ids["test"]],
                    "test",
                    fitted.test,
                    toys.EMOTIONS,
                )
            )
        table = summarise(toys.pd.concat(frames), toys.EMOTIONS, num_draws=300).set_index(["metric", "emotion"])
        found[name] = table.loc[("UAR", "all")]
    assert found["shuffled"].ci_low < 1 / 3 < found["shuffled"].ci_high
    assert found["real"].ci_low > 0.9


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
@pytest.mark.parametrize("refit", [False, True])
def test_test_labels_never_touch_a_prediction(recipe, data, refit):
    parts, labels = data
    scrambled = labels | {"test": np.random.default_rng(0).permutation(labels["test"])}
    one, other = fit(recipe, (parts, labels), refit=refit), fit(recipe, (parts, scrambled), refit=refit)
    assert np.array_equal(one.dev, other.dev) and np.array_equal(one.test, other.test)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
@pytest.mark.parametrize("refit", [False, True])
def test_test_clips_touch_neither_dev_nor_one_another(recipe, data, refit):
    parts, labels = data
    fewer = parts | {"test": {"face": parts["test"]["face"][:1]}}, labels | {"test": labels["test"][:1]}
    one, other = fit(recipe, data, refit=refit), fit(recipe, fewer, refit=refit)
    assert np.array_equal(one.dev, other.dev)
    assert other.test == pytest.approx(one.test[:1], abs=1e-6)


def test_one_seed_gives_the_same_numbers_and_another_gives_others(data):
    one, again, other = fit(toys.NET, data), fit(toys.NET, data), fit(toys.NET, data, seed=1)
    assert np.array_equal(one.test, again.test) and np.array_equal(one.dev, again.dev)
    assert [{**row, "seconds": 0} for row in one.history] == [{**row, "seconds": 0} for row in again.history]
    assert not np.array_equal(one.test, other.test)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_refitting_changes_test_predictions_alone_and_learns_from_dev(recipe, data):
    without, refitted = fit(recipe, data, refit=False), fit(recipe, data, refit=True)
    assert np.array_equal(without.dev, refitted.dev) and not np.array_equal(without.test, refitted.test)
    parts, labels = data
    turned = labels | {"dev": (labels["dev"] + 1) % 3}  # the refit must have learned these labels too
    assert refitted.info["refit"] and not np.array_equal(refitted.test, fit(recipe, (parts, turned), refit=True).test)


def test_the_dev_score_chooses_the_point_of_the_grid(data):
    def build(seed, strategy):
        return DummyClassifier(strategy=strategy, random_state=0) if strategy == "uniform" else toys.support_vectors(0)

    fitted = fit(toys.SVM, data, build=build, grid={"strategy": ["uniform", "svm"]})
    assert fitted.info["chosen"] == {"strategy": "svm"}
    assert [trial["dev_uar"] for trial in fitted.info["trials"]] == sorted(
        trial["dev_uar"] for trial in fitted.info["trials"]
    )


class Follows(nn.Module):
    """Says the class whose number is its step counter, which the optimiser moves on by one an epoch."""

    def __init__(self):
        super().__init__()
        self.step = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return -((torch.arange(3.0) - self.step) ** 2).expand(len(x), 3) * 5


class Forward(torch.optim.Optimizer):
    """Adds one to every parameter at each step, whatever the gradient."""

    def __init__(self, parameters, **options):
        super().__init__(parameters, {"lr": options["lr"]})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter += 1


def test_the_epoch_that_dev_likes_best_is_kept_the_first_of_equals(monkeypatch):
    monkeypatch.setattr(torch.optim, "Forward", Forward, raising=False)
    learner = Network(lambda sizes, num_classes: Follows(), epochs=5, batch=99, lr=1.0, optimiser="Forward")
    recipe = replace(toys.NET, prepare={"face": raw})
    parts = {part: {"face": np.zeros((4, 3), np.float32)} for part in ("train", "dev", "test")}
    labels = {part: np.array([0, 1, 2, 0]) for part in parts} | {"dev": np.array([2, 2, 2, 1])}
    fitted = learner.fit(recipe, parts, labels, 3, 0)
    # after epoch 1 it says class 1, from epoch 2 on class 2; UAR is .5 each, so the dev loss decides
    assert [row["dev_uar"] for row in fitted.history] == [0.5] * 5
    assert fitted.info["best_epoch"] == 2 and (fitted.test.argmax(1) == 2).all()
    labels["dev"] = np.array([1, 1, 1, 1])
    fitted = learner.fit(recipe, parts, labels, 3, 0)
    assert fitted.info["best_epoch"] == 1 and (fitted.test.argmax(1) == 1).all() and (fitted.dev.argmax(1) == 1).all()
    refitted = replace(learner, refit=True).fit(recipe, parts, labels, 3, 0)
    assert refitted.info["best_epoch"] == 1 and (refitted.test.argmax(1) == 1).all()  # trained for one epoch again


def test_transforms_are_fitted_on_train_and_on_dev_only_to_refit(data):
    seen = []

    def spy(train):
        seen.append(len(train))
        return standardised(train)

    recipe = replace(toys.NET, prepare={"face": spy})
    num_train, num_dev = len(data[1]["train"]), len(data[1]["dev"])
    fit(recipe, data)
    fit(recipe, data, refit=True)
    assert seen == [num_train, num_train, num_train + num_dev]


@pytest.mark.parametrize("recipe", [*RECIPES, MAJORITY], ids=lambda recipe: recipe.name)
def test_a_class_that_training_lacks_keeps_its_column(recipe, data):
    parts, labels = data
    rows = labels["train"] != 1
    thinned = parts | {"train": {"face": parts["train"]["face"][rows]}}
    fitted = replace(recipe.learner, refit=False).fit(recipe, thinned, labels | {"train": labels["train"][rows]}, 3, 0)
    assert fitted.test.shape[1] == 3 and fitted.test.sum(1) == pytest.approx(1)
    assert fitted.test[:, 1].max() < 0.5 and (fitted.test.argmax(1) != 1).all()


def test_the_majority_and_the_speakers_name_know_no_more_than_they_say():
    parts = {
        part: {"speaker": np.array(names)}
        for part, names in (("train", ["a"] * 4 + ["b"] * 6), ("dev", ["a", "b"]), ("test", ["a", "b", "new"]))
    }
    labels = {"train": np.array([0] * 4 + [1] * 6), "dev": np.array([0, 1]), "test": np.array([0, 1, 2])}
    prior = MAJORITY.learner.fit(MAJORITY, parts, labels, 3, 0)
    assert prior.test[0] == pytest.approx([0.4, 0.6, 0]) and (prior.test == prior.test[0]).all()
    assert prior.dev[0] == pytest.approx([0.4, 0.6, 0])
    named = SPEAKER_ONLY.learner.fit(SPEAKER_ONLY, parts, labels, 3, 0)
    assert named.test.argmax(1).tolist()[:2] == [0, 1] and named.test.max(1)[:2].min() > named.test[2].max()


def test_augmentation_is_for_training_alone(data):
    calls = []

    def blank(inputs, generator):
        calls.append(len(inputs[0]))
        return [torch.zeros_like(inputs[0])]

    fitted = fit(toys.NET, data, augment=blank)
    num_train = len(data[1]["train"])
    assert sum(calls) == toys.NET.learner.epochs * num_train
    assert len(np.unique(fitted.test, axis=0)) > 1  # test clips were seen as they are


def test_max_epochs_cuts(data):
    parts, labels = data
    fitted = toys.NET.learner.fit(toys.NET, parts, labels, 3, 0, max_epochs=2)
    assert len(fitted.history) == 2 and fitted.info["epochs"] == 2


def test_numbers_that_explode_are_told_with_the_remedy(data):
    parts, labels = data
    huge = {part: {"face": values["face"].astype(np.float64) * 1e39} for part, values in parts.items()}
    recipe = replace(toys.NET, prepare={"face": raw})
    with pytest.raises(ValueError, match="loss was not finite in the first epoch: standardise the input or lower lr"):
        recipe.learner.fit(recipe, huge, labels, 3, 0)


def test_an_epoch_that_broke_the_weights_is_never_kept(monkeypatch):
    class Breaks(Forward):
        @torch.no_grad()
        def step(self):
            super().step()
            for parameter in self.param_groups[0]["params"]:
                parameter[parameter > 2.5] = float("nan")

    monkeypatch.setattr(torch.optim, "Breaks", Breaks, raising=False)
    learner = Network(lambda sizes, num_classes: Follows(), epochs=5, batch=99, lr=1.0, optimiser="Breaks")
    parts = {part: {"face": np.zeros((4, 3), np.float32)} for part in ("train", "dev", "test")}
    labels = {part: np.array([0, 0, 0, 0]) for part in parts}
    fitted = learner.fit(replace(toys.NET, prepare={"face": raw}), parts, labels, 3, 0)
    assert len(fitted.history) == 2 and np.isfinite(fitted.test).all()


def test_predictions_do_not_depend_on_the_batch():
    torch.manual_seed(0)
    model, inputs = toys.small_mlp({"face": 3}, 3), [torch.randn(10, 3)]
    assert predict(model, inputs, batch=3) == pytest.approx(predict(model, inputs, batch=128), abs=1e-6)


def test_several_inputs_of_an_estimator_stand_side_by_side():
    widths = []

    class Spy(DummyClassifier):
        def fit(self, x, y):
            widths.append(x.shape)
            return super().fit(x, y)

    parts = {part: {"a": np.zeros((6, 2, 2)), "b": np.ones((6, 3))} for part in ("train", "dev", "test")}
    labels = {part: np.arange(6) % 3 for part in parts}
    Estimator(lambda seed: Spy(strategy="prior")).fit(None, parts, labels, 3, 0)
    assert widths == [(6, 7)]


LEARNERS = {
    "one cycle": {"schedule": "one_cycle"},
    "linear": {"schedule": "linear"},
    "mixup": {"mixup": 0.2, "label_smoothing": 0.1},
    "balanced": {"balanced": True, "clip_norm": 0.01},
    "average": {"averaging": 0.9, "keep": "last"},
}


@pytest.mark.parametrize("changed", LEARNERS.values(), ids=LEARNERS)
def test_every_way_of_learning_learns_and_repeats(changed, data):
    one, again = (fit(toys.NET, data, **changed) for _ in range(2))
    assert score(data[1]["test"], one.test) > 0.9
    assert (one.test == again.test).all() and (one.test != fit(toys.NET, data).test).any()
    assert one.info["best_epoch"] == len(one.history) or changed.get("keep") != "last"


def test_an_unknown_schedule_is_refused_with_those_there_are(data):
    with pytest.raises(ValueError, match="unknown schedule 'cosin'; there are constant, linear, one_cycle"):
        fit(toys.NET, data, schedule="cosin")


@pytest.mark.parametrize("keep", ["best", "last"])
def test_a_refit_learns_from_dev_too_and_leaves_dev_predictions_as_they_were(keep, data):
    one, refitted = (fit(toys.NET, data, refit=refit, keep=keep, averaging=0.5) for refit in (False, True))
    assert (one.dev == refitted.dev).all() and (one.test != refitted.test).any()


def test_dev_chooses_among_the_points_of_a_grid_and_all_trials_are_kept(data):
    tuned = Tuned(toys.NET.learner, {"lr": [1e-9, toys.NET.learner.lr]})
    fitted = tuned.fit(toys.NET, *data, 3, 0)
    assert fitted.info["chosen"] == {"lr": toys.NET.learner.lr} and len(fitted.info["trials"]) == 2
    assert (fitted.test == fit(toys.NET, data).test).all() and tuned.uses_seed
    best = max(trial["dev_uar"] for trial in fitted.info["trials"])
    assert best == pytest.approx(max(row["dev_uar"] for row in fitted.history), abs=1e-4)


def test_test_labels_choose_nothing_in_a_grid(data):
    parts, labels = data
    tuned = Tuned(toys.SVM.learner, {"grid": [{"C": [0.01]}, {"C": [1.0]}]})
    other = labels | {"test": np.roll(labels["test"], 1)}
    one, two = (tuned.fit(toys.SVM, parts, some, 3, 0) for some in (labels, other))
    assert (one.test == two.test).all() and one.info == two.info

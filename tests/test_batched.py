"""Trainings side by side give what each gives alone, and what a plain loop gives."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import toys
from torch.optim.lr_scheduler import OneCycleLR

from emostudy import experiments
from emostudy import predictions as preds
from emostudy.batched import Batched
from emostudy.estimators import score
from emostudy.features.fitted import standardised
from emostudy.intervals import summarise
from emostudy.labels import encode
from emostudy.models.coins import Coins, brought
from emostudy.models.heads import GatedUnit, Head
from emostudy.optimising import class_weights
from emostudy.programs import One, Program
from emostudy.protocols import splits
from emostudy.recipes import Recipe
from emostudy.recipes.heads import WAYS
from emostudy.tasks import tasks_of

QUICK = {"epochs": 4, "batch": 16}


def head_recipe(build=GatedUnit, **settings) -> Recipe:
    learner = Batched(build, **{**QUICK, **settings})
    scaled = {"face": standardised, "speech": standardised}
    return Recipe("head", "head", ("face", "speech"), {"face": toys.SEEN, "speech": toys.HEARD}, learner, scaled)


def runs_of(corpus, folds=(0, 1), seeds=(0, 1)):
    clips, found = corpus.clips.set_index("clip_id"), []
    for split in splits(corpus, "speaker_independent", folds):
        parts, labels = {}, {}
        for part in ("train", "dev", "test"):
            rows = clips.loc[list(getattr(split, part))]
            parts[part] = {
                "face": np.stack([toys.numbers(cell, 0, 0) for cell in rows.seen]),
                "speech": np.stack([toys.numbers(cell, 0, 0) for cell in rows.heard]),
            }
            labels[part] = encode(rows.emotion, toys.EMOTIONS)
        found += [(parts, labels, seed) for seed in seeds]
    return found


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_each_training_is_what_it_is_alone(way):
    runs = runs_of(toys.corpus(num_speakers=11))  # folds of different size
    recipe = head_recipe(way.build, epochs=2, hide=0.3)
    together = recipe.learner.fit_many(recipe, runs, 3)
    for run, found in zip(runs, together, strict=True):
        alone = recipe.learner.fit_many(recipe, [run], 3)[0]
        assert np.abs(np.log(found.test) - np.log(alone.test)).max() < 1e-4
        assert np.abs(np.log(found.dev) - np.log(alone.dev)).max() < 1e-4
        assert [row["dev_uar"] for row in found.history] == [row["dev_uar"] for row in alone.history]


def plain_loop(learner: Batched, one: One, num_classes: int):
    """A head trained by itself with the same draws: no vmap, torch's own optimiser and schedule."""
    size, num = one.batches(learner.batch)
    draws = Program(learner, [one], num_classes, size, num, learner.epochs)
    model, generator, num_steps = draws.models[0].train(), draws.generators[0], learner.epochs * num
    optimiser = torch.optim.AdamW(model.parameters(), lr=learner.lr, weight_decay=learner.weight_decay, fused=True)
    steps = OneCycleLR(optimiser, learner.lr, num_steps + 1, pct_start=0.1)
    weights = class_weights(one.labels, num_classes) if learner.balanced else torch.ones(num_classes)
    for step in range(num_steps):
        if step % num == 0:
            order = torch.randperm(len(one.labels), generator=generator)
        rows = order[step % num * size : (step % num + 1) * size]
        inputs, present, targets, coins = draws._drawn(one, rows, generator)
        with brought(Coins(coins)):
            losses, _ = model.losses(inputs, present, targets, step / num_steps, learner.label_smoothing)
        optimiser.zero_grad()
        (losses * (targets @ weights)).mean().backward()
        optimiser.step()
        steps.step()
    return model.eval()


def ones_of(runs) -> list[One]:
    """What each of these runs is trained on, as a program takes it."""
    made = []
    for parts, labels, seed in runs:
        train = parts["train"]
        inputs = [standardised(values)(values) for values in train.values()]
        made.append(One(inputs, torch.ones(len(labels["train"]), len(train)) > 0, torch.tensor(labels["train"]), seed))
    return made


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_batched_program_is_a_plain_loop(way):
    learner, ones = Batched(way.build, **QUICK), ones_of(runs_of(toys.corpus()))
    trained = Program(learner, ones, 3, *ones[0].batches(learner.batch), learner.epochs).run(None)
    for one, (model, _) in zip(ones, trained, strict=True):
        alone = plain_loop(learner, one, 3)
        with torch.no_grad():
            assert torch.allclose(alone(*one.inputs), model.eval()(*one.inputs), atol=1e-4)


def test_errors_weighted_by_class_are_those_of_a_plain_loop_and_help_the_rare():
    corpus = toys.corpus(num_speakers=20, signal=1.0)
    kept = (corpus.clips.emotion != "joy") | (corpus.clips.clip_id.str[-1] == "2")  # a third of the joyful clips
    runs = runs_of(replace(corpus, clips=corpus.clips[kept]))
    learner, ones = Batched(GatedUnit, **QUICK, balanced=True), ones_of(runs)
    trained = Program(learner, ones, 3, *ones[0].batches(learner.batch), learner.epochs).run(None)
    for one, (model, _) in zip(ones, trained, strict=True):
        alone = plain_loop(learner, one, 3)
        with torch.no_grad():
            assert torch.allclose(alone(*one.inputs), model.eval()(*one.inputs), atol=1e-4)
    said = []
    for balanced in (False, True):
        recipe = head_recipe(epochs=15, lr=1e-2, balanced=balanced)
        said.append(sum((found.test.argmax(1) == 2).sum() for found in recipe.learner.fit_many(recipe, runs, 3)))
    assert said[1] > said[0]


def test_nine_steps_are_trained_as_any_other_number():
    runs = runs_of(toys.corpus(), (0,), (0,))
    for epochs in (8, 9, 10):  # one batch an epoch
        recipe = head_recipe(epochs=epochs, batch=1000)
        assert np.isfinite(recipe.learner.fit_many(recipe, runs, 3)[0].test).all()


@pytest.mark.parametrize(("num", "share"), [(2, 0.3 - 0.3**2), (3, 0.3 - 0.3**3)])
def test_hidden_modalities_are_drawn_for_mixtures_and_never_all(num, share):
    one = One([torch.randn(4000, 3)] * num, torch.ones(4000, num) > 0, torch.arange(4000) % 3, 0)
    program = Program(Batched(GatedUnit, hide=0.3, mixup=0.4), [one], 3, 4000, 1, 1)
    _, present, targets, _ = program._drawn(one, torch.arange(4000), torch.Generator().manual_seed(0))
    assert (~present).float().mean().item() == pytest.approx(share, abs=0.02) and present.any(1).all()
    assert ((targets > 0).sum(1) == 2).any()  # they are mixtures


def test_inputs_of_other_widths_are_trained_apart():
    runs = runs_of(toys.corpus(), (0, 1), (0,))
    narrow = {part: {name: x[:, :2] for name, x in inputs.items()} for part, inputs in runs[1][0].items()}
    recipe = head_recipe()
    both = recipe.learner.fit_many(recipe, [runs[0], (narrow, *runs[1][1:])], 3)
    alone = recipe.learner.fit_many(recipe, [(narrow, *runs[1][1:])], 3)[0]
    assert np.allclose(both[1].test, alone.test, atol=1e-5)


def test_a_clear_signal_is_learned_and_told_by_epoch():
    runs = runs_of(toys.corpus(num_speakers=20))
    recipe = head_recipe(epochs=15, lr=1e-2)
    for (_, labels, _), found in zip(runs, recipe.learner.fit_many(recipe, runs, 3), strict=True):
        assert score(labels["test"], found.test) > 0.9 and found.test.sum(1) == pytest.approx(1)
        assert len(found.history) == 15 and found.history[-1]["dev_uar"] > 0.9 > found.history[0]["train_uar"]
        assert found.info["trained_together"] == 4 and found.info["num_parameters"] > 100


def test_shuffled_labels_give_chance(tmp_path):
    corpus = toys.corpus(num_speakers=20, signal=6.0)
    shuffled = corpus.clips.emotion.sample(frac=1, random_state=1).to_numpy()
    corpus = replace(corpus, clips=corpus.clips.assign(emotion=shuffled))
    every_fold = replace(toys.QUICK, folds=(0, 1, 2, 3, 4))
    found = experiments.run(corpus, (head_recipe(epochs=10),), ["speaker_independent"], every_fold, tmp_path, jobs=1)
    uar = summarise(found[found.part == "test"], toys.EMOTIONS, "speaker").query("metric == 'UAR' and emotion == 'all'")
    assert uar.ci_low.iloc[0] < 1 / 3 < uar.ci_high.iloc[0]


def test_test_labels_cannot_matter_and_dev_does_where_it_is_trained_on():
    runs = runs_of(toys.corpus(), (0,), (0,))
    recipe = head_recipe()
    parts, labels, seed = runs[0]
    plain = recipe.learner.fit(recipe, parts, labels, 3, seed)
    other = recipe.learner.fit(recipe, parts, labels | {"test": 2 - labels["test"]}, 3, seed)
    assert np.array_equal(plain.test, other.test) and np.array_equal(plain.dev, other.dev)
    of_dev = recipe.learner.fit(recipe, parts, labels | {"dev": 2 - labels["dev"]}, 3, seed)
    assert np.array_equal(plain.dev, of_dev.dev) and not np.allclose(plain.test, of_dev.test)
    once = head_recipe(refit=False)
    assert np.array_equal(
        once.learner.fit(once, parts, labels, 3, seed).test,
        once.learner.fit(once, parts, labels | {"dev": 2 - labels["dev"]}, 3, seed).test,
    )


def test_what_a_clip_lacks_is_told_or_not():
    runs = runs_of(toys.corpus(num_speakers=20), (0,), (0,))
    recipe = head_recipe(epochs=15, lr=1e-2)
    parts, labels, _ = runs[0]
    predict = recipe.learner.fit_many(recipe, runs, 3)[0].predict
    test = parts["test"]
    whole, told = predict(test), predict(test, without=("speech",))
    assert np.allclose(predict(test | {"speech": np.full_like(test["speech"], np.nan)}), told)
    assert not np.allclose(told, whole) and not np.allclose(predict(test, ("speech",), told=False), told)
    assert score(labels["test"], told) > 0.6
    nobody = predict(test, without=("face", "speech"))
    assert np.allclose(nobody, nobody[:1])


class Plain(Head):
    """One dense layer on all inputs side by side, without any dropout of its own."""

    def __init__(self, sizes, num_classes):
        super().__init__()
        self.layer = torch.nn.Linear(sum(sizes), num_classes)

    def forward(self, *inputs, present=None):
        return self.layer(torch.cat([x * present[:, m, None] for m, x in enumerate(inputs)], 1))


def test_hidden_modalities_in_training_help_where_one_is_missing():
    """What is heard is only the noise of what is seen: a head that always has it learns to subtract, and is lost without."""
    corpus, rng = toys.corpus(num_speakers=20), np.random.default_rng(1)
    noise = rng.normal(size=(len(corpus), 3)) * 4
    signal = 3 * np.eye(3)[[toys.EMOTIONS.index(emotion) for emotion in corpus.clips.emotion]]
    corpus.clips["seen"] = [toys.numbers_cell(row) for row in noise + signal]
    corpus.clips["heard"] = [toys.numbers_cell(row) for row in noise]
    runs, reached = runs_of(corpus, (0, 1), (0, 1)), {}
    for hide in (0.0, 0.5):
        recipe = head_recipe(Plain, hide=hide, epochs=30, lr=0.1, noise=0.0, mixup=0.0, label_smoothing=0.0)
        fitted = recipe.learner.fit_many(recipe, runs, 3)
        right = [
            one.predict(p["test"], ("speech",))[np.arange(len(y["test"])), y["test"]]
            for (p, y, _), one in zip(runs, fitted, strict=True)
        ]
        reached[hide] = np.log(np.concatenate(right)).mean()
    assert reached[0.5] > reached[0.0] + 0.03


def test_a_loss_that_is_not_finite_stops_with_a_remedy():
    runs = runs_of(toys.corpus(), (0,), (0,))
    recipe = head_recipe(lr=1e30)
    with pytest.raises(ValueError, match="not finite: standardise the input or lower lr"):
        recipe.learner.fit_many(recipe, runs, 3)


def test_one_task_trains_all_folds_and_seeds_and_goes_on_where_it_stopped(tmp_path, capsys):
    corpus, recipe = toys.corpus(), head_recipe()
    study = (corpus, (recipe,), ["random", "speaker_independent"], toys.QUICK)
    found = experiments.run(*study, tmp_path / "a", seeds=[0, 1], jobs=1)
    assert found.run_id.nunique() == 8
    records = preds.read_records(tmp_path / "a", list(found.run_id.unique()))
    assert {record["fitted"]["trained_together"] for record in records} == {4}
    experiments.run(*study, tmp_path / "b", seeds=[1], jobs=1)
    again = experiments.run(*study, tmp_path / "b", seeds=[0, 1], jobs=1)
    assert "8 runs: 4 trained, 4 read back" in capsys.readouterr().out
    columns = ["run_id", "part", "clip_id"]
    assert found.sort_values(columns, ignore_index=True).equals(again.sort_values(columns, ignore_index=True))


def test_learners_of_one_run_are_tasks_of_their_own():
    class Planned:
        def __init__(self, recipe, fold):
            self.recipe, self.run_id = recipe, f"{recipe.name}{fold}"
            self.split = splits(toys.corpus(), "random", (fold,))[0]

    planned = [Planned(recipe, fold) for recipe in (toys.SVM, head_recipe()) for fold in (0, 1)]
    assert [len(task) for task in tasks_of(planned)] == [1, 1, 2]

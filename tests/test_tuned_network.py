"""A network whose setting and epoch dev chooses: what is tried, what is kept, and what the second fit learns from."""

from dataclasses import replace

import numpy as np
import pytest
import toys

from emostudy.models import augmenting
from emostudy.protocols import splits
from emostudy.recipes import nested
from emostudy.recipes.strong import SPEECH_CRNN
from emostudy.training import Network
from emostudy.tuned_network import TunedNetwork

SETTINGS = {
    "asleep": {"lr": 1e-9},
    "awake": {"mixup": 0.2},
    "turned": {"augment": lambda inputs, generator: [-inputs[0]]},
}
TUNED = TunedNetwork(replace(toys.NET.learner, refit=True), SETTINGS)


@pytest.fixture(scope="module")
def data():
    corpus = toys.corpus()
    split = splits(corpus, "speaker_independent", (0,))[0]
    emotion = corpus.clips.set_index("clip_id").emotion.map(toys.EMOTIONS.index)
    return toys.inputs(corpus, split), {
        part: emotion[list(getattr(split, part))].to_numpy() for part in ("train", "dev", "test")
    }


@pytest.fixture(scope="module")
def fitted(data):
    return TUNED.fit(toys.NET, *data, 3, 0)


def test_every_setting_is_tried_and_the_one_that_dev_likes_best_is_kept_with_its_epoch(fitted, data):
    trials, chosen = fitted.info["trials"], fitted.info["chosen"]
    assert [trial["setting"] for trial in trials] == list(SETTINGS)
    best = max(trials, key=lambda trial: trial["dev_uar"])
    assert chosen == {"setting": best["setting"], "epochs": best["epoch"]} and chosen["setting"] == "awake"
    alone = replace(toys.NET.learner, mixup=0.2).fit(toys.NET, *data, 3, 0)
    assert (fitted.dev == alone.dev).all() and best["epoch"] == alone.info["best_epoch"]
    assert [row["dev_uar"] for row in fitted.history] == [row["dev_uar"] for row in alone.history]


def test_test_is_predicted_by_what_learned_from_train_and_dev_for_as_many_epochs(fitted, data):
    parts, labels = data
    both = {"train": {"face": np.concatenate([parts[part]["face"] for part in ("train", "dev")])}}
    known = {"train": np.concatenate([labels["train"], labels["dev"]])}
    again = replace(toys.NET.learner, mixup=0.2, keep="last", epochs=fitted.info["chosen"]["epochs"])
    assert (fitted.test == again.fit(toys.NET, parts | both, labels | known, 3, 0).test).all()
    assert fitted.info["refit"] and fitted.info["num_parameters"] > 0


def test_dev_chooses_nothing_in_the_second_fit_of_which_it_is_a_part(data, monkeypatch):
    fits, fit = [], Network.fit
    monkeypatch.setattr(Network, "fit", lambda self, *args, **options: fits.append(self) or fit(self, *args, **options))
    chosen = TUNED.fit(toys.NET, *data, 3, 0).info["chosen"]
    *tried, again = fits
    assert (
        {one.keep for one in tried} == {"best"} and not any(one.refit for one in fits) and len(tried) == len(SETTINGS)
    )
    assert again.keep == "last" and again.epochs == chosen["epochs"]


def test_no_label_of_test_changes_anything(fitted, data):
    parts, labels = data
    other = TUNED.fit(toys.NET, parts, labels | {"test": np.roll(labels["test"], 1)}, 3, 0)
    assert (other.test == fitted.test).all() and other.info == fitted.info


def test_of_equals_the_first_is_taken(data):
    twice = TunedNetwork(toys.NET.learner, {"one": {}, "the same": {}}).fit(toys.NET, *data, 3, 0)
    assert twice.info["chosen"]["setting"] == "one" and len({trial["dev_uar"] for trial in twice.info["trials"]}) == 1


def test_the_strong_network_is_tuned_over_what_was_tried_by_hand_and_is_otherwise_the_same():
    learner = nested.SPEECH_CRNN_NESTED.learner
    assert {name: getattr(learner.network, name) for name in ("epochs", "keep")} == {"epochs": 20, "keep": "best"}
    same = replace(learner.network, epochs=SPEECH_CRNN.learner.epochs, keep="last")
    assert isinstance(same, Network) and same == SPEECH_CRNN.learner and learner.uses_seed
    assert {setting["mixup"] for setting in learner.settings.values()} == {0.0, SPEECH_CRNN.learner.mixup}
    assert {setting.get("augment") for setting in learner.settings.values()} == {None, augmenting.masked}

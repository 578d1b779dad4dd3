"""Means of runs: what they say, whom they are made of, and that nothing is trained twice for them."""

from dataclasses import replace

import numpy as np
import pytest
import toys

from emostudy import costly, experiments
from emostudy import predictions as preds
from emostudy.ensembles import MeanOfRuns, together
from emostudy.experiments import identity_of
from emostudy.joined_runs import is_joined, members_of, with_members
from emostudy.recipes.nested import SPEECH_CRNN_COMPARE, SPEECH_STRONG_NESTED
from emostudy.recipes.registry import OPTIONAL, every

SEEN = replace(toys.NET, name="seen", title="seen")  # has seeds; SVM has none
PAIR = together("pair", "pair", toys.SVM, SEEN, learner=MeanOfRuns)
KEYS = ["fold", "seed", "part", "clip_id"]


def study(folder, *recipes, corpus=None, seeds=(0, 1)):
    corpus = corpus or toys.corpus(signal=1.0)
    return experiments.run(corpus, recipes, ["speaker_independent"], toys.QUICK, folder, seeds=list(seeds), jobs=1)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ran")
    return folder, study(folder, PAIR)


def test_it_says_the_mean_of_what_its_members_runs_say_seed_by_seed(ran):
    _, rows = ran
    columns = preds.columns_of(toys.EMOTIONS)
    said = {name: some.set_index(KEYS)[columns].sort_index() for name, some in rows.groupby("recipe")}
    for seed in (0, 1):
        net, both = (said[name].xs(seed, level="seed").to_numpy() for name in ("seen", "pair"))
        machine = said["svm"].xs(0, level="seed").to_numpy()  # nothing in it is random: one seed stands for all
        assert both == pytest.approx((net + machine) / 2, abs=1e-4) and np.abs(net - machine).max() > 0.05
    assert set(rows[rows.recipe == "pair"].modalities) == {"face"}


def test_its_record_names_its_members_runs_and_adds_their_parameters(ran):
    folder, rows = ran
    for run_id, some in rows[rows.recipe == "pair"].groupby("run_id"):
        (record,) = preds.read_records(folder, [run_id])
        members = record["fitted"]["members"]
        others = {one["recipe"]: one for one in preds.read_records(folder, list(members.values()))}
        assert set(members) == {"svm", "seen"} == set(others)
        assert {one["fold"] for one in others.values()} == {some.fold.iloc[0]} and others["svm"]["seed"] == 0
        assert others["seen"]["seed"] == some.seed.iloc[0] == record["seed"] and not record["history"]
        sizes = [one["fitted"]["num_parameters"] for one in others.values()]
        assert record["fitted"]["num_parameters"] == sum(sizes) > min(sizes) > 0


def test_nothing_is_trained_again_for_it_whatever_was_there_before(ran, tmp_path, monkeypatch):
    _, rows = ran
    study(tmp_path, toys.SVM, SEEN)
    monkeypatch.setattr("emostudy.workers.each", lambda train, tasks, *_: iter(tasks and pytest.fail("it trains")))
    monkeypatch.setattr("emostudy.experiments.closing", lambda made: _Open(made))
    again = study(tmp_path, PAIR)
    assert again.sort_values(["recipe", *KEYS], ignore_index=True).equals(
        rows.sort_values(["recipe", *KEYS], ignore_index=True)
    )


class _Open:
    def __init__(self, made):
        self.made = made

    def __enter__(self):
        return self.made

    def __exit__(self, *_):
        return False


def test_members_run_once_where_they_are_asked_for_too(tmp_path):
    rows = study(tmp_path, toys.SVM, PAIR, SEEN)
    assert not rows.duplicated(["recipe", *KEYS]).any() and set(rows.recipe) == {"svm", "seen", "pair"}
    assert len(list((tmp_path / "runs").glob("*.json"))) == rows.run_id.nunique() == 2 * (1 + 2 + 2)


def test_a_mean_by_speaker_is_of_members_by_speaker():
    known = replace(PAIR, by_speaker=tuple(PAIR.features))
    assert [one.by_speaker for one in members_of(known)] == [("face",), ("face",)]
    assert [one.by_speaker for one in members_of(PAIR)] == [(), ()] and members_of(toys.SVM) == ()
    assert with_members((toys.SVM, PAIR)) == (toys.SVM, SEEN, PAIR) and is_joined(PAIR) and not is_joined(SEEN)


def test_another_way_to_train_a_member_makes_another_mean():
    slower = replace(SEEN, learner=replace(SEEN.learner, lr=0.01))
    assert identity_of(together("pair", "pair", toys.SVM, slower, learner=MeanOfRuns)) != identity_of(PAIR)
    assert identity_of(together("pair", "pair", toys.SVM, SEEN)) != identity_of(PAIR)


def test_a_mean_of_what_reads_opensmile_needs_it_too_and_both_means_share_the_network():
    assert {"speech_compare", "speech_crnn_compare"} <= OPTIONAL and "speech_strong_nested" not in OPTIONAL
    assert SPEECH_STRONG_NESTED.learner.members[0] == SPEECH_CRNN_COMPARE.learner.members[0]
    assert {SPEECH_STRONG_NESTED.name, SPEECH_CRNN_COMPARE.name} <= set(every("speech"))


def test_costly_systems_run_under_the_honest_protocol_alone():
    corpus = toys.corpus()
    corpus = replace(corpus, card=corpus.card | {"costly": ["seen"]})
    asked = ["random", "speaker_independent"]
    assert costly.apart((toys.SVM, SEEN), corpus, asked) == [((toys.SVM,), asked), ((SEEN,), asked[1:])]
    assert costly.apart((SEEN,), corpus, asked) == [((SEEN,), asked[1:])]
    assert costly.apart((toys.SVM, SEEN), toys.corpus(), asked) == [((toys.SVM, SEEN), asked)]

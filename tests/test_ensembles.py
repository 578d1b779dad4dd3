"""Recipes averaged into one."""

from dataclasses import replace

import numpy as np
import pytest
import toys

from emostudy import predictions as preds
from emostudy.ensembles import Together, together
from emostudy.experiments import identity_of, run

PAIR = together("pair", "SVM and voice", toys.SVM, toys.VOICE)


def test_the_mean_of_what_each_member_says_alone(tmp_path):
    corpus = toys.corpus(signal=1.0)
    alone = [run(corpus, (one,), ["random"], toys.QUICK, tmp_path / one.name, jobs=1) for one in (toys.SVM, toys.VOICE)]
    both = run(corpus, (PAIR,), ["random"], toys.QUICK, tmp_path / "pair", jobs=1)
    columns = preds.columns_of(toys.EMOTIONS)
    keys = ["fold", "part", "clip_id"]
    one, two, mean = (frame.sort_values(keys)[columns].to_numpy() for frame in (*alone, both))
    assert mean == pytest.approx((one + two) / 2, abs=2e-4) and np.abs(one - two).max() > 0.05
    assert set(both.modalities) == {"face+speech"}


def test_members_keep_their_inputs_apart_where_they_share_a_name():
    twice = together("twice", "twice", toys.SVM, toys.NET)
    assert list(twice.features) == ["svm: face", "net: face"] and twice.modalities == ("face",)
    assert twice.learner.uses_seed and not PAIR.learner.uses_seed


def test_a_member_standardised_by_speaker_stays_so():
    changed = together("pair", "pair", toys.SVM, replace(toys.VOICE, by_speaker=("speech",)))
    assert changed.by_speaker == ("voice: speech",)


def test_another_member_is_another_system():
    other = replace(PAIR, learner=Together((toys.SVM, replace(toys.VOICE, prepare={"speech": toys.standardised}))))
    assert identity_of(other)["record"] != identity_of(PAIR)["record"]


def test_the_record_names_every_member(tmp_path):
    corpus = toys.corpus()
    found = run(corpus, (PAIR,), ["random"], toys.QUICK, tmp_path, jobs=1)
    record = preds.read_records(tmp_path, [found.run_id.iloc[0]])[0]
    members = record["fitted"]["members"]
    assert list(members) == ["svm", "voice"] and len(members["svm"]["trials"]) == 2
    assert record["fitted"]["num_parameters"] == sum(one["num_parameters"] for one in members.values()) > 0

"""Means of runs: what they say, whom they are made of, and that nothing is trained twice for them."""

from dataclasses import replace

import numpy as np
import pytest
import toys
from test_several import corpus as several_corpus

from emostudy import costly, experiments
from emostudy import predictions as preds
from emostudy.ensembles import MeanOfRuns, together
from emostudy.experiments import identity_of
from emostudy.means_of_runs import is_mean, members_of, with_members
from emostudy.recipes.nested import SPEECH_STRONG_NESTED, WITH_SMILE
from emostudy.recipes.registry import OPTIONAL, every
from emostudy.recipes.voices import SMILE, SPEECH_COMPARE
from emostudy.several_learners import chosen_thresholds

SEEN = replace(toys.NET, name="seen", title="seen")  # has seeds; SVM has none
PAIR = together("pair", "pair", toys.SVM, SEEN, learner=MeanOfRuns)
KEYS = ["fold", "seed", "part", "clip_id"]


def study(folder, *recipes, corpus=None, seeds=(0, 1), protocols=("speaker_independent",)):
    corpus = corpus or toys.corpus(signal=1.0)
    return experiments.run(corpus, recipes, list(protocols), toys.QUICK, folder, seeds=list(seeds), jobs=1)


def means(rows, *members):
    """What the mean says less the mean of what its members say, (N, C)."""
    columns = preds.columns_of(toys.EMOTIONS)
    keys = ["protocol", "fold", "part", "clip_id"]
    said = {name: some.set_index(keys)[columns] for name, some in rows.groupby("recipe")}
    at = said["mean"].index
    return said["mean"].to_numpy() - np.mean([said[name].loc[at].to_numpy() for name in members], axis=0)


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
    assert with_members((toys.SVM, PAIR)) == (toys.SVM, SEEN, PAIR) and is_mean(PAIR) and not is_mean(SEEN)


def test_another_way_to_train_a_member_makes_another_mean():
    slower = replace(SEEN, learner=replace(SEEN.learner, lr=0.01))
    assert identity_of(together("pair", "pair", toys.SVM, slower, learner=MeanOfRuns)) != identity_of(PAIR)
    assert identity_of(together("pair", "pair", toys.SVM, SEEN)) != identity_of(PAIR)


def test_a_mean_of_what_reads_opensmile_needs_it_too_and_both_means_share_the_network():
    reading = {one.name for one in WITH_SMILE if SPEECH_COMPARE in one.learner.members}
    assert reading == {one.name for one in WITH_SMILE} == OPTIONAL - {one.name for one in SMILE}
    assert SPEECH_STRONG_NESTED.name not in OPTIONAL and {SPEECH_STRONG_NESTED.name, *OPTIONAL} <= set(every("speech"))
    assert SPEECH_STRONG_NESTED.learner.members[0] in WITH_SMILE[0].learner.members


def test_costly_systems_run_under_the_honest_protocol_alone():
    corpus = toys.corpus()
    corpus = replace(corpus, card=corpus.card | {"costly": ["seen"]})
    asked = ["random", "speaker_independent"]
    assert costly.apart((toys.SVM, SEEN), corpus, asked) == [((toys.SVM,), asked), ((SEEN,), asked[1:])]
    assert costly.apart((SEEN,), corpus, asked) == [((SEEN,), asked[1:])]
    assert costly.apart((toys.SVM, SEEN), toys.corpus(), asked) == [((toys.SVM, SEEN), asked)]


VOICE = replace(toys.VOICE, modalities=("face", "speech"), features=toys.VOICE.features | {"face": toys.SEEN})
MEAN = together("mean", "mean", toys.SVM, VOICE, learner=MeanOfRuns)


def test_each_protocol_has_members_of_its_own_and_a_clip_that_one_of_them_lacks_is_not_judged(tmp_path):
    corpus = toys.corpus(signal=1.0)
    clips = corpus.clips.assign(heard=corpus.clips.heard.where(corpus.clips.clip_id != "s03_4"))
    corpus = replace(corpus, clips=clips.sample(frac=1, random_state=0, ignore_index=True))
    rows = study(tmp_path, MEAN, corpus=corpus, seeds=[0], protocols=["random", "speaker_independent"])
    assert np.abs(means(rows, "svm", "voice")).max() < 1e-4
    judged = rows[rows.part == "test"].groupby("recipe").clip_id.agg(set)
    assert "s03_4" in judged["svm"] and "s03_4" not in judged["mean"] == judged["voice"]


def test_a_mean_on_several_labels_has_the_thresholds_that_its_own_dev_likes(tmp_path):
    corpus = several_corpus(signal=1.0)
    both = together("mean", "mean", toys.SVM, toys.NET, learner=MeanOfRuns)
    rows = study(tmp_path, both, corpus=corpus, seeds=[0], protocols=["official"])
    assert np.abs(means(rows, "svm", "net")).max() < 1e-4
    own = rows[rows.recipe == "mean"]
    (record,) = preds.read_records(tmp_path, list(own.run_id.unique()))
    true, _, said = preds.matrices(own[own.part == "dev"], toys.EMOTIONS)
    thresholds = chosen_thresholds(true.astype(int), said)
    assert list(record["fitted"]["thresholds"].values()) == pytest.approx(thresholds.tolist(), abs=1e-4)
    assert record["corpus_fingerprint"] == corpus.fingerprint()


def test_a_member_that_is_made_anew_makes_the_mean_anew(tmp_path):
    rows = study(tmp_path, PAIR, seeds=[0])
    mean = rows[rows.recipe == "pair"].run_id.iloc[0]
    member = preds.read_records(tmp_path, [mean])[0]["fitted"]["members"]["seen"]
    before = (tmp_path / "predictions" / f"{mean}.parquet").stat().st_mtime_ns
    study(tmp_path, PAIR, seeds=[0])
    assert (tmp_path / "predictions" / f"{mean}.parquet").stat().st_mtime_ns == before
    (tmp_path / "runs" / f"{member}.json").unlink()
    study(tmp_path, PAIR, seeds=[0])
    assert (tmp_path / "predictions" / f"{mean}.parquet").stat().st_mtime_ns > before


def test_the_code_that_averages_is_part_of_what_determines_it(monkeypatch):
    before = identity_of(PAIR)
    monkeypatch.setattr(experiments, "mean_of", lambda split, runs, folder: None)
    assert identity_of(PAIR)["record"] == before["record"] and identity_of(PAIR)["code"] != before["code"]


def test_members_of_one_name_and_means_of_means_are_refused_and_a_plain_member_stays_plain():
    with pytest.raises(ValueError, match="two members of a mean are called 'svm'; names must differ"):
        together("twice", "twice", toys.SVM, replace(toys.SVM, modalities=("speech",)), learner=MeanOfRuns)
    with pytest.raises(ValueError, match="pair is a mean itself: name its members instead"):
        together("deep", "deep", PAIR, toys.VOICE, learner=MeanOfRuns)
    half = together("half", "half", replace(toys.SVM, by_speaker=("face",)), SEEN, learner=MeanOfRuns)
    assert [one.by_speaker for one in members_of(half)] == [("face",), ()]

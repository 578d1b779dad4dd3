"""Runs: what makes a run another run, what is read back, and what is refused before any training."""

import json
from dataclasses import replace

import numpy as np
import pytest
import toys

from emostudy import experiments, stamps
from emostudy import predictions as preds
from emostudy.features.fitted import standardised
from emostudy.features.media import BadMedia
from emostudy.profiles import PROFILES
from emostudy.recipes import fits, for_corpus
from emostudy.recipes.reference import REFERENCE
from emostudy.training import Network

BOTH = ["random", "speaker_independent"]


def run(corpus, folder, recipes=(toys.SVM,), protocols=("speaker_independent",), profile=toys.QUICK, **options):
    return experiments.run(corpus, recipes, list(protocols), profile, folder, **{"jobs": 1} | options)


def ids(corpus, recipe=toys.SVM, profile=toys.QUICK, seeds=(0,), **options) -> list[str]:
    extracted = {
        experiments.hash_of(f): experiments.extract(corpus, f, 1, progress=False) for f in recipe.features.values()
    }
    planned = experiments.plan(corpus, (recipe,), ["speaker_independent"], profile, extracted, list(seeds), **options)
    return [one.run_id for one in planned]


def test_every_protocol_fold_recipe_and_seed_is_run(corpus, tmp_path):
    found = run(corpus, tmp_path, (toys.SVM, toys.NET), BOTH, seeds=[3, 4])
    runs = found.groupby(["protocol", "fold", "recipe"]).seed.unique().map(list)
    assert len(runs) == 2 * 2 * 2
    assert all(seeds == ([3, 4] if recipe == "net" else [0]) for (_, _, recipe), seeds in runs.items())
    assert len(found.run_id.unique()) == 12 == len(list((tmp_path / "runs").iterdir()))
    for _, rows in found.groupby("run_id"):
        assert rows.part.value_counts().to_dict() == {"dev": 18, "test": 18}


def test_predictions_are_of_the_split_and_carry_what_the_clips_are(corpus, tmp_path):
    rows = run(corpus, tmp_path)
    split = experiments.splits(corpus, "speaker_independent", (0,))[0]
    test = rows[(rows.fold == 0) & (rows.part == "test")]
    assert tuple(test.clip_id) == split.test
    clips = corpus.clips.set_index("clip_id").loc[list(test.clip_id)]
    assert test.emotion.tolist() == clips.emotion.tolist() and test.speaker.tolist() == clips.speaker.tolist()
    assert (test.emotion == test.predicted).mean() > 0.8


def test_a_finished_run_is_read_back_and_not_trained_again(corpus, tmp_path, monkeypatch, capsys):
    first = run(corpus, tmp_path, (toys.SVM, toys.NET))
    assert "4 runs: 4 trained, 0 read back" in capsys.readouterr().out
    monkeypatch.setattr(experiments, "train", lambda *_: pytest.fail("trained again"))
    again = run(corpus, tmp_path, (toys.SVM, toys.NET))
    assert "4 runs: 0 trained, 4 read back" in capsys.readouterr().out
    assert again.equals(first)


def test_an_interrupted_study_trains_only_what_is_missing(corpus, tmp_path, capsys):
    first = run(corpus, tmp_path)
    (tmp_path / "runs" / f"{first.run_id.iloc[0]}.json").unlink()  # its predictions were written, its record was not
    capsys.readouterr()
    assert run(corpus, tmp_path).equals(first)
    assert "2 runs: 1 trained, 1 read back" in capsys.readouterr().out


def test_two_processes_write_what_one_writes(corpus, tmp_path):
    recipes = (toys.SVM, replace(toys.NET, learner=replace(toys.NET.learner, refit=True)))
    for jobs in (1, 2):
        run(corpus, tmp_path / str(jobs), recipes, jobs=jobs)
    one, two = (sorted((tmp_path / jobs / "predictions").iterdir()) for jobs in "12")
    assert [path.name for path in one] == [path.name for path in two] and len(one) == 4
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


SAME = {
    "title": lambda corpus, recipe: (corpus, replace(recipe, title="other", source="other", reading="other")),
    "order of clips": lambda corpus, recipe: (replace(corpus, clips=corpus.clips[::-1]), recipe),
    "card": lambda corpus, recipe: (replace(corpus, card=corpus.card | {"licence": "other"}), recipe),
}
OTHER = {
    "recipe's name": lambda corpus, recipe: (corpus, replace(recipe, name="other")),
    "grid": lambda corpus, recipe: (corpus, replace(recipe, learner=replace(recipe.learner, grid={"C": [1.0]}))),
    "refit": lambda corpus, recipe: (corpus, replace(recipe, learner=replace(recipe.learner, refit=True))),
    "feature's setting": lambda corpus, recipe: (
        corpus,
        replace(recipe, features={"face": replace(toys.SEEN, settings={"scale": 2.0})}),
    ),
    "weights": lambda corpus, recipe: (corpus, replace(recipe, pretrained="other")),
    "a clip's emotion": lambda corpus, recipe: (
        replace(corpus, clips=corpus.clips.assign(emotion=["joy", *corpus.clips.emotion[1:]])),
        recipe,
    ),
    "the clips": lambda corpus, recipe: (replace(corpus, clips=corpus.clips[1:]), recipe),
    "folds": lambda corpus, recipe: (
        replace(corpus, card={"speaker_folds": [[f"s{n:02}", f"s{n + 5:02}"] for n in range(5)]}),
        recipe,
    ),
}


@pytest.mark.parametrize("change", SAME)
def test_what_does_not_determine_a_result_makes_no_new_run(corpus, change):
    assert ids(*SAME[change](corpus, toys.SVM)) == ids(corpus)


@pytest.mark.parametrize("change", OTHER)
def test_what_determines_a_result_makes_a_new_run(corpus, change):
    assert not set(ids(*OTHER[change](corpus, toys.SVM))) & set(ids(corpus))


def test_seed_condition_and_budget_make_a_new_run(corpus):
    found = [
        ids(corpus, toys.NET),
        ids(corpus, toys.NET, seeds=[1]),
        ids(corpus, toys.NET, condition="no_scaling"),
        ids(corpus, toys.NET, replace(toys.QUICK, max_epochs=2)),
    ]
    assert len({run_id for each in found for run_id in each}) == 8  # two folds each, all different


def test_code_makes_a_new_run(corpus, monkeypatch):
    before = ids(corpus)
    monkeypatch.setattr(experiments, "source_hash", lambda *used: "changed")
    changed = ids(corpus)
    monkeypatch.setattr(experiments, "source_hash", lambda *used: "same")
    assert len({*before, *changed, *ids(corpus)}) == 6
    assert all("emostudy" not in run_id for run_id in before)


def test_a_run_that_was_set_aside_is_brought_back_not_trained(corpus, tmp_path, capsys):
    run(corpus, tmp_path, (toys.SVM,))
    first = sorted((tmp_path / "runs").iterdir())
    stamp = {"corpus": "", "reads": [], "files": {}}
    stamps.write(tmp_path, "02", stamp | {"runs": [path.stem for path in first]})
    stamps.write(tmp_path, "02", stamp | {"runs": []})
    assert not list((tmp_path / "runs").iterdir()) and not list((tmp_path / "predictions").iterdir())
    run(corpus, tmp_path, (toys.SVM,))
    assert "0 trained, 2 read back" in capsys.readouterr().out
    assert sorted((tmp_path / "runs").iterdir()) == first


def test_a_record_tells_what_the_run_was_made_from(corpus, tmp_path):
    run(corpus, tmp_path, (toys.SVM,))
    (record, _) = preds.read_records(tmp_path, ids(corpus, toys.SVM))
    assert (
        record["identity"] == experiments.identity_of(toys.SVM) and record["corpus_fingerprint"] == corpus.fingerprint()
    )
    assert {"versions", "commit", "threads", "cores", "python"} <= set(record["environment"])
    assert record["seconds"] >= 0 and record["device"] == "cpu"


def picky(cell: str, start: float, end: float) -> np.ndarray:
    if cell.startswith("-"):
        raise BadMedia("below zero")
    return np.array(cell.split(), np.float32)


def test_a_clip_that_gave_no_feature_is_in_no_part(corpus, tmp_path):
    recipe = replace(toys.SVM, features={"face": replace(toys.SEEN, function=picky)})
    bad = set(corpus.clips.clip_id[corpus.clips.seen.str.startswith("-")])
    assert 10 < len(bad) < 60
    rows = run(corpus, tmp_path, (recipe,))
    assert not bad & set(rows.clip_id)
    both = set(run(corpus, tmp_path, (toys.VOICE,)).clip_id)
    assert set(rows.clip_id) == both - bad
    record = json.loads((tmp_path / "runs" / f"{rows.run_id.iloc[0]}.json").read_text())
    assert sum(record["num_clips"].values()) == len(corpus) - len(bad)


def test_an_emotion_lost_with_its_features_stops_before_training(corpus, tmp_path):
    clips = corpus.clips.assign(seen=corpus.clips.seen.where(corpus.clips.emotion != "joy", "-1 0 0"))
    recipe = replace(toys.SVM, features={"face": replace(toys.SEEN, function=picky)})
    with pytest.raises(ValueError, match=r"0 training clips of 'joy'.*add clips or leave that emotion out"):
        run(replace(corpus, clips=clips), tmp_path, (recipe,))
    assert not (tmp_path / "runs").exists()


def test_recipes_may_share_a_features_name_but_not_their_own(corpus, tmp_path):
    rounded = replace(toys.SEEN, settings={"scale": 0.0})
    blind = replace(toys.SVM, name="blind", features={"face": rounded})
    rows = run(corpus, tmp_path, (toys.SVM, blind))
    test = rows[rows.part == "test"]
    right = (test.emotion == test.predicted).groupby(test.recipe).mean()
    assert right["svm"] > 0.8 and right["blind"] < 0.5
    with pytest.raises(ValueError, match="two recipes are called 'svm'; names must differ: rename one"):
        run(corpus, tmp_path, (toys.SVM, replace(blind, name="svm")))


def test_the_record_tells_how_the_result_came_about(corpus, tmp_path):
    recipe = replace(toys.NET, source="system X", reading="our reading")
    rows = run(corpus, tmp_path, (recipe,), profile=replace(toys.QUICK, folds=(1,), max_epochs=2))
    record = preds.read_records(tmp_path, [rows.run_id.iloc[0]])[0]
    assert (record["title"], record["source"], record["reading"], record["pretrained"]) == (
        "net",
        "system X",
        "our reading",
        "none",
    )
    assert (record["fold"], record["seed"], record["protocol"], record["max_epochs"]) == (
        1,
        0,
        "speaker_independent",
        2,
    )
    assert record["corpus_fingerprint"] == corpus.fingerprint() and record["num_clips"] == {
        "train": 54,
        "dev": 18,
        "test": 18,
    }
    assert [row["epoch"] for row in record["history"]] == [1, 2] and record["fitted"]["best_epoch"] in (1, 2)
    assert record["environment"]["versions"]["torch"] and record["seconds"] >= 0
    assert str(tmp_path) not in json.dumps(record)


def test_a_recipe_that_the_corpus_cannot_feed_is_refused_or_passed_over(corpus, tmp_path):
    without = replace(corpus, clips=corpus.clips.drop(columns="heard"))
    assert not fits(toys.VOICE, without) and fits(toys.VOICE, corpus)
    assert for_corpus((toys.VOICE, toys.SVM), without) == (toys.SVM,)
    with pytest.raises(ValueError, match="toy has no heard, which feature 'heard' needs"):
        run(without, tmp_path, (toys.VOICE,))


def test_reference_lines_run_and_tell_no_more_than_chance_for_new_speakers(corpus, tmp_path):
    rows = run(corpus, tmp_path, REFERENCE, profile=replace(toys.QUICK, folds=(0, 1, 2, 3, 4)))
    test = rows[rows.part == "test"]
    assert set(test.modalities) == {"none"} and set(test.recipe) == {"majority", "speaker_only"}
    assert (
        (test.emotion == test.predicted).groupby(test.recipe).mean() == 1 / 3
    ).all()  # each speaker has all emotions alike


def test_profiles_grow():
    smoke, lesson, paper = (PROFILES[name] for name in ("smoke", "class", "paper"))
    assert set(smoke.folds) < set(lesson.folds) <= set(paper.folds) == set(range(5))
    assert set(lesson.seeds) < set(paper.seeds) and smoke.max_epochs and paper.max_epochs is None


def test_a_network_may_see_two_modalities(corpus, tmp_path):
    from emostudy.recipes.fusion import concatenation

    recipe = replace(
        toys.NET,
        name="both",
        modalities=("face", "speech"),
        features={"face": toys.SEEN, "speech": toys.HEARD},
        learner=Network(concatenation, 8, 16, 3e-3),
        prepare={"face": standardised, "speech": standardised},
    )
    rows = run(corpus, tmp_path, (recipe,))
    assert set(rows.modalities) == {"face+speech"}
    assert (rows.emotion == rows.predicted).mean() > 0.9


def test_standardisation_by_speaker_reaches_the_model_and_is_another_run(tmp_path):
    """Speakers differ by far more than emotions: only what is measured against its own speaker can be read."""
    corpus = toys.corpus(signal=3.0)
    loud = {name: 100.0 * number for number, name in enumerate(sorted(corpus.clips.speaker.unique()))}
    cells = [
        np.array(cell.split(), float) + loud[name]
        for cell, name in zip(corpus.clips.seen, corpus.clips.speaker, strict=True)
    ]
    corpus = replace(corpus, clips=corpus.clips.assign(seen=[toys.numbers_cell(values) for values in cells]))
    found = {}
    for names in ((), ("face",)):
        rows = run(corpus, tmp_path, (replace(toys.SVM, by_speaker=names),))
        test = rows[rows.part == "test"]
        found[names] = (test.emotion == test.predicted).mean(), set(rows.run_id)
    assert found[("face",)][0] > 0.8 > 0.6 > found[()][0]
    assert not found[("face",)][1] & found[()][1]

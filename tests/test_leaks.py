"""Mistakes on purpose: each lets in what it says, nothing else; what they add is measured on the same clips; the guard refuses them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile
import toys
from PIL import Image

from emostudy import exercises, experiments, figures, findings, ladder, leaks, mistakes, refusals
from emostudy.estimators import score
from emostudy.protocols import PROTOCOLS, splits
from emostudy.recipes import leaky, leaky_peeks
from emostudy.recipes.reference import SPEAKER_ONLY

EVERY = replace(toys.QUICK, folds=(0, 1, 2, 3, 4))
TITLES = {name: leak.title for name, leak in leaks.LEAKS.items()}


def material(num_train=40, num_test=20, seed=0):
    """Parts and labels of noise, as a learner gets them."""
    rng = np.random.default_rng(seed)
    sizes = {"train": num_train, "dev": 10, "test": num_test}
    parts = {part: {"x": rng.normal(size=(num, 6)).astype(np.float32)} for part, num in sizes.items()}
    return parts, {part: rng.integers(0, 3, num) for part, num in sizes.items()}


def test_some_test_clips_are_in_train_and_nothing_else_is_touched():
    parts, labels = material()
    found, coded = leaky.doubled(parts, labels, 0)
    extra = found["train"]["x"][40:]
    assert len(extra) == 2 == len(coded["train"]) - 40
    for row, code in zip(extra, coded["train"][40:], strict=True):
        at = np.flatnonzero((parts["test"]["x"] == row).all(1))
        assert len(at) == 1 and labels["test"][at[0]] == code
    assert all(found[part]["x"] is parts[part]["x"] for part in ("dev", "test"))


def test_copies_made_first_are_of_test_clips_too_and_those_made_after_are_not():
    parts, labels = material(400, 200)

    first, after = (what(parts, labels, 0)[0]["train"]["x"] for what in (leaky.augmented_first, leaky.augmented_after))
    assert len(after) > 400 and np.array_equal(first[: len(after)], after)  # the very same copies of train
    copies = first[len(after) :]
    distance = np.linalg.norm(copies[:, None] - parts["test"]["x"][None], axis=-1).min(1)
    assert 80 < len(copies) < 180 and (distance < 0.6).all()  # a copy is some 0.25 from its clip, another clip about 2


def test_scaled_on_all_is_scaled_over_the_three_parts():
    parts, labels = material()
    found, _ = leaky.scaled_on_all(parts, labels, 0)
    every = np.concatenate([found[part]["x"] for part in parts])
    assert np.allclose(every.mean(0), 0, atol=1e-6) and np.allclose(every.std(0), 1, atol=1e-5)
    fair, _ = leaky.scaled_on_train(parts, labels, 0)
    assert np.allclose(fair["train"]["x"].mean(0), 0, atol=1e-6) and not np.allclose(
        fair["test"]["x"], found["test"]["x"]
    )


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    """Every pair of a corpus in which nothing can be learned; each speaker's clips are alike. UAR of pairs, test predictions."""
    corpus, rng = toys.corpus(num_speakers=20, signal=0.0), np.random.default_rng(3)
    corpus.clips["seen"] = [toys.numbers_cell(rng.normal(size=40)) for _ in range(len(corpus))]
    base = replace(toys.SVM, learner=replace(toys.SVM.learner, grid={"C": [0.01, 0.1, 1.0, 10.0]}))
    made = leaky.leaky(base, corpus) | leaky_peeks.peeks(base)
    recipes = {one.name: one for pair in made.values() for one in pair}
    study = (corpus, tuple(recipes.values()), ["speaker_independent"], EVERY)
    found = experiments.run(*study, tmp_path_factory.mktemp("leaks"), jobs=1)
    test = found[found.part == "test"]
    pairs = {name: [test[test.recipe == one.name] for one in pair] for name, pair in made.items()}
    return corpus, leaks.worth(pairs, corpus).set_index("leak")


def test_without_a_mistake_noise_is_at_chance(noise):
    _, table = noise
    assert table.honest.between(0.22, 0.45).all()


def test_a_clip_or_its_copy_in_train_is_learned_by_heart(noise):
    _, table = noise
    assert table.difference["augmented_first"] > 0.1 and table.ci_low["augmented_first"] > 0
    assert table.difference["doubled"] > 0.02 and table.difference["near"] > 0.02
    assert table.difference["epoch_on_test"] > 0.02


def test_settings_chosen_by_test_are_never_worse_than_those_chosen_by_dev_and_the_scale_is_harmless(noise):
    _, table = noise
    assert table.difference["chosen_on_test"] >= 0 and abs(table.difference["scaled_on_all"]) < 0.05


def test_speakers_names_tell_where_each_has_an_emotion_of_its_own(tmp_path):
    corpus = toys.corpus(num_speakers=20)
    found = experiments.run(
        corpus, (SPEAKER_ONLY,), ["random", "speaker_independent"], EVERY, tmp_path, jobs=1, cut=leaky.Confounded()
    )
    test = found[found.part == "test"]
    counts = test[test.protocol == "random"].groupby("speaker").emotion.value_counts().unstack(fill_value=0)
    assert (counts.max(axis=1) == 3).all() and (counts.sum(axis=1) == 4).all()
    pair = [test[test.protocol == name] for name in ("random", "speaker_independent")]
    row = leaks.worth({"confounded": pair}, corpus).iloc[0]
    assert row.honest == pytest.approx(1 / 3, abs=0.06) and row.flattered > 0.48 and row.verdict == "better"


def test_an_unbalanced_sample_has_few_of_all_emotions_but_one():
    corpus = toys.corpus(num_speakers=60)
    cut = leaky.Unbalanced()
    parts = [cut(split, corpus) for split in splits(corpus, "speaker_independent")]
    emotion = corpus.clips.set_index("clip_id").emotion
    counts = emotion.loc[[clip for split in parts for clip in split.test]].value_counts()
    assert counts["anger"] == 180 and counts["fear"] == counts["joy"] == 18
    assert refusals.too_small_for(cut, corpus, ["speaker_independent"], (0, 1)) == ""


def test_the_guard_refuses_each_broken_promise_by_name():
    corpus = toys.corpus()
    clips = corpus.clips.assign(sentence=[f"line {n % 9}" for n in range(len(corpus.clips))])
    said = refusals.refused(replace(corpus, clips=clips), ["random", "speaker_independent", "sentence_independent"])
    assert said.shared.tolist() == ["clip_id", "speaker", "sentence"]
    assert said.protocol.tolist() == ["random split", "new speakers", "new sentences"]
    for row in said.itertuples():
        assert row.said.startswith(f"{row.shared} ") and "is in train and test" in row.said


def test_a_near_copy_is_found_where_the_guard_cannot_and_another_clip_is_not(tmp_path):
    corpus = toys.corpus()
    rng, folder = np.random.default_rng(0), tmp_path
    for num in range(2):
        soundfile.write(f"{folder}/{num}.wav", 0.3 * np.clip(rng.standard_normal(16_000).cumsum() / 200, -1, 1), 16_000)
        Image.fromarray(rng.integers(0, 255, (9, 9, 3), np.uint8)).resize((96, 96)).save(f"{folder}/{num}.png")
    clips = corpus.clips.head(2).assign(
        text=["I wrote down the date of the match.", "Nobody knows where they went."],
        audio=[f"{folder}/{num}.wav" for num in range(2)],
        image=[f"{folder}/{num}.png" for num in range(2)],
    )
    found = refusals.found_near(replace(corpus, clips=clips))
    assert found.medium.tolist() == ["text", "audio", "image"]
    assert found.copy_found.all() and not found.other_found.any()
    assert refusals.found_near(replace(corpus, clips=clips.drop(columns=["text", "audio", "image"]))).empty


def test_near_copies_are_of_the_clips_that_stand_in_train_twice_and_never_equal_to_them():
    parts, labels = material(400, 200)
    (twice, coded), (near, also) = (what(parts, labels, 0) for what in (leaky.doubled, leaky_peeks.nearly_doubled))
    exact, copies = twice["train"]["x"][400:], near["train"]["x"][400:]
    assert np.array_equal(coded["train"], also["train"]) and len(copies) == 20
    assert ((exact != copies).all() and np.linalg.norm(exact - copies, axis=1).max() < 0.6).all()
    again, _ = leaky_peeks.nearly_doubled(parts, labels, 0)
    assert np.array_equal(copies, again["train"]["x"][400:])
    said = leaky_peeks.near_copy(np.array(["so it is", "yes"]), np.array(["no"]), np.random.default_rng(0))
    assert said.tolist() == ["so it", "yes"]


def test_an_epoch_chosen_on_test_is_the_best_one_there_and_dev_keeps_its_own_clips():
    parts, labels = material(60, 40)
    by_test, fair = leaky_peeks.peeks(replace(toys.SVM, features={"x": None}))["epoch_on_test"]
    found, honest = (one.learner.fit(one, parts, labels, 3, seed=0) for one in (by_test, fair))
    assert len(found.dev) == 10 and len(found.test) == 40
    best = max(row["dev_uar"] for row in found.history)
    assert score(labels["test"], found.test) == pytest.approx(best, abs=1e-4)
    assert best > score(labels["test"], honest.test)


def test_training_clips_are_each_scored_once_a_seed_and_beside_test_clips_where_no_fold_tests_them():
    rows = pd.concat([toys.predictions(folds=(fold,)).assign(part="train", fold=fold) for fold in (0, 1)])
    seen, _ = mistakes.learned_clips(rows)
    assert not seen.duplicated(["seed", "clip_id"]).any() and set(seen.part) == {"test"}
    assert mistakes.learned_clips(rows.assign(part="test")) is None
    corpus = toys.corpus(num_speakers=20)
    frame = toys.predictions(corpus_=corpus, skill=1.0)
    test = frame[frame.part == "test"]
    half = set(test.speaker.unique()[:10])
    learned = test[test.speaker.isin(half)].assign(predicted=lambda some: some.emotion)
    row = leaks.worth({"training": (learned, test[~test.speaker.isin(half)])}, corpus).iloc[0]
    assert row.flattered == 1 and row.flattered - row.honest == row.difference > 0.1
    assert row.ci_low <= row.difference <= row.ci_high and np.isnan(row.p_value) and row.verdict == "better"


def test_each_mistake_that_cannot_be_made_is_none():
    test = toys.predictions().query("part == 'test'")
    known, _ = mistakes.known_speaker(pd.concat([test.assign(protocol=way) for way in mistakes.WAYS]))
    assert set(known.protocol) == {"random"}
    assert mistakes.known_speaker(test.assign(protocol="random")) is None
    assert mistakes.known_sentence(test.assign(protocol="random")) is None
    assert mistakes.stacked_on_learned(test.assign(modalities="face"), ("anger", "fear", "joy")) is None


def test_accuracy_pleases_the_majority_and_uar_does_not():
    corpus = toys.corpus(num_speakers=20)
    frame = toys.predictions(corpus_=corpus)
    test = frame[frame.part == "test"]
    rare = test[(test.emotion == "anger") | test.clip_id.str[-1].isin(["1", "2"])]
    said = rare.assign(predicted="anger", p_anger=1.0, p_fear=0.0, p_joy=0.0)
    row = leaks.of_accuracy(said, corpus)
    assert row["honest"] == pytest.approx(1 / 3) and row["flattered"] == pytest.approx(0.6)
    assert row["ci_low"] <= row["difference"] <= row["ci_high"]


def test_the_best_of_small_studies_and_of_seeds_is_above_the_whole():
    corpus = toys.corpus(num_speakers=20)
    frame = toys.predictions(corpus_=corpus, skill=1.0)
    (row,) = leaks.of_small_studies(frame[frame.part == "test"], corpus)
    assert 0.02 < row["difference"] < 0.2 and row["ci_low"] <= row["difference"] <= row["ci_high"]
    assert leaks.of_small_studies(frame[frame.part == "test"].head(100), corpus) == []
    scores = pd.Series([0.5, 0.52, 0.55, 0.53])
    lucky = leaks.of_lucky_seeds(scores, frame)
    assert lucky["difference"] == pytest.approx(0.55 - scores.mean()) and np.isnan(lucky["ci_high"])
    assert "luckiest of 4 seeds" in leaks.note(scores, "speaker") and "is 1.8 points" in leaks.note(scores, "speaker")


def test_the_ladder_leaves_out_what_takes_too_many_folds():
    few, many = (leaky.ladder(toys.corpus(num_speakers=num)) for num in (10, 40))
    assert set(few) <= set(PROTOCOLS) and few["leave_one_speaker_out"] == ""
    assert many["leave_one_speaker_out"].startswith("40 folds") and many["speaker_independent"] == ""


def rungs(**num_clips):
    """Scored rows of one system under these protocols, of so many test clips each."""
    values = {
        "as_published": 0.3,
        "random": 0.9,
        "official": 0.7,
        "speaker_independent": 0.5,
        "leave_one_speaker_out": 0.6,
    }
    told = {"recipe": "svm", "modalities": "face", "metric": "UAR"}
    bounds = [(values[name], values[name] - 0.1, values[name] + 0.05) for name in num_clips]
    table = pd.DataFrame(bounds, columns=["value", "ci_low", "ci_high"])
    return table.assign(**told, protocol=list(num_clips), num_clips=list(num_clips.values()))


def test_the_ladder_is_told_against_new_speakers_and_not_of_a_handful_of_clips():
    rows = ladder.above(rungs(leave_one_speaker_out=90, speaker_independent=90, random=90, as_published=10))
    assert rows.protocol.tolist() == ["as_published", "random", "speaker_independent", "leave_one_speaker_out"]
    assert rows.above.round(9).fillna(-1).tolist() == [-1, 0.4, -1, 0.1]
    assert ladder.reference(rungs(random=90, official=90)) == "official"
    assert ladder.reference(rungs(random=90, speaker_independent=20)) == "random"


def test_the_ladders_figure_names_its_column_draws_the_fall_and_stars_what_is_too_small():
    table = rungs(leave_one_speaker_out=90, speaker_independent=90, random=90, as_published=10)
    alt = figures.ladder_alt(table, {"svm": "SVM"})
    assert "in brackets points above new speakers" in alt
    assert "random split 90.0 (40.0), new speakers 50.0, one new speaker 60.0 (10.0)." in alt
    assert "30.0 (10 test clips, too few to compare)" in alt
    fig = figures.ladder(table, {"svm": "SVM"}, chance=1 / 3)
    lines = {line.get_label(): line for line in fig.axes[0].get_lines()}
    assert [*lines["_face random fall"].get_xdata()] == [90, 50] and "_face as_published fall" not in lines
    marks = {one.get_label(): one.lines[0].get_markerfacecolor() for one in fig.axes[0].containers}
    assert marks["_face random"] == "white" != marks["_face speaker_independent"]
    said = [text.get_text() for text in fig.axes[0].texts]
    assert "points above new speakers" in said and "40.0" in said
    assert "as published*" in [tick.get_text() for tick in fig.axes[0].get_yticklabels()]
    assert "* 10 test clips" in " ".join(fig.get_supxlabel().split())
    few = rungs(random=12, speaker_independent=6)
    assert "above" not in figures.ladder_alt(few, {"svm": "SVM"})
    note = " ".join(figures.ladder(few, {"svm": "SVM"}).get_supxlabel().split())
    assert "* 6 or 12 test clips" in note and "Bar" not in note


def test_exercises_leave_a_handful_of_clips_aside_and_count_what_adds_more():
    rows = rungs(random=90, speaker_independent=90, as_published=10)
    assert exercises.fall_between(rows, "svm") == pytest.approx(40)
    assert exercises.fall_between(rungs(random=9, as_published=8), "svm") == pytest.approx(60)
    table = pd.DataFrame({"leak": ["doubled", "seed", "metric"], "difference": [0.3, 0.1, 0.05]})
    assert exercises.num_costlier(table, "seed") == 1


def test_falls_of_all_corpora_are_drawn_from_a_random_split_to_new_speakers():
    one = rungs(random=90, speaker_independent=90, official=90).assign(corpus="TESS", title="SVM")
    alone = rungs(random=90, official=90).assign(corpus="MELD", title="SVM")
    few = rungs(random=90, speaker_independent=9).assign(corpus="JAFFE", title="SVM")
    lines = one.assign(modalities="none")
    table = ladder.falls(pd.concat([one, alone, few, lines]))
    assert table.corpus.tolist() == ["TESS"] and table.fall[0] == pytest.approx(0.4)
    assert table.flattering_low[0] == pytest.approx(0.8) and table.honest_high[0] == pytest.approx(0.55)
    assert "SVM on TESS 90.0 to 50.0 % UAR" in figures.falls_alt(table)
    fig = figures.falls(table)
    lines = {line.get_label(): [*line.get_xdata()] for line in fig.axes[0].get_lines()}
    assert lines["_TESS SVM fall"] == [90, 50]
    assert ladder.falls(pd.DataFrame()).empty


def test_tables_figures_and_findings_tell_each_mistake(noise):
    _, table = noise
    rows = leaks.placed(table.reset_index(), {"svm": "SVM"})
    shown = leaks.worded(rows)
    assert set(shown.protocol) == {"new speakers"} and "SVM (face)" in set(shown.system)
    assert len(shown) == len(rows) and shown.mistake.iloc[0] == TITLES[rows.leak[rows.difference.idxmax()]]
    assert "augmented before the split" in figures.leaks_alt(rows, TITLES)
    assert len(figures.leaks(rows, TITLES).axes[0].get_yticklabels()) == len(rows)
    scores = pd.Series([0.5, 0.52, 0.55])
    assert "best 55.0" in figures.scatter_of_seeds_alt(scores, "UAR")
    assert figures.scatter_of_seeds(scores, "net", "UAR", "random").axes
    told = findings.leaks(
        rows,
        rungs(leave_one_speaker_out=90, random=90, speaker_independent=90, as_published=10),
        TITLES,
        {"svm": "SVM"},
    )
    assert "SVM: 90.0 % on a random split, 50.0 % on new speakers." in told and "augmented before the split" in told

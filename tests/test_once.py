"""Costly systems that a corpus' card names: one seed, the honest protocol, a table of their own, and nothing else."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toys

from emostudy import ablations, claim_verdicts, once
from emostudy.corpora.catalogue import cards
from emostudy.lesson import Asked, Lesson
from emostudy.predictions import read_records
from emostudy.profiles import PROFILES
from emostudy.protocols import splits
from emostudy.recipes.registry import every
from emostudy.recipes.text import TEXT_TFIDF
from emostudy.remake import Reopened

WORDS = {"anger": "furious", "fear": "afraid", "joy": "glad"}
FURTHER = replace(PROFILES["smoke"], name="paper", further=True)


def lesson_of(folder, names, profile=FURTHER):
    corpus = toys.corpus(clips_each=18)
    words = [f"I am {WORDS.get(emotion, emotion)} today, {n % 7}" for n, emotion in enumerate(corpus.clips.emotion)]
    corpus = replace(corpus, clips=corpus.clips.assign(text=words), card=corpus.card | {"once": names})
    return Lesson("04_text_bert", corpus, profile, ["random", "speaker_independent"], [3, 5], "cpu", 1, folder)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    lesson = lesson_of(
        tmp_path_factory.mktemp("results") / "toy" / "paper", ["text_forest", "text_bayes", "speech_mlp"]
    )
    asked = Asked(lesson, lesson.train((TEXT_TFIDF,)), "text")
    return lesson, asked.once()


def ran_once(lesson, protocol="speaker_independent"):
    rows = lesson.predictions()
    return rows[(rows.condition == once.ONCE) & (rows.protocol == protocol)]


def test_they_run_with_one_seed_on_new_speakers_and_on_one_random_split(done):
    lesson, shown = done
    rows = lesson.predictions()
    ran = rows[rows.condition == once.ONCE]
    assert set(ran.recipe) == {"text_forest", "text_bayes"} and set(ran.protocol) == {"speaker_independent", "random"}
    assert set(ran.fold[ran.protocol == "random"]) == {0}
    assert {"random split", "new speakers"} < set(shown)
    assert set(ran[ran.recipe == "text_forest"].seed) == {3} and set(ran[ran.recipe == "text_bayes"].seed) == {0}
    assert len(shown) == 2 and (lesson.folder / "tables" / "04_once.csv").is_file()
    assert "further systems run once, seed 3, UAR" in (lesson.folder / "tables" / "04_once.md").read_text("utf-8")
    assert set(pd.read_csv(lesson.folder / "tables" / "04_once.csv").condition) == {once.ONCE}


def test_the_study_s_table_of_claims_tells_of_them_too_and_of_what_also_ran_otherwise_as_it_did_there(
    done, monkeypatch
):
    lesson, _ = done
    known = replace(lesson.corpus, card=lesson.corpus.card | {"title": "Toys"})
    monkeypatch.setattr(claim_verdicts, "reopen", lambda folder: known)
    lesson._stamp()
    reader = replace(lesson, slug="20_paper", made=[], read=[], kept=[])
    everything = reader.predictions()
    again = everything[everything.recipe == "text_tfidf"].assign(condition=once.ONCE, predicted="joy", seed=9)
    reader.rebuild(pd.concat([everything, again]))
    told = claim_verdicts.gather(lesson.folder.parents[1]).drop_duplicates("recipe").set_index("recipe")
    assert told.title["text_bayes"] == "naive Bayes (R), run once" and told.honest_WA.notna()["text_bayes"]
    assert told.title["text_tfidf"] == "TF-IDF + logistic regression"
    usual = lesson.score(everything[everything.recipe == "text_tfidf"])
    (row,) = usual[(usual.protocol == "speaker_independent") & (usual.metric == "WA") & (usual.emotion == "all")].value
    assert told.honest_WA["text_tfidf"] == pytest.approx(row, abs=1e-4)
    assert np.isnan(told.honest_WA_most["text_tfidf"]), "its one seed is not one of two"


def test_each_is_compared_with_the_one_that_dev_prefers(done):
    lesson, _ = done
    rows = ran_once(lesson)
    right = rows[rows.part == "dev"].assign(right=lambda dev: dev.predicted == dev.emotion)
    preferred = right.groupby("recipe").right.mean().idxmax()  # emotions are equally frequent: as UAR prefers
    Asked(lesson, lesson.joined(rows), "text").once_compared()
    kept = pd.read_csv(lesson.folder / "tables" / "04_once_compared.csv")
    assert kept.baseline.tolist() == [preferred] and {*kept.recipe, preferred} == {"text_forest", "text_bayes"}
    reached = lesson.score(rows).query("metric == 'UAR' and emotion == 'all'").set_index("recipe").value
    assert kept.difference[0] == pytest.approx(reached[kept.recipe[0]] - reached[preferred], abs=1e-4)
    assert "paired" in (lesson.folder / "tables" / "04_once_compared.md").read_text("utf-8").lower()


def test_the_networks_among_them_are_drawn_as_they_learned(tmp_path, monkeypatch):
    lesson = lesson_of(tmp_path, ["text_bert", "text_forest"])
    asked = Asked(lesson, pd.DataFrame(), "text")
    assert "No two networks" in asked.once_curves().data, "one network, and a forest that learns by no epochs"
    bert, forest = once.recipes_of("text", lesson.corpus)
    slow = replace(bert, name="text_bert_slow", title="slower", learner=replace(bert.learner, lr=1e-6))
    monkeypatch.setattr(once, "recipes_of", lambda *told: (bert, slow, forest))
    told = Asked(lesson, pd.DataFrame(), "text").once_curves().alt
    assert "slower" in told and "2 networks" in told and bert.title in told and forest.title not in told
    drawn = pd.read_csv(tmp_path / "figures" / "04_once_curves.csv")
    assert len(drawn) and (tmp_path / "figures" / "04_once_curves.png").is_file()


def test_one_alone_is_compared_with_nothing(tmp_path):
    asked = Asked(lesson_of(tmp_path, ["text_forest"]), pd.DataFrame(), "text")
    assert "No two systems" in asked.once_compared().data and not list(tmp_path.glob("tables/04_once_compared*"))


def test_they_take_part_in_nothing_else(done):
    lesson, _ = done
    assert set(lesson.joined(lesson.predictions()).recipe) == {"text_tfidf"}


def test_the_table_is_made_again_from_predictions(done, tmp_path):
    lesson, shown = done
    lesson._stamp()
    again = Reopened(**vars(lesson) | {"made": [], "read": [], "kept": []})
    predictions = again.train((TEXT_TFIDF,))
    pd.testing.assert_frame_equal(Asked(again, predictions, "text").once(), shown)


def test_a_lesson_at_class_runs_none(tmp_path):
    lesson = lesson_of(tmp_path, ["text_forest"], replace(PROFILES["smoke"], further=False))
    assert once.train(lesson, "text") is None
    asked = Asked(lesson, pd.DataFrame(), "text")
    assert "No system runs once here" in asked.once().data and "No two systems" in asked.once_compared().data


def test_of_a_large_corpus_a_share_is_learned_from_and_told(tmp_path, monkeypatch):
    monkeypatch.setattr(ablations, "MOST", 20)
    lesson = lesson_of(tmp_path, ["text_forest"])
    Asked(lesson, pd.DataFrame(), "text").once()
    ran = ran_once(lesson)
    (whole,) = splits(lesson.corpus, "speaker_independent")[:1]
    (run,) = read_records(tmp_path, ran[ran.fold == 0].run_id.unique())
    assert 0 < run["num_clips"]["train"] < len(whole.train) / 2
    assert "% of the training clips" in (tmp_path / "tables" / "04_once.md").read_text("utf-8")


def test_a_rebuild_that_ran_once_stands_in_the_table_of_claims_and_says_so(done):
    lesson, _ = done
    rows, once_alone = lesson.predictions(), ran_once(lesson)
    usual = rows[rows.condition == "none"]
    asked = Asked(lesson, usual, "text")
    before = asked.claims().reset_index()["rebuilt by"].tolist()
    asked.once()
    _, asked = asked.in_their_way()
    shown = asked.claims().reset_index().set_index("rebuilt by")
    titles = {lesson.titles[name] for name in ("text_forest", "text_bayes")}
    assert not titles & {one.removesuffix(", run once") for one in before}
    assert {f"{title}, run once" for title in titles} <= set(shown.index) and lesson.titles["text_tfidf"] in shown.index
    reached = lesson.score(once_alone).query("metric == 'WA' and emotion == 'all'").set_index("recipe").value
    cell = shown.loc[f"{lesson.titles['text_forest']}, run once", "new speakers, WA"]
    assert cell.startswith(f"{100 * reached['text_forest']:.1f} [")
    kept = pd.read_csv(lesson.folder / "tables" / "04_claims.csv").drop_duplicates("recipe").set_index("recipe")
    assert kept.train_UAR[["text_forest", "text_tfidf"]].gt(0.5).all()
    (random,) = (
        lesson.score(ran_once(lesson, "random"))
        .query("metric == 'WA' and emotion == 'all' and recipe == 'text_forest'")
        .value
    )
    assert (
        kept.theirs_WA["text_forest"] == pytest.approx(random, abs=1e-5)
        and kept.protocol_theirs["text_forest"] == "random"
    )
    asked.once("text_tfidf")  # weights that nothing here starts from: the same runs
    assert len(asked.claims()) == len(shown)
    assert "Run once: one seed; the sample is under `04_once`" in (lesson.folder / "tables" / "04_claims.md").read_text(
        "utf-8"
    )


def test_what_ran_otherwise_too_is_not_told_as_run_once(done):
    lesson, _ = done
    rows = lesson.predictions()
    both = pd.concat([rows, rows[rows.recipe == "text_bayes"].assign(condition="none")], ignore_index=True)
    asked = Asked(lesson, both[both.condition == "none"], "text")
    asked.once()
    assert not any("naive" in one and "run once" in one for one in asked.claims().reset_index()["rebuilt by"])


def test_a_card_may_say_in_how_many_folds(tmp_path):
    lesson = lesson_of(tmp_path, ["text_forest"], replace(FURTHER, folds=(0, 1, 2)))
    some = replace(lesson, corpus=replace(lesson.corpus, card=lesson.corpus.card | {"once_folds": 2}))
    for few, folds in ((some, {0, 1}), (lesson, {0, 1, 2})):
        assert set(once.train(few, "text").query("protocol == 'speaker_independent'").fold) == folds
    Asked(some, pd.DataFrame(), "text").once()
    assert "1 and 2 folds" in (tmp_path / "tables" / "04_once.md").read_text("utf-8")


def test_a_lesson_of_new_speakers_alone_tells_the_fall_too(tmp_path):
    lesson = replace(lesson_of(tmp_path, ["text_forest"]), protocols=["speaker_independent"])
    asked = Asked(lesson, lesson.train((TEXT_TFIDF,)), "text")
    shown = asked.once()
    assert {"random split", "new speakers"} < set(shown)
    told = asked.claims().reset_index().set_index("rebuilt by")
    assert told.filter(like="random").loc["random forest (R), run once"].iloc[0] != "-"
    assert (told.filter(like="random").drop("random forest (R), run once") == "-").all(axis=None)


def test_a_system_that_the_corpus_cannot_feed_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"text_mine is under `once` in the card of toy.* take it out"):
        once.recipes_of("text", lesson_of(tmp_path, ["text_mine"]).corpus)


def test_a_system_is_known_by_its_modality_and_not_by_how_its_name_begins():
    corpus = toys.corpus(video="film.mp4")
    names = ["face_cnn", "middle_half_small_cnn", "text_forest"]
    corpus = replace(corpus, card=corpus.card | {"once": names})
    assert [recipe.name for recipe in once.recipes_of("face", corpus)] == names[:2]


def test_cards_name_known_systems():
    named = {name for card in cards().values() for name in card.get("once", [])}
    assert named and named <= {name for kind in ("face", "speech", "text") for name in every(kind)}

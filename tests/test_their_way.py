"""Rebuilds in their authors' own way to split, beside a lesson's protocols: they stand in two tables and nowhere else."""

from dataclasses import replace

import pandas as pd
import pytest
import toys

from emostudy import status, their_way
from emostudy.claims import IN_THEIR_WAY
from emostudy.corpora.catalogue import cards
from emostudy.lesson import Asked, Lesson
from emostudy.profiles import PROFILES
from emostudy.recipes.registry import every
from emostudy.recipes.text import TEXT_TFIDF
from emostudy.remake import Reopened

WAY = "as_published:70_20_10"
WORDS = {"anger": "furious", "fear": "afraid", "joy": "glad"}
FURTHER = replace(PROFILES["smoke"], name="smoke", further=True)


def talking(names, clips_each=18):
    corpus = toys.corpus(clips_each=clips_each)
    words = [f"I am {WORDS.get(emotion, emotion)} today, {n % 7}" for n, emotion in enumerate(corpus.clips.emotion)]
    return replace(corpus, clips=corpus.clips.assign(text=words), card=corpus.card | {"in_their_way": names})


def lesson_of(folder, corpus, protocols=("speaker_independent",), profile=FURTHER):
    return Lesson("04_text_bert", corpus, profile, list(protocols), [0], "cpu", 1, folder)


NOTHING = pd.DataFrame(columns=["recipe", "protocol"])


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    lesson = lesson_of(tmp_path_factory.mktemp("results"), talking(["text_bayes", "text_mine", "speech_mlp"]))
    told, asked = Asked(lesson, lesson.train((TEXT_TFIDF,)), "text").in_their_way()
    return lesson, told, asked


def test_what_the_card_names_runs_in_the_way_of_its_claim_alone_and_what_cannot_is_told(done):
    _, told, asked = done
    assert set(asked.theirs.recipe) == {"text_bayes"} and set(asked.theirs.protocol) == {WAY}
    assert set(asked.theirs.condition) == {IN_THEIR_WAY} and set(asked.predictions.protocol) == {"speaker_independent"}
    assert "naive Bayes (R) (70/20/10 as published)" in told.data
    assert "text_mine: is known only where its weights are given" in told.data and "speech" not in told.data


def test_it_stands_in_the_tables_of_claims_and_of_training(done):
    lesson, _, asked = done
    claims, training = asked.claims().reset_index(), asked.training().reset_index()
    row = claims[claims["rebuilt by"] == "naive Bayes (R)"].iloc[0]
    assert row["70/20/10 as published, WA"] != "-" and row["new speakers, WA"] == "-"
    other = claims[claims["rebuilt by"] == "TF-IDF + logistic regression"].iloc[0]
    assert other["70/20/10 as published, WA"] == "-" and other["new speakers, WA"] != "-"
    assert training[training.system == "naive Bayes (R)"]["split"].tolist() == ["70/20/10 as published"]
    assert "* naive Bayes (R): TF-IDF of words and pairs of words;" in asked.readings().data
    csv = pd.read_csv(lesson.folder / "tables" / "04_claims.csv")
    assert csv[csv.recipe == "text_bayes"].theirs_WA.notna().all()


def test_no_other_table_or_notebook_meets_it_but_the_records_do(done):
    lesson, _, asked = done
    lesson.results(asked.predictions, "results", "Words alone")
    lesson._stamp()
    assert set(lesson.joined(lesson.predictions()).recipe) == {"text_tfidf"} == set(lesson.unimodal().recipe)
    after = replace(lesson, slug="05_decision_fusion", made=[], read=[])
    assert set(after.predictions().recipe) == {"text_tfidf"}
    reader = replace(lesson, slug="20_paper", made=[], read=[])
    records, comparisons, curves = reader.rebuild(reader.predictions())
    ran = records[records.recipe == "text_bayes"]
    assert set(ran.condition) == {IN_THEIR_WAY} and set(ran.protocol) == {WAY} and (ran.fold == "all").any()
    assert WAY not in set(comparisons.get("protocol", [])) and WAY not in set(curves.get("protocol", []))
    assert WAY not in (lesson.folder / "tables" / "04_results.csv").read_text("utf-8")


def test_it_is_found_again_without_training(done, monkeypatch):
    lesson, _, asked = done
    lesson._stamp()
    monkeypatch.setattr("emostudy.experiments.run", None)
    again = Reopened(
        *(getattr(lesson, name) for name in ("slug", "corpus", "profile", "protocols", "seeds")),
        "cpu",
        1,
        lesson.folder,
    )
    predictions = again.train((TEXT_TFIDF,))
    assert set(predictions.recipe) == {"text_tfidf"}
    _, found = Asked(again, predictions, "text").in_their_way()
    assert found.theirs.run_id.tolist() == asked.theirs.run_id.tolist()


def test_status_compares_it_with_the_recipe_of_today(done, monkeypatch):
    lesson, _, _ = done
    lesson._stamp()
    monkeypatch.setattr(status, "reopen", lambda folder: lesson.corpus)
    monkeypatch.setattr(status, "fingerprint", lambda folder, data_dir: "")
    name = ("text_bayes", "text", IN_THEIR_WAY)
    folder = lesson.folder.parent / "smoke"
    _, asked_for = status.known_recipes(folder, {name})
    (run,) = [one for one in status.current_records(lesson.folder) if one["condition"] == IN_THEIR_WAY]
    line = status._line(name, [run], asked_for[name], "")
    assert line == ("text_bayes (text), in their way", "fresh", "1 run")


def test_below_paper_and_where_it_ran_anyway_nothing_runs_beside_the_protocols(tmp_path):
    corpus = talking(["text_bayes"])
    usual = lesson_of(tmp_path, corpus, profile=PROFILES["smoke"])
    assert their_way.plan(usual, "text", NOTHING) == their_way.Planned({})
    ran = pd.DataFrame({"recipe": ["text_bayes"], "protocol": [WAY]})
    assert their_way.plan(lesson_of(tmp_path, corpus), "text", ran) == their_way.Planned({})
    told, asked = Asked(usual, NOTHING, "text").in_their_way()
    assert told.data.startswith("No system runs beside") and asked.theirs is None


@pytest.mark.parametrize(
    ("name", "corpus", "reason"),
    [
        ("text_bayes", talking([], clips_each=1), "this split needs 5 of each|fewer than"),
        ("text_bayes", toys.corpus(), "and not what it reads"),
        ("text_mine_mlp", talking([]), "rebuilds no printed number"),
    ],
)
def test_a_system_that_cannot_run_so_is_refused_with_its_reason(name, corpus, reason):
    with pytest.raises(ValueError, match=reason):
        their_way.checked(name, "text", corpus, "someone/mine" if "mine" in name else "")


def test_cards_name_systems_that_rebuild_a_claim_in_a_way_of_its_own():
    named = {name: card["in_their_way"] for name, card in cards().items() if "in_their_way" in card}
    assert named
    for systems in named.values():
        for name in systems:
            modality = name.partition("_")[0]
            known = every(modality) | every(modality, weights="all-MiniLM-L6-v2")
            assert their_way.claim_of(known[name], modality).way.startswith("as_published:")

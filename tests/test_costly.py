"""Costly systems of a card: under the honest protocol alone, in tables and figures beside those that ran under both."""

from dataclasses import replace

import pandas as pd
import pytest
import toys
from test_means_of_runs import PAIR, SEEN

from emostudy import corruptions, costly, figures, findings, robustness
from emostudy.corpora.catalogue import cards
from emostudy.lesson import Asked, Lesson
from emostudy.profiles import PROFILES
from emostudy.recipes.reference import MAJORITY
from emostudy.recipes.registry import KINDS, every
from emostudy.remake import Reopened
from emostudy.stamps import runs_of

ASKED = ["random", "speaker_independent"]
QUICK = replace(PROFILES["smoke"], name="paper", folds=(0, 1), max_epochs=None, further=True)


def lesson_of(folder, **card) -> Lesson:
    corpus = toys.corpus(signal=1.0)
    corpus = replace(corpus, card=corpus.card | card)
    return Lesson("02_face_cnn", corpus, QUICK, ASKED, [0, 1], "cpu", 1, folder)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    lesson = lesson_of(tmp_path_factory.mktemp("results") / "toy" / "paper", costly=["seen", "pair"])
    return lesson, lesson.train((MAJORITY, toys.SVM, PAIR))


def test_they_and_means_of_them_run_for_new_speakers_alone_and_the_rest_under_every_protocol(done):
    lesson, rows = done
    ran = {name: set(some.protocol) for name, some in rows.groupby("recipe")}
    assert ran == {"majority": set(ASKED), "svm": set(ASKED), "seen": {ASKED[1]}, "pair": {ASKED[1]}}
    assert not rows.duplicated(["run_id", "part", "clip_id"]).any() and set(lesson.made) == set(rows.run_id)
    assert set(rows[rows.recipe == "pair"].seed) == {0, 1}


def test_protocols_that_are_asked_for_hold_for_them_too(tmp_path):
    lesson = lesson_of(tmp_path, costly=["svm"])
    assert set(lesson.train((toys.SVM,), protocols=["random"]).protocol) == {"random"}
    assert set(lesson_of(tmp_path).train((toys.SVM,)).protocol) == set(ASKED)


def test_tables_figures_and_findings_take_them_without_a_score_on_known_speakers(done):
    lesson, rows = done
    shown = lesson.results(rows, "results", "Faces alone").reset_index().set_index("system")
    random, new, fall = shown.columns[1:4]
    assert shown.loc["pair", random] == "-" == shown.loc["pair", fall] and shown.loc["pair", new][0].isdigit()
    assert shown.loc["SVM", random][0].isdigit()
    scored = lesson.score(rows)
    figure = figures.protocols(scored, lesson.titles)
    told = figures.protocols_alt(scored, lesson.titles)
    assert "of 3 systems on a random split and on new speakers, 2 of them on new speakers alone. 1 of them" in told
    reached = scored.query("metric == 'UAR' and emotion == 'all' and protocol == @ASKED[1]").set_index("recipe").value
    assert reached.idxmax() != "svm" and f"Best on new speakers is {reached.idxmax()} (face) with" in told
    assert "nan" not in told.lower()
    lesson.figure(figure, "protocols", "they fall")
    told = findings.unimodal(scored, lesson.titles, "svm", "pair")
    assert "prefer is **pair**: " in told and "nan" not in told.lower() and "- % on" not in told


def test_what_was_trained_is_read_back_with_the_members_of_a_mean(done):
    lesson, rows = done
    lesson.finish()
    again = Reopened(
        *(getattr(lesson, name) for name in ("slug", "corpus", "profile", "protocols", "seeds", "device")),
        1,
        lesson.folder,
    )
    assert set(runs_of(lesson.folder, [lesson.slug])) == set(rows.run_id)
    assert set(again.train((MAJORITY, toys.SVM, PAIR)).run_id) == set(rows.run_id)


def test_what_averages_a_costly_one_is_costly_and_no_recipe_is_none(tmp_path):
    corpus = lesson_of(tmp_path, costly=["seen"]).corpus
    assert costly.is_costly(PAIR, corpus) and not costly.is_costly(toys.SVM, corpus)
    rows = lesson_of(tmp_path, costly=["seen"]).train((PAIR,))
    assert set(rows.protocol) == {ASKED[1]} and set(rows.recipe) == {"svm", "seen", "pair"}
    assert lesson_of(tmp_path).train(()).empty


def test_they_take_no_part_in_fusion(done, monkeypatch):
    lesson, rows = done
    monkeypatch.setattr(Lesson, "predictions", lambda self: rows)
    assert set(lesson.unimodal().recipe) == {"majority", "svm"}


def test_they_are_not_measured_by_speaker(done):
    lesson, rows = done
    told = Asked(lesson, rows, "face").knowing_the_speaker((PAIR,))
    assert "No recipe here" in told.data
    asked = Asked(lesson, rows, "face").knowing_the_speaker((toys.SVM, PAIR)).reset_index()
    assert asked.system.tolist() == ["SVM"]


def test_cards_name_systems_that_there_are():
    named = {name for card in cards().values() for name in card.get("costly", [])}
    assert named and named <= {name for kind in KINDS for name in every(kind)}
    assert costly.is_costly(SEEN, lesson_of(None, costly=["seen"]).corpus)


@pytest.mark.parametrize(("further", "folds"), [(True, (0,)), (False, (0, 1))])
def test_a_card_may_spoil_the_test_clips_of_fewer_folds_where_further_systems_run(
    further, folds, tmp_path, monkeypatch
):
    asked, spoilt = [], (corruptions.Corruption("face_absent", "face", "absent", how="absent"),)
    nothing = pd.DataFrame({"run_id": [], "speaker": []})
    monkeypatch.setattr(robustness, "run", lambda *study, **how: asked.append(study[4].folds) or nothing)
    lesson = lesson_of(tmp_path, spoilt_folds=1)
    replace(lesson, profile=replace(QUICK, further=further)).spoil((), spoilt)
    lesson.spoil((), (), keep_train=True)  # nothing is spoilt: notebooks 07 and 09 ask what is said of training clips
    lesson_of(tmp_path).spoil((), spoilt)
    assert asked == [folds, (0, 1), (0, 1)]

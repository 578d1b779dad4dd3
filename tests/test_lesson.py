"""A lesson: its protocols and its metric are the corpus card's or those asked for, and so are the words in its tables."""

from dataclasses import replace

import pandas as pd
import pytest
import toys

from emostudy import variance
from emostudy.lesson import Lesson, begin
from emostudy.profiles import PROFILES
from emostudy.scores import score_runs
from emostudy.wording import percent


@pytest.fixture
def lesson(tmp_path):
    """On a corpus that is judged on its official split by weighted F1, with three systems run."""
    corpus = toys.corpus()
    corpus = replace(corpus, card=corpus.card | {"metric": "weighted_F1", "protocols": ["official"]})
    lesson = Lesson("02_face_cnn", corpus, PROFILES["smoke"], ["official"], [0], "cpu", 1, tmp_path)
    for name, modality, skill in (("good", "face", 3.0), ("poor", "speech", 0.5), ("majority", "none", 0.0)):
        rows = toys.predictions(name, modality, skill, protocol="official")
        toys.write(tmp_path, rows)
        lesson.made.extend(rows.run_id.unique())
    return lesson


def test_a_table_of_results_has_the_metric_and_the_one_protocol_of_the_card(lesson):
    shown = lesson.results(lesson.predictions(), "results", "Faces alone")
    assert list(shown) == ["official split"]
    text = (lesson.folder / "tables" / "02_results.md").read_text("utf-8")
    assert text.startswith("**Faces alone, weighted F1**") and "new speakers" not in text and "fall" not in text
    lesson.results(lesson.predictions(), "accuracy", "Faces alone", metric="WA")
    assert "weighted accuracy**" in (lesson.folder / "tables" / "02_accuracy.md").read_text("utf-8")


def test_a_table_tells_the_size_of_each_system_and_what_it_reads(lesson):
    features = {"face": {"name": "face_hog"}, "text": {"name": "words"}}
    for fold, size in enumerate((1234, 12345)):  # folds may know other words
        rows = toys.predictions("head", "face+text", 3.0, "official", run_id=f"head-{fold}")
        part = rows[(rows.clip_id < "s05") == (fold == 0)].assign(fold=fold)
        toys.write(lesson.folder, part, fitted={"num_parameters": size}, record={"features": features})
    rule = toys.predictions("rule", "face+speech", 3.0, "official")
    toys.write(lesson.folder, rule, fitted={})
    lesson.made.extend(["head-0", "head-1", *rule.run_id.unique()])
    shown = lesson.results(lesson.predictions(), "sized", "All", sized=True).reset_index().set_index("system")
    assert shown.loc["title of head", ["parameters", "reads"]].tolist() == ["12 345", "face hog, words"]
    assert shown.loc["title of rule", ["parameters", "reads"]].tolist() == ["-", "scores of single modalities"]
    table = pd.read_csv(lesson.folder / "tables" / "02_sized.csv").set_index("recipe")
    assert (
        table.num_parameters["head"].tolist() == [12345] * len(table.loc["head"])
        and table.isna().num_parameters["rule"].all()
    )


def test_systems_whose_settings_saw_test_clips_are_named_under_every_table_of_scores(lesson):
    plain = lesson.results(lesson.predictions(), "plain", "Faces alone")
    careful = replace(
        lesson, corpus=replace(lesson.corpus, card=lesson.corpus.card | {"flattered_systems": ["speech_strong"]})
    )
    assert careful.results(careful.predictions(), "careful", "Faces alone").equals(plain)
    notes = [(lesson.folder / "tables" / f"02_{name}.md").read_text("utf-8") for name in ("plain", "careful")]
    assert (
        "flattered" not in notes[0]
        and "The settings of CRNN and MLP together, or the features they read, were found with a look at test"
        in notes[1]
    )
    careful.comparisons(careful.rebuild(careful.predictions())[1], "compared", "Against the majority")
    assert "are flattered" in (lesson.folder / "tables" / "02_compared.md").read_text("utf-8")


def test_a_table_says_how_far_apart_seeds_are_where_several_ran(lesson):
    apart = [toys.predictions("seeded", "face", skill, "official", seed) for seed, skill in enumerate((3.0, 0.0))]
    same = [toys.predictions("steady", "face", 3.0, "official", seed, run_id=f"steady-{seed}") for seed in (0, 1)]
    told = variance.between_seeds(pd.concat([*apart, *same]), lesson.corpus, "UAR", {"seeded": "LSTM"})
    scores = [
        score_runs(rows, lesson.corpus).query("part == 'test' and metric == 'UAR'").value.mean() for rows in apart
    ]
    most = percent(scores[0] - scores[1])
    assert f"{percent((scores[0] - scores[1]) / 2)} points apart (median of 2 rows" in told
    assert f"at most {most} (LSTM, official split)" in told and float(most) > 20
    assert variance.between_seeds(apart[0], lesson.corpus, "UAR", {}) == ""
    lesson.results(pd.concat([*apart, *same]), "seeds", "Faces alone", "UAR")
    assert told.split("(median")[0] in (lesson.folder / "tables" / "02_seeds.md").read_text("utf-8")


def test_what_is_rebuilt_is_compared_by_the_metric_of_the_card(lesson):
    records, comparisons, _ = lesson.rebuild(lesson.predictions())
    assert set(comparisons.metric) == {"weighted_F1"} and set(comparisons.protocol) == {"official"}
    assert comparisons.num_clips.tolist() == [90, 90]  # whole numbers, though nothing builds on the best modality
    assert "weighted_F1" in set(records[records.run_id != "all"].metric)
    shown = lesson.comparisons(comparisons, "comparisons", "Against the majority")
    assert set(shown["protocol"]) == {"official split"}


def test_beginning_takes_the_protocols_of_the_card_where_none_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("emostudy.lesson.load", lambda *_: toys.corpus())
    monkeypatch.setattr("emostudy.lesson.keep", lambda *_: None)

    def protocols(corpus, asked):
        return begin("04_text_bert", corpus, "", "smoke", asked, [], "cpu", 1, str(tmp_path)).protocols

    assert protocols("meld", []) == ["official"]
    assert protocols("ravdess", []) == ["random", "speaker_independent"]
    assert protocols("ravdess", ["speaker_independent", "random"])[-1] == "speaker_independent"


def test_who_needs_a_further_package_does_not_speak_in_fusion(lesson):
    rows = toys.predictions("speech_compare", "speech", 3.0, protocol="official")
    toys.write(lesson.folder, rows)
    lesson.made.extend(rows.run_id.unique())
    assert "speech_compare" in set(lesson.predictions().recipe)
    assert set(lesson.unimodal().recipe) == {"good", "poor", "majority"}

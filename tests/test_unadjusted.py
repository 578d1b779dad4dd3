"""Logit adjustment taken back: what a system said before, without training it again."""

from dataclasses import replace

import numpy as np
import pytest
import toys
from IPython.display import Markdown

from emostudy import unadjusted
from emostudy.adjusting import LogitAdjusted
from emostudy.experiments import run as study
from emostudy.lesson import Lesson
from emostudy.predictions import read_records
from emostudy.profiles import PROFILES

SHARE = 0.5


@pytest.fixture(scope="module")
def uneven():
    """A corpus of which one emotion is rare, rarest with some speakers, and in which little can be seen."""
    corpus = toys.corpus(num_speakers=15, clips_each=12, signal=1.0)
    rare = corpus.clips.emotion.eq("joy") & ((np.arange(len(corpus.clips)) % 4 != 2) | (corpus.clips.speaker < "s08"))
    return replace(corpus, clips=corpus.clips[~rare].reset_index(drop=True))


@pytest.fixture(scope="module")
def ran(uneven, tmp_path_factory):
    """The same network with adjustment and without, and where their runs are."""
    folder = tmp_path_factory.mktemp("ran")
    turned = replace(toys.NET, name="turned", learner=LogitAdjusted(toys.NET.learner, SHARE))
    return study(uneven, (toys.NET, turned), ["speaker_independent"], toys.QUICK, folder, seeds=[0]), folder


def test_what_is_taken_back_is_what_the_learner_said(uneven, ran):
    rows, folder = ran
    test = rows[rows.part == "test"]
    back = unadjusted.taken_back(test, read_records(folder, sorted(test.run_id.unique())), uneven)
    assert set(back.recipe) == {"turned_unadjusted"}
    numbers = [f"p_{emotion}" for emotion in uneven.emotions]
    plain, turned = (test[test.recipe == name].set_index("clip_id")[numbers] for name in ("net", "turned"))
    back = back.set_index("clip_id")
    np.testing.assert_allclose(back[numbers], plain.loc[back.index], atol=5e-4)  # four decimals are kept
    assert np.abs(turned - plain).max(axis=None) > 0.05
    same = back.predicted == test[test.recipe == "net"].set_index("clip_id").predicted[back.index]
    assert same.mean() > 0.98


def lesson_on(uneven, folder) -> Lesson:
    return Lesson("04_text_bert", uneven, PROFILES["class"], ["speaker_independent"], [0], "cpu", 1, folder)


def test_each_is_compared_with_itself_without_in_both_metrics(uneven, ran):
    rows, folder = ran
    lesson = lesson_on(replace(uneven, card=uneven.card | {"metric": "weighted_F1"}), folder)
    lesson.made.extend(rows.run_id.unique())
    assert unadjusted.compared(lesson, rows, "turned") is None
    for name in ("adjusted", "adjusted_UAR", "per_class_unadjusted"):
        text = (folder / "tables" / f"04_{name}.md").read_text("utf-8")
        assert "net, not adjusted" in text
    assert "UAR on the same" in (folder / "tables" / "04_adjusted_UAR.md").read_text("utf-8")


def test_where_nothing_was_adjusted_it_says_so(uneven, ran):
    rows, folder = ran
    found = unadjusted.compared(lesson_on(uneven, folder), rows[rows.recipe == "net"], "net")
    assert isinstance(found, Markdown) and "No system here" in found.data

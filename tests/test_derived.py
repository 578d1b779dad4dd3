"""What was said before: columns made from the clip table."""

import numpy as np
import pandas as pd
import pytest
import toys

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.derived import column, is_text
from emostudy.features import Feature
from emostudy.features.extract import extract
from emostudy.features.text import words

SAID = [  # clip_id, dialogue, turn, speaker, text; neither in the order of the ids nor of the turns
    ("a10", "d1", 10, "Ross", "ten"),
    ("a2", "d1", 2, "Joey", "two"),
    ("a1", "d1", 1, "Ross", "one"),
    ("a3", "d1", 3, "", "three"),
    ("b1", "d2", 1, "Joey", "other"),
    ("c1", "", 0, "Rachel", "alone"),
    ("c2", "", 0, "Rachel", "alone too"),
]


@pytest.fixture
def clips():
    table = pd.DataFrame(SAID, columns=["clip_id", "dialogue", "turn", "speaker", "text"])
    return table.assign(emotion="joy", gender="", split="", start=np.nan, end=np.nan)


def history(clips: pd.DataFrame, turns: int) -> dict[str, str]:
    return dict(zip(clips.clip_id, column(clips, f"history_{turns}"), strict=True))


def test_the_current_turn_comes_first_and_the_oldest_last(clips):
    assert history(clips, 2) == {
        "a1": "Ross: one",
        "a2": "Joey: two [SEP] Ross: one",
        "a3": "three [SEP] Joey: two [SEP] Ross: one",
        "a10": "Ross: ten [SEP] three [SEP] Joey: two",
        "b1": "Joey: other",
        "c1": "Rachel: alone",
        "c2": "Rachel: alone too",
    }
    assert history(clips, 0)["a10"] == "Ross: ten"
    assert history(clips, 9)["a10"].endswith("Joey: two [SEP] Ross: one")


def test_the_order_of_the_rows_and_the_emotions_change_nothing(clips):
    mixed = clips.sample(frac=1, random_state=0).assign(emotion="fear")
    assert history(mixed, 3) == history(clips, 3)
    assert list(column(mixed, "history_3").index) == list(mixed.index)


def test_a_turn_without_words_has_no_cell_and_is_passed_over(clips):
    clips.loc[clips.clip_id == "a3", "text"] = None
    found = history(clips, 1)
    assert pd.isna(found["a3"]) and found["a10"] == "Ross: ten [SEP] Joey: two"


def test_a_speaker_who_is_missing_has_no_name(clips):
    assert history(clips.assign(speaker=None), 1)["a2"] == "two [SEP] one"


def test_what_cannot_be_made_is_none(clips):
    assert column(clips.assign(dialogue=""), "history_3") is None
    assert column(clips.assign(dialogue=None), "history_3") is None
    assert column(clips.drop(columns="text"), "history_3") is None
    assert column(clips.assign(text=None), "history_3") is None
    assert column(clips, "audio") is None and column(clips, "history_many") is None
    assert column(clips, "text").tolist() == clips.text.tolist()


def test_which_columns_hold_words():
    assert is_text("text") and is_text("history_3")
    assert not is_text("audio") and not is_text("history_") and not is_text("my_history_3")


def test_a_feature_reads_a_derived_column(clips, empty_cache):
    corpus = Corpus("toy", toys.EMOTIONS, {}, clips)
    for cached in (True, False):
        feature = Feature("words", "history_1", words, cached=cached)
        extracted = extract(corpus, feature, progress=False)
        assert extracted.rows(("a2", "b1")).tolist() == ["Joey: two [SEP] Ross: one", "Joey: other"]
    with pytest.raises(ValueError, match="toy has no history_1, which feature 'words' needs"):
        extract(Corpus("toy", toys.EMOTIONS, {}, clips.assign(dialogue="")), feature, progress=False)


def test_a_turn_that_changes_is_computed_again_where_it_was_read_and_nowhere_else(clips, empty_cache):
    feature = Feature("words", "history_1", words)
    extract(Corpus("toy", toys.EMOTIONS, {}, clips), feature, progress=False)
    before = set(empty_cache.rglob("??/*.npy"))
    clips.loc[clips.clip_id == "a1", "text"] = "changed"
    again = extract(Corpus("toy", toys.EMOTIONS, {}, clips), feature, progress=False)
    assert again.rows(("a2",)).tolist() == ["Joey: two [SEP] Ross: changed"]
    assert len(set(empty_cache.rglob("??/*.npy")) - before) == 2  # a1 and a2

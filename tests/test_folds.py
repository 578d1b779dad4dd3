"""Published fold lists: files of ids, compared with the corpus, never half applied."""

import os
from dataclasses import replace

import pytest
import toys

from emostudy import folds, freshness
from emostudy.corpora import is_present, load
from emostudy.protocols import splits

HERE = os.environ.get("EMOSTUDY_DATA")


@pytest.fixture
def lists(tmp_path, monkeypatch):
    monkeypatch.setattr(folds, "FOLDS", tmp_path)
    return lambda name, text: (tmp_path / name).write_text(text)


def pairs(*of: str) -> str:
    return "speaker,fold\n" + "".join(f"{name},{fold}\n" for fold, some in enumerate(of) for name in some.split())


def test_a_list_is_taken_by_name_and_the_first_is_the_default(corpus, lists):
    lists("toy_halves.csv", pairs("s00 s01 s02 s03", "s04 s05 s06", "s07 s08 s09"))
    lists("toy_a.csv", pairs("s09 s08", "s07 s06", "s05 s04", "s03 s02", "s01 s00"))
    speaker = corpus.clips.set_index("clip_id").speaker
    first = splits(corpus, "speaker_independent", (0,))[0]
    assert set(speaker[list(first.test)]) == {"s08", "s09"}
    named = replace(corpus, card=corpus.card | {"fold_lists": {"halves": {"file": "toy_halves.csv", "source": "x"}}})
    assert len(splits(named, "speaker_independent:a")) == 5
    of_card = splits(named, "speaker_independent", (0,))[0]  # what the card names goes before what only lies there
    assert set(speaker[list(of_card.test)]) == {"s00", "s01", "s02", "s03"} or len(of_card.test) == 36


def test_an_unknown_list_and_a_speaker_in_no_fold_are_told(corpus, lists):
    lists("toy_short.csv", pairs("s00 s01", "s02 s03", "s04", "s05", "s06"))
    with pytest.raises(ValueError, match="toy has no list 'shrt' of speakers; did you mean short"):
        splits(corpus, "speaker_independent:shrt")
    with pytest.raises(ValueError, match=r"speaker s07 is in no fold of the list 'short'; add it to toy_short.csv"):
        splits(corpus, "speaker_independent:short")
    lists("toy_short.csv", "speaker,fold\ns00,0\ns00,1\n")
    with pytest.raises(ValueError, match="speaker s00 stands twice"):
        splits(corpus, "speaker_independent:short")


def test_a_list_that_the_card_names_and_that_is_not_there_is_told(corpus, lists):
    named = replace(corpus, card={"fold_lists": {"gone": {"file": "toy_gone.csv"}}})
    with pytest.raises(ValueError, match=r"fold list toy_gone.csv, which is not in"):
        splits(named, "speaker_independent")


def test_an_official_split_that_is_not_the_listed_one_is_refused(corpus, lists):
    parts = ["train", "train", "train", "dev", "test"] * (len(corpus) // 5)
    corpus = replace(corpus, clips=corpus.clips.assign(split=parts))
    path = folds.write_official(corpus, "clip_id")
    assert path.name == "toy_official.csv" and len(splits(corpus, "official")) == 1
    changed = replace(corpus, clips=corpus.clips.assign(split=["test", *parts[1:]]))
    with pytest.raises(ValueError, match=r"1 clips are not in the part that toy_official.csv lists, the first s00_0"):
        splits(changed, "official")
    with pytest.raises(ValueError, match="a speaker is in two parts; list another column"):
        folds.write_official(corpus, "speaker")


def test_a_changed_list_makes_notebooks_stale(lists, tmp_path):
    before = freshness.modules("import emostudy.seeds", "toy")
    lists("toy_a.csv", pairs("s00", "s01"))
    after = freshness.modules("import emostudy.seeds", "toy")
    assert set(after) - set(before) == {"toy_a.csv"}
    lists("toy_a.csv", pairs("s01", "s00"))
    assert freshness.modules("import emostudy.seeds", "toy")["toy_a.csv"] != after["toy_a.csv"]


def test_ravdess_six_folds_are_four_actors_each():
    assert folds.read_list(folds.FOLDS / "ravdess_six.csv", "speaker") == {
        f"{n:02}": (n - 1) // 4 for n in range(1, 25)
    }


@pytest.mark.parametrize(("name", "column", "num"), [("meld", "dialogue", 1432), ("goemotions", "clip_id", 54263)])
def test_the_official_lists_are_those_of_the_published_corpora(name, column, num):
    path = folds.FOLDS / f"{name}_official.csv"
    assert len(folds.read_list(path, column, "split")) == num
    if not is_present(name, HERE):
        pytest.skip(f"{name} is not there: set EMOSTUDY_DATA to the folder that holds it")
    corpus = load(name, HERE)
    assert folds.differing(corpus, path) == [] and corpus.clips[column].nunique() == num


def test_dealing_is_the_same_for_any_order_of_rows():
    corpus = toys.corpus(gender="")
    shuffled = replace(corpus, clips=corpus.clips.sample(frac=1, random_state=1))
    assert (folds.deal(corpus, "speaker") == folds.deal(shuffled, "speaker")).all()


def test_iemocap_is_tested_session_by_session_as_listed():
    made = toys.corpus()
    session = made.clips.speaker.str[1:].astype(int) // 2 + 1
    corpus = replace(made, name="iemocap", clips=made.clips.assign(session=session.astype(str)))
    tested = [split.test for split in splits(corpus, "session_independent")]
    of = corpus.clips.set_index("clip_id").session
    assert [set(of[list(clips)]) for clips in tested] == [{"1"}, {"2"}, {"3"}, {"4"}, {"5"}]
    assert [split.test for split in splits(corpus, "leave_one_session_out")] == tested

"""The common vocabularies: one table for every corpus, and the readings made of it."""

from importlib import import_module

import pytest

from emostudy import corpora
from emostudy.corpora.catalogue import base_of, reading_of, readings
from emostudy.corpora.vocabularies import COLUMNS, OPEN, VOCABULARIES, checked, is_open, overview, readings_of, table

FIXED = [name for name, card in corpora.cards().items() if not is_open(card)]


def labels_of(corpus: str) -> list[str]:
    return table().label[table().corpus == corpus].tolist()


@pytest.mark.parametrize("name", FIXED)
def test_every_label_of_every_corpus_stands_there_once(name):
    module = import_module(f"emostudy.corpora.{name}")
    own = getattr(module, "EMOTIONS", corpora.card(name)["emotions"])
    assert sorted(labels_of(name)) == sorted(own) == sorted(corpora.card(name)["emotions"])


def test_every_corpus_of_the_table_is_known():
    assert set(table().corpus) == {*FIXED, OPEN}


def test_a_larger_vocabulary_says_the_same_of_the_emotions_of_a_smaller():
    for small, large in (("common4", "common6"), ("common6", "common7")):
        assert set(VOCABULARIES[small]) < set(VOCABULARIES[large])
        assert (table()[small] == table()[large].where(table()[large].isin(VOCABULARIES[small]), "")).all()


def test_what_is_left_out_of_the_largest_says_so():
    out = table()[table().common7 == ""]
    assert out.source.str.startswith("left out: ").all()
    assert set(out.label) == {
        *("calm", "boredom", "contempt", "frustrated", "other", "xxx", "shame", "love", "none", "no_agreement")
    }, "a new label without a place: decide, and name it here"


@pytest.mark.parametrize(
    ("corpus", "label", "expected"),
    [
        ("ravdess", "calm", ("", "", "")),
        ("ravdess", "fearful", ("", "fear", "fear")),
        ("meld", "joy", ("happiness",) * 3),
        ("iemocap", "excited", ("happiness",) * 3),
        ("tess", "pleasant surprise", ("", "", "surprise")),
        ("goemotions", "annoyance", ("anger",) * 3),
        ("emodb", "boredom", ("", "", "")),
        ("ck48", "contempt", ("", "", "")),
        (OPEN, "shame", ("", "", "")),
    ],
)
def test_the_decisions(corpus, label, expected):
    row = table()[(table().corpus == corpus) & (table().label == label)]
    assert row[list(VOCABULARIES)].values.tolist() == [list(expected)]


def test_the_groups_of_goemotions_are_its_authors():
    authors = corpora.card("goemotions")["readings"]["ekman"]["labels"]
    own = readings("goemotions")["common7"]["labels"]
    assert own == {label: "happiness" if group == "joy" else group for label, group in authors.items()}


@pytest.mark.parametrize("name", corpora.cards())
@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_every_corpus_has_every_vocabulary_as_a_reading(name, vocabulary):
    reading = f"{name}_{vocabulary}"
    assert reading in corpora.names() and (base_of(reading), reading_of(reading)) == (name, vocabulary)
    card = corpora.card(reading)
    assert card["title"] == corpora.card(name)["title"] and card["multi_label"] is False
    assert card["emotions"] == [emotion for emotion in VOCABULARIES[vocabulary] if emotion in card["labels"].values()]


def test_a_corpus_has_the_emotions_that_it_reaches_in_order():
    assert readings_of("ck48", {})["common4"]["emotions"] == ["anger", "happiness", "sadness"]
    assert readings_of("emosynth", {})["common7"]["emotions"] == list(VOCABULARIES["common6"])
    assert readings_of("no_such_corpus", {}) == {}


def test_a_reading_of_a_cards_own_and_a_vocabulary_stand_side_by_side():
    known = readings("goemotions")
    assert list(known) == ["single", "ekman", "ekman_multi", "common4", "common6", "common7"]
    assert base_of("goemotions_ekman_multi") == "goemotions" and reading_of("goemotions_ekman_multi") == "ekman_multi"
    assert (base_of("goemotions"), reading_of("goemotions")) == ("goemotions", "")


def test_an_unknown_reading_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="unknown corpus 'ravdess_comon4'; did you mean ravdess_common4"):
        corpora.card("ravdess_comon4")


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_the_overview_has_every_label_once(vocabulary):
    shown = overview(vocabulary)
    assert list(shown) == [*VOCABULARIES[vocabulary], "left out"]
    for corpus, cells in shown.iterrows():
        listed = [label for cell in cells for label in cell.split(", ") if label]
        assert sorted(listed) == sorted(labels_of(corpus))


def test_an_unknown_vocabulary_is_refused():
    with pytest.raises(ValueError, match="unknown vocabulary 'common5'; take one of"):
        overview("common5")


GOOD = dict.fromkeys(COLUMNS, "") | {"corpus": "ravdess", "label": "angry", "source": "x"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"common4": "rage"}, "'rage' is not in common4"),
        ({"common6": "surprise"}, "'surprise' is not in common6"),
        ({"source": ""}, "ravdess calm stands twice or has no source"),
        ({"label": "angry"}, "ravdess angry stands twice"),
        ({"further": "x"}, "they must be"),
    ],
)
def test_a_wrong_table_is_refused(changed, told):
    rows = table().iloc[:0].reindex(range(2)).assign(**GOOD)
    rows.loc[1, "label"] = "calm"
    assert len(checked(rows)) == 2
    for column, value in changed.items():
        rows.loc[1, column] = value
    with pytest.raises(ValueError, match=told):
        checked(rows)

"""What a user may ask: values are JSON, types follow the notebook's defaults."""

import pytest

from emostudy.parameters import check_parameters, fits, injected_protocols, parse_parameter, protocols_of, usable_cores


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=1", 1),
        ("a=0.5", 0.5),
        ("a=true", True),
        ('a="1"', "1"),
        ("a=[1,2]", [1, 2]),
        ("a=bert-base", "bert-base"),
        ("a=x=y", "x=y"),
        ("a=", ""),
        ("a=" + "[" * 100_000, "[" * 100_000),
    ],
)
def test_values_are_json_else_strings(text, value):
    assert parse_parameter(text) == ("a", value)


@pytest.mark.parametrize("text", ["a", "=1", "a b=1", "1a=2", "a;b=3"])
def test_parameters_have_names(text):
    with pytest.raises(ValueError, match="name=value"):
        parse_parameter(text)


@pytest.mark.parametrize(
    ("value", "default", "expected"),
    [
        (1, 2, True),
        (1, 0.5, True),
        (0.5, 1, False),
        (True, 1, False),
        (1, True, False),
        ("1", 1, False),
        (1, "a", False),
        (float("nan"), 0.5, False),
        (float("inf"), 0.5, False),
        (None, 1, False),
        ("x", None, True),
        ([1], [], True),
        ([1], [2], True),
        (["a"], [2], False),
        ("a", ["a"], False),
        ({"a": 1}, {}, True),
    ],
)
def test_types_follow_the_default(value, default, expected):
    assert fits(value, default) is expected


def test_a_value_that_fits_one_notebook_only_is_refused():
    with pytest.raises(ValueError, match="does not fit b"):
        check_parameters({"x": 1}, {"a": {"x": 2}, "b": {"x": "two"}})


def test_usable_cores_are_counted():
    assert usable_cores() >= 1


def test_protocols_are_those_asked_for_or_else_of_the_corpus_card_with_the_honest_one_last():
    assert protocols_of("emosynth", []) == ["random", "speaker_independent"]
    assert protocols_of("meld", []) == protocols_of("meld_common7", ()) == ["official"]
    assert protocols_of("meld", ["official", "random"]) == ["random", "official"]


def test_the_usual_protocols_are_no_parameter_however_they_are_asked_for():
    assert injected_protocols("emosynth", ["speaker_independent", "random"]) == injected_protocols("meld", []) == []
    assert injected_protocols("meld", ["official", "random"]) == ["random", "official"]

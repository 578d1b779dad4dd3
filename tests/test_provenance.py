"""What a run's identity hangs on, and what it does not."""

import importlib
import inspect
import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import toys

from emostudy import provenance
from emostudy.features.fitted import PretrainedTokens
from emostudy.features.hog import face_hog
from emostudy.features.speech import mfcc_mean
from emostudy.provenance import describe, environment, hash_of
from emostudy.recipes.faces import FACES
from emostudy.recipes.reference import REFERENCE
from emostudy.recipes.rules import RULES
from emostudy.recipes.speech import SPEECH
from emostudy.recipes.text import TEXT
from emostudy.sources import callables_of, names_used, source_hash

CODE = '"""What it is."""\nLIMIT = 3\ndef double(x):\n    """Twice."""\n    return 2 * x + LIMIT  # or x + x\n'
NUMBER = itertools.count()


@pytest.fixture
def hashed(tmp_path, monkeypatch):
    """The source hash of the function in this source, as if it were of this package."""
    monkeypatch.syspath_prepend(tmp_path)

    def of(source: str) -> str:
        name = f"made_up_module_{next(NUMBER)}"
        (tmp_path / f"{name}.py").write_text(source)
        module = importlib.import_module(name)
        function = next(value for value in vars(module).values() if inspect.isfunction(value))
        function.__module__ = "emostudy.made_up"
        return source_hash(function)

    return of


def test_comments_docstrings_and_layout_make_nothing_stale(hashed):
    same = [
        CODE,
        CODE.replace("Twice.", "Two times."),
        CODE.replace("  # or x + x", ""),
        CODE.replace("\ndef", "\n\n\ndef"),
        CODE.replace('    """Twice."""\n', ""),
        CODE.replace('"""What it is."""\n', "# nothing\n"),
    ]
    assert len({hashed(source) for source in same}) == 1


@pytest.mark.parametrize(("old", "new"), [("2 * x", "3 * x"), ("LIMIT = 3", "LIMIT = 4"), ("double", "twice")])
def test_code_makes_stale(hashed, old, new):
    assert hashed(CODE) != hashed(CODE.replace(old, new))


def test_a_string_that_is_no_docstring_is_code(hashed):
    assert hashed(CODE.replace("2 * x + LIMIT", "'a'")) != hashed(CODE.replace("2 * x + LIMIT", "'b'"))


@pytest.mark.parametrize("record", [*FACES, *SPEECH, *TEXT, *REFERENCE, *RULES], ids=lambda record: record.name)
def test_every_record_can_be_written_as_json(record):
    written = json.loads(json.dumps(describe(record)))
    assert written["name"] == record.name and "title" not in written and "source" not in written


def test_functions_are_described_by_module_and_name_and_records_by_field():
    @dataclass(frozen=True)
    class Thing:
        size: int
        where: str = field(default="here", metadata={"record": False})

    assert describe(Thing(3)) == {"type": "Thing", "size": 3}
    assert describe(toys.numbers) == "toys.numbers"
    assert describe({"a": (1, [Thing(1)])}) == {"a": [1, [{"type": "Thing", "size": 1}]]}


def test_hashes_tell_parts_apart_and_do_not_depend_on_the_order_of_keys():
    assert hash_of({"a": 1, "b": 2}) == hash_of({"b": 2, "a": 1}) != hash_of({"a": 2, "b": 1})
    assert hash_of("ab", "c") != hash_of("a", "bc")
    assert hash_of(toys.NET) == hash_of(replace(toys.NET, title="other")) != hash_of(replace(toys.NET, name="other"))


def test_a_set_is_described_in_one_order():
    assert describe({"b", "a", "c"}) == ["a", "b", "c"] and describe(frozenset({2, 1})) == [1, 2]


def test_callables_are_those_of_this_package_that_compute():
    found = {one.__name__ for one in callables_of(toys.SVM)}
    assert {"Estimator", "support_vectors"} <= found and "Recipe" not in found
    assert callables_of({"a": [len, np.mean]}) == []


def test_what_a_reader_defines_in_a_notebook_counts(monkeypatch):
    monkeypatch.setattr(toys.small_mlp, "__module__", "__main__")
    assert toys.small_mlp in callables_of(toys.NET)


def test_code_used_by_way_of_other_functions_counts():
    def names(*roots):
        found, waiting = set(), list(roots)
        while waiting:
            new = [v for v in names_used(waiting.pop()).values() if callable(v) and v not in found]
            found |= set(new)
            waiting += new
        return {one.__name__ for one in found}

    assert {"face_crops", "read_frames", "detect_face", "BadMedia"} <= names(face_hog)  # of other modules
    assert "pretrained" in names(PretrainedTokens)  # imported inside a method
    assert "mfcc_frames" not in names(mfcc_mean)  # a neighbour that is not used


def test_what_determines_a_run_does_not_depend_on_what_else_is_loaded():
    code = (
        "from emostudy.recipes.speech import SPEECH_SVM; from emostudy.sources import callables_of, source_hash; "
        "print(source_hash(*callables_of(SPEECH_SVM)))"
    )
    seeded = os.environ | {"PYTHONHASHSEED": "7"}  # sets have another order there
    alone = subprocess.run(
        [sys.executable, "-c", code], env=seeded, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert alone == source_hash(*callables_of(SPEECH[0]))  # in this process every recipe is loaded


def test_a_field_added_with_a_default_changes_no_record():
    @dataclass(frozen=True)
    class Before:
        size: int

    @dataclass(frozen=True)
    class After:
        size: int
        more: str = "none"
        parts: dict = field(default_factory=dict)

    After.__name__ = "Before"
    assert describe(Before(3)) == describe(After(3)) != describe(After(3, "some"))


def test_the_environment_is_told_even_without_git(monkeypatch):
    def no_git(*args, **kwargs):
        raise FileNotFoundError("git")

    monkeypatch.setattr(provenance.subprocess, "run", no_git)
    environment.cache_clear()
    found = environment()
    environment.cache_clear()
    assert found["commit"] == "unknown: no git" and found["versions"]["torch"] and json.dumps(found)

"""What a run's identity hangs on, and what it does not."""

import itertools
import json
import subprocess
import sys
from dataclasses import dataclass, field, replace

import pytest
import toys

from emostudy import provenance
from emostudy.provenance import code_hash, describe, environment, hash_of, imports_of, modules_of, with_imports
from emostudy.recipes.decision import RULES
from emostudy.recipes.faces import FACES
from emostudy.recipes.reference import MAJORITY, REFERENCE
from emostudy.recipes.speech import SPEECH
from emostudy.recipes.text import TEXT

CODE = '"""What it is."""\nLIMIT = 3\ndef double(x):\n    """Twice."""\n    return 2 * x  # or x + x\n'
NUMBER = itertools.count()


@pytest.fixture
def hashed(tmp_path, monkeypatch):
    """The code hash of a module with this source."""
    monkeypatch.syspath_prepend(tmp_path)

    def of(source: str) -> str:
        name = f"made_up_module_{next(NUMBER)}"  # a new one each time: hashes are kept by name
        (tmp_path / f"{name}.py").write_text(source)
        return code_hash(name)

    return of


def test_comments_docstrings_and_layout_make_nothing_stale(hashed):
    same = [CODE, CODE.replace("Twice.", "Two times."), CODE.replace("  # or x + x", ""), CODE.replace("\ndef", "\n\n\ndef"),
            CODE.replace('    """Twice."""\n', ""), CODE.replace('"""What it is."""\n', "# nothing\n")]
    assert len({hashed(source) for source in same}) == 1


@pytest.mark.parametrize(("old", "new"), [("2 * x", "3 * x"), ("LIMIT = 3", "LIMIT = 4"), ("double", "twice")])
def test_code_makes_stale(hashed, old, new):
    assert hashed(CODE) != hashed(CODE.replace(old, new))


def test_a_string_that_is_no_docstring_is_code(hashed):
    assert hashed(CODE.replace("2 * x", "'a'")) != hashed(CODE.replace("2 * x", "'b'"))


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


def test_modules_are_those_of_this_package_named_in_a_record():
    found = modules_of(toys.NET)
    assert {"emostudy.recipes", "emostudy.training", "emostudy.features", "emostudy.features.fitted"} == found
    assert "emostudy.recipes.classical" in modules_of(toys.SVM)


def test_imports_are_followed_even_those_inside_functions():
    assert "emostudy.models.text" in imports_of("emostudy.features.fitted")  # imported inside a function
    assert "emostudy.features.media" in with_imports({"emostudy.features.hog"})  # by way of faces
    assert "emostudy.recipes.Recipe" not in imports_of("emostudy.recipes.faces")


def test_what_determines_a_run_does_not_depend_on_what_else_is_loaded():
    here = sorted(with_imports(modules_of(MAJORITY)))  # in this process every recipe is loaded
    assert "emostudy.recipes.faces" not in here
    code = ("from emostudy.recipes.reference import MAJORITY; from emostudy.provenance import modules_of, with_imports; "
            "print(*sorted(with_imports(modules_of(MAJORITY))))")
    alone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert alone == here


def test_the_environment_is_told_even_without_git(monkeypatch):
    def no_git(*args, **kwargs):
        raise FileNotFoundError("git")

    monkeypatch.setattr(provenance.subprocess, "run", no_git)
    environment.cache_clear()
    found = environment()
    environment.cache_clear()
    assert found["commit"] == "unknown: no git" and found["versions"]["torch"] and json.dumps(found)

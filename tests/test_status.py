"""What `status` says of recipes and versions, on a folder of toy runs."""

import json

import pytest
import toys

from emostudy import stamps, status

RECORD = {
    "run_id": "r1",
    "protocol": "random",
    "seed": 0,
    "title": "t",
    "recipe": "svm",
    "modalities": "speech",
    "corpus_fingerprint": "c",
    "identity": {"record": "a", "code": "b"},
    "environment": {"python": "3.11.7", "versions": {"torch": "2.13.0"}},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "emosynth" / "class"
    for name in stamps.run_files("r1"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(json.dumps(RECORD))
    stamps.write(folder, "03_speech_lstm", {"corpus": "c", "runs": ["r1"], "reads": [], "files": {}})
    monkeypatch.setattr(status, "fingerprint", lambda folder, data_dir: "c")
    return folder


OTHER_WAY = {"record": "as it passes over what is missing", "code": "b2"}


@pytest.mark.parametrize(
    ("identity", "fingerprint", "state", "reason"),
    [
        ({"record": "a", "code": "b"}, "c", "fresh", "1 run"),
        ({"record": "x", "code": "b"}, "c", "stale", "1 run; its record has changed"),
        ({"record": "a", "code": "x"}, "c", "stale", "1 run; its code has changed"),
        ({"record": "a", "code": "b"}, "d", "stale", "1 run; the corpus has changed"),
        ({"record": "a", "code": "b"}, "", "fresh", "1 run"),
        (None, "c", "fresh", "1 run, by a notebook's own parameters: not compared"),
    ],
)
def test_a_recipe_is_fresh_or_told_why_not(folder, monkeypatch, identity, fingerprint, state, reason):
    monkeypatch.setattr(status, "fingerprint", lambda folder, data_dir: fingerprint)
    known = {("other", "face", "none"): [{"record": "", "code": ""}]}
    known |= {("svm", "speech", "none"): [OTHER_WAY, identity]} if identity else {}
    monkeypatch.setattr(status, "known_recipes", lambda *_: (known, {}))
    lines = {line.name: line for line in status.of_recipes(folder)}
    assert lines["svm (speech)"] == ("svm (speech)", state, reason)
    assert lines["other (face)"].state == "missing"


def test_other_versions_are_named(folder, monkeypatch):
    here = {"python": "3.11.7", "versions": {"torch": "2.13.0"}}
    monkeypatch.setattr(status, "environment", lambda: here)
    assert status.other_versions(folder) == []
    monkeypatch.setattr(status, "environment", lambda: here | {"versions": {"torch": "2.14.0"}})
    assert status.other_versions(folder) == ["made with torch 2.13.0, here 2.14.0"]


def test_folders_are_those_in_which_a_notebook_ran(folder, tmp_path):
    (tmp_path / "ravdess" / "paper" / "notebooks").mkdir(parents=True)
    (tmp_path / "cache" / "features").mkdir(parents=True)
    assert [path.relative_to(tmp_path).as_posix() for path in status.folders(tmp_path)] == [
        "emosynth/class",
        "ravdess/paper",
    ]


def test_systems_beside_the_usual_ones_are_compared_too_and_their_condition_told(folder, monkeypatch):
    from emostudy.experiments import identity_of
    from emostudy.recipes.strong import SPEECH_FUNCTIONALS_MLP, SPEECH_STRONG
    from emostudy.recipes.voices import knowing_the_speaker

    monkeypatch.setattr(status, "reopen", lambda folder: toys.corpus())
    names = [
        ("speech_strong", "speech", "none"),
        ("speech_functionals_mlp", "speech", "by_speaker"),
        ("mine", "speech", "none"),
    ]
    expected, asked_for = status.known_recipes(folder, set(names))
    assert ("majority", "none", "none") in expected and not set(names) & set(expected)
    wanted = [[identity_of(one)] for one in (SPEECH_STRONG, knowing_the_speaker(SPEECH_FUNCTIONALS_MLP))]
    assert [asked_for.get(name) for name in names] == [*wanted, None]
    assert status._line(names[1], [], None, "").name == "speech_functionals_mlp (speech), by speaker"

"""Fresh or stale: every cause makes exactly what depends on it stale, and is named."""

import json
import shutil

import nbformat
import pytest

from emostudy import freshness, sources, stamps
from emostudy.graph import Notebook
from emostudy.paths import ROOT

NOTEBOOK = Notebook("05_x", "?", after=("02_y",))
CODE = "from emostudy.wording import percent\nfrom emostudy import bounds\n"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "05_x.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)]), path)
    return path


@pytest.fixture
def folder(tmp_path, source):
    """A results folder in which the notebook finished: two runs of another, one of its own, a table."""
    for name in ("runs", "predictions", "tables", "notebooks"):
        (tmp_path / "out" / name).mkdir(parents=True)
    out = tmp_path / "out"
    for name in [*(n for run_id in ("r1", "r2", "own") for n in stamps.run_files(run_id)), "tables/05_t.csv"]:
        (out / name).write_text(name)
    (out / "notebooks" / "05_x.ipynb").write_text("executed")
    stamps.write(out, "02_y", {"corpus": "c", "runs": ["r1", "r2"], "reads": [], "files": {}})
    files = {"files": stamps.hashes(out, [out / "tables/05_t.csv"])}
    copy = {"copy": stamps.hashes(out, [out / "notebooks" / "05_x.ipynb"])}
    stamp = {"corpus": "c", "runs": ["own"], "reads": ["r1", "r2"]} | files | copy
    stamps.write(out, "05_x", stamp | freshness.ingredients(source, {"rate": 1}, "emosynth"))
    return out


def why(folder, source, parameters=None, fingerprint="c"):
    now = freshness.ingredients(source, {"rate": 1} if parameters is None else parameters, "emosynth")
    return freshness.reasons(folder, NOTEBOOK, now, ["02_y"], lambda: fingerprint)


def edit(folder, **changed):
    stamp = stamps.read(folder, "05_x") | changed
    (folder / "stamps" / "05_x.json").write_text(json.dumps(stamp))


def test_nothing_changed_is_fresh_whatever_place_and_number_of_jobs(folder, source):
    assert why(folder, source) == []
    assert why(folder, source, {"rate": 1, "jobs": 7, "data_dir": "/x", "results_dir": "/y"}) == []
    assert why(folder, source, fingerprint="") == []  # a corpus that is not here cannot be compared


def test_every_cause_is_named(folder, source):
    assert why(folder, source, {"rate": 2}) == ["parameters were rate=1, now rate=2"]
    assert why(folder, source, {}) == ["parameters were rate=1, now the defaults"]
    edit(folder, around={"ravdess/paper/records.csv": "other"})
    assert why(folder, source) == ["results of other corpora have changed"]
    edit(folder, around={})
    assert why(folder, source, fingerprint="d") == ["the corpus has changed (c, now d)"]
    (folder / "tables" / "05_t.csv").write_text("edited")
    assert why(folder, source) == ["tables/05_t.csv was changed since"]
    (folder / "tables" / "05_t.csv").unlink()
    assert why(folder, source) == ["tables/05_t.csv is gone"]


def test_a_changed_cell_is_a_changed_notebook(folder, source):
    notebook = nbformat.read(source, as_version=4)
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="hello")]
    notebook.cells[0].execution_count = 3
    nbformat.write(notebook, source)
    assert why(folder, source) == []  # outputs are not the source
    notebook.cells[0].source += "print(1)"
    nbformat.write(notebook, source)
    assert why(folder, source) == ["the notebook has changed"]


def test_other_runs_to_read_and_lost_runs(folder, source):
    stamps.write(folder, "02_y", {"corpus": "c", "runs": ["r1"], "reads": [], "files": {}})
    assert why(folder, source) == ["the runs that it reads are others now"]
    (folder / "runs" / "own.json").unlink()
    assert why(folder, source)[0] == "runs/own.json is gone"


def test_without_a_stamp_or_after_work_by_hand_it_has_to_run(folder, source):
    stamp = stamps.read(folder, "05_x")
    by_hand = {key: stamp[key] for key in ("corpus", "runs", "reads", "files")}
    (folder / "stamps" / "05_x.json").write_text(json.dumps(by_hand))
    assert why(folder, source) == ["its files are not from a whole `run`: by hand in Jupyter, or killed at its end"]
    (folder / "stamps" / "05_x.json").unlink()
    assert why(folder, source) == ["never run to its end"]


def test_changed_modules_are_named_three_at_most(folder, source):
    code = stamps.read(folder, "05_x")["code"]
    edit(folder, code=code | {"emostudy.wording": "other"})
    assert why(folder, source) == ["code has changed: emostudy.wording"]
    edit(folder, code=dict.fromkeys(code, "other"))
    assert why(folder, source)[0].endswith(f"and {len(code) - 3} more")


def test_modules_are_those_that_are_imported_directly_or_not():
    found = freshness.modules("from emostudy.metrics import uar", "emosynth")
    assert "emostudy.metrics" in found and "emostudy" in found and "card emosynth" in found
    assert "emostudy.corpora.emosynth.generate" in found, "the corpus' own modules count"
    assert not {"emostudy.cli", "emostudy.corpora.ravdess", "emostudy.recipes.speech"} & set(found)
    lesson = freshness.modules("from emostudy.lesson import begin", "ravdess")
    assert {"emostudy.training", "emostudy.figures.style", "emostudy.corpora.ravdess", "card ravdess"} <= set(lesson)
    assert "emostudy.study" not in lesson, "what runs notebooks does not make their numbers"


def test_a_notebook_more_makes_only_those_stale_that_show_the_graph():
    assert "emostudy.graph" not in freshness.modules("from emostudy.lesson import begin", "emosynth")
    assert "emostudy.graph" in freshness.modules("from emostudy import graph, lesson", "emosynth")


def test_results_of_other_corpora_count_for_a_notebook_about_all(tmp_path):
    folder, other = tmp_path / "emosynth" / "class", tmp_path / "ravdess" / "paper"
    for place in (folder, other, tmp_path / "tess" / "smoke"):
        place.mkdir(parents=True)
        (place / "records.csv").write_text("a,b")
    found = stamps.around(folder)
    assert list(found) == ["ravdess/paper/records.csv"], "its own and those cut short do not count"
    (other / "records.csv").write_text("a,c")
    assert stamps.around(folder).keys() == found.keys() and stamps.around(folder) != found


def test_a_comment_or_docstring_changes_nothing_and_code_does(tmp_path, monkeypatch):
    package = tmp_path / "emostudy"
    package.mkdir()
    monkeypatch.setattr(freshness, "ROOT", tmp_path)
    (package / "__init__.py").write_text("")
    file = package / "one.py"

    def found(text):
        file.write_text(text)
        return freshness._read.__wrapped__(file, 0)

    plain = found("def f(x):\n    return x + 1\n")
    assert found('"""About."""\n\n\n# why\ndef f(x):\n    """Adds."""\n    return (x + 1)  # one\n') == plain
    assert found("def f(x):\n    return x + 2\n") != plain
    assert found("from emostudy import two\n")[1] == ("emostudy", "emostudy.two")


def test_the_syntax_tree_as_text_is_complete_and_holds_no_places():
    texts = [
        "x = 1",
        "x = '1'",
        "x = None",
        "y = 1",
        "x == 1",
        "f(x=1)",
        "f(1)",
        "lambda x: 1",
        "async def f(): pass",
        "def f(): pass",
    ]
    assert len({sources.bare(text) for text in texts}) == len(texts)
    assert sources.bare("x=1") == sources.bare("\n\nx  =  1  # one")
    assert "lineno" not in sources.bare("x = 1")


def test_a_changed_package_module_makes_the_committed_notebooks_stale(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "emostudy", tmp_path / "emostudy", ignore=shutil.ignore_patterns("__pycache__"))
    source = ROOT / "notebooks" / "20_paper.ipynb"
    before = freshness.ingredients(source, {}, "emosynth")["code"]
    monkeypatch.setattr(freshness, "ROOT", tmp_path)
    assert freshness.ingredients(source, {}, "emosynth")["code"] == before
    wording = tmp_path / "emostudy" / "wording.py"
    wording.write_text(wording.read_text() + "\nMORE = 1\n")
    after = freshness.ingredients(source, {}, "emosynth")["code"]
    assert [name for name in after if after[name] != before[name]] == ["emostudy.wording"]


def test_what_lies_in_a_folder_that_a_parameter_names_counts(folder, source, tmp_path):
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "model.safetensors").write_text("one")
    first, again = (freshness.ingredients(source, {"text_weights": str(weights)}, "emosynth") for _ in range(2))
    (weights / "model.safetensors").write_text("another")
    changed = freshness.ingredients(source, {"text_weights": str(weights)}, "emosynth")
    assert first == again and first["parameters"] != changed["parameters"]


def test_tables_beside_a_module_count():
    found = freshness.modules("from emostudy import bounds", "ravdess")
    assert {"confusions.csv", "lexicon.yaml", "card ravdess"} <= set(found)


def test_magics_are_read_and_a_broken_cell_is_told(source):
    def with_cell(text):
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text)]), source)
        return freshness.ingredients(source, {}, "emosynth")

    assert "emostudy.metrics" in with_cell("%matplotlib inline\n!ls\nfrom emostudy.metrics import uar")["code"]
    with pytest.raises(ValueError, match=r"05_x\.ipynb: .* in `def \(`; mend the cell"):
        with_cell("def (")


def test_edited_predictions_are_seen_and_fresh_runs_count_nothing_older(folder, source, monkeypatch):
    seen = stamps.hashes(folder, [folder / "predictions" / "r1.parquet"])
    edit(folder, predictions=seen)
    assert why(folder, source) == []
    (folder / "predictions" / "r1.parquet").write_text("other")
    assert why(folder, source) == ["predictions/r1.parquet was changed since"]
    monkeypatch.setenv("EMOSTUDY_SINCE", "9999999999")
    assert why(folder, source) == ["to be run anew, as --fresh asked"]

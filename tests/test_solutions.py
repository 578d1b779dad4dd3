"""Solutions: each works its answer out from finished runs; the exercise takes it, and refuses another."""

import ast
from numbers import Real

import nbformat
import pytest

from emostudy.corpora import cards
from emostudy.graph import NOTEBOOKS, lacking
from emostudy.paths import ROOT

LESSONS = ROOT / "notebooks"
SOLUTIONS = LESSONS / "solutions"
every_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.slug)


def code_cells(path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def checks(path) -> list[str]:
    """The lines that check an answer."""
    return [line for cell in code_cells(path) for line in cell.source.splitlines() if line.startswith("check(")]


def another(answer):
    """An answer of the same kind that is wrong."""
    if isinstance(answer, Real):
        return answer + 1
    if isinstance(answer, tuple):
        return answer[::-1]
    return "fear" if answer == "anger" else "anger"


def run(path, parameters: dict) -> list[tuple[str, str, str]]:
    """What each check says to the solution's answer, to a wrong one and to none; the cells are run as plain Python."""
    namespace, said = {}, []
    for cell in code_cells(path):
        if not cell.source.startswith("check("):
            exec(compile(cell.source, path.name, "exec"), namespace)
        else:
            answers = namespace["answer"], another(namespace["answer"]), None
            said.append(tuple(eval(cell.source, namespace | {"answer": answer}).data for answer in answers))
        if "parameters" in cell.metadata.get("tags", []):
            namespace.update(parameters)
    return said


@every_notebook
def test_right_answers_are_taken_and_wrong_ones_refused(notebook, smoke, monkeypatch):
    corpus, folder = smoke
    if reason := lacking(notebook, cards()[corpus]["modalities"], corpus=corpus):
        pytest.skip(f"{notebook.slug} {reason}")
    root = folder.parents[2]
    monkeypatch.setenv("EMOSTUDY_CACHE", str(root / "cache"))
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    parameters = {"corpus": corpus, "profile": "smoke", "results_dir": str(root / "results")}
    said = run(SOLUTIONS / f"{notebook.slug}.ipynb", parameters)
    number = notebook.slug.partition("_")[0]
    for at, (right, wrong, none) in enumerate(said, 1):
        assert right.startswith(f"**Exercise {number}.{at}**: right, "), right
        assert "is not right yet" in wrong and "not answered yet" in none
    assert len(said) == 3
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before, "a solution only reads"


@every_notebook
def test_what_is_checked_is_what_the_lesson_asks(notebook):
    assert checks(SOLUTIONS / f"{notebook.slug}.ipynb") == checks(LESSONS / f"{notebook.slug}.ipynb")


@every_notebook
def test_answers_are_worked_out_without_the_exercises_own_functions(notebook):
    trees = [ast.parse(cell.source) for cell in code_cells(SOLUTIONS / f"{notebook.slug}.ipynb")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "emostudy.exercises"]
    known = {name.name for node in imports for name in node.names}
    called = [node for node in nodes if isinstance(node, ast.Call)]
    assert {node.func.id for node in called if isinstance(node.func, ast.Name)} & known == {"check"}
    assert not [node for node in called if isinstance(node.func, ast.Attribute) and node.func.attr == "train"]

"""The house rules of the notebooks' sources: they are read in class, run by hand and run by papermill."""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest

from emostudy.execution import defaults
from emostudy.graph import NOTEBOOKS
from emostudy.parameters import SHARED
from emostudy.paths import ROOT

LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "notebooks" / "solutions").glob("*.ipynb"))
MAX_LINES, MAX_CELL_LINES = 120, 15
PROMISE = "lesson.finish("  # what the last cell of a lesson calls
every_notebook = pytest.mark.parametrize(
    "path", LESSONS + SOLUTIONS, ids=lambda path: f"{path.parent.name}/{path.stem}"
)
every_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: f"{path.parent.name}/{path.stem}")


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def lines_of_code(source: str) -> list[str]:
    """Lines that are neither blank nor comment alone."""
    return [line for line in source.splitlines() if line.strip() and not line.strip().startswith("#")]


def parameter_lines(path: Path) -> list[str]:
    tagged = [cell.source for cell in code_cells(path) if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1, "exactly one cell is tagged parameters"
    return lines_of_code(tagged[0])


def test_every_notebook_of_the_graph_is_there_and_no_other():
    assert [path.stem for path in LESSONS] == sorted(notebook.slug for notebook in NOTEBOOKS)


def test_solutions_belong_to_a_notebook():
    slugs = tuple(notebook.slug for notebook in NOTEBOOKS)
    assert [path.stem for path in SOLUTIONS if not path.stem.startswith(slugs)] == []


@every_notebook
def test_source_is_stripped(path):
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.outputs and cell.execution_count is None for cell in code_cells(path))
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert "version" not in notebook.metadata.get("language_info", {})
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert len({cell["id"] for cell in json.loads(path.read_text("utf-8"))["cells"]}) == len(notebook.cells)


@every_notebook
def test_parameters_are_one_json_literal_a_line_with_help(path):
    lines = parameter_lines(path)
    for line in lines:
        found = re.fullmatch(r"(\w+) = ([^=]+?)  # ([^=]+)", line)
        assert found, f"{line!r} is not `name = literal  # help`"
        value = ast.literal_eval(found[2])
        assert json.loads(json.dumps(value)) == value, f"{line!r}: JSON types only"
    assert list(defaults(path)) == [line.split()[0] for line in lines]


@every_notebook
def test_shared_parameters_have_the_shared_defaults(path):
    found, homes = defaults(path), {notebook.slug: notebook.home for notebook in NOTEBOOKS}
    expected = SHARED | ({"corpus": homes[path.stem]} if homes[path.stem] else {})
    assert {name: found.get(name, "missing") for name in SHARED} == expected


@every_notebook
def test_first_cell_has_the_title(path):
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")


@every_notebook
def test_notebook_is_thin(path):
    counts = [len(lines_of_code(cell.source)) for cell in code_cells(path)]
    assert sum(counts) <= MAX_LINES
    assert max(counts) <= MAX_CELL_LINES


@every_notebook
def test_code_is_plain_python_without_traces_of_a_machine(path):
    for cell in code_cells(path):
        ast.parse(cell.source)  # no magics: the same code runs under papermill and as a script
    text = path.read_text("utf-8")
    assert str(ROOT) not in text
    assert str(Path.home()) + "/" not in text


@every_lesson
def test_lesson_defines_nothing(path):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = [
        node.name for cell in code_cells(path) for node in ast.walk(ast.parse(cell.source)) if isinstance(node, kinds)
    ]
    assert found == [], "model code and anything used twice lives in the package"


@every_lesson
def test_last_code_cell_checks_the_files_it_promises(path):
    assert PROMISE in code_cells(path)[-1].source


def left_by_loops(sources: list[str]) -> list[str]:
    """Names that a loop of one cell binds and a later cell reads without binding them: what the loop came to last, or what stood before."""
    found, left = [], set()
    for source in sources:
        tree = ast.parse(source)
        used = {kind: names_in(tree, kind) for kind in (ast.Load, ast.Store)}
        found += sorted((used[ast.Load] - used[ast.Store]) & left)
        left = (left - used[ast.Store]) | {
            name for loop in ast.walk(tree) if isinstance(loop, ast.For) for name in names_in(loop, ast.Store)
        }
    return found


def names_in(tree: ast.AST, kind: type) -> set[str]:
    """Names that are read (`ast.Load`) or bound (`ast.Store`) anywhere in it, but for those of a comprehension."""
    inner = {
        name.id
        for node in ast.walk(tree)
        if isinstance(node, ast.comprehension)
        for name in ast.walk(node.target)
        if isinstance(name, ast.Name)
    }
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, kind)} - inner


@every_lesson
def test_no_cell_reads_what_a_loop_of_another_cell_left(path):
    assert left_by_loops([cell.source for cell in code_cells(path)]) == []


def test_what_a_loop_leaves_is_found():
    loop = "for way in ways:\n    other, name = way, way.title()\n    print(other)"
    assert left_by_loops(["name = 'network'", loop, "print(name)"]) == ["name"]
    assert left_by_loops(["name = 'network'", loop, "name = 'rule'\nprint(name)", "print(name)"]) == []
    assert left_by_loops([loop, "print([name for name in names])"]) == []

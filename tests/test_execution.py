"""One notebook in a kernel: which Python, what is written, what is cleaned. Tiny notebooks, written here."""

import base64
import json
import os
import re
import sys
from pathlib import Path

import nbformat
import pytest

from emostudy import execution
from emostudy.cleaning import WIDGET, clean, portable
from emostudy.execution import defaults, execute

PARAMETERS = 'corpus = "emosynth"  # which corpus\njobs = 2  # processes\nrate = 0.5  # learning rate\n'


def write_notebook(path: Path, *cells: str) -> Path:
    """A notebook with a title, a cell of parameters and these code cells."""
    notebook = nbformat.v4.new_notebook()
    parameters = nbformat.v4.new_code_cell(PARAMETERS, id="parameters", metadata={"tags": ["parameters"]})
    code = [nbformat.v4.new_code_cell(cell, id=f"cell-{number}") for number, cell in enumerate(cells)]
    notebook.cells = [nbformat.v4.new_markdown_cell("# Title", id="title"), parameters, *code]
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A notebook that tells about its kernel, run where another kernelspec `python3` comes first."""
    folder = tmp_path_factory.mktemp("a {brace}")  # papermill takes braces in paths for parameters
    shadow = folder / "jupyter" / "kernels" / "python3"
    shadow.mkdir(parents=True)
    (shadow / "kernel.json").write_text('{"argv": ["false"], "display_name": "x", "language": "python"}')
    source = write_notebook(
        folder / "probe.ipynb",
        "import json, os, sys, warnings, emostudy\n"
        "names = ['OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'EMOSTUDY_CACHE']\n"
        "found = {name: os.environ.get(name) for name in names}\n"
        "found |= {'python': sys.executable, 'cwd': os.getcwd(), 'rate': rate, 'corpus': corpus}\n"
        "found['package'] = os.path.dirname(emostudy.__file__)\n"
        "json.dump(found, open('found.json', 'w'))",
        "from tqdm import tqdm\nprint(os.getcwd())\nwarnings.warn('look here')\nlist(tqdm(range(3)))\nobject()",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "jupyter"))
        patch.setenv("OMP_NUM_THREADS", "7")
        patch.chdir(folder)
        patch.setenv("EMOSTUDY_CACHE", "cache")
        error = execute(source, folder / "out" / "probe.ipynb", {"rate": 0.25, "corpus": 'a"b\\n'})
    return folder, error


def test_the_running_python_runs_the_notebook(ran):
    folder, error = ran
    found = json.loads((folder / "found.json").read_text())
    assert error == ""
    assert found["python"] == sys.executable
    assert found["package"] == str(Path(execution.__file__).parent)
    assert found["cwd"] == str(folder)
    assert found["EMOSTUDY_CACHE"] == str(folder / "cache")
    assert {found[name] for name in found if name.endswith("THREADS")} == {"1"}


def test_parameters_arrive_as_given(ran):
    found = json.loads((ran[0] / "found.json").read_text())
    assert found["rate"] == 0.25
    assert found["corpus"] == 'a"b\\n'


def test_executed_copy_is_clean(ran):
    path = ran[0] / "out" / "probe.ipynb"
    text = path.read_text()
    copy = nbformat.read(path, as_version=4)
    nbformat.validate(copy)
    folders = (str(ran[0]), str(Path.home()), sys.prefix)
    for trace in (*folders, "papermill", "iopub", "duration", "0x", "it/s", sys.version[:6]):
        assert trace not in text, trace
    assert not re.search(r"ipykernel_\d", text)
    assert "look here" in text
    assert [cell.id for cell in copy.cells] == [
        "title",
        "parameters",
        "injected-parameters",
        "cell-0",
        "cell-1",
    ]
    assert os.listdir(path.parent) == ["probe.ipynb"]


def test_same_copy_twice(tmp_path):
    source = write_notebook(tmp_path / "a.ipynb", "print(corpus)\nobject()")
    for name in ("one", "two"):
        assert execute(source, tmp_path / name / "a.ipynb", {"jobs": 1}) == ""
    assert (tmp_path / "one" / "a.ipynb").read_bytes() == (tmp_path / "two" / "a.ipynb").read_bytes()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise ValueError('too few clips\\nof anger')", "cell In [3]: ValueError: too few clips"),
        ("import sys\nsys.exit(0)", "sys.exit"),
        ("import os\nos._exit(1)", "DeadKernelError"),
    ],
)
def test_failed_notebook_never_takes_the_final_name(tmp_path, code, message):
    source = write_notebook(tmp_path / "a.ipynb", "print('before')", code, "print('never')")
    target = tmp_path / "out" / "a.ipynb"
    target.parent.mkdir()
    target.write_text("an older, whole copy")
    error = execute(source, target, {})
    assert message in error
    assert "\n" not in error
    assert target.read_text() == "an older, whole copy"
    copy = (tmp_path / "out" / "a.failed.ipynb").read_text()
    assert "before" in copy
    assert str(tmp_path) not in copy


def test_success_takes_away_the_failed_copy(tmp_path):
    source = write_notebook(tmp_path / "a.ipynb", "pass")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.failed.ipynb").write_text("{}")
    assert execute(source, tmp_path / "out" / "a.ipynb", {}) == ""
    assert os.listdir(tmp_path / "out") == ["a.ipynb"]


def test_defaults_are_values(tmp_path):
    found = defaults(write_notebook(tmp_path / "a {b}.ipynb"))
    assert found == {"corpus": "emosynth", "jobs": 2, "rate": 0.5}


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"nbformat": 4}', '{"cells": 3, "nbformat": 4}'])
def test_broken_source_is_refused(tmp_path, content):
    path = tmp_path / "a.ipynb"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"a\.ipynb"):
        defaults(path)


NAMES = {"/home/ann": "~", "/home/ann/study": ".", "/tmp": "tmp"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/home/ann/study/results/a.csv", "./results/a.csv"),
        ("see /home/ann/study.", "see .."),
        ("'/home/ann/x', (/home/ann)", "'~/x', (~)"),
        ("\x1b[32m/home/ann/study/a.py", "\x1b[32m./a.py"),
        ("file:///home/ann/a.html", "file://~/a.html"),
        ("/home/anna/x /mnt/home/ann/x", "/home/anna/x /mnt/home/ann/x"),
        ("/tmp/ipykernel_12/34.py:1", "tmp/ipykernel/34.py:1"),
        ("<Axes at 0x7f00aa11bb22>", "<Axes>"),
        ("two at 0x10", "two at 0x10"),
    ],
)
def test_portable_text(before, after):
    assert portable(before, NAMES) == after
    assert portable({"text/plain": [before]}, NAMES) == {"text/plain": [after]}


def test_media_are_left_alone():
    sound = base64.b64encode(bytes(range(256))).decode() + "AA/tmp/A+/tmp/BB"
    assert portable(f'<audio src="data:audio/wav;base64,{sound}">', NAMES).count(sound) == 1
    picture = {"image/png": "/tmp/aaaa"}
    assert portable(picture, NAMES) == picture


def test_widgets_are_dropped():
    output = nbformat.v4.new_output("display_data", {"text/plain": "bar", WIDGET: {"model_id": "4f"}})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])])
    clean(notebook, {})
    assert notebook.cells[0].outputs[0].data == {"text/plain": "bar"}

"""Results folders and commands that cannot be: what the proposed patches make one line of."""

import io
import json
import os
from pathlib import Path

import pandas as pd
import pytest
import toys

from emostudy import predictions as preds
from emostudy import stamps
from emostudy.cli import main
from emostudy.execution import defaults
from emostudy.paths import results_root

FOLDERS = ["~nobody-of-this-name/x", "a\0b", "\udcff", "\ud800"]
RECORDS = [b"", b"{", b"[]", b"null", b"3", b"\xff\xfe", b"[" * 99999, b"{}", b'{"run_id": "../../x"}']
TABLES = {
    "empty": lambda rows: b"",
    "cut": lambda rows: packed(rows)[:-9],
    "text": lambda rows: b"PAR1" * 50,
    "no emotion": lambda rows: packed(rows.drop(columns="emotion")),
    "no probabilities": lambda rows: packed(rows[preds.COLUMNS]),
    "a probability less": lambda rows: packed(rows.drop(columns="p_fear")),
    "no rows": lambda rows: packed(rows[:0]),
    "not a number": lambda rows: packed(rows.assign(p_fear=float("nan"))),
    "words": lambda rows: packed(rows.assign(p_fear="x")),
    "too large": lambda rows: packed(rows.assign(p_fear=9.0)),
    "unknown emotion": lambda rows: packed(rows.assign(emotion="evil")),
    "nothing predicted": lambda rows: packed(rows.assign(predicted=None)),
    "twice": lambda rows: packed(pd.concat([rows, rows])),
    "another run": lambda rows: packed(rows.assign(run_id="b")),
    "another table": lambda rows: packed(pd.DataFrame({"a": [1]})),
}
STAMPS = [
    *(b"", b"[]", b"null", b"[" * 99999, b"\xff\xfe", b"{}"),
    *(
        json.dumps({"corpus": "a", "runs": [], "reads": [], "files": {}} | wrong).encode()
        for wrong in (
            {"runs": 3},
            {"runs": ["../../x"]},
            {"runs": [3]},
            {"reads": None},
            {"files": 3},
            {"files": {"../../x": "a"}},
            {"files": {"/etc/passwd": "a"}},
            {"parameters": 3},
            {"corpus": None},
            {"code": []},
        )
    ),
]


def packed(rows: pd.DataFrame) -> bytes:
    file = io.BytesIO()
    rows.to_parquet(file, index=False)
    return file.getvalue()


@pytest.fixture
def one_run(tmp_path):
    rows = toys.predictions(folds=(0,), run_id="a")
    toys.write(tmp_path, rows)
    return tmp_path, rows


@pytest.mark.parametrize("kind", TABLES)
def test_broken_predictions_are_named_with_the_remedy(kind, one_run):
    folder, rows = one_run
    assert len(preds.read_runs(folder, ["a"])) == len(rows)
    (folder / "predictions" / "a.parquet").write_bytes(TABLES[kind](rows))
    with pytest.raises(
        ValueError, match=r"^predictions/a\.parquet is broken \(.*\): delete it and run its notebook again$"
    ):
        preds.read_runs(folder, ["a"])


@pytest.mark.parametrize("content", RECORDS, ids=range(len(RECORDS)))
def test_a_broken_record_is_named_with_the_remedy(content, one_run):
    folder, _ = one_run
    assert preds.read_records(folder, ["a"])[0]["run_id"] == "a"
    (folder / "runs" / "a.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"^runs/a\.json is broken \(.*\): delete it and run its notebook again$"):
        preds.read_records(folder, ["a"])


@pytest.mark.parametrize("content", STAMPS, ids=range(len(STAMPS)))
def test_a_broken_stamp_counts_for_nothing_and_moves_nothing(content, tmp_path):
    folder = tmp_path / "toy" / "quick"
    (folder / "stamps").mkdir(parents=True)
    (folder / "stamps" / "01_a.json").write_bytes(content)
    (tmp_path / "x").write_text("mine")
    assert stamps.read(folder, "01_a") is None
    stamps.write(folder, "01_a", {"corpus": "a", "runs": [], "reads": [], "files": {}})
    assert sorted(os.listdir(tmp_path)) == ["toy", "x"] and stamps.read(folder, "01_a")["corpus"] == "a"


@pytest.mark.parametrize("folder", FOLDERS, ids=ascii)
@pytest.mark.parametrize("option", ["--results-dir", "--data-dir"])
def test_a_folder_that_cannot_be_is_named(option, folder, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    for command in (["run", "--only", "00"], ["corpora"] if option == "--data-dir" else ["status"]):
        assert main([*command, option, folder]) == 2
        told = capfd.readouterr().err
        assert told.startswith(f"emostudy: folder {folder!r} cannot be") and told.count("\n") == 1
    with pytest.raises(ValueError, match="write its whole path"):
        results_root(folder)
    assert not os.listdir()


@pytest.mark.parametrize("option", ["--only", "--seeds", "--protocols"])
@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_an_option_that_names_nothing_is_refused(option, text, capfd):
    assert main(["run", option, text]) == 2
    assert "names nothing" in capfd.readouterr().err or option == "--seeds"


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("file", "Not a directory"),
        ("/proc/x", "No such file"),
        ("/dev/null/x", "Not a directory"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_folder_that_cannot_be_written_is_told_with_the_remedy(folder, reason, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("")
    assert main(["run", "--only", "00", "--results-dir", folder]) == 2
    told = capfd.readouterr().err
    assert reason in told and "name another folder with --results-dir" in told and told.count("\n") == 1


def no_cell(cells: list, **changed) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | changed).encode()


CODE = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "id": "a"}
SOURCES = [
    *(b"[" * 99999, b'{"cells":' + b"[" * 99999, no_cell([]), no_cell([CODE | {"source": "a = 1"}])),
    *(no_cell([CODE | {"source": wrong, "metadata": {"tags": ["parameters"]}}]) for wrong in (3, None, {})),
    json.dumps({"worksheets": [], "metadata": {}, "nbformat": 3, "nbformat_minor": 0}).encode(),
    no_cell([CODE | {"source": "a = 1", "metadata": {"tags": "parameters"}}]),
]


@pytest.mark.parametrize("content", SOURCES, ids=range(len(SOURCES)))
def test_a_notebook_that_no_option_would_reach_is_refused(content, tmp_path):
    (tmp_path / "a.ipynb").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.ipynb .*: get it back with git"):
        defaults(tmp_path / "a.ipynb")

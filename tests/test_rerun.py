"""A second run of the whole study: nothing changed, one thing changed, all of it anew."""

import json
import shutil
import time

import nbformat
import pandas as pd
import pytest
from test_committed import NEED_MEDIA

from emostudy import stamps
from emostudy.cli import main
from emostudy.graph import NOTEBOOKS
from emostudy.paths import ROOT
from emostudy.study import run

one_corpus = pytest.mark.parametrize("smoke", ["emosynth"], indirect=True)  # the long ones, whose code knows no corpus
KINDS = ("tables", "figures", "predictions")


def contents(folder, kinds=KINDS):
    """Path -> bytes of everything a run writes that must be the same in every run."""
    paths = [path for kind in kinds for path in (folder / kind).iterdir()] + list(folder.glob("*.csv"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def again(smoke, tmp_path, monkeypatch):
    """A copy of the results of `smoke`, and the words of the command line that ask for them."""
    corpus, folder = smoke
    monkeypatch.setenv("EMOSTUDY_CACHE", str(folder.parents[2] / "cache"))
    shutil.copytree(folder.parents[1], tmp_path / "results")
    asked = ["--corpus", corpus, "--profile", "smoke", "--results-dir", str(tmp_path / "results")]
    return tmp_path / "results" / corpus / "smoke", asked


def test_nothing_changed_runs_nothing_and_writes_nothing(again, capsys):
    folder, asked = again
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}
    started = time.monotonic()
    assert main(["run", *asked]) == 0
    assert time.monotonic() - started < 30  # 15 on a quiet machine
    assert "nothing to do: all is fresh" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_status_tells_what_is_stale_and_why(again, capsys):
    folder, asked = again
    assert main(["status", *asked]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{folder.parent.name}, smoke" and all(" fresh" in line for line in lines[1:])
    assert any(line.split()[:3] == ["majority", "(none)", "fresh"] for line in lines)

    (folder / "tables" / "03_results.csv").write_text("edited by hand")
    path = next((folder / "runs").glob("*.json"))
    record = json.loads(path.read_text())
    record["identity"] = {"record": "of last year", "code": "of last year"}
    path.write_text(json.dumps(record))
    (folder / "stamps" / "20_paper.json").unlink()
    main(["status", *asked])
    lines = capsys.readouterr().out.splitlines()
    told = {line.split()[0]: line for line in lines[1:]}
    assert "stale    tables/03_results.csv was changed since" in told["03_speech_lstm"]
    assert "fresh    if 03_speech_lstm comes out as before" in told["05_decision_fusion"]
    assert "missing  never run to its end" in told["20_paper"]
    stale = [line for line in lines if "its record has changed; its code has changed" in line]
    assert len(stale) == 1 and record["recipe"] in stale[0]
    main(["status", *asked, "-p", "as_stated=true"])
    assert "parameters were" in capsys.readouterr().out


def test_one_changed_notebook_runs_alone(again, tmp_path):
    folder, asked = again
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    source = tmp_path / "notebooks" / "05_decision_fusion.ipynb"
    notebook = nbformat.read(source, as_version=4)
    notebook.cells[0].source += "\n\nA word more."
    nbformat.write(notebook, source)
    before = contents(folder)
    asked = {"results_dir": asked[-1], "notebooks_dir": tmp_path / "notebooks"}
    outcomes = run(folder.parent.name, "smoke", **asked)
    assert {o.slug for o in outcomes if o.state == "done"} == {"05_decision_fusion"}
    assert {o.state for o in outcomes} <= {"done", "fresh", "left out"}
    assert contents(folder) == before


@one_corpus
def test_lost_predictions_are_trained_again_to_the_last_byte(again):
    folder, asked = again
    before = contents(folder)
    lost = sorted((folder / "predictions").iterdir())[0]
    lost.unlink()
    (folder / "figures" / "20_protocols.png").write_bytes(b"")
    assert main(["run", *asked]) == 0
    assert contents(folder) == before


@one_corpus
def test_records_follow_from_predictions_alone(again):
    folder, asked = again
    before = contents(folder)
    shutil.rmtree(folder / "figures")
    shutil.rmtree(folder / "tables")
    for name in ("records", "comparisons", "curves"):
        (folder / f"{name}.csv").unlink()
    runs = sorted((folder / "runs").iterdir())
    assert main(["records", *asked]) == 0
    assert sorted((folder / "runs").iterdir()) == runs, "nothing is fused anew"
    made, needs_media = contents(folder), NEED_MEDIA
    assert {name for name in before if name not in made} == {
        name for name in before if name.rpartition(".")[0] in needs_media
    }
    assert all(made[name] == before[name] for name in made)


@one_corpus
def test_all_anew_with_two_jobs_instead_of_one_gives_the_same_bytes(again):
    folder, asked = again
    before = contents(folder)
    seconds = {path: path.stat().st_mtime_ns for path in (folder / "predictions").iterdir()}
    assert main(["run", *asked, "--jobs", "2", "--only", "03,05", "--fresh"]) == 0
    assert contents(folder) == before
    anew = [path for path, modified in seconds.items() if path.stat().st_mtime_ns != modified]
    assert len(anew) >= 10, "--fresh trains anew"


def test_a_fresh_run_that_was_cut_short_is_gone_on_with(again, capsys):
    folder, asked = again
    before = {path: path.stat().st_mtime_ns for path in (folder / "stamps").iterdir()}
    (folder / ".fresh").write_text(str(time.time()))  # as a killed `run --fresh` leaves it
    assert main(["run", *asked, "--only", "00"]) == 0
    assert "[1/1] 00_study_map: done" in capsys.readouterr().out
    assert not (folder / ".fresh").exists()
    assert {path.stem for path, at in before.items() if path.stat().st_mtime_ns != at} == {"00_study_map"}


def test_changed_predictions_make_their_readers_stale_too(again, capsys):
    folder, asked = again
    runs = stamps.runs_of(folder, ["03_speech_lstm"])  # notebook 09 has runs of the same recipe for itself
    paths = (folder / "predictions" / f"{run_id}.parquet" for run_id in runs)
    path = next(path for path in paths if pd.read_parquet(path).recipe[0] == "speech_svm")
    rows = pd.read_parquet(path)
    rows.assign(predicted=rows.predicted[0]).to_parquet(path)
    main(["status", *asked])
    stale = {
        line.split()[0] for line in capsys.readouterr().out.splitlines() if f"{path.stem}.parquet was changed" in line
    }
    assert {"03_speech_lstm", "05_decision_fusion", "20_paper"} <= stale


def test_a_lost_clip_table_is_written_again(again):
    folder, asked = again
    before = (folder / "clips.csv").read_bytes()
    (folder / "clips.csv").unlink()
    assert main(["run", *asked]) == 0
    assert (folder / "clips.csv").read_bytes() == before


def test_every_notebook_leaves_a_stamp(smoke):
    _, folder = smoke
    slugs = {path.stem for path in (folder / "notebooks").glob("*.ipynb")}
    assert {path.stem for path in (folder / "stamps").iterdir()} == slugs <= {n.slug for n in NOTEBOOKS}

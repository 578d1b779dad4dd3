"""What a notebook leaves behind: its stamp, and what it claims no more."""

import json

import pytest

from emostudy import stamps

EMPTY = {"corpus": "c", "runs": [], "reads": [], "files": {}}


def made(folder, *run_ids):
    """Files of runs, as training leaves them."""
    for name in (name for run_id in run_ids for name in stamps.run_files(run_id)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    return EMPTY | {"runs": list(run_ids)}


def test_what_is_written_is_read_back(tmp_path):
    stamp = made(tmp_path, "b", "a") | {"files": {"tables/02_x.csv": "1234"}}
    stamps.write(tmp_path, "02_x", stamp)
    assert stamps.read(tmp_path, "02_x") == stamp
    assert stamps.read_all(tmp_path) == {"02_x": stamp}
    assert stamps.runs_of(tmp_path, ["02_x", "03_y"]) == ["b", "a"]  # in the order in which they were made


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"runs": []}'])
def test_what_is_no_whole_stamp_is_none(tmp_path, text):
    (tmp_path / "stamps").mkdir()
    (tmp_path / "stamps" / "02_x.json").write_text(text)
    assert stamps.read(tmp_path, "02_x") is None and stamps.read_all(tmp_path) == {}


def test_runs_that_no_stamp_claims_are_set_aside_and_never_lost(tmp_path):
    stamps.write(tmp_path, "02_x", made(tmp_path, "old", "shared", "same"))
    stamps.write(tmp_path, "03_y", made(tmp_path, "shared"))
    stamps.write(tmp_path, "02_x", EMPTY | {"runs": ["same"]})
    there = {path.stem for path in (tmp_path / "predictions").iterdir()}
    assert there == {"shared", "same"}
    aside = sorted(str(path.relative_to(tmp_path / "superseded")) for path in (tmp_path / "superseded").rglob("*.*"))
    assert aside == ["predictions/old.parquet", "runs/old.json"]
    stamps.bring_back(tmp_path, "old")
    assert all((tmp_path / name).read_text() == name for name in stamps.run_files("old"))


def test_files_that_are_written_no_more_do_not_stay_beside_the_others(tmp_path):
    (tmp_path / "tables").mkdir()
    for name in ("tables/02_a.csv", "tables/02_b.csv"):
        (tmp_path / name).write_text(name)
    files = stamps.hashes(tmp_path, (tmp_path / "tables").iterdir())
    stamps.write(tmp_path, "02_x", EMPTY | {"files": files})
    stamps.write(tmp_path, "02_x", EMPTY | {"files": {"tables/02_a.csv": files["tables/02_a.csv"]}})
    assert [path.name for path in (tmp_path / "tables").iterdir()] == ["02_a.csv"]
    assert (tmp_path / "superseded" / "tables" / "02_b.csv").read_text() == "tables/02_b.csv"


def test_a_missing_file_has_no_hash_and_stamps_are_plain_sorted_json(tmp_path):
    assert stamps.hashes(tmp_path, [tmp_path / "x"]) == {"x": ""}
    stamps.write(tmp_path, "02_x", EMPTY)
    text = (tmp_path / "stamps" / "02_x.json").read_text()
    assert list(json.loads(text)) == sorted(EMPTY) and str(tmp_path) not in text


def test_a_run_in_place_is_not_replaced_by_one_set_aside(tmp_path):
    made(tmp_path, "r")
    for name in stamps.run_files("r"):
        (tmp_path / "superseded" / name).parent.mkdir(parents=True)
        (tmp_path / "superseded" / name).write_text("older")
    stamps.bring_back(tmp_path, "r")
    assert all((tmp_path / name).read_text() == name for name in stamps.run_files("r"))


def test_nothing_is_set_aside_while_a_stamp_cannot_be_read(tmp_path):
    stamps.write(tmp_path, "02_x", made(tmp_path, "shared"))
    stamps.write(tmp_path, "03_y", EMPTY | {"runs": ["shared"]})
    (tmp_path / "stamps" / "03_y.json").write_text("<<<<<<< HEAD")
    stamps.write(tmp_path, "02_x", EMPTY)
    assert all((tmp_path / name).is_file() for name in stamps.run_files("shared"))

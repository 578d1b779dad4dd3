"""Every notebook of every corpus at hand, from clips to the paper's figures, at profile `smoke`."""

import os
from pathlib import Path

import nbformat
import pandas as pd

from emostudy.graph import NOTEBOOKS, lacking

CORPORA = {"emosynth": ["face", "speech", "text"], "ravdess": ["face", "speech"]}


def test_every_notebook_of_the_corpus_ran_without_error(smoke):
    corpus, folder = smoke
    expected = [notebook.slug for notebook in NOTEBOOKS if not lacking(notebook, CORPORA[corpus], corpus=corpus)]
    executed = sorted((folder / "notebooks").glob("*.ipynb"))
    assert [path.stem for path in executed] == sorted(expected)
    for path in executed:
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in cells if cell.source.strip())
        assert not [
            out for cell in cells for out in cell.outputs if out.output_type == "error" or out.get("name") == "stderr"
        ]


def test_exercises_wait_for_an_answer(smoke):
    _, folder = smoke
    for path in (folder / "notebooks").glob("*.ipynb"):
        text = path.read_text("utf-8")
        assert text.count("not answered yet") == 3, path.stem


def test_figures_have_alt_text_and_tables_three_forms(smoke):
    _, folder = smoke
    pictures = sorted((folder / "figures").glob("*.png"))
    assert len(pictures) >= 10
    for path in pictures:
        assert path.stat().st_size > 2000
        assert len(path.with_suffix(".txt").read_text("utf-8").split()) >= 8, path.stem
        assert path.with_suffix(".svg").exists() and path.with_suffix(".pdf").exists()
    for path in (folder / "tables").glob("*.csv"):
        assert path.with_suffix(".md").exists() and "\\toprule" in path.with_suffix(".tex").read_text("utf-8")


def test_every_table_of_results_has_both_protocols_and_the_reference_lines(smoke):
    _, folder = smoke
    for path in (folder / "tables").glob("*_results.csv"):
        table = pd.read_csv(path)
        assert set(table.protocol) == {"random", "speaker_independent"}, path.stem
        assert {"majority", "speaker_only"} <= set(table.recipe), path.stem


def test_records_say_what_ran(smoke):
    corpus, folder = smoke
    records = pd.read_csv(folder / "records.csv")
    assert set(records.corpus) == {corpus} and {"WA", "UAR", "macro_F1", "AUROC"} <= set(records.metric)
    assert len(list((folder / "predictions").glob("*.parquet"))) == len(list((folder / "runs").glob("*.json")))


def test_no_path_of_this_machine_is_written(smoke):
    _, folder = smoke
    for path in [*folder.rglob("*.ipynb"), *folder.rglob("*.json"), *folder.rglob("*.csv"), *folder.rglob("*.md")]:
        text = path.read_text("utf-8")
        assert str(folder) not in text and str(Path(os.getcwd())) not in text, path.name

"""The graph, the checks before a run, and a run of tiny notebooks that are written here."""

import inspect
from pathlib import Path

import nbformat
import pytest

import emostudy.protocols  # noqa: F401  reads a card at first, and tests below replace the cards
from emostudy import corpora, study
from emostudy.graph import NOTEBOOKS, Notebook, lacking, select
from emostudy.parameters import SHARED

SHARED_CELL = "\n".join(f"{name} = {value!r}  # help" for name, value in SHARED.items())
GRAPH = (
    Notebook("01_first", "?"),
    Notebook("02_breaks", "?", after=("01_first",)),
    Notebook("03_after", "?", after=("02_breaks",)),
    Notebook("04_last", "?", after=("03_after",)),
    Notebook("05_free", "?", after=("01_first", "06_text")),
    Notebook("06_text", "?", needs=("text",)),
)
TELL = "import json\n"
TELL += "json.dump([jobs, seeds, protocols, {name}], open(results_dir + '/{slug}.json', 'w'))"


def write_notebooks(folder: Path) -> Path:
    """The sources of GRAPH: each tells its parameters in a file, one fails, one has its own parameter."""
    for notebook in GRAPH:
        own = "\nrate = 0.5  # learning rate" if notebook.slug == "01_first" else ""
        code = TELL.format(slug=notebook.slug, name="rate" if own else "None")
        cells = [
            nbformat.v4.new_code_cell(SHARED_CELL + own, metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell("1 / 0" if notebook.slug == "02_breaks" else code),
        ]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{notebook.slug}.ipynb")
    return folder


@pytest.fixture
def voices(monkeypatch, tmp_path):
    """A corpus of voices and faces, there, without text; and no real one of its name, which another test may have made."""
    monkeypatch.setenv("EMOSTUDY_CACHE", str(tmp_path / "cache"))
    cards = {name: corpora.catalogue.USUAL | {"modalities": ["face", "speech"]} for name in ("emosynth", "ravdess")}
    for module in (corpora, corpora.catalogue):
        monkeypatch.setattr(module, "cards", lambda: cards)


@pytest.fixture
def sources(tmp_path, voices):
    (tmp_path / "notebooks").mkdir()
    return write_notebooks(tmp_path / "notebooks")


def ask(sources: Path, **asked):
    return study.run(results_dir=str(sources.parent / "out"), notebooks=GRAPH, notebooks_dir=sources, **asked)


def test_run_goes_on_past_a_failure_and_skips_what_builds_on_it(sources, capsys):
    outcomes = {outcome.slug: outcome for outcome in ask(sources, parameters={"rate": 1}, jobs=1, seeds=[3])}
    states = {slug: outcome.state for slug, outcome in outcomes.items()}
    assert states == {
        "01_first": "done",
        "02_breaks": "failed",
        "03_after": "skipped",
        "04_last": "skipped",
        "05_free": "done",
        "06_text": "left out",
    }
    assert list(outcomes) == sorted(outcomes)
    assert outcomes["02_breaks"].note == "cell In [3]: ZeroDivisionError: division by zero"
    assert "02_breaks" in outcomes["03_after"].note
    assert "text" in outcomes["06_text"].note
    written = sorted(path.name for path in (sources.parent / "out").rglob("[!.]*.*") if path.is_file())
    assert written == [
        "01_first.ipynb",
        "01_first.json",
        "02_breaks.failed.ipynb",
        "05_free.ipynb",
        "05_free.json",
    ]
    given = (sources.parent / "out" / "01_first.json").read_text()
    assert given == "[1, [3], [], 1]"
    told = capsys.readouterr().out
    assert "02_breaks: failed" in told
    assert "05_free: done" in told


def test_only_what_differs_is_injected(sources):
    shared = SHARED | {"jobs": 5}
    steps, left_out = study.plan(GRAPH, shared, {"rate": 0.5}, sources)
    assert [step.parameters for step in steps] == [{"jobs": 5}] * 5
    assert [outcome.slug for outcome in left_out] == ["06_text"]
    steps, _ = study.plan(GRAPH, SHARED, {"rate": 0.1}, sources)
    assert [step.parameters for step in steps] == [{"rate": 0.1}, {}, {}, {}, {}]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"corpus": "ravdes"}, "did you mean ravdess"),
        ({"corpus": "../../etc"}, "unknown corpus"),
        ({"profile": "papr"}, "did you mean paper"),
        ({"protocols": ["randm"]}, "did you mean random"),
        ({"protocols": ["random", "random"]}, "each protocol once"),
        ({"device": "gpu"}, "unknown device 'gpu'; did you mean cpu"),
        ({"only": ["3", "07"]}, "unknown notebook '07'"),
        ({"only": ["05_fre"]}, "did you mean 05_free"),
        ({"only": ["06"]}, "nothing to run: 06_text needs text"),
        ({"jobs": 0}, "jobs 0"),
        ({"seeds": [-1]}, "seeds"),
        ({"parameters": {"rat": 1}}, "unknown parameter 'rat'; did you mean rate"),
        ({"parameters": {"rate": "fast"}}, "give a number"),
        ({"parameters": {"jobs": 3}}, "use --jobs"),
        ({"parameters": {"rate": 1}, "only": ["05"]}, "none of their own"),
        ({"data_dir": "no/such/folder"}, "no/such/folder is not there"),
    ],
)
def test_wrong_requests_are_refused_before_anything_is_written(sources, asked, message):
    with pytest.raises(ValueError, match=message):
        ask(sources, **asked)
    assert not (sources.parent / "out").exists()


def test_a_corpus_that_is_not_there_is_refused(sources, monkeypatch):
    monkeypatch.setattr(corpora, "is_present", lambda name, data_dir: False)
    with pytest.raises(ValueError, match="emostudy corpora"):
        ask(sources, corpus="ravdess")


def test_folders_of_this_machine_get_names(sources, monkeypatch, tmp_path):
    kept = {}
    monkeypatch.setenv("EMOSTUDY_DATA", str(tmp_path / "corpora"))
    monkeypatch.setattr(study, "run_steps", lambda steps, folder, names, current: kept.update(names) or [])
    ask(sources)
    assert kept[str(tmp_path / "corpora")] == "data"
    assert kept[str(tmp_path / "out")] == "results"


def test_missing_source_is_named(sources):
    (sources / "05_free.ipynb").unlink()
    with pytest.raises(FileNotFoundError, match=r"05_free\.ipynb"):
        ask(sources)


def test_unwritable_results_end_in_an_oserror(sources):
    (sources.parent / "out").write_text("a file where a folder should be")
    with pytest.raises(OSError, match="out"):
        ask(sources, only=["01"])


def test_select_by_number_slug_and_none():
    slugs = [notebook.slug for notebook in select(["05", "3", "01_corpora"])]
    assert slugs == ["01_corpora", "03_speech_lstm", "05_decision_fusion"]
    assert select([]) == NOTEBOOKS


def test_graph_is_in_order_and_fusion_takes_what_is_there():
    seen = set()
    for notebook in NOTEBOOKS:
        assert set(notebook.after) <= seen, notebook.slug
        seen.add(notebook.slug)
    fusion = next(notebook for notebook in NOTEBOOKS if notebook.slug == "05_decision_fusion")
    assert lacking(fusion, ["face", "speech"]) == ""
    assert lacking(fusion, ["text"]) == "needs 2 modalities; the corpus has text"


def test_run_has_the_shared_defaults():
    given = inspect.signature(study.run).parameters
    for name in set(SHARED) - {"jobs"}:
        assert list(given[name].default) == list(SHARED[name]), name


def test_what_cannot_be_split_or_read_is_left_out_and_so_is_what_builds_on_it_alone():
    from emostudy.graph import NOTEBOOKS, left_out

    texts = left_out(NOTEBOOKS, ("text",))
    assert texts["02_face_cnn"] == "needs face; the corpus has text" and not texts["04_text_bert"] + texts["20_paper"]
    nothing = left_out(NOTEBOOKS, ())
    assert not nothing["01_corpora"] and nothing["20_paper"] == "nothing that it builds on can be run"
    whole = left_out(NOTEBOOKS, ("text",), "knows no speakers")
    assert whole["04_text_bert"] == "knows no speakers" and whole["20_paper"] and not whole["00_study_map"]
    assert set(left_out(NOTEBOOKS[-1:], ())) == {"10_claims"}


def test_a_notebook_may_be_for_one_corpus():
    claims = next(notebook for notebook in NOTEBOOKS if notebook.slug == "10_claims")
    assert lacking(claims, ["speech"], corpus="tess") == "is run on the corpus emosynth only"
    assert lacking(claims, ["face", "speech", "text"], corpus="emosynth") == ""


@pytest.mark.parametrize(
    ("asked", "given"),
    [((), []), (("speaker_independent", "random"), []), (("random",), ["random"])],
)
def test_the_protocols_of_the_card_are_the_default_however_they_are_named(sources, monkeypatch, asked, given):
    kept = []
    monkeypatch.setattr(study, "run_steps", lambda steps, *_: kept.extend(steps) or [])
    ask(sources, protocols=asked)
    assert kept and all(step.parameters.get("protocols", []) == given for step in kept)

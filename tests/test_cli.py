"""The command line: exit codes, one line for a user's mistake, nothing heavy for --help."""

import subprocess
import sys

import pytest

from emostudy import cli, corpora, study
from emostudy.study import Outcome


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Replace the run by one that keeps what it was asked."""
    kept = {}

    def run(corpus, profile, **options):
        kept.update(options, corpus=corpus, profile=profile)
        return kept.pop("outcomes", [])

    monkeypatch.setattr(study, "run", run)
    monkeypatch.chdir(tmp_path)
    return kept


def test_options_reach_the_run(asked, tmp_path, capsys):
    line = "run --corpus ravdess --profile paper --only 03,05_x -p lr=0.1 -p head=gru --jobs 3"
    line += f" --protocols random --seeds 0,1 --device cuda --fresh --data-dir d --results-dir {tmp_path}"
    assert cli.main(line.split()) == 0
    assert asked == {
        "corpus": "ravdess",
        "profile": "paper",
        "data_dir": "d",
        "results_dir": str(tmp_path),
        "only": ["03", "05_x"],
        "parameters": {"lr": 0.1, "head": "gru"},
        "protocols": ["random"],
        "seeds": [0, 1],
        "device": "cuda",
        "jobs": 3,
        "fresh": True,
    }


def test_summary_counts_what_was_written(asked, tmp_path, capsys):
    folder = tmp_path / "emosynth" / "class"
    names = ("records.csv", "tables/01_a.csv", "tables/01_b.csv", "notebooks/01_a.ipynb")
    done = Outcome("01_a", "done", 12.3, written=tuple(folder / name for name in names))
    asked["outcomes"] = [done, Outcome("04_b", "left out", note="needs text")]
    assert cli.main(["run", "--results-dir", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "01_a                  done            12\n" in told
    assert "files written under emosynth/class: 4\n" in told
    assert "2  tables\n" in told
    assert "1  records.csv\n" in told
    assert "needs text" in told
    assert "open next: emosynth/class/notebooks/01_a.ipynb" in told


def test_failed_notebook_exits_1_with_one_line(asked, tmp_path, capsys):
    written = (tmp_path / "emosynth" / "class" / "notebooks" / "01_a.failed.ipynb",)
    failed = Outcome("01_a", "failed", 1.0, "cell In [3]: ValueError: no", written)
    asked["outcomes"] = [failed, Outcome("02_b", "skipped")]
    assert cli.main(["run", "--results-dir", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert told.err == "emostudy: 01_a failed in cell In [3]: ValueError: no\n"
    assert "open next: emosynth/class/notebooks/01_a.failed.ipynb" in told.out


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ([], "command"),
        (["rum"], "rum"),
        (["run", "--profle", "smoke"], "--profle"),
        (["run", "--jobs", "many"], "many"),
        (["run", "--seeds", "0,x"], "0,x"),
        (["run", "-p", "lr"], "name=value"),
        (["run", "--corpus", "emosint"], "did you mean"),
        (["run", "--only", "99"], "unknown notebook '99'"),
        *(
            ([command, "--protocols", asked], message)
            for command in ("run", "status", "audit")
            for asked, message in (
                ("randm", "unknown protocol 'randm'; did you mean random"),
                ("as_published", "is not one of as_published:70_20_10"),
                ("random:six", "takes no published list"),
                ("random,random", "name it once"),
            )
        ),
        (["corpora", "--data-dir", "no/such"], "no/such"),
    ],
)
def test_mistakes_are_one_line(line, message, capsys):
    assert cli.main(line) == 2
    told = capsys.readouterr()
    assert told.err.startswith("emostudy: ")
    assert told.err.count("\n") == 1
    assert message in told.err
    assert told.out == ""


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (PermissionError(13, "denied"), 2)])
def test_interrupts_and_folders_are_one_line(monkeypatch, capsys, error, code):
    def run(*args, **options):
        raise error

    monkeypatch.setattr(study, "run", run)
    assert cli.main(["run"]) == code
    assert capsys.readouterr().err.strip().startswith("emostudy: ")


def test_corpora_say_what_is_there_and_where_to_get_it(monkeypatch, capsys, tmp_path):
    there = {"title": "One", "modalities": ["face"], "licence": "MIT", "access": "made here"}
    away = {"title": "Two", "modalities": ["speech", "text"], "licence": "CC BY"}
    away |= {"address": "https://x.org", "folders": ["two"]}
    for module in (corpora, corpora.catalogue):
        monkeypatch.setattr(module, "cards", lambda: {"one": there, "two": away})
    assert cli.main(["corpora", "--data-dir", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "one         present" in told
    assert "two         not found" in told
    assert "https://x.org" in told
    assert "CC BY" in told
    (tmp_path / "two").mkdir()
    cli.main(["corpora", "--data-dir", str(tmp_path)])
    assert "two         present" in capsys.readouterr().out


@pytest.mark.parametrize("line", [["--help"], ["run", "--help"], ["corpora"]])
def test_light_commands_load_nothing_heavy(line):
    code = (
        "import sys\nfrom emostudy.cli import main\n"
        f"try:\n    main({line!r})\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "print({'torch', 'papermill', 'sklearn'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "set()\n"
    assert done.stdout

"""What all tests share: one thread, a cache that is not the study's, and the study run once at profile `smoke`."""

import os

import pytest
import torch
import toys
from filelock import FileLock
from threadpoolctl import threadpool_limits

from emostudy.cli import main
from emostudy.corpora import is_present

LONG = ("test_smoke", "test_committed", "test_resume", "test_rerun", "test_solutions", "test_exercises", "test_speed")


def pytest_collection_modifyitems(items):
    """Files that take minutes come first, or one process would be at them when the other has nothing left to do.

    Two that need `smoke` do not come one after the other: the second would only wait for the first to have run it.
    """
    rank = {f"{name}.py": place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Two threads beside another busy process cost ten times as much as one."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """No test reads or writes the cache of the person who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOSTUDY_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    """A cache of this test's own."""
    monkeypatch.setenv("EMOSTUDY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def corpus():
    return toys.corpus()


@pytest.fixture(scope="session", params=["emosynth", "ravdess"])
def smoke(request, tmp_path_factory):
    """A results folder into which the whole study was run from nothing, and the corpus' name.

    Features and the embedded corpus are in `cache` beside `results`. Of several processes of tests one runs it, the others wait.
    One job: so little is trained that to start a second process takes longer, and the other core has tests of its own.
    """
    if not is_present(request.param):
        pytest.skip(f"{request.param} is not there: set EMOSTUDY_DATA to the folder that holds it")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"smoke_{request.param}"
    with FileLock(f"{folder}.lock"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOSTUDY_CACHE", str(folder / "cache"))
        asked = ["--corpus", request.param, "--profile", "smoke", "--jobs", "1"]
        if not (folder / "done").is_file():
            assert main(["run", *asked, "--results-dir", str(folder / "results")]) == 0
            (folder / "done").touch()
    return request.param, folder / "results" / request.param / "smoke"

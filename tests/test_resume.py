"""Killed at random moments, a study that is started again ends with the numbers of an undisturbed one.

EMOSTUDY_KILLS=30 kills that often; the suite does it three times.
"""

import os
import random
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

KILLS = int(os.environ.get("EMOSTUDY_KILLS", "3"))
LONGEST = 14.0  # s until a kill: every stage of these notebooks is reached
ASK = ["-m", "emostudy", "run", "--profile", "smoke", "--only", "03,04,05"]


def start(folder, jobs="2") -> subprocess.Popen:
    environment = os.environ | {"EMOSTUDY_CACHE": str(folder / "cache"), "TQDM_DISABLE": "1"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "start_new_session": True}
    return subprocess.Popen(
        [sys.executable, *ASK, "--jobs", jobs, "--results-dir", str(folder / "out")],
        env=environment,
        text=True,
        **quiet,
    )


def results(folder) -> dict[str, bytes]:
    out = folder / "out" / "emosynth" / "smoke"
    paths = [path for kind in ("tables", "figures", "predictions") for path in (out / kind).glob("[!.]*")]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


def finish(folder, jobs="2") -> dict[str, bytes]:
    assert start(folder, jobs).wait() == 0, (folder / "errors.txt").read_text()
    return results(folder)


def kill(process, with_family: bool) -> None:
    """kill -9 for the study, and for its kernel and workers, or these go on until they notice."""
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None and with_family else []
    process.kill()
    for one in family:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return finish(tmp_path_factory.mktemp("undisturbed"), jobs="1")


def test_a_killed_study_ends_with_the_same_numbers(undisturbed, tmp_path):
    moments, kills, round_ = random.Random(0), 0, 0
    while kills < KILLS:
        folder, round_ = tmp_path / str(round_), round_ + 1
        for _ in range(min(6, KILLS - kills)):  # then from nothing again, or all would be done
            process = start(folder)
            time.sleep(moments.uniform(0.5, LONGEST))
            kill(process, with_family=moments.random() < 0.7)
            kills += 1
        assert finish(folder) == undisturbed

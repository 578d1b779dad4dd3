"""Killed at random moments, a study that is started again ends with the numbers of an undisturbed one: of `smoke`.

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

from emostudy import stamps

KILLS = int(os.environ.get("EMOSTUDY_KILLS", "3"))
LONGEST = 14.0  # s until a kill: every stage of these notebooks is reached
ASK = ["-m", "emostudy", "run", "--profile", "smoke", "--only", "02,03,04,05"]
KINDS = ("tables", "figures", "predictions")


def start(folder, jobs: int) -> subprocess.Popen:
    environment = os.environ | {"EMOSTUDY_CACHE": str(folder / "cache"), "TQDM_DISABLE": "1"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "start_new_session": True}
    return subprocess.Popen(
        [sys.executable, *ASK, "--jobs", str(jobs), "--results-dir", str(folder / "out")],
        env=environment,
        text=True,
        **quiet,
    )


def named(folder) -> dict[str, bytes]:
    """Every table, figure and prediction that the stamps of these notebooks name."""
    found = [stamp for slug, stamp in stamps.read_all(folder).items() if slug[:2] in ASK[-1].split(",")]
    names = {name for stamp in found for name in stamp["files"] if name.startswith(KINDS)}
    names |= {stamps.run_files(run_id)[1] for stamp in found for run_id in stamp["runs"]}
    return {name: (folder / name).read_bytes() for name in names}


def finish(folder) -> dict[str, bytes]:
    """With one process more is done in little time than to start a second one takes; those that are killed have two."""
    process, out = start(folder, 1), folder / "out" / "emosynth" / "smoke"
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    left = named(out)
    there = {f"{kind}/{path.name}" for kind in KINDS for path in (out / kind).glob("[!.]*")}
    assert there == set(left), "nothing half done is left behind"
    return left


def kill(process, with_family: bool) -> None:
    """kill -9 for the study, and for its kernel and workers, or these go on until they notice."""
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None and with_family else []
    process.kill()
    for one in family:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait()


@pytest.mark.parametrize("smoke", ["emosynth"], indirect=True)
def test_a_killed_study_ends_with_the_same_numbers(smoke, tmp_path):
    undisturbed, moments, kills, round_ = named(smoke[1]), random.Random(0), 0, 0
    while kills < KILLS:
        folder, round_ = tmp_path / str(round_), round_ + 1
        for _ in range(min(6, KILLS - kills)):  # then from nothing again, or all would be done
            process = start(folder, 2)
            time.sleep(moments.uniform(0.5, LONGEST))
            kill(process, with_family=moments.random() < 0.7)
            kills += 1
        assert finish(folder) == undisturbed and len(undisturbed) >= 100

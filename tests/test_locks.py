"""Two runs on one results folder, and what a killed one leaves behind."""

import os
import subprocess
import sys
import time

from emostudy.locks import LEFT, alone, sweep

HOLD = "import sys, time; from pathlib import Path; from emostudy.locks import alone\n"
HOLD += "with alone(Path(sys.argv[1])):\n    print('mine', flush=True)\n    time.sleep(float(sys.argv[2]))"


def holder(folder, seconds):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "mine\n"
    return process


def test_who_comes_second_waits_and_says_so(tmp_path, capsys):
    process, started = holder(tmp_path, 5), time.monotonic()
    with alone(tmp_path):
        assert time.monotonic() - started > 1
        assert process.wait(timeout=30) == 0
    assert "another run is at work in" in capsys.readouterr().out


def test_a_killed_run_blocks_nobody(tmp_path, capsys):
    process = holder(tmp_path, 60)
    process.kill()
    process.wait()
    with alone(tmp_path):
        pass
    assert capsys.readouterr().out == ""


def test_half_written_files_are_swept_up_when_they_are_old(tmp_path):
    names = (".runs-abcd_123.json", "runs.json", ".lock", ".gitkeep", "young/.x-abcd1234.csv", "old/.x-abcd1234.csv")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("half")
        if "young" not in name:
            os.utime(tmp_path / name, (time.time() - 2 * LEFT,) * 2)
    sweep(tmp_path)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == [
        ".gitkeep",
        ".lock",
        "runs.json",
        "young/.x-abcd1234.csv",
    ]

"""Tasks in processes and on a real Dask cluster: each result once, whatever dies; and what is refused before any work."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import toys
from joblib.externals.loky import get_reusable_executor

from emostudy import dask_cluster, experiments, workers
from emostudy import predictions as preds
from emostudy.paths import ROOT

PLACES = ["in processes", "on a cluster"]


@dataclass
class Cluster:
    """A scheduler and workers, started as a person would, each a process of its own."""

    folder: Path
    started: list
    address: str = ""

    def start(self, *arguments: str) -> None:
        paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])  # the tasks are functions of this module
        quiet = {"stdout": subprocess.DEVNULL, "stderr": (self.folder / f"{len(self.started)}.txt").open("w")}
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard", "--scheduler-file", "scheduler.json"]
        self.started.append(subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}, cwd=self.folder, **quiet))

    def start_worker(self) -> None:
        alone = ["--no-nanny", "--death-timeout", "60"]  # it goes where the scheduler is gone, if a test was killed
        self.start("worker", "--nthreads", "1", *alone, "--local-directory", str(self.folder))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    distributed = pytest.importorskip("distributed", reason=dask_cluster.INSTALL)
    from distributed.utils import json_load_robust

    made = Cluster(tmp_path_factory.mktemp("cluster"), [])
    try:
        made.start("scheduler", "--host", "127.0.0.1", "--port", "0")
        made.start_worker()
        made.start_worker()
        made.address = json_load_robust(made.folder / "scheduler.json", timeout=30)["address"]
        with distributed.Client(made.address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=30)
        yield made
    finally:
        for process in made.started:
            process.kill()
            process.wait()


@pytest.fixture(params=PLACES)
def place(request) -> dict:
    """Options of `each`, for both ways."""
    return {"cluster": request.getfixturevalue("cluster").address} if request.param == PLACES[1] else {"jobs": 2}


@pytest.fixture
def in_process(tmp_path):
    """Starts a scheduler and workers inside this process, which is quick."""
    distributed = pytest.importorskip("distributed", reason=dask_cluster.INSTALL)
    started = []

    def start(num_workers: int, threads: int = 1, **options):
        size = {
            "n_workers": num_workers,
            "threads_per_worker": threads,
            "processes": False,
            "local_directory": tmp_path,
        }
        started.append(
            distributed.LocalCluster(**size, dashboard_address="127.0.0.1:0", **{"protocol": "tcp"} | options)
        )
        return started[-1]

    yield start
    for one in started:
        one.close()


def task(number: int, data: dict, log: Path, seconds: float) -> tuple:
    """A little training, logged at its start and end."""
    import torch

    say(log, "start", number)
    torch.manual_seed(number)
    x, weights = torch.tensor(data["x"]), torch.randn(data["x"].shape[1], requires_grad=True)
    for _ in range(5):
        (gradient,) = torch.autograd.grad((x @ weights - 1).square().mean(), weights)
        weights = (weights - 0.1 * gradient).detach().requires_grad_()
    time.sleep(seconds)
    say(log, "end", number)
    return number, weights.detach().numpy().tobytes(), torch.get_num_threads()


def say(log: Path, *words) -> None:
    with log.open("a") as file:
        file.write(" ".join(map(str, [*words, os.getpid()])) + "\n")


def heard(log: Path, what: str) -> list[tuple[int, int]]:
    """Number of the task and process id of every start or end."""
    lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return [(int(number), int(process)) for word, number, process in lines if word == what]


def tasks(folder: Path, seconds: float = 0.0, count: int = 8) -> list[tuple]:
    data = {"x": np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)}
    return [(number, data, folder / "log.txt", seconds) for number in range(count)]


def test_a_worker_is_killed_while_it_works_and_every_result_comes_once(cluster, tmp_path):
    alone = list(workers.each(task, tasks(tmp_path / "..", count=8), jobs=1))
    log, found, killed = tmp_path / "log.txt", [], None
    for result in workers.each(task, tasks(tmp_path, seconds=0.4), cluster=cluster.address):
        found.append(result)
        while (
            killed is None
        ):  # the first result was fetched: now others are done, and wait in their workers to be fetched
            done = heard(log, "end")
            at_work = [one for one in heard(log, "start") if one not in done]
            if len(done) >= 4 and at_work:
                killed = at_work[-1]
                os.kill(killed[1], signal.SIGKILL)
            time.sleep(0.01)
    cluster.start_worker()
    assert len({process for _, process in heard(log, "start")}) == 2
    assert killed not in heard(log, "end") and Counter(number for number, _ in heard(log, "start"))[killed[0]] == 2
    assert sorted(found) == alone and len(found) == 8
    assert all(num_threads == 1 for _, _, num_threads in found)


def slow_mlp(sizes: dict[str, int], num_classes: int):
    time.sleep(0.3)
    return toys.small_mlp(sizes, num_classes)


def kill_one_after_the_first_run(cluster, folder: Path) -> None:
    while not list(folder.glob("runs/[!.]*.json")):
        time.sleep(0.01)
    cluster.started[-1].kill()


def test_a_study_on_a_cluster_that_loses_a_worker_writes_what_it_writes_here(cluster, corpus, tmp_path, capsys):
    recipes = (toys.SVM, replace(toys.NET, learner=replace(toys.NET.learner, refit=True, build=slow_mlp)))
    ask = (corpus, recipes, ["random", "speaker_independent"], toys.QUICK)
    with pytest.raises(ValueError, match="write scheme, host and port"):
        experiments.run(*ask, tmp_path / "none", cluster="here")
    here = experiments.run(*ask, tmp_path / "here", jobs=1)
    threading.Thread(target=kill_one_after_the_first_run, args=(cluster, tmp_path / "there"), daemon=True).start()
    there = experiments.run(*ask, tmp_path / "there", cluster=cluster.address)
    cluster.start_worker()
    assert there.equals(here) and len(here.run_id.unique()) == 8
    one, two = (sorted((tmp_path / name / "predictions").iterdir()) for name in ("here", "there"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    changing = ("seconds", "history", "environment")
    one, two = (preds.read_records(tmp_path / name, list(here.run_id.unique())) for name in ("here", "there"))
    assert [{k: v for k, v in record.items() if k not in changing} for record in one] == [
        {k: v for k, v in record.items() if k not in changing} for record in two
    ]
    capsys.readouterr()
    experiments.run(*ask, tmp_path / "there", cluster=cluster.address)
    assert "8 runs: 0 trained, 8 read back" in capsys.readouterr().out


def test_processes_give_what_one_gives(tmp_path):
    alone = list(workers.each(task, tasks(tmp_path), jobs=1))
    assert {process for _, process in heard(tmp_path / "log.txt", "end")} == {os.getpid()}
    (tmp_path / "log.txt").unlink()
    # Those of earlier tests may be about to leave, and others take their place.
    get_reusable_executor().shutdown(wait=True)
    assert sorted(workers.each(task, tasks(tmp_path, 0.1), jobs=2)) == alone
    by = {process for _, process in heard(tmp_path / "log.txt", "end")}
    assert len(by) == 2 and os.getpid() not in by


def picky(number: int, folder: Path) -> int:
    """Fails at 3, when the others are done."""
    while number == 3 and len(list(folder.glob("done*"))) < 3:
        time.sleep(0.01)
    if number == 3:
        time.sleep(0.2)  # a file is there before its task's result has reached the scheduler
        raise ValueError("number 3: give another")
    if number == 13:
        raise KeyError("a fault of the code")
    (folder / f"done{number}").touch()
    return number


def test_a_tasks_error_comes_with_its_message_after_what_was_done(place, tmp_path):
    found = []
    with pytest.raises(ValueError, match="number 3: give another"):
        for number in workers.each(picky, [(number, tmp_path) for number in range(4)], **place):
            time.sleep(0.3)  # the error is there before all results are fetched
            found.append(number)
    assert sorted(found) == [0, 1, 2]
    with pytest.raises(KeyError, match="a fault of the code"):
        list(workers.each(picky, [(13, tmp_path)], **place))
    assert list(workers.each(picky, [(1, tmp_path)], **place)) == [1]
    assert list(workers.each(picky, [], **place)) == []


def test_closing_cancels_what_is_left(place, tmp_path):
    with closing(workers.each(task, tasks(tmp_path, 0.2, count=12), **place)) as results:
        next(results)
    time.sleep(1.0)
    assert len(heard(tmp_path / "log.txt", "start")) < 10


class Counted:
    """Something that knows how often it was pickled."""

    def __init__(self):
        self.times = 0

    def __getstate__(self):
        self.times += 1
        return {"times": self.times}


@dataclass(frozen=True)
class Held:
    values: np.ndarray


def total(number: int, inputs: dict, counted: Counted) -> float:
    return float(inputs["held"].values.sum() + inputs["bare"].sum()) + number


def test_what_tasks_share_is_sent_once_and_by_value(cluster, tmp_path):
    np.save(tmp_path / "x.npy", np.arange(6.0))
    on_disk = np.load(tmp_path / "x.npy", mmap_mode="r")
    (tmp_path / "x.npy").unlink()  # a worker that shares no disk cannot look there
    held, counted = Held(on_disk), Counted()
    work = [(number, {"held": held, "bare": on_disk}, counted) for number in range(6)]
    assert sorted(workers.each(total, work, cluster=cluster.address)) == [30.0 + number for number in range(6)]
    assert counted.times == 1


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:8786",
        "tcp://127.0.0.1",
        "http://127.0.0.1:80",
        "tcp://:8786",
        "tcp://h:port",
        "tcp://h:99999",
        "yes",
        "tcp://h:1/x",
    ],
)
def test_an_address_of_another_form_is_refused(address):
    with pytest.raises(ValueError, match=r"^cluster '.*': write scheme, host and port .* as tcp://127.0.0.1:8786$"):
        workers.check(address)


def test_nobody_or_no_scheduler_at_the_address(monkeypatch):
    pytest.importorskip("distributed", reason=dask_cluster.INSTALL)
    monkeypatch.setattr(dask_cluster, "ANSWER", 0.5)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        for _ in range(2):  # nobody listens; then someone does, who is no scheduler
            with pytest.raises(
                ValueError, match=f"no Dask scheduler answers at {address} within 0.5 s .*: check scheme, host"
            ):
                workers.check(address)
            other.listen()
    workers.check("")


def test_without_dask_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=re.escape(dask_cluster.INSTALL)):
        workers.check("tcp://127.0.0.1:8786")


@pytest.mark.parametrize("changed", [{"numpy": "0.1"}, {"Python": "2.7"}, {"code": "other"}])
def test_a_worker_that_is_not_as_this_machine_is_refused(cluster, monkeypatch, tmp_path, changed):
    (name, other), here = next(iter(changed.items())), dask_cluster.here()
    says = f"tcp://.* has {name} {here[name]}, and {other} is needed: start the scheduler and its workers with the requirements"
    with monkeypatch.context() as patch, pytest.raises(ValueError, match=f"worker {says}"):
        patch.setattr(dask_cluster, "here", lambda: here | changed)
        workers.check(cluster.address)
    monkeypatch.setattr(dask_cluster, "_checked", lambda *_: here | changed)  # as if it came after the check
    with pytest.raises(ValueError, match=f"worker {says}"):
        list(workers.each(picky, [(0, tmp_path)], cluster=cluster.address))


def test_a_cluster_without_workers_or_with_threads_is_refused(in_process):
    with pytest.raises(ValueError, match=r"the scheduler at tcp://.* has no worker: start .*`dask worker tcp://"):
        workers.check(in_process(0).scheduler_address)
    with pytest.raises(ValueError, match="has --nthreads 2, and 1 is needed"):
        workers.check(in_process(1, threads=2).scheduler_address)


def test_the_last_worker_leaves(in_process, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "IDLE", 1)
    local, found = in_process(1), []
    with pytest.raises(ValueError, match=r"no worker is left at tcp://.*, and run again"):
        for result in workers.each(task, tasks(tmp_path, 0.1), cluster=local.scheduler_address):
            found.append(result)
            local.scale(0)
    assert 1 <= len(found) < 8


def test_the_scheduler_goes(in_process, tmp_path):
    local = in_process(1)
    with pytest.raises(ValueError, match=r"the scheduler at tcp://.* is gone: start it and its workers, and run again"):
        for _ in workers.each(task, tasks(tmp_path, 0.1), cluster=local.scheduler_address):
            local.close()


def test_tls(in_process, tmp_path):
    dask, distributed = (pytest.importorskip(name) for name in ("dask", "distributed"))
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=test"]
    try:
        subprocess.run(["openssl", *new, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed, which makes the certificate of this test")
    sides = {f"tls_{side}_{what}": path for side in ("client", "scheduler", "worker") for what, path in
             (("cert", certificate), ("key", key))}  # fmt: skip
    security = distributed.Security(tls_ca_file=certificate, require_encryption=True, **sides)
    local = in_process(1, protocol="tls", security=security)
    assert local.scheduler_address.startswith("tls://")
    with pytest.raises(ValueError, match=r"no Dask scheduler answers at tls://.* \(.*TLS"):
        workers.check(local.scheduler_address)
    names = {"ca-file": certificate, "client.cert": certificate, "client.key": key}
    with dask.config.set({f"distributed.comm.tls.{name}": path for name, path in names.items()}):
        assert list(workers.each(picky, [(1, tmp_path)], cluster=local.scheduler_address)) == [1]

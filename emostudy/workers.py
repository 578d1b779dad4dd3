"""Tasks side by side: in processes of this machine through joblib, or on a Dask cluster, given its scheduler's address.

Start a cluster with the same requirements and the same code on every machine, the scheduler's too, whose memory holds the features:

    dask scheduler --port 8786
    dask worker tcp://HOST:8786 --nthreads 1 --nworkers 4

Dask runs whatever code reaches its scheduler and its workers, from whoever reaches them: use a trusted network only, or `tls://` with
certificates named in Dask's configuration (DASK_DISTRIBUTED__COMM__TLS__CA_FILE and its like).
"""

import dataclasses
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import numpy as np
from joblib import Parallel, delayed

from emostudy.dask_cluster import START, about, compare, connected

IDLE = 60  # s in which nothing is done and no worker is there: then the work is given up
PLAIN = (str, int, float, bytes, bool, type(None), Path)  # sent with every task; of the rest, once what tasks share


def each(function: Callable, tasks: Iterable[tuple], jobs: int = 2, cluster: str = "") -> Iterator:
    """`function(*task)` of every task, each once, in the order in which they are done.

    A worker is a process that runs one task at a time with one thread. With a cluster only the network is shared: arguments are sent,
    an object (or a value of a dict) that several tasks share only once, and results come back by value. The task of a worker that dies
    is run again by another. Closing the iterator cancels what is left; a task that runs is stopped here, and ignored on a cluster.

    Args:
        jobs: processes, where `cluster` is empty; with 1, tasks run in this process.
        cluster: the scheduler's address, `tcp://host:port` or `tls://host:port`.

    Raises:
        ValueError: as `check`; a task's own, after the results that were done before; the scheduler, or every worker, is gone.
    """
    tasks = list(tasks)
    return _on_cluster(function, tasks, cluster) if cluster else _in_processes(function, tasks, jobs)


def check(cluster: str) -> None:
    """ValueError if an address is not empty and no cluster that can do this study's work answers there within seconds."""
    if cluster:
        with connected(cluster):
            pass


def _in_processes(function: Callable, tasks: list[tuple], jobs: int) -> Iterator:
    work = Parallel(max(1, min(jobs, len(tasks))), return_as="generator_unordered")
    with warnings.catch_warnings(), closing(work(delayed(_tried)(function, task) for task in tasks)) as done:
        # joblib replaces a worker that has grown by the size of a batch of pictures: that is no leak, and nothing is lost
        warnings.filterwarnings("ignore", "A worker stopped while some jobs")
        warnings.filterwarnings("ignore", ".*tasks which were still being processed")  # cancelled, as is wanted
        for result, error in done:
            if error:
                raise error
            yield result


def _tried(function: Callable, task: tuple, expected: dict | None = None) -> tuple:
    """The result, or the ValueError: raised, joblib would throw away with it what others have done and nobody has fetched."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)  # processes go parallel, threads do not: see the design's measured traps
    try:
        if expected:
            from distributed import get_worker

            worker = get_worker()
            compare(f"worker {worker.address}", about(worker), expected)  # again, for a worker may come late
        with threadpool_limits(1):
            return function(*task), None
    except ValueError as error:
        return None, error


def _on_cluster(function: Callable, tasks: list[tuple], cluster: str) -> Iterator:
    with connected(cluster) as (client, expected):
        from distributed import CancelledError, KilledWorker
        from distributed.comm import CommClosedError

        name = uuid4().hex  # several studies may use one cluster
        sent = [
            client.submit(_tried, function, task, expected, key=f"task-{name}-{number}", pure=False)
            for number, task in enumerate(_with_data_sent(client, tasks, name))
        ]
        try:
            yield from _fetched(client, sent, cluster)
        except KilledWorker as error:
            raise ValueError(
                f"a task ended {error.allowed_failures + 1} workers of {cluster}, one after the other: for lack of memory, most "
                "likely; start fewer on a machine, each with a larger --memory-limit"
            ) from None
        except (CancelledError, CommClosedError):
            raise ValueError(f"the scheduler at {cluster} is gone: start it and its workers, and run again") from None
        finally:
            client.cancel(sent)


def _fetched(client, sent: list, cluster: str) -> Iterator:
    """Results as they are done; an error after those that were done with it."""
    from distributed import wait

    pending = set(sent)
    while pending:
        try:
            with client.as_current():
                done = wait(pending, timeout=IDLE, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            if not client.nthreads():
                raise ValueError(f"no worker is left at {cluster}: {START.format(cluster)}, and run again") from None
            continue
        pending -= done
        errors = []
        for result, error in map(_outcome, done):
            if error:
                errors.append(error)
            else:
                yield result
        if errors:
            raise errors[0]


def _outcome(future) -> tuple:
    """What `_tried` gave, or what became of it."""
    try:
        return future.result()
    except Exception as error:
        return None, error
    finally:
        future.release()  # or every result would stay in its worker's memory


def _with_data_sent(client, tasks: list[tuple], name: str) -> list[tuple]:
    """The tasks with what several of them share replaced by what stands for it on the cluster.

    A task of its own hands it on, which the scheduler keeps and can run again; data scattered to workers would be lost with them.
    """
    import dask

    uses = Counter(
        id(one) for task in tasks for value in task for one in (value.values() if _is_dict(value) else [value])
    )
    sent = {}

    def replaced(value):
        if _is_dict(value):
            return {key: replaced(one) for key, one in value.items()}
        if isinstance(value, PLAIN) or uses[id(value)] < 2:
            return value
        if id(value) not in sent:
            sent[id(value)] = client.submit(_same, _in_memory(value), key=f"data-{name}-{len(sent)}", pure=False)
        return sent[id(value)]

    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
        return [tuple(map(replaced, task)) for task in tasks]


def _is_dict(value: object) -> bool:
    return type(value) is dict


def _same(value):
    return value


def _in_memory(value):
    """The same, its arrays on disk as plain arrays: Dask sends those without a copy, ten times as fast."""
    if isinstance(value, np.memmap):
        return np.asarray(value)
    if not dataclasses.is_dataclass(value):
        return value
    fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return dataclasses.replace(
        value, **{key: np.asarray(one) for key, one in fields.items() if isinstance(one, np.memmap)}
    )

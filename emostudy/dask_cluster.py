"""The Dask cluster at an address: whether it is there, and whether its workers would compute what this machine would."""

import asyncio
import hashlib
import platform
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from emostudy.provenance import PACKAGES

ANSWER = 5  # s in which a scheduler answers
START = "start the scheduler and its workers with the requirements and code of here, a worker by `dask worker {} --nthreads 1`"
INSTALL = "a cluster needs Dask, which is not installed here: pip install -e '.[cluster]'"


@contextmanager
def connected(address: str) -> Iterator[tuple]:
    """A `distributed.Client` of the scheduler at `tcp://host:port` or `tls://host:port`, and what its workers must be.

    Raises:
        ValueError: another form of address, nobody there, no worker, or one with other versions or code, or with threads.
    """
    port = _port(address)
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(INSTALL) from None
    try:
        with ThreadPoolExecutor(1) as beside:  # a notebook's own thread has a loop already
            beside.submit(asyncio.run, _handshake(address)).result()
        client = Client(address, timeout=ANSWER, set_as_default=False)
    except Exception as error:  # of many kinds: refused, timed out, another protocol, no certificate
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"no Dask scheduler answers at {address} within {ANSWER} s ({reason}): check scheme, host and port, or start one by "
            f"`dask scheduler --port {port}`"
        ) from None
    with client:
        yield client, _checked(client, address)


async def _handshake(address: str) -> None:
    """TimeoutError where someone listens and says nothing: a client would wait for ever."""
    from distributed import Security
    from distributed.comm import connect

    options = Security().get_connection_args("client")
    (await asyncio.wait_for(connect(address, timeout=ANSWER, **options), ANSWER)).abort()


def _port(address: str) -> int:
    try:
        parts = urlsplit(address)
        if parts.scheme in ("tcp", "tls") and parts.hostname and parts.port and not parts.path:
            return parts.port
    except ValueError:  # a port that is no number
        pass
    raise ValueError(f"cluster {address[:60]!r}: write scheme, host and port of its scheduler, as tcp://127.0.0.1:8786")


def _checked(client, address: str) -> dict[str, str]:
    expected = here() | {"--nthreads": "1"}  # threads of one process would share torch's random numbers
    try:
        scheduler, workers = client.run_on_scheduler(here), client.run(about)
    except Exception as error:  # so an ImportError there arrives here
        raise ValueError(
            f"emostudy cannot be imported everywhere at {address} ({error}): {START.format(address)}"
        ) from None
    if not workers:
        raise ValueError(f"the scheduler at {address} has no worker: {START.format(address)}")
    compare(f"the scheduler at {address}", scheduler, here())  # it unpickles tasks too
    for worker, found in workers.items():
        compare(f"worker {worker}", found, expected)
    return expected


def compare(who: str, found: dict[str, str], expected: dict[str, str]) -> None:
    """ValueError for the first thing in which a process of the cluster is not as expected."""
    for name, value in expected.items():
        if found[name] != value:
            raise ValueError(f"{who} has {name} {found[name]}, and {value} is needed: {START.format('ADDRESS')}")


def about(dask_worker) -> dict[str, str]:  # the name by which Dask hands in the worker
    """What this worker is."""
    return here() | {"--nthreads": str(dask_worker.state.nthreads)}


@cache
def here() -> dict[str, str]:
    """What must be the same everywhere for the same result: Python, the packages that compute, and this package's code."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(f"{path.name}\n{path.read_text('utf-8')}".encode())
    versions = {name: _version(name) for name in (*PACKAGES, "dask", "distributed")}
    return {"Python": platform.python_version().rpartition(".")[0], **versions, "code": digest.hexdigest()[:16]}


def _version(name: str) -> str:
    try:
        return metadata.version(name).partition("+")[0]  # the same torch may be built for another device
    except metadata.PackageNotFoundError:
        return "none"

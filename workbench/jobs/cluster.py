"""Tasks on a Dask cluster: one that runs already, or one of this machine for the time of a call."""

from __future__ import annotations

import logging
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from workbench.errors import RunError
from workbench.jobs.processes import ONE_THREAD, RETRIES, died

T = TypeVar("T")
R = TypeVar("R")

_CONNECT_SECONDS = 10
_OWN_CLUSTER = {
    "distributed.scheduler.allowed-failures": RETRIES,
    # A busy machine takes its time to start a process again; one that never does ends the wait.
    "distributed.deploy.lost-worker-timeout": "5m",
    "distributed.scheduler.no-workers-timeout": "5m",
    # A worker holds the task it runs and, where many wait, no other to be blamed for its death.
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.work-stealing": False,
}


def in_cluster() -> bool:
    """Say whether this is a task of a cluster: what it starts itself runs serially."""
    if not sys.modules.get("distributed"):
        return False
    from distributed import get_worker

    try:
        get_worker()
    except ValueError:
        return False
    return True


@contextmanager
def cluster_client(workers: int = 2, address: str = "") -> Iterator[Any]:
    """Give a client of the cluster at an address, or of one that is gone afterwards.

    The cluster of its own is ``workers`` processes of one thread each, which listen on the
    loopback interface alone.

    Raises
    ------
    RunError
        If Dask is not installed, or nobody answers at the address.
    """
    try:
        import distributed
    except ImportError as fault:
        told = "distributed is not installed: pip install 'creator-workbench[cluster]'"
        raise RunError("There is no Dask to run the tasks.", [told]) from fault
    if not address:
        with _own_cluster(workers) as client:
            yield client
        return
    try:
        client = distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as fault:
        told = f"{address}: {fault}; start one with `dask scheduler`, or leave the address out"
        raise RunError("No Dask scheduler answers.", [told]) from fault
    with client:
        yield client


@contextmanager
def _own_cluster(workers: int) -> Iterator[Any]:
    import dask
    from distributed import Client

    with (
        TemporaryDirectory(prefix="workbench-dask-") as folder,
        dask.config.set(_OWN_CLUSTER),
        _started_cluster(workers, folder) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        try:
            yield client
        except BaseException:
            for nanny in cluster.workers.values():  # nobody waits for what they are at
                nanny.process.process.kill()
            raise


def _started_cluster(workers: int, folder: str) -> Any:
    """Start a cluster; half of one can't be closed, so that an interruption waits for the whole."""
    from distributed import LocalCluster

    with ThreadPoolExecutor(1) as thread:
        starting = thread.submit(
            LocalCluster,
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            protocol="tcp",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            memory_limit=0,
            local_directory=folder,
            silence_logs=logging.CRITICAL,
            env=ONE_THREAD,
        )
        try:
            return starting.result()
        except BaseException:
            starting.result().close()
            raise


def run_on_cluster(
    function: Callable[[T], R], tasks: Sequence[T], workers: int, address: str
) -> Iterator[R | Exception]:
    """Give what a function returns of each task, in their order, or why it can't be told."""
    sent = [_sendable(task) for task in tasks]
    with cluster_client(workers, address) as client:
        call = partial(_received, function)
        left = client.map(call, [s for s in sent if isinstance(s, bytes)], pure=False)
        try:
            for task in sent:
                yield _result(left.pop(0)) if isinstance(task, bytes) else task
        finally:
            client.cancel(left, force=True)


def _sendable(task: object) -> bytes | Exception:
    from cloudpickle import dumps

    try:
        sent: bytes = dumps(task)
    except Exception as error:
        return error
    return sent


def _received(function: Callable[[Any], R], task: bytes) -> R:
    return function(pickle.loads(task))


def _result(future: Any) -> Any:
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker:
        return died()
    except Exception as error:  # what can't be sent there or back
        return error

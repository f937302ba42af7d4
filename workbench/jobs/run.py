"""One interface for many independent tasks, whatever runs them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Generic, Literal, TypeVar

from workbench.errors import SettingsError
from workbench.jobs.cluster import cluster_client, in_cluster, run_on_cluster
from workbench.jobs.processes import run_in_processes

Executor = Literal["serial", "local", "dask"]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Outcome(Generic[T, R]):
    """What became of a task: its value, or the exception that ended it."""

    task: T
    value: R | None = None
    error: Exception | None = None


def run_tasks(
    function: Callable[[T], R],
    tasks: Sequence[T],
    *,
    executor: Executor = "serial",
    workers: int = 2,
    progress: str = "",
    address: str = "",
) -> list[Outcome[T, R]]:
    """Call a function on every task; one that fails does not stop the others.

    Parameters
    ----------
    function : callable
        Takes a task. Unless ``serial`` it must be importable from a module.
    tasks : sequence
    executor : {"serial", "local", "dask"}
        In this process, in ``workers`` local processes, or on a Dask cluster. What runs there
        already runs its own tasks serially.
    workers : int
        Local processes, at least 1.
    progress : str
        Label of a progress bar on stderr; none without a label or without a terminal.
    address : str
        Of a Dask scheduler, such as ``tcp://10.0.0.5:8786``; without it ``dask`` starts ``workers``
        processes on this machine and ends them.

    Returns
    -------
    list of Outcome
        In the order of the tasks. Ctrl-C ends the workers and is raised again; what a cluster at
        an address is at already runs to its end. A task whose process dies is tried twice more.

    Raises
    ------
    RunError
        If Dask is not installed or the scheduler does not answer.
    """
    if address and executor != "dask":
        told = f"address: {address} is for the executor dask; found {executor}"
        raise SettingsError("The tasks can't be run there.", [told])
    call = partial(_outcome, function)
    found: Iterator[Outcome[T, R] | Exception]
    few = executor == "local" and (workers == 1 or len(tasks) < 2)
    if executor == "serial" or few or not tasks or in_cluster():
        found = map(call, tasks)
    elif executor == "local":
        found = run_in_processes(call, tasks, workers)
    else:
        found = run_on_cluster(call, tasks, workers, address)
    outcomes = (
        Outcome(task=task, error=result) if isinstance(result, Exception) else result
        for task, result in zip(tasks, found, strict=True)
    )
    return list(_shown(outcomes, len(tasks), progress))


def run_each(
    function: Callable[[T], R],
    tasks: Sequence[T],
    *,
    executor: Executor = "serial",
    workers: int = 2,
    address: str = "",
) -> list[R]:
    """Return what a function gives for every task; raise what ended the first that failed.

    Parameters
    ----------
    function, tasks, executor, workers, address
        As of ``run_tasks``.
    """
    values = []
    for done in run_tasks(function, tasks, executor=executor, workers=workers, address=address):
        if done.error:
            raise done.error
        values.append(done.value)
    return values  # type: ignore[return-value]


@contextmanager
def joblib_backend(
    executor: Executor = "serial", *, workers: int = 2, address: str = ""
) -> Iterator[None]:
    """Let joblib, and scikit-learn with it, run what is parallel by an executor of tasks.

    Parameters
    ----------
    executor, workers, address
        As of ``run_tasks``.
    """
    from joblib import parallel_config

    if executor == "serial" or in_cluster():
        with parallel_config("sequential"):
            yield
    elif executor == "local":
        with parallel_config("loky", n_jobs=workers, inner_max_num_threads=1):
            yield
    else:
        with cluster_client(workers, address) as client, parallel_config("dask", client=client):
            yield


def _outcome(function: Callable[[T], R], task: T) -> Outcome[T, R]:
    try:
        return Outcome(task=task, value=function(task))
    except Exception as error:
        return Outcome(task=task, error=error)


def _shown(outcomes: Iterable[T], total: int, label: str) -> Iterator[T]:
    if not label or not sys.stderr.isatty():
        yield from outcomes
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(outcomes, label, total=total, console=Console(stderr=True), transient=True)

"""One interface for many independent tasks, whatever runs them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

Executor = Literal["serial", "local"]
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
) -> list[Outcome[T, R]]:
    """Call a function on every task; one that fails does not stop the others.

    Parameters
    ----------
    function : callable
        Takes a task. With ``local`` it must be importable from a module.
    tasks : sequence
    executor : {"serial", "local"}
        In this process, or in ``workers`` local processes.
    workers : int
        Local processes, at least 1.
    progress : str
        Label of a progress bar on stderr; none without a label or without a terminal.

    Returns
    -------
    list of Outcome
        In the order of the tasks. Ctrl-C ends the workers and is raised again.
    """
    outcomes: Iterator[Outcome[T, R]]
    if executor == "serial" or workers == 1 or len(tasks) < 2:
        outcomes = (_outcome(function, task) for task in tasks)
    else:
        outcomes = _local(function, tasks, workers)
    return list(_shown(outcomes, len(tasks), progress))


def _outcome(function: Callable[[T], R], task: T) -> Outcome[T, R]:
    try:
        return Outcome(task=task, value=function(task))
    except Exception as error:
        return Outcome(task=task, error=error)


def _local(function: Callable[[T], R], tasks: Sequence[T], workers: int) -> Iterator[Outcome[T, R]]:
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=workers, backend="loky", return_as="generator")
    results: Any = parallel(delayed(_outcome)(function, task) for task in tasks)
    return iter(results)


def _shown(outcomes: Iterable[T], total: int, label: str) -> Iterator[T]:
    if not label or not sys.stderr.isatty():
        yield from outcomes
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(outcomes, label, total=total, console=Console(stderr=True), transient=True)

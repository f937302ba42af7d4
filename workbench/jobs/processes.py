"""Tasks in processes of this machine: each has one of its own, whose death harms no other."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from threading import Event, Thread
from typing import TypeVar

from workbench.errors import RetryableError

T = TypeVar("T")
R = TypeVar("R")

# A task whose process has died gets another, at most so many times.
RETRIES = 2
# Processes are the unit of parallel work; what they run keeps to one thread.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def died() -> RetryableError:
    """Return what is told of a task whose processes have died."""
    told = f"it was tried {RETRIES + 1} times: is there memory enough?"
    return RetryableError("The process of a task ended before the task.", [told])


def run_in_processes(
    function: Callable[[T], R], tasks: Sequence[T], workers: int
) -> Iterator[R | Exception]:
    """Give what a function returns of each task, in their order, or why it can't be told.

    Processes end with the last task, and at once when the reader stops before.
    """
    from joblib.externals.loky import BrokenProcessPool, ProcessPoolExecutor

    # A pool has one process: it is known whose task ended it.
    new = partial(
        ProcessPoolExecutor, 1, initializer=_end_with, initargs=(os.getpid(),), env=ONE_THREAD
    )
    at_once = range(min(workers, len(tasks)))
    pools = {place: new() for place in at_once}
    free: SimpleQueue[int] = SimpleQueue()
    stopped = Event()

    def run(task: T) -> R | Exception:
        place = free.get()
        try:
            for _ in range(RETRIES + 1):
                if stopped.is_set():
                    break
                try:
                    result: R = pools[place].submit(function, task).result()
                    return result
                except BrokenProcessPool:
                    pools[place] = new()
            return died()
        except Exception as error:  # what can't be sent there or back
            return error
        finally:
            free.put(place)

    for place in at_once:
        free.put(place)
    with ThreadPoolExecutor(len(at_once), initializer=_deafen) as threads:
        try:
            yield from threads.map(run, tasks)
        finally:
            stopped.set()
            for pool in pools.values():
                pool.shutdown(kill_workers=True)


def _deafen() -> None:
    """Hold Ctrl-C back from the processes that this thread starts, until they have imported."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _end_with(parent: int) -> None:
    """End this process soon after its parent: nobody waits any more for what it does."""
    if signal.SIGINT in signal.sigpending():  # which would tell of itself in a traceback
        os._exit(130)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    Thread(target=watch, daemon=True).start()

"""Tasks for worker processes, which import little more than this."""

import os
import time
from pathlib import Path

from workbench.jobs import run_tasks


def halve(number: int) -> float:
    if number == 3:
        raise ValueError("odd")
    return number / 2


def end_at_three(number: int) -> int:
    if number == 3:
        os._exit(9)
    return number


def end_once(mark: Path) -> str:
    if not mark.exists():
        mark.touch()
        os._exit(9)
    return "done"


def interrupted(_: object) -> None:
    raise KeyboardInterrupt


def process_of(place: Path) -> None:
    (place / f"{os.getpid()}.pid").touch()
    time.sleep(60)


def alive(pid: int) -> bool:
    """Whether a process is there and not only waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def process(_: int) -> int:
    return os.getpid()


def nested(_: int) -> tuple[str, list[int | None], int]:
    found = run_tasks(process, [1, 2], executor="local")
    return os.environ["OMP_NUM_THREADS"], [outcome.value for outcome in found], os.getpid()

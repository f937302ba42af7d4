"""What a cell of the faults' notebook does wrong; called inside the kernel."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from IPython.display import display

SECRET = "WORKBENCH_FAULTS_SECRET"  # the variable that holds it
PLACE = "WORKBENCH_FAULTS_PLACE"  # a folder in which kernel and benchmark wave to each other


def misbehave(fault: str) -> None:
    """Do what the fault is named for; an unknown name does nothing."""
    _FAULTS.get(fault, lambda: None)()


def _raise() -> None:
    raise ValueError("no such column")


def _thread() -> None:
    thread = threading.Thread(target=_raise)
    thread.start()
    thread.join()


def _wait() -> None:
    """Say that the run is here, and wait until the benchmark has done its part."""
    place = Path(os.environ[PLACE])
    (place / "here").touch()
    while not (place / "go").exists():
        time.sleep(0.01)


def _no_alt() -> None:
    picture = f"data:image/png;base64,{'A' * 400}"
    display({"text/html": f'<figure><img src="{picture}"></figure>'}, raw=True)


def _tell_secret() -> None:
    """Give it away by every way out of a kernel that we know."""
    secret = os.environ[SECRET]
    half = len(secret) // 2
    sys.stdout.write(secret[:half])
    sys.stdout.flush()
    sys.stdout.write(secret[half:] + "\n")
    sys.stderr.write(repr(secret) + "\n")
    os.write(1, f"{secret}\n".encode())
    os.write(2, f"{secret}\n".encode())
    display({"text/html": f"<p>{secret}</p>", "text/plain": secret}, raw=True)
    display({"application/json": {secret: [secret]}, "text/plain": "."}, raw=True)


def _raise_secret() -> None:
    raise ValueError(f"cannot log in with {os.environ[SECRET]}")


_FAULTS = {
    "raise": _raise,
    "exit": lambda: sys.exit(0),
    "thread": _thread,
    "die": lambda: os._exit(9),
    "hang": lambda: time.sleep(120),
    "wait": _wait,
    "no alt": _no_alt,
    "tell secret": _tell_secret,
    "raise secret": _raise_secret,
}

"""Kernels of report notebooks: fresh ones, or ones forked from a process that has imported already.

Both are real ipykernels behind an ordinary kernelspec; papermill and nbclient see no difference.
They talk by sockets in a short private folder, not by network ports: two runs never race for a
port, and nobody else on the machine can listen.
"""

from __future__ import annotations

import asyncio
import atexit
import fcntl
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import Empty
from typing import Any, Protocol

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from workbench.reporting.zygote import ENVIRONMENT, INLINE, MODULES

logger = logging.getLogger(__name__)

_PREFIX = "workbench-kernels-"
_ONE_THREAD = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
_PATIENCE = 120  # seconds for a parent's imports
_YOUNG = 30  # seconds in which a folder may have no owner yet


class KernelSource(Protocol):
    """Where kernels come from; a worker process gets it with its task."""

    @property
    def home(self) -> Path | None:
        """Folder for the folders of sockets; none is the system's for temporary files."""

    def manager(self, sockets: Path, log: Path) -> type:
        """Return the class for papermill's ``kernel_manager_class``.

        Parameters
        ----------
        sockets : Path
            Existing private folder, with a short name.
        log : Path
            Where to add what the kernel process itself says.
        """


@dataclass(frozen=True, kw_only=True)
class _Kernels:
    """Kernels of this interpreter, whatever else is registered as ``python3`` on the machine."""

    argv: tuple[str, ...]
    home: Path | None = None

    def manager(self, sockets: Path, log: Path) -> type:
        if self.home and (refusal := _refusal(self.home)):
            _warn(refusal)
        argv = [sys.executable, *self.argv]
        spec = KernelSpec(argv=argv, display_name="Python 3", language="python")
        return type(
            "SocketKernelManager",
            (_SocketKernelManager,),
            {"kernel_spec": spec, "sockets": sockets, "said": log},
        )


def fresh_kernels() -> KernelSource:
    """Return the source of kernels that start from nothing."""
    return _Kernels(argv=("-m", "ipykernel_launcher", "-f", "{connection_file}"))


@contextmanager
def forked_kernels(modules: Sequence[str] = MODULES) -> Iterator[KernelSource]:
    """Start the parent of kernels and end it; where forking is unsafe kernels are fresh.

    It imports while this process goes on; a kernel that is asked for too early waits for it.

    Parameters
    ----------
    modules : sequence of str
        What it imports.
    """
    if sys.platform != "linux":
        _warn("forking is safe on Linux only")
        yield fresh_kernels()
        return
    with private_folder() as folder:
        door = folder / "door"
        with _parent(folder, door, modules):
            stub = str(Path(__file__).with_name("kernel_stub.py"))
            argv = ("-I", "-S", stub, str(door), "-f", "{connection_file}")
            yield _Kernels(argv=argv, home=folder)


def _refusal(home: Path) -> str:
    """Return why the parent in a folder forks no kernels, or nothing."""
    if (home / "refused").exists():
        return (home / "refused").read_text(encoding="utf-8")
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(str(home / "door"))
        except OSError:
            return "their parent has ended"
    return ""


@cache
def _warn(reason: str) -> None:
    logger.warning("Kernels are started one by one: %s.", reason)


@contextmanager
def _parent(folder: Path, door: Path, modules: Sequence[str]) -> Iterator[None]:
    """Run the parent of kernels; it ends with this process, by the end of its standard input."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(door))
        listening.listen(64)
        words = [str(listening.fileno()), str(os.getpid()), str(folder), *modules]
        parent = subprocess.Popen(
            [sys.executable, "-m", "workbench.reporting.zygote", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[listening.fileno()],
            cwd=folder,
            env={"MPLBACKEND": INLINE} | os.environ | ENVIRONMENT | _ONE_THREAD,
            start_new_session=True,
        )
    try:
        yield
    finally:
        parent.kill()  # its kernels end with it
        parent.communicate()


def worker_kernels() -> KernelSource:
    """Return forked kernels of a parent that lives as long as this process."""
    with _ONE_AT_A_TIME:
        return _worker_kernels()


@cache
def _worker_kernels() -> KernelSource:
    atexit.register(_AT_EXIT.close)
    return _AT_EXIT.enter_context(forked_kernels())


_ONE_AT_A_TIME = threading.Lock()
_AT_EXIT = ExitStack()


@contextmanager
def private_folder(home: Path | None = None) -> Iterator[Path]:
    """Give a folder that only this user can enter; it is gone afterwards.

    What processes left that were killed is swept away first.
    """
    place = home or _short_place()
    if home is None:
        _sweep(place)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX if home is None else "", dir=place))
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)  # until this process ends: the folder is in use
        yield folder
    finally:
        os.close(handle)
        shutil.rmtree(folder, ignore_errors=True)


def _short_place() -> Path:
    """Return where sockets may lie: the path of one may have 100 characters."""
    place = tempfile.gettempdir()
    return Path(place if len(place) < 50 else "/tmp")


def _sweep(place: Path) -> None:
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            old = time.time() - folder.stat().st_mtime > _YOUNG
            if old and folder.stat().st_uid == os.getuid() and not _is_held(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_held(folder: Path) -> bool:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


class _SocketKernelClient(AsyncKernelClient):
    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Return as soon as the kernel answers and its outputs are heard."""
        from nbclient.exceptions import DeadKernelError

        deadline = time.monotonic() + (timeout or float("inf"))
        while time.monotonic() < deadline:
            self.kernel_info()
            with suppress(Empty):
                reply = await self.get_shell_msg(timeout=1)
                await self.get_iopub_msg(timeout=0.2)
                self._handle_kernel_info_reply(reply)
                return
            if not await self.is_alive():
                raise DeadKernelError("the kernel died before it was ready")
        raise DeadKernelError("the kernel was not ready in time")


class _SocketKernelManager(AsyncKernelManager):
    sockets: Path
    said: Path

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.client_factory = _SocketKernelClient
        self.shutdown_wait_time = 2.0
        if os.name == "posix":
            self.transport, self.ip = "ipc", str(self.sockets / "kernel")
            self.connection_file = str(self.sockets / "connection.json")

    async def _async_launch_kernel(self, kernel_cmd: list[str], **settings: Any) -> None:
        # What the kernel process itself says is for the desk, not for the terminal.
        settings["env"] = settings["env"] | ENVIRONMENT
        with self.said.open("ab") as said:
            await super()._async_launch_kernel(kernel_cmd, stdout=said, stderr=said, **settings)
        await self._sockets_are_there()

    async def _sockets_are_there(self) -> None:
        """Wait for the kernel's sockets: a client that comes too early waits longer."""
        places = [Path(f"{self.ip}-{port}") for port in self.ports if self.transport == "ipc"]
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and not all(place.exists() for place in places):
            if not await self._async_is_alive():
                return
            await asyncio.sleep(0.005)

    async def _async_interrupt_kernel(self) -> None:
        # A kernel that is being shut down gets the message, then SIGTERM; an interrupt just before
        # can break its event loop, and it then hangs.
        if not self.shutting_down:
            await super()._async_interrupt_kernel()

    async def _async_finish_shutdown(self, *args: Any, **settings: Any) -> None:
        await super()._async_finish_shutdown(*args, **{"pollinterval": 0.01} | settings)

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        # Processes that a cell started and left behind end with its kernel.
        group = getattr(self.provisioner, "pgid", None)
        if group:
            with suppress(OSError):
                os.killpg(group, signal.SIGKILL)
        await super()._async_cleanup_resources(restart=restart)

"""The parent of kernels: imports once what reports need and forks a kernel for each that asks.

It runs no client's code and reads no client's data. It ends, with all its kernels and the folder
of their sockets, when the process that started it does, however that ends.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib.util
import os
import random
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

# Sums must not depend on how many cores a machine has.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS")
ENVIRONMENT = dict.fromkeys(_THREADS, "1") | {
    "PYTHONHASHSEED": "0",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
INLINE = "module://matplotlib_inline.backend_inline"

# What the bundled reports and most own ones use. Nothing that asks at its import whether it is in a
# notebook (tqdm.auto does), and no connection and no draw by pyplot: those belong to a kernel.
MODULES = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "sqlite3",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "tornado.queues",
    "pandas",
    "pyarrow.parquet",
    "pyarrow.dataset",
    "duckdb",
    "scipy.stats",
    "scipy.optimize",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_svg",
    "matplotlib.backends.backend_agg",
    "seaborn",
    "sklearn.linear_model",
    "sklearn.ensemble",
    "sklearn.pipeline",
    "sklearn.model_selection",
    "sklearn.covariance",
    "statsmodels.api",
    "mistune",
    "workbench.audience",
    "workbench.budget",
    "workbench.campaign",
    "workbench.claims",
    "workbench.curves",
    "workbench.features",
    "workbench.figures",
    "workbench.store",
    "workbench.wording",
    "workbench.budget.register",
    "workbench.reporting.passport",
    "workbench.reporting.cards",
    "workbench.reporting.audit_cards",
    "workbench.reporting.plan_cards",
)
_END_WITH_PARENT = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True, kw_only=True)
class Request:
    """A kernel that was asked for: where it works, with what arguments and environment."""

    cwd: str
    arguments: tuple[str, ...]
    environment: dict[str, str]
    handles: tuple[int, ...]


def main(door: int, owner: int, folder: Path, modules: Collection[str]) -> None:
    """Serve until the owner ends; in a forked process, be the kernel."""
    given = list(os.environ)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.path[0] in ("", os.getcwd()):  # as ipykernel's launcher does
        del sys.path[0]
    signal.signal(signal.SIGALRM, lambda *_: os.getppid() == owner or _abandon(folder))
    signal.setitimer(signal.ITIMER_REAL, 1, 1)  # an import may take seconds
    refusal = warm_up(folder, modules)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    request = Parent(socket.socket(fileno=door), owner, refusal).serve()
    if request:
        be_kernel(request, given)
    else:
        _abandon(folder)


def _abandon(folder: Path) -> NoReturn:
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def warm_up(folder: Path, modules: Collection[str]) -> str:
    """Import everything and draw once; return why forking is unsafe, or nothing."""
    try:
        os.close(os.pidfd_open(os.getpid()))
        for name in modules:
            importlib.import_module(name)
        if "matplotlib" in sys.modules:
            _draw_once()
        refusal = _threads()
    except Exception:
        told = traceback.format_exc(limit=0).strip().splitlines()[-1]
        refusal = f"the warm-up of their parent failed: {told}"
    for module in list(sys.modules.values()):  # each kernel warns anew
        if isinstance(module, ModuleType):
            vars(module).pop("__warningregistry__", None)
    if refusal:
        (folder / "draft").write_text(refusal, encoding="utf-8")
        (folder / "draft").rename(folder / "refused")
    gc.disable()
    gc.collect()
    gc.freeze()
    return refusal


def _threads() -> str:
    """Return why forking now would be unsafe: only the thread that forks lives on in a child."""
    count = len(os.listdir("/proc/self/task"))
    return f"the parent of kernels runs {count} threads" if count > 1 else ""


def _draw_once() -> None:
    """Fill the caches of fonts, by a figure that pyplot does not know."""
    import io

    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(), warnings.catch_warnings():
        figure = Figure()
        figure.subplots().set_title("Ag 0")
        for kind in ("svg", "png"):
            figure.savefig(io.BytesIO(), format=kind)


class Parent:
    """Takes requests, forks, hands signals on, and says how a kernel ended."""

    def __init__(self, door: socket.socket, owner: int, refusal: str) -> None:
        self.door, self.owner, self.refusal = door, owner, refusal
        self.kernels: dict[int, socket.socket] = {}
        self.selector = selectors.DefaultSelector()
        self._watch(door, self._open)
        self._watch(0, self._close)

    def _watch(self, what: socket.socket | int, act: Callable[[], Request | None]) -> None:
        self.selector.register(what, selectors.EVENT_READ, act)

    def serve(self) -> Request | None:
        """Return a request in the process that is to be its kernel, and nothing in the parent."""
        while self.owner and os.getppid() == self.owner:
            for key, _ in self.selector.select(timeout=1):
                request: Request | None = key.data()
                if request:
                    return request
        for kernel in self.kernels:
            _kill(kernel, signal.SIGKILL)
        return None

    def _close(self) -> None:
        if not os.read(0, 1):  # the owner's end of the pipe
            self.owner = 0

    def _open(self) -> Request | None:
        line, _ = self.door.accept()
        line.settimeout(5)
        try:
            request = read_request(line)
            refusal = self.refusal or _threads() or _other(request.environment)
            if not refusal:
                return self._fork(line, request)
            line.sendall(f"refused {refusal}\n".encode())
        except (OSError, ValueError):
            pass  # who asked is gone
        line.close()
        return None

    def _fork(self, line: socket.socket, request: Request) -> Request | None:
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        kernel = os.fork()
        if kernel:
            for handle in request.handles:
                os.close(handle)
            self._follow(kernel, line)
            return None
        os.setsid()
        ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        for other in (self.door, line, *self.kernels.values()):
            other.close()
        for key in list(self.selector.get_map().values()):
            if isinstance(key.fileobj, int) and key.fileobj:
                os.close(key.fileobj)
        self.selector.close()
        return request

    def _follow(self, kernel: int, line: socket.socket) -> None:
        self.kernels[kernel] = line
        handle = os.pidfd_open(kernel)
        with suppress(OSError):
            line.sendall(f"kernel {kernel}\n".encode())

        def ended() -> None:
            self.selector.unregister(handle)
            os.close(handle)
            with suppress(KeyError):
                self.selector.unregister(line)
            _kill(kernel, signal.SIGKILL)  # what it started and left behind
            code = os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1])
            with suppress(OSError):
                line.sendall(f"exit {code}\n".encode())
            line.close()
            del self.kernels[kernel]

        def told() -> None:
            if kernel not in self.kernels:  # it ended in the same moment
                return
            heard = b""
            with suppress(OSError):
                heard = line.recv(64)
            for number in heard:
                _kill(kernel, number)
            if not heard:  # its stub was killed
                self.selector.unregister(line)
                _kill(kernel, signal.SIGKILL)

        self._watch(handle, ended)
        self._watch(line, told)


def _kill(kernel: int, number: int) -> None:
    with suppress(OSError):
        try:
            os.killpg(kernel, number)
        except ProcessLookupError:  # it has just been forked
            os.kill(kernel, number)


def _other(environment: dict[str, str]) -> str:
    """Return what was set otherwise for this process and can't be changed any more."""
    fixed = (*ENVIRONMENT, "PYTHONPATH")
    other = [name for name in fixed if environment.get(name) != os.environ.get(name)]
    return f"{' and '.join(other)} of the parent of kernels differ" if other else ""


def read_request(line: socket.socket) -> Request:
    """Read what a stub asks for.

    Raises
    ------
    OSError, ValueError
        If the stub is gone or says something else.
    """
    size, handles, _, _ = socket.recv_fds(line, 8, 2)
    text = b""
    while len(text) < int(size):
        if not (piece := line.recv(1 << 16)):
            raise OSError("the stub is gone")
        text += piece
    cwd, count, *words = map(os.fsdecode, text.split(b"\0"))
    pairs = (word.partition("=") for word in words[int(count) :])
    return Request(
        cwd=cwd,
        arguments=tuple(words[: int(count)]),
        environment={name: value for name, _, value in pairs},
        handles=tuple(handles),
    )


def be_kernel(request: Request, given: Collection[str]) -> None:
    """Be the kernel that was asked for, as if its process had just been started."""
    from ipykernel.kernelapp import IPKernelApp

    for number, handle in enumerate((os.open(os.devnull, os.O_RDONLY), *request.handles)):
        os.dup2(handle, number)
        os.close(handle)
    os.chdir(request.cwd)
    by_imports = {name: os.environ[name] for name in os.environ.keys() - given}
    os.environ.clear()
    os.environ.update(by_imports | request.environment)
    time.tzset()
    tempfile.tempdir = None
    random.seed()
    loaded: dict[str, Any] = dict(sys.modules)
    if numpy := loaded.get("numpy"):
        numpy.random.seed()
    if matplotlib := loaded.get("matplotlib"):
        matplotlib.rcParams["backend"] = os.environ.get("MPLBACKEND") or INLINE
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.enable()
    sys.argv = [_launcher(), *request.arguments]
    own = f"--IPKernelApp.parent_handle={os.getppid()}"
    app: Any = IPKernelApp.instance()
    app.initialize([*request.arguments, own])
    if widgets := loaded.get("ipywidgets"):  # seaborn imports it; it looks for a kernel only then
        widgets.register_comm_target(app.kernel)
    app.start()
    _leave()


def _leave() -> None:
    """End as an interpreter does, but without taking apart what the parent has imported."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _launcher() -> str:
    """Return the path that ipykernel's own launcher has as the name of the program."""
    spec = importlib.util.find_spec("ipykernel_launcher")
    return (spec and spec.origin) or "ipykernel_launcher"


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])

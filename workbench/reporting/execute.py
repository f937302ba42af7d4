"""Run a notebook by papermill, and judge by the finished notebook whether it succeeded.

Papermill's exit is not enough: ``sys.exit(0)`` half-way, a failing shell command, an exception in a
thread and a killed kernel all leave a notebook that looks finished.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat

from workbench.errors import RunError
from workbench.formats import END_MARK

# Sums must not depend on how many cores a machine has.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS")
_ENVIRONMENT = dict.fromkeys(_THREADS, "1") | {
    "PYTHONHASHSEED": "0",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


CELL_SECONDS = 600  # a cell that runs longer ends the run


def execute_notebook(notebook: Path, work: Path, parameters: Mapping[str, object]) -> Path:
    """Run a notebook in a work folder and return the executed copy.

    Parameters
    ----------
    notebook : Path
    work : Path
        Existing folder; the kernel works there and the copy stays there, finished or not.
    parameters : mapping
        Already checked values.

    Raises
    ------
    RunError
        If a cell failed, or the finished notebook shows that not everything ran.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillException

    executed = work / "executed.ipynb"
    refuse_shell_lines(notebook)
    try:
        with _environment(), tempfile.TemporaryDirectory(prefix="workbench-") as sockets:
            papermill.execute_notebook(
                str(notebook),
                str(executed),
                parameters=dict(parameters),
                kernel_name="python3",
                cwd=str(work),
                progress_bar=False,
                log_output=False,
                execution_timeout=CELL_SECONDS,
                start_timeout=120,
                kernel_manager_class=_socket_kernels(Path(sockets), work / "kernel.log"),
            )
    except PapermillException as fault:
        raise RunError(f"{notebook.name} failed in a cell.", _failed_cell(fault)) from fault
    except CellTimeoutError as fault:
        told = f"a cell ran longer than {CELL_SECONDS} s"
        raise RunError(f"{notebook.name} was ended.", [told]) from fault
    except (DeadKernelError, SystemExit) as fault:
        told = "its kernel died; too little memory is the usual reason"
        raise RunError(f"{notebook.name} was ended.", [told]) from fault
    faults = unfinished_faults(nbformat.read(executed, as_version=4))
    if faults:
        raise RunError(f"{notebook.name} did not run to its end.", faults)
    return executed


def _socket_kernels(folder: Path, log: Path) -> type:
    """Return a kernel manager that talks by sockets in a private folder, not by network ports.

    Two runs can then never race for a port, and nobody else on the machine can listen.
    """
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    # This interpreter's own kernel, whatever else is registered as `python3` on the machine.
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]

    class SocketKernelManager(AsyncKernelManager):
        kernel_spec = KernelSpec(argv=argv, display_name="Python 3", language="python")

        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            if os.name == "posix":
                self.transport, self.ip = "ipc", str(folder / "kernel")

        async def _async_launch_kernel(self, kernel_cmd: list[str], **settings: Any) -> None:
            # What the kernel process itself says is for the desk, not for the terminal.
            with log.open("ab") as said:
                settings |= {"stdout": said, "stderr": said}
                await super()._async_launch_kernel(kernel_cmd, **settings)

    return SocketKernelManager


def refuse_shell_lines(notebook: Path) -> None:
    """Refuse ``!command`` and ``%magic`` lines: their failures leave no trace in the notebook.

    Raises
    ------
    RunError
        With every such line.
    """
    cells = nbformat.read(notebook, as_version=4).cells
    lines = [
        line.strip()
        for cell in cells
        if cell.cell_type == "code"
        for line in cell.source.splitlines()
    ]
    faults = [f"{line!r}: call Python instead" for line in lines if line.startswith(("!", "%"))]
    if faults:
        raise RunError(f"{notebook.name} holds shell or magic lines.", faults)


def unfinished_faults(notebook: Any) -> list[str]:
    """Return the signs that an executed notebook did not run whole and well."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    faults = [fault for cell in code for fault in _cell_faults(cell)]
    if notebook.metadata.get("papermill", {}).get("exception"):
        faults.append("papermill recorded an exception")
    if not code or not any(output.get("metadata", {}).get(END_MARK) for output in code[-1].outputs):
        faults.append("the last cell did not mark the end (show_end)")
    return faults


def _cell_faults(cell: Any) -> list[str]:
    faults = []
    status = cell.metadata.get("papermill", {}).get("status")
    if cell.execution_count is None or status != "completed":
        faults.append(f"cell {cell.id!r} did not run ({status})")
    for output in cell.outputs:
        if output.output_type == "error":
            faults.append(f"cell {cell.id!r}: {output.ename}: {output.evalue}")
        if output.output_type == "stream" and "Traceback (most recent call last)" in output.text:
            faults.append(f"cell {cell.id!r} printed a traceback: {output.text.strip()[-200:]}")
    return faults


def _failed_cell(fault: Any) -> list[str]:
    name, value = (
        getattr(fault, "ename", type(fault).__name__),
        getattr(fault, "evalue", str(fault)),
    )
    source = str(getattr(fault, "source", "")).strip().splitlines()
    where = [f"in the cell that begins {source[0]!r}"] if source else []
    return [f"{name}: {value}", *where]


@contextmanager
def _environment() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

"""Run a notebook by papermill, and judge by the finished notebook whether it succeeded.

Papermill's exit is not enough: ``sys.exit(0)`` half-way, a failing shell command, an exception in a
thread and a killed kernel all leave a notebook that looks finished.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import nbformat

from workbench.errors import RetryableError, RunError
from workbench.formats import END_MARK
from workbench.reporting.kernels import KernelSource, fresh_kernels, private_folder
from workbench.reporting.redaction import redactor

CELL_SECONDS = 600  # a cell that runs longer ends the run
_FAILED = "notebook_failed"  # the kind of error


def execute_notebook(
    notebook: Path,
    work: Path,
    parameters: Mapping[str, object],
    *,
    kernels: KernelSource | None = None,
    seconds: float | None = None,
    secrets: Collection[str] = (),
) -> Path:
    """Run a notebook in a work folder and return the executed copy.

    Parameters
    ----------
    notebook : Path
    work : Path
        Existing folder; the kernel works there and the copy stays there, finished or not.
    parameters : mapping
        Already checked values.
    kernels : KernelSource, optional
        Where the kernel comes from; a fresh one unless given.
    seconds : float, optional
        Limit of the whole run, besides ``CELL_SECONDS`` of each cell.
    secrets : collection of str
        Values that are replaced in everything that is written or told.

    Raises
    ------
    RunError
        If a cell failed, or the finished notebook shows that not everything ran.
    RetryableError
        If the kernel died or a limit was passed.
    """
    redact = redactor(secrets)
    refuse_shell_lines(notebook)
    kernels = kernels or fresh_kernels()
    executed, log = work / "executed.ipynb", work / "kernel.log"
    kept: list[Any] = []
    with private_folder(kernels.home) as sockets:
        said = sockets / "kernel.log"
        manager = kernels.manager(sockets, said)
        try:
            fault = _run(notebook, work, parameters, manager, seconds, kept, redact)
        finally:  # once, whatever happened: what there is of the notebook is kept
            if kept:
                _write(redact(kept[0]), executed)
            if said.exists():
                log.write_text(redact(said.read_text(errors="replace")), encoding="utf-8")
    if fault:
        raise type(fault)(redact(fault.headline), redact(list(fault.faults)), fault.kind)
    return executed


def _run(
    notebook: Path,
    work: Path,
    parameters: Mapping[str, object],
    manager: type,
    seconds: float | None,
    kept: list[Any],
    redact: Callable[[Any], Any],
) -> RunError | None:
    """Run a notebook in memory and return what is wrong with the run; it is put into ``kept``."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillException

    end = time.monotonic() + (seconds or float("inf"))
    try:
        with _redacted_messages(redact):
            papermill.execute_notebook(
                str(notebook),
                None,
                parameters=dict(parameters),
                engine_name=_engine(),
                kept=kept,
                kernel_name="python3",
                language="python",
                resources={"metadata": {"path": str(work)}},  # of the kernel; our own place stays
                progress_bar=False,
                log_output=False,
                autosave_cell_every=0,
                coalesce_streams=True,  # their pieces depend on the clock
                execution_timeout=CELL_SECONDS,
                timeout_func=lambda _: max(0.01, min(CELL_SECONDS, end - time.monotonic())),
                start_timeout=int(min(120, seconds or 120)) or 1,
                kernel_manager_class=manager,
            )
    except PapermillException as fault:
        return RunError(f"{notebook.name} failed in a cell.", _failed_cell(fault), _FAILED)
    except CellTimeoutError:
        told = f"a cell ran longer than {CELL_SECONDS} s"
        if time.monotonic() >= end:
            told = f"the run took longer than {seconds:g} s"
        return RetryableError(f"{notebook.name} was ended.", [told], "timeout")
    except DeadKernelError:
        told = "its kernel died; too little memory is the usual reason"
        return RetryableError(f"{notebook.name} was ended.", [told], "kernel_died")
    faults = unfinished_faults(kept[0])
    if not faults:
        return None
    return RunError(f"{notebook.name} did not run to its end.", faults, "unfinished")


@cache
def _engine() -> str:
    """Register papermill's own engine that keeps the notebook instead of saving it."""
    from papermill.engines import NBClientEngine, papermill_engines

    class KeepingEngine(NBClientEngine):  # type: ignore[misc]
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, *args: Any, **settings: Any) -> Any:
            settings.pop("kept").append(nb_man.nb)
            return super().execute_managed_notebook(nb_man, *args, **settings)

    papermill_engines.register("workbench", KeepingEngine)
    return "workbench"


def _write(notebook: Any, path: Path) -> None:
    text = nbformat.v4.writes(nbformat.from_dict(notebook))
    path.write_text(text + "\n", encoding="utf-8")


@contextmanager
def _redacted_messages(redact: Callable[[Any], Any]) -> Iterator[None]:
    """Keep secrets out of what papermill and nbclient log."""

    def hide(record: logging.LogRecord) -> bool:
        record.msg, record.args, record.exc_info = redact(record.getMessage()), (), None
        return True

    logger = logging.getLogger("papermill")
    logger.addFilter(hide)
    try:
        yield
    finally:
        logger.removeFilter(hide)


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
        raise RunError(f"{notebook.name} holds shell or magic lines.", faults, _FAILED)


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

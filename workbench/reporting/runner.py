"""Many scheduled reports: all input checked first, each made on its own, and one summary."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import DataError, RunError, SettingsError, WorkbenchError, did_you_mean
from workbench.reporting.asked import CheckedRun, find_notebook, run_shelf
from workbench.reporting.attempts import (
    Task,
    failed_outcome,
    good_outcome,
    refused_outcome,
    render_task,
)
from workbench.reporting.check import check_run
from workbench.reporting.hook import call_hook
from workbench.reporting.manifest import HISTORY
from workbench.reporting.period import Clock, local_now
from workbench.reporting.publish import LOCK_SECONDS
from workbench.reporting.render import find_published
from workbench.reporting.schedule import read_schedule, scheduled_runs, where_to_tell
from workbench.reporting.summary import GOOD, ReportOutcome, RunSummary, write_summary

if TYPE_CHECKING:
    from workbench.jobs import Executor

HOOK = "WORKBENCH_HOOK"  # the environment's name for the hook
logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """How schedules are run.

    Attributes
    ----------
    period : str
        Such as ``2026-Q3``, or ``last``; empty for the newest data.
    clients : tuple of str
        Only these, by name or folder; all if empty.
    force : bool
        Render what is up to date too.
    executor : {"serial", "local", "dask"}
    workers : int
    address : str
        Of a Dask scheduler.
    out : Path, optional
        In place of that of the schedules.
    hook : str
        In place of that of the schedules.
    wait : float
        Seconds to wait for another run of the same report.
    """

    period: str = ""
    clients: tuple[str, ...] = ()
    force: bool = False
    executor: Executor = "local"
    workers: int = 2
    address: str = ""
    out: Path | None = None
    hook: str = ""
    wait: float = LOCK_SECONDS


def run_schedules(
    paths: Iterable[Path], settings: RunSettings, now: Clock = local_now
) -> RunSummary:
    """Make the reports of schedules; one that fails never stops the others.

    Raises
    ------
    SettingsError
        Before anything starts, with every fault of every schedule and its parameters.
    """
    started, clock = now(), time.perf_counter()
    paths = [*paths]
    try:
        tasks = _read_tasks(paths, settings, now)
        checked, found = _check_all(tasks)
    except SettingsError as fault:
        _tell_faults(paths, settings, _summary((), settings, started, clock, fault.faults))
        raise
    waiting = [task for task, asked in zip(tasks, checked, strict=True) if asked]
    try:
        made = iter(_render_all(waiting, settings))
    except KeyboardInterrupt:
        ended = map(_stopped, tasks, checked, found)
        _write(tasks, _summary(ended, settings, started, clock), now)
        raise
    outcomes = [outcome or next(made) for outcome in found]
    summary = _summary(map(_dated, tasks, outcomes), settings, started, clock)
    try:
        _write(tasks, summary, now)
    finally:  # a full disk is what the hook must tell of, too
        _call_hooks(tasks, settings, summary)
    return summary


def _summary(
    reports: Iterable[ReportOutcome],
    settings: RunSettings,
    started: datetime,
    clock: float,
    faults: tuple[str, ...] = (),
) -> RunSummary:
    return RunSummary(
        period=settings.period,
        executor=settings.executor,
        started=started.astimezone(UTC).isoformat(timespec="seconds"),
        seconds=round(time.perf_counter() - clock, 1),
        reports=tuple(reports),
        faults=faults,
    )


def _tell_faults(paths: Iterable[Path], settings: RunSettings, summary: RunSummary) -> None:
    """Tell of schedules that can't be run: where nobody looks, a summary and a hook must say it."""
    places = [where_to_tell(path) for path in paths]
    for out in {settings.out} if settings.out else {out for out, _ in places}:
        if out.is_dir():
            write_summary(out, summary)
    for command in sorted({_hook(settings, hook) for _, hook in places} - {""}):
        call_hook(command, summary.content())


def _hook(settings: RunSettings, scheduled: str) -> str:
    return settings.hook or scheduled or os.environ.get(HOOK, "")


def _read_tasks(paths: Iterable[Path], settings: RunSettings, now: Clock) -> list[Task]:
    """Read all schedules and name the runs that they ask for."""
    faults: list[str] = []
    tasks: list[Task] = []
    for path in paths:
        try:
            plan = read_schedule(path)
            runs = scheduled_runs(
                plan,
                period=settings.period,
                today=now().date(),
                out=settings.out,
                force=settings.force,
                wait=settings.wait,
            )
            tasks += [Task(schedule=path.stem, run=run, plan=plan, now=now) for run in runs]
        except SettingsError as fault:
            faults += _lines(path.name, fault)
    if settings.clients:
        known = {name for task in tasks for name in (task.run.client, task.run.data.name)}
        faults += [_unknown_client(name, known) for name in settings.clients if name not in known]
        named = {*settings.clients}
        tasks = [t for t in tasks if named & {t.run.client, t.run.data.name}]
    if not tasks and not faults:
        faults.append("there is no schedule: write one in reports/schedule")
    if faults:
        raise SettingsError("The schedules can't be run.", dict.fromkeys(faults))
    return tasks


def _unknown_client(name: str, known: set[str]) -> str:
    hint = did_you_mean(name, known) or f"known are {', '.join(sorted(known)[:10])}"
    return f"client: no schedule has {name!r}; {hint}"


def _check_all(
    tasks: Sequence[Task],
) -> tuple[list[CheckedRun | None], list[ReportOutcome | None]]:
    """Return what is to be made, and what is up to date or refused already."""
    faults: list[str] = []
    checked: list[CheckedRun | None] = []
    found: list[ReportOutcome | None] = []
    for task in tasks:
        asked, outcome = None, None
        try:
            asked = check_run(task.run, task.now)
            if published := find_published(asked):
                asked, outcome = None, good_outcome(task, published)
            elif task.run.report.endswith(".ipynb"):
                find_notebook(task.run.report)
        except SettingsError as fault:
            faults += map(task.redacted, _lines(f"{task.schedule}: {task.run.client}", fault))
        except (DataError, OSError) as fault:
            outcome = refused_outcome(task, fault)
        except RunError as fault:  # the links of a good run are locked
            outcome = failed_outcome(task, fault)
        checked.append(asked)
        found.append(outcome)
    places = Counter(run_shelf(task.run).root for task in tasks) if not faults else {}
    faults += [f"{root}: {n} schedules make this report" for root, n in places.items() if n > 1]
    if faults:
        raise SettingsError("The schedules can't be run.", dict.fromkeys(faults))
    return checked, found


def _lines(where: str, fault: WorkbenchError) -> list[str]:
    return [f"{where}: {line}" for line in fault.faults or (fault.headline,)]


def _render_all(tasks: Sequence[Task], settings: RunSettings) -> list[ReportOutcome]:
    if not tasks:
        return []
    from workbench.jobs import run_tasks
    from workbench.reporting.kernels import forked_kernels

    own = settings.executor == "dask"  # a worker there may be another machine
    pays = len(tasks) > 1 and not own
    with forked_kernels() if pays else nullcontext() as kernels:
        outcomes = run_tasks(
            render_task,
            [replace(task, kernels=kernels, own_kernels=own) for task in tasks],
            executor=settings.executor,
            workers=settings.workers,
            progress="reports",
            address=settings.address,
        )
    return [
        outcome.value or failed_outcome(task, outcome.error)
        for task, outcome in zip(tasks, outcomes, strict=True)
    ]


def _dated(task: Task, outcome: ReportOutcome) -> ReportOutcome:
    """Say when a report was last good, and whether that is too long ago."""
    shelf, now = run_shelf(task.run), task.now()
    if outcome.status in GOOD:
        with suppress(OSError):
            shelf.note_success(now)
        last: datetime | None = now
    else:
        last = shelf.last_success()
    days = task.plan.stale_after_days
    stale = days is not None and (last is None or now - last > timedelta(days=days))
    told = last.astimezone(UTC).isoformat(timespec="seconds") if last else ""
    return replace(outcome, last_success=told, stale=stale)


def _call_hooks(tasks: Sequence[Task], settings: RunSettings, summary: RunSummary) -> None:
    """Tell each hook of the reports of its schedules that failed or are stale."""
    told: dict[str, list[ReportOutcome]] = {}
    for task, outcome in zip(tasks, summary.reports, strict=True):
        command = _hook(settings, task.plan.hook)
        if command and (outcome.stale or outcome.status not in GOOD):
            told.setdefault(command, []).append(outcome)
    for command, outcomes in told.items():
        call_hook(command, replace(summary, reports=tuple(outcomes)).content())


def _write(tasks: Sequence[Task], summary: RunSummary, now: Clock) -> None:
    """Write the summary and the history of each folder of reports."""
    for out in dict.fromkeys(task.run.out for task in tasks):
        own = [pair for pair in zip(tasks, summary.reports, strict=True) if pair[0].run.out == out]
        reports = tuple(outcome for _, outcome in own)
        write_summary(out, replace(summary, reports=reports))
        if any(r.status != "up_to_date" for r in reports) or not _is_of(out / HISTORY, now):
            days = [t.plan.stale_after_days for t, _ in own if t.plan.stale_after_days]
            _write_history(out, max(days, default=None), now)


def _is_of(page: Path, now: Clock) -> bool:
    """Say whether the page was written today: where nothing changed, it is not written again."""
    return page.is_file() and datetime.fromtimestamp(page.stat().st_mtime).date() == now().date()


def _write_history(out: Path, stale_after_days: int | None, now: Clock) -> None:
    from workbench.reporting.history import write_history

    try:
        write_history(out, stale_after_days=stale_after_days, today=now().date())
    except Exception as fault:  # the reports are what counts
        logger.error("The page of the history could not be written: %s", fault)


def _stopped(task: Task, asked: CheckedRun | None, found: ReportOutcome | None) -> ReportOutcome:
    """Return what became of a report when the command was stopped; what it has left is swept."""
    if found or asked is None:
        return found or task.outcome("failed", "stopped")
    with suppress(RunError, OSError):
        if published := find_published(asked):
            return good_outcome(task, published)
        if asked.shelf.root.exists():
            with asked.shelf.locked(asked.run.period, 0):
                asked.shelf.sweep(asked.run.period)
    return task.outcome("failed", "stopped", "The run was stopped before it ended.")

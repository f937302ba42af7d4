"""One scheduled report: tried again where that may help, and what became of it."""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workbench.errors import DataError, RetryableError, RunError, SettingsError, WorkbenchError
from workbench.reporting.asked import ReportRun, edition_of
from workbench.reporting.period import Clock, local_now
from workbench.reporting.redaction import SHORTEST, redactor
from workbench.reporting.render import PublishedReport, render_report
from workbench.reporting.schedule import Schedule
from workbench.reporting.secrets import secret_values
from workbench.reporting.summary import ReportOutcome

if TYPE_CHECKING:
    from workbench.reporting.kernels import KernelSource

RETRY_SECONDS = 2.0  # before the second attempt; twice that before the third, each with jitter
logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Task:
    """A run with what its schedule says of it; a worker process gets it whole."""

    schedule: str
    run: ReportRun
    plan: Schedule
    kernels: KernelSource | None = None
    own_kernels: bool = False  # of the worker that makes it
    now: Clock = local_now

    def outcome(self, status: str, kind: str, reason: str = "", **more: Any) -> ReportOutcome:
        """Return what became of the run."""
        run = self.run
        return ReportOutcome(
            schedule=self.schedule,
            report=run.name,
            client=run.client,
            edition=edition_of(run),
            period=run.period,
            status=status,
            kind=kind,
            reason=self.redacted(reason),
            data=str(run.data.resolve()),
            **more,
        )

    def redacted(self, text: str) -> str:
        """Return a text without the run's secrets; those that are too short were refused."""
        secrets = [value for value in secret_values(self.run.secrets) if len(value) >= SHORTEST]
        return str(redactor(secrets)(text))


def render_task(task: Task) -> ReportOutcome:
    """Make one report, trying again what may be gone the next time."""
    from workbench.reporting.kernels import worker_kernels

    clock = time.perf_counter()
    kernels = worker_kernels() if task.own_kernels else task.kernels
    for attempt in range(1, task.plan.retries + 2):
        try:
            run = replace(task.run, attempt=attempt)
            published = render_report(run, kernels=kernels, now=task.now)
            return good_outcome(task, published, time.perf_counter() - clock, attempt)
        except RetryableError as fault:
            if attempt > task.plan.retries:
                return failed_outcome(task, fault, time.perf_counter() - clock, attempt)
            logger.warning("%s, attempt %s: %s", task.run.client, attempt, fault.headline)
            time.sleep(RETRY_SECONDS * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))
        except (DataError, SettingsError) as fault:
            return refused_outcome(task, fault)
        except Exception as fault:  # one report's failure never stops the others
            return failed_outcome(task, fault, time.perf_counter() - clock, attempt)
    raise AssertionError("an attempt ends in an outcome")


def good_outcome(
    task: Task, published: PublishedReport, seconds: float = 0.0, attempts: int = 0
) -> ReportOutcome:
    """Return the outcome of a report that is good, made now or before."""
    status = "published" if published.changed else "same" if published.rendered else "up_to_date"
    return task.outcome(
        status,
        "good" if published.rendered else "up_to_date",
        seconds=round(seconds, 1),
        attempts=attempts if published.rendered else 0,
        html=str(published.html),
        sha256=published.sha256,
    )


def refused_outcome(task: Task, fault: Exception) -> ReportOutcome:
    """Return the outcome of input that can't be used."""
    return task.outcome("refused", "bad_input", reason=str(fault))


def failed_outcome(
    task: Task, fault: Exception | None, seconds: float = 0.0, attempts: int = 0
) -> ReportOutcome:
    """Return the outcome of a run that failed."""
    kind = fault.kind if isinstance(fault, RunError) else "error"
    told = fault if isinstance(fault, WorkbenchError) else f"{type(fault).__name__}: {fault}"
    return task.outcome(
        "failed", kind, reason=str(told), seconds=round(seconds, 1), attempts=attempts
    )

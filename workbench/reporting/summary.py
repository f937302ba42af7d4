"""What became of the reports of a command: for programs, for people, and for the hook."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbench.reporting.manifest import SUMMARY, as_json
from workbench.store.catalog import replace_file

GOOD = ("up_to_date", "published", "same")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ReportOutcome:
    """What became of one report of one client.

    ``status`` is ``up_to_date``, ``published``, ``same`` (rendered again to the same bytes),
    ``failed`` or ``refused``; ``kind`` the manifest's word for it.
    """

    schedule: str
    report: str
    client: str
    edition: str = ""
    period: str
    status: str
    kind: str
    reason: str = ""
    seconds: float = 0.0
    attempts: int = 0
    html: str = ""
    sha256: str = ""
    data: str = ""
    last_success: str = ""
    stale: bool = False


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """The outcomes of a command, in the order of the schedules."""

    period: str
    executor: str
    started: str
    seconds: float
    reports: tuple[ReportOutcome, ...]
    faults: tuple[str, ...] = ()  # of the schedules: nothing was started

    @property
    def exit_code(self) -> int:
        """0 all good, 1 some failed, 2 only bad input."""
        statuses = {outcome.status for outcome in self.reports}
        return 1 if "failed" in statuses else 2 if "refused" in statuses or self.faults else 0

    def content(self) -> dict[str, Any]:
        """Return it as data, for ``summary.json``."""
        statuses = [outcome.status for outcome in self.reports]
        counts = {status: statuses.count(status) for status in (*GOOD, "failed", "refused")}
        return {**asdict(self), "exit_code": self.exit_code, "counts": counts}


def write_summary(out: Path, summary: RunSummary) -> None:
    """Write ``summary.json`` in one step; a fault is told, since nothing may keep a hook silent."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        replace_file(out / SUMMARY, as_json(summary.content()))
    except OSError as fault:
        logger.error("The summary could not be written: %s", fault)

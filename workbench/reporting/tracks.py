"""What became of every report: read from the folders of runs, however old or damaged they are."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from workbench.errors import SettingsError
from workbench.reporting.headlines import Previous, previous_of
from workbench.reporting.manifest import SUMMARY, WITHDRAWN, read_manifest
from workbench.reporting.period import KINDS, Period, last_period, period_or_none
from workbench.reporting.publish import edition_suffix, file_name

State = Literal["good", "failed", "stale", "withdrawn", "unreadable"]
COLUMNS = 12  # periods of a kind that are shown, the newest
KINDS_OF_EXIT = {
    "bad_input": "The data or a setting can't be used.",
    "notebook_failed": "A step of the notebook failed.",
    "unfinished": "The notebook did not come to its end.",
    "kernel_died": "The kernel died.",
    "timeout": "It took too long and was stopped.",
    "gate": "The finished report did not pass the checks.",
    "data_changed": "The data changed while it ran.",
    "locked": "Another run held the report.",
    "io": "A file could not be read or written.",
    "stopped": "It was stopped by hand.",
}


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """A run's folder, what it says of itself, and the period whose link leads to it."""

    folder: Path
    manifest: dict[str, Any] = field(repr=False)
    linked: str = ""

    @property
    def failed(self) -> bool:
        """Whether it was kept as a failure."""
        return self.folder.parent.name == "failed"

    @cached_property
    def state(self) -> State:
        """What became of it; a good one has a report that is there."""
        if WITHDRAWN in self.manifest:
            return "withdrawn"
        if self.failed:
            return "failed"
        return "good" if self.html else "unreadable"

    @cached_property
    def html(self) -> Path | None:
        """The report, if it is there."""
        name = self.manifest.get("html")
        if not isinstance(name, str) or not name or Path(name).name != name:
            return None
        path = self.folder / name
        return path if os.path.isfile(path) else None

    @property
    def period(self) -> str:
        """The period that it covers, as ISO writes it; empty without one."""
        told = self.manifest.get("period")
        return told if isinstance(told, str) and told else self.linked

    @cached_property
    def started(self) -> str:
        """When it started, as text that sorts; else when a failure was kept."""
        told = f"{self.manifest.get('started') or ''}"
        stamp = self.folder.name if self.failed else ""
        for text in (told, stamp.partition(".")[0] + "Z"):
            try:
                return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
            except (ValueError, OverflowError):
                continue
        return ""

    @cached_property
    def day(self) -> date | None:
        """The day on which it started."""
        return date.fromisoformat(self.started[:10]) if self.started else None

    @property
    def reason(self) -> str:
        """Why there is no report, in words."""
        if self.state == "withdrawn":
            return f"The data were withdrawn on {self.manifest[WITHDRAWN]}."
        if self.state == "unreadable":
            return "Its manifest or its report is missing or broken."
        told = self.manifest.get("exit")
        told = told if isinstance(told, dict) else {}
        kind = KINDS_OF_EXIT.get(f"{told.get('kind')}", "It failed, and no reason was kept.")
        words = f"{told.get('reason') or self._kept_reason() or kind}"
        return words[:1].upper() + words[1:]

    def _kept_reason(self) -> str:
        try:
            return (self.folder / "reason.txt").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    @cached_property
    def numbers(self) -> Previous | None:
        """Its headline numbers; None where it has none that can be read."""
        try:
            return previous_of(self.manifest)
        except (ValueError, TypeError):
            return None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A report of one period: its state, the run that is shown, the run that has failed since."""

    state: State
    run: RunRecord | None = None
    failed: RunRecord | None = None

    @property
    def reason(self) -> str:
        """Why it needs somebody; empty where it does not."""
        if self.state == "stale":
            return "The period is over and there is no good run of it."
        if self.failed and self.state == "good":
            return f"A later run failed; the report from before stands. {self.failed.reason}"
        shown = self.failed or self.run
        return shown.reason if shown and self.state != "good" else ""

    @property
    def is_told(self) -> bool:
        """Whether there is more to tell of it than that it is good, or that nothing was run."""
        return self.state not in ("good", "stale") or self.failed is not None


@dataclass(frozen=True, kw_only=True, eq=False)
class Track:
    """The runs of one report for one client, of one kind of period (``none`` without)."""

    client: str
    report: str
    kind: str
    cells: dict[str, Cell] = field(repr=False)
    runs: tuple[RunRecord, ...] = field(repr=False)
    checked: date | None = None

    @cached_property
    def good(self) -> list[RunRecord]:
        """The good runs that are shown, newest period first."""
        return [cell.run for cell in self.cells.values() if cell.run and cell.state == "good"]

    @cached_property
    def compared(self) -> tuple[RunRecord, RunRecord] | None:
        """The newest good run with the one before it, if both have headline numbers."""
        now, *earlier = [*self.good, None]
        before = now.manifest.get("previous") if now else None
        key = before.get("key") if isinstance(before, dict) else None
        then = next((run for run in self.runs if key and run.manifest.get("key") == key), None)
        then = then or earlier[0] if earlier else None
        return (now, then) if now and then and now.numbers and then.numbers else None

    @cached_property
    def last_good(self) -> date | None:
        """The day of the last good run, or on which one was found to be up to date."""
        days = [run.day for run in self.good if run.day]
        return max([*days, self.checked] if self.checked and days else days, default=None)


def read_history(out: Path, today: date) -> list[Track]:
    """Read all runs below the folder of reports, by client, report and kind of period.

    What the last summary tells is read too: a report that was refused leaves no folder.

    Raises
    ------
    SettingsError
        If there is no such folder.
    """
    if not out.is_dir():
        raise SettingsError(f"There are no reports at {out}.", ["give the folder with --out"])
    told = _outcomes(out)
    found = {path for path in out.glob("*/*") if _is_shelf(path)}
    return [
        track
        for shelf in sorted(found | {*told})
        for track in _tracks(shelf, told.get(shelf, []), today)
    ]


def _is_shelf(path: Path) -> bool:
    return any(os.path.isdir(path / name) for name in ("runs", "failed"))


def _outcomes(out: Path) -> dict[Path, list[RunRecord]]:
    """Return what the last summary says of each report, as records that have no folder."""
    try:
        told = json.loads((out / SUMMARY).read_text(encoding="utf-8"))
        started, reports = told["started"], [dict(entry) for entry in told["reports"]]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return {}
    outcomes: dict[Path, list[RunRecord]] = {}
    for entry in reports:
        name = f"{entry.get('report')}{edition_suffix(str(entry.get('edition')))}"
        shelf = out / file_name(f"{entry.get('client')}") / Path(name).name
        why = {"kind": entry.get("kind"), "reason": entry.get("reason")}
        kept = "failed" if entry.get("status") in ("failed", "refused") else "checked"
        record = RunRecord(
            folder=shelf / kept / "-", manifest={**entry, "started": started, "exit": why}
        )
        outcomes.setdefault(shelf, []).append(record)
    return outcomes


def _tracks(shelf: Path, told: list[RunRecord], today: date) -> Iterator[Track]:
    linked = {path.name: os.path.realpath(path) for path in _entries(shelf / "periods")}
    names = {run: name for name, run in linked.items()}
    runs = [
        RunRecord(
            folder=folder,
            manifest=read_manifest(folder),
            linked=names.get(os.path.realpath(folder), ""),
        )
        for kept in ("runs", "failed")
        for folder in _entries(shelf / kept)
        if os.path.isdir(folder)
    ]
    checked = [run for run in told if not run.failed]
    runs += [run for run in told if run.failed and not _is_kept(run, runs)]
    linked[""] = os.path.realpath(shelf / "latest")
    periods = [period_or_none(name) for name in {*linked, *(run.period for run in runs)}]
    for kind in KINDS:
        asked = {period.name: period for period in periods if period.kind == kind}
        own = _of_kind(kind, runs)
        if not own and (kind == "none" or not asked):
            continue
        cells = {
            name: _cell(_of(name, own), _of(name, checked), linked.get(name)) for name in asked
        }
        yield Track(
            client=_client(runs, shelf),
            report=shelf.name,
            kind=kind,
            cells=_with_gaps(cells, asked, kind, today),
            runs=tuple(runs),
            checked=max((run.day for run in _of_kind(kind, checked) if run.day), default=None),
        )


def _client(runs: list[RunRecord], shelf: Path) -> str:
    names = [run.manifest.get("client") for run in sorted(runs, key=_started, reverse=True)]
    return next((n for n in names if isinstance(n, str) and n.strip()), shelf.parent.name)


def _is_kept(told: RunRecord, runs: list[RunRecord]) -> bool:
    """Whether a failure of the summary has left a folder."""
    return any(r.failed and r.period == told.period and r.started >= told.started for r in runs)


def _of(name: str, runs: list[RunRecord]) -> list[RunRecord]:
    return [run for run in runs if period_or_none(run.period).name == name]


def _of_kind(kind: str, runs: list[RunRecord]) -> list[RunRecord]:
    return [run for run in runs if period_or_none(run.period).kind == kind]


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def _started(run: RunRecord) -> str:
    return run.started


def _cell(runs: list[RunRecord], checked: list[RunRecord], linked: str | None) -> Cell:
    """Judge the runs of a period; the one that the link leads to is what a reader gets.

    A failure is past once a run is good, or is found to be up to date (``checked``).
    """
    published = [run for run in runs if not run.failed]
    shown = next((run for run in published if os.path.realpath(run.folder) == linked), None)
    shown = shown or max(published, key=_started, default=None)
    failed = max((run for run in runs if run.failed), key=_started, default=None)
    if failed and shown and failed.started <= max(map(_started, [shown, *checked])):
        failed = None
    if shown is None:
        return Cell(state="failed" if failed else "unreadable", failed=failed)
    return Cell(state=shown.state, run=shown, failed=failed)


def _with_gaps(
    cells: dict[str, Cell], periods: dict[str, Period], kind: str, today: date
) -> dict[str, Cell]:
    """Fill in each period since the first one that is over without a run; newest first."""
    known = dict(periods)
    first = min(period.first for period in periods.values())
    due = last_period(kind, today)
    for _ in range(COLUMNS):
        if due is None or due.first <= first:
            break
        known.setdefault(due.name, due)
        due = last_period(kind, due.first)
    order = sorted(known.values(), key=lambda period: period.first, reverse=True)
    return {p.name: cells.get(p.name, Cell(state="stale")) for p in order}

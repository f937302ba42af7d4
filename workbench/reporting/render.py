"""From a store to a published report: check, run, convert, gate, publish."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import RetryableError, RunError, SettingsError, WorkbenchError
from workbench.reporting.asked import CheckedRun, ReportRun, find_notebook
from workbench.reporting.check import check_run
from workbench.reporting.manifest import as_json, output_hashes, read_manifest
from workbench.reporting.period import Clock, local_now
from workbench.reporting.publish import Shelf
from workbench.reporting.run_key import data_state

if TYPE_CHECKING:
    from workbench.reporting.kernels import KernelSource

__all__ = ["PublishedReport", "ReportRun", "find_published", "make_report", "render_report"]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PublishedReport:
    """A report that passed the gate.

    Attributes
    ----------
    html : Path
    sha256 : str
    changed : bool
        Whether ``latest``, or the period's link, led to other bytes before.
    rendered : bool
        False where the good run of the same key was there already: no kernel was started.
    key : str
    manifest : Path
    """

    html: Path
    sha256: str
    changed: bool
    rendered: bool
    key: str
    manifest: Path


def render_report(
    run: ReportRun, *, kernels: KernelSource | None = None, now: Clock = local_now
) -> PublishedReport:
    """Render a report and publish it, or leave the earlier one untouched.

    Raises
    ------
    SettingsError, DataError
        Before a kernel starts: the report, a parameter or the data can't be used.
    RunError
        The notebook failed or its report did not pass the gate; the partial notebook is kept and
        named. A :class:`RetryableError` where the reason may be gone the next time.
    """
    asked = check_run(run, now)
    if found := find_published(asked):
        return found
    from workbench.reporting.contents import check_contents

    find_notebook(run.report)
    hidden = check_contents(asked)
    with asked.shelf.locked(run.period, run.wait):
        again = check_run(run, now)  # another run, or an import, may have ended meanwhile
        if again.base_key != asked.base_key:
            hidden = check_contents(again)
        return find_published(again) or _publish(again, hidden, kernels, now)


def find_published(asked: CheckedRun) -> PublishedReport | None:
    """Return the report of a good run of the same key; None where there is none, or by force."""
    run = None if asked.run.force else asked.shelf.find_good(asked.key)
    if run is None:
        return None
    return _published(asked.shelf, run, asked.shelf.lead_to(run), changed=False, rendered=False)


def _publish(
    asked: CheckedRun, hidden: set[str], kernels: KernelSource | None, now: Clock
) -> PublishedReport:
    shelf, run = asked.shelf, asked.run
    before = read_manifest(shelf.period_link(run.period) if run.period else shelf.latest)
    started = now()
    with shelf.work_folder(run.period) as work:
        try:
            html = make_report(asked, work, hidden, kernels, now)
            made = shelf.publish(work, html)
        except Exception as fault:  # whatever it was: nothing is lost and the reason is told
            raise _kept(fault, asked, work, started, now()) from fault
    changed = before.get("html_sha256") != read_manifest(made)["html_sha256"]
    return _published(shelf, made, shelf.lead_to(made), changed=changed, rendered=True)


def _published(
    shelf: Shelf, run: Path, link: Path, *, changed: bool, rendered: bool
) -> PublishedReport:
    manifest = read_manifest(run)
    return PublishedReport(
        html=link / manifest["html"],
        sha256=manifest["html_sha256"],
        changed=changed,
        rendered=rendered,
        key=manifest["key"],
        manifest=link / "desk" / "manifest.json",
    )


def make_report(
    asked: CheckedRun, work: Path, hidden: set[str], kernels: KernelSource | None, now: Clock
) -> Path:
    """Make all files of a report in a work folder, pass them through the gate, return the HTML.

    Raises
    ------
    RunError
        If the notebook failed, the gate refused its report, or the data changed meanwhile.
    """
    from workbench.reporting.execute import execute_notebook
    from workbench.reporting.gate import check_report
    from workbench.reporting.html import render_html
    from workbench.reporting.workbook import write_workbook
    from workbench.store.catalog import read_catalog

    run, started = asked.run, now()
    desk = work / "desk"  # for us: it names creators even where the report is masked
    desk.mkdir()
    parameters = dict(asked.parameters)
    if asked.previous:
        compared = {name: asked.previous.get(name) for name in ("period", "as_of", "headlines")}
        (desk / "previous.json").write_bytes(as_json(compared))
        parameters["previous"] = "previous.json"  # the kernel works there
    clock = time.perf_counter()
    executed = execute_notebook(
        asked.notebook,
        desk,
        parameters,
        kernels=kernels,
        seconds=run.seconds,
        secrets=asked.secrets,
    )
    logger.debug("ran %s in %.1f s", asked.notebook.name, time.perf_counter() - clock)
    title = f"{run.name.replace('-', ' ').capitalize()} · {run.client}"
    text = render_html(executed, title=title, brand=asked.brand, code=asked.edition == "analyst")
    text = asked.redact(text)
    html = work / asked.file_name
    html.write_text(text, encoding="utf-8")
    if faults := check_report(text, hidden=hidden):
        raise RunError("The report did not pass the gate.", faults, "gate")
    if data_state(run.data, read_catalog(asked.store)) != asked.data:
        told = ["run it again"]
        raise RetryableError("The data changed while the report was made.", told, "data_changed")
    write_workbook(text, html.with_suffix(".xlsx"), executed)
    if run.pdf:
        from workbench.reporting.pdf import print_pdf

        print_pdf(html, html.with_suffix(".pdf"))
    if not hidden:  # a sheet that the notebook left for people names creators
        for sheet in desk.glob("*.csv"):
            sheet.replace(work / sheet.name)
    found = output_hashes(html) | _facts_of(executed)
    manifest = asked.manifest(started, now(), found, "good", "")
    (desk / "manifest.json").write_bytes(as_json(manifest))
    return html


def _facts_of(executed: Path) -> dict[str, object]:
    """Return what the manifest tells of a finished notebook: cells' times and headline numbers."""
    from workbench.reporting.headlines import headlines_of

    cells = json.loads(executed.read_text(encoding="utf-8"))["cells"]
    timed = [(cell["id"], cell["metadata"].get("papermill", {}).get("duration")) for cell in cells]
    return {
        "cells": [{"id": name, "seconds": round(s, 3)} for name, s in timed if s is not None],
        "headlines": headlines_of(executed),
    }


def _kept(
    fault: Exception, asked: CheckedRun, work: Path, started: datetime, ended: datetime
) -> RunError:
    """Keep a failed run; say what failed, where it is, and what became of the earlier report."""
    told = _told(fault)
    headline, faults = asked.redact(told.headline), asked.redact([*told.faults])
    reason = "\n".join([headline, *(f"- {line}" for line in faults)])
    shelf = asked.shelf
    try:
        manifest = asked.manifest(started, ended, {}, told.kind, reason)
        kept = f"what there is of it is kept: {shelf.keep_failed(work, manifest, ended)}"
    except OSError as full:
        kept = f"nothing of it could be kept: {full.strerror}"
    earlier = (
        f"the earlier report is untouched: {shelf.latest}"
        if shelf.latest.exists()
        else "nothing was published"
    )
    return type(told)(headline, [*faults, kept, earlier], told.kind)


def _told(fault: Exception) -> RunError:
    if isinstance(fault, RunError):
        return fault
    if isinstance(fault, WorkbenchError):
        kind = "bad_input" if isinstance(fault, SettingsError) else "error"
        return RunError(fault.headline, fault.faults, kind)
    if isinstance(fault, OSError):
        told = [f"{fault.strerror or fault}: {fault.filename or ''}".rstrip(": ")]
        return RetryableError("A file could not be read or written.", told, "io")
    return RunError(f"The run failed: {type(fault).__name__}: {fault}", (), "error")

"""From a store to a published report: check, run, convert, gate, publish."""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import workbench
from workbench.errors import RunError, SettingsError, WorkbenchError
from workbench.reporting.bundle import report_notebooks
from workbench.reporting.parameters import check_parameters, read_parameters
from workbench.reporting.publish import Shelf, file_name, open_shelf

if TYPE_CHECKING:
    from workbench.store import Store


logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ReportRun:
    """A report that was asked for.

    Attributes
    ----------
    report : str
        Name of a notebook in ``notebooks/report``.
    data : Path
        The client's folder, or its store.
    client : str
        Name on the report.
    out : Path
        Where reports are published.
    parameters : mapping
        Values of further parameters of the notebook.
    """

    report: str
    data: Path
    client: str
    out: Path
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PublishedReport:
    """A report that passed the gate: its file, its hash, and whether its bytes are new."""

    html: Path
    sha256: str
    changed: bool


def render_report(run: ReportRun) -> PublishedReport:
    """Render a report and publish it, or leave the earlier one untouched.

    Raises
    ------
    SettingsError, DataError
        Before a kernel starts: the report, a parameter or the data can't be used.
    RunError
        The notebook failed or its report did not pass the gate; the partial notebook is kept and
        named.
    """
    notebook = find_notebook(run.report)
    parameters = _checked_parameters(run, notebook)
    store = _checked_store(run.data, parameters)
    shelf = open_shelf(run.out, run.client, run.report)
    before = shelf.latest.resolve()
    with shelf.work_folder() as work:
        try:
            html = _make_report(run, notebook, parameters, store, work)
        except (WorkbenchError, OSError) as fault:
            kept = shelf.keep_failed(work, str(fault))
            raise _told(fault, kept, shelf) from fault
        path = shelf.publish(work, html)
    return PublishedReport(
        html=path, sha256=_sha256(path), changed=shelf.latest.resolve() != before
    )


def find_notebook(report: str) -> Path:
    """Return a report's notebook.

    Raises
    ------
    SettingsError
        If there is none of that name.
    """
    known = report_notebooks()
    if report not in known:
        raise SettingsError(
            f"There is no report {report!r}.", [f"choose one of {', '.join(known)}"]
        )
    return known[report]


def _checked_parameters(run: ReportRun, notebook: Path) -> dict[str, object]:
    own = {"client": run.client, "data_dir": str(run.data.resolve())}
    twice = [f"{name}: is given by an option of its own" for name in run.parameters if name in own]
    if twice:
        raise SettingsError("The report can't be started with these parameters.", twice)
    values = check_parameters({**run.parameters, **own}, read_parameters(notebook))
    if not run.client.strip() or not run.client.isprintable():
        raise SettingsError("The client needs a name.", [f"client: found {run.client!r}"])
    return values


def _checked_store(data: Path, parameters: Mapping[str, object]) -> Store:
    from workbench.curves import check_names
    from workbench.store import open_store

    store = open_store(data)
    names = parameters.get("shortlist")
    if isinstance(names, list) and names:
        check_names(names, _accounts(store))
    return store


def _accounts(store: Store):  # type: ignore[no-untyped-def]
    """Return keys and handles of all accounts, those known from posts alone included."""
    import pandas as pd

    rostered = store.read("creators", columns=["creator_key", "handle"])
    keys = pd.concat([store.read(name, columns=["creator_key"]) for name in ("posts", "snapshots")])
    bare = keys.drop_duplicates().assign(handle=lambda f: f["creator_key"].str.partition(":")[2])
    return pd.concat([rostered, bare])


def _make_report(
    run: ReportRun, notebook: Path, parameters: Mapping[str, object], store: Store, work: Path
) -> Path:
    from workbench.reporting.execute import execute_notebook
    from workbench.reporting.gate import check_report
    from workbench.reporting.html import render_html

    started = datetime.now(UTC)
    clock = time.perf_counter()
    executed = execute_notebook(notebook, work, parameters)
    logger.debug("ran %s in %.1f s", notebook.name, time.perf_counter() - clock)
    title = f"{run.report.replace('-', ' ').capitalize()} · {run.client}"
    text = render_html(executed, title=title)
    html = work / f"{run.report}-{file_name(run.client)}.html"
    html.write_text(text, encoding="utf-8")
    masked = parameters.get("edition") == "masked"
    logger.debug("converted to %.0f kB; now at the gate", len(text) / 1000)
    faults = check_report(text, hidden=_identities(store) if masked else ())
    if faults:
        raise RunError("The report did not pass the gate.", faults)
    manifest = _manifest(run, notebook, parameters, store, html, started)
    (work / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return html


def _identities(store: Store) -> set[str]:
    accounts = _accounts(store)
    creators = store.read("creators", columns=["native_id"])
    values = [
        *accounts["creator_key"],
        *accounts["handle"].dropna(),
        *creators["native_id"].dropna(),
    ]
    return {str(value) for value in values}


def _manifest(
    run: ReportRun,
    notebook: Path,
    parameters: Mapping[str, object],
    store: Store,
    html: Path,
    started: datetime,
) -> dict[str, object]:
    ended = datetime.now(UTC)
    return {
        "report": run.report,
        "client": run.client,
        "parameters": {k: v for k, v in parameters.items() if k != "data_dir"},
        "data_fingerprint": store.fingerprint(),
        "data_as_of": store.as_of,
        "html": html.name,
        "html_sha256": _sha256(html),
        "notebook_sha256": _sha256(notebook),
        "workbench": workbench.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "started": started.isoformat(timespec="seconds"),
        "seconds": round((ended - started).total_seconds(), 1),
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _told(fault: WorkbenchError | OSError, kept: Path, shelf: Shelf) -> RunError:
    """Say what failed, where the partial notebook is, and what became of the earlier report."""
    headline = fault.headline if isinstance(fault, WorkbenchError) else f"The run failed: {fault}"
    faults = fault.faults if isinstance(fault, WorkbenchError) else ()
    earlier = (
        f"the earlier report is untouched: {shelf.latest}"
        if shelf.latest.exists()
        else "nothing was published"
    )
    return RunError(headline, [*faults, f"what there is of it is kept: {kept}", earlier])

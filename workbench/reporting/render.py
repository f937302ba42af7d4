"""From a store to a published report: check, run, convert, gate, publish."""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import time
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import workbench
from workbench.errors import DataError, RunError, SettingsError, WorkbenchError
from workbench.reporting.bundle import report_notebooks
from workbench.reporting.parameters import check_parameters, read_parameters
from workbench.reporting.publish import Shelf, file_name, open_shelf
from workbench.reporting.withdrawal import check_not_withdrawn
from workbench.tables.brief import check_retention

if TYPE_CHECKING:
    import pandas as pd

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
    masked = parameters.get("edition") == "masked"
    store, hidden = _checked_store(run, parameters, masked=masked)
    edition = "-masked" if masked else ""
    shelf = open_shelf(run.out, run.client, f"{run.report}{edition}")
    check_not_withdrawn(shelf, store.fingerprint())
    before = shelf.latest.resolve()
    with shelf.work_folder() as work:
        try:
            html = work / f"{run.report}-{file_name(run.client)}{edition}.html"
            _make_report(run, notebook, parameters, store, hidden, html)
            path = shelf.publish(work, html)
        except Exception as fault:  # whatever it was: nothing is lost and the reason is told
            kept = shelf.keep_failed(work, f"{type(fault).__name__}: {fault}")
            raise _told(fault, kept, shelf) from fault
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
    faults = [f"{name}: is given by an option of its own" for name in run.parameters if name in own]
    if not run.client.strip() or any(unicodedata.category(c) == "Cc" for c in run.client):
        faults.append(f"client: expected a name, found {run.client!r}")
    if faults:
        raise SettingsError("The report can't be started with these parameters.", faults)
    values = check_parameters({**run.parameters, **own}, read_parameters(notebook))
    preset = Path(str(values.get("tier_preset", "")))
    if preset.is_file():  # the kernel works in a folder of its own
        values["tier_preset"] = str(preset.resolve())
    return values


def _checked_store(
    run: ReportRun, parameters: Mapping[str, object], *, masked: bool
) -> tuple[Store, set[str]]:
    """Return the store, and the handles and ids that the report must not hold."""
    from workbench.store import open_store

    store = open_store(run.data)
    check_retention(run.data.parent if store.root == run.data else run.data)
    # A brand whose own account is in the data may be named, as the client.
    hidden = _identities(store) - {run.client} if masked else set()
    faults = _date_faults(store, str(parameters.get("as_of", "")))
    faults += _naming_faults(hidden, run.client, str(parameters.get("period", "")))
    if faults:
        raise DataError("The report can't be started with these data.", faults)
    names = parameters.get("shortlist")
    if isinstance(names, list) and names:
        from workbench.curves import check_names

        check_names(names, _accounts(store))
    return store, hidden


def _date_faults(store: Store, as_of: str) -> list[str]:
    import pandas as pd

    posted = store.read("posts", columns=["posted_at"])["posted_at"].dt.tz_localize(None)
    reported = store.read("reported_metrics", columns=["as_of"])["as_of"]
    first = pd.concat([posted, reported]).min()
    if first is pd.NaT:
        return [
            "there are no posts and no reported figures: import a list of posts with likes and "
            "comments, or a list of averages"
        ]
    if as_of and as_of > store.as_of:
        return [f"as_of: {as_of} is later than the newest import, {store.as_of}"]
    if as_of and not as_of >= f"{first:%Y-%m-%d}":
        return [f"as_of: {as_of} is before the first post or figure, {first:%Y-%m-%d}"]
    return []


def _naming_faults(hidden: Collection[str], client: str, period: str) -> list[str]:
    from workbench.reporting.gate import names_creator

    return [
        f"{option}: names the creator {name}, which a masked edition must not"
        for option, text in (("client", client), ("period", period))
        for name in sorted(hidden)
        if names_creator(text, name)
    ]


def _accounts(store: Store) -> pd.DataFrame:
    """Return key and handle of all accounts, those known from posts alone included."""
    import pandas as pd

    rostered = store.read("creators", columns=["creator_key", "handle"])
    keys = [store.read(name, columns=["creator_key"]) for name in _DATED]
    known = pd.concat([rostered[["creator_key"]], *keys]).drop_duplicates()
    accounts = known.merge(rostered, how="left", on="creator_key")
    handle = accounts["handle"].fillna(accounts["creator_key"].str.partition(":")[2])
    return accounts.assign(handle=handle)


_DATED = ("posts", "snapshots", "reported_metrics")


def _identities(store: Store) -> set[str]:
    accounts = _accounts(store)
    native = store.read("creators", columns=["native_id"])["native_id"].dropna()
    return {*accounts["creator_key"], *accounts["handle"], *native}


def _make_report(
    run: ReportRun,
    notebook: Path,
    parameters: Mapping[str, object],
    store: Store,
    hidden: Collection[str],
    html: Path,
) -> None:
    from workbench.reporting.execute import execute_notebook
    from workbench.reporting.gate import check_report
    from workbench.reporting.html import render_html
    from workbench.reporting.workbook import write_workbook
    from workbench.store import open_store

    started = datetime.now(UTC)
    desk = html.parent / "desk"  # for us: it names creators even where the report is masked
    desk.mkdir()
    clock = time.perf_counter()
    executed = execute_notebook(notebook, desk, parameters)
    logger.debug("ran %s in %.1f s", notebook.name, time.perf_counter() - clock)
    title = f"{run.report.replace('-', ' ').capitalize()} · {run.client}"
    text = render_html(executed, title=title)
    html.write_text(text, encoding="utf-8")
    faults = check_report(text, hidden=hidden)
    if faults:
        raise RunError("The report did not pass the gate.", faults)
    if open_store(run.data).fingerprint() != store.fingerprint():
        raise RunError("The data changed while the report was made.", ["run it again"])
    write_workbook(text, html.with_suffix(".xlsx"))
    if not hidden:  # a sheet that the notebook left for people names creators
        for sheet in desk.glob("*.csv"):
            sheet.replace(html.parent / sheet.name)
    manifest = _manifest(run, notebook, parameters, store, html, started)
    (desk / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


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
        "data": str(run.data.resolve()),
        "data_fingerprint": store.fingerprint(),
        "imports": [record.id for record in store.catalog.imports],
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


def _told(fault: Exception, kept: Path, shelf: Shelf) -> RunError:
    """Say what failed, where the partial notebook is, and what became of the earlier report."""
    told = fault if isinstance(fault, WorkbenchError) else None
    headline = told.headline if told else f"The run failed: {type(fault).__name__}: {fault}"
    earlier = (
        f"the earlier report is untouched: {shelf.latest}"
        if shelf.latest.exists()
        else "nothing was published"
    )
    kept_line = f"what there is of it is kept: {kept}"
    return RunError(headline, [*(told.faults if told else ()), kept_line, earlier])

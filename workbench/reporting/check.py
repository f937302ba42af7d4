"""What was asked of a report, checked before a kernel starts, as far as that needs no table."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import DataError, SettingsError, WorkbenchError
from workbench.reporting import run_key
from workbench.reporting.asked import (
    OWN,
    CheckedRun,
    ReportRun,
    find_notebook,
    known_parameters,
    locate_notebook,
)
from workbench.reporting.brand import read_brand
from workbench.reporting.parameters import Parameter, check_parameters
from workbench.reporting.period import Clock, Period, local_now, read_period
from workbench.reporting.secrets import secret_faults, secret_parameter_faults, secret_values
from workbench.store.catalog import CATALOG, Catalog, read_catalog
from workbench.tables.brief import check_retention


def check_run(run: ReportRun, now: Clock = local_now) -> CheckedRun:
    """Check a run without reading a table.

    Raises
    ------
    SettingsError
        With every fault of what was asked, and of the data.
    DataError
        With every fault of the data, where those are all.
    """
    notebook = locate_notebook(run.report)
    try:
        declared = known_parameters(notebook)
    except SettingsError:
        find_notebook(run.report)  # of an own one all faults are told
        raise
    faults, data_faults = list(_setting_faults(run, declared)), []
    brand = period = None
    try:
        brand = read_brand(run.brand) if run.brand else None
    except SettingsError as fault:
        faults.append(_line(fault))
    try:
        period = _checked_period(run.period, now) if run.period else None
    except SettingsError as fault:
        faults.append(_line(fault))
    store = run.data / "store" if (run.data / "store" / CATALOG).is_file() else run.data
    catalog = Catalog()
    try:
        catalog = read_catalog(store)
        check_retention(run.data.parent if store == run.data else run.data)
    except WorkbenchError as fault:
        data_faults.append(_line(fault))
    else:
        data_faults += _data_faults(run, catalog, period, declared)
    values: dict[str, object] = {}
    try:
        values = check_parameters(_given(run, catalog, period, declared), declared)
    except SettingsError as fault:
        faults += fault.faults
    if faults:
        raise SettingsError(
            "The report can't be started with these parameters.", [*faults, *data_faults]
        )
    if data_faults:
        raise DataError("The report can't be started with these data.", data_faults)
    preset = Path(str(values.get("tier_preset", "")))
    if preset.is_file():  # the kernel works in a folder of its own
        values["tier_preset"] = str(preset.resolve())
    return CheckedRun(
        run=run,
        notebook=notebook,
        parameters=values,
        store=store,
        catalog=catalog,
        data=run_key.data_state(run.data, catalog),
        brand=brand,
        secrets=secret_values(run.secrets),
        period=period,
    )


def _setting_faults(run: ReportRun, declared: list[Parameter]) -> Iterator[str]:
    names = {parameter.name for parameter in declared}
    for name in run.parameters:
        if name in OWN or (name == "period" and run.period):
            yield f"{name}: is given by an option of its own"
    if not run.client.strip() or any(unicodedata.category(c) == "Cc" for c in run.client):
        yield f"client: expected a name, found {run.client!r}"
    if run.reference and "reference" not in names:
        yield f"reference: {run.name} has no such parameter"
    if run.reference and not run.reference.exists():
        yield f"reference: there is no {run.reference}"
    if not run.seconds > 0:
        yield f"seconds: expected more than 0, found {run.seconds}"
    yield from secret_faults(run.secrets)
    yield from secret_parameter_faults(run.parameters, run.secrets)


def _checked_period(text: str, now: Clock) -> Period:
    period = read_period(text)
    if period.first > now().date():
        told = f"it begins on {period.first}"
        raise SettingsError(f"period: {text} lies in the future.", [told])
    return period


def _data_faults(
    run: ReportRun, catalog: Catalog, period: Period | None, declared: list[Parameter]
) -> Iterator[str]:
    as_of = catalog.as_of
    if not as_of or not any(catalog.tables.values()):
        yield f"{run.data} holds no data: import exports first: workbench import FILES..."
    elif period and as_of < f"{period.first}":
        yield (
            f"the data are older than {period.name}: the newest import is of {as_of}, the period "
            f"begins on {period.first}; import newer exports"
        )
    elif period and as_of > f"{period.last}" and all(p.name != "as_of" for p in declared):
        yield (
            f"the newest import, {as_of}, is later than {period.name}, and {run.name} has no "
            "parameter as_of that would leave out what came after"
        )
    given = str(run.parameters.get("as_of") or "")
    if period and given and not f"{period.first}" <= given <= f"{period.last}":
        yield f"as_of: {given} is not in {period.name}"


def _given(
    run: ReportRun, catalog: Catalog, period: Period | None, declared: list[Parameter]
) -> dict[str, object]:
    """Return the parameters that a notebook gets: those given, and ours where it declares them."""
    ours: dict[str, object] = {
        "client": run.client,
        "data_dir": str(run.data.resolve()),
    }
    if run.reference:
        ours["reference"] = str(run.reference.resolve())
    if period:
        ours["period"] = run.period
        if catalog.as_of > f"{period.last}" and not run.parameters.get("as_of"):
            ours["as_of"] = f"{period.last}"
    names = {parameter.name for parameter in declared}
    kept = {name: value for name, value in run.parameters.items() if name not in OWN}
    return kept | {name: value for name, value in ours.items() if name in names}


def _line(fault: WorkbenchError) -> str:
    return " ".join([fault.headline, "; ".join(fault.faults)]).strip()

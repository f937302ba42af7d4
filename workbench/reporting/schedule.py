"""Schedules: a small YAML file a report, whose every fault is told before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from workbench.errors import SettingsError, did_you_mean
from workbench.reporting.asked import ReportRun
from workbench.reporting.period import PeriodKind, last_period, read_period
from workbench.tables.brief import BRIEF, read_brief

DEFAULT_OUT = Path("reports/out")
LAST = "last"  # the last period that is over, of the schedule's own kind


class Schedule(BaseModel):
    """A report that is made again and again.

    Attributes
    ----------
    report : str
        Name of a bundled report, or the path of a notebook of your own.
    client : str
        Name on the report.
    clients : list of str or "*"
        In place of ``client``: folders below ``data``, or all of them. The name on the report is
        that of the folder's ``campaign.yaml``, else the folder's.
    data : Path, optional
        The client's folder; with ``clients`` the folder that theirs are in.
    out : Path
    period_kind : {"week", "month", "quarter", "year", "none"}, optional
        What ``--period last`` is; ``none`` never covers a period.
    parameters : dict
        Of the notebook.
    edition : str, optional
    secrets : list of str
        Names of environment variables; their values are kept out of all that is written.
    reference, brand : Path, optional
    pdf : bool
    retries : int
        How often a run is tried again whose kernel died, or whose files or time ran out.
    seconds : float
        Limit of one run.
    stale_after_days : int, optional
        The hook is told of a report without success for so long.
    hook : str
        Command that gets the summary of failures.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    report: str
    client: str = ""
    clients: tuple[str, ...] | Literal["*"] | None = None
    data: Path | None = None
    out: Path = DEFAULT_OUT
    period_kind: PeriodKind | None = None
    parameters: dict[str, Any] = {}
    edition: str = ""
    secrets: tuple[str, ...] = ()
    reference: Path | None = None
    brand: Path | None = None
    pdf: bool = False
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    seconds: Annotated[float, Field(gt=0, le=86_400)] = 1800
    stale_after_days: Annotated[int, Field(ge=1)] | None = None
    hook: str = ""

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if bool(self.client) == (self.clients is not None):
            raise ValueError("give `client: NAME`, or `clients:` with folders' names or '*'")
        if self.edition and "edition" in self.parameters:
            raise ValueError("give the edition once, here or in parameters")
        return self

    def client_folders(self) -> Iterator[tuple[str, Path]]:
        """Give the name on the report and the data of each client."""
        root = self.data or Path("data/private")
        if self.client:
            yield self.client, self.data or root / self.client
            return
        names = self.clients or ()
        if names == "*":
            folders = root.iterdir() if root.is_dir() else []
            names = tuple(sorted(p.name for p in folders if p.is_dir() and p.name[0] != "."))
        for name in names:
            folder = root / name
            own = read_brief(folder).client if (folder / BRIEF).is_file() else ""
            yield own or name, folder

    def period_name(self, asked: str, today: date) -> str:
        """Return the period that is meant.

        Raises
        ------
        SettingsError
            If it is none, or not of the schedule's kind.
        """
        if not asked or self.period_kind == "none":
            return ""
        if asked == LAST:
            if self.period_kind is None:
                raise SettingsError("period_kind: is needed for --period last.")
            period = last_period(self.period_kind, today)
            return period.name if period else ""
        kind = read_period(asked).kind
        if self.period_kind and kind != self.period_kind:
            raise SettingsError(f"period_kind: is {self.period_kind}, {asked} is a {kind}.")
        return asked


def read_schedule(path: Path) -> Schedule:
    """Read a schedule.

    Raises
    ------
    SettingsError
        With every fault of the file.
    """
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise SettingsError(f"{path} can't be read.", [" ".join(str(fault).split())]) from None
    if not isinstance(given, dict):
        raise SettingsError(f"{path} can't be used.", ["expected `key: value` lines, found none"])
    if isinstance(parameters := given.get("parameters"), dict):  # YAML knows dates, notebooks don't
        given["parameters"] = {
            name: f"{value}" if isinstance(value, date) else value
            for name, value in parameters.items()
        }
    try:
        return Schedule.model_validate(given)
    except ValidationError as found:
        faults = dict.fromkeys(_sentence(error) for error in found.errors())
        raise SettingsError(f"{path} can't be used.", faults) from None


def where_to_tell(path: Path) -> tuple[Path, str]:
    """Return the folder and the hook that a schedule names, even one with faults."""
    with suppress(OSError, ValueError, yaml.YAMLError):
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(given, dict):
            return Path(str(given.get("out") or DEFAULT_OUT)), str(given.get("hook") or "")
    return DEFAULT_OUT, ""


def _sentence(error: Any) -> str:
    where = str(error["loc"][0]) if error["loc"] else ""
    if error["type"] == "extra_forbidden":
        hint = did_you_mean(where, _KEYS) or f"known are {', '.join(_KEYS)}"
        return f"{where}: no such key; {hint}"
    if error["type"] == "missing":
        return f"{where}: is missing"
    said = error["msg"].removeprefix("Value error, ").replace("Input should", "expected to")
    return f"{where}: {said}, found {error['input']!r}" if where else said


_KEYS = tuple(Schedule.model_fields)


def scheduled_runs(
    schedule: Schedule, *, period: str, today: date, out: Path | None, force: bool, wait: float
) -> list[ReportRun]:
    """Return the runs that a schedule asks for, one a client.

    Raises
    ------
    SettingsError
        If the period is not the schedule's, or a client's ``campaign.yaml`` can't be read.
    """
    edition = {"edition": schedule.edition} if schedule.edition else {}
    own = schedule.report.endswith(".ipynb")
    runs = [
        ReportRun(
            report=str(Path(schedule.report).absolute()) if own else schedule.report,
            data=folder.absolute(),  # a worker may work elsewhere
            client=name,
            out=(out or schedule.out).absolute(),
            parameters={**schedule.parameters, **edition},
            period=schedule.period_name(period, today),
            secrets=schedule.secrets,
            reference=schedule.reference and schedule.reference.absolute(),
            brand=schedule.brand and schedule.brand.absolute(),
            pdf=schedule.pdf,
            seconds=schedule.seconds,
            force=force,
            wait=wait,
        )
        for name, folder in schedule.client_folders()
    ]
    if not runs:
        raise SettingsError("clients: there are none.", [f"no folder below {schedule.data}"])
    return runs

"""What a report was asked to be, checked as far as that needs no table, and its key."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import workbench
from workbench.errors import SettingsError
from workbench.reporting import run_key
from workbench.reporting.brand import Brand
from workbench.reporting.bundle import report_notebooks
from workbench.reporting.manifest import file_sha256
from workbench.reporting.parameters import Parameter, read_parameters
from workbench.reporting.period import Period
from workbench.reporting.publish import (
    LOCK_SECONDS,
    Shelf,
    edition_suffix,
    file_name,
    open_shelf,
)
from workbench.reporting.redaction import redactor
from workbench.store.catalog import Catalog

# What a notebook is given by us, where it declares the parameter.
OWN = ("client", "data_dir", "previous", "reference")
_PATHS = ("data_dir", "previous", "reference")


@dataclass(frozen=True, kw_only=True)
class ReportRun:
    """A report that was asked for.

    Attributes
    ----------
    report : str
        Name of a notebook in ``notebooks/report``, or the path of one of your own.
    data : Path
        The client's folder, or its store.
    client : str
        Name on the report.
    out : Path
        Where reports are published.
    parameters : mapping
        Values of further parameters of the notebook.
    period : str
        Such as ``2026-Q3``; empty for the newest data.
    secrets : tuple of str
        Names of environment variables whose values must stand nowhere.
    reference : Path, optional
        File or folder that the notebook compares the client with.
    brand : Path, optional
        A ``brand.yaml``.
    pdf : bool
        Whether a PDF is made too.
    seconds : float
        Limit of the whole notebook.
    force : bool
        Render even what is up to date.
    attempt : int
    wait : float
        Seconds to wait for another run of the same report.
    """

    report: str
    data: Path
    client: str
    out: Path
    parameters: Mapping[str, object] = field(default_factory=dict)
    period: str = ""
    secrets: tuple[str, ...] = ()
    reference: Path | None = None
    brand: Path | None = None
    pdf: bool = False
    seconds: float = 1800
    force: bool = False
    attempt: int = 1
    wait: float = LOCK_SECONDS

    @property
    def name(self) -> str:
        """The report's name: that of a bundled one, or of an own notebook's file."""
        return Path(self.report).stem if self.report.endswith(".ipynb") else self.report


@dataclass(frozen=True, kw_only=True)
class CheckedRun:
    """A run whose settings and data may be used, with its key. Made by :func:`check_run`."""

    run: ReportRun
    notebook: Path
    parameters: Mapping[str, object]
    store: Path
    catalog: Catalog
    data: Mapping[str, Any]
    brand: Brand | None
    secrets: tuple[str, ...] = field(repr=False)
    period: Period | None
    compared: dict[str, Any] | None = None

    @cached_property
    def redact(self) -> Callable[[Any], Any]:
        """What takes secrets out of all that is written."""
        return redactor(self.secrets)

    @property
    def edition(self) -> str:
        """The edition, empty where the notebook has none."""
        return str(self.parameters.get("edition", ""))

    @property
    def file_name(self) -> str:
        """The report's file."""
        return f"{self.run.name}-{file_name(self.run.client)}{edition_suffix(self.edition)}.html"

    @cached_property
    def shelf(self) -> Shelf:
        """Where the report is published."""
        return run_shelf(self.run)

    @property
    def data_as_of(self) -> str:
        """The day of the newest import."""
        return self.catalog.as_of

    @cached_property
    def reference(self) -> dict[str, str] | None:
        """Name, place and hash of what the client is compared with."""
        path = self.run.reference
        if path is None:
            return None
        place = path.resolve()
        return {"name": path.name, "sha256": run_key.reference_hash(place), "path": str(place)}

    @cached_property
    def input(self) -> dict[str, Any]:
        """All that the report's bytes depend on, but the report before."""
        return {
            "report": self.run.name,
            "client": self.run.client,
            "period": self.run.period,
            "parameters": self._told_parameters(hashed=True),
            "data": dict(self.data),
            "reference_sha256": self.reference and self.reference["sha256"],
            "brand_sha256": self.brand and self.brand.sha256,
            "pdf": self.run.pdf,
            "secrets": sorted(self.run.secrets),
            "notebook_sha256": run_key.notebook_sha256(self.notebook),
            "workbench": workbench.__version__,
            "package_sha256": run_key.package_sha256(),
            "versions": run_key.package_versions(),
            "machine": f"{platform.system()} {platform.machine()}",
        }

    @cached_property
    def base_key(self) -> str:
        """The hash of :attr:`input`."""
        return run_key.digest(self.input)

    @cached_property
    def previous(self) -> dict[str, Any] | None:
        """The manifest of the report that this one is compared with."""
        if self.compared or "previous" not in self.parameters:
            return self.compared
        return self.shelf.find_previous(self.period, self.base_key)

    @cached_property
    def key(self) -> str:
        """The hash of the input and of the report before: equal keys, equal reports."""
        return run_key.digest(self.base_key, (self.previous or {}).get("key", ""))

    def manifest(
        self, started: datetime, ended: datetime, found: Mapping[str, Any], kind: str, reason: str
    ) -> dict[str, Any]:
        """Return what is written down of a run; ``found`` is what came of it."""
        before, brand = self.previous, self.run.brand
        content = {
            "report": self.run.report,
            "client": self.run.client,
            "period": self.run.period,
            "edition": self.edition,
            "parameters": self._told_parameters(hashed=False),
            "data": str(self.run.data.resolve()),
            **self.data,
            "data_files": run_key.data_files(self.catalog),
            "data_as_of": self.data_as_of,
            "as_of": str(self.parameters.get("as_of") or self.data_as_of),
            "reference": self.reference,
            "brand": self.brand
            and brand
            and {"name": self.brand.name, "path": str(brand.resolve())},
            "brand_sha256": self.brand and self.brand.sha256,
            "secrets": sorted(self.run.secrets),
            "seconds_limit": self.run.seconds,
            **{k: v for k, v in self.input.items() if k.endswith("sha256") or k == "versions"},
            "workbench": workbench.__version__,
            "lock_sha256": run_key.lock_sha256(),
            "git": run_key.git_state(self.notebook.parent),
            "python": platform.python_version(),
            "platform": platform.platform(),
            "key": self.key,
            "base_key": self.base_key,
            "previous": before
            and {"sha256": before["html_sha256"], "key": before["key"], "period": before["period"]},
            **found,
            "started": started.astimezone(UTC).isoformat(timespec="seconds"),
            "ended": ended.astimezone(UTC).isoformat(timespec="seconds"),
            "seconds": round((ended - started).total_seconds(), 1),
            "attempt": self.run.attempt,
            "exit": {"kind": kind, "reason": reason},
        }
        told: dict[str, Any] = self.redact(content)
        return told

    def _told_parameters(self, *, hashed: bool) -> dict[str, object]:
        return {
            name: file_sha256(Path(str(value)))
            if hashed and name == "tier_preset" and Path(str(value)).is_file()
            else value
            for name, value in self.parameters.items()
            if name not in _PATHS
        }


def edition_of(run: ReportRun) -> str:
    """Return the edition that a run asks for, else that of its notebook; empty without one."""
    declared = {p.name: p.default for p in known_parameters(locate_notebook(run.report))}
    return str(run.parameters.get("edition", declared.get("edition", "")))


def run_shelf(run: ReportRun) -> Shelf:
    """Return where a run is published."""
    return open_shelf(run.out, run.client, f"{run.name}{edition_suffix(edition_of(run))}")


def known_parameters(notebook: Path) -> list[Parameter]:
    """Return a notebook's parameters; one that has not changed is read once."""
    return _read_once(*run_key.stamp(notebook))


@lru_cache(maxsize=64)
def _read_once(notebook: Path, _size: int, _changed: int) -> list[Parameter]:
    return read_parameters(notebook)


def locate_notebook(report: str) -> Path:
    """Return the notebook of a bundled report, or an own one by its path, not yet checked.

    Raises
    ------
    SettingsError
        If there is none.
    """
    known = report_notebooks()
    own = Path(report)
    if report in known:
        return known[report]
    if own.suffix == ".ipynb" and own.is_file():
        return own.resolve()
    told = f"choose one of {', '.join(known)}, or give the path of a notebook of your own"
    raise SettingsError(f"There is no report {report!r}.", [told])


def find_notebook(report: str) -> Path:
    """Return the notebook of a bundled report, or an own one by its path, checked.

    Raises
    ------
    SettingsError
        If there is none of that name, or with what is wrong with an own one.
    """
    if report.endswith(".ipynb"):
        from workbench.reporting.own_notebook import own_notebook

        return own_notebook(Path(report))
    return locate_notebook(report)

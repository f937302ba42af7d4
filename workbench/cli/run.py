"""``workbench run``: scheduled reports, or one again from its manifest."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.messages import Json, Quiet, Verbose, give, logger, set_messages

if TYPE_CHECKING:
    from workbench.reporting.summary import RunSummary


def run(
    schedules: Annotated[
        list[Path] | None, typer.Argument(help="Schedules (YAML), or one manifest.json.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All schedules in reports/schedule.")
    ] = False,
    period: Annotated[
        str, typer.Option(help="Such as 2026-Q3, or last: the last one that is over.")
    ] = "",
    client: Annotated[
        list[str] | None, typer.Option(help="Only this client, by name or folder; repeatable.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Render what is up to date too.")] = False,
    executor: Annotated[
        str, typer.Option(help="serial, local (processes of this machine) or dask.")
    ] = "local",
    workers: Annotated[int, typer.Option(min=1, help="Local processes.")] = 2,
    address: Annotated[str, typer.Option(help="Of a Dask scheduler; none starts one.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Where reports go, not where the schedules say.")
    ] = None,
    hook: Annotated[str, typer.Option(help="Command that is told of failures, as JSON.")] = "",
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for another run of a report.")
    ] = 10.0,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Make scheduled reports: what is up to date is left, what fails never stops the others.

    All input is checked before anything starts. Exit codes: 0 all good, 1 a report failed, 2 bad
    input, 130 stopped. OUT/summary.json says what became of each report.

    Example: workbench run --all --period last
    """
    set_messages(quiet=quiet, verbose=verbose)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what a timer's stop sends
    paths = _paths(schedules or [], everything=everything)
    if paths[0].suffix == ".json":
        _again(paths[0], as_json=json)
        return
    if executor not in ("serial", "local", "dask"):
        raise typer.BadParameter(f"expected serial, local or dask, found {executor!r}")
    from workbench.reporting.runner import RunSettings, run_schedules

    settings = RunSettings(
        period=period,
        clients=tuple(client or ()),
        force=force,
        executor=executor,  # type: ignore[arg-type]
        workers=workers,
        address=address,
        out=out,
        hook=hook,
        wait=wait,
    )
    summary = run_schedules(paths, settings)
    for outcome in summary.reports:
        if outcome.status in ("failed", "refused"):
            logger.error("%s: %s", outcome.client, outcome.reason)
    if json or not quiet or summary.exit_code:  # a timer's mail then tells of trouble alone
        give(summary.content(), _table(summary), as_json=json)
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)


def _paths(given: list[Path], *, everything: bool) -> list[Path]:
    from workbench.errors import SettingsError

    faults = []
    if everything == bool(given):
        faults.append("give SCHEDULE.yml ..., or --all, or one MANIFEST.json")
    if len(given) > 1 and any(path.suffix == ".json" for path in given):
        faults.append("give one manifest alone")
    faults += [f"there is no {path}" for path in given if not path.is_file()]
    folder = Path("reports/schedule")
    paths = sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")]) if everything else given
    if everything and not paths:
        faults.append(f"there is no schedule in {folder.resolve()}")
    if faults:
        raise SettingsError("Nothing can be run.", faults)
    return paths


def _table(summary: RunSummary) -> str:
    heads = ("client", "report", "period", "status", "s", "file or reason")
    rows = [
        (
            outcome.client,
            outcome.report,
            outcome.period,
            outcome.status.replace("_", " "),
            f"{outcome.seconds:.1f}",
            outcome.html or outcome.kind.replace("_", " "),
        )
        for outcome in summary.reports
    ]
    widths = [max(len(row[place]) for row in (heads, *rows)) for place in range(len(heads) - 1)]
    lines = (
        "  ".join([*(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=False)), row[-1]])
        for row in (heads, *rows)
    )
    return "\n".join(lines)


def _again(manifest: Path, *, as_json: bool) -> None:
    from workbench.reporting.again import render_again

    found = render_again(manifest)
    told = "the same" if found.same else f"not the same: {found.reason}"
    give(
        {"same": found.same, "sha256": found.sha256, "was": found.was, "reason": found.reason},
        f"{manifest}: {told}\n  was  {found.was}\n  now  {found.sha256}",
        as_json=as_json,
    )
    if not found.same:
        raise typer.Exit(1)

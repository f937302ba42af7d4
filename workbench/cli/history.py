"""``workbench history``: the page of all reports, for the desk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.messages import Json, Quiet, Verbose, give, set_messages


def history(
    out: Annotated[Path, typer.Option(help="Where reports are published.")] = Path("reports/out"),
    stale_after_days: Annotated[
        int | None,
        typer.Option(min=1, help="A report without a good run for more days is stale."),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Write the page of all reports: client by period, what failed and why, what is overdue.

    Example: workbench history --out reports/out
    """
    set_messages(quiet=quiet, verbose=verbose)
    from workbench.reporting.history import write_history
    from workbench.reporting.period import local_now

    page = write_history(out, stale_after_days=stale_after_days, today=local_now().date())
    give({"html": str(page)}, str(page), as_json=json)

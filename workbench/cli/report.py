"""``workbench report``: one report for one client."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.messages import Json, Quiet, Verbose, give, say, set_messages


def report(
    name: Annotated[str, typer.Argument(help="Name of the report; see --list.")] = "",
    data: Annotated[
        Path | None, typer.Option(help="The client's folder, which holds the store.")
    ] = None,
    client: Annotated[str, typer.Option(help="Name on the report.")] = "",
    out: Annotated[Path, typer.Option(help="Where reports are published.")] = Path("reports/out"),
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="NAME=VALUE of the notebook; lists by commas."),
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Print it too, by Chromium.")] = False,
    brand: Annotated[
        Path | None, typer.Option(help="brand.yaml: your name, colour and logo.")
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Show the reports and parameters.")
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Render a report and publish it as one HTML file.

    Nothing is published unless the whole notebook ran and the file passed every check; the earlier
    report then stays as it is, and the partial notebook is kept.

    Example: workbench report engagement-benchmark --data data/private/acme --client Acme
    -p shortlist=@one,@two -p edition=masked
    """
    set_messages(quiet=quiet, verbose=verbose)
    from workbench.errors import SettingsError

    if listed:
        _list(as_json=json)
        return
    if not name or data is None or not client:
        given = {"the report's NAME": name, "--data": data, "--client": client}
        faults = [f"give {option}" for option, value in given.items() if not value]
        raise SettingsError("A report needs a name, data and a client.", faults)
    from workbench.reporting.asked import find_notebook
    from workbench.reporting.parameters import parse_assignments, read_parameters
    from workbench.reporting.render import ReportRun, render_report

    values = parse_assignments(parameter or [], read_parameters(find_notebook(name)))
    say(f"Rendering {name} for {client} ...")
    asked = ReportRun(report=name, data=data, client=client, out=out, parameters=values)
    published = render_report(replace(asked, pdf=pdf, brand=brand, force=True))
    if brand:
        from workbench.reporting.brand import read_brand

        for told in read_brand(brand).adjusted:
            say(told)
    if not published.changed:
        say("The report is the same, byte for byte, as the one before.")
    give(
        {"html": str(published.html), "sha256": published.sha256, "changed": published.changed},
        str(published.html),
        as_json=json,
    )


def _list(*, as_json: bool) -> None:
    from workbench.reporting.bundle import report_notebooks
    from workbench.reporting.parameters import read_parameters

    reports = {name: read_parameters(path) for name, path in report_notebooks().items()}
    found: dict[str, object] = {name: [asdict(p) for p in ps] for name, ps in reports.items()}
    lines = []
    for name, ps in reports.items():
        lines += [name, *(f"  {p.name}: {p.type} = {p.default!r}  {p.help}" for p in ps)]
    give(found, "\n".join(lines), as_json=as_json)

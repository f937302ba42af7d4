"""``workbench import``: exports into a client's store, with a mapping that a person can change."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.messages import Json, Quiet, Verbose, give, set_messages

if TYPE_CHECKING:
    from rich.console import Console

    from workbench.intake.mapping import Proposal
    from workbench.intake.profile import MappingProfile

_HELP = (
    "y to import, n to stop, or a change: likes=Hearts (another header), likes= (leave out), "
    "platform=tiktok, rows=post, date_order=day_first, age_unit=hours"
)


def import_exports(
    files: Annotated[
        list[Path],
        typer.Argument(help="CSV, TSV, XLSX, JSON or Parquet files, or folders of them."),
    ],
    out: Annotated[Path, typer.Option(help="The client's folder.")],
    profile: Annotated[
        str | None, typer.Option(help="Mapping profile: a name or a YAML file.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Take mappings that pass their checks, don't ask.")
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="Day of the export; else the newest date in the rows, or the file name's."
        ),
    ] = None,
    platform: Annotated[
        str | None, typer.Option(help="Platform of files that name none themselves.")
    ] = None,
    sampling: Annotated[
        str | None,
        typer.Option(help="How posts were picked: latest_posts, top_list, filtered, unknown."),
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="Whose followers a list of followers is of: a handle.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="Currency of amounts that come without one, such as EUR.")
    ] = None,
    drawn: Annotated[
        str | None,
        typer.Option(help="How a list of followers was drawn: random, newest, unknown."),
    ] = None,
    pseudonymise: Annotated[
        bool, typer.Option("--pseudonymise", help="Keep pseudonyms for handles, ids, file names.")
    ] = False,
    key: Annotated[
        Path | None,
        typer.Option(help="File that leads back from pseudonyms; else OUT.key.json beside OUT."),
    ] = None,
    address: Annotated[
        str, typer.Option(help="Of a Dask scheduler that merges and writes the store's buckets.")
    ] = "",
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Import exports into the client's store and say what became of every row.

    In a terminal each new mapping is shown with values and confirmed, then saved as a profile.
    Refused rows are kept with their reasons in OUT/imports/ID/refused.csv.

    Example: workbench import instagram_posts.csv creators.csv --out data/private/acme
    --as-of 2026-09-30
    """
    from rich.console import Console

    set_messages(quiet=quiet, verbose=verbose)
    from workbench.errors import RunError
    from workbench.intake.importing import import_files

    console = Console(stderr=True, quiet=quiet)
    asks = not yes and console.is_terminal and sys.stdin.isatty()
    report = import_files(
        files,
        out,
        profile=profile,
        as_of=as_of,
        platform=platform,
        sampling=sampling,
        account=account,
        currency=currency,
        drawn=drawn,
        decide=(lambda proposal: confirm(proposal, console)) if asks else None,
        pseudonymise=pseudonymise,
        key=key,
        executor="dask" if address else "serial",
        address=address,
    )
    from workbench.intake.forgotten import read_forgotten
    from workbench.reporting.imports import write_import_page
    from workbench.wording.imports import describe_import_plainly

    forgotten = read_forgotten(out)
    named = [
        Path("EXPORT") if pseudonymise or forgotten.names_file(str(file)) else file
        for file in files
    ]
    text, told, fault = describe_import_plainly(report, out), report.content(), None
    try:
        page = str(write_import_page(report, out, named))
        text, told = f"{text}\nquality page: {page}", told | {"page": page}
    except RunError as caught:  # what became of the rows is told first
        fault = caught
    give(told, text, as_json=json)
    if fault:
        raise fault


def confirm(proposal: Proposal, console: Console) -> MappingProfile | None:
    """Show a mapping until a person takes it (its profile) or stops (None)."""
    console.print(_HELP, markup=False, highlight=False)
    while True:
        _show(proposal, console)
        try:
            answer = console.input("[y / n / COLUMN=HEADER] ", markup=False).strip()
        except EOFError:
            return None
        if answer.casefold() in ("n", "no", "q"):
            return None
        if answer.casefold() in ("y", "yes"):
            if not proposal.faults:
                return proposal.profile
            console.print("This must be decided first.", style="bold")
        elif "=" in answer:
            key, _, value = answer.partition("=")
            try:
                proposal = proposal.changed(key.strip(), value.strip())
            except ValueError as fault:
                console.print(str(fault), style="red", markup=False)
        else:
            console.print(_HELP, markup=False, highlight=False)


def _show(proposal: Proposal, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=proposal.layout.title, title_justify="left")
    for name in ("header", "column", "three values", "check"):
        table.add_column(name, overflow="fold")
    found = {finding.header: finding for finding in proposal.findings}
    for header in proposal.layout.header:
        finding = found.get(header)
        cells = (header, "not read", "", "")
        if finding is not None:
            examples = ", ".join(finding.examples)
            cells = (header, finding.name, examples, finding.fault or "fits")
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    platform = proposal.profile.platform or proposal.layout.platform or "as each row says"
    told = [f"A row is: {proposal.profile.rows or 'open'}. Platform: {platform}."]
    for line in [*told, *(f"? {question}" for question in proposal.questions)]:
        console.print(line, style="bold", markup=False, highlight=False)

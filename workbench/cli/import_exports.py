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
    from workbench.intake.quality import ImportReport

_HELP = (
    "y to import, n to stop, or a change: likes=Hearts (another header), likes= (leave out), "
    "platform=tiktok, rows=post, date_order=day_first"
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_exports)


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
    console = Console(stderr=True, quiet=quiet)
    report = run(files, out, profile, yes, as_of, platform, sampling, console, account, currency)
    give(report.content(), report_text(report, out), as_json=json)


def run(
    files: list[Path],
    out: Path,
    profile: str | None,
    yes: bool,
    as_of: str | None,
    platform: str | None,
    sampling: str | None,
    console: Console,
    account: str | None = None,
    currency: str | None = None,
) -> ImportReport:
    """Import, asking about mappings where there is a terminal and ``yes`` is not given."""
    from workbench.intake.importing import import_files

    asks = not yes and console.is_terminal and sys.stdin.isatty()
    return import_files(
        files,
        out,
        profile=profile,
        as_of=as_of,
        platform=platform,
        sampling=sampling,
        account=account,
        currency=currency,
        decide=(lambda proposal: confirm(proposal, console)) if asks else None,
    )


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
        cells = (
            (header, "not read", "", "")
            if finding is None
            else (header, finding.name, ", ".join(finding.examples), finding.fault or "fits")
        )
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    platform = proposal.profile.platform or proposal.layout.platform or "as each row says"
    told = [f"A row is: {proposal.profile.rows or 'open'}. Platform: {platform}."]
    for line in [*told, *(f"? {question}" for question in proposal.questions)]:
        console.print(line, style="bold", markup=False, highlight=False)


def report_text(report: ImportReport, out: Path) -> str:
    """Write the result of an import for people."""
    from workbench.formats import plural

    s = report.summary
    told = {"option": "", "rows": " (the newest date in the files)", "file name": " (file names)"}
    origin = {*report.table["as_of_from"]} - {""}
    day = s.as_of + (told[origin.pop()] if len(origin) == 1 else " (the latest of the files)")
    lines = [
        f"{plural(s.rows, 'row')}: {s.kept:,} kept, {s.refused:,} refused, {s.duplicates_exact:,} "
        f"exact duplicates, {s.duplicates_differing:,} differing ones",
        f"{plural(s.posts, 'post')}, {plural(s.creators, 'creator')}, "
        f"{plural(s.snapshots, 'follower count')}, {plural(s.metrics, 'reported figure')}; "
        f"as of {day}",
    ]
    for label, keys in (
        ("creators without posts", s.without_posts),
        ("creators with posts but no follower count", s.without_followers),
    ):
        if keys:
            lines.append(
                f"{label}: {len(keys):,} ({', '.join(keys[:3])}{' ...' * (len(keys) > 3)})"
            )
    personal = sorted({name for names in report.table["personal"] for name in names})
    if personal:
        lines.append(f"contact data, never read: {', '.join(personal)}")
    notes = report.notes.groupby(["column", "note"], sort=False)["rows"].sum()
    for note in notes.reset_index().to_dict("records"):
        lines.append(f"{note['column']}: {note['note']} ({plural(note['rows'], 'row')})")
    if len(report.disagreements):
        differing = plural(len(report.disagreements), "figure")
        lines.append(f"sources disagree on {differing}: see disagreements.csv")
    unread = {", ".join(names): None for names in report.table["not_read"] if names}
    lines += [f"columns not read: {names}" for names in unread]
    for found in report.reasons.to_dict("records"):
        where = f"{found['column']}: " if found["column"] else ""
        lines.append(f"refused {plural(found['rows'], 'row')}: {where}{found['reason']}")
    lines.append(f"all of it: {out / 'imports' / s.import_id}")
    return "\n".join(lines)

"""``workbench show``: all that is held on a creator, for their answer or for a look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.messages import Json, Quiet, Verbose, give, set_messages

if TYPE_CHECKING:
    from workbench.reporting.forgetting import Held

Data = Annotated[Path, typer.Option(help="The client's folder, which holds the store.")]
Reports = Annotated[Path, typer.Option(help="Where reports were published.")]
KeyFile = Annotated[
    Path | None,
    typer.Option(help="File that leads back from pseudonyms; else DATA.key.json beside DATA."),
]


def show(
    creator: Annotated[
        str, typer.Argument(help="@handle, platform:handle, an id, a key or a pseudonym.")
    ],
    data: Data,
    reports: Reports = Path("reports/out"),
    key: KeyFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Show all that is held on a creator: in the store, imports, tables, the key and reports.

    Exits with 2 if nothing is held.

    Example: workbench show @anna --data data/private/acme --json
    """
    set_messages(quiet=quiet, verbose=verbose)
    from workbench.reporting.forgetting import find_held

    held = find_held(data, creator, reports=reports, key=key)
    give(held.content(), held_text(held, values=True), as_json=json)


def held_text(held: Held, *, values: bool) -> str:
    """Write what is held for people: how much it is and, if asked, each value."""
    from workbench.formats import plural

    content = held.content()
    places = {f"store/{name}": rows for name, rows in content["store"].items()} | held.files
    lines = [f"known as {', '.join(content['identities'])}"]
    lines += [f"{place}: {plural(len(rows), 'row')}" for place, rows in places.items()]
    for record in held.imports:
        lines.append(f"import {record.id}, as of {record.as_of}: may stand in the originals")
        lines += [f"  {held.originals[f.sha256]}, sha256 {f.sha256}" for f in record.files]
    lines += [f"key: {alias} is {real}" for alias, real in held.key.items()]
    for run in content["reports"]:
        withdrawn = f", withdrawn on {run['withdrawn']}" if run["withdrawn"] else ""
        lines.append(f"report, {run['edition'] or 'named'}: {run['run']}{withdrawn}")
    if held.forgotten:
        lines.append(f"forgotten on {held.forgotten}: no import brings them back")
    if values:
        for place, rows in places.items():
            lines += ["", place, *(f"  {_values(row)}" for row in rows)]
    return "\n".join(lines)


def _values(row: dict[str, object]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in row.items() if value not in (None, ""))

"""``workbench forget``: a creator, or all data of a client, erased for good."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.messages import Json, Quiet, Verbose, give, say, set_messages
from workbench.cli.show import Data, KeyFile, Reports, held_text

if TYPE_CHECKING:
    from workbench.intake.held import Erased


def forget(
    data: Data,
    creator: Annotated[
        str, typer.Argument(help="@handle, platform:handle, an id, a key or a pseudonym.")
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="All data of the client, not one creator's.")
    ] = False,
    expired: Annotated[
        bool, typer.Option("--expired", help="All data, if the retention date has passed.")
    ] = False,
    reports: Reports = Path("reports/out"),
    key: KeyFile = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Erase without asking.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Erase a creator from the store, imports, tables, key and reports; imports won't restore them.

    A command that was stopped is finished by giving it again. The original exports are not
    touched; they are named, to be deleted by hand.

    Example: workbench forget instagram:anna --data data/private/acme --reports reports/out
    """
    set_messages(quiet=quiet, verbose=verbose)
    from workbench.reporting.forgetting import find_held, forget_all, forget_creator

    _check_asked(creator, data, everything=everything, expired=expired)
    if not creator:
        _confirm(f"All data in {data} will be erased, and its reports withdrawn.", yes=yes)
        originals = _originals(data)
        _tell(forget_all(data, reports=reports, key=key), originals, as_json=json)
        return
    if not yes:
        found = find_held(data, creator, reports=reports, key=key)
        _confirm(held_text(found, values=False) + "\nAll of this will be erased.", yes=yes)
    held, erased = forget_creator(data, creator, reports=reports, key=key)
    _tell(erased, held.originals, as_json=json)


def _check_asked(creator: str, data: Path, *, everything: bool, expired: bool) -> None:
    from workbench.errors import SettingsError
    from workbench.tables.brief import read_retention

    if (bool(creator), everything, expired).count(True) != 1:
        told = ["give a CREATOR, or --all, or --expired"]
        raise SettingsError("Say what to forget, one thing at a time.", told)
    brief = read_retention(data)
    if expired and not brief.expired:
        day = brief.retention_date or "not set"
        raise SettingsError(
            f"The retention date of {data} has not passed: {day}.", ["erase sooner with --all"]
        )


def _confirm(what: str, *, yes: bool) -> None:
    from workbench.errors import SettingsError

    if yes:
        return
    if not sys.stdin.isatty():
        raise SettingsError("Nothing was erased.", ["say --yes where nobody can be asked"])
    typer.echo(what, err=True)
    if not typer.confirm("Erase?", err=True):
        typer.echo("Nothing was erased.", err=True)
        raise typer.Exit(1)


def _originals(data: Path) -> dict[str, str]:
    from workbench.reporting.forgetting import held_store

    store = held_store(data)
    imports = store.catalog.imports if store else ()
    return {file.sha256: file.name for record in imports for file in record.files}


def _tell(erased: list[Erased], originals: dict[str, str], *, as_json: bool) -> None:
    if originals:
        say("Delete the original exports yourself, or the rows in them:")
    lines = [f"{place.rows:>9,}  {place.place}" for place in erased] or [
        "nothing was left to erase"
    ]
    lines += [f"original  {name}  sha256 {sha256}" for sha256, name in originals.items()]
    content: dict[str, object] = {
        "erased": [asdict(place) for place in erased],
        "originals": [{"name": name, "sha256": sha} for sha, name in originals.items()],
    }
    give(content, "\n".join(lines), as_json=as_json)

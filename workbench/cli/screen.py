"""``workbench screen``: which creators are worth asking about, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.features import feature_settings, out_fault
from workbench.cli.messages import Json, Quiet, Verbose, give, say, set_messages
from workbench.cli.show import Data

_COLUMNS = ("creator_key", "handle", "platform")


def screen(
    data: Data,
    names: Annotated[
        list[str] | None, typer.Argument(help="Handles or keys to judge; else everybody.")
    ] = None,
    as_of: Annotated[
        str, typer.Option(help="Date of the data, such as 2026-09-30; else the newest import's.")
    ] = "",
    alpha: Annotated[
        float, typer.Option(help="Share of ordinary accounts that may be called worth asking.")
    ] = 0.05,
    out: Annotated[Path | None, typer.Option(help="CSV file; else CSV to standard output.")] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Put creators beside peers of their platform and size, the oddest first.

    Odd is a reason to ask, not a verdict; the report audience-audit shows the evidence.

    Example: workbench screen --data data/private/acme @first @second --out screen.csv
    """
    set_messages(quiet=quiet, verbose=verbose)
    from dataclasses import asdict

    from workbench import audience, curves
    from workbench.errors import SettingsError
    from workbench.features import creator_features
    from workbench.intake.refusals import csv_text
    from workbench.store import open_store
    from workbench.store.catalog import replace_file
    from workbench.tables.brief import check_retention
    from workbench.tables.tiers import read_tier_preset

    settings = audience.ScreenSettings(alpha=alpha)
    store = open_store(data)
    client = store.root.resolve().parent
    check_retention(client)
    if out and (fault := out_fault(out, _COLUMNS, client)):
        raise SettingsError("The screen can't be written there.", [f"{out}: {fault}"])
    asked = feature_settings(store, as_of)
    features = creator_features(store, asked).table
    keys = curves.choose_keys(features, names or [])
    preset = read_tier_preset("four-tier")
    fits = curves.fit_engagement_curves(features, curves.CurveSettings(preset=preset))
    placed = curves.engagement_residuals(features, fits)
    signals = audience.measure_signals(placed, **audience.read_tables(store, asked.as_of))
    found = audience.screen_creators(signals, settings, names=keys)
    text = csv_text(found.table)
    if out:
        replace_file(out, text.encode())
    summary = found.summary
    say(
        f"{summary.worth_asking} of {summary.creators} creators worth asking, about "
        f"{summary.expected_false:.0f} by luck alone; {summary.not_enough} with not enough data."
    )
    give(asdict(summary) | {"out": out and str(out)}, str(out or text.rstrip()), as_json=json)

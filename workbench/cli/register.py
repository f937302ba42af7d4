"""``workbench register``: a plan frozen before launch, and whether a frozen one was edited."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.messages import Json, Quiet, Verbose, give, set_messages
from workbench.cli.plan import (
    Also,
    Budget,
    Currency,
    Draws,
    Fee,
    Goal,
    Market,
    Seed,
    Target,
    read_asked,
    run_lines,
)
from workbench.cli.show import Data


def register(
    data: Data,
    budget: Budget = None,
    goal: Goal = None,
    target: Target = None,
    market: Market = None,
    currency: Currency = None,
    also: Also = None,
    fee: Fee = None,
    draws: Draws = 10_000,
    seed: Seed = 0,
    late: Annotated[
        bool, typer.Option("--late", help="Also after the flight has begun; the file says so.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only look whether registered forecasts were edited.")
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Freeze a plan and its promise before launch in DATA/register, without names.

    Give the options that you gave `workbench plan`. A file that is there is never written again.
    With --check it exits with 1 if a file was edited.

    Example: workbench register --data data/private/acme --budget 20000 --target 500000
    """
    set_messages(quiet=quiet, verbose=verbose)
    if check:
        _check(data, as_json=json)
        return
    from datetime import date

    from workbench.budget.register import check_flight, register_forecast
    from workbench.campaign.planning import PlanSettings, make_plan
    from workbench.campaign.roster import forecast_of

    given = {"budget": budget, "goal": goal, "target": target, "market": market}
    brief = read_asked(data, given | {"currency": currency}, also)
    check_flight(brief, date.today(), late=late)  # before the work of a plan
    run = make_plan(data, brief, PlanSettings(fee=fee, draws=draws, seed=seed))
    done = register_forecast(forecast_of(run), run.brief, data, late=late)
    content = done.content
    told = "Registered" if done.new else f"Was registered on {content['registered_at']}"
    lines = [*run_lines(run), f"{told}: {done.path}", f"sha256 {content['hash']}"]
    named = {name: content[name] for name in ("id", "hash", "registered_at", "late")}
    give(named | {"file": str(done.path), "new": done.new}, "\n".join(lines), as_json=json)


def _check(data: Path, *, as_json: bool) -> None:
    from workbench.budget.register import check_register
    from workbench.formats import plural
    from workbench.store import open_store

    open_store(data)
    found = check_register(data)
    odd = [fault for fault in found["fault"] if fault]
    lines = [f"{plural(len(found), 'registered forecast')}, {plural(len(odd), 'edit')}.", *odd]
    give({"forecasts": found.to_dict("records")}, "\n".join(lines), as_json=as_json)
    if odd:
        raise typer.Exit(1)

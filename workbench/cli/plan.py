"""``workbench plan``: whom to book for a budget, what it will bring, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.messages import Json, Quiet, Verbose, give, say, set_messages
from workbench.cli.show import Data

if TYPE_CHECKING:
    from workbench.campaign.planning import PlanningRun
    from workbench.tables.brief import Brief

Budget = Annotated[float | None, typer.Option(help="The most that all of it may cost.")]
Goal = Annotated[
    str | None,
    typer.Option(
        help="net_reach, effective_reach (3+), impressions, engagements, clicks, conversions or "
        "revenue."
    ),
]
Target = Annotated[float | None, typer.Option(help="How much of the goal is wanted.")]
Market = Annotated[float | None, typer.Option(help="People in the target audience.")]
Currency = Annotated[str | None, typer.Option(help="ISO 4217 code of the budget, such as USD.")]
Also = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="Any other KEY=VALUE of campaign.yaml, such as limits.max_creators=30."
    ),
]
Fee = Annotated[
    float | None, typer.Option(help="What everybody asks for a post, whatever was quoted.")
]
Draws = Annotated[int, typer.Option(help="Simulated futures.")]
Seed = Annotated[int, typer.Option(help="Same seed and data, same plan and figures.", min=0)]


def plan(
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
    out: Annotated[Path | None, typer.Option(help="Folder for roster.csv and roster.xlsx.")] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Split a budget over creators, with a bound that no other plan can pass.

    The brief is DATA/campaign.yaml; options go before what it says. Exits with 1 if no plan keeps
    to the limits, and says what would make room.

    Example: workbench plan --data data/private/acme --budget 20000 --target 500000 --out plan
    """
    set_messages(quiet=quiet, verbose=verbose)
    _check_out(out, data)
    from workbench.campaign.planning import PlanSettings, make_plan
    from workbench.campaign.roster import plain_run

    given = {"budget": budget, "goal": goal, "target": target, "market": market}
    brief = read_asked(data, given | {"currency": currency}, also)
    run = make_plan(data, brief, PlanSettings(fee=fee, draws=draws, seed=seed))
    files = _write_roster(run, out) if out else []
    told = run_lines(run)
    give(plain_run(run) | {"files": files}, "\n".join([*told, *files]), as_json=json)
    if run.promise is None:
        raise typer.Exit(1)


def read_asked(data: Path, given: Mapping[str, object], also: Sequence[str] | None) -> Brief:
    """Read the brief of a client's folder with the options of the command line."""
    import yaml

    from workbench.errors import SettingsError
    from workbench.tables.brief import read_brief

    changes = {name: value for name, value in given.items() if value is not None}
    faults = [f"{one}: expected KEY=VALUE" for one in also or () if "=" not in one]
    for key, _, text in (one.partition("=") for one in also or () if "=" in one):
        try:
            changes[key] = yaml.safe_load(text)
        except yaml.YAMLError:
            faults.append(f"{key}: {text!r} can't be read as YAML")
    if faults:
        raise SettingsError("--set can't be read.", faults)
    return read_brief(data, changes)


def run_lines(run: PlanningRun) -> list[str]:
    """Write the answer in a few lines."""
    from workbench.formats import count, day, listing, percent, plural, short_count

    own, promise = run.plan.summary, run.promise
    goal, unit = own.goal.replace("_", " "), run.candidates.currency
    if promise is None:
        head = f"No plan keeps to the limits with {unit} {count(own.budget)}."
        return [head, *(f"  - {reason}" for reason in run.plan.reasons)]
    made = promise.summary
    write = percent if run.brief.risk.attitude == "goal" else short_count
    lines = [
        f"{plural(own.creators, 'creator')}, {plural(own.posts, 'post')}, {unit} "
        f"{count(own.spend)} of {count(own.budget)} booked.",
        f"{_measure(run)}: {write(own.value)}; no plan within the limits has more than "
        f"{write(own.bound)} (gap {percent(own.gap)}"
        f"{', proven' if own.status == 'proven' else ', stopped early'}).",
        f"Promised {goal}: {short_count(made.p50)}, in four futures of five "
        f"{short_count(made.p10)} to {short_count(made.p90)}.",
    ]
    if made.target is not None and made.chance is not None:
        lines.append(f"{short_count(made.target)} or more: {percent(made.chance)} of futures.")
    binding = [*run.plan.limits.loc[run.plan.limits["binding"], "limit"]]
    lines.append(f"What binds: {listing(binding) if binding else 'nothing'}.")
    if run.more == run.more:  # not missing
        lines.append(f"{unit} {count(run.settings.extra)} more would add {write(run.more)}.")
    if run.brief.flight_end:
        lines.append(f"By the end of the flight, {day(run.brief.flight_end)}.")
    return [*lines, *_whom(run)]


def _measure(run: PlanningRun) -> str:
    """Name what the plan was chosen for."""
    from workbench.formats import level, short_count

    risk, goal = run.brief.risk, run.options.goal.replace("_", " ")
    return {
        "mean": f"Expected {goal}",
        "p20": f"What four futures in five reach of {goal}",
        "cvar": f"Mean {goal} and {risk.weight:g} times that of the worst {level(risk.tail)}",
        "goal": f"Chance of {short_count(run.brief.target or 0)} {goal}",
    }[risk.attitude]


def _whom(run: PlanningRun, most: int = 5) -> list[str]:
    """Name the dearest bookings."""
    from workbench.campaign.roster import make_roster
    from workbench.formats import count

    roster = make_roster(run)
    lines = [
        f"  {row['creator']}, {row['platform']}: {row['deliverable']} x {max(row['posts'], 1)}, "
        f"{row['currency']} {count(row['fee'])} ({count(row['fee_low'])} to "
        f"{count(row['fee_high'])}, {row['fee_source']})"
        for row in roster.head(most).to_dict("records")
    ]
    left = len(roster) - most
    return [*lines, *([f"  and {left} more; --out DIR writes all of them"] if left > 0 else [])]


def _check_out(out: Path | None, data: Path) -> None:
    """Refuse a place that `workbench forget` does not know, or files that are something else."""
    from workbench.errors import SettingsError

    if out is None:
        return
    inside = out.resolve().is_relative_to(data.resolve())
    faults = [f"{out}: `workbench forget` does not look there"] if inside else []
    faults += [f"{out}: is a file"] if out.is_file() else []
    if faults:
        raise SettingsError("The roster can't be written there.", faults)


def _write_roster(run: PlanningRun, out: Path) -> list[str]:
    from workbench.campaign.roster import make_roster
    from workbench.reporting.roster import write_roster

    roster = make_roster(run)
    paths = write_roster(roster, out)
    say(f"Wrote {len(roster)} bookings.")
    return [str(path) for path in paths]

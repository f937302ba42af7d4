"""Sentences about a plan's reach: from followers to buyers, shared people, frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from workbench.formats import count, interval, number, observed, percent, short_count
from workbench.wording.budget import booked_candidates, money

if TYPE_CHECKING:
    from workbench.budget.net_reach import NetReach
    from workbench.campaign.planning import PlanningRun


def plan_stages(run: PlanningRun) -> pd.DataFrame:
    """Return what is left from the chosen creators' followers to orders: ``stage``, ``people``."""
    assert run.promise is not None
    own = booked_candidates(run)
    middle = run.promise.table.set_index("outcome")["p50"]
    stages = {
        "Followers": own["followers"].sum(),
        "Real followers": (own["followers"] * own["real_share"]).sum(),
        "Impressions": middle["impressions"],
        "People reached": middle["net_reach"],
        "Engagements": middle["engagements"],
        "Clicks": middle["clicks"],
        "Orders": middle["conversions"],
    }
    table = pd.DataFrame({"stage": list(stages), "people": list(stages.values())})
    return table.sort_values("people", ascending=False, kind="stable", ignore_index=True)


def describe_stages(run: PlanningRun, stages: pd.DataFrame) -> str:
    """Say where followers are lost, and what the losses cost."""
    assert run.promise is not None
    amounts = stages.set_index("stage")["people"]
    spend = run.promise.summary.spend
    real = amounts["Real followers"] / amounts["Followers"]
    lost = money(spend * (1 - real), run.candidates.currency)
    return (
        f"Of {short_count(amounts['Followers'])} followers of the booked creators about {observed(percent(real))} are "
        f"taken for real; in proportion, {lost} of the money goes to the rest. {short_count(amounts['People reached'])} "
        "different people are reached: most followers don't see a given post, and some see several."
    )


def describe_stages_alt(stages: pd.DataFrame) -> str:
    """Say in plain text what the waterfall shows."""
    parts = "; ".join(f"{name} {short_count(value)}" for name, value in stages.to_numpy())
    return f"Bars, each shorter than the one above: {parts}."


def describe_reach(reach: NetReach) -> str:
    """Say how many different people are reached and what simple sums would have said."""
    told = reach.summary
    middle = interval(
        told.net_reach, told.low, told.high, unit="count", confidence=0.8, kind="range"
    )
    over = told.sainsbury / told.net_reach - 1
    sums = told.gross / told.net_reach
    return (
        f"If everybody delivers, {middle} different people are reached, {number(told.average_frequency)} times "
        f"each on average. Adding up the creators' reaches would say {number(sums)} times as many. The usual "
        f"shortcut, which takes audiences for independent (Sainsbury), says {observed(percent(abs(over)))} "
        f"{'more' if over >= 0 else 'less'}; a second method (beta-binomial) says {count(told.check)}. None of "
        "these methods was checked on the overlap of real audiences, only on simulated people."
    )


def describe_reach_alt(reach: NetReach) -> str:
    """Say in plain text what the build-up shows."""
    last = reach.build_up["net_reach"].iloc[-1]
    return (
        f"Line of different people reached as {len(reach.build_up)} creators are booked one by one, ending "
        f"at {short_count(last)}, below the sum of their reaches."
    )


def describe_frequency_alt(reach: NetReach) -> str:
    """Say in plain text what the bars of frequency show."""
    parts = "; ".join(
        f"{times}+ times {short_count(people)}"
        for times, people in zip(
            reach.frequency["at_least"], reach.frequency["people"], strict=True
        )
    )
    return f"Bars of people reached at least so many times: {parts}."


def describe_overlap_alt(reach: NetReach) -> str:
    """Say in plain text what the heat map shows."""
    return (
        f"Heat map of {len(reach.duplication)} booked creators by the people that each two share; creators "
        "who share many stand together."
    )

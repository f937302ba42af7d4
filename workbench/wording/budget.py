"""Sentences of a budget plan: the answer, the brief, the split, the promise, the reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.formats import (
    count,
    day,
    interval,
    listing,
    literal,
    nominal,
    number,
    observed,
    percent,
    plural,
    short_count,
)
from workbench.tables.schema import PLATFORM_NAMES
from workbench.wording.reports import EDITIONS

if TYPE_CHECKING:
    from workbench.budget.promise import Promise
    from workbench.campaign.planning import PlanningRun

GOALS = {
    "net_reach": "people reached",
    "effective_reach": "people reached three times or more",
}
OUTCOMES = {
    "net_reach": "People reached",
    "effective_reach": "People reached three times or more",
    "impressions": "Impressions",
    "engagements": "Engagements by real accounts",
    "clicks": "Clicks",
    "conversions": "Orders",
    "revenue": "Revenue",
    "spend": "Spend",
    "creators_delivered": "Creators who deliver",
    "cpm": "Cost per 1,000 impressions",
    "cpe": "Cost per engagement",
    "cost_per_1k_reached": "Cost per 1,000 people reached",
    "cost_per_1k_real_reached": "Cost per 1,000 real people reached",
}
_MONEY = ("revenue", "spend", "cpm", "cpe", "cost_per_1k_reached", "cost_per_1k_real_reached")
_RISK = {
    "mean": "the mean outcome",
    "p20": "the outcome that four in five futures reach",
    "cvar": "the mean and the mean of the worst futures",
    "goal": "the chance of the goal",
}


def goal_words(goal: str) -> str:
    """Return what a goal is called in a sentence."""
    return GOALS.get(goal, "orders" if goal == "conversions" else goal)


def chance(share: float, error: float) -> str:
    """Write a simulated chance with the range of its simulation error."""
    low, high = max(share - 1.96 * error, 0.0), min(share + 1.96 * error, 1.0)
    return interval(share, low, high, unit="percent", confidence=0.95, kind="simulation range")


def money(amount: float, currency: str) -> str:
    """Write an amount in a currency."""
    return f"{count(amount) if abs(amount) >= 100 else number(amount)} {literal(currency)}"


def describe_plan_title(run: PlanningRun, client: str, edition: str, as_of: str) -> str:
    """Say for whom the plan is, its flight, and which edition it is."""
    brief = run.brief
    flight = "no flight set"
    if brief.flight_start and brief.flight_end:
        flight = f"flight {day(brief.flight_start)} to {day(brief.flight_end)}"
    return f"**{literal(client)}** · {flight} · data as of {day(as_of)} · {EDITIONS[edition]}"


def describe_plan_answer(run: PlanningRun) -> str:
    """Answer in three lines: what to book, how likely the goal is, how good the plan is."""
    told, currency = run.plan.summary, run.candidates.currency
    if run.promise is None:
        reasons = "\n".join(f"- {reason}" for reason in run.plan.reasons)
        return f"- **No plan keeps to these limits.**\n{reasons}"
    promised, words = run.promise.summary, goal_words(told.goal)
    middle = interval(
        promised.p50, promised.p10, promised.p90, unit="count", confidence=0.8, kind="range"
    )
    if promised.target is None:
        head = f"**{middle} {words}** for {money(told.budget, currency)}."
    else:
        assert promised.chance is not None
        assert promised.chance_error is not None
        likely = chance(promised.chance, promised.chance_error)
        goal, wanted = count(promised.target), run.brief.probability
        reached = promised.chance >= wanted
        verdict = "Yes" if reached else "Not with the chance that is wanted"
        head = (
            f"**{verdict}: the chance of {goal} {words} is {likely}**, {nominal(wanted)} was wanted. "
            f"The plan brings {middle}."
        )
    mix = _mix(run)
    book = (
        f"Book {plural(told.creators, 'creator')} for {plural(told.posts, 'post')} ({mix}), "
        f"{money(told.spend, currency)} of {money(told.budget, currency)} committed."
    )
    return f"- {head}\n- {book}\n- {describe_certificate(run)}"


def _mix(run: PlanningRun) -> str:
    tiers = run.plan.table["tier"].astype("str").value_counts()
    return ", ".join(f"{amount} {tier}" for tier, amount in tiers.items())


def describe_certificate(run: PlanningRun) -> str:
    """Say how far from the best possible the plan is proven to be, in what it weighs."""
    told, attitude = run.plan.summary, run.brief.risk.attitude
    words = f"expected {goal_words(told.goal)}" if attitude == "mean" else _RISK[attitude]
    if told.gap <= 1e-6:
        proven = f"Proven: with these inputs and limits no plan is better in {words}."
    else:
        gap = nominal_gap(told.gap)
        proven = (
            f"Proven: with these inputs and limits no plan is better by more than {gap} in {words}."
        )
    return f"{proven} Whether the inputs are right is another question."


def nominal_gap(gap: float) -> str:
    """Write a proven gap, never rounded down."""
    share = np.ceil(gap * 1e4) / 1e4
    return f'<span class="nominal">{100 * share:.2f}%</span>'


def describe_brief_rows(run: PlanningRun) -> pd.DataFrame:
    """Return the brief as rows of text."""
    brief = run.brief
    target = "none" if brief.target is None else count(brief.target)
    market = (
        "as many as the candidates have followers" if brief.market is None else count(brief.market)
    )
    rows = {
        "Goal": f"{OUTCOMES[brief.goal]}, target {target}",
        "Wanted chance": nominal(brief.probability),
        "Budget": money(run.limits.budget, brief.currency),
        "People in the market": market,
        "Overhead of a creator": f"{number(brief.overhead.hours)} hours at {money(brief.overhead.rate, brief.currency)}",
        "Product sent to a creator": money(brief.product_cost, brief.currency),
        "Posts of a creator, at most": str(brief.limits.posts_per_creator),
        "Plan weighs": _RISK[brief.risk.attitude],
        "Sizes": literal(brief.tier_preset),
    }
    return pd.DataFrame({"Asked": list(rows), "Value": list(rows.values())})


def describe_limits(run: PlanningRun) -> str:
    """Say which limits hold the plan, and what more money would bring."""
    told, words = run.plan.summary, goal_words(run.plan.summary.goal)
    binding = list(run.plan.limits.loc[run.plan.limits["binding"], "limit"])
    held = (
        f"What holds the plan: {listing([limit_words(name) for name in binding])}."
        if binding
        else "No limit holds the plan."
    )
    if not np.isfinite(run.more) or run.brief.risk.attitude != "mean":
        return held
    extra = money(run.settings.extra, run.candidates.currency)
    share = observed(percent(run.more / told.value)) if told.value > 0 else "nothing to compare"
    return (
        f"{held} {extra} more would bring {count(run.more)} more expected {words} ({share} more), "
        "found by choosing again."
    )


def limit_words(name: str) -> str:
    """Return a limit's name as a person says it; creators are not named."""
    kind = name.partition(":")[0]
    words = {
        "must": "a creator who must be in",
        "must not": "a creator who must not be in",
        "creators dearer than the most for one": "the most that one creator may cost",
        "creators with more posts than the most for one": "the posts of one creator",
        "creators": "the number of creators",
        "content only": "the pieces of content",
    }
    return words.get(kind, f"the {kind}")


def describe_limit_rows(run: PlanningRun) -> pd.DataFrame:
    """Return each limit with what the plan uses of it; those of one creator are left out."""
    limits = run.plan.limits
    limits = limits[~limits["limit"].str.match("must|creators dearer|creators with more posts")]
    return pd.DataFrame(
        {
            "Limit": [
                limit_words(name).removeprefix("the ").capitalize() for name in limits["limit"]
            ],
            "Used": limits["used"].map(count),
            "At least": [_bound(value) for value in limits["least"]],
            "At most": [_bound(value) for value in limits["most"]],
            "Holds the plan": np.where(limits["binding"], "yes", "no"),
        }
    )


def _bound(value: float) -> str:
    return count(value) if np.isfinite(value) else "open"


def booked_candidates(run: PlanningRun) -> pd.DataFrame:
    """Return what is known of each creator whom the plan books."""
    table = run.candidates.table.set_index("creator_key")
    return table.loc[run.plan.table["creator_key"].unique()]


def guessed_fees(run: PlanningRun) -> int:
    """Return how many of the booked creators quoted no fee."""
    return int(booked_candidates(run)["fee_source"].eq("model").sum())


def describe_split(run: PlanningRun) -> str:
    """Say how the money is split over sizes and platforms."""
    table, total = run.plan.table, run.plan.summary.spend
    shares = []
    for column, name in (("tier", str), ("platform", lambda one: PLATFORM_NAMES[one])):
        parts = table.assign(of=table[column].astype("str")).groupby("of")["cost"].sum()
        parts = (parts / total).sort_values(ascending=False)
        shares.append(
            listing([f"{observed(percent(share))} {name(str(of))}" for of, share in parts.items()])
        )
    guessed = guessed_fees(run)
    open_fees = (
        "Every fee was quoted."
        if not guessed
        else f"{plural(guessed, 'fee')} of {len(table)} are not quoted but estimated from what accounts "
        "of this size ask: ask them first."
    )
    return f"By size: {shares[0]}. By platform: {shares[1]}. {open_fees}"


def describe_split_alt(run: PlanningRun) -> str:
    """Say in plain text what the figure of the split shows."""
    tiers = (
        run.plan.table.assign(of=run.plan.table["tier"].astype("str")).groupby("of")["cost"].sum()
    )
    parts = "; ".join(f"{of} {short_count(value)}" for of, value in tiers.items())
    return f"Bars of the money by size, divided by platform, in {run.candidates.currency}: {parts}."


def describe_roster_rows(
    run: PlanningRun, roster: pd.DataFrame, names: Mapping[str, str]
) -> pd.DataFrame:
    """Return whom to book, with fee and expected outcome, each with its range."""
    goal = run.plan.summary.goal
    keys = run.plan.table["creator_key"]
    outcome = [
        interval(*row, unit="count", confidence=0.8, kind="")
        if np.isfinite(row).all()
        else "none: content only"
        for row in roster[[goal, f"{goal}_low", f"{goal}_high"]].to_numpy(dtype="float64")
    ]
    fees = [
        interval(*row, unit="count", confidence=0.8, kind="")
        for row in roster[["fee", "fee_low", "fee_high"]].to_numpy(dtype="float64")
    ]
    return pd.DataFrame(
        {
            "Creator": [literal(names[key]) for key in keys],
            "Platform": [PLATFORM_NAMES[platform] for platform in roster["platform"]],
            "Size": roster["tier"].map(literal),
            "Followers": [short_count(float(value)) for value in roster["followers"]],
            "Books": [
                _books(kind, posts)
                for kind, posts in zip(roster["deliverable"], roster["posts"], strict=True)
            ],
            f"Fee, {run.candidates.currency} (80% range)": fees,
            "Fee from": roster["fee_source"].map(literal),
            "All-in": roster["all_in"].map(count),
            f"{OUTCOMES[goal]}, alone (80% range)": outcome,
        }
    )


def _books(deliverable: str, posts: int) -> str:
    return "content only" if deliverable == "ugc_only" else plural(posts, "post")


def describe_promise(run: PlanningRun) -> str:
    """Say what the plan is promised to bring, in futures that it was not chosen by."""
    assert run.promise is not None
    told = run.promise.summary
    middle = interval(told.p50, told.p10, told.p90, unit="count", confidence=0.8, kind="range")
    spend = money(told.spend, told.currency)
    delivered = run.promise.table.set_index("outcome").loc["creators_delivered"]
    bookings = interval(
        *delivered[["p50", "p10", "p90"]], unit="count", confidence=0.8, kind="range"
    )
    return (
        f"{middle} {goal_words(told.goal)}. Of {plural(told.creators, 'creator')}, {bookings} deliver: some "
        f"bookings fall through, and where a fee turns out higher than planned the last ones are "
        f"dropped, so about {spend} is spent in the end. The futures that these figures come from "
        "were not used to choose the plan."
    )


def describe_promise_alt(promise: Promise) -> str:
    """Say in plain text what the figure of outcomes shows."""
    told = promise.summary
    goal = "" if told.target is None else f" A line marks the goal of {short_count(told.target)}."
    return (
        f"Histogram of {goal_words(told.goal)} over simulated futures: one in ten brings less than "
        f"{short_count(told.p10)}, half more than {short_count(told.p50)}, one in ten more than "
        f"{short_count(told.p90)}.{goal}"
    )


def describe_path_alt(promise: Promise) -> str:
    """Say in plain text what the figure of the path shows."""
    last = promise.path.iloc[-1]
    return (
        f"Line with a band over {count(len(promise.path))} days: what is reached by the end of each day, "
        f"ending at {short_count(last['p50'])} ({short_count(last['p10'])} to {short_count(last['p90'])})."
    )


def describe_outcome_rows(promise: Promise) -> pd.DataFrame:
    """Return every outcome with its range."""
    table = promise.table
    writes = ["number" if 0 < row < 100 else "count" for row in table["p50"]]
    cells = [
        interval(*row, unit=unit, confidence=0.8, kind="")  # type: ignore[arg-type]
        for row, unit in zip(table[["p50", "p10", "p90"]].to_numpy(), writes, strict=True)
    ]
    names = [
        f"{OUTCOMES[one]} ({promise.summary.currency})" if one in _MONEY else OUTCOMES[one]
        for one in table["outcome"]
    ]
    return pd.DataFrame({"Outcome": names, "Middle (80% range)": cells})

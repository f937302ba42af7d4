"""Sentences about what is not known of a plan: what decides, risk, assumptions, a test before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.formats import (
    count,
    interval,
    listing,
    literal,
    observed,
    percent,
    plural,
    short_count,
)
from workbench.tables.schema import PLATFORM_NAMES
from workbench.wording.budget import (
    booked_candidates,
    chance,
    goal_words,
    guessed_fees,
    money,
)

if TYPE_CHECKING:
    from workbench.budget.candidates import Candidates
    from workbench.budget.frontier import Frontier
    from workbench.budget.pilot import PilotValue
    from workbench.budget.unknowns import Unknowns
    from workbench.campaign.planning import PlanningRun


def describe_decides(decides: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Say which unknown moves the chance of the goal most, and whether the plan would change."""
    if decides.empty:
        return "Nothing that all creators share is unknown here."
    top = decides.iloc[0]
    kept = decides.dropna(subset=["kept_low"])
    change = kept[np.minimum(kept["kept_low"], kept["kept_high"]) < 0.8]
    low, high = (chance(top[end], top["error"]) for end in ("p_low", "p_high"))
    text = (
        f"What decides most: **{_small(names.get(top['unknown'], top['unknown']))}**. In the third of futures "
        f"where it is lowest the chance of the goal is {low}, where it is highest {high}."
    )
    if change.empty:
        return f"{text} None of the unknowns below would change whom to book by more than a fifth: the plan holds, the promise moves."
    which = listing([_small(names.get(name, name)) for name in change["unknown"]])
    return f"{text} Known better, {which} would change more than a fifth of whom to book."


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]


def describe_decides_alt(decides: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Say in plain text what the tornado shows."""
    parts = "; ".join(
        f"{names.get(row['unknown'], row['unknown'])} {percent(row['p_low'])} to {percent(row['p_high'])}"
        for _, row in decides.head(8).iterrows()
    )
    return f"Bars of the chance of the goal in each unknown's lowest and highest third: {parts}."


def describe_decides_rows(decides: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Return the unknowns by how much they move the chance of the goal."""
    shown = decides.head(8)
    kept = [
        "not tried"
        if np.isnan(row["kept_low"])
        else f"{observed(percent(row['kept_low']))} and {observed(percent(row['kept_high']))}"
        for _, row in shown.iterrows()
    ]
    return pd.DataFrame(
        {
            "Unknown": [names.get(name, name) for name in shown["unknown"]],
            "Its range (8 in 10)": [
                f"{_figure(a)} to {_figure(b)}" for a, b in shown[["low", "high"]].to_numpy()
            ],
            "Chance where lowest": [chance(p, e) for p, e in shown[["p_low", "error"]].to_numpy()],
            "Chance where highest": [
                chance(p, e) for p, e in shown[["p_high", "error"]].to_numpy()
            ],
            "Of the plan's creators, booked again at its ends": kept,
        }
    )


def _figure(value: float) -> str:
    return short_count(value) if abs(value) >= 10 else f"{value:.3g}"


def describe_frontier(frontier: Frontier, goal: str) -> str:
    """Say what a better tail costs, or that there is nothing to choose."""
    told = frontier.summary
    over = observed(percent(max(told.optimism, 0)))
    tail = f"Where plans were chosen, their tail looked {over} better than on fresh futures."
    if told.is_flat:
        return (
            "**There is nothing to choose between risk and return here**: on fresh futures the plan with the best "
            "tail has no clearly better tail than the plan with the best mean. What all creators share decides, "
            f"and no choice of creators hedges that. {tail}"
        )
    return (
        f"A plan with a better tail exists: the mean of the worst futures rises by {count(told.tail_gain)} "
        f"{goal_words(goal)}, the mean of all falls by {count(told.mean_cost)}. {tail}"
    )


def describe_frontier_alt(frontier: Frontier) -> str:
    """Say in plain text what the frontier shows."""
    first, last = frontier.table.iloc[0], frontier.table.iloc[-1]
    return (
        f"Points of mean against bad tail for {len(frontier.table)} weights of the tail, on fresh futures from "
        f"{short_count(first['fresh_mean'])} and {short_count(first['fresh_cvar'])} to "
        f"{short_count(last['fresh_mean'])} and {short_count(last['fresh_cvar'])}."
    )


def describe_unknown_rows(unknowns: Unknowns, candidates: Candidates) -> pd.DataFrame:
    """Return the assumptions that touch a candidate: value, range, source, owner."""
    here = {*candidates.table["platform"]}
    frame = unknowns.frame()
    platform = frame["name"].str.partition(".")[2]
    shown = frame[platform.isin(["", *here])]
    return pd.DataFrame(
        {
            "Assumption": [literal(name) for name in unknown_names(shown["name"]).values()],
            "Value": shown["middle"].map(_figure),
            "Range (8 in 10)": [
                _figure(a) if a == b else f"{_figure(a)} to {_figure(b)}"
                for a, b in shown[["low", "high"]].to_numpy()
            ],
            "Unit": shown["unit"].map(literal),
            "Source": [
                f"{literal(str(s))}{'' if pd.isna(y) else f', {int(y)}'}"
                for s, y in shown[["source", "year"]].to_numpy()
            ],
            "Owner": shown["owner"].map(literal),
        }
    )


def describe_risks(run: PlanningRun) -> str:
    """Say what may go wrong, each with its size in the plan."""
    own = booked_candidates(run)
    fall = observed(percent(float(own["fall_through"].mean())))
    late = observed(percent(run.unknowns.middle("late")))
    guessed = guessed_fees(run)
    pairs = None if run.audience is None else run.audience.pairs
    known = 0 if pairs is None else len(pairs)
    return "\n".join(
        [
            f"- **Fall-through:** {fall} of bookings are taken to bring nothing, and they fail together more than by chance.",
            f"- **Late:** {late} of posts are taken to come late; what comes after the flight is not counted.",
            f"- **Price:** {plural(guessed, 'fee')} of {len(own)} are estimated. A fee above what is left drops the creator; the roster is in the order in which money is committed.",
            f"- **Overlap:** {plural(known, 'pair')} of audiences were measured; the rest follows from what these say of niches and of people who follow many.",
            "- **Sponsored posts** bring less than a creator's own; how much less is an assumption until your own campaigns say it.",
        ]
    )


def describe_pilot(pilot: PilotValue, currency: str) -> str:
    """Say whether a test before the campaign is worth its money."""
    told = pilot.summary
    advice = {
        "do not spend": "**Do not spend on these terms**: the expected return does not cover the cost, and no test is worth its price.",
        "spend without a pilot": "**Spend without a test**: no test pays for itself.",
        "learn in waves": "**Don't stop to test: book in waves and learn from each.**",
        "pilot": f"**Test first**, with about {money(told.cost, currency)} on {plural(told.creators, 'creator')}.",
    }[told.advice]
    parts = [advice]
    if told.creators:
        low, high = told.net - 1.96 * told.net_se, told.net + 1.96 * told.net_se
        worth = interval(
            told.net, low, high, unit="count", confidence=0.95, kind="simulation range"
        )
        parts.append(f"The best test adds {worth} {literal(currency)} of return after its cost.")
    if told.waves:
        parts.append(
            f"Booking in {told.waves} waves adds {count(told.waves_net)} {literal(currency)} over booking all at once."
        )
    advised = pilot.advised.dropna(subset=["share"])
    if len(advised):
        shares = listing(
            [
                f"{money(row['amount'], currency)} takes {observed(percent(max(row['share'], 0)))}"
                for _, row in advised.iterrows()
            ]
        )
        parts.append(
            f"The published advice of a test for 1,000 to 2,000: of the best test's worth, {shares}."
        )
    if told.creators:
        seen = told.smallest_difference
        parts.append(
            f"With the test, sizes that differ by less than {observed(percent(seen))} can't be told apart."
            if seen < 2
            else "The test is too small to tell sizes apart."
        )
    if np.isfinite(told.needed):
        parts.append(
            f"To see that one size brings 60 in 100 more takes about {plural(int(told.needed), 'creator')} "
            "of each."
        )
    return " ".join(parts)


def describe_trial_rows(pilot: PilotValue, names: Mapping[str, str], currency: str) -> pd.DataFrame:
    """Return whom to try first: those whose result would change the plan."""
    shown = pilot.creators.head(10)
    return pd.DataFrame(
        {
            "Creator": [literal(names.get(key, key)) for key in shown["creator_key"]],
            f"Costs, {currency}": shown["cost"].map(count),
            "Expected return per unit of money (80% range)": [
                interval(*row, unit="number", confidence=0.8, kind="")
                for row in shown[["expected", "low", "high"]].to_numpy()
            ],
            "Why": shown["reasons"].map(literal),
        }
    )


_UNKNOWNS = {
    "campaign_luck": "Luck of the campaign",
    "platform_luck": "Luck of a platform",
    "late": "Share of posts that come late",
    "late_lost": "Of a late post, what is lost",
    "repeat_reach": "New people of a further post",
    "reach_rate": "Reach rate",
    "reach_level": "Reach in general",
    "reach_elasticity": "How reach falls with size",
    "price": "Price level",
    "price_level": "Prices in general",
    "frequency": "Times shown per person",
    "click_rate": "Click rate",
    "conversion_rate": "Orders per click",
    "order_value": "Value of an order",
    "overlap": "Overlap of audiences",
    "sponsored": "What sponsoring takes away",
    "fall_through": "Bookings that fall through",
}


def unknown_names(unknowns: Iterable[str]) -> dict[str, str]:
    """Return what unknowns are called."""
    found = {}
    for name in unknowns:
        start, _, platform = str(name).partition(".")
        words = _UNKNOWNS.get(start, start.replace("_", " ").capitalize())
        found[name] = f"{words} ({PLATFORM_NAMES.get(platform, platform)})" if platform else words
    return found


def describe_plan_limits(run: PlanningRun) -> str:
    """Say what the plan's report cannot say."""
    return "\n".join(
        [
            "- Whether the inputs are right. The certificate is about the choice; the ranges say how far "
            "the inputs may be off, as far as anybody knows.",
            "- What would have been bought without the campaign: orders are counted, not caused.",
            "- How audiences really overlap: no method here was checked on the overlap of real audiences.",
            "- Anything about a creator whom the exports don't hold.",
        ]
    )


def describe_plan_steps(run: PlanningRun) -> str:
    """Say what to do next, and who."""
    if run.promise is None:
        return "- Analyst: change the limits as the answer says, and plan again."
    guessed = guessed_fees(run)
    lines = [
        f"- Analyst: ask for the {plural(guessed, 'fee')} that are estimated, and plan again with them."
        if guessed
        else "- Analyst: book in the order of the roster.",
        "- Analyst: before launch freeze the forecast with `workbench register`; after it, compare.",
        "- Client: confirm the goal, the wanted chance, and who must or must not be in.",
        "- Both: record what every post brings within the flight, so that the promise can be held against it.",
    ]
    return "\n".join(lines)


def describe_plan_glossary() -> str:
    """Explain the words of the plan's report."""
    terms = {
        "People reached (net reach)": "different people who see at least one post; a person who sees "
        "three posts counts once.",
        "Impressions": "how often posts are shown, however many people that are.",
        "Engagements by real accounts": "likes, comments, shares and saves of paid posts, less what comes "
        "from followers who are not real.",
        "P10, P50, P90": "in one of ten, five of ten, nine of ten futures the outcome is lower.",
        "Chance of the goal": "the share of simulated futures in which the target is reached. Its range "
        "is only that of the simulation; what the inputs may be off is in the futures themselves.",
        "Gap": "how far above the plan's value the proven bound lies: no plan can be better than that.",
        "Overhead": "hours of work with one creator at their rate, and the product that is sent.",
        "All-in": "fee, overhead and product together.",
        "Fall-through": "a booking that brings nothing; its fee is not paid, its overhead is spent.",
        "Committed": "what all bookings cost if every one delivers at its expected fee.",
    }
    return "\n".join(f"- **{term}:** {meaning}" for term, meaning in terms.items())


def describe_registered(registered: pd.DataFrame) -> str:
    """Say which forecasts were frozen before launch, and whether any was edited."""
    if registered.empty:
        return (
            "No forecast of this client is registered yet. `workbench register` freezes this plan and "
            "its promise before launch, so that what comes can be held against it."
        )
    lines = []
    for _, one in registered.iterrows():
        late = ", after the flight had begun" if one["late"] is True else ""
        state = f" **{one['fault']}**" if one["fault"] else ""
        lines.append(
            f"- {literal(str(one['id']))}, registered {literal(str(one['registered_at']))}{late}.{state}"
        )
    return "\n".join(lines)

"""Sentences of the panel in which splits of a budget are tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.formats import (
    count,
    interval,
    listing,
    literal,
    nominal,
    observed,
    percent,
    plural,
    short_count,
)
from workbench.tables.schema import PLATFORM_NAMES
from workbench.wording.budget import chance, describe_certificate, goal_words, money, nominal_gap
from workbench.wording.budget_risks import unknown_names

if TYPE_CHECKING:
    import numpy.typing as npt

    from workbench.campaign.planning import PlanningRun
    from workbench.campaign.split_settings import SplitSettings

_MEASURED = "own data"  # the source of what a client's own results tell
_SETTINGS = {
    "budget": "budget",
    "posts": "posts a creator",
    "fall_through": "fall-through",
    "overhead": "overhead",
    "attitude": "what the plan weighs",
    "shares": "shares by size",
    "ranges": "ranges",
}


def describe_ranges(run: PlanningRun) -> dict[str, tuple[str, str, bool]]:
    """Return each range's label, what is to be said about it, and whether it does nothing here."""
    table, audience, priors = run.candidates.table, run.audience, run.candidates.is_prior
    quoted = int(table["fee_source"].ne("model").sum())
    pairs = audience.summary.pairs if audience is not None else 0
    fees = (
        f"Fees: {quoted} of {len(table)} are quoted, and tell more of the others than a range does."
    )
    overlap = f"Overlap: {count(pairs)} pairs of audiences are known." if pairs else ""
    if run.brief.goal not in ("net_reach", "effective_reach"):
        overlap = "Overlap: the goal does not count people."
    reach = (
        "" if priors("reach").any() else "Reach: all of it is measured, or that of others alike."
    )
    paid = ""
    if run.unknowns.of("sponsored").source == _MEASURED:
        paid = "Paid over unpaid: your own results hold unless a range in priors.yaml is narrower."
    return {
        "price_level": ("Fees not quoted ×", fees if quoted else "", quoted == len(table)),
        "reach_level": ("Unmeasured reach ×", reach, bool(reach)),
        "sponsored": ("Paid over unpaid ×", paid, not priors("sponsored").any()),
        "overlap": ("Overlap, share", overlap, bool(overlap)),
    }


def describe_answer(run: PlanningRun, asked: SplitSettings) -> str:
    """Say how likely the goal is, what the split brings, and what it books."""
    assert run.simulation is not None
    goal, currency, target = run.brief.goal, run.candidates.currency, run.brief.target
    draws, words = run.simulation.draws[goal][0], goal_words(goal)
    if run.plan.table.empty:
        return "**Nobody is booked.** No creator fits into these shares: give more to a size."
    head = f"**{count(float(np.median(draws)))} {words}** in the middle future."
    if target is not None:
        share = float((draws >= target).mean())
        likely = chance(share, float(np.sqrt(share * (1 - share) / len(draws))))
        head = (
            f"**Chance of {count(target)} {words}: {likely}**; "
            f"{nominal(run.brief.probability)} is wanted."
        )
    p10, p50, p90 = (short_count(float(np.quantile(draws, q))) for q in (0.1, 0.5, 0.9))
    spend = run.simulation.draws["spend"][0]
    told, left = run.plan.summary, asked.budget - run.plan.summary.spend
    lines = [
        head,
        f"{words.capitalize()}: P10 {p10}, P50 {p50}, P90 {p90}.{_weighed(run, draws)}",
        f"Booked: {plural(told.creators, 'creator')} for {plural(told.posts, 'post')}, "
        f"{money(told.spend, currency)} committed, {money(max(left, 0), currency)} not used. "
        f"Paid in the end: {_middle(spend)} {literal(currency)}, since some bookings fall through.",
        _certificate(run),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _weighed(run: PlanningRun, draws: npt.NDArray[np.floating]) -> str:
    risk = run.brief.risk
    if risk.attitude == "p20":
        return f" Four futures in five reach {short_count(float(np.quantile(draws, 0.2)))}."
    if risk.attitude == "cvar":
        worst = np.sort(draws)[: max(int(risk.tail * len(draws)), 1)].mean()
        return f" The worst {nominal(risk.tail)} of futures bring {short_count(float(worst))}."
    return f" Mean {short_count(float(draws.mean()))}."


def _middle(draws: npt.NDArray[np.floating], unit: Any = "count") -> str:
    p10, p50, p90 = (float(np.quantile(draws, q)) for q in (0.1, 0.5, 0.9))
    return interval(p50, p10, p90, unit=unit, confidence=0.8, kind="range")


def describe_what_decides(decides: pd.DataFrame, run: PlanningRun) -> str:
    """Say which unknowns move the chance of the goal most."""
    if decides.empty or run.plan.table.empty:
        return ""
    what = "the goal" if run.brief.target is not None else "more than the middle outcome"
    called = unknown_names(decides["unknown"])
    names = {name: words[:1].lower() + words[1:] for name, words in called.items()}
    first, *others = decides[["unknown", "p_low", "p_high"]].itertuples(index=False, name=None)
    name, low, high = first
    more = listing([f"{names[n]} ({percent(a)} to {percent(b)})" for n, a, b in others])
    return (
        f"**What decides: {names[name]}.** In the third of futures where it is lowest the "
        f"chance of {what} is {observed(percent(low))}, where it is highest "
        f"{observed(percent(high))}. Next: {more}."
    )


def describe_tier_rows(run: PlanningRun, asked: SplitSettings) -> pd.DataFrame:
    """Return the money of each size: its share, what it commits, whom it books."""
    table = run.plan.table.assign(tier=run.plan.table["tier"].astype("str"))
    spent = table.groupby("tier")["cost"].sum()
    booked = table.groupby("tier").size()
    tiers, currency = list(asked.shares), run.candidates.currency
    given = [asked.budget * share / 100 for share in asked.shares.values()]
    chosen = np.isfinite(run.plan.summary.bound)  # a chosen plan makes its own shares
    return pd.DataFrame(
        {
            "Size": [literal(tier) for tier in tiers],
            **({} if chosen else {f"Share, {currency}": [count(one) for one in given]}),
            f"Committed, {currency}": [count(float(spent.get(t, 0))) for t in tiers],
            "Creators": [str(booked.get(t, 0)) for t in tiers],
        }
    )


def describe_booking_rows(run: PlanningRun) -> pd.DataFrame:
    """Return whom the split books, dearest first, with what each is expected to bring alone."""
    table = run.plan.table
    own = run.candidates.table.set_index("creator_key").loc[table["creator_key"]].reset_index()
    names = own.get("handle", own["creator_key"]).fillna(own["creator_key"])
    return pd.DataFrame(
        {
            "Creator": [literal(str(name)) for name in names],
            "Platform": [PLATFORM_NAMES[platform] for platform in table["platform"]],
            "Size": [literal(str(tier)) for tier in table["tier"]],
            "Followers": [short_count(float(value)) for value in own["followers"]],
            "Posts": [str(posts) if posts else "content only" for posts in table["posts"]],
            f"All-in, {run.candidates.currency}": [count(cost) for cost in table["cost"]],
            "Fee from": [literal(source) for source in own["fee_source"]],
            f"Expected {goal_words(run.brief.goal)}, alone": [count(v) for v in table["value"]],
        }
    )


def describe_no_plan(run: PlanningRun) -> str:
    """Say why no plan keeps to the limits."""
    reasons = "\n".join(f"- {reason}" for reason in run.plan.reasons)
    return f"**No plan keeps to these limits.**\n\n{reasons}"


def describe_choice(run: PlanningRun, before: PlanningRun | None) -> str:
    """Say how often the best plan brings more than the split shown before."""
    if before is None:
        return "This is the best plan within the limits."
    return f"The best plan brings more than what was shown {_more_often(before, run)}."


def describe_ab(a: PlanningRun, b: PlanningRun, of_a: SplitSettings, of_b: SplitSettings) -> str:
    """Say how likely B brings more than A, and in which settings they differ."""
    differ = [
        words for name, words in _SETTINGS.items() if getattr(of_a, name) != getattr(of_b, name)
    ]
    said = f"**B brings more than A {_more_often(a, b)}.**"
    return (
        f"{said} They differ in {listing(differ)}."
        if differ
        else f"{said} Their settings are the same."
    )


def _more_often(a: PlanningRun, b: PlanningRun) -> str:
    assert a.simulation is not None
    assert b.simulation is not None
    gain = b.simulation.draws[b.brief.goal][0] - a.simulation.draws[a.brief.goal][0]
    more, same = float((gain > 0).mean()), float((gain == 0).mean())
    said = f"in {observed(percent(more))} of the same futures"
    return f"{said}, as much in {observed(percent(same))}" if same else said


def _certificate(run: PlanningRun) -> str:
    told = run.plan.summary
    if not np.isfinite(told.bound):
        return "Filled by shares in order of value for money: the best plan may bring more."
    if run.brief.risk.attitude == "mean":
        return describe_certificate(run)
    return (
        f"Proven: in what it weighs no plan is better by more than {nominal_gap(told.gap)}, on the "
        f"{count(run.settings.scenarios)} futures it was chosen by; those shown here are others."
    )


def describe_ab_rows(a: PlanningRun, b: PlanningRun) -> pd.DataFrame:
    """Return A, B and B less A, future by future."""
    assert a.simulation is not None
    assert b.simulation is not None
    goal, target, rows = a.brief.goal, a.brief.target, []
    mine, yours = (one.draws for one in (a.simulation, b.simulation))
    if target is not None:
        p, q = (float((draws[goal][0] >= target).mean()) for draws in (mine, yours))
        gain = f"{100 * (q - p):+.1f} points"
        rows.append(["Chance of the goal", observed(percent(p)), observed(percent(q)), gain])
    names = {goal: goal_words(goal).capitalize(), "spend": f"Paid, {a.candidates.currency}"}
    names |= {"creators_delivered": "Creators who deliver"}
    for name, words in names.items():
        one, other = mine[name][0].astype("float64"), yours[name][0].astype("float64")
        rows.append([words, *(_range(of) for of in (one, other, other - one))])
    for words, field in (("Committed", "spend"), ("Creators booked", "creators")):
        p, q = (float(getattr(run.plan.summary, field)) for run in (a, b))
        rows.append([words, count(p), count(q), f"{q - p:+,.0f}"])
    return pd.DataFrame(rows, columns=["P50 (P10 to P90)", "A", "B", "B less A"])


def _range(draws: npt.NDArray[np.floating]) -> str:
    p10, p50, p90 = (float(np.quantile(draws, q)) for q in (0.1, 0.5, 0.9))
    write = short_count if max(abs(p10), abs(p90)) >= 100 else count
    return f"{write(p50)} ({write(p10)} to {write(p90)})"

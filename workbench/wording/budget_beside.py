"""Sentences about what stands beside a plan: others, what decides, money, risk, unknowns, pilot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.budget.plan import plan_value
from workbench.formats import (
    count,
    interval,
    literal,
    observed,
    percent,
    plural,
    short_count,
)
from workbench.wording.budget import chance, goal_words, money

if TYPE_CHECKING:
    from workbench.campaign.beside import Beside
    from workbench.campaign.goal import GoalSearch
    from workbench.campaign.planning import PlanningRun

PLANS = {
    "plan": "This plan (A)",
    "small only": "Small creators only",
    "one or two large": "One or two large ones",
    "the best two": "All on the best two",
}


def plan_words(name: str) -> str:
    """Return what a plan of a comparison is called."""
    return PLANS.get(name, f"Plan {name.rpartition(' ')[2]}, near-best")


def describe_comparison(beside: Beside, goal: str) -> str:
    """Say how other plans for the same money compare, in the same futures."""
    table, words = beside.comparison.set_index("plan"), goal_words(goal)
    lines = []
    for name in ("small only", "one or two large", "the best two"):
        if name in table.index:
            beats, error = (float(table[what][name]) for what in ("beats", "error"))
            creators = plural(int(table["creators"][name]), "creator")
            lines.append(
                f"- **{plan_words(name)}** ({creators}): more {words} than this plan in "
                f"{chance(beats, error)} of futures."
            )
    near = beside.near.table
    head = "No other plan that lacks a fifth of these creators was found."
    if len(near) > 1:
        loss = near["loss"].iloc[1]
        head = (
            f"The best plan that lacks a fifth of these creators brings {observed(percent(max(loss, 0)))} less in "
            "expectation: "
            + (
                "who is booked matters less than it looks."
                if loss < 0.02
                else "who is booked matters."
            )
        )
    return "\n".join([head, "", *lines])


def describe_comparison_alt(beside: Beside, goal: str) -> str:
    """Say in plain text what the comparison shows."""
    parts = "; ".join(
        f"{plan_words(row['plan'])} {short_count(row['p50'])} ({short_count(row['p10'])} to {short_count(row['p90'])})"
        for _, row in beside.comparison.iterrows()
    )
    return f"Bars of {goal_words(goal)} for plans at equal budget: {parts}."


def describe_comparison_rows(beside: Beside) -> pd.DataFrame:
    """Return the plans beside each other."""
    table = beside.comparison
    cells = [
        interval(*row, unit="count", confidence=0.8, kind="")
        for row in table[["p50", "p10", "p90"]].to_numpy()
    ]
    rows = {
        "Plan": table["plan"].map(plan_words),
        "Creators": table["creators"].map(count),
        "Posts": table["posts"].map(count),
        "Spent": table["spend"].map(count),
        "Outcome (80% range)": cells,
    }
    if table["p_goal"].notna().all():
        rows["Chance of the goal"] = [
            chance(p, e) for p, e in zip(table["p_goal"], table["goal_error"], strict=True)
        ]
    rows["More than this plan"] = [
        "is this plan" if name == "plan" else chance(p, e)
        for name, p, e in table[["plan", "beats", "error"]].itertuples(index=False)
    ]
    return pd.DataFrame(rows)


def describe_overhead(beside: Beside, currency: str, own: float) -> str:
    """Say at which overhead per creator a few large creators beat many small ones."""
    at = f"The brief counts {money(own, currency)} of work and product for a creator."
    if np.isnan(beside.break_even):
        return f"{at} Small and large creators are not both among the candidates, so they can't be compared."
    if beside.break_even == 0:
        return f"{at} Even without any overhead, one or two large creators bring more than small ones only."
    if np.isinf(beside.break_even):
        return f"{at} At no overhead do one or two large creators bring more than small ones only."
    return (
        f"{at} Up to about {money(beside.break_even, currency)} for a creator, small ones only bring more than one "
        "or two large ones; above that the large ones do."
    )


def describe_overhead_alt(beside: Beside) -> str:
    """Say in plain text what the figure of overhead shows."""
    first, last = beside.overhead.iloc[0], beside.overhead.iloc[-1]
    return (
        f"Lines of creators booked by size against the overhead of one creator: {int(first['creators'])} at "
        f"{short_count(first['overhead'])}, {int(last['creators'])} at {short_count(last['overhead'])}."
    )


def describe_stability(beside: Beside) -> str:
    """Say how settled the choice is, and what not knowing costs."""
    told = beside.stability.summary
    regret = observed(percent(told.regret))
    cautious = observed(percent(max(1 - beside.cautious, 0)))
    return (
        f"Were the inputs known, {count(told.settled)} of {plural(told.creators, 'creator')} would be booked in at "
        f"least four of five cases. Knowing every input before booking would be worth at most {regret} of "
        f"the outcome; planning with cautious inputs (P20) instead would give up {cautious} of it. "
        f"Counted over {count(told.draws)} draws of the inputs."
    )


def describe_stability_alt(beside: Beside) -> str:
    """Say in plain text what the figure of inclusion shows."""
    table = beside.stability.table
    return (
        f"Bars for {len(table.head(24))} creators: the share of best plans that book each, from "
        f"{percent(table['probability'].max())} down; those of the plan in a darker colour."
    )


def describe_swap_rows(beside: Beside, run: PlanningRun, names: Mapping[str, str]) -> pd.DataFrame:
    """Return the first replacement of each booked creator."""
    first = beside.swaps.drop_duplicates("creator_key")
    value = plan_value(run.options, run.plan.chosen)
    return pd.DataFrame(
        {
            "If this one declines": [literal(names[key]) for key in first["creator_key"]],
            "book": [literal(names[key]) if key else "nobody fits" for key in first["replacement"]],
            "for": [
                plural(int(posts), "post") if key else "nothing"
                for key, posts in first[["replacement", "posts"]].itertuples(index=False)
            ],
            f"at, {run.candidates.currency}": [
                count(cost) if key else "nothing"
                for key, cost in first[["replacement", "cost"]].itertuples(index=False)
            ],
            "and the plan changes by": [
                observed(f"{'+' if change > 0 else '-'}{percent(abs(change) / value)}")
                for change in first["change"]
            ],
        }
    )


def describe_goal(search: GoalSearch, run: PlanningRun) -> str:
    """Say the least money for the goal, or that no plan reaches it, and what is flat."""
    currency, words = run.candidates.currency, goal_words(run.plan.summary.goal)
    if search.least is None:
        return (
            "No target is set, so the curve shows the outcome: the middle and eight in ten futures."
        )
    told = search.least.summary
    likely = chance(told.p_goal, told.p_error)
    if told.is_reached:
        return (
            f"The least budget for {count(told.target)} {words} with the chance that is wanted is about "
            f"**{money(told.budget, currency)}**: there the chance is {likely}."
        )
    return (
        f"**No plan up to {money(told.most_budget, currency)} reaches {count(told.target)} {words} with the chance "
        f"that is wanted**; the best comes to {likely}. More money alone does not buy the rest; the unknown "
        "that decides, below, would have to turn out well."
    )


def describe_goal_alt(search: GoalSearch) -> str:
    """Say in plain text what the curve of the goal shows."""
    table = search.curve.table.dropna(subset=["value"])
    shown = table["reachable"] if table["p_goal"].notna().any() else table["p50"]
    write = percent if table["p_goal"].notna().any() else short_count
    parts = "; ".join(
        f"{short_count(b)}: {write(v)}" for b, v in zip(table["budget"], shown, strict=True)
    )
    return f"Line against the budget: {parts}."


def describe_mix_alt(search: GoalSearch) -> str:
    """Say in plain text what the figure of the mix shows."""
    ends = search.curve.mix.groupby("budget", sort=True)
    parts = [
        f"{short_count(budget)}: "
        + ", ".join(f"{int(n)} {tier}" for tier, n in own[["tier", "creators"]].to_numpy() if n)
        for budget, own in ((float(str(b)), own) for b, own in ends)
    ]
    return f"Stacked bars of the money by size for each budget. Creators at {'; '.join(parts)}."


def describe_steps_alt(search: GoalSearch) -> str:
    """Say in plain text what the steps show."""
    top = search.steps.groupby("tier", sort=False)["value"].max()
    parts = "; ".join(f"{tier} {short_count(value)}" for tier, value in top.items())
    return (
        f"Steps of what each size alone brings against the budget; at the largest budget: {parts}."
    )

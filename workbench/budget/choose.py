"""The best whole creators and posts for a budget, with a proof of how near the best they are.

Parts of creators are easier to buy than whole ones, so that the best parts bound the best plan;
branch and bound closes the distance. People who are shared between creators are counted by a curve
of each class's contacts, which tangents from above make linear.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from workbench.budget.branching import Found as Found
from workbench.budget.branching import search_plan
from workbench.budget.certificate import explain_infeasible, limit_table
from workbench.budget.contacts import curve_of
from workbench.budget.futures import Measure, futures_of
from workbench.budget.limits import LimitRows, build_limits
from workbench.budget.options import Limits, Options
from workbench.budget.plan import ChoiceSettings, Plan, PlanSummary, Status, plan_value
from workbench.budget.risk_search import RiskSearch
from workbench.budget.tangents import Problem
from workbench.formats import count

FIRST_NODES = 150  # of the first of two searches


def choose_creators(
    options: Options,
    limits: Limits,
    settings: ChoiceSettings | None = None,
    *,
    rows: LimitRows | None = None,
) -> Plan:
    """Choose the options that bring most of the goal within the limits.

    ``rows`` are those of ``limits`` with further ones, where a caller has them.

    Returns
    -------
    Plan
        Of an infeasible problem without rows and with ``reasons``; stopped by the settings'
        nodes or seconds, with the best that was found and a bound that is valid all the same.

    Raises
    ------
    SettingsError
        With every creator of ``must`` and ``must_not`` that is none of the options.
    """
    settings, rows = settings or ChoiceSettings(), rows or build_limits(options, limits)
    return make_plan(options, limits, settings, rows, _search(options, rows, settings))


def _search(options: Options, rows: LimitRows, settings: ChoiceSettings) -> Found:
    """Search a net reach by few shared tangents first: either way is at times far the quicker."""
    if options.goal != "net_reach":
        return search_plan(_problem(options, rows), settings)
    futures = futures_of(replace(options, scenarios=np.ones((1, len(options.value)))))
    # A trifle nearer than asked, so that rounding keeps to it.
    quick = replace(settings, gap=settings.gap * (1 - 1e-6), nodes=min(FIRST_NODES, settings.nodes))
    first = RiskSearch(futures, rows).search(Measure(attitude="mean"), quick)
    value = -np.inf if first.chosen is None else plan_value(options, first.chosen)
    if not first.feasible or first.bound <= value * (1 + max(settings.gap, 1e-7)):
        return first
    second = search_plan(_problem(options, rows), settings)
    better = second.chosen is not None and plan_value(options, second.chosen) > value
    return replace(second if better else first, bound=min(first.bound, second.bound))


def value_of_budget(
    options: Options,
    limits: Limits,
    plan: Plan,
    settings: ChoiceSettings | None = None,
    extra: float = 1000.0,
    *,
    choose: Callable[[Options, Limits], Plan] | None = None,
) -> float:
    """Return what ``extra`` more budget would bring, by solving again.

    ``choose`` is how the plan was chosen; by default ``choose_creators`` with the settings.
    """
    richer = replace(limits, budget=limits.budget + extra)
    more = choose(options, richer) if choose else choose_creators(options, richer, settings)
    return max(float(more.summary.value - plan.summary.value), 0.0)


def _problem(options: Options, rows: LimitRows) -> Problem:
    size = len(options.value)
    value, exposure, people = options.value, np.zeros((size, 0)), np.zeros(0)
    if options.is_reach:
        value = np.zeros(size)
        exposure, people = np.asarray(options.exposure), np.asarray(options.people)
    return Problem(
        value=value,
        exposure=exposure,
        people=people,
        curve=curve_of(options.goal),
        rows=rows,
        creator=np.unique(options.table["creator_key"], return_inverse=True)[1],
    )


def make_plan(
    options: Options,
    limits: Limits,
    settings: ChoiceSettings,
    rows: LimitRows,
    found: Found,
) -> Plan:
    """Write down a choice with its certificate."""
    chosen = np.empty(0, dtype=np.int64) if found.chosen is None else found.chosen
    value = plan_value(options, chosen) if found.chosen is not None else np.nan
    bound = float(max(found.bound, value) if found.chosen is not None else found.bound)
    # Where nothing can be bought the bound is what the relaxation rounds by.
    nothing = bound - value <= 1e-9 * float(options.value.sum())
    gap = bound / value - 1 if value > 0 else 0.0 if nothing else np.inf
    status: Status = "proven" if gap <= max(settings.gap, 1e-7) else "stopped"
    reasons: tuple[str, ...] = ()
    if not found.feasible:
        status, gap = "infeasible", np.nan
        reasons = explain_infeasible(options, limits, rows, settings)
    elif found.chosen is None:
        reasons = (f"No plan was found within {count(settings.nodes)} nodes; there may be one.",)
    table = options.table.iloc[chosen]
    without = [value - plan_value(options, np.delete(chosen, i)) for i in range(len(chosen))]
    table = table.assign(value=options.value[chosen], marginal=without)
    return Plan(
        table=table.sort_values("cost", ascending=False, kind="stable"),
        chosen=chosen,
        limits=limit_table(rows, chosen),
        reasons=reasons,
        summary=PlanSummary(
            goal=options.goal,
            status=status,
            value=value,
            bound=bound,
            gap=gap,
            spend=float(table["cost"].sum()),
            budget=limits.budget,
            creators=len(chosen),
            posts=int(table["posts"].sum()),
        ),
        settings=settings,
        asked=limits,
    )

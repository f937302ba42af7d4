"""The best whole plan for who weighs a bad outcome: the mean and its tail, the P20, the goal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import LinearConstraint

from workbench.budget.branching import Found
from workbench.budget.choose import make_plan
from workbench.budget.futures import REACHED_BY, Attitude, Futures, Measure, futures_of
from workbench.budget.limits import LimitRows, build_limits
from workbench.budget.options import Floats, Limits, Options
from workbench.budget.plan import ChoiceSettings, Plan, Status
from workbench.budget.risk_search import RiskSearch
from workbench.budget.whole import solve_whole

SMALL = 3_000  # options x futures up to which every future gets a yes or no of its own
ROUNDING = 1e-8  # of a gap, for what limits and solver are loose by
IMPROVED = 20  # plans that swaps are tried on
ROUGH = ChoiceSettings(gap=0.01, nodes=20)


def choose_for_risk(
    options: Options,
    limits: Limits,
    *,
    attitude: Attitude = "cvar",
    weight: float = 1.0,
    tail: float = 0.1,
    target: float | None = None,
    settings: ChoiceSettings | None = None,
) -> Plan:
    """Choose by what the options bring in ``Options.scenarios``.

    Parameters
    ----------
    options : Options
        Of a net reach the scenarios are factors on each option's expected contacts.
    limits : Limits
    attitude, weight, tail, target
        See ``Measure``.
    settings : ChoiceSettings or None

    Returns
    -------
    Plan
        ``value``, ``bound`` and ``marginal`` are of the measure: of the goal, probabilities.
        The mean and the tail are searched until proven. The P20 and the goal are proven for
        small problems only (``SMALL``); beyond that the plan is a good one and the bound is
        valid but loose, as the gap says.

    Raises
    ------
    DataError
        Without scenarios, or for the effective reach.
    SettingsError
    """
    measure = Measure(attitude=attitude, weight=weight, tail=tail, target=target)
    settings = settings or ChoiceSettings()
    futures, rows = futures_of(options), build_limits(options, limits)
    search = RiskSearch(futures, rows)
    if attitude in ("mean", "cvar"):
        found = search.search(measure, settings)
    else:
        found = _choose_for_threshold(search, measure, settings)
    return risk_plan(options, limits, settings, found, search, measure)


def risk_plan(
    options: Options,
    limits: Limits,
    settings: ChoiceSettings,
    found: Found,
    search: RiskSearch,
    measure: Measure,
) -> Plan:
    """Write a choice down with the measure's certificate."""
    plan = make_plan(options, limits, settings, search.rows, found)
    if found.chosen is None:
        return plan
    value = _measured(search.futures, measure, found.chosen)
    without = [
        value - _measured(search.futures, measure, np.delete(found.chosen, at))
        for at in range(len(found.chosen))
    ]
    lost = pd.Series(without, index=options.table.index[found.chosen], dtype="float64")
    bound = max(found.bound, value)
    gap = bound / value - 1 if value > 0 else 0.0 if bound == value else np.inf
    status: Status = "proven" if gap <= settings.gap + ROUNDING else "stopped"
    return replace(
        plan,
        table=plan.table.assign(marginal=lost.reindex(plan.table.index)),
        summary=replace(plan.summary, value=value, bound=bound, gap=gap, status=status),
    )


def _measured(futures: Futures, measure: Measure, chosen: np.ndarray) -> float:
    point = np.zeros(len(futures.brought))
    point[chosen] = 1
    return float(measure.of(futures.totals(point)))


def _choose_for_threshold(search: RiskSearch, measure: Measure, settings: ChoiceSettings) -> Found:
    """Choose for the P20 or the goal, neither of which is concave."""
    average = Measure(attitude="mean")
    first = search.search(average, ROUGH)
    if first.chosen is None:
        return first
    for weight in (1.0, 10.0):
        search.search(Measure(attitude="cvar", weight=weight, tail=1 - REACHED_BY), ROUGH)
    best, value = search.improve(measure, IMPROVED)
    if measure.attitude == "goal":
        rough = search.search(measure, ROUGH)
        best, value = search.improve(measure, IMPROVED)
        bound = min(rough.bound, 1.0)
    else:
        # What is reached by so many futures adds up to no more than the mean.
        bound = _p20_bound(search, value, first.bound / REACHED_BY)
    futures = search.futures
    if futures.exposure is None and futures.brought.size <= SMALL and bound > value:
        exact = _each_future(futures, search.rows, measure, bound, settings)
        bound = min(bound, exact.bound)
        if exact.chosen is not None and _measured(futures, measure, exact.chosen) > value:
            return replace(exact, bound=bound)
    return Found(chosen=None if best is None else np.flatnonzero(best), bound=max(bound, value))


def _p20_bound(search: RiskSearch, low: float, high: float) -> float:
    """Return an amount that no plan's P20 passes: so many futures can't reach more."""
    while high - low > 1e-3 * high:
        middle = (low + high) / 2
        root = search.root(Measure(attitude="goal", target=middle))
        if root is None or root.bound < REACHED_BY - 1e-9:
            high = middle
        else:
            low = middle
    return high


def _each_future(
    futures: Futures, rows: LimitRows, measure: Measure, most: float, settings: ChoiceSettings
) -> Found:
    """Solve with a yes or no for every future, and of the P20 the amount."""
    (size, number), goal = futures.brought.shape, measure.attitude == "goal"
    high = measure.target if goal and measure.target is not None else most * (1 + 1e-9)
    # A future that reaches the amount reaches it also with what passes the amount cut off.
    share = np.minimum(futures.brought.T / high, 1.0)
    share = np.where(share > 1 - 1e-12, 1.0, share) if goal else futures.brought.T / high
    amount = 0 if goal else 1
    columns = [sparse.csr_array(share), -sparse.eye_array(number)]
    if not goal:
        columns.insert(1, sparse.csr_array(-np.ones((number, 1))))
    reached = LinearConstraint(sparse.hstack(columns), -(1e-9 if goal else 1.0), np.inf)
    wide = [
        LinearConstraint(_widened(one.A, amount + number), one.lb, one.ub)
        for one in rows.constraints
    ]
    objective = np.r_[np.zeros(size + amount), np.full(number, 1 / number)]
    if not goal:
        objective = np.r_[np.zeros(size), 1.0, np.zeros(number)]
        needed = int(np.ceil(REACHED_BY * number - 1e-9))
        counted = sparse.csr_array(np.r_[np.zeros(size + 1), np.ones(number)][None])
        wide.append(LinearConstraint(counted, needed, number))
    whole = np.r_[np.ones(size), np.zeros(amount), np.ones(number)] > 0
    found = solve_whole(objective, [*wide, reached], np.ones(len(objective)), whole, settings)
    chosen = None if found.point is None else np.flatnonzero(found.point[:size] > 0.5)
    return Found(chosen=chosen, bound=found.bound * (1.0 if goal else high))


def _widened(matrix: sparse.csr_array | Floats, columns: int) -> sparse.csr_array:
    return sparse.csr_array(sparse.hstack([matrix, sparse.csr_array((matrix.shape[0], columns))]))

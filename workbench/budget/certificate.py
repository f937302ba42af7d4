"""What holds a plan, and why there is none: limits that bind, and limits that can't all hold."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.optimize import LinearConstraint

from workbench.budget.limits import LimitRows, build_limits
from workbench.budget.options import Floats, Limits, Options
from workbench.budget.plan import ChoiceSettings
from workbench.budget.whole import solve_whole
from workbench.formats import count

NEAR = 1e-6  # how near the least budget is to the true one, relative


def limit_table(rows: LimitRows, chosen: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Return one row a limit: how much is used of it, and whether it holds the plan.

    A limit binds where not even the cheapest of what it covers could be added, or taken away.
    """
    used = rows.matrix[:, chosen].sum(axis=1)
    out = np.setdiff1d(np.arange(rows.matrix.shape[1]), chosen)
    more, fewer = (_smallest(rows.matrix[:, side]) for side in (out, chosen))
    slack = 1e-9 * np.maximum(1, abs(rows.bounded))
    return pd.DataFrame(
        {
            "limit": rows.names,
            "used": used,
            "least": rows.least,
            "most": rows.most,
            "binding": (rows.most - used < more - slack) | (used - rows.least < fewer - slack),
        }
    )


def _smallest(matrix: sparse.csr_array) -> Floats:
    """Return the least number above zero of each row, 0 where there is none."""
    dense = matrix.toarray()
    least = np.where(dense > 0, dense, np.inf).min(axis=1, initial=np.inf)
    return np.where(np.isfinite(least), least, 0.0)


def explain_infeasible(
    options: Options, limits: Limits, rows: LimitRows, settings: ChoiceSettings
) -> tuple[str, ...]:
    """Return which limits can't hold together and what would make room, one sentence each."""
    budget = least_feasible_budget(options, limits, settings)
    money = count(limits.budget)
    if budget is None:
        yours = "No budget is enough for all limits together."
    else:
        yours = f"All limits can be kept with a budget of {count(budget)}; {money} is given."
    return (yours, *(f"With {money}: {said}" for said in _given_up(rows, settings)))


def least_feasible_budget(
    options: Options, limits: Limits, settings: ChoiceSettings
) -> float | None:
    """Return the least whole budget at which some plan keeps to all other limits, None if none."""
    rows = build_limits(options, replace(limits, max_creator_share=1.0, budget=1.0))
    money = np.array([name == "budget" or name.startswith("share of ") for name in rows.names])
    least, most = (np.where(money & np.isfinite(side), side, 0) for side in (rows.least, rows.most))
    # Each limit on money stands twice, once for its least and once for its most share.
    low, high = np.isfinite(rows.least), np.isfinite(rows.most)
    upper = sparse.hstack([rows.matrix, -most[:, None]]).tocsr()[high]
    lower = sparse.hstack([rows.matrix, -least[:, None]]).tocsr()[low]
    constraints = [
        LinearConstraint(upper, -np.inf, np.where(money, 0, rows.most)[high]),
        LinearConstraint(lower, np.where(money, 0, rows.least)[low], np.inf),
        *_once(rows, 1),
    ]
    cost = options.table["cost"].to_numpy(dtype="float64")
    if limits.max_creator_share < 1:
        share = np.full((len(cost), 1), -limits.max_creator_share)
        each = sparse.hstack([sparse.diags_array(cost), share])
        constraints.append(LinearConstraint(each, -np.inf, 0))
    found = solve_whole(
        np.r_[np.zeros(len(cost)), -1.0],
        constraints,
        np.r_[np.ones(len(cost)), np.inf],
        np.r_[np.ones(len(cost), dtype=bool), False],
        replace(settings, gap=NEAR),
    )
    return None if found.point is None else float(math.ceil(found.point[-1] * (1 - NEAR)))


def _given_up(rows: LimitRows, settings: ChoiceSettings) -> list[str]:
    """Return what the fewest limits that must give way could be kept to instead."""
    size, number = rows.matrix.shape[1], len(rows.names)
    loose = sparse.diags_array(abs(rows.matrix).sum(axis=1) + abs(rows.bounded))
    # Money that is not there can't be given up, so that the budget goes last.
    price = np.where([name == "budget" for name in rows.names], number + 1.0, 1.0)
    found = solve_whole(
        np.r_[np.zeros(size), -price],
        [
            LinearConstraint(sparse.hstack([rows.matrix, -loose]), -np.inf, rows.most),
            LinearConstraint(sparse.hstack([rows.matrix, loose]), rows.least, np.inf),
            *_once(rows, number),
        ],
        np.ones(size + number),
        np.ones(size + number, dtype=bool),
        settings,
    )
    if found.point is None:
        return []
    broken = np.flatnonzero(found.point[size:] > 0.5)
    return [_possible(rows, broken, int(one), settings) for one in broken]


def _possible(
    rows: LimitRows, broken: npt.NDArray[np.int64], one: int, settings: ChoiceSettings
) -> str:
    """Say how far a limit could be kept if those that give way are dropped."""
    kept = np.setdiff1d(np.arange(len(rows.names)), broken)
    row, name = rows.matrix[[one]].toarray().ravel(), rows.names[one]
    nearest = {}
    for side, sign in (("most", 1.0), ("least", -1.0)):
        found = solve_whole(
            sign * row,
            [
                LinearConstraint(rows.matrix[kept], rows.least[kept], rows.most[kept]),
                *_once(rows, 0),
            ],
            np.ones(len(row)),
            np.ones(len(row), dtype=bool),
            replace(settings, gap=NEAR),
        )
        nearest[side] = np.nan if found.point is None else float(row @ found.point)
    if ":" in name:
        return f"{name} can't be kept with the others."
    if nearest["most"] < rows.least[one]:
        asked, possible = f"at least {count(rows.least[one])}", f"at most {count(nearest['most'])}"
    else:
        asked, possible = f"at most {count(rows.most[one])}", f"at least {count(nearest['least'])}"
    return f"{name}: {asked} is asked for, {possible} is possible with the other limits."


def _once(rows: LimitRows, more: int) -> list[LinearConstraint]:
    """Return the rows of creators with several options, over so many more columns."""
    if not rows.once.shape[0]:
        return []
    none = sparse.csr_array((rows.once.shape[0], more))
    return [LinearConstraint(sparse.hstack([rows.once, none]), -np.inf, 1)]

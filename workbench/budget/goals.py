"""Both ways to a goal: what a budget reaches, the least budget for it, and what decides it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.budget.choose import choose_creators
from workbench.budget.deciding import deciding_unknowns, p_of
from workbench.budget.futures import futures_of
from workbench.budget.options import Floats, Limits, Options
from workbench.budget.plan import ChoiceSettings, Plan
from workbench.budget.risk import choose_for_risk
from workbench.errors import DataError, SettingsError

Score = Callable[[pd.DataFrame], npt.NDArray[np.floating]]
Choose = Callable[[Options, Limits], Plan]
TRIED_FIRST = np.array([1.0, 0.7, 0.4])  # of the budget
Tried = dict[float, tuple[Plan, Floats]]


@dataclass(frozen=True, kw_only=True)
class GoalSettings:
    """How near the least budget is searched.

    Attributes
    ----------
    near : float
        Share of the budget at which the search ends.
    least : float
        The search ends also below this share of ``limits.budget``.
    choice : ChoiceSettings
        Of each plan.
    """

    near: float = 0.01
    least: float = 0.001
    choice: ChoiceSettings = field(default_factory=lambda: ChoiceSettings(gap=0.005, nodes=400))

    def __post_init__(self) -> None:
        if not (0 < self.near < 1 and 0 < self.least < 1):
            raise SettingsError(
                "The least budget can't be searched like this.",
                [f"near: {self.near}; least: {self.least}; expected between 0 and 1"],
            )


@dataclass(frozen=True, kw_only=True)
class LeastBudgetSummary:
    """The numbers about a least budget that a sentence may quote.

    ``budget`` and ``p_goal`` are of the plan: where ``is_reached`` is False, of the plan with the
    best chance for at most ``most_budget``. ``p_error`` is the standard error of ``p_goal`` from
    the number of futures. ``p_bound``: no plan for that budget has a better chance, in the futures
    that it was chosen by (missing where it was not chosen by the chance); often far above what
    any plan reaches. ``decides`` names the shared unknown that moves the chance most.
    """

    is_reached: bool
    target: float
    probability: float
    most_budget: float
    budget: float
    p_goal: float
    p_error: float
    p_bound: float
    decides: str | None


@dataclass(frozen=True, kw_only=True, eq=False)
class LeastBudget:
    """The least money whose plan reaches a target with the wanted chance, or that none does.

    Attributes
    ----------
    table : DataFrame
        One row a budget tried, ascending: ``budget``, ``spend``, ``creators``, ``p_goal`` of its
        plan, ``reachable`` (the best chance for that budget or less).
    plan : Plan or None
        None where no plan keeps to the limits.
    deciding : DataFrame or None
        Where no plan reaches it and the shared unknowns are given: see ``deciding_unknowns``.
    summary : LeastBudgetSummary
    settings : GoalSettings
    """

    table: pd.DataFrame
    plan: Plan | None
    deciding: pd.DataFrame | None
    summary: LeastBudgetSummary
    settings: GoalSettings


@dataclass(frozen=True, kw_only=True, eq=False)
class BudgetCurve:
    """The best plan for each of several budgets.

    Attributes
    ----------
    table : DataFrame
        One row a budget: ``budget``, ``spend``, ``creators``, ``posts``, ``value``, ``bound``,
        ``gap``, and of the futures ``mean``, ``p10``, ``p50``, ``p90``, ``p_goal`` (missing
        without a target), ``reachable`` (the best chance for that budget or less). Missing where
        no plan keeps to the limits.
    mix : DataFrame
        One row a budget and tier: ``budget``, ``tier``, ``creators``, ``spend``.
    plans : tuple of Plan
    """

    table: pd.DataFrame
    mix: pd.DataFrame
    plans: tuple[Plan, ...]


def least_budget(
    options: Options,
    limits: Limits,
    target: float,
    probability: float = 0.8,
    *,
    fresh: npt.NDArray[np.floating] | None = None,
    score: Score | None = None,
    choose: Choose | None = None,
    shared: pd.DataFrame | None = None,
    settings: GoalSettings | None = None,
) -> LeastBudget:
    """Search the least budget, up to ``limits.budget``, by halving.

    Parameters
    ----------
    options : Options
        With scenarios to choose by, unless ``choose`` is given or the goal is a reach, which is
        then chosen by its mean.
    limits : Limits
        Shares are of each budget tried.
    target, probability : float
    fresh : ndarray of shape (futures, options), or None
        Scenarios that no plan is chosen by, to score on.
    score : callable or None
        In place of ``fresh``: given the chosen rows of ``options.table``, the outcome's draws,
        such as of a simulation.
    choose : callable or None
        Given options and limits, a plan.
    shared : DataFrame or None
        The shared unknowns in the same draws, to tell which one decides a "no".
    settings : GoalSettings or None

    Raises
    ------
    SettingsError
        For a target or probability that means nothing.
    DataError
        Without anything to score on.
    """
    if not (0 < probability < 1 and 0 < target < np.inf):
        raise SettingsError(
            "There is no goal to search for.",
            [f"target (above 0): {target}; probability (between 0 and 1): {probability}"],
        )
    settings, scored = settings or GoalSettings(), _scorer(options, fresh, score)
    by_chance = choose is None and options.scenarios is not None
    choose = choose or _chooser(options, target, settings)
    tried: Tried = {}

    def reaches(budget: float) -> bool:
        plan = choose(options, replace(limits, budget=budget))
        is_plan = plan.summary.status != "infeasible"
        tried[budget] = plan, scored(plan.table) if is_plan else np.zeros(1)
        return is_plan and p_of(tried[budget][1], target) >= probability

    # More money is no surer where a price that rises drops the last of many; so less is tried too.
    first = next((at for at in (limits.budget * TRIED_FIRST).tolist() if reaches(at)), None)
    if is_reached := first is not None:
        at = _halved(reaches, first, settings)
    else:
        at = max(tried, key=lambda at: p_of(tried[at][1], target))
    plan, draws = tried[at]
    p_goal, deciding = p_of(draws, target), None
    if not is_reached and shared is not None and plan.summary.creators:
        deciding = deciding_unknowns(draws, shared, target)
    summary = LeastBudgetSummary(
        is_reached=is_reached,
        target=target,
        probability=probability,
        most_budget=limits.budget,
        budget=at,
        p_goal=p_goal,
        p_error=float(np.sqrt(p_goal * (1 - p_goal) / len(draws))),
        p_bound=plan.summary.bound if by_chance else np.nan,
        decides=None if deciding is None or deciding.empty else str(deciding["unknown"].iloc[0]),
    )
    return LeastBudget(
        table=_tried(tried, target),
        plan=plan if plan.summary.status != "infeasible" else None,
        deciding=deciding,
        summary=summary,
        settings=settings,
    )


def _halved(reaches: Callable[[float], bool], high: float, settings: GoalSettings) -> float:
    """Return a budget that reaches the goal, near one that does not."""
    low, least = 0.0, settings.least * high
    while high - low > settings.near * high and high > least:
        middle = (low + high) / 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


def _tried(tried: Tried, target: float) -> pd.DataFrame:
    rows = [
        {
            "budget": at,
            "spend": plan.summary.spend,
            "creators": plan.summary.creators,
            "p_goal": p_of(draws, target) if plan.summary.status != "infeasible" else np.nan,
        }
        for at, (plan, draws) in sorted(tried.items())
    ]
    table = pd.DataFrame(rows)
    return table.assign(reachable=table["p_goal"].cummax())


def budget_curve(
    options: Options,
    limits: Limits,
    budgets: Sequence[float],
    *,
    target: float | None = None,
    fresh: npt.NDArray[np.floating] | None = None,
    score: Score | None = None,
    choose: Choose = choose_creators,
) -> BudgetCurve:
    """Choose for each budget, and score each plan; the arguments are those of ``least_budget``."""
    scored, rows, mixes, plans = _scorer(options, fresh, score), [], [], []
    for budget in sorted(budgets):
        plan = choose(options, replace(limits, budget=budget))
        plans.append(plan)
        if plan.summary.status == "infeasible":
            rows.append({"budget": budget})
            continue
        draws, told = scored(plan.table), plan.summary
        low, middle, high = np.quantile(draws, [0.1, 0.5, 0.9])
        rows.append(
            {
                "budget": budget,
                **{name: getattr(told, name) for name in ("spend", "creators", "posts")},
                **{name: getattr(told, name) for name in ("value", "bound", "gap")},
                "mean": float(np.mean(draws)),
                **{"p10": low, "p50": middle, "p90": high},
                "p_goal": np.nan if target is None else p_of(draws, target),
            }
        )
        tiers = plan.table.groupby("tier", sort=False)["cost"].agg(["size", "sum"])
        tiers = tiers.reindex(options.table["tier"].unique(), fill_value=0).reset_index()
        tiers.columns = pd.Index(["tier", "creators", "spend"])
        mixes.append(tiers.assign(budget=budget))
    table = pd.DataFrame(rows).reindex(columns=CURVE_COLUMNS[:-1])
    columns = ["budget", "tier", "creators", "spend"]
    mix = pd.concat(mixes, ignore_index=True)[columns] if mixes else pd.DataFrame(columns=columns)
    return BudgetCurve(
        table=table.assign(reachable=table["p_goal"].cummax()), mix=mix, plans=tuple(plans)
    )


CURVE_COLUMNS = (
    *("budget", "spend", "creators", "posts", "value", "bound", "gap"),
    *("mean", "p10", "p50", "p90", "p_goal", "reachable"),
)


def _scorer(
    options: Options, fresh: npt.NDArray[np.floating] | None, score: Score | None
) -> Callable[[pd.DataFrame], Floats]:
    if score is not None:
        return lambda table: np.asarray(score(table), dtype="float64")
    if fresh is None:
        raise DataError(
            "These plans can't be scored.", ["give fresh scenarios, or a function that scores"]
        )
    futures = futures_of(options, fresh[:1])
    return lambda table: futures.fresh_totals(fresh, table.index.to_numpy())


def _chooser(options: Options, target: float, settings: GoalSettings) -> Choose:
    if options.scenarios is None:
        return lambda some, limits: choose_creators(some, limits, settings.choice)
    return lambda some, limits: choose_for_risk(
        some, limits, attitude="goal", target=target, settings=settings.choice
    )

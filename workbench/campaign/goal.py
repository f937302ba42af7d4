"""What the goal costs, what decides it, what risk is worth weighing, and what a test is worth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.budget.choose import choose_creators
from workbench.budget.deciding import deciding_unknowns
from workbench.budget.frontier import Frontier, FrontierSettings, risk_frontier
from workbench.budget.goals import (
    BudgetCurve,
    GoalSettings,
    LeastBudget,
    budget_curve,
    least_budget,
)
from workbench.budget.offers import make_options
from workbench.budget.options import Limits
from workbench.budget.pilot import PilotSettings, PilotValue, value_pilot
from workbench.budget.plan import Plan, booked_posts, plan_value
from workbench.budget.returns import candidate_returns
from workbench.budget.simulate import SimulationSettings, simulate_outcomes
from workbench.budget.stability import COARSE
from workbench.campaign.beside import BesideSettings, split_sizes
from workbench.campaign.planning import PlanningRun

_SHARES = (
    0.05,
    0.1,
    0.2,
    0.35,
    0.5,
    0.75,
    1.0,
    1.5,
    2.0,
)  # of the budget
_TEST = 0.1  # of the budget: the dearest creator of a test
_WEIGHTS = (0.0, 0.5, 2.0, 5.0, 20.0)  # of the tail


@dataclass(frozen=True, kw_only=True, eq=False)
class GoalSearch:
    """The goal against money.

    Attributes
    ----------
    curve : BudgetCurve
    least : LeastBudget or None
        None without a target.
    steps : DataFrame
        The best plan of one size alone: ``tier``, ``budget``, ``value``, ``creators``.
    """

    curve: BudgetCurve
    least: LeastBudget | None
    steps: pd.DataFrame


def seek_goal(run: PlanningRun, settings: BesideSettings | None = None) -> GoalSearch | None:
    """Choose again for other budgets, find the least one for the target, and each size's best."""
    if run.promise is None:
        return None
    settings = settings or BesideSettings()
    budgets = [run.limits.budget * share for share in _SHARES]
    target = run.brief.target

    def score(table: pd.DataFrame) -> npt.NDArray[np.float32]:
        return _score(run, table, settings)

    def choose(options: object, limits: Limits) -> Plan:
        return choose_creators(run.options, limits, COARSE)

    least = None
    if target is not None:
        least = least_budget(
            run.options,
            replace(run.limits, budget=budgets[-1]),
            target,
            run.brief.probability,
            score=score,
            choose=choose,
            settings=GoalSettings(near=0.02),
        )
    curve = budget_curve(
        run.options, run.limits, budgets, target=target, score=score, choose=choose
    )
    return GoalSearch(curve=curve, least=least, steps=_steps(run, budgets))


def _score(
    run: PlanningRun, table: pd.DataFrame, settings: BesideSettings
) -> npt.NDArray[np.float32]:
    split = booked_posts(table, run.candidates.table["creator_key"])
    # What the plan is meant to cost is what it may cost.
    brief = run.brief.model_copy(update={"budget": float(table["cost"].sum())})
    found = simulate_outcomes(
        run.candidates,
        {"plan": split},
        run.unknowns,
        brief=brief,
        audience=run.audience,
        settings=SimulationSettings(draws=settings.draws, seed=settings.seed),
    )
    return np.asarray(found.draws[run.brief.goal][0])


def _steps(run: PlanningRun, budgets: list[float]) -> pd.DataFrame:
    present = {*run.options.table["tier"].astype("str")}
    tiers = [tier for sizes in split_sizes(run) for tier in sizes if tier in present]
    found = []
    for tier in tiers:
        others: dict[str, tuple[int, int | None]] = {name: (0, 0) for name in tiers if name != tier}
        for budget in budgets:
            free = Limits(budget=budget, must_not=run.limits.must_not, tier_creators=others)
            plan = choose_creators(run.options, free, COARSE)
            told = {"tier": tier, "budget": budget, "value": plan.summary.value}
            found.append(told | {"creators": plan.summary.creators})
    return pd.DataFrame(found)


def decide(run: PlanningRun, *, most: int = 5) -> pd.DataFrame:
    """Return what decides the goal, and whether the plan would change; see ``deciding_unknowns``.

    Without a target the plan's own middle outcome stands in for it.
    """
    if run.simulation is None:
        return pd.DataFrame()
    outcome = run.simulation.draws[run.brief.goal][0]
    target = run.brief.target or float(np.median(outcome))

    def replan(name: str, value: float) -> set[str]:
        unknowns = run.unknowns.replace({name: value})
        options = make_options(run.candidates, run.brief, unknowns, run.audience)
        return {*choose_creators(options, run.limits, COARSE).table["creator_key"]}

    # Like with like: chosen as roughly, and for the mean, as it is planned again.
    chosen = {*choose_creators(run.options, run.limits, COARSE).table["creator_key"]}
    return deciding_unknowns(
        outcome, run.simulation.shared, target, chosen=chosen, replan=replan, most=most
    )


def weigh_risk(run: PlanningRun, *, futures: int = 500, seed: int = 11) -> Frontier | None:
    """Return plans from the best mean to the best tail, scored on futures of their own."""
    if run.promise is None:
        return None
    sets = [
        make_options(run.candidates, run.brief, run.unknowns, run.audience, futures, seed + at)
        for at in range(2)
    ]
    fresh = sets[1].scenarios
    assert fresh is not None
    settings = FrontierSettings(
        weights=_WEIGHTS, target=run.brief.target, tail=run.brief.risk.tail, gap=0.01
    )
    return risk_frontier(sets[0], run.limits, settings, fresh)


def value_test(run: PlanningRun, *, worlds: int = 1_024) -> PilotValue | None:
    """Return what a test before the campaign is worth.

    Revenue counts as it is; of any other goal a unit is taken to be worth what the plan pays for
    it, so that a test is worth what it adds to the outcome.
    """
    if run.promise is None:
        return None
    single = run.options.table["posts"].eq(1).to_numpy()
    brought = pd.Series(run.options.value[single], run.options.table["creator_key"][single])
    told = run.plan.summary
    paid = told.spend / plan_value(run.options, run.plan.chosen)
    unit = 1.0 if told.goal == "revenue" else paid
    # A test that is most of the campaign is none: creators who cost a tenth of the budget at most.
    cost = run.options.table["cost"][single].to_numpy()
    brought = brought[cost <= _TEST * run.limits.budget]
    kept = run.candidates.table["creator_key"].isin(brought.index)
    if not kept.any():
        return None
    booked = replace(run.candidates, table=run.candidates.table[kept].reset_index(drop=True))
    returns = candidate_returns(booked, unit * brought, overhead=run.brief.creator_overhead)
    return value_pilot(returns, run.limits.budget, PilotSettings(worlds=worlds))

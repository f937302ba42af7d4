"""What stands beside a client's plan: other plans and mixes, the goal's price, what decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.budget.alternatives import (
    NearBest,
    choose_mixes,
    mix_limits,
    near_best_plans,
    swap_list,
)
from workbench.budget.choose import choose_creators
from workbench.budget.net_reach import NetReach, estimate_net_reach
from workbench.budget.offers import expected_outcomes
from workbench.budget.options import Limits
from workbench.budget.plan import ChoiceSettings, Plan, plan_value
from workbench.budget.simulate import SimulationSettings, simulate_outcomes
from workbench.budget.stability import (
    COARSE,
    Stability,
    break_even_overhead,
    cautious_options,
    draw_options,
    overhead_path,
    plan_stability,
)
from workbench.campaign.planning import PlanningRun, plan_posts
from workbench.tables.tiers import read_tier_preset

_OVERHEADS = (0.0, 0.125, 0.25, 0.5, 1.0, 2.0)  # of the usual fee
_ROUGH = ChoiceSettings(gap=0.02, nodes=200)  # of the many choices of the stability
LARGE_FROM = 100_000  # followers of a tier that people call large


@dataclass(frozen=True, kw_only=True)
class BesideSettings:
    """How much is looked at beside a plan.

    Attributes
    ----------
    draws : int
        Futures in which plans are compared.
    worlds : int
        Draws of the inputs for the stability.
    seed : int
        Of futures that the plan was not chosen by.
    """

    draws: int = 4_000
    worlds: int = 60
    seed: int = 11


@dataclass(frozen=True, kw_only=True, eq=False)
class Beside:
    """Other plans for the same money.

    Attributes
    ----------
    near : NearBest
    swaps : DataFrame
        See ``swap_list``.
    stability : Stability
    comparison : DataFrame
        One row a plan, in the same futures: ``plan``, ``creators``, ``posts``, ``spend``,
        ``mean``, ``p10``, ``p50``, ``p90``, ``p_goal`` with ``goal_error`` (missing without a
        target), ``beats`` (chance that it brings more than the plan) with ``error``.
    overhead : DataFrame
        See ``overhead_path``.
    break_even : float
        Overhead per creator above which one or two large creators bring more than small ones;
        missing where a kind is not among the candidates.
    cautious : float
        Share of the plan's expected value that the plan at P20 inputs brings, 0-1.
    small, large : tuple of str
        The tiers taken for small and large.
    """

    near: NearBest
    swaps: pd.DataFrame
    stability: Stability
    comparison: pd.DataFrame
    overhead: pd.DataFrame
    break_even: float
    cautious: float
    small: tuple[str, ...]
    large: tuple[str, ...]


def look_beside(run: PlanningRun, settings: BesideSettings | None = None) -> Beside | None:
    """Find and compare other plans for a run's money; None where there is no plan."""
    if run.promise is None:
        return None
    settings = settings or BesideSettings()
    small, large = split_sizes(run)
    mixes = mix_limits(run.options, run.limits, small=small, large=large)
    near = near_best_plans(run.options, run.limits, run.plan)
    plans = {"plan": run.plan}
    plans |= {f"plan {one}": p for one, p in zip("BCDEF", near.plans[1:], strict=False)}
    plans |= choose_mixes(run.options, mixes, COARSE)
    drawn = draw_options(
        run.options,
        run.candidates,
        run.unknowns,
        run.brief,
        draws=settings.worlds,
        seed=settings.seed,
    )
    cautious = choose_creators(
        cautious_options(run.options, run.candidates, run.brief), run.limits, COARSE
    )
    usual = float(run.options.table["cost"].median())
    own = run.brief.creator_overhead
    overheads = sorted({own, *(round(usual * share, -1) for share in _OVERHEADS)})
    kinds = [mixes.get(name) for name in ("small only", "one or two large")]
    return Beside(
        near=near,
        swaps=swap_list(run.options, run.limits, run.plan),
        stability=plan_stability(run.options, run.limits, run.plan, drawn, _ROUGH),
        comparison=compare_plans(run, plans, settings),
        overhead=overhead_path(run.options, run.limits, overheads, included=own),
        break_even=_break_even(run, kinds, own),
        cautious=plan_value(run.options, cautious.chosen)
        / plan_value(run.options, run.plan.chosen),
        small=small,
        large=large,
    )


def split_sizes(run: PlanningRun) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the preset's sizes below and from ``LARGE_FROM`` followers on."""
    cells = read_tier_preset(run.brief.tier_preset).cells()
    small = tuple(cell.name for cell in cells if cell.first < LARGE_FROM)
    return small, tuple(cell.name for cell in cells if cell.first >= LARGE_FROM)


def _break_even(run: PlanningRun, kinds: list[Limits | None], included: float) -> float:
    small, large = kinds
    if small is None or large is None:
        return float("nan")
    return break_even_overhead(run.options, small, large, included=included)


def compare_plans(
    run: PlanningRun, plans: Mapping[str, Plan], settings: BesideSettings
) -> pd.DataFrame:
    """Simulate plans in the same futures; the first is the one that others are held beside."""
    found = simulate_outcomes(
        run.candidates,
        {name: plan_posts(plan, run.candidates) for name, plan in plans.items()},
        run.unknowns,
        brief=run.brief,
        audience=run.audience,
        settings=SimulationSettings(draws=settings.draws, seed=settings.seed),
    )
    draws = found.draws[run.brief.goal].astype("float64")
    spend = found.draws["spend"].mean(axis=1)
    target = run.brief.target
    low, middle, high = np.quantile(draws, [0.1, 0.5, 0.9], axis=1)
    beats = (draws > draws[0]).mean(axis=1)
    reached = (draws >= target).mean(axis=1) if target is not None else np.full(len(draws), np.nan)
    return pd.DataFrame({"plan": [*plans]}).assign(
        creators=[plan.summary.creators for plan in plans.values()],
        posts=[plan.summary.posts for plan in plans.values()],
        spend=spend,
        mean=draws.mean(axis=1),
        p10=low,
        p50=middle,
        p90=high,
        p_goal=reached,
        goal_error=_error(reached, draws.shape[1]),
        beats=beats,
        error=_error(beats, draws.shape[1]),
    )


def _error(share: npt.NDArray[np.float64], futures: int) -> npt.NDArray[np.float64]:
    """Return the standard error of a share that was counted over so many futures."""
    return np.asarray(np.sqrt(share * (1 - share) / futures))


def plan_reach(run: PlanningRun) -> NetReach | None:
    """Return the people reached by the plan as paid posts, by three methods, in buying order.

    None where nobody knows how many people the market has, or the goal is not a reach.
    """
    if run.audience is None or run.promise is None:
        return None
    factor = expected_outcomes(run.candidates, run.unknowns, run.brief)["factor"].to_numpy()
    places = pd.Index(run.candidates.table["creator_key"]).get_indexer(run.audience.keys)
    scaled = [
        one * factor[places][:, None] for one in (run.audience.exposure, *run.audience.alternatives)
    ]
    model = replace(run.audience, exposure=scaled[0], alternatives=tuple(scaled[1:]))
    posts = plan_posts(run.plan, run.candidates)[places]
    order = run.audience.keys.get_indexer(pd.Index(run.plan.table["creator_key"].unique()))
    return estimate_net_reach(model, posts, order=order[posts[order] > 0])


def name_candidates(run: PlanningRun, *, masked: bool) -> dict[str, str]:
    """Return what each candidate is called: the handle, or a number where names are masked."""
    table = run.candidates.table
    booked = pd.Index(run.plan.table["creator_key"].unique())
    keys = [*booked, *table.loc[~table["creator_key"].isin(booked), "creator_key"]]
    if masked:
        return {key: f"Creator {number}" for number, key in enumerate(keys, 1)}
    handles = table.set_index("creator_key").get("handle", pd.Series(dtype="str"))
    return {key: str(handles.get(key) or key.partition(":")[2]) for key in keys}

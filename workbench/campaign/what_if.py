"""What other settings would bring: a split by shares at once, or the best plan on demand."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.budget.audience_model import AudienceModel
from workbench.budget.candidates import Candidates
from workbench.budget.offers import make_options
from workbench.budget.plan import ChoiceSettings, Plan
from workbench.budget.prices import PriceModel, fit_prices
from workbench.budget.promise import PromiseSettings, promise_outcome
from workbench.budget.simulate import SimulationSettings, simulate_outcomes
from workbench.budget.unknowns import Unknowns
from workbench.campaign.planning import PlanningRun, check_plannable, choose_plan, plan_posts
from workbench.campaign.shares import plan_of, shares_of, split_by_shares
from workbench.campaign.split_settings import SplitSettings, brief_of, unknowns_of
from workbench.tables.brief import Brief

Chosen = npt.NDArray[np.int64]
_FUTURES = SimulationSettings(draws=2_000, seed=1, chunk=1_000)  # not those a plan is chosen on
_PATIENCE = ChoiceSettings(gap=1e-3, nodes=2_000, seconds=30)
_HELD = 16  # sets of options kept: what was tried before comes back at once


class WhatIf:
    """Other settings for a plan that was made; all are tried in the same futures.

    Parameters
    ----------
    run : PlanningRun
    quotes : DataFrame, optional
        The table ``fee_quotes``, beside which a range of prices is only a prior.
    futures : SimulationSettings, optional
    """

    def __init__(
        self,
        run: PlanningRun,
        quotes: pd.DataFrame | None = None,
        futures: SimulationSettings = _FUTURES,
    ) -> None:
        candidates = replace(run.candidates, sources=_priors_alone(run.candidates))
        self.run, self._quotes, self._futures = replace(run, candidates=candidates), quotes, futures
        self._held: dict[Hashable, PlanningRun] = {}
        self._prices: dict[Hashable, PriceModel] = {}

    def start(self) -> SplitSettings:
        """Return the settings of the plan that was made, its money's split among them."""
        brief, candidates = self.run.brief, self.run.candidates.table
        posts = max(brief.limits.posts_per_creator, 1)
        return SplitSettings(
            budget=float(brief.budget or 0),
            shares=shares_of(self.run),
            posts=posts,
            fall_through=round(float(candidates["fall_through"].mean()), 3),
            overhead=brief.overhead.hours * brief.overhead.rate,
            attitude=brief.risk.attitude,
        )

    def split(self, asked: SplitSettings) -> PlanningRun:
        """Fill each tier's money with whole creators, best expected value for money first."""
        made = self._make(asked)
        return self._simulate(made, plan_of(made, split_by_shares(made, asked.shares)))

    def choose(self, asked: SplitSettings, *, keep_shares: bool = False) -> PlanningRun:
        """Choose the best plan; ``keep_shares``: no tier may cost more than its share."""
        made = self._make(asked)
        check_plannable(made.brief)
        limits, options, brief = made.limits, made.options, made.brief
        if keep_shares:
            most = {tier: (0.0, share / 100) for tier, share in asked.shares.items()}
            limits = replace(limits, tier_share=most)
        else:  # those of the brief hold
            shares = {"tier_share": self.run.brief.limits.tier_share}
            brief = brief.model_copy(update={"limits": brief.limits.model_copy(update=shares)})
        if asked.attitude != "mean":
            options = make_options(
                made.candidates,
                made.brief,
                made.unknowns,
                made.audience,
                made.settings.scenarios,
                made.settings.seed,
            )
        plan = choose_plan(options, limits, brief, _PATIENCE)
        return self._simulate(replace(made, brief=brief, options=options, limits=limits), plan)

    def resimulate(self) -> PlanningRun:
        """Return the plan that was made, in the futures in which everything here is tried."""
        return self._simulate(self.run, self.run.plan)

    def _simulate(self, made: PlanningRun, plan: Plan) -> PlanningRun:
        posts = plan_posts(plan, made.candidates)
        # Those who are not booked change nothing, but take time; a platform's first row keeps its
        # unknowns among those that are drawn.
        first = ~made.candidates.table.duplicated("platform").to_numpy()
        rows = np.flatnonzero((posts > 0) | first)
        table, sources = made.candidates.table.iloc[rows], made.candidates.sources
        found = simulate_outcomes(
            replace(made.candidates, table=table, sources=_only(sources, table)),
            {"plan": posts[rows]},
            made.unknowns,
            brief=made.brief,
            audience=_audience_of(made.audience, made.candidates.table["creator_key"], rows),
            settings=self._futures,
        )
        return replace(made, plan=plan, simulation=found)

    def _make(self, asked: SplitSettings) -> PlanningRun:
        """Return the inputs of these settings, with the plan left to be made."""
        brief = brief_of(self.run.brief, asked)
        ranges = tuple(sorted(asked.ranges.items()))
        key = (ranges, asked.fall_through, asked.overhead, asked.posts, brief.market)
        if key not in self._held:
            if len(self._held) >= _HELD:
                self._held.pop(next(iter(self._held)))
            self._held[key] = self._prepare(asked, brief)
        made = self._held[key]
        limits = replace(self.run.limits, budget=asked.budget, max_posts=asked.posts)
        return replace(made, brief=brief, limits=limits, promise=None, more=0.0)

    def _fit(
        self, level: tuple[float, float], table: pd.DataFrame, unknowns: Unknowns
    ) -> PriceModel:
        if level not in self._prices:
            money = self.run.candidates.currency
            self._prices = {level: fit_prices(self._quotes, table, unknowns, money)}
        return self._prices[level]

    def _prepare(self, asked: SplitSettings, brief: Brief) -> PlanningRun:
        run, unknowns = self.run, unknowns_of(self.run.unknowns, asked)
        candidates, audience = run.candidates, run.audience
        table = candidates.table.assign(fall_through=asked.fall_through)
        if "price_level" in asked.ranges:
            prices = self._fit(asked.ranges["price_level"], table, unknowns)
            fees, open_ = prices.table.set_index(table.index), table["fee_source"].eq("model")
            moved = {n: fees[n].where(open_, table[n]) for n in ("fee", "fee_sd", "fee_ugc")}
            table = table.assign(**moved)
            candidates = replace(candidates, price_levels=prices.levels)
        for column, name in (("sponsored", "sponsored"), ("reach", "reach_level")):
            factor = unknowns.middle(name) / run.unknowns.middle(name)
            by = np.where(candidates.is_prior(column), factor, 1.0)
            table = table.assign(**{column: table[column] * by})
        if "reach_level" in asked.ranges:
            every = np.arange(len(table))
            audience = _audience_of(audience, table["creator_key"], every, by)
        if "overlap" in asked.ranges:
            audience = None
        candidates = replace(candidates, table=table)
        options = make_options(candidates, brief, unknowns, audience)
        return replace(
            run,
            brief=brief,
            candidates=candidates,
            unknowns=unknowns,
            audience=audience,
            options=options,
        )


def _priors_alone(candidates: Candidates) -> pd.DataFrame:
    """Return what ``is_prior`` looks for, without the thousands of rows that it would read."""
    sources = candidates.sources
    if sources.empty:
        return sources
    asked = sources["column"].isin(["reach", "click_rate", "conversion_rate", "sponsored"])
    return sources[asked & sources["source"].eq("prior")]


def _only(sources: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    return sources if sources.empty else sources[sources["creator_key"].isin(table["creator_key"])]


def _audience_of(
    audience: AudienceModel | None, keys: pd.Series, rows: Chosen, by: Any = 1.0
) -> AudienceModel | None:
    """Return the audience of some creators, who make so many times as many contacts."""
    if audience is None:
        return None
    place = audience.keys.get_indexer(pd.Index(keys.iloc[rows]))
    scale = np.broadcast_to(by, len(rows))[:, None]
    return replace(
        audience,
        keys=audience.keys[place],
        exposure=audience.exposure[place] * scale,
        alternatives=tuple(one[place] * scale for one in audience.alternatives),
    )


def promise_run(run: PlanningRun) -> PlanningRun:
    """Return a run with what each creator alone is promised to bring, for its roster."""
    asked = PromiseSettings(draws=2_000, chosen_seed=run.settings.seed)
    promise = promise_outcome(
        run.plan,
        run.candidates,
        run.unknowns,
        brief=run.brief,
        audience=run.audience,
        settings=asked,
    )
    return replace(run, promise=promise)


def what_decides(run: PlanningRun, most: int = 4) -> pd.DataFrame:
    """Return which shared unknowns move the chance of the goal most, else of the middle outcome.

    As ``deciding_unknowns``, but fast: ``unknown``, ``p_low``, ``p_high``, ``swing``.
    """
    assert run.simulation is not None
    outcome = run.simulation.draws[run.brief.goal][0]
    line = np.median(outcome) if run.brief.target is None else run.brief.target
    shared = run.simulation.shared
    shared = shared.loc[:, (shared.max() > shared.min()).to_numpy()]
    third = len(outcome) / 3
    order = np.argsort(shared.to_numpy(), axis=0, kind="stable")
    reached = (outcome >= line)[order]
    low, high = reached[: int(third)].mean(axis=0), reached[int(2 * third) :].mean(axis=0)
    found = pd.DataFrame({"unknown": shared.columns, "p_low": low, "p_high": high})
    found = found.assign(swing=high - low)
    return found.sort_values("swing", key=abs, ascending=False, ignore_index=True).head(most)

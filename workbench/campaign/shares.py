"""How a budget is split by shares of the sizes, in whole creators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.budget.options import Limits
from workbench.budget.plan import ChoiceSettings, Plan, PlanSummary, plan_value
from workbench.campaign.planning import PlanningRun
from workbench.tables.tiers import read_tier_preset

Chosen = npt.NDArray[np.int64]
_PRICES = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95)  # of a place, as quantiles of what options bring


def split_by_shares(run: PlanningRun, shares: Mapping[str, int]) -> Chosen:
    """Return the options that fill each tier's money, the tier of the largest creators first.

    Within a tier the next one is who is expected to bring most for the money alone and still fits.
    Where the number of creators is limited, a place has a price too: of several the best is taken.
    Those who must be in come before all.
    """
    options, limits = run.options, run.limits
    table, cost = options.table, options.table["cost"].to_numpy(dtype="float64")
    rank = {tier: place for place, tier in enumerate(reversed([*shares]))}
    tier, keys = table["tier"].astype("str"), table["creator_key"]
    must = keys.isin(limits.must).to_numpy()
    fine = table["deliverable"].eq("post") & ~keys.isin(limits.must_not) & tier.isin([*shares])
    places = np.flatnonzero(fine)
    facts = zip(keys, tier, table["platform"], cost.tolist(), must.tolist(), strict=True)
    rows, ranks = list(facts), tier.map(rank).to_numpy(dtype="float64")[places]

    def fill(price: float) -> Chosen:
        worth = (options.value[places] - price) / np.maximum(cost[places], 1e-9)
        left = _Left(limits, {name: limits.budget * share / 100 for name, share in shares.items()})
        order = places[np.lexsort((-worth, ranks, ~must[places]))]
        return np.array(sorted(n for n in order.tolist() if left.takes(*rows[n])), dtype="int64")

    found = [fill(0.0)]
    if len(found[0]) == limits.max_creators:
        found += [fill(price) for price in np.quantile(options.value[places], _PRICES)]
    return max(found, key=lambda chosen: plan_value(options, chosen))


class _Left:
    """What is left of money and places while a split is filled."""

    def __init__(self, limits: Limits, tiers: dict[str, float]) -> None:
        self._tiers, self._taken = tiers, set[str]()
        self._most = limits.max_creators or np.inf
        self._largest = limits.max_creator_share * limits.budget
        self._platforms = {
            p: most * limits.budget for p, (_, most) in limits.platform_share.items()
        }

    def takes(self, key: str, tier: str, platform: str, cost: float, must: bool) -> bool:
        """Say whether one more is booked, and book it."""
        here = min(self._tiers[tier], self._platforms.get(platform, np.inf), self._largest)
        if key in self._taken or len(self._taken) >= self._most or (cost > here and not must):
            return False
        self._taken.add(key)
        self._tiers[tier] -= cost
        self._platforms[platform] = self._platforms.get(platform, np.inf) - cost
        return True


def tiers_of(run: PlanningRun) -> list[str]:
    """Return the tiers that candidates have, smallest creators first."""
    own = set(run.options.table["tier"].astype("str"))
    named = [tier.name for tier in read_tier_preset(run.brief.tier_preset).cells()]
    return [*(name for name in named if name in own), *sorted(own.difference(named))]


def shares_of(run: PlanningRun) -> dict[str, int]:
    """Return how a plan's money is split, in whole percent; evenly where it books nobody."""
    tiers = tiers_of(run)
    spent = run.plan.table.groupby(run.plan.table["tier"].astype("str"))["cost"].sum()
    money = spent.reindex(tiers).fillna(0).to_numpy(dtype="float64")
    return dict(zip(tiers, whole_percents(money), strict=True))


def move_share(shares: Mapping[str, int], moved: str, to: int) -> dict[str, int]:
    """Return shares after one was moved: the others are scaled so that all make up 100."""
    others = [name for name in shares if name != moved]
    to = min(max(int(to), 0), 100) if others else 100
    rest = whole_percents(np.array([shares[name] for name in others], dtype="float64"), 100 - to)
    found = dict(zip(others, rest, strict=True)) | {moved: to}
    return {name: found[name] for name in shares}


def whole_percents(amounts: npt.NDArray[np.float64], total: int = 100) -> list[int]:
    """Return amounts scaled to whole numbers that add up to a total (largest remainders)."""
    if not len(amounts):
        return []
    weights = amounts if amounts.sum() > 0 else np.ones(len(amounts))
    exact = total * weights / weights.sum()
    whole = np.floor(exact).astype("int64")
    whole[np.argsort(whole - exact, kind="stable")[: total - whole.sum()]] += 1
    return [int(one) for one in whole]


def plan_of(made: PlanningRun, chosen: Chosen) -> Plan:
    """Return chosen options as a plan of which nothing is proven."""
    options, limits = made.options, made.limits
    table = options.table.iloc[chosen].assign(value=options.value[chosen], marginal=np.nan)
    return Plan(
        table=table.sort_values("cost", ascending=False, kind="stable"),
        chosen=chosen,
        limits=pd.DataFrame(columns=["limit", "used", "least", "most", "binding"]),
        reasons=(),
        summary=PlanSummary(
            goal=options.goal,
            status="stopped",
            value=plan_value(options, chosen),
            bound=np.inf,
            gap=np.inf,
            spend=float(table["cost"].sum()),
            budget=limits.budget,
            creators=len(table),
            posts=int(table["posts"].sum()),
        ),
        settings=ChoiceSettings(),
        asked=limits,
    )

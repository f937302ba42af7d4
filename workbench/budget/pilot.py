"""How large a pilot is worth: the expected value of what it tells, less what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri

from workbench.budget.returns import Prior, check_returns, read_prior
from workbench.budget.single_pilot import Pilot, net_return, plan_pilots, value_one
from workbench.budget.trials import creators_needed, rank_trials, smallest_difference
from workbench.budget.waves import value_waves
from workbench.errors import SettingsError

ADVISED_COLUMNS = ("amount", "creators", "cost", "net", "net_se", "share")
Advice = Literal["do not spend", "spend without a pilot", "pilot", "learn in waves"]


@dataclass(frozen=True, kw_only=True)
class PilotSettings:
    """What is unknown, what happens after a pilot, and which pilots are looked at.

    Attributes
    ----------
    shared_sd, tier_sd : float
        Standard deviations of the natural log of the return: of what all creators share (market,
        campaign), and of tiers.
    fatigue : float
        What a further post of the same creator brings less than the one before, 0-1.
    most_posts : int
        Of one creator in all.
    pause_loss : float
        Share of the return lost by what is booked after the pilot, because it waits for it, 0-1.
    sizes : tuple of int
        Numbers of creators to look at (to 1,000); empty: ten from one to half the budget.
    posts : tuple of int
        Posts of each creator in the pilot.
    waves : tuple of int
        Numbers of waves to hold against a pilot; empty: none.
    advised : tuple of float
        Published pilot budgets that get their answer.
    worthwhile : float
        Share of the budget below which a gain is not worth the work of learning.
    worlds : int
        Simulated futures, at least 512; fewer are used where creators are many.
    seed : int
    """

    shared_sd: float = 0.3
    tier_sd: float = 0.3
    fatigue: float = 0.15
    most_posts: int = 2
    pause_loss: float = 0.0
    sizes: tuple[int, ...] = ()
    posts: tuple[int, ...] = (1,)
    waves: tuple[int, ...] = (2, 3, 4)
    advised: tuple[float, ...] = (1000.0, 2000.0)
    worthwhile: float = 0.005
    worlds: int = 4096
    seed: int = 0

    def __post_init__(self) -> None:
        good = {
            "shared_sd (0 or more)": 0 <= self.shared_sd < np.inf,
            "tier_sd (0 or more)": 0 <= self.tier_sd < np.inf,
            "fatigue (0 to 1)": 0 <= self.fatigue <= 1,
            "pause_loss (0 to 1)": 0 <= self.pause_loss <= 1,
            "sizes (1 or more each)": all(size >= 1 for size in self.sizes),
            "most_posts (1 or more)": self.most_posts >= 1,
            "posts (one number or more, each 1 to most_posts)": (
                min(self.posts, default=0) > 0 and max(self.posts, default=0) <= self.most_posts
            ),
            "waves (2 or more each)": all(count >= 2 for count in self.waves),
            "advised (more than 0 each)": all(0 < amount < np.inf for amount in self.advised),
            "worthwhile (0 to 1)": 0 <= self.worthwhile <= 1,
            "worlds (512 or more)": self.worlds >= 512,
        }
        faults = [
            f"{name}: found {getattr(self, name.split()[0])}"
            for name, held in good.items()
            if not held
        ]
        if faults:
            raise SettingsError("A pilot can't be valued with these settings.", faults)


@dataclass(frozen=True, kw_only=True)
class PilotSummary:
    """The numbers about a pilot that a sentence may quote; money in the returns' currency.

    Attributes
    ----------
    advice : str
        What to do first.
    budget, without : float
        ``without``: expected net return of the best plan that learns nothing (0: spend nothing).
    design, creators, posts, cost
        The pilot worth most (the smallest within 2% of the best); ``creators`` is 0 when none is
        worth its cost.
    net, net_se : float
        What the pilot adds to ``without``, its cost counted, on draws that did not choose it.
    most : float
        The same if its results told all there is to know of the shared level, the tiers and those
        tried.
    stop : float
        The chance that after it no new creator is booked.
    policy, waves, waves_net, waves_se
        The best way to learn in waves, and what it adds to ``without``, on draws that did not
        choose it; 0 waves where none adds.
    smallest_difference : float
        Between two tiers that the pilot shows with 80% power at 5% (0.6 is +60%).
    needed : int
        Creators in each tier to see +60%.
    """

    advice: Advice
    budget: float
    without: float
    design: str
    creators: int
    posts: int
    cost: float
    net: float
    net_se: float
    most: float
    stop: float
    policy: str
    waves: int
    waves_net: float
    waves_se: float
    smallest_difference: float
    needed: int


@dataclass(frozen=True, kw_only=True, eq=False)
class PilotValue:
    """What pilots of several sizes are worth, whom to try, and what they can and can't tell.

    Attributes
    ----------
    table : DataFrame
        One row a pilot: ``design`` (the best of ``every tier``, of the ``best tier``,
        or those with ``most to learn``), ``creators``, ``posts`` (of
        each), ``cost``, ``own`` (its own expected return less its cost), ``information`` (what
        its results add to the rest of the budget), ``displaced`` (what its money would have earned
        in the plan without it), ``net`` (own + information - displaced), ``net_se`` (Monte Carlo),
        ``most`` (net if it told all), ``stop`` (chance that no new creator is booked after it),
        ``again`` (further posts booked of each of its creators).
    waves : DataFrame
        See ``value_waves``; with ``gain`` over the plan that learns nothing.
    advised : DataFrame
        One row a published budget: ``amount``, ``creators``, ``cost``, ``net``, ``net_se``,
        ``share`` (of the best pilot's net; missing where none is worth its cost). All but
        ``amount`` are missing where it buys no creator.
    creators : DataFrame
        See ``rank_trials``.
    tells : DataFrame
        One row a number of creators in each tier: ``per_tier``, ``smallest_difference``,
        ``low_factor`` and ``high_factor`` (80% interval of a tier's return about its estimate,
        without the prior).
    summary : PilotSummary
    settings : PilotSettings
    """

    table: pd.DataFrame
    waves: pd.DataFrame
    advised: pd.DataFrame
    creators: pd.DataFrame
    tells: pd.DataFrame
    summary: PilotSummary
    settings: PilotSettings


def value_pilot(
    returns: pd.DataFrame, budget: float, settings: PilotSettings | None = None
) -> PilotValue:
    """Say how large a pilot is worth, whom to try, and whether to learn in waves instead.

    Parameters
    ----------
    returns : DataFrame
        See ``even_returns`` (simple numbers) and ``candidate_returns`` (a table of candidates).
    budget : float
        All the money, the pilot's included.

    Notes
    -----
    Risk-neutral: money is worth its mean. After a pilot (or a wave) what is believed is updated
    exactly (normal on the log scale), and the rest is spent where the expected return beats its
    cost: on those tried, again, and on new creators; the last booking counts in part.
    """
    settings = settings or PilotSettings()
    check_returns(returns)
    if not 0 < budget < np.inf:
        raise SettingsError("A pilot can't be valued.", [f"budget: expected > 0, found {budget}"])
    known = {
        "shared_sd": settings.shared_sd,
        "tier_sd": settings.tier_sd,
        "fatigue": settings.fatigue,
    }
    prior = read_prior(returns, budget, **known, most_posts=settings.most_posts)
    without = net_return(prior, budget)
    returns = returns.reset_index(drop=True)
    trials = rank_trials(returns, budget, **known, most_posts=settings.most_posts)
    pilots = plan_pilots(
        prior,
        budget,
        trials.index.to_numpy(),
        sizes=settings.sizes,
        amounts=settings.advised,
        posts=settings.posts,
        pause_loss=settings.pause_loss,
    )
    rows = [
        {"design": pilot.design, "creators": len(pilot.rows), "posts": pilot.posts}
        | value_one(prior, pilot, budget, settings.worlds, settings.seed)
        for pilot in pilots
    ]
    names = ["design", "creators", "posts", "cost", "own", "information", "displaced", "net"]
    table = pd.DataFrame(rows, columns=[*names, "net_se", "most", "stop", "again"])
    waves = value_waves(prior, budget, settings.waves, settings.worlds // 4, settings.seed)
    waves = waves.assign(gain=waves["net"] - without)
    return PilotValue(
        table=table,
        waves=waves,
        advised=_advised(table, settings),
        creators=trials.reset_index(drop=True),
        tells=_tells(prior, table, settings),
        summary=_summarise(prior, budget, without, table, pilots, waves, settings),
        settings=settings,
    )


def _advised(table: pd.DataFrame, settings: PilotSettings) -> pd.DataFrame:
    """Return what the published budgets are worth, each spent as far as whole creators go."""
    best, rows = table["net"].max(), []
    for amount in settings.advised:
        within = table[table["cost"].le(amount)]
        largest = within.groupby(["design", "posts"])["creators"].transform("max")
        within = within[within["creators"].eq(largest)].sort_values("net").tail(1)
        row = within[["creators", "cost", "net", "net_se"]].assign(amount=amount)
        rows.append(row.assign(share=row["net"] / best if best > 0 else np.nan))
    table = pd.concat([pd.DataFrame({"amount": settings.advised}), *rows])
    return table.groupby("amount", as_index=False).last().reindex(columns=ADVISED_COLUMNS)


def _tells(prior: Prior, table: pd.DataFrame, settings: PilotSettings) -> pd.DataFrame:
    """Return what numbers of creators in each tier can tell, by the typical creator and post."""
    sd = _result_sd(prior, settings.posts[0])
    counts = table["creators"].to_numpy() / prior.tiers.shape[1]
    per_tier = np.unique(np.maximum(counts.round(), 1))
    half = np.exp(ndtri(0.9) * sd / np.sqrt(per_tier))
    return pd.DataFrame(
        {
            "per_tier": per_tier.astype(int),
            "smallest_difference": smallest_difference(per_tier, sd),
            "low_factor": 1 / half,
            "high_factor": half,
        }
    )


def _result_sd(prior: Prior, posts: int) -> float:
    """Return the standard deviation of the log of a creator's result, within a tier."""
    return float(np.sqrt(np.mean(prior.spread + prior.noise / posts)))


def _summarise(
    prior: Prior,
    budget: float,
    without: float,
    table: pd.DataFrame,
    pilots: list[Pilot],
    waves: pd.DataFrame,
    settings: PilotSettings,
) -> PilotSummary:
    """Choose the pilot, value it afresh, and say what to do first."""
    best = table["net"].max()
    good = table[table["net"].ge(best - 0.02 * abs(best))] if len(table) else table
    fresh = dict.fromkeys(("cost", "net", "net_se", "most", "stop"), 0.0)
    pilot = None
    if len(table) and best > 0:
        pilot = pilots[int(good.index.to_numpy()[good["cost"].to_numpy().argmin()])]
        fresh = value_one(prior, pilot, budget, settings.worlds, settings.seed + 1)
    first = waves[waves["gain"].gt(0)].sort_values("gain").tail(1)
    gain, error = 0.0, 0.0
    for policy, count in first[["policy", "waves"]].to_numpy():
        again = value_waves(prior, budget, (count,), settings.worlds // 4, settings.seed + 1)
        own = again[again["policy"].eq(policy)]
        gain, error = float(own["net"].sum()) - without, float(own["net_se"].sum())
    least = settings.worthwhile * budget
    creators, posts = (len(pilot.rows), pilot.posts) if pilot else (0, 0)
    sd = _result_sd(prior, max(posts, 1))
    per_tier = max(1, creators // prior.tiers.shape[1])
    return PilotSummary(
        advice=_advise((fresh["net"], fresh["net_se"]), (gain, error), without, least),
        budget=budget,
        without=without,
        design=pilot.design if pilot else "none",
        creators=creators,
        posts=posts,
        cost=fresh["cost"],
        net=fresh["net"],
        net_se=fresh["net_se"],
        most=fresh["most"],
        stop=fresh["stop"],
        policy="".join(first["policy"]) or "none",
        waves=int(first["waves"].to_numpy().sum()),
        waves_net=gain,
        waves_se=error,
        smallest_difference=float(smallest_difference(per_tier, sd)),
        needed=creators_needed(0.6, sd),
    )


def _advise(
    pilot: tuple[float, float], waves: tuple[float, float], without: float, least: float
) -> Advice:
    """Return what to do first, given what each way adds and its Monte Carlo error."""
    if max(net - 2 * error for net, error in (pilot, waves)) <= least:
        return "spend without a pilot" if without > 0 else "do not spend"
    noise = 2 * float(np.hypot(pilot[1], waves[1]))
    # Within noise: waves where money is spent anyway, else the pilot, which risks less.
    ahead = waves[0] - pilot[0] > (-noise if without > 0 else noise)
    return "learn in waves" if ahead else "pilot"

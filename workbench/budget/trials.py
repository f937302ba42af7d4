"""Whom to try, and what a trial of so many creators can tell of the difference between tiers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]


def smallest_difference(
    creators: npt.ArrayLike, log_sd: float, power: float = 0.8, level: float = 0.05
) -> Floats:
    """Return the least difference of two arms that is seen, as a fraction (0.6 is +60%).

    Parameters
    ----------
    creators : int or array of int
        In each arm.
    log_sd : float
        Standard deviation of the natural log of a creator's result, taken as known.
    power, level : float
        The chance to see it; the two-sided level of the test.
    """
    both = ndtri(1 - level / 2) + ndtri(power)
    each = np.asarray(creators, dtype="float64")
    return np.asarray(np.expm1(both * log_sd * np.sqrt(2 / each)))


def creators_needed(
    difference: float, log_sd: float, power: float = 0.8, level: float = 0.05
) -> int:
    """Return how many creators each arm needs for a difference (0.6 is +60%) to be seen."""
    both = ndtri(1 - level / 2) + ndtri(power)
    return int(np.ceil(2 * (both * log_sd / np.log1p(difference)) ** 2))


def gain_of_knowing(expected: Floats, log_sd: Floats, line: Floats) -> tuple[Floats, Floats]:
    """Return the gain of learning before a choice, and the chance that the choice flips.

    What is believed after the result is log-normal with mean ``expected`` and ``log_sd``; it is
    bought where it is above ``line``.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        high = np.log(expected / line) / log_sd + log_sd / 2
    high = np.where(log_sd > 0, high, np.where(expected > line, np.inf, -np.inf))
    bought = ndtr(high - log_sd)
    gain = expected * ndtr(high) - line * bought - np.maximum(expected - line, 0)
    return np.maximum(gain, 0), np.where(expected > line, 1 - bought, bought)


def rank_trials(
    returns: pd.DataFrame,
    budget: float,
    *,
    shared_sd: float,
    tier_sd: float,
    fatigue: float,
    most_posts: int,
) -> pd.DataFrame:
    """Rank creators by what a trial post of each alone would change in the plan.

    Returns
    -------
    DataFrame
        One row a row of ``returns``, with its index, most to gain for the money first:
        ``creator_key``, ``tier``, ``expected`` (per fee-dollar), ``low`` and ``high`` (80%),
        ``cost`` (of the trial), ``line`` (what a booking must bring per dollar spent: 1, or more
        where the budget runs out before the good creators), ``chance_flips`` (that the result turns
        yes to no or no to yes), ``gain`` (worth of knowing, in money), ``price`` (what the trial is
        expected to lose against the line), ``net``, ``reasons`` (see Notes).

    Notes
    -----
    Reasons: ``near the line`` (the choice is open: it flips with a chance of 25% or more), ``clear
    yes``, ``clear no`` (it flips with less than 5%), ``well known`` (own sd below 0.15), ``noisy
    post`` (one post tells less than a fifth of what is unknown), ``pays for itself`` (net above 0),
    ``dearer than it tells``.
    """
    cost = returns["fee"] + returns["overhead"]
    ratio = (returns["fee"] * returns["expected"] / cost).to_numpy()
    line = _line(ratio, (cost * returns["number"]).to_numpy(), budget, fatigue, most_posts)
    # What all share moves the choice only where creators are held against their own cost.
    unknown = returns["sd"] ** 2 + tier_sd**2 + (shared_sd**2 if line <= 1 else 0.0)
    told = unknown / (unknown + returns["post_sd"] ** 2)
    log_sd = np.sqrt((unknown * told).to_numpy())
    value = (returns["fee"] * returns["expected"]).to_numpy()
    gain, flips = np.zeros(len(returns)), np.zeros(len(returns))
    for post in range(1, most_posts):
        more, flip = gain_of_knowing(value * (1 - fatigue) ** post, log_sd, line * cost.to_numpy())
        gain, flips = gain + more, np.maximum(flips, flip)
    price = np.maximum(line * cost - value, 0)
    wide = np.exp(ndtri(0.9) * np.sqrt(returns["sd"] ** 2 + tier_sd**2 + shared_sd**2))
    middle = returns["expected"] / np.exp((np.log(wide) / ndtri(0.9)) ** 2 / 2)
    table = returns[["creator_key", "tier", "expected"]].assign(
        low=middle / wide,
        high=middle * wide,
        cost=cost,
        line=line,
        chance_flips=flips,
        gain=gain,
        price=price,
        net=gain - price,
    )
    table["reasons"] = _reasons(table, returns["sd"], told, returns.index[ratio > line])
    return table.loc[(-table["net"] / table["cost"]).sort_values(kind="stable").index]


def _line(ratio: Floats, cost: Floats, budget: float, fatigue: float, most_posts: int) -> float:
    """Return what the last booking of the plan that learns nothing brings per dollar."""
    offers = np.concatenate([ratio * (1 - fatigue) ** post for post in range(most_posts)])
    order = np.argsort(-offers, kind="stable")
    spent = np.tile(cost, most_posts)[order].cumsum()
    if spent[-1] <= budget:
        return 1.0
    return max(1.0, float(offers[order[int(np.searchsorted(spent, budget))]]))


def _reasons(table: pd.DataFrame, sd: pd.Series, told: pd.Series, bought: pd.Index) -> list[str]:
    flips, above = table["chance_flips"], table.index.isin(bought)
    held = pd.DataFrame(
        {
            "near the line": flips >= 0.25,
            "clear yes": (flips < 0.05) & above,
            "clear no": (flips < 0.05) & ~above,
            "well known": sd < 0.15,
            "noisy post": told < 0.2,
            "pays for itself": table["net"] > 0,
            "dearer than it tells": table["net"] <= 0,
        }
    )
    return [", ".join(held.columns[row]) for row in held.to_numpy()]

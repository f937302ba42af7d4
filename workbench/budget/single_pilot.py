"""One pilot: what it costs and brings, and what its results add to the rest of the budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.budget.returns import Floats, Ints, Prior, take_best
from workbench.budget.waves import BATCHES, draw_normals, mean_and_error, worlds_of

MOST_CREATORS = 1_000  # of a pilot that is looked at


@dataclass(frozen=True, kw_only=True, eq=False)
class Pilot:
    """Who is tried (rows of the prior) with how many posts each.

    ``kept`` is what is left of the return of what waits for the results.
    """

    design: str
    rows: Ints
    posts: int
    kept: float


def plan_pilots(
    prior: Prior,
    budget: float,
    ranked: Ints,
    *,
    sizes: tuple[int, ...],
    amounts: tuple[float, ...],
    posts: tuple[int, ...],
    pause_loss: float,
) -> list[Pilot]:
    """Return pilots of the best creators of every tier, of the best tier, and of the ``ranked``.

    ``ranked`` holds row numbers of the table of returns, most to learn first, and counts where
    creators can be told apart. Of the given ``sizes`` (empty: ten from one creator to half the
    budget), and the largest that each of the ``amounts`` buys.
    """
    people = np.repeat(np.arange(len(prior.worth)), prior.number.astype(int))
    tier = prior.tiers[people].argmax(1)
    place = pd.Series(tier).groupby(tier).cumcount().to_numpy()
    designs = {"every tier": people[np.argsort(place, kind="stable")]}
    if prior.tiers.shape[1] > 1:
        designs["best tier"] = people[tier == tier[0]]
    if len(people) > 1 and (prior.number == 1).all():
        rank = np.argsort(ranked)[prior.index]
        designs["most to learn"] = np.argsort(rank, kind="stable")
    pilots = []
    for design, order in designs.items():
        for each in posts:
            spent = np.cumsum(each * prior.cost[order])
            half, most = np.searchsorted(spent[:MOST_CREATORS], [budget / 2, budget], side="right")
            steps = sizes or np.geomspace(1, max(1, half), 10).round().astype(int)
            told = np.searchsorted(spent[:MOST_CREATORS], amounts, side="right")
            pilots += [
                Pilot(design=design, rows=order[:size], posts=each, kept=1 - pause_loss)
                for size in sorted({int(size) for size in (*steps, *told) if 1 <= size <= most})
            ]
    return pilots


def net_return(prior: Prior, budget: float) -> float:
    """Return the expected net return of the best plan that learns nothing."""
    worth = np.hstack([prior.worth * prior.number * factor for factor in prior.fresh])
    cost = np.tile(prior.cost * prior.number, len(prior.fresh))
    return float(((worth - cost) * take_best(worth[None], cost, budget)[0]).sum())


def value_one(
    prior: Prior, pilot: Pilot, budget: float, worlds: int, seed: int
) -> dict[str, float]:
    """Value one pilot; see ``PilotValue.table``."""
    rows, posts = pilot.rows, pilot.posts
    cost = float(posts * prior.cost[rows].sum())
    own = float(prior.worth[rows].sum() * prior.tired[:posts].sum() - cost)
    price, fixed = _afterwards(prior, pilot, budget - cost)
    tried = len(rows) * (len(prior.tired) - posts)
    size = worlds_of(worlds, len(price))
    batches = []
    for batch in range(BATCHES):
        known, true = _futures(prior, pilot, size, [seed, batch])
        parts, best = (take_best(value, price, budget - cost) for value in (known, true))
        batches.append(
            [
                ((known - price) * (parts - fixed)).sum(1).mean(),
                ((true - price) * (best - fixed)).sum(1).mean(),
                ((parts * price)[:, tried:].sum(1) < 1e-6 * budget).mean(),
                parts[:, :tried].sum() / size / len(rows),
            ]
        )
    told, most, stop, again = map(mean_and_error, np.transpose(batches))
    planned = _offers(prior, pilot, prior.worth[None, rows], prior.worth[None])[0]
    displaced = net_return(prior, budget) - float(((planned - price) * fixed).sum())
    return {
        "cost": cost,
        "own": own,
        "information": told[0],
        "displaced": displaced,
        "net": own + told[0] - displaced,
        "net_se": told[1],
        "most": own + most[0] - displaced,
        "stop": stop[0],
        "again": again[0],
    }


def _afterwards(prior: Prior, pilot: Pilot, money: float) -> tuple[Floats, Floats]:
    """Return the cost of what may be bought after the pilot, and the plan that learns nothing."""
    again = np.tile(prior.cost[pilot.rows], len(prior.tired) - pilot.posts)
    new = np.tile(prior.cost * _left(prior, pilot), len(prior.fresh))
    price = np.concatenate([again, new])
    expected = _offers(prior, pilot, prior.worth[None, pilot.rows], prior.worth[None])
    return price, take_best(expected, price, money)


def _left(prior: Prior, pilot: Pilot) -> Floats:
    """Return how many creators of each row are new; where none, next to none."""
    tried = np.bincount(pilot.rows, minlength=len(prior.worth))
    return np.maximum(prior.number - tried, 1e-9)


def _offers(prior: Prior, pilot: Pilot, tried: Floats, new: Floats) -> Floats:
    """Return what each offer after the pilot brings: further posts, then new creators by row."""
    again = [tried * factor for factor in prior.tired[pilot.posts :]]
    first = [new * _left(prior, pilot) * factor for factor in prior.fresh]
    return pilot.kept * np.hstack([*again, *first])


def _futures(prior: Prior, pilot: Pilot, size: int, seed: list[int]) -> tuple[Floats, Floats]:
    """Draw results; return the worth of each offer as believed after them, and in truth."""
    rows, posts, tiers = pilot.rows, pilot.posts, prior.tiers.shape[1]
    z = draw_normals(1 + tiers + 2 * len(rows), size, seed)
    truth = prior.shared_sd * z[:, :1] + prior.tier_sd * z[:, 1 : 1 + tiers]
    own, luck = np.split(z[:, 1 + tiers :], 2, axis=1)
    level = truth[:, prior.tiers[rows].argmax(1)] + np.sqrt(prior.spread[rows]) * own
    weight = 1 / np.maximum(prior.spread[rows] + prior.noise[rows] / posts, 1e-12)
    seen = level + np.sqrt(prior.noise[rows] / posts) * luck
    mean, variance = prior.believe(rows, weight, seen)
    everyone, place = np.arange(len(prior.worth)), prior.tiers.argmax(1)
    return (
        _offers(
            prior,
            pilot,
            prior.worth_tried(rows, weight, seen, (mean, variance)),
            prior.worth_of(everyone, mean[:, place], variance[place] + prior.spread),
        ),
        _offers(
            prior,
            pilot,
            prior.worth_of(rows, level, 0.0),
            prior.worth_of(everyone, truth[:, place], prior.spread),
        ),
    )

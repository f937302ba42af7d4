"""Learning in waves: book part of the budget, look at the results, book the next part."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import qmc

from workbench.budget.returns import Floats, Ints, Prior, take_best

BATCHES = 16
MOST_CELLS = 130_000  # worlds times offers of a batch: a long table is looked at in fewer worlds


def worlds_of(worlds: int, offers: int) -> int:
    """Return how many worlds a batch has: a power of two, as even draws need."""
    return int(2 ** int(np.log2(np.clip(MOST_CELLS / offers, 8, worlds / BATCHES))))


def draw_normals(columns: int, worlds: int, seed: list[int]) -> Floats:
    """Return normals that fill the space evenly: a batch, to be repeated with other seeds.

    The spread of batches' means over ``BATCHES`` seeds gives an honest Monte Carlo error.
    """
    sampler = qmc.Sobol(columns, rng=np.random.default_rng(seed))
    return np.asarray(ndtri(np.clip(sampler.random(worlds), 1e-12, 1 - 1e-12)))


def mean_and_error(batches: list[float]) -> tuple[float, float]:
    """Return the mean over batches and its standard error."""
    return float(np.mean(batches)), float(np.std(batches, ddof=1) / np.sqrt(len(batches)))


def value_waves(
    prior: Prior, budget: float, counts: tuple[int, ...], worlds: int, seed: int
) -> pd.DataFrame:
    """Value waves that are each planned by what the ones before have shown.

    Returns
    -------
    DataFrame
        One row a policy and number of waves: ``policy`` (``equal`` waves, or ``growing``: each
        twice the one before), ``waves``, ``first`` (money of the first), ``net`` (expected return
        less spend), ``net_se``, ``spent`` (expected).

    Notes
    -----
    A wave's results are known before the next is booked. Money that a wave finds no use for
    may be spent in a later one.
    """
    people = np.repeat(np.arange(len(prior.worth)), prior.number.astype(int))
    size = worlds_of(worlds, len(people))
    rows = []
    for policy, growth in (("equal", 1), ("growing", 2)):
        for count in counts:
            shares = np.cumsum(growth ** np.arange(count)) / np.sum(growth ** np.arange(count))
            runs = [
                _run(prior, people, budget * shares, size, [seed, batch])
                for batch in range(BATCHES)
            ]
            net, error = mean_and_error([run[0] for run in runs])
            spent = float(np.mean([run[1] for run in runs]))
            rows.append((policy, count, budget * shares[0], net, error, spent))
    return pd.DataFrame(rows, columns=["policy", "waves", "first", "net", "net_se", "spent"])


def _run(
    prior: Prior,
    people: Ints,
    money: Floats,
    size: int,
    seed: list[int],
) -> tuple[float, float]:
    """Return net return and spend of one batch of worlds, each a mean."""
    rng = np.random.default_rng([*seed, 1])
    z = draw_normals(1 + prior.tiers.shape[1], size, seed)
    levels = prior.shared_sd * z[:, :1] + prior.tier_sd * z[:, 1:]
    place = prior.tiers[people].argmax(1)
    shape = (size, len(people))
    truth = levels[:, place] + np.sqrt(prior.spread[people]) * rng.standard_normal(shape)
    cost, noise = prior.cost[people], prior.noise[people]
    tired = np.append(prior.tired, 0.0)  # and nothing after the last
    posts, total, net, spent = np.zeros(shape), np.zeros(shape), 0.0, np.zeros(size)
    for wave, most in enumerate(money):
        seen = total / np.maximum(posts, 1)
        weight = np.where(posts > 0, 1 / (prior.spread[people] + noise / np.maximum(posts, 1)), 0)
        level = prior.believe(people, weight, seen)
        worth = prior.worth_tried(people, weight, seen, level)
        # Equals are taken in any order, so that no tier is tried only because it comes first.
        looks = worth * (1 + 1e-9 * rng.random(shape))
        place_of = np.minimum(posts[..., None] + np.arange(len(prior.fresh)), len(tired) - 1)
        factors = tired[place_of.astype(int)]
        offers = (looks[..., None] * factors).reshape(size, -1)
        parts = take_best(offers, np.repeat(cost, len(prior.fresh)), most - spent)
        if wave < len(money) - 1:
            parts = np.floor(parts + 1e-9)
        parts = parts.reshape(*shape, -1)
        net += float(((worth[..., None] * factors - cost[:, None]) * parts).sum((1, 2)).mean())
        booked = parts.sum(2)
        spent = spent + (cost * booked).sum(1)
        luck = np.sqrt(noise * booked) * rng.standard_normal(shape)
        total, posts = total + booked * truth + luck, posts + booked
    return net, float(spent.mean())

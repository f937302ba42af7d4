"""The people of a simulated market: whom each follows, and so how audiences overlap.

A person follows an account with probability ``1 - exp(-rate * activity * affinity)``: busy people
follow many accounts, and rather those of their niche and country. Nothing here is the formula of a
reach model, so that any of them can be judged by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from workbench.errors import SettingsError
from workbench.market.accounts import COUNTRIES, NICHES
from workbench.market.settings import Floats, Ints, Rng

Keys = Sequence[str] | pd.Index
REGIMES = ("activity", "niche", "independent")
LEAST_BASE = 10  # of the panel: of fewer followers nobody reports a share


@dataclass(frozen=True, kw_only=True)
class PeopleSettings:
    """People to be made; each stands for ``population / people`` real ones.

    In the regime ``independent`` who follows one account says nothing of another; in ``niche``
    niche and country do; in ``activity`` how much somebody follows at all does as well.

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    people: int = 20_000
    population: int = 10_000_000  # on all platforms together: a person may be on each
    regime: Literal["activity", "niche", "independent"] = "activity"
    activity_sd: float = 1.2  # of people, natural log
    niche_pull: float = 10.0  # how much likelier an account of the own niche is followed
    country_pull: float = 6.0
    largest_share: float = 0.6  # of the people who follow one account
    panel: int = 2_000  # people whom the agency's overlaps come from
    known_share: float = 0.8  # of the pairs, that the agency has

    def __post_init__(self) -> None:
        limits: dict[str, tuple[float, float]] = {"activity_sd": (0, 3)}
        limits |= dict.fromkeys(("largest_share", "known_share"), (0.01, 1))
        limits |= dict.fromkeys(("people", "population", "panel"), (1, 1e10))
        limits |= dict.fromkeys(("niche_pull", "country_pull"), (1, 1e3))
        faults = [
            f"{name} is {getattr(self, name)}; give {least:g} to {most:g}"
            for name, (least, most) in limits.items()
            if not least <= getattr(self, name) <= most
        ]
        if self.regime not in REGIMES:
            faults.append(f"regime is {self.regime!r}; give one of {', '.join(REGIMES)}")
        if faults:
            raise SettingsError("These people cannot be made.", faults)


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Who follows whom: ``follows`` is 1 where a person (row) follows an account (column).

    ``people`` has a ``niche``, a ``country`` and an ``activity`` (mean about 1) a row; ``keys`` are
    the accounts' ``creator_key`` in the order of the columns.
    """

    people: pd.DataFrame
    keys: pd.Index
    follows: csr_array

    def of(self, keys: Keys) -> csr_array:
        """Return the columns of these accounts."""
        return self.follows[:, self.keys.get_indexer_for(pd.Index(keys))]


def make_audience(creators: pd.DataFrame, settings: PeopleSettings, rng: Rng) -> Audience:
    """Make people and whom they follow.

    Parameters
    ----------
    creators : DataFrame
        ``creator_key``, ``niche``, ``country``, ``genuine_followers``; the expected audience is
        the genuine followers' share of the population, at most ``largest_share``.
    """
    people = _draw_people(settings, rng)
    genuine = creators["genuine_followers"].to_numpy(dtype="float64")
    share = np.clip(genuine, 1, settings.largest_share * settings.population) / settings.population
    followers, accounts = [], []
    for niche, country in creators[["niche", "country"]].drop_duplicates().to_numpy():
        alike = creators["niche"].eq(niche) & creators["country"].eq(country)
        weight = _weights(people, niche, country, settings)
        # Poisson counts dealt by weight: at least one has exactly the probability that is wanted.
        events = rng.poisson(_solve_rates(weight, share[alike]) * weight.sum())
        place = rng.random(events.sum()) * weight.sum()
        followers.append(np.searchsorted(np.cumsum(weight)[:-1], place, side="right"))
        accounts.append(np.repeat(np.flatnonzero(alike), events))
    cells = (np.concatenate(followers), np.concatenate(accounts))
    ones = np.ones(len(cells[0]), dtype="int32")
    follows = csr_array((ones, cells), shape=(settings.people, len(creators)))
    follows.data[:] = 1  # cells drawn twice were summed
    return Audience(people=people, keys=pd.Index(creators["creator_key"]), follows=follows)


def _draw_people(settings: PeopleSettings, rng: Rng) -> pd.DataFrame:
    spread = settings.activity_sd if settings.regime == "activity" else 0.0
    drawn = {
        name: rng.choice(table.index, settings.people, p=table["weight"])
        for name, table in (("niche", NICHES), ("country", COUNTRIES))
    }
    activity = np.exp(spread * rng.standard_normal(settings.people) - spread**2 / 2)
    return pd.DataFrame(drawn).assign(activity=activity)


def _weights(people: pd.DataFrame, niche: str, country: str, settings: PeopleSettings) -> Floats:
    """Return each person's activity times their affinity to accounts of a niche and country."""
    weight = people["activity"].to_numpy(dtype="float64")
    if settings.regime == "independent":
        return weight
    pulled = np.where(people["niche"] == niche, settings.niche_pull, 1.0)
    return weight * pulled * np.where(people["country"] == country, settings.country_pull, 1.0)


def _solve_rates(weight: Floats, shares: Floats) -> Floats:
    """Return the rates at which these shares of the people follow, on the average of draws."""
    ranked = np.sort(weight)  # people of nearly the same weight go together
    starts = np.unique(np.searchsorted(ranked, np.geomspace(ranked[0], ranked[-1], 400)))
    amount = np.diff(np.append(starts, len(weight)))
    alike = np.add.reduceat(ranked, starts) / amount
    rates = np.geomspace(1e-8, 1e4, 150) / weight.mean()
    expected = -np.expm1(-np.outer(rates, alike)) @ amount / len(weight)
    solved: Floats = np.exp(np.interp(np.log(shares), np.log(expected), np.log(rates)))
    return solved


def count_frequency(audience: Audience, plan: Keys) -> Ints:
    """Count the people who follow exactly 0, 1, ... of a plan: all but the first are reached."""
    return np.bincount(audience.of(plan).sum(axis=1), minlength=len(plan) + 1)


def follow_lists(audience: Audience) -> pd.DataFrame:
    """Return one row a follow: ``person`` (row of the people) and ``creator_key``."""
    cells = audience.follows.tocoo()
    return pd.DataFrame({"person": cells.row, "creator_key": audience.keys[cells.col]})


def pair_overlaps(
    audience: Audience, keys: Keys, people: Ints | slice = slice(None)
) -> pd.DataFrame:
    """Count the shared followers of every pair of these accounts, among these people.

    Returns
    -------
    DataFrame
        One row a pair: ``creator_key`` of the smaller audience (of all people) and ``other_key``;
        ``followers``, ``other_followers``, ``shared`` (people) and ``share`` of the followers,
        missing where there are none.
    """
    size = pd.Series(audience.of(keys).sum(axis=0), index=pd.Index(keys))
    names = size.sort_values(kind="stable").index
    chosen = audience.of(names)[people]
    shared = (chosen.T @ chosen).toarray()
    one, other = np.triu_indices(len(names), 1)
    table = pd.DataFrame({"creator_key": names[one], "other_key": names[other]}).assign(
        followers=shared[one, one], other_followers=shared[other, other], shared=shared[one, other]
    )
    return table.assign(share=table["shared"] / table["followers"].where(table["followers"] > 0))


def draw_panel(people: pd.DataFrame, size: int, rng: Rng) -> Ints:
    """Draw a panel at random from people, all or a target: their row labels."""
    return np.sort(rng.choice(people.index, min(size, len(people)), replace=False))


def export_overlaps(
    audience: Audience, keys: Keys, panel: Ints, as_of: date, known_share: float, rng: Rng
) -> pd.DataFrame:
    """Return ``overlaps.csv`` as an agency has it: a panel's, of some pairs, rounded.

    Its columns are those of the table `overlaps` without the source.
    """
    pairs = pair_overlaps(audience, keys, panel)
    known = pairs["followers"].ge(LEAST_BASE) & (rng.random(len(pairs)) < known_share)
    shown = pairs.loc[known, ["creator_key", "other_key", "share"]].reset_index(drop=True)
    return shown.assign(share=shown["share"].round(3), base="smaller", as_of=as_of.isoformat())

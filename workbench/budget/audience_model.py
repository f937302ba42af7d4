"""People in classes (home niche and activity), fitted to how creators' audiences overlap.

A person of a class is reached by a post with probability ``1 - exp(-a)``; the exposure ``a`` is the
creator's rate, times the class's activity, times a pull where the niche is the class's own. Posts
add their exposures, so a second post of a creator meets the same people again. The rates reproduce
every creator's reach exactly; spread of activity, pull and sizes of the niches are fitted to all
pairs together, which says more about them than the pairs of one plan do. None of this was validated
on the overlap of real audiences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.errors import SettingsError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
ELSEWHERE = "none of these"  # home of people whose niche no creator of the table has
ELSEWHERE_SHARE = 0.1  # of the market over the niches that there are, before any pair was seen


@dataclass(frozen=True, kw_only=True)
class AudienceSettings:
    """How people are put into classes.

    Attributes
    ----------
    levels : int
        Levels of activity; with the niches they make the classes.
    alternatives : int
        Equally likely models that carry the error of the overlaps.
    overlap : (float, float)
        Where no pair is known: 80 % range of the average share of the smaller audience that two
        creators have in common.
    """

    levels: int = 6
    alternatives: int = 12
    overlap: tuple[float, float] = (0.02, 0.30)
    seed: int = 0

    def __post_init__(self) -> None:
        low, high = self.overlap
        faults = (
            [] if 0 <= low <= high <= 1 else [f"overlap: expected 0 to 1, found {self.overlap}"]
        )
        if not 2 <= self.levels <= 40:
            faults.append(f"levels: expected 2 to 40, found {self.levels}")
        if not 4 <= self.alternatives <= 200:
            faults.append(f"alternatives: expected 4 to 200, found {self.alternatives}")
        if faults:
            raise SettingsError("Audiences can't be modelled with these settings.", faults)


@dataclass(frozen=True, kw_only=True)
class Dispersion:
    """What makes audiences overlap: ``spread`` is the variance of people's log activity."""

    spread: float
    pull: float
    niches: tuple[float, ...]

    def classes(self, levels: int) -> tuple[Ints, Floats, Floats]:
        """Return of each class: position of its niche, activity (mean 1), share of the people."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(levels)
        weights = weights / weights.sum()
        activity = np.exp(np.sqrt(self.spread) * nodes)
        activity = activity / (weights @ activity)
        amount = len(self.niches)
        share = np.outer(self.niches, weights).ravel()
        return np.repeat(np.arange(amount), levels), np.tile(activity, amount), share / share.sum()


@dataclass(frozen=True, kw_only=True)
class AudienceSummary:
    """The numbers about a model that a sentence may quote.

    ``residual``: how far pairs differ from the classes, relative, beyond their own error.
    """

    creators: int
    pairs: int
    classes: int
    spread: float
    spread_sd: float
    pull: float
    residual: float
    overlap: float


@dataclass(frozen=True, kw_only=True, eq=False)
class AudienceModel:
    """People in classes and what one post of each creator does to them.

    Attributes
    ----------
    keys : Index
        ``creator_key`` of the rows of ``exposure``.
    people : ndarray of shape (classes,)
    exposure : ndarray of shape (creators, classes)
        Contacts of a person with one post at the expected reach: of posts, multiply; of creators,
        add; ``1 - exp(-sum)`` of a class is reached.
    alternatives : tuple of ndarray
        Equally likely exposures under the error of the overlaps, each with the same reaches.
    classes : DataFrame
        ``niche``, ``activity``, ``share``.
    table : DataFrame
        ``creator_key``, ``niche``, ``reach``, as given.
    pairs : DataFrame
        As read, with ``fitted``: shared share of the market by the classes.
    """

    keys: pd.Index
    people: Floats
    exposure: Floats
    alternatives: tuple[Floats, ...]
    classes: pd.DataFrame
    table: pd.DataFrame
    pairs: pd.DataFrame
    market: float
    summary: AudienceSummary
    settings: AudienceSettings


class Problem:
    """A table of creators and what its pairs say, in arrays."""

    def __init__(
        self, table: pd.DataFrame, market: float, pairs: pd.DataFrame, settings: AudienceSettings
    ) -> None:
        self.settings, self.market = settings, market
        self.reach = table["reach"].to_numpy(dtype="float64") / market
        niche = table["niche"].astype("object")
        known = tuple(sorted(niche.dropna().unique()))
        self.names = (*known, ELSEWHERE) if known else (ELSEWHERE,)
        self.niche = pd.Index(self.names).get_indexer(niche)  # -1: not known
        total = np.bincount(self.niche + 1, np.sqrt(self.reach), len(self.names) + 1)[1:]
        total[-1] = ELSEWHERE_SHARE / len(known) * total.sum() if known else 1.0
        self.supply = total / total.sum()
        place = pd.Index(table["creator_key"])
        self.one = place.get_indexer(pairs["creator_key"])
        self.other = place.get_indexer(pairs["other_key"])
        self.shared = pairs["shared"].to_numpy(dtype="float64")

    def exposure(
        self, dispersion: Dispersion, some: Ints | slice = slice(None)
    ) -> tuple[Floats, Floats]:
        """Return the people (shares) of the classes and the exposures that give the reaches."""
        home, activity, share = dispersion.classes(self.settings.levels)
        kinds = np.where(home == np.arange(len(self.names))[:, None], dispersion.pull, 1.0)
        mixed = np.array(dispersion.niches) @ kinds
        weight = np.vstack([kinds, mixed]) * activity
        return share, solve_rates(self.reach[some], weight, self.niche[some], share)

    def mean_overlap(self, dispersion: Dispersion, most: int = 400) -> float:
        """Return the average share of the smaller audience that two creators have in common."""
        some = np.linspace(0, len(self.reach) - 1, min(most, len(self.reach))).astype("int64")
        share, exposure = self.exposure(dispersion, some)
        reached, size = -np.expm1(-exposure), self.reach[some]
        one, other = np.triu_indices(len(some), 1)
        both = ((reached * share) @ reached.T)[one, other]
        return float(np.mean(both / np.minimum(size[one], size[other]))) if len(one) else 0.0

    def fitted(self, dispersion: Dispersion) -> Floats:
        """Return the shared share of the market of every known pair."""
        share, exposure = self.exposure(dispersion)
        reached = -np.expm1(-exposure)
        return pair_shares(reached, share, self.one, self.other)


def pair_shares(reached: Floats, share: Floats, one: Ints, other: Ints) -> Floats:
    """Return the share of the people whom both of each pair reach."""
    both: Floats
    if len(one) > len(reached) ** 2 / 200:  # one product of matrices is faster than so many sums
        both = ((reached * share) @ reached.T)[one, other]
    else:
        both = np.sum(reached[one] * reached[other] * share, axis=1)
    return both


def solve_rates(reach: Floats, weight: Floats, kind: Ints, share: Floats) -> Floats:
    """Return exposures (creators, classes) in proportion to weights, with these reaches."""
    grid = np.geomspace(1e-9, 1e7, 161)
    rate = np.empty(len(reach))
    for one in np.unique(kind):
        table = -np.expm1(-np.outer(grid, weight[one])) @ share
        own = kind == one
        rate[own] = np.interp(np.log(reach[own]), np.log(table), np.log(grid))
    for _ in range(4):  # Newton's steps in the log of the rate
        exposure = np.exp(rate)[:, None] * weight[kind]
        missed = np.exp(-exposure)
        slope = (exposure * missed) @ share
        rate += (reach - (1 - missed) @ share) / np.maximum(slope, 1e-300)
    solved: Floats = np.exp(rate)[:, None] * weight[kind]
    return solved

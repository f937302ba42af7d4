"""Where a creator's long-run median stands among the long-run medians of peers of its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from workbench.curves.post_windows import GROUPS
from workbench.curves.posts_noise import median_error, typical_spread
from workbench.curves.quantiles import (
    Floats,
    QuantileCurve,
    count_near,
    fit_quantile_curve,
    score_error,
    score_of,
)

RANKS = ("percentile", "percentile_low", "percentile_high")


@dataclass(frozen=True, kw_only=True, eq=False)
class PeerLevels:
    """The distribution of peers' long-run medians at every size.

    Attributes
    ----------
    curve : QuantileCurve
        Of the medians without the noise of few posts.
    sizes : ndarray
        Sorted log10 followers of the peers.
    shifts : mapping
        For niche and country, how far (dex) peers of each value lie from all of their size, drawn
        towards 0 where they are few.
    """

    curve: QuantileCurve
    sizes: Floats
    shifts: Mapping[str, pd.Series]

    def near(self, x: Floats) -> NDArray[np.int64]:
        """Count the peers between half and twice each size; none where it is missing."""
        return count_near(self.sizes, x)


@dataclass(frozen=True, kw_only=True)
class MedianNoise:
    """How far medians of few posts scatter.

    ``typical`` is the spread of posts in dex, ``ratio`` the scatter of medians as measured over
    that of normal posts so spread.
    """

    typical: float
    ratio: float


def measure_noise(usable: pd.DataFrame) -> MedianNoise:
    """Measure the noise of medians by those of every other post, where creators have ten or more.

    Posts with long tails spread more than their medians scatter.
    """
    grouped = usable.groupby("creator_key")["y"]
    spread, posts = grouped.std(), grouped.size()
    typical = typical_spread(spread, posts)
    many = posts.index[posts >= 10]
    if len(many) < 30:
        return MedianNoise(typical=typical, ratio=1.0)
    turn = grouped.cumcount().to_numpy() % 2
    first, second = (
        usable[turn == half].groupby("creator_key")["y"].median()[many] for half in (0, 1)
    )
    error, _ = median_error(spread[many], posts[many], typical=typical)
    # A half's variance is twice that of all, and the two halves' add up.
    measured = float(((first - second) ** 2).mean() / (4 * (error**2).mean()))
    return MedianNoise(typical=typical, ratio=float(np.sqrt(measured)))


def observed_medians(usable: pd.DataFrame, noise: MedianNoise) -> pd.DataFrame:
    """Return each creator's ``median`` of log10(1 + engagements), its ``posts`` and ``error``."""
    grouped = usable.groupby("creator_key")["y"]
    posts = grouped.size()
    error, _ = median_error(grouped.std(), posts, typical=noise.typical)
    error = error.where(posts <= 2, noise.ratio * error)
    return pd.DataFrame({"median": grouped.median(), "posts": posts, "error": error})


def fit_peer_levels(levels: pd.DataFrame, seed: int, most: int = 5_000) -> PeerLevels:
    """Fit the distribution of long-run medians.

    Medians over few posts spread more than long-run medians do. Each is drawn towards the middle
    of its size just so far that their spread is the true one: constrained empirical Bayes (Louis
    1984, J. Am. Stat. Assoc. 79:393).

    Parameters
    ----------
    levels : DataFrame
        One row a creator: ``x``, log10 followers, ``median``, ``error``, ``niche``, ``country``.
    seed, most : int
        Above so many creators a random subsample is fitted.
    """
    if len(levels) > most:
        levels = levels.sample(most, random_state=seed).sort_index()
    x, y, error = (levels[name].to_numpy(dtype="float64") for name in ("x", "median", "error"))
    observed = fit_quantile_curve(x, y)
    rest = y - observed.predict(x)[:, 3]
    true = max(float(np.var(rest) - np.mean(error**2)), 0.05 * float(np.var(rest)))
    drawn = rest * np.sqrt(true / (true + error**2))
    shifts = {}
    left = drawn
    for group in GROUPS:
        shifts[group] = _shifts(left, levels[group])
        left = left - levels[group].map(shifts[group]).fillna(0.0).to_numpy()
    return PeerLevels(
        curve=fit_quantile_curve(x, (y - rest) + left, shape=observed.shape),
        sizes=np.sort(x),
        shifts=shifts,
    )


def _shifts(rest: Floats, group: pd.Series) -> pd.Series:
    """Return each group's mean of what is left, drawn to 0: one-way random effects by moments."""
    by = pd.Series(rest, index=group.index).groupby(group)
    means, sizes = by.mean(), by.size()
    if len(means) < 2:
        return means * 0.0
    within = float(by.var().fillna(0).mul(sizes - 1).sum() / max((sizes - 1).sum(), 1))
    between = max(float(np.average(means**2, weights=sizes)) - within * len(means) / len(rest), 0.0)
    return means * (between / (between + within / sizes + 1e-12))


def peer_standing(
    peers: PeerLevels, creators: pd.DataFrame, level: Floats, half: Floats, confidence: float
) -> pd.DataFrame:
    """Return ``percentile``, ``percentile_low``, ``percentile_high``, 0-100.

    Parameters
    ----------
    peers : PeerLevels
    creators : DataFrame
        ``x``, ``niche``, ``country``.
    level : ndarray, shape (n,)
        Best guess of the long-run median.
    half : ndarray, shape (n, 2)
        Distance of the interval's limits from it.
    confidence : float
        Of the limits; peers' part, what few of them leave open, is added as a variance.
    """
    x = creators["x"].to_numpy(dtype="float64")
    shift = sum(creators[g].map(peers.shifts[g]).fillna(0.0).to_numpy("float64") for g in GROUPS)
    quantiles = peers.curve.predict(x)
    level = level - shift
    score = score_of(level, quantiles)
    curve = norm.ppf((1 + confidence) / 2) * score_error(score, peers.curve.leverage(x))
    below = np.hypot(score - score_of(level - half[:, 0], quantiles), curve)
    above = np.hypot(score_of(level + half[:, 1], quantiles) - score, curve)
    scores = np.column_stack([score, score - below, score + above])
    return pd.DataFrame(100 * norm.cdf(scores), columns=[*RANKS], index=creators.index)

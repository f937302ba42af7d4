"""Quantile regression on a spline of log followers, and the distribution between its quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.stats import norm
from sklearn.preprocessing import SplineTransformer

Floats = NDArray[np.float64]

TIE = 1e-9  # dex; nearer values count as equal
QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)


LINE = (2, 1)  # knots and degree
# From so many creators on a needless spline costs 0.2% of the loss, a needed one more than that.
SURE, FOLDS = 2_500, 5


def spline_shape(creators: int) -> tuple[int, int]:
    """Return (knots, degree) of the spline that so many creators can carry.

    Fewer than 250 give a straight line, 1,000 and more a cubic with five knots. The steps were set
    by held-out pinball loss on real posts: ``python -m benchmarks.curve_shape``.
    """
    if creators < 250:
        return LINE
    return (3, 3) if creators < 1000 else (5, 3)


def choose_shape(
    log_followers: Floats, log_engagements: Floats, *, most: int = 1_500, seed: int = 0
) -> tuple[int, int]:
    """Choose a line or :func:`spline_shape`, whichever foretells left-out creators better.

    Five folds by creator, of at most ``most`` at random. That a spline must win by a standard error
    would keep lines that miss a fifth of the sizes: ``python -m benchmarks.curve_cv``.
    """
    spline = spline_shape(len(log_followers))
    if spline == LINE or len(log_followers) >= SURE:
        return spline
    chosen = np.random.default_rng(seed).permutation(len(log_followers))[:most]
    x, y = log_followers[chosen], log_engagements[chosen]
    return min(LINE, spline, key=lambda shape: _held_out_loss(x, y, shape))


def _held_out_loss(x: Floats, y: Floats, shape: tuple[int, int]) -> float:
    fold = np.arange(len(x)) % FOLDS
    losses = [
        pinball_loss(y[fold == out], curve.predict(x[fold == out]))
        for out in range(FOLDS)
        for curve in [fit_quantile_curve(x[fold != out], y[fold != out], shape=shape)]
    ]
    return float(np.mean(losses))


def pinball_loss(values: Floats, quantiles: Floats) -> float:
    """Return the mean pinball loss over the seven quantiles."""
    levels, error = np.array(QUANTILES), values[:, None] - quantiles
    return float(np.maximum(levels * error, (levels - 1) * error).mean())


def make_spline(log_followers: Floats, shape: tuple[int, int]) -> SplineTransformer:
    """Return the spline of (knots, degree), knots from the 5th to the 95th percentile of sizes.

    Beyond them it goes on in straight lines, so that the few largest and smallest accounts don't
    bend the curve to themselves.
    """
    knots, degree = shape
    places = np.quantile(log_followers, np.linspace(0.05, 0.95, knots))
    # Rounded follower counts can make two percentiles the same number.
    places = np.unique(places)
    if len(places) < 2:
        places = np.array([log_followers.min(), log_followers.max()])
    return SplineTransformer(
        knots=places.reshape(-1, 1), degree=degree, extrapolation="linear", include_bias=False
    )


@dataclass(frozen=True, kw_only=True)
class QuantileCurve:
    """Seven quantiles of log10(1 + engagements) as functions of log10(followers).

    Attributes
    ----------
    shape : tuple of int
        Knots and degree of the spline that they share.
    spline : SplineTransformer
    coefficients : ndarray
        One column a quantile, in the order of ``QUANTILES``; intercepts first.
    inverse : ndarray
        Inverse of the design's cross product.
    """

    shape: tuple[int, int]
    spline: SplineTransformer
    coefficients: Floats
    inverse: Floats

    def predict(self, log_followers: Floats) -> Floats:
        """Return the quantiles, shape (n, 7), sorted so that they never cross."""
        quantiles: Floats = _design(self.spline, log_followers) @ self.coefficients
        return np.sort(quantiles, axis=1)

    def leverage(self, log_followers: Floats) -> Floats:
        """Return how little the fit knows of each size: about 1 over the peers that place it."""
        design = _design(self.spline, log_followers)
        leverage: Floats = np.einsum("ij,jk,ik->i", design, self.inverse, design)
        return leverage


def fit_quantile_curve(
    log_followers: Floats,
    log_engagements: Floats,
    *,
    shape: tuple[int, int] | None = None,
    quantiles: Sequence[float] = QUANTILES,
) -> QuantileCurve:
    """Fit quantiles, each by linear programming; beyond the data they go on as lines.

    ``shape`` is (knots, degree), that of :func:`choose_shape` where it is not given.
    """
    shape = shape or choose_shape(log_followers, log_engagements)
    spline = make_spline(log_followers, shape).fit(log_followers.reshape(-1, 1))
    design = _design(spline, log_followers)
    columns = [_regressed(design, log_engagements, quantile) for quantile in quantiles]
    inverse: Floats = np.linalg.pinv(design.T @ design).astype(np.float64)
    return QuantileCurve(
        shape=shape, spline=spline, coefficients=np.column_stack(columns), inverse=inverse
    )


def _regressed(design: Floats, values: Floats, quantile: float) -> Floats:
    """Regress a quantile by the dual program, whose few equations make it the faster one.

    The coefficients are the prices of the equations (Koenker and Bassett 1978).
    """
    solved = linprog(
        -values, A_eq=design.T, b_eq=(1 - quantile) * design.sum(axis=0), bounds=(0, 1)
    )
    prices: Floats = -solved.eqlin.marginals
    return prices


def _design(spline: SplineTransformer, log_followers: Floats) -> Floats:
    basis = spline.transform(log_followers.reshape(-1, 1))
    return np.column_stack([np.ones(len(basis)), basis])


def count_near(log_sizes: Floats, places: Floats, factor: float = 2.0) -> NDArray[np.int64]:
    """Count the sizes between each place divided and multiplied by a factor; places are logs too.

    Missing sizes are nowhere, and near a missing place there is none.
    """
    ordered, reach = np.sort(log_sizes[np.isfinite(log_sizes)]), np.log10(factor) + 1e-12
    low, high = (np.searchsorted(ordered, places + side * reach) for side in (-1, 1))
    counts: NDArray[np.int64] = high - low
    return counts


def score_of(values: Floats, quantiles: Floats) -> Floats:
    """Return the normal scores of values in the distributions given by their quantiles.

    Between and beyond the quantiles the score is interpolated linearly, which is exact for a
    normal distribution and keeps the tails open. ``norm.cdf`` of it is the percentile.

    Parameters
    ----------
    values : ndarray, shape (n,)
        log10(1 + engagements); missing values give missing scores.
    quantiles : ndarray, shape (n, 7)
        Sorted quantiles of each creator's peers; missing ones give missing scores.
    """
    known, result = norm.ppf(QUANTILES), np.full(len(values), np.nan)
    whole = np.isfinite(values) & np.isfinite(quantiles).all(axis=1)
    value, curve, row = values[whole], quantiles[whole], np.arange(whole.sum())
    far = (curve < value[:, None]).sum(axis=1)
    near = far - 1
    # Two outer quantiles can all but meet by chance; two cells give a slope that holds.
    last = len(known) - 1
    low, high = value <= curve[:, 0], value >= curve[:, last]
    near = np.select([low, high], [0, last], near)
    far = np.select([low, high], [2, last - 2], far)
    cell = np.maximum(np.abs(curve[row, far] - curve[row, near]), TIE)
    slope = np.abs(known[far] - known[near]) / cell
    score = known[near] + slope * (value - curve[row, near])
    # A value that fills the levels between several quantiles stands at their middle.
    tied = np.abs(curve - value[:, None]) < TIE
    several = tied.sum(axis=1)
    middle = (tied * known).sum(axis=1) / np.maximum(several, 1)
    result[whole] = np.where(several > 1, middle, score)
    return result


def score_error(scores: Floats, leverage: Floats) -> Floats:
    """Return the standard error of normal scores that comes from fitting the curve.

    A fitted quantile's variance is p (1 - p) / f**2 times the leverage (Koenker and Bassett 1978,
    errors alike at every size); on the scale of the scores the density f is the normal one.
    """
    inner = np.clip(scores, -2.5, 2.5)  # beyond it p (1 - p) / f**2 grows without bound
    share = norm.cdf(inner)
    error: Floats = np.sqrt(share * (1 - share) * leverage) / norm.pdf(inner)
    return error


def percentiles_of(
    y: Floats, half: Floats, quantiles: Floats, leverage: Floats, confidence: float
) -> dict[str, Floats]:
    """Return percentiles with what few posts and few peers leave open, added as variances.

    ``half`` is the half width of each value's own interval, in dex; without one, no percentile.
    """
    score = np.where(np.isfinite(half), score_of(y, quantiles), np.nan)
    curve = norm.ppf((1 + confidence) / 2) * score_error(score, leverage)
    below = np.hypot(score - score_of(y - half, quantiles), curve)
    above = np.hypot(score_of(y + half, quantiles) - score, curve)
    return {
        "percentile": 100 * norm.cdf(score),
        "percentile_low": 100 * norm.cdf(score - below),
        "percentile_high": 100 * norm.cdf(score + above),
    }

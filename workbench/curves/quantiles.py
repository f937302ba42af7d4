"""Quantile regression on a spline of log followers, and the distribution between its quantiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.linear_model import QuantileRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import SplineTransformer

Floats = NDArray[np.float64]

TIE = 1e-9  # dex; nearer values count as equal
QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)


def spline_shape(creators: int) -> tuple[int, int]:
    """Return (knots, degree) of the spline that so many creators can carry.

    Fewer than 250 give a straight line, 1,000 and more a cubic with five knots. The steps were set
    by held-out pinball loss on real posts: ``python -m benchmarks.curve_shape``.
    """
    if creators < 250:
        return 2, 1
    return (3, 3) if creators < 1000 else (5, 3)


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
    models : tuple of Pipeline
        One a quantile, in the order of ``QUANTILES``.
    spline : SplineTransformer
        The fitted spline that they share.
    inverse : ndarray
        Inverse of the design's cross product, intercept first.
    """

    models: tuple[Pipeline, ...]
    spline: SplineTransformer
    inverse: Floats

    def predict(self, log_followers: Floats) -> Floats:
        """Return the quantiles, shape (n, 7), sorted so that they never cross."""
        column = log_followers.reshape(-1, 1)
        return np.sort(np.column_stack([model.predict(column) for model in self.models]), axis=1)

    def leverage(self, log_followers: Floats) -> Floats:
        """Return how little the fit knows of each size: about 1 over the peers that place it."""
        design = _design(self.spline, log_followers)
        leverage: Floats = np.einsum("ij,jk,ik->i", design, self.inverse, design)
        return leverage


def fit_quantile_curve(
    log_followers: Floats, log_engagements: Floats, *, shape: tuple[int, int] | None = None
) -> QuantileCurve:
    """Fit the seven quantiles, each by linear programming; beyond the data they go on as lines.

    ``shape`` is (knots, degree), :func:`spline_shape` of the creators where it is not given.
    """
    column = log_followers.reshape(-1, 1)
    spline = make_spline(log_followers, shape or spline_shape(len(column))).fit(column)
    models = []
    for quantile in QUANTILES:
        regressor = QuantileRegressor(quantile=quantile, alpha=0.0, solver="highs")
        models.append(make_pipeline(spline, regressor).fit(column, log_engagements))
    design = _design(spline, log_followers)
    inverse: Floats = np.linalg.pinv(design.T @ design).astype(np.float64)
    return QuantileCurve(models=tuple(models), spline=spline, inverse=inverse)


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
    known = norm.ppf(QUANTILES)
    result = np.full(len(values), np.nan)
    for row, (value, curve) in enumerate(zip(values, quantiles, strict=True)):
        if np.isfinite(value) and np.isfinite(curve).all():
            result[row] = _interpolated(value, curve, known)
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


def _interpolated(value: float, curve: Floats, known: Floats) -> float:
    tied = np.abs(curve - value) < TIE
    if tied.sum() > 1:  # the value fills the levels between: its middle is said
        return float(known[tied].mean())
    if value <= curve[0] or value >= curve[-1]:
        # Two outer quantiles can all but meet by chance; two cells give a slope that holds.
        near, far = (0, 2) if value <= curve[0] else (-1, -3)
    else:
        far = int(np.searchsorted(curve, value))
        near = far - 1
    slope = (known[far] - known[near]) / np.copysign(
        max(abs(curve[far] - curve[near]), TIE), known[far] - known[near]
    )
    return float(known[near] + slope * (value - curve[near]))

"""Slope of a curve whose creators were picked by the outcome: two corrections, unlike assumptions.

The likelihood assumes a shape of the spread (sinh-arcsinh: skewed, heavy- or light-tailed, its
scale changing with size) and allows any shape of the edge, sharp to soft. Symmetric trimming
(Powell 1986) assumes no shape but that the spread is symmetric, and needs to know the edge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import multivariate_t, norm

Floats = NDArray[np.float64]

# Exponent, scale's change per tenfold followers (ln), skew, ln tail: what a curve may be like.
# Without these priors a spread skewed enough looks like any edge, and an edge like any skew. The
# exponents of lists that were not chosen by engagement were 0.70 to 1.02 (three public sets).
PRIOR_PLACE = [1, 3, 4, 5]
PRIOR_MEAN = np.array([0.85, 0.0, 0.0, 0.0])
PRIOR_SD = np.array([0.35, 0.20, 0.30, 0.25])
LEAST_LOG_SHARE = -5.0  # a kept share below exp(-5) earns nothing: there the tail alone decides
DRAWS, RESAMPLES, LEAST_DRAWS = 200, 60, 12
POWERS = (0.3, 0.6, 1.0)  # of the weights: the first rounds of draws only find where to draw
_SCORES = np.linspace(-4.5, 4.5, 101)
_LOG_WEIGHTS = norm.logpdf(_SCORES) - np.log(norm.pdf(_SCORES).sum())
_NODES = 16  # sizes at which the kept share is computed; between them it is interpolated
_LOG_ROOT = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True, kw_only=True, eq=False)
class EdgeModel:
    """A power law with a spread about it and, unless ``direction`` is missing, an edge.

    Creators pass with probability ``expit((y - direction * x - edge) / width)``: direction 0 is an
    edge in engagement, 1 in the rate. Parameters are intercept, exponent, ln scale, its change with
    ``x``, skew, ln tail and, with an edge, its place and ln width; ``x`` is centred.
    """

    x: Floats
    y: Floats
    centre: float
    direction: int | None

    def loss(self, p: Floats) -> tuple[float, Floats]:
        """Return the penalised negative log-likelihood and its gradient."""
        value, gradient = _spread_loss(p, self.x, self.y)
        scaled = (p[PRIOR_PLACE] - PRIOR_MEAN) / PRIOR_SD
        gradient[PRIOR_PLACE] += scaled / PRIOR_SD
        value += 0.5 * float(scaled @ scaled)
        if self.direction is None:
            return value, gradient
        log_share, slopes = self.log_share(p)
        width = np.exp(p[7])
        place = (self.y - self.direction * self.x - p[6]) / width
        rest = expit(-place)
        edge = np.zeros(8)
        edge[6], edge[7] = rest.sum() / width, (rest * place).sum()
        value += float(np.logaddexp(0, -place).sum() + log_share.sum())
        return value, np.concatenate([gradient, [0.0, 0.0]]) + edge + slopes.sum(axis=0)

    def log_share(self, p: Floats) -> tuple[Floats, Floats]:
        """Return the ln share kept at each creator's size, and its derivatives."""
        nodes = self.nodes
        width, tail = np.exp(p[7]), np.exp(p[5])
        bent = (np.arcsinh(_SCORES) + p[4]) / tail
        scale = np.exp(p[2] + p[3] * nodes)[:, None]
        away = scale * np.sinh(bent)
        place = (p[0] + (p[1] - (self.direction or 0)) * nodes[:, None] + away - p[6]) / width
        passing = _LOG_WEIGHTS - np.logaddexp(0, -place)
        top = passing.max(axis=1, keepdims=True)
        log_share = np.log(np.exp(passing - top).sum(axis=1)) + top[:, 0]
        pull = np.exp(passing - log_share[:, None]) * expit(-place)
        skew, tails = scale * np.cosh(bent) / tail, -scale * np.cosh(bent) * bent
        total = pull.sum(axis=1)
        slopes = np.array([
            total, total * nodes, (pull * away).sum(axis=1), (pull * away).sum(axis=1) * nodes,
            (pull * skew).sum(axis=1), (pull * tails).sum(axis=1), -total,
            -(pull * place).sum(axis=1) * width,
        ]) / width  # fmt: skip
        slopes[:, log_share < LEAST_LOG_SHARE] = 0.0
        log_share = np.maximum(log_share, LEAST_LOG_SHARE)
        return self.between @ log_share, self.between @ slopes.T

    @cached_property
    def nodes(self) -> Floats:
        """Sizes at which the kept share is computed."""
        return np.linspace(self.x.min(), self.x.max(), _NODES)

    @cached_property
    def between(self) -> Floats:
        """Weights of the nodes at each creator's size: cubic, since lines would favour an edge."""
        weights: Floats = CubicSpline(self.nodes, np.eye(_NODES))(self.x)
        return weights


def _spread_loss(p: Floats, x: Floats, y: Floats) -> tuple[float, Floats]:
    log_scale, tail = p[2] + p[3] * x, np.exp(p[5])
    z = (y - p[0] - p[1] * x) * np.exp(-log_scale)
    bent = np.arcsinh(z)
    u = np.sinh(np.clip(tail * bent - p[4], -20, 20))
    root, widened = np.sqrt(1 + u * u), 1 + z * z
    value = (0.5 * u * u - np.log(root) - p[5] + 0.5 * np.log(widened) + log_scale).sum()
    by_score = u**3 / root  # of the loss, as all below
    by_z = by_score * tail / np.sqrt(widened) + z / widened
    pull = by_z * np.exp(-log_scale)
    by_scale = 1 - by_z * z
    gradient = np.array([
        -pull.sum(), -(pull * x).sum(), by_scale.sum(), (by_scale * x).sum(),
        -by_score.sum(), (by_score * tail * bent - 1).sum(),
    ])  # fmt: skip
    return float(value + _LOG_ROOT * len(x)), gradient


@dataclass(frozen=True, kw_only=True, eq=False)
class EdgeFit:
    """The likeliest parameters and the loss there."""

    model: EdgeModel
    parameters: Floats
    loss: float

    @property
    def exponent(self) -> float:
        """The slope of the curve as it was before the cut."""
        return float(self.parameters[1])

    @property
    def direction(self) -> int:
        """How the edge rises with followers."""
        return self.model.direction or 0

    @property
    def edge(self) -> float:
        """The middle of the edge: log10(1 + engagements), or log10 of the rate."""
        return float(self.parameters[6] - self.direction * self.model.centre)

    @property
    def width(self) -> float:
        """Of the edge in dex: seven in eight pass at twice the width above the middle."""
        return float(np.exp(self.parameters[7]))

    @property
    def sharp(self) -> bool:
        """Whether the edge is as good as a step."""
        return bool(self.width < 0.12 * np.exp(self.parameters[2]))

    @property
    def share_cut(self) -> float:
        """The share of creators of these sizes that the edge leaves out."""
        return float(1 - 1 / np.exp(-self.model.log_share(self.parameters)[0]).mean())


def fit_spread(x: Floats, y: Floats) -> EdgeFit:
    """Fit the power law and its spread without an edge."""
    model = EdgeModel(x=x - x.mean(), y=y, centre=float(x.mean()), direction=None)
    return _likeliest(model, [_least_squares(model)])


def fit_edge(whole: EdgeFit, direction: int) -> EdgeFit:
    """Fit the same with an edge, starting from sharp and from soft ones."""
    model = replace(whole.model, direction=direction)
    z = model.y - direction * model.x
    plain = _least_squares(model)
    spread = float(np.exp(plain[2]))
    steeper = plain + np.array([-0.4 * spread, 0.0 if direction else 0.5, 0.2, 0, 0, 0])
    starts = [
        np.r_[line, np.quantile(z, level), np.log(width * spread)]
        for line, level, width in (
            (whole.parameters, 0.005, 0.08),
            (steeper, 0.15, 0.3),
            (steeper, 0.0, 0.08),
        )
    ]
    return _likeliest(model, starts)


def _least_squares(model: EdgeModel) -> Floats:
    slope, level = np.polyfit(model.x, model.y, 1)
    spread = np.std(model.y - level - slope * model.x)
    return np.array([level, slope, np.log(max(spread, 1e-3)), 0, 0, 0])


def _likeliest(model: EdgeModel, starts: list[Floats]) -> EdgeFit:
    plain = _least_squares(model)
    spread = float(np.exp(plain[2]))
    bounds = [(None, None), (-3, 4), (plain[2] - 3, plain[2] + 2), (-1, 1), (-1.5, 1.5), (-1, 1)]
    if model.direction is not None:
        z = model.y - model.direction * model.x
        bounds += [(z.min() - spread, np.median(z)), (np.log(0.08 * spread), np.log(spread))]
    found = [minimize(model.loss, s, jac=True, method="L-BFGS-B", bounds=bounds) for s in starts]
    best = min(found, key=lambda result: float(result.fun))
    return EdgeFit(model=model, parameters=best.x, loss=float(best.fun))


def likelihood_exponent(fit: EdgeFit, confidence: float, seed: int) -> tuple[float, float, float]:
    """Return posterior mean and limits of the exponent, by adaptive importance sampling.

    Missing where the draws are too uneven to carry it.
    """
    free = np.ones(len(fit.parameters), dtype=bool)
    free[6:] = not fit.sharp  # a sharp edge is known far better than the slope
    values, vectors = np.linalg.eigh(_hessian(fit, free))
    centre, spread = fit.parameters[free], (vectors / np.maximum(values, 1.0)) @ vectors.T
    rng = np.random.default_rng(seed)
    points = np.tile(fit.parameters, (DRAWS, 1))
    for power in POWERS:
        about = multivariate_t(centre, 1.3 * spread, df=5, allow_singular=True)
        drawn = about.rvs(DRAWS, random_state=rng)
        points[:, free] = drawn
        with np.errstate(over="ignore", invalid="ignore"):
            logs = np.array([-fit.model.loss(point)[0] for point in points]) - about.logpdf(drawn)
        logs = power * np.where(np.isfinite(logs), logs, -np.inf)
        weights = np.exp(logs - logs.max())
        weights /= weights.sum()
        centre, spread = weights @ drawn, np.cov(drawn.T, aweights=weights)
    if 1 / (weights @ weights) < LEAST_DRAWS:
        return np.nan, np.nan, np.nan
    order = np.argsort(points[:, 1])
    tail = (1 - confidence) / 2
    low, high = np.interp([tail, 1 - tail], np.cumsum(weights[order]), points[order, 1])
    return float(centre[1]), float(low), float(high)


def _hessian(fit: EdgeFit, free: NDArray[np.bool_]) -> Floats:
    steps = 1e-4 * np.eye(len(fit.parameters))[free]
    change = [
        fit.model.loss(fit.parameters + s)[1] - fit.model.loss(fit.parameters - s)[1] for s in steps
    ]
    rows = np.array(change)[:, free] / 2e-4
    hessian: Floats = (rows + rows.T) / 2
    return hessian


def trimmed_exponent(fit: EdgeFit, confidence: float, seed: int) -> tuple[float, float, float]:
    """Return the exponent by symmetrically trimmed least squares, with its bootstrap interval.

    Truncation begins where the edge lets all but one in twenty pass: above it the edge is sharp.
    Missing where too few creators are left.
    """
    p, x = fit.parameters, fit.model.x
    z = fit.model.y - fit.direction * x
    edge = z.min() - 1e-9 if fit.sharp else max(p[6] + 3 * fit.width, z.min() - 1e-9)
    x, z = x[z > edge], z[z > edge] - edge
    if len(x) < LEAST_DRAWS:
        return np.nan, np.nan, np.nan
    starts = (np.array([p[0] - edge, p[1] - fit.direction]), np.polyfit(x, z, 1)[::-1])
    loss, line = min((_trimmed(x, z, start) for start in starts), key=lambda found: found[0])
    rng = np.random.default_rng(seed)
    chosen = [rng.integers(0, len(x), len(x)) for _ in range(RESAMPLES)]
    again = [_trimmed(x[place], z[place], line) for place in chosen]
    slopes = [slope for reached, (_, slope) in again if np.isfinite(reached)]
    if not np.isfinite(loss) or len(slopes) < 0.9 * RESAMPLES:
        return np.nan, np.nan, np.nan
    half = norm.ppf((1 + confidence) / 2) * np.std(slopes)
    exponent = float(line[1]) + fit.direction
    return exponent, float(exponent - half), float(exponent + half)


def _trimmed(x: Floats, y: Floats, start: Floats) -> tuple[float, Floats]:
    """Descend Powell's objective for truncation at 0: residuals that have no mirror are dropped.

    The loss is infinite where too few are left to go on.
    """
    design = np.column_stack([np.ones_like(x), x])
    line = start
    for _ in range(200):
        middle = design @ line
        kept = (middle > 0) & (y < 2 * middle)
        moments = design[kept].T @ design[kept]
        if kept.sum() < 10 or np.linalg.det(moments) < 1e-6 * np.trace(moments):
            return np.inf, line
        step = np.linalg.solve(moments, design[kept].T @ y[kept])
        if np.abs(step - line).max() < 1e-6:
            break
        line = (line + step) / 2
    return float(((y - np.maximum(y / 2, design @ line)) ** 2).sum()), line

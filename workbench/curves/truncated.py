"""Slope of a curve whose creators were picked by the outcome: two corrections, unlike assumptions.

The likelihood assumes a shape of the spread (sinh-arcsinh: skewed, heavy- or light-tailed, its
scale changing with size) and allows any shape of the edge, sharp to soft. Symmetric trimming
(Powell 1986) assumes no shape but that the spread is symmetric, and needs to know the edge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import multivariate_t, norm

Floats = NDArray[np.float64]

# Exponent, scale's change per tenfold followers (ln), skew, ln tail, bend: what may be expected.
# Without these priors a spread skewed enough looks like any edge, and an edge like any skew. The
# exponents of lists that were not chosen by engagement were 0.70 to 1.02 (three public sets).
PRIOR_PLACE = [1, 3, 4, 5, 6]
PRIOR_MEAN = np.array([0.85, 0.0, 0.0, 0.0, 0.0])
PRIOR_SD = np.array([0.35, 0.20, 0.30, 0.25, 0.40])
KNEE = 0.5  # dex to each side of the middle size, over which a curve that bends does so
CLEARLY_BENT = 8.0  # twice the gain in log-likelihood
SOFT_LEVEL, SOFT_WIDTH = 0.10, 0.3  # quantile of the middle, width over the spread
LEAST_LOG_SHARE = -5.0  # a kept share below exp(-5) earns nothing: there the tail alone decides
DRAWS, RESAMPLES, LEAST_DRAWS = 200, 60, 12
POWERS = (0.3, 0.6, 1.0)  # of the weights: the first rounds of draws only find where to draw
_SCORES = np.linspace(-4.5, 4.5, 101)
_LOG_WEIGHTS = norm.logpdf(_SCORES) - np.log(norm.pdf(_SCORES).sum())
_NODES = 16  # sizes at which the kept share is computed; between them it is interpolated


@dataclass(frozen=True, kw_only=True, eq=False)
class EdgeModel:
    """A power law with a spread about it and, unless ``direction`` is missing, an edge.

    Creators pass with probability ``expit((y - direction * x - edge) / width)``: direction 0 is an
    edge in engagement, 1 in the rate. Parameters are intercept, exponent, ln scale, its change with
    ``x``, skew, ln tail, bend and, with an edge, its place and ln width; ``x`` is centred. A curve
    that bends does so downwards: upwards is what a cut makes of a straight one.
    """

    x: Floats
    y: Floats
    centre: float
    direction: int | None
    bends: bool = False

    def loss(self, p: Floats) -> tuple[float, Floats]:
        """Return the penalised negative log-likelihood, but for a constant, and its gradient."""
        value, gradient = _spread_loss(p, self.x, self.y, self.bent)
        scaled = (p[PRIOR_PLACE] - PRIOR_MEAN) / PRIOR_SD
        gradient[PRIOR_PLACE] += scaled / PRIOR_SD
        value += 0.5 * float(scaled @ scaled)
        if self.direction is None:
            return value, gradient
        log_share, slopes = self.log_share(p)
        width = np.exp(p[8])
        place = (self.y - self.direction * self.x - p[7]) / width
        rest = expit(-place)
        edge = np.zeros(9)
        edge[7], edge[8] = rest.sum() / width, (rest * place).sum()
        value += float(np.logaddexp(0, -place).sum() + log_share.sum())
        return value, np.concatenate([gradient, [0.0, 0.0]]) + edge + slopes.sum(axis=0)

    def losses(self, points: Floats) -> Floats:
        """Return the losses of many points, a row each."""
        p = points.T[:, :, None]
        log_scale = p[2] + p[3] * self.x
        z = (self.y - p[0] - p[1] * self.x - p[6] * self.bent) * np.exp(-log_scale)
        u = np.sinh(np.clip(np.exp(p[5]) * np.arcsinh(z) - p[4], -20, 20))
        each = 0.5 * (u * u + np.log((1 + z * z) / (1 + u * u))) - p[5] + log_scale
        value: Floats = each.sum(axis=-1)
        value += 0.5 * (((points[:, PRIOR_PLACE] - PRIOR_MEAN) / PRIOR_SD) ** 2).sum(axis=1)
        direction = self.direction or 0
        value += np.log1p(np.exp((p[7] - self.y + direction * self.x) * np.exp(-p[8]))).sum(axis=-1)
        middle = p[0] + (p[1] - direction) * self.nodes + p[6] * self.bends_at(self.nodes)
        away = np.sinh((np.arcsinh(_SCORES) + p[4]) * np.exp(-p[5]))[:, None]
        scale = np.exp(p[2] + p[3] * self.nodes)
        place = middle[..., None] + scale[..., None] * away - p[7, :, None]
        place *= np.exp(-p[8])[..., None]
        kept = np.log((np.exp(_LOG_WEIGHTS) * expit(place)).sum(axis=-1))
        value += np.maximum(kept, LEAST_LOG_SHARE) @ self.between.sum(axis=0)
        return value

    def log_share(self, p: Floats) -> tuple[Floats, Floats]:
        """Return the ln share kept at each creator's size, and its derivatives."""
        nodes, bends = self.nodes, self.bends_at(self.nodes)
        width, tail = np.exp(p[8]), np.exp(p[5])
        bent = (np.arcsinh(_SCORES) + p[4]) / tail
        scale = np.exp(p[2] + p[3] * nodes)[:, None]
        away = scale * np.sinh(bent)
        middle = p[0] + (p[1] - (self.direction or 0)) * nodes + p[6] * bends
        place = (middle[:, None] + away - p[7]) / width
        passing = _LOG_WEIGHTS - np.logaddexp(0, -place)
        top = passing.max(axis=1, keepdims=True)
        log_share = np.log(np.exp(passing - top).sum(axis=1)) + top[:, 0]
        pull = np.exp(passing - log_share[:, None]) * expit(-place)
        skew, tails = scale * np.cosh(bent) / tail, -scale * np.cosh(bent) * bent
        total = pull.sum(axis=1)
        slopes = np.array([
            total, total * nodes, (pull * away).sum(axis=1), (pull * away).sum(axis=1) * nodes,
            (pull * skew).sum(axis=1), (pull * tails).sum(axis=1), total * bends, -total,
            -(pull * place).sum(axis=1) * width,
        ]) / width  # fmt: skip
        slopes[:, log_share < LEAST_LOG_SHARE] = 0.0
        log_share = np.maximum(log_share, LEAST_LOG_SHARE)
        return self.between @ log_share, self.between @ slopes.T

    def bends_at(self, x: Floats) -> Floats:
        """Return how far a curve of bend 1 lies from its straight line."""
        away: Floats = np.hypot(x, KNEE) - np.polyval(self.straight, x)
        return away

    @cached_property
    def straight(self) -> Floats:
        """Slope and level of the straight line through a curve of bend 1."""
        line: Floats = np.polyfit(self.x, np.hypot(self.x, KNEE), 1)
        return line

    @cached_property
    def bent(self) -> Floats:
        """The same at the creators' sizes."""
        return self.bends_at(self.x)

    @cached_property
    def nodes(self) -> Floats:
        """Sizes at which the kept share is computed."""
        return np.linspace(self.x.min(), self.x.max(), _NODES)

    @cached_property
    def between(self) -> Floats:
        """Weights of the nodes at each creator's size: cubic, since lines would favour an edge."""
        weights: Floats = CubicSpline(self.nodes, np.eye(_NODES))(self.x)
        return weights


def _spread_loss(p: Floats, x: Floats, y: Floats, bent: Floats) -> tuple[float, Floats]:
    log_scale, tail = p[2] + p[3] * x, np.exp(p[5])
    z = (y - p[0] - p[1] * x - p[6] * bent) * np.exp(-log_scale)
    wide = np.arcsinh(z)
    u = np.sinh(np.clip(tail * wide - p[4], -20, 20))
    root, widened = np.sqrt(1 + u * u), 1 + z * z
    value = (0.5 * u * u - np.log(root) - p[5] + 0.5 * np.log(widened) + log_scale).sum()
    by_score = u**3 / root  # of the loss, as all below
    by_z = by_score * tail / np.sqrt(widened) + z / widened
    pull = by_z * np.exp(-log_scale)
    by_scale = 1 - by_z * z
    gradient = np.array([
        -pull.sum(), -(pull * x).sum(), by_scale.sum(), (by_scale * x).sum(),
        -by_score.sum(), (by_score * tail * wide - 1).sum(), -(pull * bent).sum(),
    ])  # fmt: skip
    return float(value), gradient


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
        return float(self.parameters[7] - self.direction * self.model.centre)

    @property
    def width(self) -> float:
        """Of the edge in dex: seven in eight pass at twice the width above the middle."""
        return float(np.exp(self.parameters[8]))

    @property
    def sharp(self) -> bool:
        """Whether the edge is as good as a step."""
        return bool(self.width < 0.12 * np.exp(self.parameters[2]))

    @property
    def share_cut(self) -> float:
        """The share of creators of these sizes that the edge leaves out."""
        return float(1 - 1 / np.exp(-self.model.log_share(self.parameters)[0]).mean())


def fit_spread(x: Floats, y: Floats) -> EdgeFit:
    """Fit the curve and its spread without an edge: a power law, unless it clearly bends down."""
    model = EdgeModel(x=x - x.mean(), y=y, centre=float(x.mean()), direction=None)
    line = _likeliest(model, [_least_squares(model)])
    if np.polyfit(x, y, 2)[0] > 0:
        return line
    bent = _likeliest(replace(model, bends=True), [line.parameters])
    return bent if 2 * (line.loss - bent.loss) > CLEARLY_BENT else line


def fit_edge(whole: EdgeFit, direction: int) -> EdgeFit:
    """Fit the same with an edge, starting from a soft and a sharp one."""
    model = replace(whole.model, direction=direction)
    z = model.y - direction * model.x
    steeper = _steeper(model)
    starts = [
        np.r_[steeper, np.quantile(z, level), np.log(width) + steeper[2]]
        for level, width in ((0.15, 0.25), (0.0, 0.07))
    ]
    return _likeliest(model, starts)


def fit_soft(whole: EdgeFit) -> EdgeFit:
    """Fit the same with a soft edge in engagement that leaves out a share for sure."""
    model = replace(whole.model, direction=0)
    edge = np.quantile(model.y, SOFT_LEVEL), np.log(SOFT_WIDTH) + _least_squares(model)[2]
    return _likeliest(model, [np.r_[_steeper(model), edge]], fixed=True)


def _least_squares(model: EdgeModel) -> Floats:
    slope, level = np.polyfit(model.x, model.y, 1)
    spread = np.std(model.y - level - slope * model.x)
    return np.array([level, slope, np.log(max(spread, 1e-3)), 0, 0, 0, 0])


def _steeper(model: EdgeModel) -> Floats:
    plain = _least_squares(model)
    steepness = 0.0 if model.direction else 0.5
    shift: Floats = np.array([-0.4 * np.exp(plain[2]), steepness, 0.2, 0, 0, 0, 0])
    return plain + shift


def _likeliest(model: EdgeModel, starts: list[Floats], *, fixed: bool = False) -> EdgeFit:
    plain = _least_squares(model)
    spread = float(np.exp(plain[2]))
    bounds = [(None, None), (-3, 4), (plain[2] - 3, plain[2] + 2), (-1, 1), (-1.5, 1.5), (-1, 1)]
    bounds += [(-1, 0) if model.bends else (0, 0)]
    if fixed:
        bounds += [(p, p) for p in starts[0][7:]]
    elif model.direction is not None:
        z = model.y - model.direction * model.x
        bounds += [(z.min() - spread, np.median(z)), (np.log(0.08 * spread), np.log(spread))]
    descend = partial(minimize, model.loss, jac=True, method="L-BFGS-B", bounds=bounds)
    found = [descend(start, options={"ftol": 1e-8}) for start in starts]
    best = min(found, key=lambda result: float(result.fun))
    return EdgeFit(model=model, parameters=best.x, loss=float(best.fun))


def likelihood_exponent(fit: EdgeFit, confidence: float, seed: int) -> tuple[float, float, float]:
    """Return posterior mean and limits of the exponent, by adaptive importance sampling.

    Missing where the draws are too uneven to carry it.
    """
    free = np.ones(len(fit.parameters), dtype=bool)
    free[6] = fit.model.bends
    free[7:] = not fit.sharp  # a sharp edge is known far better than the slope
    values, vectors = np.linalg.eigh(_hessian(fit, free))
    centre, spread = fit.parameters[free], (vectors / np.maximum(values, 1.0)) @ vectors.T
    rng = np.random.default_rng(seed)
    points = np.tile(fit.parameters, (DRAWS, 1))
    for power in POWERS:
        about = multivariate_t(centre, 1.3 * spread, df=5, allow_singular=True)
        drawn = about.rvs(DRAWS, random_state=rng)
        points[:, free] = drawn
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            logs = -fit.model.losses(points) - about.logpdf(drawn)
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
    edge = z.min() - 1e-9 if fit.sharp else max(p[7] + 3 * fit.width, z.min() - 1e-9)
    x, z = x[z > edge], z[z > edge] - edge
    if len(x) < LEAST_DRAWS:
        return np.nan, np.nan, np.nan
    starts = np.array([[p[0] - edge, p[1] - fit.direction], np.polyfit(x, z, 1)[::-1]])
    losses, lines = _trimmed(x, z, np.ones((2, len(x))), starts)
    loss, line = losses.min(), lines[losses.argmin()]
    counts = np.random.default_rng(seed).multinomial(len(x), np.ones(len(x)) / len(x), RESAMPLES)
    reached, again = _trimmed(x, z, counts.astype("float64"), np.tile(line, (RESAMPLES, 1)))
    slopes = again[np.isfinite(reached), 1]
    if not np.isfinite(loss) or len(slopes) < 0.9 * RESAMPLES:
        return np.nan, np.nan, np.nan
    half = norm.ppf((1 + confidence) / 2) * np.std(slopes)
    exponent = float(line[1]) + fit.direction
    return exponent, float(exponent - half), float(exponent + half)


def _trimmed(x: Floats, y: Floats, counts: Floats, starts: Floats) -> tuple[Floats, Floats]:
    """Descend Powell's objective for truncation at 0: residuals that have no mirror are dropped.

    ``counts`` says how often each creator is in each sample, a row each. The loss is infinite where
    too few are left to go on.
    """
    lines, lost = starts.copy(), np.zeros(len(starts), dtype=bool)
    moving = np.ones(len(starts), dtype=bool)
    powers = np.column_stack([np.ones_like(x), x, x * x, y, x * y])
    for _ in range(200):
        middle = lines[moving, :1] + lines[moving, 1:] * x
        kept = counts[moving] * ((middle > 0) & (y < 2 * middle))
        n, sx, sxx, sy, sxy = (kept @ powers).T
        det = n * sxx - sx * sx
        few = (n < 10) | (det < 1e-6 * (n + sxx))
        det[few] = np.inf
        step = np.column_stack([sxx * sy - sx * sxy, n * sxy - sx * sy]) / det[:, None]
        near = np.abs(step - lines[moving]).max(axis=1) < 1e-6
        lines[moving] = np.where(few[:, None], lines[moving], (lines[moving] + step) / 2)
        places = np.flatnonzero(moving)
        lost[places[few]] = True
        moving[places[few | near]] = False
        if not moving.any():
            break
    away = y - np.maximum(y / 2, lines[:, :1] + lines[:, 1:] * x)
    return np.where(lost, np.inf, (counts * away**2).sum(axis=1)), lines

"""Where the engagement rate peaks, and where its slope breaks, each with an interval or a "no"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from workbench.curves.quantiles import Floats, count_near, make_spline, spline_shape

PeakKind = Literal["inside", "at the smallest", "at the largest", "cannot tell"]
_GRID = 201
_CURVED = 250  # creators from which on the quantiles' spline bends
_TRIM = 0.10  # of the creators at either end, between which a break is looked for


@dataclass(frozen=True, kw_only=True)
class TurnSettings:
    """How turns are looked for.

    Attributes
    ----------
    confidence : float
        Of the intervals, 0-1; a break is said where its p-value is below 1 - confidence.
    draws : int
        Of the coefficients for the peak, and of residuals' signs for the break.
    min_creators : int
        With fewer neither is looked for.
    near : float
        A size counts as seen where at least ``min_near`` creators lie between it divided and
        multiplied by this factor.
    min_near : int
    max_creators : int
        Above this a random subsample is looked at: time grows with their number.
    seed : int
    """

    confidence: float = 0.90
    draws: int = 999
    min_creators: int = 60
    near: float = 2.0
    min_near: int = 10
    max_creators: int = 5_000
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class TurnSummary:
    """The peak and the break of one curve; sizes in followers, missing where there is none.

    ``peak`` says where the middle rate is highest: ``inside`` the sizes seen, at an end of them, or
    ``cannot tell`` where the draws disagree. ``slope_before`` and ``slope_after`` are exponents of
    engagements in followers on both sides of the break that fits best; ``break_p_value`` is that of
    a straight line, from 0 to 1. The slopes' limits hold for a break at that place. ``near_1000``
    counts the creators between 500 and 2,000 followers.
    """

    platform: str
    creators: int
    followers_min: float
    followers_max: float
    peak: PeakKind
    peak_followers: float
    peak_low: float
    peak_high: float
    break_followers: float
    break_low: float
    break_high: float
    break_p_value: float
    slope_before: float
    slope_before_low: float
    slope_before_high: float
    slope_after: float
    slope_after_low: float
    slope_after_high: float
    near_1000: int


@dataclass(frozen=True, kw_only=True, eq=False)
class CurveTurns:
    """Peak and break of a curve.

    Attributes
    ----------
    table : DataFrame
        The mean of log10(engagements / followers) by size: ``followers``, ``rate`` with
        ``rate_low`` and ``rate_high`` (fractions), ``creators`` near that size, ``seen``.
    summary : TurnSummary
    settings : TurnSettings
    """

    table: pd.DataFrame
    summary: TurnSummary
    settings: TurnSettings


def find_turns(creators: pd.DataFrame, settings: TurnSettings) -> CurveTurns | None:
    """Look for a peak of the rate and for a break in the slope of one platform's creators.

    The peak is that of a spline by least squares on log10 engagements less log10 followers, the
    interval from draws of its coefficients with HC3 covariance (MacKinnon and White 1985). The
    break is the best of two lines that meet, its p-value that of the largest heteroscedasticity-
    robust t over all places, by wild bootstrap (Hansen 1996, Econometrica 64:413). Its interval
    holds the places that fit no worse than the true one does in nine of ten samples about the
    broken line (Hansen 2017, J. Bus. Econ. Stat. 35:228). ``creators`` are those of one curve,
    with ``platform``, ``followers`` and ``engagements``, as ``CurveFit.table`` has them.

    Returns
    -------
    CurveTurns or None
        None where there are too few creators.
    """
    known = creators[creators["engagements"].notna() & creators["followers"].gt(0)]
    x = np.log10(known["followers"].to_numpy(dtype="float64"))
    y = np.log10(1 + known["engagements"].to_numpy(dtype="float64"))
    if len(x) < settings.min_creators or len(np.unique(x)) < 20:
        return None
    near_1000 = int(count_near(x, np.array([3.0]))[0])
    rng = np.random.default_rng(settings.seed)
    if len(x) > settings.max_creators:
        chosen = np.sort(rng.choice(len(x), settings.max_creators, replace=False))
        x, y = x[chosen], y[chosen]
    first, last = np.quantile(x, (0.01, 0.99))
    steps = np.linspace(first, last, _GRID)
    paths, middle = _rate_paths(rng, x, y, steps, settings)
    return CurveTurns(
        table=_table(x, steps, middle, paths, settings),
        summary=TurnSummary(
            platform=str(known["platform"].iloc[0]),
            creators=len(x),
            near_1000=near_1000,
            followers_min=float(10 ** x.min()),
            followers_max=float(10 ** x.max()),
            **_peak(steps, middle, paths, settings),  # type: ignore[arg-type]
            **_break(rng, x, y, settings),  # type: ignore[arg-type]
        ),
        settings=settings,
    )


def _rate_paths(
    rng: np.random.Generator, x: Floats, y: Floats, steps: Floats, settings: TurnSettings
) -> tuple[Floats, Floats]:
    """Return drawn curves of the mean log rate (draws x steps) and the fitted one."""
    # A straight line peaks at an end whatever the creators do: the fewest get the least curve.
    spline = make_spline(x, spline_shape(max(len(x), _CURVED))).fit(x[:, None])
    design = np.column_stack([np.ones(len(x)), spline.transform(x[:, None])])
    inverse = np.linalg.pinv(design.T @ design)
    coefficients = inverse @ design.T @ y
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    weighted = design * ((y - design @ coefficients) / np.maximum(1 - leverage, 0.1))[:, None]
    covariance = inverse @ (weighted.T @ weighted) @ inverse
    places = np.column_stack([np.ones(len(steps)), spline.transform(steps[:, None])])
    drawn = rng.multivariate_normal(
        coefficients, covariance, size=settings.draws, method="eigh", check_valid="ignore"
    )
    return drawn @ places.T - steps, places @ coefficients - steps


def _table(
    x: Floats, steps: Floats, middle: Floats, paths: Floats, settings: TurnSettings
) -> pd.DataFrame:
    low, high = np.quantile(paths, _tails(settings.confidence), axis=0)
    near = count_near(x, steps, settings.near)
    return pd.DataFrame(
        {
            "followers": 10**steps,
            "rate": 10**middle,
            "rate_low": 10**low,
            "rate_high": 10**high,
            "creators": near,
            "seen": near >= settings.min_near,
        }
    )


def _tails(confidence: float) -> list[float]:
    return [(1 - confidence) / 2, (1 + confidence) / 2]


def _peak(
    steps: Floats, middle: Floats, paths: Floats, settings: TurnSettings
) -> dict[str, PeakKind | float]:
    tops = paths.argmax(axis=1)
    last = len(steps) - 1
    ends = {"at the smallest": (tops == 0).mean(), "at the largest": (tops == last).mean()}
    missing = {"peak_followers": np.nan, "peak_low": np.nan, "peak_high": np.nan}
    inside = 1 - sum(ends.values())
    for kind, share in {**ends, "inside": inside}.items():
        if share < settings.confidence:
            continue
        if kind != "inside":
            return {"peak": kind, **missing}  # type: ignore[dict-item]
        low, high = 10 ** np.quantile(steps[tops], _tails(settings.confidence))
        top = 10 ** steps[middle.argmax()]
        return {"peak": "inside", "peak_followers": top, "peak_low": low, "peak_high": high}
    return {"peak": "cannot tell", **missing}


def _break(
    rng: np.random.Generator, x: Floats, y: Floats, settings: TurnSettings
) -> dict[str, float]:
    places = np.unique(np.quantile(x, np.linspace(_TRIM, 1 - _TRIM, 41)))
    line = np.column_stack([np.ones_like(x), x])
    hinges = np.maximum(x[:, None] - places, 0)
    hinges = hinges - line @ np.linalg.lstsq(line, hinges, rcond=None)[0]
    straight = y - line @ np.linalg.lstsq(line, y, rcond=None)[0]
    # A flipped sign leaves the squares as they are, so that all draws share the errors of the t.
    errors = np.maximum(np.sqrt((hinges**2).T @ straight**2), 1e-12)
    signs = rng.choice([-1.0, 1.0], (settings.draws, len(x)))
    usual = (np.abs((straight * signs) @ hinges) / errors).max(axis=1)
    largest = (np.abs(straight @ hinges) / errors).max()
    p_value = float((1 + (usual >= largest).sum()) / (1 + settings.draws))
    squares = (hinges**2).sum(axis=0)
    best = int(((straight @ hinges) ** 2 / squares).argmax())
    fitted = straight @ hinges[:, best] / squares[best] * hinges[:, best]
    broken = straight - fitted
    drawn = _losses(fitted + broken * signs, line, hinges)[:, best]
    limit = np.quantile(drawn, settings.confidence)
    low, high = 10 ** _held(places, _losses(straight[None], line, hinges)[0], limit)
    design = np.column_stack([line, np.maximum(x - places[best], 0)])
    _, slope, change = np.linalg.lstsq(design, y, rcond=None)[0]
    _, by, turned = np.linalg.pinv(design) @ (broken * signs).T
    before = slope + np.quantile(by, _tails(settings.confidence))
    after = slope + change + np.quantile(by + turned, _tails(settings.confidence))
    return {
        "break_followers": float(10 ** places[best]),
        "break_low": float(low),
        "break_high": float(high),
        "break_p_value": p_value,
        "slope_before": float(slope),
        "slope_before_low": min(float(before[0]), float(slope)),
        "slope_before_high": max(float(before[1]), float(slope)),
        "slope_after": float(slope + change),
        "slope_after_low": min(float(after[0]), float(slope + change)),
        "slope_after_high": max(float(after[1]), float(slope + change)),
    }


def _losses(outcomes: Floats, line: Floats, hinges: Floats) -> Floats:
    """Return how much worse each place fits than the best one, over the best one's squares."""
    base = np.linalg.qr(line)[0]
    rest = (outcomes**2).sum(axis=1) - ((outcomes @ base) ** 2).sum(axis=1)
    gains = (outcomes @ hinges) ** 2 / (hinges**2).sum(axis=0)
    most = gains.max(axis=1)
    losses: Floats = (most[:, None] - gains) / np.maximum(rest - most, 1e-12)[:, None]
    return losses


def _held(places: Floats, losses: Floats, limit: float) -> Floats:
    """Return the outermost places whose loss is within the limit, interpolated beyond them."""
    inside = np.flatnonzero(losses <= limit)
    ends = []
    for last, step in ((inside[0], -1), (inside[-1], 1)):
        beyond = last + step
        if not 0 <= beyond < len(places):
            ends.append(places[last])
            continue
        part = (limit - losses[last]) / (losses[beyond] - losses[last])
        ends.append(places[last] + part * (places[beyond] - places[last]))
    return np.array(ends)

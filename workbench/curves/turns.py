"""Where the engagement rate peaks, and where its slope breaks, each with an interval or a "no"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from workbench.curves.quantiles import Floats, count_near, make_spline, spline_shape

PeakKind = Literal["inside", "at the smallest", "at the largest", "cannot tell"]
_GRID = 201
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
    robust t over all places, by wild bootstrap (Hansen 1996, Econometrica 64:413); the interval
    comes from the same bootstrap about the broken line. ``creators`` are those of one curve, with
    ``platform``, ``followers`` and ``engagements``, as ``CurveFit.table`` has them.

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
    spline = make_spline(x, spline_shape(len(x))).fit(x[:, None])
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
    largest = _robust_t(hinges, straight).max()
    signs = rng.choice([-1.0, 1.0], (settings.draws, len(x)))
    usual = np.array([_robust_t(hinges, straight * sign).max() for sign in signs])
    p_value = float((1 + (usual >= largest).sum()) / (1 + settings.draws))
    gains = (hinges.T @ straight) ** 2 / (hinges**2).sum(axis=0)
    best = int(gains.argmax())
    turn = hinges[:, best] @ straight / (hinges[:, best] ** 2).sum()
    broken = straight - turn * hinges[:, best]
    fitted = turn * hinges[:, best]
    found = [
        int(((hinges.T @ (fitted + broken * sign)) ** 2 / (hinges**2).sum(axis=0)).argmax())
        for sign in signs
    ]
    low, high = 10 ** np.quantile(places[found], _tails(settings.confidence))
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


def _robust_t(hinges: Floats, residuals: Floats) -> Floats:
    """Return each hinge's |t| with its own errors (White 1980)."""
    spread = np.sqrt((hinges**2 * (residuals**2)[:, None]).sum(axis=0))
    found: Floats = np.abs(hinges.T @ residuals) / np.maximum(spread, 1e-12)
    return found

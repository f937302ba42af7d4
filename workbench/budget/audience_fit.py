"""The spread of people's activity and the pull of their niche, fitted to the pairs of creators."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.stats import norm

from workbench.budget.audience_model import (
    AudienceModel,
    AudienceSettings,
    AudienceSummary,
    Dispersion,
    Problem,
)
from workbench.errors import DataError

Floats = npt.NDArray[np.float64]
PULL = (np.log(4.0), 1.0)  # before any pair was seen: log pull, and its standard deviation
SPREAD = (1.0, 2.0)  # likewise the variance of log activity
NICHE_SD = 0.5  # of the log size of a niche, about its creators' share of all reach
ELSEWHERE_SD = 1.0  # likewise of those whose niche no creator has
MOST_SPREAD, MOST_PULL = 9.0, 100.0
STEPS = 8  # of Gauss and Newton
VENDOR = 0.15  # relative error that all pairs without a panel behind them may share
SIMULATED = 40  # people a class, for the error that the pairs of one panel share


class _Fit(NamedTuple):
    middle: Dispersion
    others: tuple[Dispersion, ...]
    residual: float


def fit_audience(
    table: pd.DataFrame,
    *,
    market: float,
    pairs: pd.DataFrame | None = None,
    settings: AudienceSettings | None = None,
) -> AudienceModel:
    """Fit classes of people to the reaches (exactly) and to what pairs share (as well as can be).

    Parameters
    ----------
    table : DataFrame
        One row a creator: ``creator_key``, ``niche`` (may be missing), ``reach``: people of the
        market whom one post reaches.
    market : float
        People in the target.
    pairs : DataFrame, optional
        Of `read_overlaps`. Pairs with accounts that are not in the table are left out.

    Raises
    ------
    DataError
        Names every creator whose reach can't be.
    """
    settings = settings or AudienceSettings()
    _check_table(table, market)
    keys = pd.Index(table["creator_key"])
    empty = pd.DataFrame(columns=["creator_key", "other_key", "shared", "se", "panel", "source"])
    pairs = empty if pairs is None else pairs
    kept = pairs["creator_key"].isin(keys) & pairs["other_key"].isin(keys)
    pairs = pairs[kept].reset_index(drop=True)
    problem = Problem(table, market, pairs, settings)
    fit = _fit_pairs(problem, pairs) if len(pairs) else _span_range(problem)
    home, activity, _ = fit.middle.classes(settings.levels)
    share, exposure = problem.exposure(fit.middle)
    summary = AudienceSummary(
        creators=len(keys),
        pairs=len(pairs),
        classes=len(share),
        spread=fit.middle.spread,
        spread_sd=float(np.std([one.spread for one in fit.others])),
        pull=fit.middle.pull,
        residual=fit.residual,
        overlap=problem.mean_overlap(fit.middle),
    )
    return AudienceModel(
        keys=keys,
        people=share * market,
        exposure=exposure,
        alternatives=tuple(problem.exposure(one)[1] for one in fit.others),
        classes=pd.DataFrame(
            {"niche": np.array(problem.names, dtype="object")[home], "activity": activity}
        ).assign(share=share),
        table=table[["creator_key", "niche", "reach"]].reset_index(drop=True),
        pairs=pairs.assign(fitted=problem.fitted(fit.middle)),
        market=market,
        summary=summary,
        settings=settings,
    )


def _check_table(table: pd.DataFrame, market: float) -> None:
    missing = [name for name in ("creator_key", "niche", "reach") if name not in table]
    faults = [f"no column {name}" for name in missing]
    if not (np.isfinite(market) and market > 0):
        faults.append(f"market: expected more than 0 people, found {market}")
    if not faults:
        odd = table[~(table["reach"].gt(0) & table["reach"].lt(market))]
        faults += [
            f"{key}: expected a reach above 0 and below the {market:g} of the market, found {reach}"
            for key, reach in zip(odd["creator_key"], odd["reach"], strict=True)
        ]
        twice = table.loc[table["creator_key"].duplicated(), "creator_key"].unique()
        faults += [f"{key} stands in the table twice" for key in twice]
        if table.empty:
            faults.append("no creators")
    if faults:
        raise DataError("The audiences of these creators can't be modelled.", faults)


def _unpack(problem: Problem, values: Floats) -> Dispersion:
    """Return what these parameters mean: spread, log pull, log sizes of the niches over supply."""
    size = problem.supply * np.exp(np.clip(values[2:], -4, 4))
    return Dispersion(
        spread=float(np.clip(values[0], 0, MOST_SPREAD)),
        pull=float(np.exp(np.clip(values[1], 0, np.log(MOST_PULL)))),
        niches=tuple(size / size.sum()),
    )


def _fit_pairs(problem: Problem, pairs: pd.DataFrame) -> _Fit:
    amount = len(problem.names)
    prior = np.array([SPREAD[0], PULL[0], *np.zeros(amount)])
    sd = np.array([SPREAD[1], PULL[1] if amount > 1 else 1e-6, *np.full(amount, NICHE_SD)])
    sd[-1] = ELSEWHERE_SD
    own = _own_variance(pairs, problem)
    values = prior.copy()
    for _ in range(STEPS):
        fitted, slopes = _slopes(problem, values)
        variance = own * np.maximum(fitted, 1e-12)
        missed = problem.shared - fitted
        normal = slopes.T @ (slopes / variance[:, None]) + np.diag(sd**-2)
        step = np.linalg.solve(normal, slopes.T @ (missed / variance) + (prior - values) / sd**2)
        values = values + step * min(1.0, 1.5 / np.abs(step).max())
        values[0] = np.clip(values[0], 0.0, MOST_SPREAD)
        values[1] = np.clip(values[1], 0.0, np.log(MOST_PULL))
        if np.abs(step).max() < 1e-3:
            break
    left = np.sum(missed**2 - own * fitted) / np.sum(fitted**2)
    residual = float(np.sqrt(max(left, 0.0)))
    score = _score_variance(problem, pairs, values, slopes / variance[:, None], own, residual)
    score += np.diag(sd**-2)
    inverse = np.linalg.inv(normal)
    # The classes keep their people: sizes of niches hardly move a reach, spread and pull do.
    draws = _draws(problem.settings, (inverse @ score @ inverse)[:2, :2])
    others = tuple(_unpack(problem, np.append(values[:2] + one, values[2:])) for one in draws)
    return _Fit(_unpack(problem, values), others, residual)


def _slopes(problem: Problem, values: Floats) -> tuple[Floats, Floats]:
    fitted = problem.fitted(_unpack(problem, values))
    slopes = np.empty((len(fitted), len(values)))
    for place in range(len(values)):
        moved = values.copy()
        step = 0.02 if place else 0.02 * max(values[0], 0.5)
        moved[place] += step
        slopes[:, place] = (problem.fitted(_unpack(problem, moved)) - fitted) / step
    return fitted, slopes


def _own_variance(pairs: pd.DataFrame, problem: Problem) -> Floats:
    """Return the variance of each pair's own error over its shared share.

    It is pooled over a source: a pair that happened to come out low must not count for more.
    """
    pooled = pairs.groupby([pairs["source"].astype(str), pairs["panel"].fillna(0)])
    sums = pooled[["shared"]].transform("sum")["shared"]
    squares = (
        (pairs["se"] ** 2)
        .groupby([pairs["source"].astype(str), pairs["panel"].fillna(0)])
        .transform("sum")
    )
    return (squares / np.maximum(sums, 1e-12)).to_numpy(dtype="float64")


def _score_variance(
    problem: Problem,
    pairs: pd.DataFrame,
    values: Floats,
    weighted: Floats,
    own: Floats,
    residual: float,
) -> Floats:
    """Return the variance of the normal equations' right side: pairs of one panel err together."""
    fitted = problem.fitted(_unpack(problem, values))
    panel = pairs["panel"].to_numpy(dtype="float64")
    apart = np.where(np.isnan(panel), own * fitted, 0.0) + (residual * fitted) ** 2
    total = weighted.T @ (weighted * apart[:, None])
    alike = weighted[np.isnan(panel)].T @ fitted[np.isnan(panel)]
    total += VENDOR**2 * np.outer(alike, alike)
    for size in np.unique(panel[np.isfinite(panel)]):
        mine = panel == size
        left = max(1 - size / problem.market, 0.0)  # of the market, who were not asked
        total += _panel_variance(problem, values, weighted, fitted, mine) * left / size
    return total


def _panel_variance(
    problem: Problem,
    values: Floats,
    weighted: Floats,
    fitted: Floats,
    mine: npt.NDArray[np.bool_],
) -> Floats:
    """Return the variance over people of one's part in the normal equations, by simulation.

    A pair is a share of the smaller audience in the panel times its known reach; so whoever is in
    the smaller audience alone lowers it.
    """
    rng = np.random.default_rng(problem.settings.seed)
    share, exposure = problem.exposure(_unpack(problem, values))
    kind = np.repeat(np.arange(len(share)), SIMULATED)
    rows, places = [], []
    reached = -np.expm1(-exposure).T.astype("float32")
    for start in range(0, len(kind), 512):
        some = kind[start : start + 512]
        hit = rng.random((len(some), len(problem.reach)), dtype="float32") < reached[some]
        row, place = np.nonzero(hit)
        rows.append(row + start)
        places.append(place)
    row, place = np.concatenate(rows), np.concatenate(places)
    people = csr_array((np.ones(len(row)), (row, place)), shape=(len(kind), len(problem.reach)))
    one, other = problem.one[mine], problem.other[mine]
    smaller = np.where(problem.reach[one] <= problem.reach[other], one, other)
    scores = np.empty((len(kind), weighted.shape[1]))
    for name, column in enumerate(weighted[mine].T):
        matrix = csr_array((column, (one, other)), shape=(len(problem.reach), len(problem.reach)))
        alone = np.bincount(
            smaller, column * fitted[mine] / problem.reach[smaller], len(problem.reach)
        )
        scores[:, name] = (people @ matrix).multiply(people).sum(axis=1) - people @ alone
    weight = np.repeat(share / SIMULATED, SIMULATED)
    centred = scores - weight @ scores
    return centred.T @ (centred * weight[:, None])


def _draws(settings: AudienceSettings, covariance: Floats) -> Floats:
    """Return equally likely departures with this covariance exactly and a mean of nothing."""
    rng, amount = np.random.default_rng(settings.seed), settings.alternatives
    scores = norm.ppf((np.arange(amount) + 0.5) / amount)
    mixed = np.column_stack([scores, *(rng.permutation(scores) for _ in covariance[1:])])
    apart, _ = np.linalg.qr(mixed)
    root = np.linalg.cholesky(covariance + 1e-12 * np.eye(len(covariance)))
    drawn: Floats = np.sqrt(amount) * apart @ root.T
    return drawn


def _span_range(problem: Problem) -> _Fit:
    """Return dispersions whose average overlaps span the range that was given."""
    low, high = problem.settings.overlap
    niches = tuple(problem.supply)
    pull = float(np.exp(PULL[0])) if len(niches) > 1 else 1.0
    grid = np.linspace(0, np.sqrt(MOST_SPREAD), 19) ** 2

    def at(spread: float) -> Dispersion:
        return Dispersion(spread=spread, pull=pull, niches=niches)

    curve = np.maximum.accumulate([problem.mean_overlap(at(one), 150) for one in grid])
    amount = problem.settings.alternatives
    ranks = np.append((np.arange(amount) + 0.5) / amount, 0.5)
    spread = np.log(np.maximum([low, high], 1e-4))
    z = norm.ppf(ranks) / norm.ppf(0.9)
    wanted = np.exp(spread.mean() + z * (spread[1] - spread[0]) / 2)
    found = np.interp(wanted, curve, grid)
    return _Fit(at(float(found[-1])), tuple(at(float(one)) for one in found[:-1]), 0.0)

"""What a better tail costs: plans from the best mean to the best tail, scored on fresh futures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from workbench.budget.branching import Found
from workbench.budget.futures import Measure, futures_of, p20_of, tail_mean
from workbench.budget.limits import build_limits
from workbench.budget.options import Floats, Limits, Options
from workbench.budget.plan import ChoiceSettings, Plan
from workbench.budget.risk import risk_plan
from workbench.budget.risk_search import RiskSearch
from workbench.errors import DataError, SettingsError

WEIGHTS = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 100.0)


@dataclass(frozen=True, kw_only=True)
class FrontierSettings:
    """Which plans a frontier shows and how far they are proven.

    Attributes
    ----------
    weights : tuple of float
        Of the tail beside the mean, ascending; 0 is the best mean.
    tail : float
        The share of the futures that counts as the tail.
    target : float or None
        The amount whose chance is shown.
    gap : float
        Relative distance from the proven bound that is small enough.
    nodes : int
        Most branches of one point.
    material : float
        A tail better by less than this share is called flat, however sure it is.
    """

    weights: tuple[float, ...] = WEIGHTS
    tail: float = 0.1
    target: float | None = None
    gap: float = 0.0075
    nodes: int = 400
    material: float = 0.01

    def __post_init__(self) -> None:
        faults = []
        if not self.weights or any(step <= 0 for step in np.diff(self.weights)):
            faults.append(f"weights: expected ascending numbers, found {self.weights}")
        if not 0 <= self.material < 1:
            faults.append(f"material: expected 0 to 1, found {self.material}")
        if self.target is not None and not self.target > 0:
            faults.append(f"target: expected more than 0, found {self.target}")
        for weight in self.weights:
            Measure(attitude="cvar", weight=weight, tail=self.tail)
        if faults:
            raise SettingsError("A frontier can't be drawn with these settings.", faults)


@dataclass(frozen=True, kw_only=True)
class FrontierSummary:
    """The numbers about a frontier that a sentence may quote, all on fresh futures.

    Attributes
    ----------
    is_flat : bool
        No plan's tail is better than that of the plan with the best mean by more than the error
        of the futures, or by a ``material`` share.
    weight : float
        Of the plan with the best tail.
    tail_gain, tail_error : float
        What that plan's tail is better by than the best mean's, and the 95 % error of it, allowing
        for the best of all points having been taken.
    mean_cost : float
        What its mean is worse by.
    mean, cvar : float
        Of the plan with the best mean.
    optimism : float
        By which share the best tail in sample was too high.
    max_gap : float
    plans : int
        How many of the points are different plans.
    """

    is_flat: bool
    weight: float
    tail_gain: float
    tail_error: float
    mean_cost: float
    mean: float
    cvar: float
    optimism: float
    max_gap: float
    plans: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Frontier:
    """Plans from the best mean to the best tail.

    Attributes
    ----------
    table : DataFrame
        One row a weight: ``weight``, ``mean`` and ``cvar`` (of the futures that it was chosen
        by), ``value`` (``mean + weight * cvar``), ``bound``, ``gap``, then on fresh futures
        ``fresh_mean``, ``fresh_cvar``, ``fresh_p20``, ``p_goal`` (missing without a target), and
        ``creators``, ``spend``.
    plans : tuple of Plan
        In the table's order.
    summary : FrontierSummary
    settings : FrontierSettings
    """

    table: pd.DataFrame
    plans: tuple[Plan, ...]
    summary: FrontierSummary
    settings: FrontierSettings


def risk_frontier(
    options: Options,
    limits: Limits,
    settings: FrontierSettings,
    fresh: npt.NDArray[np.floating],
) -> Frontier:
    """Choose for each weight of the tail, and score on futures that no plan was chosen by.

    Parameters
    ----------
    options : Options
        With scenarios.
    limits : Limits
    settings : FrontierSettings
    fresh : ndarray of shape (futures, options)
        Drawn apart from ``options.scenarios``, in the same sense.

    Raises
    ------
    DataError
        Without scenarios, when ``fresh`` does not fit, or when no plan keeps to the limits.
    """
    if fresh.ndim != 2 or fresh.shape[1] != len(options.table) or not len(fresh):
        raise DataError(
            "These fresh scenarios can't be used.",
            [f"expected {len(options.table)} columns, one an option, found {fresh.shape}"],
        )
    search = RiskSearch(futures_of(options), build_limits(options, limits))
    chosen, bounds = _choose_points(search, settings)
    inside = {point.tobytes(): search.futures.totals(point) for point in chosen}
    outside = {
        point.tobytes(): search.futures.fresh_totals(fresh, np.flatnonzero(point))
        for point in chosen
    }
    choice, rows, plans = ChoiceSettings(gap=settings.gap, nodes=settings.nodes), [], []
    for weight, point, bound in zip(settings.weights, chosen, bounds, strict=True):
        found = Found(chosen=np.flatnonzero(point), bound=bound)
        plan = risk_plan(options, limits, choice, found, search, _measure(settings, weight))
        plans.append(plan)
        row = _row(plan, inside[point.tobytes()], outside[point.tobytes()], settings)
        rows.append({"weight": weight, **row})
    table = pd.DataFrame(rows)
    return Frontier(
        table=table,
        plans=tuple(plans),
        summary=_summary(table, [outside[point.tobytes()] for point in chosen], settings),
        settings=settings,
    )


def _row(
    plan: Plan, inside: Floats, outside: Floats, settings: FrontierSettings
) -> dict[str, float]:
    told, target = plan.summary, settings.target
    return {
        "mean": float(inside.mean()),
        "cvar": float(tail_mean(inside, settings.tail)),
        **{name: getattr(told, name) for name in ("value", "bound", "gap")},
        "fresh_mean": float(outside.mean()),
        "fresh_cvar": float(tail_mean(outside, settings.tail)),
        "fresh_p20": float(p20_of(outside)),
        "p_goal": np.nan if target is None else float((outside >= target).mean()),
        **{name: getattr(told, name) for name in ("creators", "spend")},
    }


def _measure(settings: FrontierSettings, weight: float) -> Measure:
    return Measure(attitude="cvar", weight=weight, tail=settings.tail)


def _choose_points(search: RiskSearch, settings: FrontierSettings) -> tuple[list[Floats], Floats]:
    """Return a plan and a bound for each weight, searching only where they are not near enough.

    The best value is convex in the weight, so that between two weights it lies below the straight
    line through their bounds; and any plan found anywhere counts at every weight.
    """
    weights = np.array(settings.weights)
    bounds = np.full(len(weights), np.inf)
    for at in _ends_first(len(weights)):
        measure = _measure(settings, weights[at])
        _, value = search.improve(measure, 1)
        if _between(weights, bounds)[at] <= value * (1 + settings.gap):
            continue
        # A smaller gap at the ends leaves room for the weights between them.
        gap = settings.gap * (0.75 if at in (0, len(weights) - 1) else 1.0)
        bounds[at] = search.search(measure, ChoiceSettings(gap=gap, nodes=settings.nodes)).bound
        if not search.plans:
            raise DataError(
                "There is no frontier.", ["no plan keeps to these limits: see choose_creators"]
            )
    best = [search.best(_measure(settings, weight))[0] for weight in weights]
    return [plan for plan in best if plan is not None], _between(weights, bounds)


def _ends_first(size: int) -> Iterator[int]:
    """Yield the first and the last, then the middle of each stretch between those yielded."""
    yield from dict.fromkeys((0, size - 1))
    stretches = [(0, size - 1)]
    while stretches:
        first, last = stretches.pop(0)
        if last - first > 1:
            middle = (first + last) // 2
            yield middle
            stretches += [(first, middle), (middle, last)]


def _between(weights: Floats, bounds: Floats) -> Floats:
    known = np.isfinite(bounds)
    if known.sum() < 2:
        return bounds
    line = np.interp(weights, weights[known], bounds[known])
    inside = (weights >= weights[known][0]) & (weights <= weights[known][-1])
    return np.where(inside, np.minimum(line, bounds), bounds)


def _summary(
    table: pd.DataFrame, totals: list[Floats], settings: FrontierSettings
) -> FrontierSummary:
    plans = len({id(one) for one in totals})
    best = int(table["fresh_cvar"].to_numpy().argmax())
    first = table.iloc[0]
    gain = float(table["fresh_cvar"].iloc[best] - first["fresh_cvar"])
    gaps = _influence(totals[best], settings.tail) - _influence(totals[0], settings.tail)
    sure = norm.ppf(1 - 0.025 / max(plans - 1, 1))
    error = float(sure * gaps.std() / np.sqrt(len(gaps)))
    last = table.iloc[-1]
    return FrontierSummary(
        is_flat=gain <= max(error, settings.material * float(first["fresh_cvar"])),
        weight=float(table["weight"].iloc[best]),
        tail_gain=gain,
        tail_error=error,
        mean_cost=float(first["fresh_mean"] - table["fresh_mean"].iloc[best]),
        mean=float(first["fresh_mean"]),
        cvar=float(first["fresh_cvar"]),
        optimism=float(last["cvar"] / last["fresh_cvar"] - 1) if last["fresh_cvar"] else np.nan,
        max_gap=float(table["gap"].max()),
        plans=plans,
    )


def _influence(totals: Floats, tail: float) -> Floats:
    """Return what each future adds to the tail's mean: their spread is its error."""
    edge = np.quantile(totals, tail)
    return np.asarray(edge - np.maximum(edge - totals, 0) / tail)

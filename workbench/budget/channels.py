"""A budget over channels or tiers, each with a response that flattens: the best split, proven.

The response is that of the usual marketing-mix model: spend of a period carries over geometrically
into the next ones, and saturates logistically. Of spend that is even over the periods only the
first and the last periods differ, so a channel's sum over the flight has ``2 * lags - 1`` distinct
terms a draw, however long it is. Every term is concave, so the tangents at a split bound what any
other split can bring: the gap is a proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.errors import SettingsError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class ResponseCurves:
    """What channels bring for their spend, as equally likely draws of shape (draws, channels).

    Attributes
    ----------
    channels : tuple of str
    effect : ndarray
        The most that a period brings.
    rate : ndarray
        How soon it flattens: half of ``effect`` is brought by ``ln(3) / rate`` a period.
    carry : ndarray
        Share (0 to below 1) of an effect that stays for the period after.
    periods : int
        Over which spend is spread evenly; what is carried over beyond them counts.
    lags : int
        Periods, the first included, after which nothing is left of an effect.
    """

    channels: tuple[str, ...]
    effect: Floats
    rate: Floats
    carry: Floats
    periods: int
    lags: int = 8

    def __post_init__(self) -> None:
        faults = []
        for name in ("effect", "rate", "carry"):
            values, most = getattr(self, name), 1 if name == "carry" else np.inf
            if values.ndim != 2 or values.shape != (len(self.effect), len(self.channels)):
                faults.append(
                    f"{name}: expected {len(self.channels)} columns and as many rows as effect, "
                    f"found the shape {values.shape}"
                )
            elif not values.size or not ((values >= 0) & (values < most)).all():
                faults.append(f"{name}: expected numbers from 0 to below {most}, found others")
        if len({*self.channels}) < len(self.channels):
            faults.append("channels: a name stands twice")
        if self.periods < 1 or self.lags < 1:
            faults.append(f"periods and lags: expected 1 or more, found {self.periods, self.lags}")
        if faults:
            raise SettingsError("These response curves can't be used.", faults)

    @cached_property
    def _terms(self) -> tuple[Floats, Floats, Floats]:
        """Height, pace and their product of ``height * tanh(pace * spend)``, a row a channel."""
        weights = self.carry.T[..., None] ** np.arange(self.lags)
        reached = np.cumsum(weights / weights.sum(axis=2, keepdims=True), axis=2)
        reached = np.concatenate([np.zeros_like(reached[..., :1]), reached], axis=2)
        period = np.arange(self.periods + self.lags - 1)
        ends = np.minimum(period + 1, self.lags), np.maximum(period + 1 - self.periods, 0)
        (upper, lower), times = np.unique(ends, axis=1, return_counts=True)
        level = reached[..., upper] - reached[..., lower]
        pace = level * (self.rate.T / (2 * self.periods))[..., None]
        height = times * (self.effect.T / len(self.effect))[..., None]
        rows = len(self.channels)
        return (height.reshape(rows, -1), pace.reshape(rows, -1), (height * pace).reshape(rows, -1))

    def respond(self, spend: Floats) -> tuple[Floats, Floats, Floats]:
        """Return what each channel is expected to bring, its first and its second derivative."""
        height, pace, steep = self._terms
        bent = np.tanh(pace * spend[:, None])
        slope = steep * (1 - bent**2)
        return np.vecdot(height, bent), slope.sum(axis=1), -2 * np.vecdot(slope * pace, bent)


@dataclass(frozen=True, kw_only=True)
class SplitSummary:
    """The numbers about a split; none within the limits brings more than ``bound``.

    ``gap`` is ``bound / value - 1``; ``rounds`` the Newton steps that were taken.
    """

    budget: float
    value: float
    bound: float
    gap: float
    rounds: int


@dataclass(frozen=True, kw_only=True, eq=False)
class ChannelSplit:
    """The best split of a budget.

    Attributes
    ----------
    table : DataFrame
        One row a channel: ``channel``, ``spend``, ``response``, ``marginal`` (of one more unit of
        money), ``held`` (the limit that holds the spend: ``least``, ``most`` or nothing).
    summary : SplitSummary
    """

    table: pd.DataFrame
    summary: SplitSummary


def split_channels(
    curves: ResponseCurves,
    budget: float,
    *,
    least: Mapping[str, float] | None = None,
    most: Mapping[str, float] | None = None,
    tolerance: float = 1e-9,
    rounds: int = 200,
) -> ChannelSplit:
    """Spend the whole budget so that the channels bring the most together.

    Parameters
    ----------
    curves : ResponseCurves
    budget : float
        Of the whole flight.
    least, most : mapping of str to float, optional
        Spend of a channel; else 0 and the budget.
    tolerance : float
        The relative gap at which the split is good enough.
    rounds : int
        Most Newton steps.

    Raises
    ------
    SettingsError
        When no split keeps to the limits; every fault at once.
    """
    low, high = _limits(curves.channels, budget, least or {}, most or {})
    room = high - low
    spend = low + room * ((budget - low.sum()) / max(room.sum(), 1e-300))
    response, slope, bend = curves.respond(spend)
    for done in range(rounds + 1):
        value = float(response.sum())
        excess = max(float(slope @ (steepest(slope, low, high, budget) - spend)), 0.0)
        if excess <= tolerance * value or done == rounds:
            break
        towards = _parabolas(spend, slope, bend, low, high, budget) - spend
        rise = 1e-4 * float(slope @ towards)
        for part in 0.5 ** np.arange(30):
            there = np.clip(spend + part * towards, low, high)
            response, slope, bend = curves.respond(there)
            if response.sum() >= value + part * rise:
                break
        spend = there
    near = 1e-9 * budget
    held = np.select([spend <= low + near, spend >= high - near], ["least", "most"], "")
    columns = {"spend": spend, "response": response, "marginal": slope, "held": held}
    table = pd.DataFrame({"channel": curves.channels, **columns})
    gap = excess / value if value else 0.0
    summary = SplitSummary(budget=budget, value=value, bound=value + excess, gap=gap, rounds=done)
    return ChannelSplit(table=table, summary=summary)


def _limits(
    channels: tuple[str, ...], budget: float, least: Mapping[str, float], most: Mapping[str, float]
) -> tuple[Floats, Floats]:
    """Return the least and the most of each channel; every fault at once."""
    faults = [
        f"{name}: expected one of {', '.join(channels)}"
        for name in sorted(({*least} | {*most}) - {*channels})
    ]
    if not 0 < budget < np.inf:
        faults.append(f"budget: expected a number above 0, found {budget}")
    low = np.array([least.get(name, 0.0) for name in channels], dtype=float)
    high = np.array([most.get(name, np.inf) for name in channels], dtype=float)
    faults += [
        f"{name}: expected 0 <= least <= most, found {a:,.2f} and {b:,.2f}"
        for name, a, b in zip(channels, low, high, strict=True)
        if not 0 <= a <= b
    ]
    if low.sum() > budget * (1 + 1e-9):
        faults.append(f"the least spends add up to {low.sum():,.2f}, the budget is {budget:,.2f}")
    if high.sum() < budget * (1 - 1e-9):
        faults.append(f"at most {high.sum():,.2f} can be spent, the budget is {budget:,.2f}")
    if faults:
        raise SettingsError("The budget can't be split within these limits.", faults)
    return low, np.minimum(high, budget)


def steepest(slope: Floats, low: Floats, high: Floats, budget: float) -> Floats:
    """Return the split that the tangents promise most: the steepest channels at their most."""
    order = np.argsort(-slope, kind="stable")
    room = (high - low)[order]
    left = budget - low.sum() - (np.cumsum(room) - room)
    split = low.copy()
    split[order] += np.clip(left, 0, room)
    return split


def _parabolas(
    spend: Floats, slope: Floats, bend: Floats, low: Floats, high: Floats, budget: float
) -> Floats:
    """Return the best split were each response the parabola that touches it at this spend.

    All channels between their limits have then the same marginal response; what is spent at a
    marginal response is piecewise linear between the ones at which a channel meets a limit.
    """
    bend = np.maximum(-bend, 1e-6 * max(slope.max(), 1e-300) / budget)

    def split(marginal: Floats) -> Floats:
        return np.asarray(np.clip(spend + (slope - marginal[:, None]) / bend, low, high))

    turns = np.sort(np.concatenate([slope + bend * (spend - at) for at in (low, high)]))[::-1]
    marginal = np.interp(budget, split(turns).sum(axis=1), turns)
    return np.asarray(split(np.atleast_1d(marginal))[0])

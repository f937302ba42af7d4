"""What a choice brings in each of many equally likely futures, and how that is weighed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from workbench.budget.options import Floats, Options
from workbench.errors import DataError, SettingsError

Attitude = Literal["mean", "p20", "cvar", "goal"]
Part = tuple[Literal["mean", "tail", "goal"], float]
Ints = npt.NDArray[np.int64]
REACHED_BY = 0.8  # of the futures: the "P20" of planners
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One number for what a plan brings in all futures; more is better.

    Attributes
    ----------
    attitude : {"mean", "p20", "cvar", "goal"}
        The mean; what at least 80 % of the futures reach; the mean plus ``weight`` times the mean
        of the worst ``tail`` of them (rounded to whole futures, at least one); the share that
        reaches ``target``.
    weight, tail : float
    target : float or None
    """

    attitude: Attitude
    weight: float = 1.0
    tail: float = 0.1
    target: float | None = None

    def __post_init__(self) -> None:
        faults = []
        if self.attitude not in ("mean", "p20", "cvar", "goal"):
            faults.append(f"attitude: expected mean, p20, cvar or goal, found {self.attitude!r}")
        if not (np.isfinite(self.weight) and self.weight >= 0):
            faults.append(f"weight: expected 0 or more, found {self.weight}")
        if not 0 < self.tail < 1:
            faults.append(f"tail: expected more than 0 and less than 1, found {self.tail}")
        if self.attitude == "goal" and not (self.target and 0 < self.target < np.inf):
            faults.append(f"target: expected more than 0 for the goal, found {self.target}")
        if faults:
            raise SettingsError("Risk can't be weighed like this.", faults)

    def of(self, totals: Floats) -> Floats:
        """Return the measure over the last axis."""
        if self.attitude == "goal":
            assert self.target is not None
            return np.asarray((totals >= self.target * (1 - _ROUNDING)).mean(axis=-1))
        if self.attitude == "p20":
            return p20_of(totals)
        mean: Floats = totals.mean(axis=-1)
        if self.attitude == "mean" or not self.weight:
            return np.asarray(mean)
        return np.asarray(mean + self.weight * tail_mean(totals, self.tail))

    @property
    def parts(self) -> dict[Part, float]:
        """The concave functions, each with its weight, whose sum is nowhere below the measure."""
        if self.attitude == "cvar" and self.weight:
            return {("mean", 0.0): 1.0, ("tail", self.tail): self.weight}
        if self.attitude == "goal" and self.target is not None:
            return {("goal", self.target): 1.0}
        return {("mean", 0.0): 1.0}

    def direction(self, totals: Floats) -> Floats:
        """Return weights of the futures that say which change of a plan is promising."""
        if self.attitude in ("p20", "goal"):
            edge = p20_of(totals) if self.target is None else self.target
            near = np.argsort(abs(totals - edge))[: max(len(totals) // 10, 1)]
            return np.asarray(np.bincount(near, minlength=len(totals)) / len(near))
        return np.asarray(sum(w * tangent_of(part, totals)[0] for part, w in self.parts.items()))


def tangent_of(part: Part, totals: Floats) -> tuple[Floats, float]:
    """Return weights of the futures and a constant: what they give is a tangent from above."""
    (kind, number), size = part, len(totals)
    if kind == "mean":
        return np.full(size, 1 / size), 0.0
    if kind == "tail":
        return _on_worst(totals, tail_size(size, number)), 0.0
    short = totals < number
    return short / (size * number), float(1 - short.mean())


def p20_of(totals: Floats) -> Floats:
    """Return what at least 80 % of the futures reach (last axis)."""
    size = totals.shape[-1]
    place = size - int(np.ceil(REACHED_BY * size - _ROUNDING))
    return np.asarray(np.partition(totals, place, axis=-1)[..., place])


def tail_mean(totals: Floats, tail: float) -> Floats:
    """Return the mean of the worst ``tail`` of the futures (CVaR; last axis)."""
    size = tail_size(totals.shape[-1], tail)
    return np.asarray(np.partition(totals, size - 1, axis=-1)[..., :size].mean(axis=-1))


def tail_size(futures: int, tail: float) -> int:
    """Return how many of the futures count as the worst ``tail``."""
    return max(round(tail * futures), 1)


def _on_worst(totals: Floats, size: int) -> Floats:
    weights = np.zeros(len(totals))
    weights[np.argpartition(totals, size - 1)[:size]] = 1 / size
    return weights


@dataclass(frozen=True, kw_only=True, eq=False)
class Futures:
    """What options bring in each future: amounts that add up, or factors on their contacts.

    Attributes
    ----------
    brought : ndarray of shape (options, futures)
    exposure, people : ndarray or None
        Of a net reach: see ``Options``; ``brought`` is then what the expected contacts of an
        option are multiplied by.
    """

    brought: Floats
    exposure: Floats | None = None
    people: Floats | None = None

    def totals(self, point: Floats) -> Floats:
        """Return what a choice, whole or in parts, brings in each future."""
        some = np.flatnonzero(point)
        if self.exposure is None:
            return np.asarray(point[some] @ self.brought[some])
        return self._reached(self._contacts(point, some))

    def fresh_totals(self, fresh: npt.NDArray[np.floating], chosen: Ints) -> Floats:
        """Return what a choice brings in other futures (futures x options)."""
        brought = np.ascontiguousarray(fresh[:, chosen].T, dtype="float64")
        exposure = None if self.exposure is None else self.exposure[chosen]
        return replace(self, brought=brought, exposure=exposure).totals(np.ones(len(chosen)))

    def slope(self, point: Floats, weights: Floats) -> Floats:
        """Return how a weighted sum of the totals changes with each option."""
        if self.exposure is None:
            return np.asarray(self.brought @ weights)
        left = np.exp(-self._contacts(point, np.flatnonzero(point))) * self.people
        return np.asarray(((self.brought @ (weights[:, None] * left)) * self.exposure).sum(axis=1))

    def swapped(self, point: Floats, out: Ints, into: Ints) -> Floats:
        """Return the totals after each swap of one option for another; -1 is none."""
        if self.exposure is None:
            change = _rows(self.brought, into)
            change -= _rows(self.brought, out)
            change += self.totals(point)
            return change
        contacts = self._contacts(point, np.flatnonzero(point))
        return np.array(
            [
                self._reached(contacts + self._one(i) - self._one(o))
                for o, i in zip(out, into, strict=True)
            ]
        )

    def _contacts(self, point: Floats, some: Ints) -> Floats:
        assert self.exposure is not None
        return np.asarray(self.brought[some].T @ (point[some, None] * self.exposure[some]))

    def _reached(self, contacts: Floats) -> Floats:
        assert self.people is not None
        return np.asarray(-np.expm1(-contacts) @ self.people)

    def _one(self, option: int) -> Floats | float:
        assert self.exposure is not None
        return 0.0 if option < 0 else np.outer(self.brought[option], self.exposure[option])


def _rows(values: Floats, places: Ints) -> Floats:
    rows = values[places]
    rows[places < 0] = 0
    return rows


def futures_of(options: Options, scenarios: npt.NDArray[np.floating] | None = None) -> Futures:
    """Return what the options bring in each future, of their own scenarios or of others.

    Raises
    ------
    DataError
        Without scenarios, or of an effective reach, which is not concave.
    """
    scenarios = options.scenarios if scenarios is None else scenarios
    if scenarios is None:
        raise DataError("Risk can't be weighed.", ["the options have no scenarios"])
    if options.goal == "effective_reach":
        raise DataError(
            "Risk can't be weighed for the effective reach.",
            ["choose by the mean, or by net_reach, and look at the simulated effective reach"],
        )
    brought = np.ascontiguousarray(scenarios.T, dtype="float64")
    if options.is_reach:
        return Futures(brought=brought, exposure=options.exposure, people=options.people)
    return Futures(brought=brought)

"""What no whole choice can pass: linear problems over few tangents of a concave measure.

The usual linear form of the tail's mean has a row a future. Its tangents are rows over the options
alone, few are needed, and they hold for every branch and every weight of the tail.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from workbench.budget.futures import Futures, Ints, Measure, Part, tangent_of
from workbench.budget.limits import LimitRows
from workbench.budget.options import Floats

SLACK = 1e-9  # of a limit, for sums of decimals
IDLE = 12  # solves after which a tangent that never held is dropped
COMING = 100  # options that come into play at a time
Bools = npt.NDArray[np.bool_]


@dataclass(eq=False)
class _Tangent:
    part: Part
    slope: Floats
    height: float
    idle: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Branch:
    """Choices with some options in (``low``) and some out (not ``high``), and what they can reach.

    ``point`` is the best with options in parts, ``bound`` its value or more; a choice without an
    option of it loses its ``worth``, one with an option that it leaves out loses ``-worth``.
    ``closed`` means that no tangent at ``point`` would lower the bound.
    """

    low: Bools
    high: Bools
    bound: float = np.inf
    point: Floats = field(default_factory=lambda: np.empty(0))
    worth: Floats = field(default_factory=lambda: np.empty(0))
    closed: bool = False


class Relaxation:
    """Bounds of branches over one set of options.

    Parameters
    ----------
    futures : Futures
    rows : LimitRows
    """

    def __init__(self, futures: Futures, rows: LimitRows) -> None:
        self.futures, self.size = futures, len(futures.brought)
        self.tangents: list[_Tangent] = []
        above, below = np.isfinite(rows.most), np.isfinite(rows.least)
        matrix = rows.matrix.toarray()
        self.limits = np.vstack([matrix[above], -matrix[below]])
        most = np.r_[rows.most[above], -rows.least[below]]
        self.most = most + SLACK * np.maximum(1, abs(most))
        self.once = rows.once
        # At first those that bring little on their own are left out of the linear problems.
        alone = futures.slope(np.zeros(self.size), np.full(futures.brought.shape[1], 1.0))
        self.alone = alone / futures.brought.shape[1]
        self.in_play = np.zeros(self.size, dtype=bool)
        self.in_play[np.argsort(-alone)[:COMING]] = True

    def bounded(self, branch: Branch, measure: Measure, rounds: int, near: float) -> Branch | None:
        """Return a branch with its bound, or None where the limits allow no choice.

        Tangents are added at its point, until that can't lower the bound by more than the share
        ``near``, or ``rounds`` times.
        """
        if not all(map(self._has, measure.parts)):
            self._touch(np.ones(self.size), measure)
        for left in reversed(range(rounds)):
            found = self._relaxed(branch, measure)
            if found is None:
                return None
            distance = found.bound - self._touch(found.point, measure)
            if not left or distance <= near * abs(found.bound):
                small = 1e-8 * abs(found.bound) + SLACK * float(self.alone.max())
                return replace(found, closed=distance <= small)
        return None

    def _has(self, part: Part) -> bool:
        return any(tangent.part == part for tangent in self.tangents)

    def _touch(self, point: Floats, measure: Measure) -> float:
        """Add the tangents at a point, and return what they give there."""
        totals, value = self.futures.totals(point), 0.0
        for part, weight in measure.parts.items():
            weights, constant = tangent_of(part, totals)
            here = constant + float(weights @ totals)
            value += weight * here
            if part[0] == "mean" and self.futures.exposure is None and self._has(part):
                continue
            slope = self.futures.slope(point, weights)
            self.tangents.append(_Tangent(part, slope, here - float(slope @ point)))
        return value

    def _relaxed(self, branch: Branch, measure: Measure) -> Branch | None:
        """Solve over the options in play; those come in that turn out to be worth it."""
        free = branch.low < branch.high
        while True:
            found = self._solved(branch, np.flatnonzero(free & self.in_play), measure)
            if found is None:
                found = self._solved(branch, np.flatnonzero(free), measure)
                if found is None:
                    return None
                self.in_play |= found.point > 0
            coming = free & ~self.in_play & (found.worth > 1e-6 * abs(found.bound))
            if not coming.any():
                return found
            self.in_play[np.argsort(np.where(coming, -found.worth, 0))[:COMING]] = True

    def _solved(self, branch: Branch, free: Ints, measure: Measure) -> Branch | None:
        parts, weights = [*measure.parts], np.array([*measure.parts.values()])
        used = [tangent for tangent in self.tangents if tangent.part in parts]
        slopes = np.array([tangent.slope for tangent in used])
        heights = np.array([tangent.height for tangent in used])
        of = np.array([[tangent.part == part for part in parts] for tangent in used]) * 1.0
        scale = max(abs(heights).max() + slopes.max(), 1e-12)
        fixed = branch.low.astype("float64")
        several = self._several(fixed, free)
        limits = np.vstack([self.limits[:, free], self.once[several][:, free].toarray()])
        room = np.r_[self.most - self.limits @ fixed, 1 - self.once[several] @ fixed]
        found = linprog(
            -np.r_[np.zeros(len(free)), weights / weights.sum()],
            A_ub=np.block(
                [[limits, np.zeros((len(room), len(parts)))], [-slopes[:, free] / scale, of]]
            ),
            b_ub=np.r_[room, (heights + slopes @ fixed) / scale],
            bounds=[(0, 1)] * len(free) + [(None, None)] * len(parts),
            method="highs-ds",
        )
        if found.x is None:
            return None
        # Any multipliers give a valid bound, so that the solver's tolerances don't touch it.
        duals = np.maximum(-found.ineqlin.marginals, 0)
        at = [len(self.most), len(room)]
        prices, singles, shares = np.split(duals, at)
        self._forget(used, shares)
        shares = (of * shares[:, None] / (shares @ of) * weights).sum(axis=1)
        prices, singles = (part * weights.sum() * scale for part in (prices, singles))
        worth = shares @ slopes - prices @ self.limits - singles @ self.once[several]
        bound = shares @ heights + prices @ self.most + singles.sum()
        bound += np.maximum(worth, 0)[branch.high].sum() + np.minimum(worth, 0)[branch.low].sum()
        point = fixed
        point[free] = np.clip(found.x[: len(free)], 0, 1)
        return Branch(
            low=branch.low, high=branch.high, bound=float(bound), point=point, worth=worth
        )

    def _several(self, fixed: Floats, free: Ints) -> Ints:
        """Return the rows of creators of whom too many options are free."""
        if not self.once.shape[0]:
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(np.diff(self.once[:, free].indptr) > 1 - self.once @ fixed)

    def _forget(self, used: list[_Tangent], shares: Floats) -> None:
        for tangent, share in zip(used, shares, strict=True):
            tangent.idle = 0 if share > 0 else tangent.idle + 1
        self.tangents = [tangent for tangent in self.tangents if tangent.idle < IDLE]

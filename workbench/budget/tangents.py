"""The relaxation of a choice: creators in parts, people counted by tangents from above."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from workbench.budget.contacts import Curve
from workbench.budget.limits import LimitRows
from workbench.budget.options import Floats
from workbench.budget.warm import WarmProblem

Chosen = npt.NDArray[np.int64]
Fixed = dict[int, int]
Span = tuple[float, float]

SIZE = 1e4  # of the objective inside the solver, whose tolerances are absolute
FIRST = (0.0, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0)  # contacts where the first tangents touch
WHOLE = 1e-6
COVERS, ENOUGH = 8, 1e-4  # rounds of covers a solve, and by how much one must be passed


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """Maximise ``value @ x + people @ curve(exposure.T @ x)`` over choices ``x`` within the rows.

    ``creator`` is a number for the creator of each option.
    """

    value: Floats
    exposure: Floats
    people: Floats
    curve: Curve
    rows: LimitRows
    creator: npt.NDArray[np.int64]

    def worth(self, chosen: Chosen) -> float:
        """Return what a choice brings."""
        shares = self.curve.share(self.exposure[chosen].sum(axis=0))
        return float(self.value[chosen].sum() + self.people @ shares)

    def kept(self, chosen: Chosen) -> bool:
        """Whether a choice keeps to all limits."""
        return self.rows.kept(np.bincount(chosen, minlength=len(self.value)).astype("float64"))

    def subset(self, columns: Chosen) -> Problem:
        """Return the problem over some options only."""
        return replace(
            self,
            value=self.value[columns],
            exposure=self.exposure[columns],
            rows=self.rows.subset(columns),
            creator=self.creator[columns],
        )


@dataclass(frozen=True, eq=False)
class Branch:
    """Some options in (1) or out (0), and the contacts of some classes between two numbers."""

    fixed: Fixed = field(default_factory=dict)
    spans: dict[int, Span] = field(default_factory=dict)

    def span(self, of: int) -> Span:
        """Return the least and most contacts of a class."""
        return self.spans.get(of, (0.0, np.inf))


class Tangents:
    """The relaxation of a problem, tightened wherever it is solved."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.size, self.classes = problem.exposure.shape
        rows, classes = problem.rows, self.classes
        self._limits = rows.matrix.toarray()
        eye, none = sparse.eye_array(classes), sparse.csr_array((classes, classes))
        contacts = sparse.hstack([sparse.csr_array(problem.exposure.T), -eye, none])
        wide = sparse.csr_array((len(rows.names), 2 * classes))
        matrix = sparse.vstack([sparse.hstack([rows.matrix, wide]), contacts])
        zero = np.zeros(classes)
        self._objective = np.r_[problem.value, zero, problem.people]
        self._scale = SIZE / (self._objective.max(initial=0.0) or 1.0)
        self._linear = WarmProblem(
            self._objective * self._scale,
            matrix,
            np.r_[rows.least, zero],
            np.r_[rows.most, zero],
            np.r_[np.ones(self.size), np.full(classes, np.inf), np.ones(classes)],
        )
        self._most = rows.most
        self._money = [
            at
            for at, name in enumerate(rows.names)
            if name == "budget" or name.startswith("share of ")
        ]
        # No more creators than the cheapest that the budget pays: where all cost the same, nothing
        # else tells the relaxation that parts of creators can't be bought.
        paid = np.cumsum(np.sort(self._limits[0])) <= rows.most[0]
        self._fit = float(paid.sum())
        self._once = np.zeros(rows.once.shape[0], dtype=bool)
        for at in FIRST:
            self._touch(np.full(classes, at), np.ones(classes, dtype=bool))
        self._lines = self._linear.rows
        self._spans: dict[int, Span] = {}
        if problem.curve.line is not None:
            for of in range(classes):
                self._linear.add(1.0, self._columns(of), np.array([0.0, 1.0]))
        self._rescale()

    def _columns(self, of: int) -> Chosen:
        """Return where the contacts and the share of a class stand."""
        return np.array([self.size + of, self.size + self.classes + of])

    def _rescale(self) -> None:
        bound = self._linear.solve()[1] / self._scale
        if 0 < bound < np.inf:
            self._scale = SIZE / bound
            self._linear.set_objective(self._objective * self._scale)

    def relax(
        self, branch: Branch, *, enough: float, close: float, rounds: int
    ) -> tuple[Floats | None, float]:
        """Solve one branch; no point, and -inf, where nothing is within the limits.

        Stops where the bound is not above ``enough``, within ``close`` of what the point brings
        (relative), or after ``rounds`` rounds of tangents.
        """
        self._linear.bound(*self._open(branch))
        self._bend(branch)
        covers = COVERS
        while True:
            point, bound = self._linear.solve()
            bound /= self._scale
            if point is None or bound <= enough:
                return None if point is None else point[: self.size], bound
            x = point[: self.size]
            if self._part(x) or (covers and self._cover(x)):
                covers -= 1
                continue
            contacts = self.problem.exposure.T @ x
            over = point[self.size + self.classes :] - self.problem.curve.roof(contacts)[0]
            above = self.problem.people * np.maximum(over, 0)
            if rounds <= 0 or above.sum() <= close * abs(bound):
                return x, bound
            rounds -= 1
            self._touch(contacts, above > close * abs(bound) / (2 * self.classes))

    def _open(self, branch: Branch) -> tuple[Floats, Floats]:
        """Return the least and most of each option: what has no room beside the fixed is out."""
        low, high = np.zeros(self.size), np.ones(self.size)
        columns, sides = [*branch.fixed], np.array([*branch.fixed.values()])
        low[columns] = high[columns] = sides
        chosen = np.flatnonzero(low)
        room = self.problem.rows.most - self._limits[:, chosen].sum(axis=1)
        room += WHOLE * np.maximum(1, abs(room))
        high[(self._limits > room[:, None]).any(axis=0)] = 0
        high[np.isin(self.problem.creator, self.problem.creator[chosen])] = 0
        high[chosen] = 1
        spans = np.array([branch.span(of) for of in range(self.classes)]).reshape(-1, 2)
        return np.r_[low, spans[:, 0]], np.r_[high, spans[:, 1]]

    def _bend(self, branch: Branch) -> None:
        """Put the line of each span that changed above its class."""
        line = self.problem.curve.line
        if line is None or branch.spans == self._spans:
            return
        for of in range(self.classes):
            low, high = branch.span(of)
            if (low, high) != self._spans.get(of, (0.0, np.inf)):
                height, slope = line(low, high)
                column = self.size + of
                self._linear.change(self._lines + of, height - slope * low, column, -slope)
        self._spans = branch.spans

    def excess(self, branch: Branch, x: Floats) -> Floats:
        """Return how many people of each class the relaxation counts more than the curve does."""
        line, contacts = self.problem.curve.line, self.problem.exposure.T @ x
        if line is None:
            return np.zeros(self.classes)
        top = self.problem.curve.roof(contacts)[0]
        for of, (low, high) in branch.spans.items():
            height, slope = line(low, high)
            top[of] = min(top[of], height + slope * (contacts[of] - low))
        return self.problem.people * (top - self.problem.curve.share(contacts))

    def _cover(self, x: Floats) -> bool:
        """Add rows for options that don't fit together and are bought nearly whole.

        Those of a cover cost more than a limit on money allows, so that one of them is out; what
        costs as much as the dearest of them may stand for any.
        """
        found = False
        for cost, most in zip(self._limits[self._money], self._most[self._money], strict=True):
            inside = np.flatnonzero((x > WHOLE) & (cost > 0))
            inside = inside[np.argsort((1 - x[inside]) / cost[inside], kind="stable")]
            size = (
                int(np.searchsorted(np.cumsum(cost[inside]), most * (1 + 1e-9), side="right")) + 1
            )
            if size > len(inside):
                continue
            cover = inside[:size]
            for one in cover[np.argsort(cost[cover], kind="stable")]:
                if cost[cover].sum() - cost[one] > most * (1 + 1e-9):
                    cover = cover[cover != one]
            wide = np.flatnonzero(cost >= cost[cover].max())
            members = np.union1d(cover, wide)
            if x[members].sum() > len(cover) - 1 + ENOUGH:
                self._linear.add(len(cover) - 1.0, members, np.ones(len(members)))
                found = True
        return found

    def reduced(self) -> Floats:
        """Return what each option's change would cost the last bound."""
        return np.abs(self._linear.reduced()[: self.size]) / self._scale

    def _touch(self, contacts: Floats, where: npt.NDArray[np.bool_]) -> None:
        heights, slopes = self.problem.curve.roof(contacts)
        for of in map(int, np.flatnonzero(where)):
            most = heights[of] - slopes[of] * contacts[of]
            self._linear.add(most, self._columns(of), np.array([-slopes[of], 1.0]))

    def _part(self, x: Floats) -> bool:
        """Add the rows of creators who are bought more than once, and of how many fit."""
        once = self.problem.rows.once
        bad = np.flatnonzero((once @ x > 1 + WHOLE) & ~self._once)
        for row in bad:
            columns = once.indices[once.indptr[row] : once.indptr[row + 1]]
            self._linear.add(1.0, columns, np.ones(len(columns)))
        self._once[bad] = True
        many = x.sum() > self._fit + WHOLE
        if many:
            self._linear.add(self._fit, np.arange(self.size), np.ones(self.size))
            self._fit = np.inf
        return bool(len(bad)) or bool(many)

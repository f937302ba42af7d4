"""Branch and bound over whole creators.

The relaxation buys a few dear creators in part; the search decides first on those whose decision
was seen to cost most, and puts aside what can't pass the best plan by more than the gap.
"""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from workbench.budget.options import Floats
from workbench.budget.plan import ChoiceSettings
from workbench.budget.swaps import swap_options
from workbench.budget.tangents import WHOLE, Branch, Chosen, Problem, Tangents
from workbench.budget.whole import solve_whole

PRECISION = 1e-8  # relative; the solver's tolerance does not carry a proof further
DIVES = 20  # nodes between two tries to round
FEASIBLE = 100_000  # nodes to find any plan, where rounding finds none
STEPS = 100  # of one try
SUMS = 500  # nodes after which a sum is left to the solver's own search
ROUGH = 0.01  # of the value; where the tangents are further off, contacts are split first
IMPOSSIBLE = 0.05  # the fall, relative, that a side without any plan counts as


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """The best choice (None: none was found), a bound on all, and whether any exists."""

    chosen: Chosen | None
    bound: float
    feasible: bool = True


def search_plan(problem: Problem, settings: ChoiceSettings) -> Found:
    """Find the best choice, and a bound that none passes.

    After the first relaxation, options that can't be part of a better plan are left out.
    """
    first = _Search(problem, settings)
    if not first.root():
        return Found(chosen=first.best, bound=first.bound, feasible=first.bound > -np.inf)
    columns, adds_up = first.promising(), problem.exposure.shape[1] == 0
    rest = _Search(
        problem.subset(columns),
        replace(settings, nodes=min(settings.nodes, SUMS)) if adds_up else settings,
    )
    rest.closed, rest.end = first.closed, first.end
    if first.best is not None:
        rest.take(np.searchsorted(columns, first.best))
    if rest.root():
        rest.run()
    bound = rest.bound
    if adds_up and bound > rest.enough:
        bound = min(bound, max(_search_sum(rest, settings), rest.closed))
    chosen = None if rest.best is None else columns[rest.best]
    return Found(chosen=chosen, bound=bound, feasible=bound > -np.inf)


def _search_sum(search: _Search, settings: ChoiceSettings) -> float:
    """Solve what adds up by the solver's own search, which knows more of ties; return its bound."""
    problem, whole = search.problem, np.ones(len(search.problem.value), dtype=bool)
    rows = problem.rows.constraints
    found = solve_whole(problem.value, rows, whole.astype("float64"), whole, settings)
    if found.point is not None:
        search.take(np.flatnonzero(found.point))
    return max(found.bound, search.value)


class _Search:
    """The state of one search.

    Nodes wait in ``heap`` by their bound; ``closed`` is the highest bound of what was put aside.
    """

    def __init__(self, problem: Problem, settings: ChoiceSettings) -> None:
        self.problem, self.settings = problem, settings
        self.tangents = Tangents(problem)
        self.gap = max(settings.gap, PRECISION)
        self.best: Chosen | None = None
        self.value = self.closed = -np.inf
        self.heap: list[tuple[float, int, Branch, Floats]] = []
        self.nodes, self.order = 0, count()
        size = len(problem.value)
        self.losses, self.tries = np.zeros((2, size)), np.zeros((2, size))
        self.weight = problem.rows.matrix[[0]].toarray().ravel() + 1.0
        self.end = np.inf if settings.seconds is None else time.monotonic() + settings.seconds

    @property
    def enough(self) -> float:
        """A bound that needs no further look."""
        return self.value + self.gap * abs(self.value) if self.best is not None else -np.inf

    @property
    def bound(self) -> float:
        """What no plan passes."""
        waiting = -self.heap[0][0] if self.heap else -np.inf
        return max(waiting, self.closed, self.value)

    def root(self) -> bool:
        """Relax everything and round once; whether anything is left to search."""
        x, bound = self.tangents.relax(Branch(), enough=self.enough, close=self.gap / 20, rounds=25)
        if x is None or bound <= self.enough:
            self.closed = max(self.closed, bound)
            return False
        self.reduced = self.tangents.reduced()
        self._push(Branch(), x, bound)
        self._dive(Branch(), x)
        if self.best is None and not self._any(x):
            self.heap, self.closed = [], -np.inf
            return False
        return bound > self.enough

    def promising(self) -> Chosen:
        """Return the options that may be in a plan better than the best by more than the gap."""
        bound = -self.heap[0][0]
        x, after = self.heap[0][3], bound - self.reduced
        out = (x <= WHOLE) & (after <= self.enough)
        if self.best is not None:
            out[self.best] = False
        self.closed = max(self.closed, after[out].max(initial=-np.inf))
        return np.flatnonzero(~out)

    def run(self) -> None:
        """Search until nothing passes the best by more than the gap, or a limit comes."""
        while self.heap and -self.heap[0][0] > self.enough:
            if self.nodes >= self.settings.nodes or time.monotonic() > self.end:
                return
            self.nodes += 1
            self._branch(*heapq.heappop(self.heap))

    def take(self, chosen: Chosen) -> None:
        """Keep a choice if it is the best so far, after swaps around it."""
        if not self.problem.kept(chosen):
            return
        better = swap_options(self.problem, chosen)
        if self.problem.worth(better) > self.value:
            self.best, self.value = better, self.problem.worth(better)

    def _branch(self, negative: float, _: int, branch: Branch, x: Floats) -> None:
        column, excess = self._column(branch, x), self.tangents.excess(branch, x)
        small = self.gap / 2 if column is None else ROUGH
        if excess.sum() > small * abs(self.value):
            self._split(branch, x, -negative, int(np.argmax(excess)))
        elif column is None:
            self.closed = max(self.closed, -negative)
        else:
            for side in (1, 0):
                inner = replace(branch, fixed={**branch.fixed, column: side})
                fall = self._look(inner, -negative)
                rest = 1 - x[column] if side else x[column]
                self.losses[side, column] += fall / max(rest, WHOLE)
                self.tries[side, column] += 1
        if self.heap and self.nodes % DIVES == 1:
            self._dive(*self.heap[0][2:])

    def _split(self, branch: Branch, x: Floats, above: float, of: int) -> None:
        """Look at fewer contacts of a class, and at more, than the relaxation has."""
        low, high = branch.span(of)
        at = float(self.problem.exposure[:, of] @ x)
        edge = 0.15 * (min(high, low + 4.0) - low)
        at = min(max(at, low + edge), high - edge)
        for span in ((low, at), (at, high)):
            self._look(replace(branch, spans={**branch.spans, of: span}), above)

    def _look(self, branch: Branch, above: float) -> float:
        """Bound a branch, keep it where it may hold a better plan, and return its fall."""
        relax = self.tangents.relax
        x, bound = relax(branch, enough=self.enough, close=self.gap / 5, rounds=4)
        fall = max(above - bound, 0.0) if x is not None else IMPOSSIBLE * abs(above)
        if x is not None and bound > self.enough and _parts(x).max(initial=0.0) <= WHOLE:
            self.take(np.flatnonzero(x > 0.5))
            x, bound = relax(branch, enough=self.enough, close=1e-9, rounds=30)
        if x is None or bound <= self.enough:
            self.closed = max(self.closed, min(bound, above))
        else:
            self._push(branch, x, min(bound, above))
        return fall

    def _any(self, x: Floats) -> bool:
        """Take the choice that is most like a relaxed one; False where there is no choice."""
        rows, whole = self.problem.rows, np.ones(len(x), dtype=bool)
        rough = replace(self.settings, gap=0.1, nodes=FEASIBLE)
        found = solve_whole(np.round(x, 6), rows.constraints, np.ones(len(x)), whole, rough)
        if found.point is not None:
            self.take(np.flatnonzero(found.point))
        return found.feasible

    def _push(self, branch: Branch, x: Floats, bound: float) -> None:
        heapq.heappush(self.heap, (-bound, next(self.order), branch, x))

    def _column(self, branch: Branch, x: Floats) -> int | None:
        """Return the option to decide on: bought in part, and both answers cost much."""
        open_ = np.flatnonzero(_parts(x) > WHOLE)
        if not len(open_):
            chosen = np.flatnonzero(x > 0.5)
            self.take(chosen)
            free = np.setdiff1d(np.flatnonzero(_parts(x) > 0), [*branch.fixed])
            return int(free[0]) if len(free) and not self.problem.kept(chosen) else None
        weight = self.weight[:, None].T
        mean = self.losses.sum(axis=1) / np.maximum((self.tries * weight).sum(axis=1), 1e-300)
        mean = np.where(self.tries.sum(axis=1) > 0, mean, 1.0)[:, None]
        rates = (self.losses[:, open_] + mean * weight[:, open_]) / (self.tries[:, open_] + 1)
        down, up = rates * np.array([x[open_], 1 - x[open_]])
        return int(open_[np.argmax(np.maximum(down, 1e-12) * np.maximum(up, 1e-12))])

    def _dive(self, branch: Branch, x: Floats) -> None:
        """Round: the largest part is bought whole, the rest follows, until nothing is in part."""
        for _ in range(STEPS):
            parts = np.flatnonzero(_parts(x) > WHOLE)
            if not len(parts):
                break
            column = int(parts[np.argmax(x[parts])])
            for side in (1, 0):
                trial = replace(branch, fixed={**branch.fixed, column: side})
                then, _ = self.tangents.relax(trial, enough=-np.inf, close=1e-3, rounds=2)
                if then is not None:
                    break
            else:
                return
            branch, x = trial, then
        self.take(np.flatnonzero(x > 1 - WHOLE))


def _parts(x: Floats) -> Floats:
    return np.minimum(x, 1 - x)

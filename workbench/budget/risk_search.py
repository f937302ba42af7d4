"""Branch and bound for the best whole choice under a measure of risk.

Branching is on the option that costs most among those that the relaxation takes in part: few dear
creators make most of the distance to whole choices.
"""

from __future__ import annotations

import heapq
from itertools import count
from time import monotonic

import numpy as np

from workbench.budget.branching import Found
from workbench.budget.futures import Futures, Ints, Measure
from workbench.budget.limits import LimitRows
from workbench.budget.options import Floats
from workbench.budget.plan import ChoiceSettings
from workbench.budget.risk_bounds import SLACK, Branch, Relaxation
from workbench.budget.whole import solve_whole

WHOLE = 1e-6
NEAR = 250  # options that a swap may bring in
TRIED = 120  # swaps whose futures are counted out
ALWAYS, SOMETIMES = 20, 8  # so many first branches are rounded, then one in so many


class RiskSearch:
    """Search one set of options; several measures on it share tangents and plans.

    Parameters
    ----------
    futures : Futures
    rows : LimitRows
    """

    def __init__(self, futures: Futures, rows: LimitRows) -> None:
        self.futures, self.rows = futures, rows
        self.size = len(futures.brought)
        self.relaxation = Relaxation(futures, rows)
        self.plans: dict[bytes, tuple[Floats, Floats]] = {}  # with what they bring
        self.near: Ints = np.arange(self.size)
        self.cost = rows.matrix[[rows.names.index("budget")]].toarray().ravel() + SLACK
        once = rows.once.tocoo()
        # The row of a creator with several options; all others share a last row that never fills.
        self.creator = np.full(self.size + 1, rows.once.shape[0])
        self.creator[once.coords[1]] = once.coords[0]

    def root(self, measure: Measure) -> Branch | None:
        """Return the bound over all choices, or None where there is none."""
        every = Branch(low=np.zeros(self.size, dtype=bool), high=np.ones(self.size, dtype=bool))
        return self.relaxation.bounded(every, measure, rounds=60, near=1e-4)

    def search(self, measure: Measure, settings: ChoiceSettings) -> Found:
        """Return the best whole choice found and a bound that no choice passes."""
        root = self.root(measure)
        if root is None:
            return Found(chosen=None, bound=np.nan, feasible=False)
        self.near = np.argsort(np.where(root.point > WHOLE, -np.inf, -root.worth))[:NEAR]
        self._try(root.point, measure)
        if not self.plans:
            found = self._any_plan(settings)
            if found is None:
                return Found(chosen=None, bound=np.nan, feasible=False)
            self._try(found, measure)
        order, done, nodes = count(), -np.inf, 0
        end = np.inf if settings.seconds is None else monotonic() + settings.seconds
        heap = [(-root.bound, next(order), root)]
        while heap and nodes < settings.nodes and monotonic() < end:
            enough = self.best(measure)[1]
            enough += abs(enough) * settings.gap if self.plans else 0.0
            if -heap[0][0] <= enough:
                break
            branch = heapq.heappop(heap)[2]
            # What the children leave out brings no more than is enough.
            done = max(done, min(branch.bound, enough))
            for child in _children(branch, enough, self.cost):
                nodes += 1
                inner = self.relaxation.bounded(child, measure, rounds=2, near=3e-3)
                if inner is None:
                    continue
                whole = _is_whole(inner.point)
                if whole or nodes < ALWAYS or nodes % SOMETIMES == 0:
                    self._try(inner.point, measure)
                if whole and inner.closed:
                    done = max(done, inner.bound)
                else:
                    heapq.heappush(heap, (-inner.bound, next(order), inner))
        best, value = self.best(measure)
        bound = max(done, value, -heap[0][0] if heap else -np.inf)
        return Found(chosen=None if best is None else np.flatnonzero(best), bound=bound)

    def improve(self, measure: Measure, most: int) -> tuple[Floats | None, float]:
        """Return the best of the plans known, and of those that swaps make of the ``most`` best."""
        if self.plans:
            plans, totals = zip(*self.plans.values(), strict=True)
            for at in np.argsort(-measure.of(np.array(totals)))[:most]:
                self._keep(self._swapped(plans[at], measure))
        return self.best(measure)

    def best(self, measure: Measure) -> tuple[Floats | None, float]:
        """Return the best of the plans known and its value; of equals, that with the best mean."""
        if not self.plans:
            return None, -np.inf
        plans, totals = zip(*self.plans.values(), strict=True)
        values = measure.of(np.array(totals))
        at = int(np.lexsort((np.mean(totals, axis=1), values))[-1])
        return plans[at], float(values[at])

    def _keep(self, plan: Floats) -> None:
        self.plans[plan.tobytes()] = plan, self.futures.totals(plan)

    def _try(self, point: Floats, measure: Measure) -> None:
        """Round a point to a whole choice and improve it by swaps."""
        plan = self._rounded(point)
        if plan is not None and plan.tobytes() not in self.plans:
            self._keep(plan)
            self._keep(self._swapped(plan, measure))

    def _rounded(self, point: Floats) -> Floats | None:
        plan = (point > 1 - WHOLE).astype("float64")
        limits, most = self.relaxation.limits, self.relaxation.most
        used = limits @ plan
        parts = np.flatnonzero((point > WHOLE) & (point <= 1 - WHOLE))
        for option in parts[np.argsort(-point[parts])]:
            more = used + limits[:, option]
            if (more <= np.maximum(most, used)).all() and self._is_single(plan, option):
                plan[option], used = 1, more
        return plan if (used <= most).all() else None

    def _is_single(self, plan: Floats, option: int) -> bool:
        of = self.creator[option]
        return bool(of == self.rows.once.shape[0] or not plan[self.creator[:-1] == of].any())

    def _any_plan(self, settings: ChoiceSettings) -> Floats | None:
        """Return a good mean's choice, in parts where none was found, or None if there is none."""
        every, loose = np.ones(self.size), ChoiceSettings(gap=0.02, nodes=settings.nodes)
        found = solve_whole(self.relaxation.alone, self.rows.constraints, every, every > 0, loose)
        if not found.feasible:
            return None
        return every / 2 if found.point is None else found.point

    def _swapped(self, plan: Floats, measure: Measure) -> Floats:
        """Take the best swap, drop or addition of one option until none is better."""
        plan = plan.copy()
        totals = self.futures.totals(plan)
        value = float(measure.of(totals))
        while True:
            out, into = self._moves(plan)
            slope = np.r_[self.futures.slope(plan, measure.direction(totals)), 0.0]
            promising = np.argsort(slope[out] - slope[into])[:TRIED]
            out, into = out[promising], into[promising]
            if not len(out):
                return plan
            after = self.futures.swapped(plan, out, into)
            values = measure.of(after)
            at = int(values.argmax())
            if values[at] <= value * (1 + 1e-12):
                return plan
            plan[out[at]] = 0 if out[at] >= 0 else plan[out[at]]
            plan[into[at]] = 1 if into[at] >= 0 else plan[into[at]]
            totals, value = after[at], float(values[at])

    def _moves(self, plan: Floats) -> tuple[Ints, Ints]:
        """Return the swaps that keep to the limits, -1 for none."""
        inside = np.flatnonzero(plan)
        outside = np.r_[np.setdiff1d(self.near, inside), -1]
        out = np.r_[np.repeat(inside, len(outside)), np.full(len(outside) - 1, -1)]
        into = np.r_[np.tile(outside, len(inside)), outside[:-1]]
        limits, most = self.relaxation.limits, self.relaxation.most
        taken = np.r_[self.rows.once @ plan > 0.5, False]
        keep = ~taken[self.creator[into]] | (self.creator[into] == self.creator[out])
        for row, room in zip(limits, most - limits @ plan, strict=True):
            line = np.r_[row, 0.0]
            keep &= line[into] - line[out] <= room
        return out[keep], into[keep]


def _is_whole(point: Floats) -> bool:
    return bool((np.minimum(point, 1 - point) < WHOLE).all())


def _children(branch: Branch, enough: float, cost: Floats) -> list[Branch]:
    """Split a branch; options that can't bring more than is enough are settled on the way."""
    loss = branch.bound - enough
    low = branch.low | (branch.high & (branch.worth > loss) & (branch.point > 1 - WHOLE))
    high = branch.high & ~((branch.worth < -loss) & (branch.point < WHOLE) & ~low)
    if _is_whole(branch.point):
        return [Branch(low=low, high=high)]
    parts = np.minimum(branch.point, 1 - branch.point)
    at = int(np.argmax(np.where(parts < WHOLE, 0, parts * cost)))
    out, into = high.copy(), low.copy()
    out[at], into[at] = False, True
    return [Branch(low=into, high=high), Branch(low=low, high=out)]

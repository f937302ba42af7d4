"""Shares of a budget against its worst futures: the whole mean-CVaR frontier, exactly.

Expected result and mean of the worst futures are traded by one price ``theta``: maximise
``theta * mean + tail mean``. From the shares with the highest mean on, the price is lowered to
nothing; each time that the optimal vertex changes, one column or one scenario enters or leaves the
basis (the parametric simplex method). The basis holds only the columns between their limits and as
many scenarios that are just at the edge of the tail, twenty or so, so a step costs microseconds
whatever the number of scenarios; the frontier between two vertices is a straight line.

Ties are broken by changes of one part in 10^9; each point's bound holds for the problem as given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import lapack

from workbench.budget.channels import steepest
from workbench.budget.futures import tail_mean, tail_size
from workbench.errors import DataError

Floats = npt.NDArray[np.float64]
_TINY = 1e-9  # a pivot that is smaller would be noise


@dataclass(frozen=True, kw_only=True, eq=False)
class WeightFrontier:
    """The best shares for every wanted mean.

    Attributes
    ----------
    table : DataFrame
        One row a point, the most cautious first: ``mean``; ``tail``, the mean of the worst
        futures; ``bound``, which no shares with that mean exceed.
    weights : ndarray of shape (points, columns)
    steps : int
        Changes of the basis along the whole frontier.
    """

    table: pd.DataFrame
    weights: Floats
    steps: int


def frontier_weights(
    returns: Floats,
    *,
    most: float = 1.0,
    tail: float = 0.05,
    points: int = 11,
    means: Floats | None = None,
) -> WeightFrontier:
    """Find the shares that sum to 1 and have the best tail for each mean.

    Parameters
    ----------
    returns : ndarray of shape (scenarios, columns)
        What a unit of money brings in equally likely futures.
    most : float
        Largest share of a column.
    tail : float
        Share of the futures that count as the worst, at least one of them.
    points : int
        Evenly spaced in the mean, from the best tail to the highest mean.
    means : ndarray, optional
        The wanted means instead.
    """
    _check(returns, most, tail)
    walk = _Walk(returns, most, tail)
    for _ in range(100 * sum(returns.shape)):  # never met; a cycle would end with a true bound
        if not walk.step():
            break
    corners, mean = np.array(walk.corners), returns.mean(axis=0)
    reached = corners @ mean
    if means is None:
        means = np.linspace(reached[-1], reached[0], points)
    # Means that differ by less than the broken ties are one mean.
    wanted = means - 3e-9 * np.abs(returns).max()
    after = np.clip(np.searchsorted(-reached, -wanted, side="right"), 1, len(reached) - 1)
    gained = np.maximum(reached[after - 1] - reached[after], 1e-300)
    part = np.clip((wanted - reached[after]) / gained, 0, 1)[:, None]
    weights = corners[after] + part * (corners[after - 1] - corners[after])
    found, bounds = weights @ mean, [_bound(returns, most, *walk.dual(corner)) for corner in after]
    table = pd.DataFrame(
        {
            "mean": found,
            "tail": tail_mean(weights @ returns.T, tail),
            "bound": [best - price * at for (best, price), at in zip(bounds, found, strict=True)],
        }
    )
    return WeightFrontier(table=table, weights=weights, steps=len(corners) - 1)


def _bound(returns: Floats, most: float, tilt: Floats, price: float) -> tuple[float, float]:
    """Return the most of the tilted futures' mean and ``price`` times the mean, and the price."""
    gains = tilt @ returns + price * returns.mean(axis=0)
    best = steepest(gains, np.zeros(len(gains)), np.full(len(gains), most), 1.0)
    return float(gains @ best), price


def _check(returns: Floats, most: float, tail: float) -> None:
    faults = []
    if returns.ndim != 2 or not returns.size or not np.isfinite(returns).all():
        faults.append(f"returns: expected a filled table, found the shape {returns.shape}")
    elif most * returns.shape[1] < 1 - 1e-9:
        faults.append(f"most: {returns.shape[1]} shares of at most {most} don't add up to 1")
    if not 0 < tail < 1:
        faults.append(f"tail: expected a number between 0 and 1, found {tail}")
    if faults:
        raise DataError("These futures have no frontier.", faults)


class _Walk:
    """The basis while the price of the mean falls, and the corners that it passed.

    ``inner`` columns lie between their limits, ``edge`` scenarios at the edge of the tail, equally
    many; ``place`` is 1 for a column at its most and -1 at 0, ``side`` is -1 for a scenario in the
    tail and 1 beyond it; 0 is in the basis. ``above`` is how far a scenario is from the edge,
    ``gains`` what a column brings in the tail, and on average.
    """

    def __init__(self, returns: Floats, most: float, tail: float) -> None:
        scenarios, columns = returns.shape
        noise = np.random.default_rng(0)
        self.rows = returns / (np.abs(returns).max() or 1)
        self.columns = np.ascontiguousarray(self.rows.T)
        self.most = np.full(columns, min(most, 1.0)) * (1 + 1e-9 * (1 + noise.random(columns)))
        size = tail_size(scenarios, tail)
        self.chance = 1 / (size * (1 + 1e-9 if size < scenarios else 1 - 1e-9))
        mean = self.rows.mean(axis=0) + 1e-9 * noise.random(columns)
        self.weights = steepest(mean, np.zeros(columns), self.most, 1.0)
        self.place = np.where(self.weights > 0, 1.0, -1.0)
        held = np.flatnonzero(self.weights)
        self.inner = [int(held[mean[held].argmin()])]
        self.place[self.inner] = 0
        # Copies of what the basis uses, so that it stays near the processor.
        self.inner_columns = np.empty((min(scenarios, columns) + 1, scenarios))
        self.inner_columns[0] = self.columns[self.inner[0]]
        self.edge_rows = np.empty((len(self.inner_columns), columns))
        above = self.rows @ self.weights + 1e-9 * noise.random(scenarios)
        order, worst = np.argsort(above), int(np.ceil(1 / self.chance)) - 1
        self.edge = [int(order[worst])]
        self.edge_rows[0] = self.rows[self.edge[0]]
        self.side = np.ones(scenarios)
        self.side[order[:worst]], self.side[self.edge] = -1, 0
        self.above = np.abs(above - above[self.edge])
        self.gains = np.stack([self.rows[order[:worst]].sum(axis=0) * self.chance, mean])
        self.left = 1 - worst * self.chance
        self.price = np.inf
        self.corners = [self.weights.copy()]
        self.duals: list[tuple[float, Floats, list[int], Floats]] = []

    def dual(self, corner: int) -> tuple[Floats, float]:
        """Return the scenarios' weights and the price which prove the edge to a corner."""
        price, side, edge, dual = self.duals[corner - 1]
        tilt = np.where(side < 0, self.chance, 0.0)
        tilt[edge] = dual @ [1, price]
        return tilt, price

    def step(self) -> bool:
        """Lower the price to where the basis changes, and change it; False at a price of 0."""
        count, inner = len(self.inner), np.array(self.inner)
        edge_rows = self.edge_rows[:count]
        basis = np.ones((count + 1, count + 1))
        basis[:count, :count] = edge_rows.take(inner, axis=1)
        basis[:count, count], basis[count, count] = -1, 0
        right = np.zeros((count + 1, 2))
        right[:count] = self.gains.take(inner, axis=1).T
        right[count, 0] = self.left
        factors, pivots, _ = lapack.dgetrf(basis)
        dual = -lapack.dgetrs(factors, pivots, right, trans=1)[0]
        reduced = dual[:count].T @ edge_rows + dual[count][:, None] + self.gains
        event, price = self._event(dual[:count], reduced)
        self.price = max(min(price, self.price), 0.0)
        self.duals.append((self.price, self.side.copy(), [*self.edge], dual[:count]))
        if self.price and event < 2 * count:
            sign = 1.0 if event < count else -1.0
            towards = np.zeros(count + 1)
            towards[event % count] = sign
            self._go(inner, lapack.dgetrs(factors, pivots, towards)[0])
            self._put_scenario(event % count, sign)
        elif self.price:
            column = event - 2 * count
            sign = -float(self.place[column])
            towards = np.append(-sign * edge_rows[:, column], -sign)
            self._go(inner, lapack.dgetrs(factors, pivots, towards)[0], column, sign)
        self.corners.append(self.weights.copy())
        return self.price > 0

    def _event(self, dual: Floats, reduced: Floats) -> tuple[int, float]:
        """Return what stops to be optimal first as the price falls, and at which price."""
        level, slope = np.concatenate([dual, -dual, self.place[:, None] * reduced.T]).T
        level[len(dual) : 2 * len(dual)] += self.chance
        slope = np.maximum(slope, 1e-15)
        event = int(((level + _TINY) / slope).argmin())
        return event, float(max(-level[event] - _TINY, 0) / slope[event])

    def _go(
        self,
        inner: npt.NDArray[np.int64],
        move: Floats,
        column: int | None = None,
        sign: float = 0.0,
    ) -> None:
        """Move until a column meets a limit or a scenario the edge; that one changes place."""
        count, weights = len(inner), self.weights
        rise = move[:count] @ self.inner_columns[:count] - move[count]
        move, across = move[:count], np.inf
        if column is not None:
            rise += sign * self.columns[column]
            across = float(self.most[column])
        held, pace = weights[inner], np.abs(move)
        room = np.where(move > 0, self.most[inner] - held, held)
        lengths = np.where(pace > _TINY, room / np.maximum(pace, _TINY), np.inf)
        speed = self.side * rise
        first = int(lengths.argmin())
        scenario = int(((speed + _TINY) / (self.above + 1e-30)).argmin())
        meets = self.above[scenario] / -speed[scenario] if speed[scenario] < -_TINY else np.inf
        self.length = max(0.0, min(float(lengths[first]), float(meets), across))
        weights[inner] = held + self.length * move
        self.above = np.maximum(self.above + self.length * speed, 0)
        if column is not None:
            weights[column] += sign * self.length
            if across <= min(lengths[first], meets):
                self._put_column(column, sign)
                return
            self.place[column] = 0
            self.inner_columns[count] = self.columns[column]
            self.inner.append(column)
        if lengths[first] <= meets:
            self._put_column(int(inner[first]), float(np.sign(move[first])))
            _drop(self.inner, self.inner_columns, first)
        else:
            if self.side[scenario] < 0:
                self._count_in_tail(scenario, -1)
            self.side[scenario] = self.above[scenario] = 0
            self.edge_rows[len(self.edge)] = self.rows[scenario]
            self.edge.append(scenario)

    def _put_column(self, column: int, place: float) -> None:
        self.place[column] = place
        self.weights[column] = self.most[column] if place > 0 else 0.0

    def _put_scenario(self, position: int, side: float) -> None:
        scenario = _drop(self.edge, self.edge_rows, position)
        self.side[scenario], self.above[scenario] = side, self.length
        if side < 0:
            self._count_in_tail(scenario, 1)

    def _count_in_tail(self, scenario: int, times: int) -> None:
        self.gains[0] += times * self.chance * self.rows[scenario]
        self.left -= times * self.chance


def _drop(members: list[int], copies: Floats, position: int) -> int:
    """Let the last member, and its copied row, take the place of one that goes; return that one."""
    gone, members[position] = members[position], members[-1]
    members.pop()
    copies[position] = copies[len(members)]
    return gone

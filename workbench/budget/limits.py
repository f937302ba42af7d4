"""The limits of a plan as rows of a linear problem, each with a name that a person can read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.optimize import LinearConstraint

from workbench.budget.options import Floats, Limits, Options
from workbench.errors import SettingsError

Row = tuple[str, npt.NDArray[Any], float, float]
TOLERANCE = 1e-9  # of a limit, for sums of decimals


@dataclass(frozen=True, kw_only=True, eq=False)
class LimitRows:
    """``least <= matrix @ chosen <= most``, where ``chosen`` is 0 or 1 an option.

    Attributes
    ----------
    names : tuple of str
        One a limit that was asked for, such as ``budget`` or ``share of tier micro``.
    matrix : sparse array of shape (limits, options)
    least, most : ndarray of shape (limits,)
        Infinite where open.
    once : sparse array
        One row a creator with several options, of which at most one is bought.
    """

    names: tuple[str, ...]
    matrix: sparse.csr_array
    least: Floats
    most: Floats
    once: sparse.csr_array

    @property
    def constraints(self) -> list[LinearConstraint]:
        """The same for ``scipy.optimize.milp``."""
        rows = [LinearConstraint(self.matrix, self.least, self.most)]
        return [*rows, LinearConstraint(self.once, -np.inf, 1)] if self.once.shape[0] else rows

    def subset(self, columns: npt.NDArray[np.int64]) -> LimitRows:
        """Return the rows over some options only."""
        once = self.once[:, columns]
        several = np.diff(once.indptr) > 1
        return LimitRows(
            names=self.names,
            matrix=self.matrix[:, columns],
            least=self.least,
            most=self.most,
            once=once[several],
        )

    def kept(self, chosen: npt.NDArray[np.float64]) -> bool:
        """Whether a choice (0 or 1 an option) keeps to all of them."""
        used, slack = self.matrix @ chosen, TOLERANCE * np.maximum(1, abs(self.bounded))
        inside = (used >= self.least - slack) & (used <= self.most + slack)
        return bool(inside.all()) and bool((self.once @ chosen <= 1).all())

    @property
    def bounded(self) -> Floats:
        """The finite one of both limits, the larger where both are."""
        return np.where(np.isfinite(self.most), self.most, self.least)


def build_limits(options: Options, limits: Limits) -> LimitRows:
    """Write the limits as rows over the options.

    Raises
    ------
    SettingsError
        With every creator of ``must`` and ``must_not`` that is none of the options.
    """
    table = options.table
    known = set(table["creator_key"])
    unknown = [
        f"{name}: no candidate is called {key}"
        for name in ("must", "must_not")
        for key in getattr(limits, name)
        if key not in known
    ]
    if unknown:
        raise SettingsError("No plan can keep to these limits.", unknown)
    names, rows, least, most = zip(*_rows(table, limits), strict=True)
    return LimitRows(
        names=names,
        matrix=sparse.csr_array(np.array(rows, dtype="float64")),
        least=np.array(least, dtype="float64"),
        most=np.array(most, dtype="float64"),
        once=_once(table["creator_key"]),
    )


def _rows(table: pd.DataFrame, limits: Limits) -> Iterator[Row]:
    cost, budget = table["cost"].to_numpy(dtype="float64"), limits.budget
    every, inf = np.ones(len(table)), np.inf
    yield "budget", cost, -inf, budget
    most = inf if limits.max_creators is None else limits.max_creators
    if limits.min_creators or most < inf:
        yield "creators", every, limits.min_creators or -inf, most
    for of in ("tier", "platform"):
        for name, (low, high) in getattr(limits, f"{of}_share").items():
            inside = (table[of] == name).to_numpy()
            yield f"share of {of} {name}", cost * inside, low * budget or -inf, high * budget
    for names, (fewest, largest) in limits.tier_creators.items():
        inside = table["tier"].isin(names.split("+")).to_numpy(dtype="float64")
        yield f"creators of {names}", inside, fewest or -inf, inf if largest is None else largest
    keys = table["creator_key"]
    for key in limits.must:
        yield f"must: {key}", (keys == key).to_numpy(dtype="float64"), 1, inf
    for key in limits.must_not:
        yield f"must not: {key}", (keys == key).to_numpy(dtype="float64"), -inf, 0
    if limits.content_only:
        content = (table["deliverable"] == "ugc_only").to_numpy(dtype="float64")
        yield "content only", content, limits.content_only, inf
    dear = cost > limits.max_creator_share * budget * (1 + 1e-12)
    if limits.max_creator_share < 1 and dear.any():
        yield "creators dearer than the most for one", dear.astype("float64"), -inf, 0
    long = (table["posts"] > limits.max_posts).to_numpy()
    if long.any():
        yield "creators with more posts than the most for one", long.astype("float64"), -inf, 0


def _once(keys: pd.Series) -> sparse.csr_array:
    codes, counts = np.unique(keys.to_numpy(dtype=object), return_inverse=True, return_counts=True)[
        1:
    ]
    row = np.cumsum(counts > 1) - 1
    several = np.flatnonzero(counts[codes] > 1)
    shape = (int((counts > 1).sum()), len(keys))
    return sparse.csr_array((np.ones(len(several)), (row[codes[several]], several)), shape=shape)

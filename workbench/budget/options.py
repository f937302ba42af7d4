"""What may be bought, and within which limits: the problem that a plan solves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.errors import DataError, SettingsError
from workbench.tables.brief import Goal

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Share = tuple[float, float]
OPTION_COLUMNS = ("creator_key", "platform", "tier", "deliverable", "posts", "cost")


@dataclass(frozen=True, kw_only=True, eq=False)
class Options:
    """What may be bought: of each creator at most one row.

    Attributes
    ----------
    table : DataFrame
        One row an option, numbered from 0: ``creator_key``, ``platform``, ``tier``,
        ``deliverable`` (``post``, or ``ugc_only`` for content that the creator does not post),
        ``posts`` (1 or more; 0 where only content is bought), ``cost`` (all-in: fee, overhead,
        product).
    goal : str
        What is wanted most of; see ``Goal``.
    value : ndarray of shape (options,)
        What an option is expected to bring alone. The goals other than the two reaches add up.
    exposure : ndarray of shape (options, classes), or None
        For the reaches: expected contacts of one person of a class, so that ``1 - exp(-sum)`` of
        a class is reached.
    people : ndarray of shape (classes,), or None
        How many people a class holds.
    scenarios : ndarray of shape (scenarios, options), or None
        What each option brings in equally likely futures, where risk is weighed; of a net reach
        what its contacts are multiplied by, about 1.
    """

    table: pd.DataFrame
    goal: Goal
    value: Floats
    exposure: Floats | None = None
    people: Floats | None = None
    scenarios: npt.NDArray[np.floating] | None = None

    def __post_init__(self) -> None:
        missing = [name for name in OPTION_COLUMNS if name not in self.table]
        if missing:
            raise DataError("These options can't be chosen from.", [f"no column {missing}"])
        faults, rows = [], len(self.table)
        if self.value.shape != (rows,):
            faults.append(f"value: expected {rows} numbers, found the shape {self.value.shape}")
        if self.is_reach:
            if self.exposure is None or self.people is None:
                faults.append(f"{self.goal} needs exposure and people")
            elif self.exposure.shape != (rows, len(self.people)):
                faults.append(
                    f"exposure: expected {(rows, len(self.people))}, found {self.exposure.shape}"
                )
        if self.scenarios is not None and self.scenarios.shape[1:] != (rows,):
            faults.append(f"scenarios: expected {rows} columns, found {self.scenarios.shape}")
        for name in ("value", "exposure", "people", "scenarios"):
            values = getattr(self, name)
            if values is not None and not (np.isfinite(values).all() and (values >= 0).all()):
                faults.append(f"{name}: expected numbers of 0 or more, found others")
        cost = self.table["cost"]
        if not (np.isfinite(cost).all() and (cost >= 0).all()):
            odd = self.table.loc[~(np.isfinite(cost) & (cost >= 0)), "creator_key"]
            faults.append(f"cost: expected 0 or more, found others at {', '.join(odd.head(3))}")
        if self.table.duplicated(["creator_key", "deliverable", "posts"]).any():
            faults.append("a creator has the same deliverable and number of posts twice")
        if faults:
            raise DataError("These options can't be chosen from.", faults)

    @property
    def is_reach(self) -> bool:
        """Whether the goal counts people, who are shared, and not what adds up."""
        return self.goal in ("net_reach", "effective_reach")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a plan must keep to; shares are of ``budget`` (0-1), each least and most.

    Attributes
    ----------
    budget : float
        The most that all options may cost together, in the options' currency.
    min_creators, max_creators : int
        ``max_creators`` None is no limit.
    tier_share, platform_share : mapping of str to (float, float)
    tier_creators : mapping of str to (int, int or None)
        Least and most creators of a tier, or of several joined by ``+``.
    must, must_not : tuple of str
        ``creator_key`` of those who are in, or out.
    max_creator_share : float
        The most that one creator may cost.
    max_posts : int
        Of one creator.
    content_only : int
        Least number of ``ugc_only`` options.
    """

    budget: float
    min_creators: int = 0
    max_creators: int | None = None
    tier_share: Mapping[str, Share] = field(default_factory=dict)
    platform_share: Mapping[str, Share] = field(default_factory=dict)
    tier_creators: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    max_creator_share: float = 1.0
    max_posts: int = 3
    content_only: int = 0

    def __post_init__(self) -> None:
        faults = []
        if not (np.isfinite(self.budget) and self.budget >= 0):
            faults.append(f"budget: expected 0 or more, found {self.budget}")
        if self.max_creators is not None and self.max_creators < self.min_creators:
            faults.append(f"creators: at least {self.min_creators} and at most {self.max_creators}")
        for name in ("tier_share", "platform_share"):
            faults += [
                f"{name} of {of}: expected 0 <= least <= most <= 1, found {least} and {most}"
                for of, (least, most) in getattr(self, name).items()
                if not 0 <= least <= most <= 1
            ]
            if (total := sum(least for least, _ in getattr(self, name).values())) > 1 + 1e-9:
                faults.append(f"{name}: the least shares add up to {total:.0%} of the budget")
        if both := {*self.must} & {*self.must_not}:
            faults.append(f"{', '.join(sorted(both))}: both in must and in must_not")
        if faults:
            raise SettingsError("No plan can keep to these limits.", faults)

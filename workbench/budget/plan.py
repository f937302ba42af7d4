"""What a choice gives: the plan, how near to the best it is proven to be, and what holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.budget.contacts import curve_of
from workbench.budget.options import Limits, Options
from workbench.errors import SettingsError
from workbench.tables.brief import Goal

Status = Literal["proven", "stopped", "infeasible"]


@dataclass(frozen=True, kw_only=True)
class ChoiceSettings:
    """How far a choice is proven, and when it stops without that.

    Attributes
    ----------
    gap : float
        Relative distance between the plan's value and the proven bound at which it is done.
    nodes : int
        Most branch-and-bound nodes of one solve. A report stops by this and never by time, so
        that it is the same on every machine.
    seconds : float or None
        For a person who waits.
    """

    gap: float = 1e-4
    nodes: int = 2_000
    seconds: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.gap < 1 or self.nodes < 1:
            raise SettingsError(
                "A plan can't be chosen with these settings.",
                [f"gap (0 to 1): {self.gap}; nodes (1 or more): {self.nodes}"],
            )


@dataclass(frozen=True, kw_only=True)
class PlanSummary:
    """The numbers about a plan that a sentence may quote.

    ``bound`` is proven: no plan within the limits is better. ``gap`` is ``bound / value - 1``.
    ``proven`` means that the gap that was asked for was reached, ``stopped`` that a limit of the
    settings came first; ``bound`` is valid in both.
    """

    goal: Goal
    status: Status
    value: float
    bound: float
    gap: float
    spend: float
    budget: float
    creators: int
    posts: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """Whom to book and for how many posts.

    Attributes
    ----------
    table : DataFrame
        The chosen rows of ``Options.table`` with ``value`` (alone) and ``marginal`` (what the
        plan would lose without it), dearest first.
    chosen : ndarray of int
        Their positions in ``Options.table``, ascending.
    limits : DataFrame
        One row a limit: ``limit``, ``used``, ``least``, ``most``, ``binding``.
    reasons : tuple of str
        Of an infeasible problem: which limits can't hold together, and what would make room.
    summary : PlanSummary
    settings : ChoiceSettings
    asked : Limits
    """

    table: pd.DataFrame
    chosen: npt.NDArray[np.int64]
    limits: pd.DataFrame
    reasons: tuple[str, ...]
    summary: PlanSummary
    settings: ChoiceSettings
    asked: Limits


def plan_value(options: Options, chosen: npt.NDArray[np.int64]) -> float:
    """Return what a choice of rows of ``Options.table`` is expected to bring together."""
    if options.exposure is None or options.people is None or not options.is_reach:
        return float(options.value[chosen].sum())
    contacts = options.exposure[chosen].sum(axis=0)
    return float(options.people @ curve_of(options.goal).share(contacts))


def booked_posts(table: pd.DataFrame, keys: pd.Series | pd.Index) -> npt.NDArray[np.int64]:
    """Return how many posts of each of these creators the rows of ``Plan.table`` book."""
    posts = table.groupby("creator_key")["posts"].sum()
    return posts.reindex(keys).fillna(0).to_numpy(dtype="int64")

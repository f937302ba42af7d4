"""What is tried of a plan: settings, and the brief and priors that say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import yaml

from workbench.budget.unknowns import Unknowns, read_unknowns
from workbench.campaign.planning import PlanningRun
from workbench.errors import SettingsError
from workbench.tables.brief import Between, Brief, Overhead

Attitude = Literal["mean", "p20", "cvar", "goal"]
# Unknowns whose range may be set: fees, reach, what a post that is paid for loses, shared people.
RANGES = ("price_level", "reach_level", "sponsored", "overlap")


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """What is tried.

    Attributes
    ----------
    budget : float
    shares : mapping of str to int
        Percent of the budget by tier; they add up to 100.
    posts : int
        Of one creator, at most.
    fall_through : float
        Chance that a booking brings nothing.
    overhead : float
        Money for one creator beside fee and product.
    attitude : {"mean", "p20", "cvar", "goal"}
    ranges : mapping of str to (float, float)
        Of those of ``RANGES`` that differ from the priors: one in ten lies below, one above.
    """

    budget: float
    shares: Mapping[str, int]
    posts: int = 1
    fall_through: float = 0.2
    overhead: float = 0.0
    attitude: Attitude = "mean"
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faults = []
        if not (np.isfinite(self.budget) and self.budget > 0):
            faults.append(f"budget: expected more than 0, found {self.budget:g}")
        if sum(self.shares.values()) != 100 or min(self.shares.values(), default=0) < 0:
            faults.append(f"shares: expected 100% together, found {sum(self.shares.values())}%")
        if not 1 <= self.posts <= 3:
            faults.append(f"posts: expected 1 to 3, found {self.posts}")
        if not 0 <= self.fall_through < 1:
            faults.append(f"fall-through: expected 0 to below 1, found {self.fall_through:g}")
        if not (np.isfinite(self.overhead) and self.overhead >= 0):
            faults.append(f"overhead: expected 0 or more, found {self.overhead:g}")
        for name, (low, high) in self.ranges.items():
            if name not in RANGES or not 0 < low <= high < np.inf:
                faults.append(f"{name}: expected 0 < low <= high, found {low:g} and {high:g}")
        if faults:
            raise SettingsError("These settings can't be tried.", faults)


def brief_of(brief: Brief, asked: SplitSettings) -> Brief:
    """Return the brief with the settings in it; a tier's share is the most it may cost."""
    most = {tier: Between(most=share / 100) for tier, share in asked.shares.items()}
    limits = {"posts_per_creator": asked.posts, "tier_share": most}
    changes: dict[str, Any] = {
        "budget": asked.budget,
        "fall_through": asked.fall_through,
        "limits": brief.limits.model_copy(update=limits),
        "risk": brief.risk.model_copy(update={"attitude": asked.attitude}),
    }
    if "overlap" in asked.ranges:  # what is assumed stands for the model of people
        changes["market"] = None
    own = brief.overhead
    if not np.isclose(own.hours * own.rate, asked.overhead):
        hours = asked.overhead / own.rate if own.rate else 1.0
        changes["overhead"] = Overhead(hours=hours, rate=own.rate or asked.overhead)
    return brief.model_copy(update=changes)


def unknowns_of(unknowns: Unknowns, asked: SplitSettings) -> Unknowns:
    """Return the unknowns with the ranges in them, each about its geometric middle."""
    return unknowns.replace(
        {
            name: {"low": low, "middle": float(np.sqrt(low * high)), "high": high}
            for name, (low, high) in asked.ranges.items()
        }
    )


def settings_yaml(run: PlanningRun) -> tuple[str, str]:
    """Return a run's ``campaign.yaml`` and ``priors.yaml``."""
    brief = run.brief.model_dump(mode="json", exclude_defaults=True)
    published = read_unknowns().table
    ours = {
        name: one.model_dump(include={"low", "middle", "high", "source"})
        for name, one in run.unknowns.table.items()
        if one != published.get(name)
    }
    priors = {"unknowns": ours} if ours else {}
    return _dump(brief), _dump(priors) if ours else "# nothing differs from the published priors\n"


def _dump(content: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=100)

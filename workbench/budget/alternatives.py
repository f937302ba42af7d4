"""Beside one plan: near-best ones that differ, who replaces whom, and other mixes for the money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from workbench.budget.choose import choose_creators
from workbench.budget.contacts import curve_of
from workbench.budget.limits import LimitRows, build_limits
from workbench.budget.options import Limits, Options
from workbench.budget.plan import ChoiceSettings, Plan, plan_value
from workbench.errors import SettingsError

Chosen = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class AlternativeSettings:
    """How far to look beside a plan.

    Attributes
    ----------
    plans : int
        How many others are looked for.
    differ : float
        Share of the plan's creators, 0-1, that another one lacks at least.
    swaps : int
        Replacements told for each creator.
    choice : ChoiceSettings
        Of the searches.
    """

    plans: int = 3
    differ: float = 0.2
    swaps: int = 3
    choice: ChoiceSettings = field(default_factory=lambda: ChoiceSettings(gap=1e-3))

    def __post_init__(self) -> None:
        if self.plans < 0 or self.swaps < 1 or not 0 < self.differ <= 1:
            raise SettingsError(
                "Alternatives can't be looked for with these settings.",
                [
                    f"plans (0 or more): {self.plans}; swaps (1 or more): {self.swaps}; "
                    f"differ (above 0, at most 1): {self.differ}"
                ],
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class NearBest:
    """Plans that differ from the best and from each other.

    Attributes
    ----------
    table : DataFrame
        One row a plan, the best first: ``plan`` (A, B, ...), ``value``, ``loss`` (share of the
        best's value), ``spend``, ``creators``, ``posts``, ``shared`` (creators that the best has
        too).
    plans : tuple of Plan
    """

    table: pd.DataFrame
    plans: tuple[Plan, ...]


def near_best_plans(
    options: Options, limits: Limits, plan: Plan, settings: AlternativeSettings | None = None
) -> NearBest:
    """Find the best plans that lack a share of the creators of every plan found before.

    Each is the best of its kind within the settings' gap (no-good cuts, as in Balas and Jeroslow
    1972, with a distance); fewer are returned where no more exist.
    """
    settings = settings or AlternativeSettings()
    rows, plans = build_limits(options, limits), [plan]
    keys = options.table["creator_key"]
    for _ in range(settings.plans if len(plan.chosen) else 0):
        last = plans[-1].table["creator_key"]
        lacking = max(1, round(settings.differ * last.nunique()))
        rows = _with_row(rows, keys.isin(last).to_numpy(), last.nunique() - lacking)
        found = choose_creators(options, limits, settings.choice, rows=rows)
        if not found.summary.creators:
            break
        plans.append(found)
    best = {*plan.table["creator_key"]}
    values = [plan_value(options, one.chosen) for one in plans]  # also of a plan that weighs risk
    table = pd.DataFrame(
        [
            {
                "plan": chr(ord("A") + place),
                "value": value,
                "loss": 1 - value / values[0] if values[0] else 0.0,
                "spend": one.summary.spend,
                "creators": one.summary.creators,
                "posts": one.summary.posts,
                "shared": len(best & {*one.table["creator_key"]}),
            }
            for place, (one, value) in enumerate(zip(plans, values, strict=True))
        ]
    )
    return NearBest(table=table, plans=tuple(plans))


def _with_row(rows: LimitRows, inside: npt.NDArray[np.bool_], most: int) -> LimitRows:
    row = sparse.csr_array(inside.astype("float64")[None, :])
    return replace(
        rows,
        names=(*rows.names, "unlike the plans before"),
        matrix=sparse.csr_array(sparse.vstack([rows.matrix, row])),
        least=np.r_[rows.least, -np.inf],
        most=np.r_[rows.most, float(most)],
    )


def swap_list(
    options: Options, limits: Limits, plan: Plan, settings: AlternativeSettings | None = None
) -> pd.DataFrame:
    """Return who could take the place of each creator that declines, all others kept.

    Returns
    -------
    DataFrame
        One row a replacement, at most ``swaps`` each: ``creator_key``, ``replacement`` (key; empty
        where nobody fits, the row then tells the plan without), ``deliverable``, ``posts``,
        ``cost``, ``change`` (of the plan's value against the plan as it is).
    """
    settings = settings or AlternativeSettings()
    rows, table = build_limits(options, replace(limits, must=())), options.table
    worth, booked = plan_value(options, plan.chosen), table.iloc[plan.chosen]["creator_key"]
    found = []
    for position, key in booked[~booked.isin(limits.must)].items():
        kept = plan.chosen[plan.chosen != position]
        fits = _fitting(rows, kept, table["creator_key"].isin(booked))
        values = _values_with(options, kept, fits)
        best = np.argsort(-values, kind="stable")[: settings.swaps]
        others = table.iloc[fits[best]].rename(columns={"creator_key": "replacement"})
        rest = plan_value(options, kept) - worth
        nobody = pd.DataFrame([{"replacement": "", "deliverable": "", "posts": 0, "cost": 0.0}])
        told = (
            others.assign(change=values[best] - worth) if len(best) else nobody.assign(change=rest)
        )
        found.append(told.assign(creator_key=key))
    columns = ["creator_key", "replacement", "deliverable", "posts", "cost", "change"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def _fitting(rows: LimitRows, kept: Chosen, booked: pd.Series) -> Chosen:
    """Return the options that may be added to those kept, each alone."""
    used = np.asarray(rows.matrix[:, kept].sum(axis=1)).ravel()
    slack = 1e-9 * np.maximum(1, abs(rows.bounded))
    after = rows.matrix.toarray() + used[:, None]
    fits = (after <= (rows.most + slack)[:, None]) & (after >= (rows.least - slack)[:, None])
    return np.flatnonzero(fits.all(axis=0) & ~booked.to_numpy())


def _values_with(options: Options, kept: Chosen, more: Chosen) -> npt.NDArray[np.float64]:
    """Return the value of those kept with each other one of ``more`` added."""
    if not options.is_reach:
        return np.asarray(options.value[kept].sum() + options.value[more])
    assert options.exposure is not None
    assert options.people is not None
    contacts = options.exposure[kept].sum(axis=0) + options.exposure[more]
    return np.asarray(curve_of(options.goal).share(contacts) @ options.people)


def mix_limits(
    options: Options, limits: Limits, *, small: tuple[str, ...], large: tuple[str, ...]
) -> dict[str, Limits]:
    """Return the limits of the mixes that people argue about, at the plan's budget.

    ``small only`` books none but the tiers in ``small``, ``one or two large`` at most two creators
    of the tiers in ``large``, ``the best two`` any two. The brief's own shares, least numbers and
    musts are lifted: the question is what the money could do.
    """
    tiers = options.table["tier"].astype("str").unique()

    def without(kept: tuple[str, ...]) -> Mapping[str, tuple[int, int | None]]:
        return {tier: (0, 0) for tier in tiers if tier not in kept}

    free = Limits(budget=limits.budget, must_not=limits.must_not, max_posts=limits.max_posts)
    found = {
        "small only": replace(free, tier_creators=without(small)),
        "one or two large": replace(free, tier_creators=without(large), max_creators=2),
        "the best two": replace(free, max_creators=2),
    }
    present = {"small only": small, "one or two large": large, "the best two": tuple(tiers)}
    return {name: one for name, one in found.items() if {*present[name]} & {*tiers}}


def choose_mixes(
    options: Options, mixes: Mapping[str, Limits], settings: ChoiceSettings | None = None
) -> dict[str, Plan]:
    """Return the best plan of each mix; one without creators is left out."""
    settings = settings or ChoiceSettings(gap=1e-3)
    plans = {name: choose_creators(options, limits, settings) for name, limits in mixes.items()}
    return {name: plan for name, plan in plans.items() if plan.summary.creators}

"""From a client's folder to a plan: what is known of each creator, and the steps in turn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.audience import ShareSettings, audience_shares
from workbench.budget.audience_model import AudienceModel
from workbench.budget.candidates import Candidates
from workbench.budget.choose import choose_creators, value_of_budget
from workbench.budget.offers import limits_from_brief, make_options
from workbench.budget.options import Limits, Options
from workbench.budget.plan import ChoiceSettings, Plan, booked_posts
from workbench.budget.promise import Promise, PromiseSettings, promise_outcome
from workbench.budget.risk import choose_for_risk
from workbench.budget.simulate import Simulation, SimulationSettings, simulate_outcomes
from workbench.budget.unknowns import Unknowns, read_unknowns
from workbench.campaign.join import plan_audience, plan_candidates
from workbench.campaign.own_results import measure_unknowns
from workbench.curves import choose_keys
from workbench.errors import DataError, SettingsError
from workbench.features import CreatorFeatures, FeatureSettings, creator_features
from workbench.intake.held import KEPT
from workbench.store import Store, open_store
from workbench.tables.brief import Brief, check_retention

_NEAR = ChoiceSettings(gap=1e-3, nodes=2_000)


@dataclass(frozen=True, kw_only=True)
class PlanSettings:
    """How a plan is made.

    Attributes
    ----------
    fee : float or None
        What everybody is taken to ask for a post, whatever was quoted.
    last_posts : int
        As ``FeatureSettings.last_posts``.
    draws : int
        Futures of the promise.
    scenarios : int
        Futures on which a plan is chosen where the brief weighs a bad outcome.
    seed : int
    extra : float
        Of the budget, whose value is told.
    choice : ChoiceSettings
    """

    fee: float | None = None
    last_posts: int = 30
    draws: int = 10_000
    scenarios: int = 500
    seed: int = 0
    extra: float = 1000.0
    choice: ChoiceSettings = _NEAR

    def __post_init__(self) -> None:
        faults = []
        if self.fee is not None and not 0 < self.fee < np.inf:
            faults.append(f"fee: expected more than 0, found {self.fee}")
        for name, least, most in (("draws", 100, 1_000_000), ("scenarios", 50, 10_000)):
            if not least <= getattr(self, name) <= most:
                faults.append(f"{name}: expected {least} to {most}, found {getattr(self, name)}")
        if faults:
            raise SettingsError("A plan can't be made with these settings.", faults)


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanningRun:
    """A plan with all that it stands on.

    ``promise`` and ``simulation`` are None where no plan keeps to the limits. ``brief`` names
    creators by key. ``more`` is what ``PlanSettings.extra`` beside the budget would bring; missing
    where the plan is not searched until proven. ``data`` is the fingerprint of the store.
    """

    brief: Brief
    candidates: Candidates
    unknowns: Unknowns
    audience: AudienceModel | None
    options: Options
    limits: Limits
    plan: Plan
    more: float
    promise: Promise | None
    simulation: Simulation | None
    settings: PlanSettings
    data: str


def make_plan(folder: Path, brief: Brief, settings: PlanSettings | None = None) -> PlanningRun:
    """Make the plan of a client's folder; the same data and settings give the same plan.

    Raises
    ------
    SettingsError
        If the brief lacks what a plan needs or names unknown creators.
    DataError
        If the folder holds no creators, or its retention date has passed.
    """
    settings = settings or PlanSettings()
    check_retention(folder)
    check_plannable(brief)
    store = open_store(folder)
    asked = FeatureSettings(as_of=store.as_of, last_posts=settings.last_posts)
    features = creator_features(store, asked, cache=folder / KEPT)
    brief = name_by_keys(brief, features.table)
    unknowns = read_client_unknowns(folder, store, features, brief)
    shares = audience_shares(store, folder, ShareSettings(drawn=brief.drawn or "unknown"))
    candidates = plan_candidates(store, features, brief, unknowns, shares=shares, fee=settings.fee)
    audience = plan_audience(store, candidates, brief)
    futures = 0 if brief.risk.attitude == "mean" else settings.scenarios
    options = make_options(candidates, brief, unknowns, audience, futures, settings.seed)
    limits = limits_from_brief(brief, candidates)
    plan = choose_plan(options, limits, brief, settings.choice)
    more = value_of_more(options, limits, brief, plan, settings)
    promise, simulation = _forecast(plan, candidates, unknowns, brief, audience, settings)
    return PlanningRun(
        brief=brief,
        candidates=candidates,
        unknowns=unknowns,
        audience=audience,
        options=options,
        limits=limits,
        plan=plan,
        more=more,
        promise=promise,
        simulation=simulation,
        settings=settings,
        data=store.fingerprint(),
    )


def check_plannable(brief: Brief) -> None:
    """Refuse a brief without what a plan needs.

    Raises
    ------
    SettingsError
        With every fault.
    """
    faults = []
    if not brief.budget:
        faults.append("budget: expected an amount above 0, found none")
    if brief.risk.attitude == "goal" and brief.target is None:
        faults.append("risk.attitude: goal needs a target, found none")
    if brief.risk.attitude != "mean" and brief.goal == "effective_reach":
        faults.append("risk.attitude: for effective_reach expected mean; choose another goal")
    if faults:
        raise SettingsError("A plan can't be made of this brief.", faults)


def name_by_keys(brief: Brief, features: pd.DataFrame) -> Brief:
    """Return the brief with creator keys for the handles in must and must_not.

    Raises
    ------
    DataError
        With every name that is not among the creators.
    """
    limits = brief.limits
    try:
        choose_keys(features, [*limits.must, *limits.must_not])
    except DataError as fault:
        raise DataError(
            "The brief names creators that are not in the data.", fault.faults
        ) from None
    named = {name: choose_keys(features, getattr(limits, name)) for name in ("must", "must_not")}
    return brief.model_copy(update={"limits": limits.model_copy(update=named)})


def read_client_unknowns(
    folder: Path, store: Store, features: CreatorFeatures, brief: Brief
) -> Unknowns:
    """Read the unknowns: published, the client's own file over them, its own results over those."""
    unknowns = read_unknowns(folder)
    return measure_unknowns(unknowns, features.table, store.read("tracking"), brief.currency)


def choose_plan(options: Options, limits: Limits, brief: Brief, choice: ChoiceSettings) -> Plan:
    """Choose the best plan by what the brief weighs."""
    risk = brief.risk
    if risk.attitude == "mean":
        return choose_creators(options, limits, choice)
    return choose_for_risk(
        options,
        limits,
        attitude=risk.attitude,
        weight=risk.weight,
        tail=risk.tail,
        target=brief.target,
        settings=choice,
    )


def value_of_more(
    options: Options, limits: Limits, brief: Brief, plan: Plan, settings: PlanSettings
) -> float:
    """Return what more budget would add, by choosing again."""
    if brief.risk.attitude in ("p20", "goal") or plan.table.empty:
        return np.nan

    def choose(some: Options, within: Limits) -> Plan:
        return choose_plan(some, within, brief, settings.choice)

    return value_of_budget(options, limits, plan, extra=settings.extra, choose=choose)


def plan_posts(plan: Plan, candidates: Candidates) -> npt.NDArray[np.int64]:
    """Return how many posts of each candidate a plan books."""
    return booked_posts(plan.table, candidates.table["creator_key"])


def _forecast(
    plan: Plan,
    candidates: Candidates,
    unknowns: Unknowns,
    brief: Brief,
    audience: AudienceModel | None,
    settings: PlanSettings,
) -> tuple[Promise | None, Simulation | None]:
    if plan.table.empty:
        return None, None
    asked = PromiseSettings(draws=settings.draws, chosen_seed=settings.seed)
    promise = promise_outcome(
        plan, candidates, unknowns, brief=brief, audience=audience, settings=asked
    )
    simulation = simulate_outcomes(
        candidates,
        {"plan": plan_posts(plan, candidates)},
        unknowns,
        brief=brief,
        audience=audience,
        settings=SimulationSettings(draws=settings.draws, seed=settings.seed),
    )
    return promise, simulation

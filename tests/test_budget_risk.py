import itertools
import json

import numpy as np
import pandas as pd
import pytest

from workbench.budget.choose import choose_creators
from workbench.budget.deciding import deciding_unknowns
from workbench.budget.frontier import FrontierSettings, risk_frontier
from workbench.budget.goals import GoalSettings, budget_curve, least_budget
from workbench.budget.options import Limits, Options
from workbench.budget.plan import ChoiceSettings
from workbench.budget.risk import choose_for_risk
from workbench.errors import DataError, SettingsError

ROUGH = GoalSettings(near=0.1)
EXACT = ChoiceSettings(gap=1e-9)
TIERS = ("nano", "micro", "macro")
ATTITUDES = ("mean", "p20", "cvar", "goal")


def options_of(cost, scenarios, *, levels=1, tier=None, **more):
    """One option a creator, or one for each number of posts."""
    creators = np.repeat(np.arange(len(cost) // levels), levels)
    tier = creators % len(TIERS) if tier is None else tier
    table = pd.DataFrame(
        {
            "creator_key": [f"tiktok:{number}" for number in creators],
            "platform": np.where(creators % 2, "tiktok", "instagram"),
            "tier": np.array(TIERS)[tier],
            "deliverable": "post",
            "posts": np.arange(len(cost)) % levels + 1,
            "cost": cost,
        }
    )
    given = {"goal": "engagements", "value": scenarios.mean(axis=0), **more}
    return Options(table=table, scenarios=scenarios, **given)


def draw(seed, options=10, futures=40, shared=0.4):
    rng = np.random.default_rng(seed)
    cost = np.round(rng.lognormal(5, 0.8, options)) + 20
    own, luck = rng.normal(0, 0.6, (futures, options)), rng.normal(0, shared, (futures, 1))
    return cost, cost**0.9 * rng.uniform(0.5, 2, options) * np.exp(own + luck)


def market(options=100, futures=200, fresh=2_000, shared=0.4):
    """A market, and scenarios of it that no plan is chosen by."""
    cost, scenarios = draw(1, options, futures + fresh, shared)
    return options_of(cost, scenarios[:futures]), scenarios[futures:]


def every_choice(options, is_kept):
    """All choices (0 or 1 an option) with at most one option a creator that keep to limits."""
    every = np.array([*itertools.product((0, 1), repeat=len(options.table))])
    creators = pd.get_dummies(options.table["creator_key"]).to_numpy()
    return every[(every @ creators <= 1).all(axis=1) & is_kept(every)]


def best_of(totals, attitude, target, tail=0.1, weight=2.0):
    """The best row, by the measures in other words than the code's."""
    totals = np.sort(totals, axis=1)
    if attitude == "goal":
        return (totals >= target).mean(axis=1).max()
    if attitude == "p20":
        reached = (totals[:, None, :] >= totals[:, :, None]).mean(axis=2)
        return totals[reached >= 0.8 - 1e-12].max()
    worst = totals[:, : round(tail * totals.shape[1])].mean(axis=1)
    return (totals.mean(axis=1) + weight * worst * (attitude == "cvar")).max()


@pytest.mark.parametrize("attitude", ATTITUDES)
@pytest.mark.parametrize("seed", range(3))
def test_no_other_choice_is_better(seed, attitude):
    cost, scenarios = draw(seed)
    options, target = options_of(cost, scenarios), float(np.median(scenarios.sum(axis=1)) / 3)
    limits = Limits(
        budget=cost.sum() / 3, min_creators=2, max_creators=4, tier_share={"macro": (0.1, 0.5)}
    )
    chosen = {"attitude": attitude, "weight": 2.0, "target": target, "settings": EXACT}
    plan = choose_for_risk(options, limits, **chosen)

    macro = cost * (options.table["tier"] == "macro").to_numpy()
    share = limits.budget * np.array([0.1, 0.5])

    def is_kept(every):
        number, part = every.sum(axis=1), every @ macro
        kept = (number >= 2) & (number <= 4) & (every @ cost <= limits.budget)
        return kept & (part >= share[0]) & (part <= share[1])

    every = every_choice(options, is_kept)
    best = best_of(every @ scenarios.T, attitude, target)
    assert plan.summary.value == pytest.approx(best, rel=1e-9)
    assert plan.summary.bound >= best * (1 - 1e-9)
    assert plan.summary.status == "proven"
    assert is_kept(np.isin(np.arange(10), plan.chosen)[None] * 1)[0]


@pytest.mark.parametrize("attitude", ["mean", "cvar", "goal"])
def test_people_who_are_shared(attitude):
    rng = np.random.default_rng(4)
    cost, factors = rng.uniform(50, 200, 8), rng.lognormal(0, 0.4, (40, 8))
    exposure, people = rng.uniform(0, 0.6, (8, 3)), np.array([1e4, 4e4, 2e4])
    options = options_of(
        cost, factors, goal="net_reach", value=exposure @ people, exposure=exposure, people=people
    )
    limits, target = Limits(budget=cost.sum() / 3), 3e4
    every = every_choice(options, lambda every: every @ cost <= limits.budget)
    contacts = np.einsum("qo,so,oc->qsc", every, factors, exposure)
    best = best_of((1 - np.exp(-contacts)) @ people, attitude, target)
    plan = choose_for_risk(
        options, limits, attitude=attitude, weight=2.0, target=target, settings=EXACT
    )
    assert plan.summary.bound >= best * (1 - 1e-9)
    if attitude != "goal":
        assert plan.summary.value == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("attitude", ATTITUDES)
def test_posts_of_one_creator(attitude):
    cost, scenarios = draw(7, options=10)
    cost[1::2], scenarios[:, 1::2] = cost[::2] * 1.8, scenarios[:, ::2] * 1.7
    options, limits = options_of(cost, scenarios, levels=2), Limits(budget=cost.sum() / 4)
    target = float(scenarios.mean(axis=0).sum() / 4)
    plan = choose_for_risk(
        options, limits, attitude=attitude, weight=2.0, target=target, settings=EXACT
    )
    every = every_choice(options, lambda every: every @ cost <= limits.budget)
    assert plan.summary.value == pytest.approx(
        best_of(every @ scenarios.T, attitude, target), rel=1e-9
    )
    assert plan.table["creator_key"].is_unique


@pytest.mark.real_data
def test_enumerated_cases(real_data):
    cases = json.loads((real_data / "budget_cases" / "cases.json").read_text())["instances"]
    told = []
    for case in (case for case in cases if case["kind"] in ("cvar", "goal")):
        given, best = case["instance"], case["optimum"]
        cost = np.array(given["fee"], dtype="float64") + given["overhead_per_creator"]
        plan = choose_for_risk(
            options_of(cost, np.array(given["scenarios"], dtype="float64")),
            Limits(budget=given["budget"]),
            attitude=case["kind"],
            weight=given.get("lam", 1.0),
            tail=given["alpha"],
            target=given.get("goal"),
            settings=EXACT,
        )
        assert plan.summary.value == pytest.approx(best, rel=1e-6), case["id"]
        assert plan.summary.bound >= best * (1 - 1e-9), case["id"]
        told.append(plan.summary.status)
    assert told == ["proven"] * 8


@pytest.mark.parametrize("attitude", ["p20", "goal"])
def test_what_is_too_large_to_prove_says_so(attitude):
    options, _ = market()
    limits, target = Limits(budget=8_000), 9_000.0
    plan = choose_for_risk(options, limits, attitude=attitude, target=target)
    other = choose_for_risk(options, limits, attitude="mean")
    totals = options.scenarios[:, other.chosen].sum(axis=1)
    assert plan.summary.value >= best_of(totals[None], attitude, target) - 1e-9
    assert plan.summary.bound >= plan.summary.value
    assert plan.summary.status == "stopped"


@pytest.mark.parametrize("stop", [{"nodes": 1}, {"seconds": 0.0}], ids=str)
def test_a_search_that_is_stopped_has_a_bound(stop):
    cost, scenarios = draw(2)
    options, limits = options_of(cost, scenarios), Limits(budget=cost.sum() / 4)
    early = choose_for_risk(options, limits, settings=ChoiceSettings(gap=1e-9, **stop)).summary
    best = choose_for_risk(options, limits, settings=EXACT).summary
    assert early.value <= best.value <= early.bound
    assert early.status == "stopped"


def test_nothing_to_spend():
    cost, scenarios = draw(1)
    plan = choose_for_risk(options_of(cost, scenarios), Limits(budget=0))
    assert plan.summary.creators == 0
    assert plan.summary.value == 0


@pytest.mark.parametrize("attitude", ATTITUDES)
def test_limits_that_can_not_hold(attitude):
    cost, scenarios = draw(1)
    limits = Limits(budget=cost.min(), min_creators=2)
    plan = choose_for_risk(options_of(cost, scenarios), limits, attitude=attitude, target=1.0)
    assert plan.summary.status == "infeasible"
    assert plan.reasons


@pytest.mark.parametrize(
    "wrong",
    [{"attitude": "bold"}, {"attitude": "goal"}, {"tail": 0.0}, {"weight": -1.0}],
    ids=str,
)
def test_settings_that_mean_nothing(wrong):
    cost, scenarios = draw(1)
    with pytest.raises(SettingsError):
        choose_for_risk(options_of(cost, scenarios), Limits(budget=1_000), **wrong)


def test_effective_reach_is_refused():
    cost, scenarios = draw(1)
    options = options_of(
        cost, scenarios, goal="effective_reach", exposure=np.ones((10, 1)), people=np.ones(1)
    )
    with pytest.raises(DataError, match="effective reach"):
        choose_for_risk(options, Limits(budget=1_000))


@pytest.fixture(scope="module")
def frontier():
    options, fresh = market()
    limits = Limits(budget=6_000, max_creators=12)
    return risk_frontier(options, limits, FrontierSettings(target=8_000.0), fresh), fresh


def test_every_point_is_near_a_bound(frontier):
    table = frontier[0].table
    assert (table["gap"] <= 0.01).all()
    assert (table["bound"] >= table["value"]).all()
    assert table["mean"].is_monotonic_decreasing
    assert table["cvar"].is_monotonic_increasing


def test_bounds_of_a_frontier_hold():
    cost, scenarios = draw(5, options=11)
    options, limits = options_of(cost, scenarios), Limits(budget=cost.sum() / 3)
    table = risk_frontier(options, limits, FrontierSettings(), scenarios).table
    every = np.array([*itertools.product((0, 1), repeat=11)])
    totals = np.sort(every[every @ cost <= limits.budget] @ scenarios.T, axis=1)
    for weight, bound in zip(table["weight"], table["bound"], strict=True):
        best = (totals.mean(axis=1) + weight * totals[:, :4].mean(axis=1)).max()
        assert bound >= best * (1 - 1e-9)


def test_it_is_scored_on_fresh_futures(frontier):
    told, fresh = frontier
    totals = np.sort(fresh[:, told.plans[-1].chosen].sum(axis=1))
    last = told.table.iloc[-1]
    assert last["fresh_cvar"] == pytest.approx(totals[:200].mean())
    assert last["p_goal"] == pytest.approx((totals >= 8_000).mean())


def test_the_futures_that_it_was_chosen_by_flatter_a_tail():
    scenarios = np.random.default_rng(6).lognormal(0, 1, (2_050, 60))
    options = options_of(np.full(60, 100.0), scenarios[:50])
    settings = FrontierSettings(weights=(0.0, 1.0, 100.0), nodes=5)
    told = risk_frontier(options, Limits(budget=500), settings, scenarios[50:])
    last = told.table.iloc[-1]
    assert last["cvar"] > 1.2 * last["fresh_cvar"]
    assert told.summary.optimism == pytest.approx(last["cvar"] / last["fresh_cvar"] - 1)


def test_a_flat_frontier_is_told():
    options, fresh = market(shared=0.8)
    told = risk_frontier(options, Limits(budget=30_000), FrontierSettings(), fresh).summary
    assert told.is_flat


def test_a_frontier_that_is_not_flat():
    rng = np.random.default_rng(3)
    bold = 150 * rng.binomial(1, 0.5, (3_000, 8)) * 2.2
    sure = rng.normal(130, 5, (3_000, 8))
    scenarios = np.hstack([bold, sure])
    options = options_of(np.full(16, 100.0), scenarios[:500])
    settings = FrontierSettings(weights=(0.0, 1.0, 10.0), nodes=20)
    told = risk_frontier(options, Limits(budget=400), settings, scenarios[500:]).summary
    assert not told.is_flat
    assert told.tail_gain > told.tail_error
    assert told.mean_cost > 0


def test_fresh_scenarios_that_do_not_fit():
    options, fresh = market(20, 50, 50)
    with pytest.raises(DataError, match="20 columns"):
        risk_frontier(options, Limits(budget=500), FrontierSettings(), fresh[:, :5])


def test_the_least_budget_reaches_the_goal_and_less_does_not():
    options, fresh = market(30, 120)
    told = least_budget(options, Limits(budget=6_000), 3_000.0, fresh=fresh, settings=ROUGH)
    table, budget = told.table, told.summary.budget
    assert told.summary.is_reached
    assert told.summary.p_goal >= 0.8
    assert table["reachable"].is_monotonic_increasing
    assert (table.loc[table["budget"] < budget, "p_goal"] < 0.8).all()
    totals = fresh[:, told.plan.chosen].sum(axis=1)
    assert told.summary.p_goal == pytest.approx((totals >= 3_000).mean())


def test_no_plan_reaches_it_and_what_decides():
    options, fresh = market(30, 120, shared=0.8)
    luck = np.log(fresh).mean(axis=1)
    shared = pd.DataFrame({"weather": np.arange(len(fresh)) % 7, "campaign_luck": luck})
    told = least_budget(options, Limits(budget=1_000), 2_500.0, fresh=fresh, shared=shared)
    assert not told.summary.is_reached
    assert told.summary.p_goal < 0.8
    assert told.summary.decides == "campaign_luck"


def test_no_plan_keeps_to_the_limits():
    options, fresh = market(20, 40, 50)
    limits = Limits(budget=options.table["cost"].min(), min_creators=2)
    told = least_budget(options, limits, 500.0, fresh=fresh)
    assert told.plan is None
    assert not told.summary.is_reached
    with pytest.raises(DataError, match="no frontier"):
        risk_frontier(options, limits, FrontierSettings(), fresh)


def test_more_budget_is_never_worse():
    options, fresh = market(30, 120)
    curve = budget_curve(
        options, Limits(budget=1), [3_000, 500, 1_500], target=2_500.0, fresh=fresh
    )
    assert list(curve.table["budget"]) == [500, 1_500, 3_000]
    assert curve.table["value"].is_monotonic_increasing
    assert curve.table["reachable"].is_monotonic_increasing
    spend = curve.mix.groupby("budget")["spend"].sum().to_numpy()
    assert spend == pytest.approx(curve.table["spend"].to_numpy())


def test_a_goal_is_scored_by_what_is_plugged_in():
    options, _ = market(20, 50, 50)

    def score(table):
        return np.full(100, table["posts"].sum() * 100.0)

    given = {"score": score, "choose": choose_creators, "settings": ROUGH}
    told = least_budget(options, Limits(budget=3_000), 500.0, **given)
    assert told.summary.is_reached
    assert told.plan.summary.posts >= 5


def test_more_money_may_be_less_sure():
    options, _ = market(20, 50, 50)

    def score(table):
        return np.full(100, float(len(table) <= 6))

    given = {"score": score, "choose": choose_creators, "settings": ROUGH}
    told = least_budget(options, Limits(budget=2_000), 1.0, **given)
    assert told.summary.is_reached
    assert told.table["p_goal"].iloc[-1] == 0
    assert told.table["reachable"].iloc[-1] == 1


def test_of_plans_that_all_reach_the_goal_the_best_mean():
    options, _ = market(20, 50, 50)
    limits = Limits(budget=1_500)
    easy = choose_for_risk(options, limits, attitude="goal", target=1.0, settings=EXACT)
    best = choose_for_risk(options, limits, attitude="mean", settings=EXACT)
    assert easy.summary.value == 1
    assert options.value[easy.chosen].sum() > 0.99 * best.summary.value


def test_whether_a_plan_changes_with_an_unknown():
    rng = np.random.default_rng(2)
    shared = pd.DataFrame(rng.normal(size=(3_000, 3)), columns=["a", "b", "fixed"])
    shared["fixed"] = 1.0
    outcome = 3 * shared["a"].to_numpy() + shared["b"].to_numpy() + rng.normal(size=3_000)
    again = {"a": ["x", "z"], "b": ["x", "y"]}
    table = deciding_unknowns(
        outcome, shared, 0.0, chosen=["x", "y"], replan=lambda name, value: again[name]
    )
    assert list(table["unknown"]) == ["a", "b"]
    assert list(table["kept_low"]) == [0.5, 1.0]
    assert table["share"].iloc[0] == pytest.approx(9 / 11, abs=0.03)
    assert table["share"].iloc[1] == pytest.approx(1 / 11, abs=0.03)
    assert (table["p_high"] > table["p_low"]).all()

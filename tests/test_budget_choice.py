from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.budget.choose import choose_creators, value_of_budget
from workbench.budget.limits import build_limits
from workbench.budget.options import Limits, Options
from workbench.budget.plan import ChoiceSettings
from workbench.errors import SettingsError

EXACT = ChoiceSettings(gap=0.0)
TIERS, PLATFORMS = ("nano", "micro", "mega"), ("instagram", "tiktok")


def market(seed, creators=9, levels=1, goal="net_reach", classes=3):
    """Return options in the order level by level; a few creators are dear and known to most."""
    rng = np.random.default_rng(seed)
    tier = rng.integers(0, 3, creators)
    fee = np.round(np.array([50, 200, 1500])[tier] * rng.lognormal(0, 0.6, creators))
    contacts = rng.gamma(0.4, np.array([0.05, 0.3, 2.0])[tier][:, None], (creators, classes))
    many = np.arange(1, levels + 1)
    table = pd.DataFrame(
        {
            "creator_key": np.tile([f"c{at}" for at in range(creators)], levels),
            "platform": np.tile(np.array(PLATFORMS)[rng.integers(0, 2, creators)], levels),
            "tier": np.tile(np.array(TIERS)[tier], levels),
            "deliverable": "post",
            "posts": np.repeat(many, creators),
            "cost": (np.array([1, 1.9, 2.7])[:levels, None] * fee + 60).ravel(),
        }
    )
    exposure = np.concatenate([times * contacts for times in many])
    people = rng.integers(1_000, 9_000, classes).astype("float64")
    alone = exposure @ people
    if "reach" not in goal:
        return Options(table=table, goal=goal, value=alone)
    return Options(table=table, goal=goal, value=alone, exposure=exposure, people=people)


def limits_of(seed, creators=9):
    rng = np.random.default_rng(seed)
    return Limits(
        budget=float(rng.integers(300, 5000)),
        min_creators=int(rng.integers(0, 4)),
        max_creators=int(rng.integers(3, creators)),
        tier_share={"mega": (0.0, 0.8), "micro": (0.0, float(rng.uniform(0.2, 1)))},
        platform_share={"tiktok": (float(rng.choice([0.0, 0.1])), 0.7)},
        tier_creators={"nano+micro": (1, None)},
        must=("c1",) if rng.random() < 0.3 else (),
        must_not=("c2",) if rng.random() < 0.3 else (),
        max_creator_share=float(rng.choice([0.6, 1.0])),
        max_posts=int(rng.choice([2, 3])),
    )


def brute_force(options, limits):
    """Return the best of all plans, None where none is within the limits. Shares no code."""
    table = options.table
    levels, keys = table["posts"].max(), list(dict.fromkeys(table["creator_key"]))
    count, best = len(keys), None
    cost = np.r_[np.zeros((1, count)), table["cost"].to_numpy().reshape(levels, count)]
    tier = table["tier"].to_numpy()[:count]
    platform = table["platform"].to_numpy()[:count]
    for posts in product(range(levels + 1), repeat=count):
        posts = np.array(posts)
        spent, booked = cost[posts, np.arange(count)], posts > 0
        room = limits.budget + 1e-6
        if spent.sum() > room or spent.max() > limits.max_creator_share * room:
            continue
        if posts.max() > limits.max_posts:
            continue
        if not limits.min_creators <= booked.sum() <= limits.max_creators:
            continue
        if not all(booked[keys.index(key)] for key in limits.must):
            continue
        if any(booked[keys.index(key)] for key in limits.must_not):
            continue
        if booked[np.isin(tier, ["nano", "micro"])].sum() < 1:
            continue
        if any(
            not low * limits.budget - 1e-6 <= spent[of == name].sum() <= high * room
            for of, shares in ((tier, limits.tier_share), (platform, limits.platform_share))
            for name, (low, high) in shares.items()
        ):
            continue
        value = worth(options, posts, count)
        best = value if best is None else max(best, value)
    return best


def worth(options, posts, count):
    if "reach" not in options.goal:
        return float(posts @ options.value[:count])
    contacts = posts @ options.exposure[:count]
    missed = np.exp(-contacts)
    if options.goal == "effective_reach":
        missed *= 1 + contacts + contacts**2 / 2
    return float(options.people @ (1 - missed))


def check(options, limits, best, wanted=EXACT):
    plan = choose_creators(options, limits, wanted)
    if best is None:
        assert plan.summary.status == "infeasible"
        assert plan.reasons
        return plan
    assert plan.summary.bound >= best * (1 - 1e-9)
    assert plan.summary.value <= best * (1 + 1e-9)
    chosen = np.zeros(len(options.table))
    chosen[plan.chosen] = 1
    assert build_limits(options, limits).kept(chosen)
    return plan


@pytest.mark.parametrize("goal", ["engagements", "net_reach", "effective_reach"])
@pytest.mark.parametrize("seed", range(8))
def test_the_best_of_all_plans_is_found(goal, seed):
    options, limits = market(seed, goal=goal), limits_of(seed)
    best = brute_force(options, limits)
    plan = check(options, limits, best)
    if best is not None:
        assert plan.summary.status == "proven"
        assert plan.summary.value == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_best_posts_are_found_with_a_price_by_volume(seed):
    options, limits = market(seed, creators=5, levels=3), limits_of(seed, 5)
    best = brute_force(options, limits)
    plan = check(options, limits, best)
    if best is not None:
        assert plan.summary.value == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("goal", ["net_reach", "effective_reach"])
def test_one_node_gives_a_plan_and_a_valid_bound(goal, seed):
    options, limits = market(seed, goal=goal), limits_of(seed)
    one = ChoiceSettings(gap=0.0, nodes=1)
    plan = check(options, limits, brute_force(options, limits), one)
    assert plan.summary.status in ("proven", "stopped", "infeasible")


@given(st.integers(0, 10_000), st.floats(0, 8_000))
@settings(max_examples=15, deadline=None)
def test_no_more_than_the_budget_is_spent(seed, budget):
    plan = choose_creators(market(seed, creators=30), Limits(budget=budget))
    assert plan.summary.spend <= budget
    assert plan.summary.gap <= 1e-4 or plan.summary.value == 0


def test_the_same_problem_with_ties_gives_the_same_plan():
    options = market(3, creators=12)
    even = options.table.assign(cost=100.0)
    ties = Options(table=even, goal="engagements", value=np.full(12, 7.0))
    plans = [choose_creators(ties, Limits(budget=550.0)) for _ in range(2)]
    assert plans[0].summary.value == 35.0
    assert plans[0].chosen.tolist() == plans[1].chosen.tolist()


def test_a_budget_of_zero_buys_nothing():
    plan = choose_creators(market(1), Limits(budget=0.0))
    assert (plan.summary.status, plan.summary.value, len(plan.table)) == ("proven", 0.0, 0)


def test_content_alone_can_be_asked_for():
    options = market(2, creators=4)
    content = options.table.assign(deliverable="ugc_only", posts=0, cost=80.0)
    both = Options(
        table=pd.concat([options.table, content], ignore_index=True),
        goal="net_reach",
        value=np.r_[options.value, np.zeros(4)],
        exposure=np.r_[options.exposure, np.zeros((4, 3))],
        people=options.people,
    )
    plan = choose_creators(both, Limits(budget=500.0, content_only=2))
    assert (plan.table["deliverable"] == "ugc_only").sum() == 2
    assert plan.table["creator_key"].is_unique


def test_limits_that_hold_the_plan_are_named():
    plan = choose_creators(market(5, goal="clicks"), Limits(budget=1e9, max_creators=3))
    assert plan.limits.loc[plan.limits["binding"], "limit"].tolist() == ["creators"]


def test_what_is_lost_without_each_is_told():
    plan = choose_creators(market(4), Limits(budget=2500.0))
    assert (plan.table["marginal"] > 0).all()
    assert (plan.table["marginal"] <= plan.table["value"]).all()


def test_the_value_of_more_budget_is_that_of_a_larger_plan():
    options, limits = market(6), Limits(budget=800.0, max_creators=5)
    plan = choose_creators(options, limits, EXACT)
    more = choose_creators(options, replace(limits, budget=1800.0), EXACT)
    gained = value_of_budget(options, limits, plan, EXACT)
    assert gained == pytest.approx(more.summary.value - plan.summary.value)


def test_the_least_budget_that_makes_room_is_told():
    options, limits = market(7), Limits(budget=100.0, min_creators=3)
    least = np.sort(options.table["cost"])[:3].sum()
    plan = choose_creators(options, limits)
    assert plan.reasons[0].startswith(f"All limits can be kept with a budget of {least:,.0f};")
    assert "creators: at least 3 is asked for" in plan.reasons[1]


def test_limits_that_no_budget_meets_are_named():
    plan = choose_creators(market(7), Limits(budget=1e6, min_creators=20))
    assert plan.reasons == (
        "No budget is enough for all limits together.",
        "With 1,000,000: creators: at least 20 is asked for, at most 9 is possible with the "
        "other limits.",
    )


def test_every_unknown_creator_of_the_limits_is_named():
    limits = Limits(budget=1.0, must=("c1", "x"), must_not=("y",))
    with pytest.raises(SettingsError) as caught:
        choose_creators(market(1), limits)
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["must", "must_not"]

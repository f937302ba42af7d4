"""Beside one plan: near-best ones, replacements, other mixes, and what overhead changes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from workbench.budget.alternatives import (
    AlternativeSettings,
    choose_mixes,
    mix_limits,
    near_best_plans,
    swap_list,
)
from workbench.budget.candidates import make_candidates
from workbench.budget.choose import choose_creators
from workbench.budget.offers import make_options as make_offers
from workbench.budget.options import Limits, Options
from workbench.budget.plan import ChoiceSettings, plan_value
from workbench.budget.stability import (
    break_even_overhead,
    cautious_options,
    draw_options,
    overhead_path,
    plan_stability,
)
from workbench.budget.unknowns import read_unknowns
from workbench.errors import SettingsError
from workbench.tables.brief import Brief

EXACT = ChoiceSettings(gap=1e-9)


def make_options(n: int = 10, *, reach: bool = False, seed: int = 0) -> Options:
    rng = np.random.default_rng(seed)
    tier = np.where(np.arange(n) < n - 3, "micro", "macro")
    size = np.where(tier == "macro", 8.0, 1.0) * np.exp(rng.normal(0, 0.4, n))
    table = pd.DataFrame({"creator_key": [f"x:{i:02}" for i in range(n)]}).assign(
        platform="tiktok", tier=tier, deliverable="post", posts=1
    )
    table["cost"] = np.round(100 * size * np.exp(rng.normal(0, 0.3, n)))
    people = np.array([4_000.0, 9_000.0])
    exposure = 0.05 * size[:, None] * rng.uniform(0.2, 2, (n, 2))
    return Options(
        table=table,
        goal="net_reach" if reach else "engagements",
        value=-np.expm1(-exposure) @ people if reach else 500 * size,
        exposure=exposure if reach else None,
        people=people if reach else None,
    )


def all_plans(options: Options, budget: float) -> list[tuple[float, frozenset[str]]]:
    cost, keys = options.table["cost"].to_numpy(), options.table["creator_key"].to_numpy()
    subsets = (c for k in range(len(cost) + 1) for c in combinations(range(len(cost)), k))
    kept = (np.array(c, dtype=int) for c in subsets if cost[list(c)].sum() <= budget)
    return [(plan_value(options, c), frozenset(keys[c])) for c in kept]


@pytest.mark.parametrize("reach", [False, True])
def test_near_best_plans_are_the_best_that_differ(reach):
    options, limits = make_options(reach=reach), Limits(budget=900)
    plan = choose_creators(options, limits, EXACT)
    found = near_best_plans(options, limits, plan, AlternativeSettings(plans=2, choice=EXACT))
    before = [{*plan.table["creator_key"]}]
    for one in found.plans[1:]:
        lacking = [max(1, round(0.2 * len(b))) for b in before]
        ways = [
            value
            for value, keys in all_plans(options, 900)
            if all(len(b - keys) >= lack for b, lack in zip(before, lacking, strict=True))
        ]
        assert one.summary.value == pytest.approx(max(ways), rel=1e-6)
        before.append({*one.table["creator_key"]})
    assert found.table["loss"].is_monotonic_increasing


@pytest.mark.parametrize("reach", [False, True])
def test_a_replacement_is_the_best_single_one(reach):
    options, limits = make_options(reach=reach, seed=3), Limits(budget=900)
    plan = choose_creators(options, limits, EXACT)
    booked = {*plan.table["creator_key"]}
    values = {keys: value for value, keys in all_plans(options, 900)}
    for key, rows in swap_list(options, limits, plan).groupby("creator_key"):
        rest = booked - {key}
        ways = [
            values[frozenset(rest | {other})]
            for other in {*options.table["creator_key"]} - booked
            if frozenset(rest | {other}) in values
        ]
        best = max(ways, default=values[frozenset(rest)])
        assert rows["change"].iloc[0] == pytest.approx(best - plan.summary.value)


def test_nobody_replaces_where_nobody_fits():
    options, limits = make_options(4), Limits(budget=1e6)
    plan = choose_creators(options, limits, EXACT)
    swaps = swap_list(options, limits, plan)
    assert (swaps["replacement"] == "").all()
    assert np.allclose(swaps["change"].sum(), -plan.summary.value)


def test_who_must_be_in_has_no_replacement():
    options, limits = make_options(), Limits(budget=900, must=("x:01",))
    plan = choose_creators(options, limits, EXACT)
    assert "x:01" not in {*swap_list(options, limits, plan)["creator_key"]}


def test_mixes_keep_to_their_sizes_and_the_budget():
    options = make_options()
    mixes = mix_limits(options, Limits(budget=2_000), small=("micro",), large=("macro",))
    plans = choose_mixes(options, mixes)
    assert {*plans["small only"].table["tier"]} == {"micro"}
    assert {*plans["one or two large"].table["tier"]} == {"macro"}
    assert plans["one or two large"].summary.creators <= 2
    assert plans["the best two"].summary.creators == 2
    assert all(plan.summary.spend <= 2_000 for plan in plans.values())


def test_a_mix_of_sizes_that_nobody_has_is_left_out():
    mixes = mix_limits(make_options(), Limits(budget=1), small=("nano",), large=("macro",))
    assert "small only" not in mixes


def test_overhead_drives_small_creators_out():
    path = overhead_path(make_options(), Limits(budget=2_000), [0, 50, 500])
    assert path["value"].is_monotonic_decreasing
    assert path["creators"].iloc[0] > path["creators"].iloc[-1]


def test_the_break_even_overhead_parts_where_the_small_win():
    plain = make_options(14)
    better = plain.value * np.where(plain.table["tier"] == "micro", 2.0, 1.0)
    options = Options(table=plain.table, goal=plain.goal, value=better)
    mixes = mix_limits(options, Limits(budget=1_500), small=("micro",), large=("macro",))
    small, large = mixes["small only"], mixes["one or two large"]
    edge = break_even_overhead(options, small, large)
    for overhead, wins in ((0.5 * edge, True), (1.5 * edge + 30, False)):
        cost = options.table["cost"] + overhead
        now = Options(table=options.table.assign(cost=cost), goal=options.goal, value=better)
        values = [choose_creators(now, one, EXACT).summary.value for one in (small, large)]
        assert (values[0] > values[1]) == wins


@pytest.fixture(scope="module")
def believed():
    unknowns, brief = read_unknowns(), Brief(goal="net_reach", market=1e6, budget=3_000)
    table = pd.DataFrame({"creator_key": [f"tiktok:c{i}" for i in range(30)]}).assign(
        followers=np.geomspace(5_000, 200_000, 30), fee_sd=np.where(np.arange(30) < 15, 0.0, 0.5)
    )
    candidates = make_candidates(table, unknowns)
    options = make_offers(candidates, brief, unknowns)
    return options, candidates, unknowns, brief


def test_drawn_options_have_the_mean_that_they_had(believed):
    options, candidates, unknowns, brief = believed
    posted = options.value > 0
    drawn = [
        one.exposure[posted, 0]
        for seed in range(5)
        for one in draw_options(options, candidates, unknowns, brief, draws=100, seed=seed)
    ]
    mean = np.mean(drawn, axis=0) / options.exposure[posted, 0]
    assert abs(mean.mean() - 1) < 0.15


def test_a_quoted_fee_is_not_drawn(believed):
    options, candidates, unknowns, brief = believed
    quoted = candidates.table["fee_source"].ne("model") & candidates.table["fee_sd"].eq(0)
    quoted = options.table["creator_key"].isin(candidates.table.loc[quoted, "creator_key"])
    [one] = draw_options(options, candidates, unknowns, brief, draws=1, seed=1)
    assert np.allclose(one.table["cost"][quoted], options.table["cost"][quoted])


def test_what_is_known_is_settled_and_costs_nothing(believed):
    options = believed[0]
    limits = Limits(budget=3_000)
    plan = choose_creators(options, limits, EXACT)
    found = plan_stability(options, limits, plan, [options] * 3, EXACT)
    assert found.summary.regret == pytest.approx(0, abs=1e-6)
    assert found.summary.settled == plan.summary.creators


def test_not_knowing_unsettles_and_has_a_price(believed):
    options, candidates, unknowns, brief = believed
    limits = Limits(budget=3_000)
    plan = choose_creators(options, limits, EXACT)
    drawn = draw_options(options, candidates, unknowns, brief, draws=8, seed=2)
    found = plan_stability(options, limits, plan, drawn)
    assert found.summary.regret > 0.01
    assert found.table["probability"].between(0.05, 0.95).any()


def test_cautious_inputs_bring_less_and_cost_no_less(believed):
    options, candidates, _, brief = believed
    cautious = cautious_options(options, candidates, brief)
    assert (cautious.value <= options.value).all()
    assert cautious.value.sum() < 0.8 * options.value.sum()
    assert (cautious.table["cost"] >= options.table["cost"] - 1e-9).all()


def test_bad_settings_are_told():
    with pytest.raises(SettingsError):
        AlternativeSettings(differ=0)

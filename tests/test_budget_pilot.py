from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog
from scipy.stats import norm

from workbench.budget.candidates import CANDIDATE_COLUMNS, Candidates
from workbench.budget.pilot import PilotSettings, value_pilot
from workbench.budget.returns import candidate_returns, even_returns, read_prior, take_best
from workbench.budget.trials import (
    creators_needed,
    gain_of_knowing,
    rank_trials,
    smallest_difference,
)
from workbench.errors import DataError, SettingsError

QUICK = PilotSettings(worlds=1024, waves=(), sizes=(1, 3, 9))
SIMPLE = even_returns(1.3, fee=200, overhead=60)


@pytest.fixture(scope="module")
def value():
    return value_pilot(SIMPLE, 20_000, replace(QUICK, waves=(2, 3)))


def test_knowing_a_normal_mean_before_a_choice_has_a_closed_form():
    # The unit normal loss: of a log-normal it is the price of an option.
    grid = np.exp(norm.ppf((np.arange(200_000) + 0.5) / 200_000) * 0.4 - 0.08)
    gain, flips = gain_of_knowing(np.array([1.0]), np.array([0.4]), np.array([1.2]))
    assert gain[0] == pytest.approx(np.maximum(grid - 1.2, 0).mean(), rel=1e-3)
    assert flips[0] == pytest.approx((grid > 1.2).mean(), abs=1e-4)


@pytest.mark.parametrize("expected", [1.0, 1.3, 1.8])
def test_what_one_post_tells_of_the_shared_level_is_the_closed_form(expected):
    returns = even_returns(expected, fee=200, overhead=60, tiers=1, creator_sd=0)
    settings = replace(QUICK, tier_sd=0, most_posts=1, sizes=(1,), advised=(), worlds=8192)
    found = value_pilot(returns, 5_200, settings).table.iloc[0]
    told = np.array([0.3**2 / np.hypot(0.3, 0.8)])
    gain, _ = gain_of_knowing(np.array([200 * expected]), told, np.array([260.0]))
    assert found["information"] == pytest.approx(19 * gain[0], rel=0.01, abs=4 * found["net_se"])
    assert found["own"] == pytest.approx(200 * expected - 260)


def test_what_one_post_tells_of_its_creator_is_the_closed_form():
    returns = even_returns(1.4, fee=200, overhead=60, tiers=1).assign(number=1)
    settings = replace(QUICK, shared_sd=0, tier_sd=0, sizes=(1,), advised=(), worlds=8192)
    found = value_pilot(returns, 10_000, settings).table.iloc[0]
    told = np.array([0.5**2 / np.hypot(0.5, 0.8)])
    gain, _ = gain_of_knowing(np.array([0.85 * 280]), told, np.array([260.0]))
    assert found["information"] == pytest.approx(gain[0], rel=0.02)


def test_beliefs_are_those_of_the_dense_normal():
    returns = even_returns({"a": 1.2, "b": 2.0}, fee=100, creator_sd=0.4, post_sd=0.7)
    prior = read_prior(returns, 1000, shared_sd=0.3, tier_sd=0.2, fatigue=0.15, most_posts=2)
    rows, rng = np.array([0, 0, 1]), np.random.default_rng(0)
    seen = rng.standard_normal((5, 3))
    tier = prior.tiers[rows].argmax(1)
    alike = 0.3**2 + 0.2**2 * (tier[:, None] == tier)
    data = alike + np.diag(np.full(3, 0.4**2 + 0.7**2))
    own = alike + np.diag(np.full(3, 0.4**2))
    gains = np.linalg.solve(data, own).T
    mean, variance = seen @ gains.T, np.diag(own - gains @ own)
    weight = np.full(3, 1 / (0.4**2 + 0.7**2))
    told = prior.worth_tried(rows, weight, seen, prior.believe(rows, weight, seen))
    np.testing.assert_allclose(told, prior.worth_of(rows, mean, variance))


def test_the_rest_of_the_money_is_spent_as_a_linear_programme_would():
    rng = np.random.default_rng(0)
    value, cost = rng.uniform(0, 20, (4, 15)), rng.uniform(2, 12, 15)
    parts = take_best(value, cost, 30.0)
    for worth, part in zip(value, parts, strict=True):
        best = linprog(cost - worth, A_ub=cost[None], b_ub=[30.0], bounds=(0, 1))
        assert ((worth - cost) * part).sum() == pytest.approx(-best.fun)


def test_information_is_worth_something_and_no_more_than_knowing_all(value):
    assert value.table["information"].ge(0).all()
    assert value.table["net"].le(value.table["most"] + 3 * value.table["net_se"]).all()


def test_nothing_is_learnt_where_nothing_is_unknown():
    settings = replace(QUICK, shared_sd=0, tier_sd=0)
    table = value_pilot(even_returns(1.8, fee=200, creator_sd=0), 5_000, settings).table
    np.testing.assert_allclose(table[["information", "net"]], 0, atol=1e-6)


def test_the_monte_carlo_error_is_that_of_other_seeds():
    settings = replace(QUICK, sizes=(4,), advised=(), worlds=512)
    runs = [value_pilot(SIMPLE, 20_000, replace(settings, seed=seed)).table for seed in range(12)]
    nets = np.array([run["net"] for run in runs])
    said = np.array([run["net_se"] for run in runs])
    ratio = np.sqrt((nets.var(0, ddof=1) / (said**2).mean(0)).mean())
    assert 0.7 < ratio < 1.4


@pytest.mark.parametrize(
    ("expected", "budget", "creator_sd", "advice"),
    [
        (0.7, 5_000, 0.5, "do not spend"),
        (1.0, 40_000, 0.5, "pilot"),
        (1.8, 20_000, 0.5, "learn in waves"),
        (9.0, 5_000, 0.01, "spend without a pilot"),
    ],
)
def test_the_advice_follows_prior_and_budget(expected, budget, creator_sd, advice):
    settings = replace(QUICK, sizes=(1, 12), waves=(3,), tier_sd=creator_sd)
    returns = even_returns(expected, fee=200, overhead=60, creator_sd=creator_sd)
    assert value_pilot(returns, budget, settings).summary.advice == advice


def test_a_budget_that_buys_nobody_has_no_pilot():
    found = value_pilot(SIMPLE, 100, QUICK)
    assert found.summary.creators == 0
    assert found.table.empty
    assert found.advised["net"].isna().all()


def test_the_published_advice_gets_a_share_of_the_best(value):
    assert value.advised["amount"].tolist() == [1000, 2000]
    assert value.advised["cost"].tolist() == [780, 1820]
    assert value.advised["share"].between(0, 1).all()


def test_a_pause_that_loses_all_leaves_what_the_pilot_costs():
    table = value_pilot(SIMPLE, 5_000, replace(QUICK, pause_loss=1.0)).table
    np.testing.assert_allclose(table["net"], 0, atol=1e-6)


def test_two_equal_waves_are_a_pilot_of_half_the_money():
    settings = replace(QUICK, sizes=(12,), waves=(2,), advised=(), worlds=4096)
    found = value_pilot(SIMPLE, 24 * 260, settings)
    pilot, waves = found.table.iloc[0], found.waves.iloc[0]
    error = np.hypot(pilot["net_se"], waves["net_se"])
    assert waves["gain"] == pytest.approx(pilot["net"], abs=3 * error)


@pytest.mark.parametrize(("log_sd", "needed"), [(0.6, 26), (0.8, 46), (1.0, 72)])
def test_creators_that_show_sixty_percent(log_sd, needed):
    assert creators_needed(0.6, log_sd) == needed
    assert smallest_difference(needed, log_sd) <= 0.6 < smallest_difference(needed - 1, log_sd)


def test_those_near_the_line_are_tried_first():
    returns = pd.concat(
        even_returns({"micro": expected}, fee=200, overhead=60).assign(
            creator_key=name, sd=sd, number=1
        )
        for name, expected, sd in [("open", 1.5, 0.6), ("sure", 6, 0.1), ("dear", 0.2, 0.6)]
    ).reset_index(drop=True)
    known = {"shared_sd": 0.1, "tier_sd": 0.1, "fatigue": 0.15, "most_posts": 2}
    table = rank_trials(returns, 10_000, **known).set_index("creator_key")
    assert table.index.tolist() == ["open", "sure", "dear"]
    assert "near the line" in table["reasons"]["open"]
    assert "clear yes, well known" in table["reasons"]["sure"]
    assert "clear no" in table["reasons"]["dear"]


def test_candidates_are_valued_by_what_their_engagements_are_worth():
    row = dict.fromkeys(CANDIDATE_COLUMNS, 0.0) | {"creator_key": "tiktok:a", "tier": "micro"}
    row |= {"engagements": 1000, "post_sd": 0.8, "real_share": 0.8, "sponsored": 0.5}
    row |= {"fee": 100, "fall_through": 0.1}
    candidates = Candidates(table=pd.DataFrame([row]), sources=pd.DataFrame(), currency="EUR")
    returns = candidate_returns(candidates, 0.5, overhead=20)
    assert returns["expected"].tolist() == [2.0]
    assert returns["fee"].tolist() == [90]
    by_revenue = candidate_returns(candidates, pd.Series({"tiktok:a": 300.0}))
    assert by_revenue["expected"].tolist() == [3.0]
    assert value_pilot(returns, 1_000, QUICK).table["creators"].tolist() == [1]


def test_bad_settings_are_named_together():
    with pytest.raises(SettingsError) as caught:
        PilotSettings(shared_sd=-1, fatigue=2, sizes=(0,), worlds=3)
    assert len(caught.value.faults) == 4


def test_bad_returns_are_named_together():
    with pytest.raises(DataError) as caught:
        value_pilot(SIMPLE.assign(fee=0.0, expected=np.nan), 5_000)
    assert len(caught.value.faults) == 2


def test_a_budget_of_nothing_is_refused():
    with pytest.raises(SettingsError, match="budget"):
        value_pilot(SIMPLE, 0)

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from workbench.budget.candidates import make_candidates
from workbench.budget.choose import choose_creators
from workbench.budget.offers import limits_from_brief, make_options
from workbench.budget.promise import PromiseSettings, promise_outcome
from workbench.budget.unknowns import read_unknowns
from workbench.errors import DataError, SettingsError
from workbench.tables.brief import Brief

FEW = PromiseSettings(draws=1_000)
BRIEF = Brief(
    goal="engagements",
    budget=5_000,
    currency="USD",
    target=2_000,
    flight_start=date(2026, 3, 1),
    flight_end=date(2026, 3, 14),
)


@pytest.fixture(scope="module")
def unknowns():
    return read_unknowns()


@pytest.fixture(scope="module")
def candidates(unknowns):
    rng = np.random.default_rng(0)
    followers = np.exp(rng.uniform(np.log(2e3), np.log(2e5), 30)).round()
    table = pd.DataFrame(
        {
            "creator_key": [f"instagram:{i}" for i in range(30)],
            "followers": followers,
            "engagements": 0.02 * followers,
            "engagements_sd": 0.3,
            "fee": 0.01 * followers,
        }
    )
    return make_candidates(table, unknowns, currency="USD")


@pytest.fixture(scope="module")
def plan(candidates, unknowns):
    options = make_options(candidates, BRIEF, unknowns)
    return choose_creators(options, limits_from_brief(BRIEF, candidates))


@pytest.fixture(scope="module")
def promise(plan, candidates, unknowns):
    return promise_outcome(plan, candidates, unknowns, brief=BRIEF, settings=FEW)


def test_the_range_and_the_chance_are_those_of_the_futures(promise):
    found = promise.summary
    assert [found.p10, found.p50, found.p90] == pytest.approx(
        np.quantile(promise.draws, [0.1, 0.5, 0.9])
    )
    assert found.chance == (promise.draws >= 2_000).mean()
    assert found.p10 < found.p50 < found.p90


def test_the_path_ends_at_the_total(promise):
    path = promise.path
    assert list(path["day"]) == list(range(1, 15))
    assert path["date"].iloc[-1] == pd.Timestamp(2026, 3, 14)
    last = path.iloc[-1]
    assert last["p10"] == pytest.approx(promise.summary.p10)
    assert last["p90"] == pytest.approx(promise.summary.p90)


def test_the_path_never_falls(promise):
    steps = promise.path[["p10", "p50", "p90"]].diff().iloc[1:]
    assert (steps >= 0).all(axis=None)


def test_a_flight_without_dates_has_the_settings_days(plan, candidates, unknowns):
    brief = BRIEF.model_copy(update={"flight_start": None, "flight_end": None})
    settings = PromiseSettings(draws=200, days=7, by_creator=False)
    path = promise_outcome(plan, candidates, unknowns, brief=brief, settings=settings).path
    assert len(path) == 7
    assert path["date"].isna().all()


def test_creators_parts_add_up_to_the_total(promise, plan):
    creators = promise.creators
    assert {*creators["creator_key"]} == {*plan.table["creator_key"]}
    assert creators["share"].sum() == pytest.approx(1)
    # The whole lacks those whom the budget drops where fees turn out dear.
    assert creators["mean"].sum() >= 0.9 * promise.summary.mean
    assert (creators["p10"] <= creators["p90"]).all()
    assert creators["nothing"].mean() == pytest.approx(0.2, abs=0.06)


def test_the_futures_are_not_those_of_the_choice(plan, candidates, unknowns, promise):
    other = promise_outcome(
        plan, candidates, unknowns, brief=BRIEF, settings=replace(FEW, seed=5, by_creator=False)
    )
    assert not np.array_equal(other.draws, promise.draws)
    assert other.summary.mean == pytest.approx(promise.summary.mean, rel=0.1)


def test_the_seed_of_the_choice_is_refused():
    with pytest.raises(SettingsError, match="fresh"):
        PromiseSettings(seed=3, chosen_seed=3)


def test_the_same_seed_gives_the_same_promise(plan, candidates, unknowns, promise):
    again = promise_outcome(plan, candidates, unknowns, brief=BRIEF, settings=FEW)
    np.testing.assert_array_equal(again.draws, promise.draws)
    pd.testing.assert_frame_equal(again.path, promise.path)
    pd.testing.assert_frame_equal(again.creators, promise.creators)


def test_a_plan_may_be_given_as_posts(plan, candidates, unknowns, promise):
    booked = candidates.table["creator_key"].isin(plan.table["creator_key"]).to_numpy()
    settings = replace(FEW, by_creator=False)
    given = promise_outcome(
        booked.astype(int), candidates, unknowns, brief=BRIEF, target=10, settings=settings
    )
    np.testing.assert_array_equal(given.draws, promise.draws)
    assert given.summary.target == 10
    assert given.creators.empty


def test_more_posts_promise_more(candidates, unknowns):
    settings = PromiseSettings(draws=500, by_creator=False)
    brief = BRIEF.model_copy(update={"budget": None})
    one, two = (
        promise_outcome(np.full(30, n), candidates, unknowns, brief=brief, settings=settings)
        for n in (1, 2)
    )
    assert two.summary.mean > 1.5 * one.summary.mean
    assert two.summary.posts == 60


def test_a_goal_that_counts_people_is_promised_too(plan, candidates, unknowns):
    brief = BRIEF.model_copy(update={"goal": "net_reach", "market": 1e6})
    settings = PromiseSettings(draws=300, by_creator=False)
    found = promise_outcome(plan, candidates, unknowns, brief=brief, settings=settings)
    assert 0 < found.summary.p10 < found.summary.p90 < 1e6


def test_faults_are_named(candidates, unknowns, plan):
    with pytest.raises(DataError, match="books nobody"):
        promise_outcome(np.zeros(30, int), candidates, unknowns, brief=BRIEF)
    with pytest.raises(DataError, match="30 creators"):
        promise_outcome(np.ones(3, int), candidates, unknowns, brief=BRIEF)
    fewer = replace(candidates, table=candidates.table.iloc[:1])
    with pytest.raises(DataError, match="no candidate"):
        promise_outcome(plan, fewer, unknowns, brief=BRIEF)
    with pytest.raises(SettingsError, match="half_life"):
        PromiseSettings(half_life=0)

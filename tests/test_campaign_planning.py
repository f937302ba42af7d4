"""From the tables of a client's folder to a plan: a simulated market, and awkward exports."""

import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from workbench.audience import ShareSettings, estimate_share
from workbench.audience.held import AudienceShare
from workbench.budget.unknowns import read_unknowns
from workbench.campaign.beside import BesideSettings, compare_plans
from workbench.campaign.join import known_of_creators, plan_candidates
from workbench.campaign.own_results import measure_unknowns
from workbench.campaign.planning import (
    PlanSettings,
    check_plannable,
    make_plan,
    name_by_keys,
    plan_posts,
    read_client_unknowns,
)
from workbench.campaign.roster import make_roster
from workbench.errors import DataError, SettingsError
from workbench.features import FeatureSettings, creator_features
from workbench.store import open_store
from workbench.tables.brief import parse_brief

BRIEF = parse_brief(
    "budget: 8000\ncurrency: EUR\nmarket: 4000000\ntarget: 300000\n"
    "flight_start: 2026-11-02\nflight_end: 2026-11-29\n"
    "limits: {max_creators: 12, posts_per_creator: 2, tier_share: {macro: 0.5}}\n"
)
QUICK = PlanSettings(draws=400)


@pytest.fixture(scope="module")
def run(planning_client):
    return make_plan(planning_client, BRIEF, QUICK)


@pytest.fixture(scope="module")
def held(planning_client):
    store = open_store(planning_client)
    return store, creator_features(store, FeatureSettings(as_of=store.as_of))


def test_a_folder_gives_a_proven_plan_within_the_limits(run):
    plan = run.plan
    assert plan.summary.status == "proven"
    assert plan.summary.value <= plan.summary.bound <= 1.001 * plan.summary.value
    assert plan.summary.spend <= 8000
    assert plan.summary.creators <= 12
    macro = plan.table.loc[plan.table["tier"].eq("macro"), "cost"].sum()
    assert macro <= 0.5 * 8000
    assert plan_posts(plan, run.candidates).sum() == plan.summary.posts
    assert run.promise.summary.p10 <= run.promise.summary.p50 <= run.promise.summary.p90
    assert run.more >= 0


def test_the_range_of_a_simulated_chance_is_that_of_its_futures(run):
    [row] = compare_plans(run, {"plan": run.plan}, BesideSettings(draws=300)).to_dict("records")
    assert row["goal_error"] == pytest.approx((row["p_goal"] * (1 - row["p_goal"]) / 300) ** 0.5)


def test_quotes_price_those_who_quoted_and_a_line_the_others(run, planning_world):
    quotes = planning_world[1].quotes
    quoted = quotes.loc[quotes["currency"].eq("EUR"), "creator_key"]
    table = run.candidates.table
    named = table["fee_source"].ne("model")
    assert 0 < named.sum() < len(table)
    assert {*table.loc[named, "creator_key"]} <= {*quoted}
    assert {*make_roster(run)["fee_source"]} <= {"quote", "rate card", "model"}


def test_what_posts_say_is_told_from_what_a_curve_says(run, held):
    store, _ = held
    posting = {*store.read("posts", columns=["creator_key"])["creator_key"]}
    sources = run.candidates.sources
    told = sources[sources["column"].eq("engagements")].set_index("creator_key")["source"]
    assert {*told} <= {"data", "curve"}
    assert all((of == "data") <= (key in posting) for key, of in told.items())


def test_reach_is_that_of_the_posts(held):
    store, features = held
    known = known_of_creators(store, features, read_unknowns()).set_index("creator_key")
    posts = store.read("posts")
    posts = posts[posts["reach"].gt(0) & posts["is_sponsored"].fillna(False).eq(False)]
    mean = posts.groupby("creator_key")["reach"].agg(["mean", "size"])
    many = mean.index[mean["size"] >= 15]
    ratio = known.loc[many, "reach"] / mean.loc[many, "mean"].astype("float64")
    assert abs(np.log(ratio).median()) < 0.15


def test_labels_say_what_is_real(held):
    store, features = held
    labels = ["not_real"] * 10 + ["real"] * 90
    share = estimate_share(
        pd.DataFrame({"label": labels, "followers": 100}), ShareSettings(drawn="random")
    )
    key = features.table["creator_key"].iloc[0]
    told = AudienceShare(creator_key=key, sampled_on="2026-09-01", share=share, digits=None)
    known = known_of_creators(store, features, read_unknowns(), [told]).set_index("creator_key")
    assert known["real_share"].notna().sum() == 1
    assert known.loc[key, "real_share"] == pytest.approx(0.9, abs=0.01)
    assert 0.01 < known.loc[key, "real_share_sd"] < 0.06


def test_own_results_replace_the_published_range(held, planning_client, planning_world):
    store, features = held
    prior = read_unknowns()
    own = read_client_unknowns(planning_client, store, features, BRIEF)
    rate, before = own.of("conversion_rate"), prior.of("conversion_rate")
    assert rate.owner == "yours"
    assert rate.high / rate.low < before.high / before.low
    tracking = planning_world[2].tracking
    pooled = tracking["orders"].sum() / tracking["clicks"].sum()
    assert rate.low < pooled < rate.high
    few = tracking[tracking["creator_key"].isin(tracking["creator_key"].unique()[:5])]
    bare = features.table.assign(sponsored_engagement_ratio=np.nan)
    assert measure_unknowns(prior, bare, few, "EUR").frame().equals(prior.frame())


def test_one_fee_for_all_goes_before_quotes_and_platforms_are_the_briefs(held):
    store, features = held
    brief = BRIEF.model_copy(update={"platforms": ("tiktok",)})
    found = plan_candidates(store, features, brief, read_unknowns(), fee=150.0)
    assert {*found.table["platform"]} == {"tiktok"}
    assert found.table["fee"].eq(150).all()
    assert found.table["fee_sd"].eq(0).all()
    assert found.table["next_post"].eq(1).all()


def test_a_brief_needs_a_budget_and_a_goal_its_target():
    brief = parse_brief("goal: effective_reach\nrisk: {attitude: goal}")
    with pytest.raises(SettingsError) as told:
        check_plannable(brief)
    assert len(told.value.faults) == 3


def test_who_must_be_in_is_named_by_handle_and_kept_by_key(held):
    features = held[1].table
    handle, key = features.loc[3, ["handle", "creator_key"]]
    asked = BRIEF.limits.model_copy(update={"must": (f"@{handle}",)})
    brief = BRIEF.model_copy(update={"limits": asked})
    assert name_by_keys(brief, features).limits.must == (key,)
    unknown = asked.model_copy(update={"must_not": ("@nobody",)})
    with pytest.raises(DataError, match="names creators that are not in the data"):
        name_by_keys(BRIEF.model_copy(update={"limits": unknown}), features)


def test_a_bad_outcome_may_be_weighed_without_a_market(planning_client):
    brief = parse_brief("budget: 2000\nlimits: {max_creators: 4}\nrisk: {attitude: cvar}")
    run = make_plan(planning_client, brief, replace(QUICK, scenarios=50))
    assert run.audience is None
    assert 0 < run.plan.summary.value <= run.plan.summary.bound * (1 + 1e-6)
    assert run.promise.summary.chance is None


def test_an_expired_folder_is_not_planned_on(planning_client, tmp_path):
    copy = shutil.copytree(planning_client, tmp_path / "copy")
    (copy / "campaign.yaml").write_text(f"retention_date: {date(2020, 1, 1)}\n")
    with pytest.raises(DataError, match="were to be kept"):
        make_plan(copy, BRIEF)

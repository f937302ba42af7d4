"""What a market can be beside the sample, and the traps that it holds."""

from __future__ import annotations

import json
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from tests.commands import call
from tests.markets import market_ranges
from workbench.errors import SettingsError
from workbench.intake.importing import import_files
from workbench.market.accounts import COUNTRIES, NICHES
from workbench.market.levels import curve_engagements, true_percentile
from workbench.market.settings import BOUGHT, LAWS, MarketSettings, Shape, varied_settings
from workbench.market.shapes import to_shape
from workbench.market.world import Market, make_market, write_market
from workbench.store import open_store
from workbench.tables.tiers import assign_tier, read_tier_preset

SIX = read_tier_preset("iab-uk")
FLAGS = ["bought_followers", "bought_likes", "follow_unfollow"]
LIKES, FOLLOWERS = BOUGHT["bought_likes"], BOUGHT["bought_followers"]
shapes = pytest.mark.parametrize("shape", get_args(Shape))


def sized(amount: int, **changes: object) -> MarketSettings:
    return MarketSettings(seed=7, creators=dict.fromkeys(LAWS, amount), **changes)


def parts(posts: pd.DataFrame) -> pd.Series:
    return posts[["likes", "comments", "shares", "saves"]].fillna(0).sum(axis=1).astype("float64")


@pytest.fixture(scope="module")
def varied() -> Market:
    return make_market(varied_settings(2_000, seed=3))


@pytest.fixture(scope="module", params=get_args(Shape))
def shaped(request: pytest.FixtureRequest) -> Market:
    return make_market(sized(1_500, error_shape=request.param, post_shape=request.param))


@shapes
def test_a_shape_has_its_sd_and_median(shape):
    drawn = to_shape(np.random.default_rng(0).standard_normal(400_000), shape)
    assert drawn.std() == pytest.approx(1, abs=0.02)
    assert np.median(drawn) == pytest.approx(0, abs=0.01)


def test_creators_scatter_about_the_curve_as_the_law_says(shaped):
    truth = shaped.truth_creators.query("platform == 'instagram'")
    effects = truth["niche"].map(NICHES["effect"]) + truth["country"].map(COUNTRIES["effect"])
    residual = truth["quality"] - effects
    assert residual.std() == pytest.approx(LAWS["instagram"].residual_sd, rel=0.08)
    assert residual.median() == pytest.approx(0, abs=0.03)


def test_true_percentiles_are_uniform_in_every_shape(shaped):
    truth = shaped.truth_creators
    honest = truth.loc[~truth[FLAGS].any(axis=1), "percentile"]
    deciles = np.histogram(honest, bins=10, range=(0, 100))[0] / len(honest)
    assert np.abs(deciles - 0.1).max() < 0.02


def test_posts_scatter_about_their_creators_median_in_every_shape(shaped):
    level = shaped.truth_creators.set_index("creator_key")["long_run_median_engagements"]
    posts = shaped.posts
    expected = posts["creator_key"].map(level)
    age = shaped.settings.read_at - posts["posted_at"]
    plain = (age.dt.days > 60) & ~posts["is_sponsored"] & (expected > 50)
    assert (parts(posts) / expected)[plain].median() == pytest.approx(1, abs=0.03)


@shapes
@pytest.mark.parametrize("platform", LAWS)
def test_an_account_on_the_curve_is_a_middle_one_at_every_size(platform, shape):
    settings = sized(1, error_shape=shape)
    sizes = 10.0 ** np.arange(3, 8)
    where = pd.Series([platform] * len(sizes))
    level = curve_engagements(where, sizes, settings)
    assert ((true_percentile(where, sizes, level, settings) - 50).__abs__() < 5).all()


def test_a_clean_ordinary_creator_stands_out_in_no_tier():
    found = market_ranges(sized(900, least_per_tier=60))
    clean = ~found[FLAGS].any(axis=1) & found["percentile_true"].between(45, 55)
    known = found[clean & found["percentile"].notna()]
    tier = assign_tier(known["followers"], SIX)
    covers = (known["percentile_low"] <= 50) & (known["percentile_high"] >= 50)
    names = [each.name for each in SIX.tiers]
    assert known["percentile"].groupby(tier, observed=True).median()[names].between(35, 65).all()
    assert (covers.groupby(tier, observed=True).mean()[names] >= 0.75).all()


def test_a_rate_falls_with_size_where_engagements_have_nothing_to_do_with_it(varied):
    followers = varied.creators.set_index("creator_key")["followers"]
    level = parts(varied.posts).groupby(varied.posts["creator_key"]).median()
    size = np.log10(followers[level.index].to_numpy(dtype="float64"))
    shuffled = np.random.default_rng(1).permutation(np.log10(1 + level.to_numpy()))
    assert np.polyfit(size, shuffled - size, 1)[0] == pytest.approx(-1, abs=0.06)


def test_every_kind_of_bought_engagement_is_there(varied):
    kinds = {kind for group in BOUGHT.values() for kind in group}
    wanted = kinds - {"bought_followers", "bought_likes_proportional"}
    assert wanted == kinds & set(varied.truth_events["kind"])


@pytest.mark.parametrize("kind", [kind for group in BOUGHT.values() for kind in group])
def test_bought_sizes_are_about_their_kinds(kind):
    group = "bought_likes" if kind in LIKES else "bought_followers"
    asked = {"bought_kinds": (kind,), f"{group}_share": 0.3}
    events = make_market(sized(300, **asked)).truth_events.query("kind == @kind")
    assert len(events) == 270
    assert events["relative_size"].median() == pytest.approx(BOUGHT[group][kind].median, rel=0.2)


@pytest.mark.parametrize("kind", LIKES)
def test_bought_likes_come_after_their_start_to_posts_older_than_a_day(kind):
    asked = {"bought_kinds": (kind,), "late_start_share": 0.5}
    clean = make_market(sized(200, **asked, bought_likes_share=0.0)).posts
    market = make_market(sized(200, **asked, bought_likes_share=1.0))
    posts, events = market.posts, market.truth_events.query("kind == @kind")
    start = posts["creator_key"].map(events.set_index("creator_key")["date"])
    added = (posts["likes"] - clean["likes"]).astype("int64")
    is_old = posts["posted_at"] < market.settings.read_at - pd.Timedelta(days=1)
    after = posts["posted_at"].dt.tz_localize(None) >= start
    assert (added[~(is_old & after)] == 0).all()
    expected = {"bought_likes_bursts": 0.2, "bought_likes_floor": 0.75}.get(kind, 1.0)
    assert (added[is_old & after] > 0).mean() == pytest.approx(expected, abs=0.1)


def test_some_bought_likes_start_between_two_posts(varied):
    events = varied.truth_events[varied.truth_events["kind"].isin(LIKES)]
    posts = varied.posts["posted_at"].dt.tz_localize(None).groupby(varied.posts["creator_key"])
    late = events["date"] > events["creator_key"].map(posts.min())
    assert 0.2 < late.mean() < 0.7


def test_sizes_of_bought_and_innocent_jumps_overlap(varied):
    events = varied.truth_events
    bought = events.loc[events["kind"].isin(FOLLOWERS), "relative_size"]
    innocent = events.loc[events["innocent"], "relative_size"]
    assert innocent.quantile(0.9) > bought.quantile(0.1)
    assert innocent.max() > bought.median()


@pytest.mark.parametrize(("lower", "upper"), [("50", "100"), ("100", "300")])
def test_sizes_of_kinds_overlap(lower, upper):
    kinds = tuple(f"bought_followers_plus_{name}" for name in (lower, upper))
    market = make_market(sized(300, bought_kinds=kinds, bought_followers_share=0.5))
    sizes = market.truth_events.groupby("kind")["relative_size"]
    assert sizes.max()[kinds[0]] > sizes.min()[kinds[1]]


def test_followers_that_come_in_drips_make_no_jump():
    market = make_market(sized(100, bought_followers_share=0.3, drip_share=1.0))
    events = market.truth_events.query("kind == 'bought_followers' and arrival_weeks > 4")
    steps = market.snapshots.groupby("creator_key")["followers"].diff()
    largest = steps.groupby(market.snapshots["creator_key"]).max()
    share = events["creator_key"].map(largest).astype("float64") / events["size"]
    assert share.median() < 0.5


def test_innocent_jumps_can_fade():
    lasting, fading = (make_market(sized(300, fading_share=share)) for share in (0.0, 1.0))
    old = fading.truth_events.query("kind in ['press', 'viral_post'] and date < '2026-07-01'")
    who = old["creator_key"]
    before, after = (
        m.creators.set_index("creator_key")["followers"][who] for m in (lasting, fading)
    )
    assert (after < before).mean() > 0.8


def test_daily_histories_have_a_count_every_day():
    market = make_market(sized(20, days_between_counts=1, weeks_of_history=10))
    days = market.snapshots.groupby("creator_key")["observed_on"]
    assert (days.size() == 64).all()
    assert (days.max() == pd.Timestamp(market.settings.as_of)).all()


def test_rounds_of_following_show_in_both_histories(varied):
    who = varied.truth_creators.query("platform != 'youtube'").set_index("creator_key")
    history = varied.snapshots.dropna(subset="following").set_index("creator_key")["following"]
    step = history.groupby(level=0).diff().lt(-500)
    falls = step.groupby(level=0).sum()[who.index] >= 2
    assert falls[who["follow_unfollow"].to_numpy()].mean() > 0.9
    assert not falls[~who["follow_unfollow"].to_numpy()].any()


def test_the_calendar_has_some_of_the_innocent_events_a_day_off_at_most(varied):
    calendar, events = varied.extras["events.csv"], varied.truth_events.query("innocent")
    calendar = calendar.assign(day=pd.to_datetime(calendar["Date"]))
    both = events.merge(calendar, left_on="handle", right_on="Handle")
    same = both["kind"].str.replace("_", " ") == both["Event"]
    near = both[same & ((both["date"] - both["day"]).dt.days.abs() <= 1)]
    share = near.drop_duplicates(["creator_key", "kind", "date"]).shape[0] / len(events)
    assert 0.6 < share < 0.85
    assert near["date"].ne(near["day"]).any()


def test_the_calendar_comes_in_by_kind(varied, tmp_path):
    calendar = varied.extras["events.csv"]
    calendar.to_csv(tmp_path / "events.csv", index=False)
    told = {"as_of": str(varied.settings.as_of)}
    report = import_files([tmp_path / "events.csv"], tmp_path / "client", **told)
    assert report.refused.empty
    assert len(open_store(tmp_path / "client").read("events")) == len(calendar.drop_duplicates())
    kinds = {*open_store(tmp_path / "client").read("events")["kind"]}
    assert kinds == {"giveaway", "press", "viral_post"}


@pytest.mark.parametrize("creators", [60, 300])
def test_all_six_tiers_are_on_every_platform(creators):
    found = make_market(varied_settings(creators)).creators
    table = pd.crosstab(found["platform"], assign_tier(found["followers"], SIX))
    assert (table[[tier.name for tier in SIX.tiers]] > 0).all(axis=None)


@pytest.mark.parametrize(
    ("selection", "softness"),
    [("top_engagements", 0.0), ("top_engagements", 0.15), ("top_views", 0.0)],
)
def test_a_top_list_flattens_the_slope(selection, softness):
    market = make_market(sized(800, selection=selection, selection_softness=softness))
    truth = market.truth_creators
    for platform, own in truth.groupby("platform"):
        kept = own[own["selected"]]
        size, level = (np.log10(kept[c]) for c in ("followers", "long_run_median_engagements"))
        assert np.polyfit(size, level, 1)[0] < LAWS[platform].exponent - 0.1
        assert len(kept) / len(own) == pytest.approx(0.3, abs=0.06)


def test_a_soft_edge_lets_some_through_from_below():
    both = (
        make_market(sized(400, selection="top_engagements", selection_softness=s)).truth_creators
        for s in (0.0, 0.2)
    )
    sharp, soft = both
    assert (soft["selected"] & ~sharp["selected"]).any()
    assert (sharp["selected"] & ~soft["selected"]).any()


def test_a_rate_filter_keeps_high_rates_alone():
    market = make_market(sized(300, selection="engagement_rate", selection_rate=0.03))
    followers = market.creators.set_index("creator_key")["followers"]
    level = parts(market.posts).groupby(market.posts["creator_key"]).median()
    assert (level / followers[level.index]).min() >= 0.03


def test_exports_hold_the_picked_and_the_truth_holds_all():
    market = make_market(sized(100, selection="top_views"))
    kept = market.truth_creators.loc[market.truth_creators["selected"], "creator_key"]
    assert len(market.truth_creators) == 300
    assert set(market.creators["creator_key"]) == set(kept)
    assert set(market.snapshots["creator_key"]) == set(kept)
    assert set(market.posts["creator_key"]) <= set(kept)


def test_a_selection_that_nobody_passes_is_refused():
    with pytest.raises(SettingsError, match="selection_rate"):
        make_market(sized(10, selection="engagement_rate", selection_rate=9.0))


FEW = {"selection": "top_views", "selection_share": 0.01}


@pytest.mark.parametrize("changes", [{}, {"days_between_counts": 1}, FEW])
def test_exports_load_without_a_refusal(tmp_path, changes):
    write_market(make_market(varied_settings(60, seed=2, **changes)), tmp_path / "made")
    report = import_files(sorted((tmp_path / "made/exports").glob("*.csv")), tmp_path / "client")
    assert report.refused.empty
    assert report.table["kept"].gt(0).all()


def test_the_command_says_what_is_where_and_what_to_run_next(tmp_path):
    done = call("market", "--creators", 40, "--out", "made here", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert told["creators"] == 40
    assert told["next"].startswith("workbench import 'made here/exports'/*.csv --out ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made here"]
    found = {path.name for path in (tmp_path / "made here/exports").iterdir()}
    assert found == {name.rstrip("/") for name in told["files"]}


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    done = call("market", "--out", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "give a new or empty folder" in done.stderr


def test_wrong_options_are_told_at_once(tmp_path):
    wrong = ["--error-shape", "round", "--selection", "best", "--weeks", 2, "--bought", "fame"]
    done = call("market", *wrong, "--out", tmp_path / "made")
    assert done.returncode == 2
    assert all(word in done.stderr for word in ("'round'", "'best'", "weeks", "'fame'"))
    assert not (tmp_path / "made").exists()

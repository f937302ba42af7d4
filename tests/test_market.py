from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SettingsError
from workbench.market.exports import floor_figures, round_figures
from workbench.market.realistic import REALISTIC
from workbench.market.sample import make_sample, sample_settings, write_sample
from workbench.market.settings import LAWS, MarketSettings
from workbench.market.world import Market, make_market

COMMITTED = Path(__file__).parents[1] / "data" / "sample"
FILES = sorted(path.relative_to(COMMITTED) for path in COMMITTED.glob("*/*.*"))
PATTERNS = ("bought_followers", "bought_likes", "follow_unfollow")


@pytest.fixture(scope="module")
def market() -> Market:
    return make_sample()


@pytest.fixture(scope="module")
def plain_market() -> Market:
    return make_market(MarketSettings())


@pytest.fixture(scope="module", params=[LAWS, REALISTIC], ids=["sample", "realistic"])
def large_market(request) -> Market:
    amounts = {"instagram": 2_000, "tiktok": 2_000, "youtube": 2_000}
    return make_market(MarketSettings(seed=7, creators=amounts, laws=request.param))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sample")
    write_sample(directory)
    return directory


def honest(market: Market) -> pd.DataFrame:
    truth = market.truth_creators
    return truth[~truth[list(PATTERNS)].any(axis=1)]


def engagements(market: Market) -> pd.Series:
    return market.posts[["likes", "comments", "shares", "saves"]].fillna(0).sum(axis=1)


def test_same_seed_gives_the_same_market(market):
    again = make_market(sample_settings())
    for name in ("creators", "posts", "snapshots", "truth_creators", "truth_events"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(market, name))


def test_other_seed_gives_another_market(market):
    other = make_market(MarketSettings(seed=1))
    assert not other.creators["handle"].isin(market.creators["handle"]).all()


@pytest.mark.parametrize("file", FILES, ids=str)
def test_committed_sample_is_what_the_module_writes(file, written):
    assert (COMMITTED / file).read_bytes() == (written / file).read_bytes()


def test_committed_sample_is_complete(written):
    assert sorted(path.relative_to(written) for path in written.glob("*/*.*")) == FILES


def test_sample_stays_small():
    assert sum((COMMITTED / file).stat().st_size for file in FILES) < 3_000_000


@pytest.mark.parametrize("platform", LAWS)
def test_exponent_is_recovered_from_the_truth(large_market, platform):
    truth = honest(large_market).query("platform == @platform")
    size = np.log10(truth["followers"])
    level = np.log10(truth["long_run_median_engagements"])
    slope, start = np.polyfit(size, level, 1)
    error = np.std(level - start - slope * size) / np.std(size) / np.sqrt(len(truth))
    assert abs(slope - large_market.settings.laws[platform].exponent) < 3 * error


def test_true_percentiles_are_uniform_among_the_honest(large_market):
    deciles = np.histogram(honest(large_market)["percentile"], bins=10, range=(0, 100))[0]
    assert np.abs(deciles / deciles.sum() - 0.1).max() < 0.015


def test_long_run_median_is_the_median_of_old_organic_posts(large_market):
    level = large_market.truth_creators.set_index("creator_key")["long_run_median_engagements"]
    posts = large_market.posts
    age = large_market.settings.read_at - posts["posted_at"]
    expected = posts["creator_key"].map(level)
    plain = (age.dt.days > 60) & ~posts["is_sponsored"] & (expected > 50)
    ratio = engagements(large_market)[plain] / expected[plain]
    assert ratio.median() == pytest.approx(1, abs=0.03)


def test_sponsored_posts_bring_about_a_fifth_less(large_market):
    level = large_market.truth_creators.set_index("creator_key")["long_run_median_engagements"]
    posts = large_market.posts
    ratio = engagements(large_market) / posts["creator_key"].map(level)
    medians = ratio.groupby(posts["is_sponsored"]).median()
    assert medians[True] / medians[False] == pytest.approx(0.8, abs=0.04)


def test_young_posts_are_not_yet_complete(large_market):
    level = large_market.truth_creators.set_index("creator_key")["long_run_median_engagements"]
    posts = large_market.posts
    ratio = engagements(large_market) / posts["creator_key"].map(level)
    is_young = (large_market.settings.read_at - posts["posted_at"]).dt.days < 1
    assert ratio[is_young].median() < 0.7 * ratio[~is_young].median()


def test_all_tiers_are_there_on_every_platform(market):
    followers = market.creators["followers"]
    tier = pd.cut(followers, [0, 1e3, 1e4, 1e5, 1e6, np.inf], right=False)
    assert pd.crosstab(market.creators["platform"], tier).to_numpy().min() >= 2


def test_posts_per_creator_are_few_for_some_and_none_for_others(market):
    amounts = market.posts.groupby("creator_key").size()
    amounts = amounts.reindex(market.creators["creator_key"], fill_value=0)
    assert (amounts == 0).any()
    assert amounts.between(1, 2).any()
    assert amounts.max() <= 40


def test_no_post_is_younger_than_the_reading(market):
    assert market.posts["posted_at"].max() < market.settings.read_at


def test_followers_are_positive_in_every_week(market):
    assert (market.snapshots["followers"] > 0).all()
    assert (market.snapshots.groupby("creator_key").size() == 26).all()


@pytest.mark.parametrize("kind", ["bought_followers", "bought_likes", "follow_unfollow"])
def test_planted_shares_are_as_asked(market, kind):
    asked = getattr(market.settings, f"{kind}_share")
    assert market.truth_creators[kind].mean() == pytest.approx(asked, abs=0.005)


def test_bought_and_innocent_jumps_overlap_in_size(plain_market):
    events = plain_market.truth_events
    bought = events.loc[events["kind"] == "bought_followers", "relative_size"]
    innocent = events.loc[events["innocent"], "relative_size"]
    assert innocent.quantile(0.9) > bought.median()
    assert innocent.median() > bought.quantile(0.1)


@pytest.mark.parametrize("kind", ["giveaway", "viral_post"])
def test_some_innocent_jumps_have_a_post_of_their_day(market, kind):
    events = market.truth_events.query("kind == @kind")
    posted = zip(market.posts["creator_key"], market.posts["posted_at"].dt.date, strict=True)
    assert set(zip(events["creator_key"], events["date"].dt.date, strict=True)) <= set(posted)


def test_a_jump_shows_in_the_history(plain_market):
    event = plain_market.truth_events.query("kind == 'bought_followers'").iloc[0]
    history = plain_market.snapshots.query("creator_key == @event.creator_key")
    history = history.set_index("observed_on")
    before = history.loc[: event["date"], "followers"].iloc[-1]
    after = history.loc[event["date"] :, "followers"].iloc[1]
    assert after - before > 0.7 * event["size"]


def test_handles_are_long_enough_and_unique_on_their_platform(market):
    creators = market.creators
    assert creators["handle"].str.len().min() >= 6
    assert not creators.duplicated(["platform", "handle"]).any()
    assert creators["handle"].duplicated().any()


def test_hidden_likes_stand_as_zero_beside_comments():
    posts = pd.read_csv(COMMITTED / "exports/instagram_posts.csv", thousands=",")
    hidden = (posts["Likes"] == 0) & (posts["Comments"] > 0)
    by_account = hidden.groupby(posts["Account username"]).mean()
    assert 0.02 < (by_account > 0.5).mean() < 0.09


def test_instagram_rows_are_doubled_about_once_in_a_hundred():
    posts = pd.read_csv(COMMITTED / "exports/instagram_posts.csv")
    assert posts.duplicated().mean() == pytest.approx(0.01, abs=0.002)


def test_some_creators_with_posts_are_not_on_the_roster():
    roster = pd.read_csv(COMMITTED / "exports/creators.csv")
    videos = pd.read_csv(COMMITTED / "exports/youtube_videos.csv", sep=";")
    missing = set(videos["Channel ID"]) - set(roster["Platform ID"].dropna())
    assert 0 < len(missing) < 10


@given(st.integers(0, 10**12), st.integers(2, 3))
def test_rounding_keeps_the_figures(value, figures):
    rounded = int(round_figures(pd.Series([value]), figures).iloc[0])
    floored = int(floor_figures(pd.Series([value]), figures).iloc[0])
    assert len(str(rounded).rstrip("0")) <= figures
    assert floored <= value
    assert floored <= rounded <= value * (1 + 5 * 10.0**-figures)


def test_settings_tell_all_faults_at_once():
    with pytest.raises(SettingsError) as caught:
        MarketSettings(press_share=1.5, creators={"myspace": 3}, weeks_of_history=2)
    assert len(caught.value.faults) == 3

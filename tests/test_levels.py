import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.curves import LevelSettings, shrink_levels
from workbench.curves.level_spreads import after_bursts, measure_posts
from workbench.errors import DataError, SettingsError


def make_creators(n, seed=0, between=0.7, seen=6, noise=None, within=0.8):
    """Creators of one platform, ``level`` their true mean of a post, and posts of each."""
    rng = np.random.default_rng(seed)
    followers = np.exp(rng.uniform(np.log(2e3), np.log(2e6), n)).round()
    middle = np.log(0.05 * followers**0.9) + between * rng.standard_normal(n)
    draws = (noise or rng.standard_normal)((n, seen)) * within
    keys = [f"tiktok:{i}" for i in range(n)]
    creators = pd.DataFrame({"creator_key": keys, "platform": "tiktok", "followers": followers})
    posts = pd.DataFrame(
        {
            "creator_key": np.repeat(keys, seen),
            "engagements": np.exp(middle[:, None] + draws).ravel().round(),
        }
    )
    return creators.assign(level=np.exp(middle + within**2 / 2)), posts


def skewed(shape, seed=11):
    """Return draws of variance 1 of which one in ten lies far above the rest."""
    rng = np.random.default_rng(seed)
    hit = rng.random(shape) < 0.1
    return (np.where(hit, 2.25, -0.25) + 0.66 * rng.standard_normal(shape)).astype("float64")


def test_it_finds_the_spreads_of_a_known_world():
    creators, posts = make_creators(1_000)
    found = shrink_levels(posts, creators).platforms.iloc[0]
    assert found["between"] == pytest.approx(0.7, rel=0.1)
    assert found["within"] == pytest.approx(0.8, rel=0.1)
    assert found["slope"] == pytest.approx(0.9, abs=0.05)
    assert found["tail"] == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("n", [20, 300])
def test_shrunk_levels_lie_nearer_to_the_truth_than_raw_averages(n):
    creators, posts = make_creators(n, seed=3, seen=3)
    found = shrink_levels(posts, creators).table
    raw = posts.groupby("creator_key")["engagements"].mean()[creators["creator_key"]].to_numpy()
    miss, raw_miss = (
        np.sqrt(np.mean(np.log(levels / creators["level"]) ** 2))
        for levels in (found["engagements"], raw)
    )
    assert miss < raw_miss


def test_the_picked_ones_bring_what_their_shrunk_levels_say():
    creators, posts = make_creators(2_000, seed=5, seen=3)
    found = shrink_levels(posts, creators).table
    raw = posts.groupby("creator_key")["engagements"].mean()[creators["creator_key"]].to_numpy()
    size = creators["followers"] ** 0.9
    promised = found["engagements"] * np.exp(found["engagements_sd"] ** 2 / 2) / size
    picked, raw_picked = promised.nlargest(200).index, (raw / size).nlargest(200).index
    true = creators["level"] / size
    assert promised[picked].sum() == pytest.approx(true[picked].sum(), rel=0.12)
    assert (raw / size)[raw_picked].sum() > 1.2 * true[raw_picked].sum()


@pytest.mark.parametrize("seen", [1, 4, 12])
def test_four_levels_in_five_lie_within_the_interval(seen):
    creators, posts = make_creators(1_500, seed=7, seen=seen)
    found = shrink_levels(posts, creators).table
    far = np.log(creators["level"] / found["engagements"]) / found["engagements_sd"]
    assert (far.abs() < 1.2816).mean() == pytest.approx(0.8, abs=0.035)


def test_the_mean_holds_where_a_few_posts_bring_most():
    creators, posts = make_creators(1_500, seed=11, seen=12, noise=skewed)
    geometric = creators["level"] / np.exp(0.32)
    means = geometric * np.exp(0.8 * skewed(1_000_000)).mean()
    found = shrink_levels(posts, creators)
    assert found.platforms["tail"].iloc[0] > 1.1
    assert found.table["engagements"].sum() == pytest.approx(means.sum(), rel=0.05)


def test_those_who_had_a_burst_are_expected_to_bring_less():
    creators, posts = make_creators(300, seed=19, seen=12)
    hit = posts["creator_key"].isin(creators["creator_key"][::2])
    early = posts.groupby("creator_key").cumcount() < 2
    burst = posts.assign(engagements=posts["engagements"].where(~(hit & early), 1e7))
    rows = creators.join(measure_posts(burst), "creator_key").assign(peer=True)
    moved = after_bursts(rows)
    assert moved[::2].mean() < -0.2
    assert moved[1::2].mean() > 0.2


def test_a_creator_without_posts_has_the_curve_and_the_full_spread():
    creators, posts = make_creators(300, seed=13)
    new = creators.iloc[[0]].assign(creator_key="tiktok:new")
    levels = shrink_levels(posts, pd.concat([creators, new], ignore_index=True))
    row = levels.table.iloc[-1]
    assert (row["posts"], row["own"]) == (0, 0)
    assert row["engagements"] == pytest.approx(row["expected"])
    assert row["engagements_sd"] >= levels.platforms["between"].iloc[0]
    assert levels.table["engagements_sd"].iloc[:-1].max() < row["engagements_sd"]


def test_a_creator_without_followers_may_be_of_any_size():
    creators, posts = make_creators(300, seed=13)
    blind = creators.assign(followers=creators["followers"].where(creators.index > 0))
    new = blind.iloc[[0]].assign(creator_key="tiktok:new")
    found = shrink_levels(posts, pd.concat([blind, new], ignore_index=True)).table
    assert found["engagements_sd"].iloc[-1] > 1.5
    assert found["engagements"].notna().all()


def test_one_far_creator_does_not_open_the_spread():
    creators, posts = make_creators(60, seed=17)
    far = posts.assign(
        engagements=posts["engagements"].mask(posts["creator_key"] == "tiktok:0", 1e9)
    )
    usual, odd = (shrink_levels(p, creators).platforms["between"].iloc[0] for p in (posts, far))
    assert odd < 1.5 * usual


def test_a_platform_without_posts_is_left_missing():
    creators, posts = make_creators(50)
    both = pd.concat([creators, creators.assign(platform="youtube").add_suffix("")])
    both["creator_key"] = both["platform"] + ":" + both["creator_key"].str[7:]
    found = shrink_levels(posts, both).table
    assert found.loc[found["platform"] == "youtube", "engagements"].isna().all()
    assert found.loc[found["platform"] == "tiktok", "engagements"].notna().all()


def test_peers_set_the_curve_alone():
    creators, posts = make_creators(200)
    peers = creators["creator_key"][:150]
    odd = posts.assign(
        engagements=posts["engagements"].where(posts["creator_key"].isin(peers), 1e8)
    )
    lines = [shrink_levels(p, creators, peers=peers).platforms for p in (posts, odd)]
    kept = ["slope", "between", "within", "drift", "tail"]
    pd.testing.assert_frame_equal(lines[0][kept], lines[1][kept])


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=12), st.integers(1, 10**8))
def test_any_posts_give_finite_levels(counts, followers):
    creators = pd.DataFrame({"creator_key": ["a"], "platform": "tiktok", "followers": [followers]})
    posts = pd.DataFrame({"creator_key": "a", "engagements": counts})
    found = shrink_levels(posts, creators).table[["engagements", "engagements_sd", "post_sd"]]
    assert np.isfinite(found.to_numpy()).all()
    assert (found.to_numpy() > 0).all()


def test_every_fault_is_named():
    creators, posts = make_creators(3)
    with pytest.raises(DataError, match="engagements") as raised:
        shrink_levels(posts.drop(columns="engagements"), creators.drop(columns="platform"))
    assert "platform" in str(raised.value)
    with pytest.raises(DataError, match="twice"):
        shrink_levels(posts, pd.concat([creators, creators]))
    with pytest.raises(SettingsError, match="between"):
        LevelSettings(between=0)


@pytest.mark.parametrize("equal", ["average", "typical post"])
def test_what_uneven_creators_bring_is_learned(equal):
    rng = np.random.default_rng(8)
    spread = 0.7 * np.exp(0.25 * rng.standard_normal(1_500))
    draws = spread[:, None] * rng.standard_normal((1_500, 12))
    if equal == "average":
        draws -= spread[:, None] ** 2 / 2
    creators, posts = make_creators(1_500, seed=8, seen=12, noise=lambda shape: draws, within=1.0)
    more = 0.0 if equal == "average" else spread**2 / 2
    level = creators["level"] * np.exp(more - 0.5)
    found = shrink_levels(posts, creators).table
    expected = found["engagements"] * np.exp(found["engagements_sd"] ** 2 / 2)
    uneven = found["post_sd"] > found["post_sd"].quantile(0.9)
    assert np.log(expected / level)[uneven].mean() == pytest.approx(0, abs=0.06)

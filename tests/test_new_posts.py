import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from workbench.curves.left_out import fit_levels
from workbench.curves.new_posts import predict_posts
from workbench.curves.post_windows import split_posts
from workbench.curves.reference import PostsSettings, fit_reference
from workbench.errors import DataError, SettingsError

DAY = pd.Timestamp("2026-01-01", tz="UTC")
RANKS = ["percentile", "percentile_low", "percentile_high"]
BETWEEN, WITHIN = 0.4, 0.3
ERRORS = {
    "t": lambda rng, n: rng.standard_t(4, n) * WITHIN / np.sqrt(2),
    "skewed": lambda rng, n: (rng.gumbel(size=n) - 0.3665) * WITHIN / 1.28,
}


def make_posts(creators, posts, seed, errors="t", niche_gap=0.0):
    """Posts whose median lies at 0.8 log10(followers) + the creator's own level, and that level."""
    rng = np.random.default_rng(seed)
    keys = np.array([f"tiktok:{seed}-{n:04d}" for n in range(creators)])
    x = rng.uniform(4, 6, creators)
    level = rng.normal(0, BETWEEN, creators)
    niche = rng.integers(0, 2, creators)
    own = np.repeat(np.arange(creators), posts)
    y = 0.8 * x[own] + (level + niche_gap * niche)[own] + ERRORS[errors](rng, len(own))
    likes = np.round(10**y)
    frame = pd.DataFrame(
        {
            "creator_key": keys[own],
            "platform": "tiktok",
            "post_id": [f"p{n:07d}" for n in range(len(own))],
            "posted_at": DAY - pd.to_timedelta(np.tile(np.arange(posts)[::-1], creators), "D"),
            "observed_at": DAY + pd.Timedelta(days=8),
            "likes": likes,
            "comments": np.round(likes / 50),
            "views": np.round(likes * 10 ** rng.normal(1, 0.1, len(own))),
            "followers": np.round(10 ** x[own]),
            "niche": np.where(niche == 1, "food", "travel")[own],
        }
    )
    return frame, pd.Series(level, index=keys)


def newest(posts, k):
    return posts.groupby("creator_key").tail(k)


@pytest.fixture(scope="module")
def reference():
    return fit_reference(make_posts(400, 15, seed=1)[0])


@pytest.fixture(scope="module")
def others():
    return make_posts(300, 10, seed=2)


@pytest.mark.parametrize("errors", ERRORS)
def test_its_quantiles_hold_their_share_of_the_posts_to_come(errors):
    reference = fit_reference(make_posts(400, 15, seed=1, errors=errors)[0])
    posts, _ = make_posts(300, 7, seed=2, errors=errors)
    table = predict_posts(reference, posts.groupby("creator_key").head(2)).table
    logs = np.log10(
        1 + newest(posts, 5).set_index("creator_key")[["likes", "comments"]].sum(axis=1)
    )
    truth = logs.groupby("creator_key").mean().reindex(table["creator_key"]).to_numpy()
    assert np.mean((table["q05"] <= truth) & (truth <= table["q95"])) == pytest.approx(
        0.9, abs=0.06
    )
    assert np.mean(truth <= table["q50"]) == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_its_range_holds_the_true_percentile(reference, others, k):
    posts, level = others
    table = predict_posts(reference, newest(posts, k)).table
    truth = 100 * norm.cdf(level.reindex(table["creator_key"]).to_numpy() / BETWEEN)
    held = table["percentile_low"].le(truth) & table["percentile_high"].ge(truth)
    assert held.mean() == pytest.approx(0.9, abs=0.06)


def test_more_posts_say_more(reference, others):
    few, many = (predict_posts(reference, newest(others[0], k)).table for k in (1, 7))
    widths = [(t["percentile_high"] - t["percentile_low"]).mean() for t in (few, many)]
    assert widths[1] < 0.7 * widths[0]


def test_a_creator_without_views_is_foretold_as_from_a_reference_without(reference, others):
    posts = newest(others[0], 2)
    table = predict_posts(reference, posts.assign(views=np.nan)).table
    without = fit_reference(make_posts(400, 15, seed=1)[0].drop(columns="views"))
    pd.testing.assert_frame_equal(table, predict_posts(without, posts).table)
    assert table[["q05", "percentile"]].notna().all(axis=None)


def test_a_video_says_less_where_videos_bring_three_times_as_much(others):
    peers = make_posts(400, 15, seed=8)[0].drop(columns="views")
    video = np.random.default_rng(8).random(len(peers)) < 0.4
    for count in ("likes", "comments"):
        peers[count] *= np.where(video, 3, 1)
    reference = fit_reference(peers.assign(media_type=np.where(video, "video", "photo")))
    posts = newest(others[0], 1)
    told = {
        kind: predict_posts(reference, posts.assign(media_type=kind)).table["q50"].mean()
        for kind in ("video", "photo")
    }
    # One post is drawn towards the size, so that less than log10(3) is left.
    assert 0.2 < told["photo"] - told["video"] < np.log10(3)


def test_the_order_of_rows_does_not_matter(others):
    peers, _ = make_posts(120, 8, seed=3)
    posts = newest(others[0], 2)
    straight = predict_posts(fit_reference(peers), posts).table
    mixed = fit_reference(peers.sample(frac=1, random_state=0))
    shuffled = predict_posts(mixed, posts.sample(frac=1, random_state=0)).table
    pd.testing.assert_frame_equal(straight, shuffled)


def test_a_creator_is_foretold_alone(reference, others):
    posts = newest(others[0], 3)
    one = posts["creator_key"].iloc[0]
    table = predict_posts(reference, posts).table.query("creator_key == @one")
    alone = predict_posts(reference, posts[posts["creator_key"] == one]).table
    pd.testing.assert_frame_equal(table, alone, rtol=1e-9)


def test_the_number_of_posts_is_a_step_of_the_ladder(reference, others):
    assert predict_posts(reference, newest(others[0], 6)).table["posts_used"].eq(5).all()


def test_a_large_reference_sets_the_quantiles_apart_from_the_fit(others):
    settings = PostsSettings(fit_creators=100, split_from=200)
    reference = fit_reference(make_posts(300, 8, seed=4)[0], settings)
    summary = predict_posts(reference, newest(others[0], 2)).summary
    assert summary.guaranteed == summary.forecasts == 300


def test_peers_are_those_of_the_niche():
    peers, _ = make_posts(400, 12, seed=5, niche_gap=0.6)
    posts, level = make_posts(100, 10, seed=6, niche_gap=0.6)
    table = predict_posts(fit_reference(peers), posts).table.set_index("creator_key")
    truth = 100 * norm.cdf(level / BETWEEN)
    food = posts.groupby("creator_key")["niche"].first().eq("food")
    miss = (table["percentile"] - truth).groupby(food).mean()
    assert miss.abs().max() < 7


def test_it_says_why_something_is_missing(reference, others):
    posts = newest(others[0], 1).head(5).reset_index(drop=True)
    posts.loc[0, "followers"] = np.nan
    posts.loc[1, "comments"] = np.nan
    posts.loc[2, "platform"] = "instagram"
    posts.loc[3, "followers"] = 50_000_000
    table = predict_posts(reference, posts).table
    assert table["reason"].tolist() == [
        "followers unknown",
        "no post with likes + comments known",
        "the reference is of tiktok",
        "no peer between half and twice its size",
        "",
    ]
    assert table["q50"].notna().tolist() == [False, False, False, False, True]


def test_a_batch_of_the_refused_gives_reasons(reference, others):
    posts = newest(others[0], 1).assign(followers=np.nan)
    assert predict_posts(reference, posts).summary.forecasts == 0


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda posts: posts.drop(columns=["likes", "followers"]), "no column likes"),
        (lambda posts: posts.head(0), "there are none"),
        (
            lambda posts: posts.assign(posted_at="yesterday"),
            "posted_at: expected times with a zone",
        ),
        (lambda posts: posts.assign(likes="many"), "likes: expected numbers"),
        (lambda posts: posts[posts["creator_key"] < "tiktok:7-0020"], "20 creators"),
        (lambda posts: posts.assign(platform=["x"] + ["tiktok"] * (len(posts) - 1)), "platform"),
        (lambda posts: posts.assign(followers=1000), "1 different size"),
    ],
)
def test_it_refuses_a_reference_that_does_not_do(change, fault):
    posts, _ = make_posts(120, 6, seed=7)
    with pytest.raises(DataError, match=fault):
        fit_reference(change(posts))


def test_it_refuses_settings_that_do_not_do():
    with pytest.raises(SettingsError, match=r"posts_ahead(.|\n)*confidence"):
        PostsSettings(posts_ahead=0, confidence=1)


@pytest.mark.parametrize(
    ("newer", "seen", "target"), [(True, [3, 4], [5, 6]), (False, [8, 9], [5, 6])]
)
def test_posts_are_split_by_age(newer, seen, target):
    posts = pd.DataFrame({"creator_key": "a", "y": np.arange(10.0), "days": 10 - np.arange(10.0)})
    parts = split_posts(posts, 2, 2, 3.5, newer=newer)
    assert [part["y"].tolist() for part in parts[:2]] == [seen, target]


def test_its_limits_hold_at_least_their_share():
    rng = np.random.default_rng(0)
    features = pd.DataFrame({"a": rng.normal(size=99)})
    model = fit_levels(features, rng.normal(size=(99, 1)))
    assert model.limits(0, (0.05, 0.95)) == pytest.approx(model.misses[0][[4, 94]])

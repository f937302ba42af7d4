import numpy as np
import pandas as pd
import pytest

from workbench.errors import DataError, SettingsError
from workbench.features import FeatureSettings, creator_features
from workbench.features.creators import FAMILIES
from workbench.store import ImportRecord, open_store

AS_OF = "2026-09-30"
RECORD = ImportRecord(id="x", files=(), as_of=AS_OF, sampling="latest_posts")
SETTINGS = FeatureSettings(as_of=AS_OF, last_posts=12)


@pytest.fixture(scope="module")
def store(sample_client):
    return open_store(sample_client)


@pytest.fixture(scope="module")
def features(store):
    return creator_features(store, SETTINGS)


@pytest.fixture(scope="module")
def slow(store):
    """The same features, creator by creator in plain pandas."""
    posts, snapshots = store.read("posts"), store.read("snapshots")
    posts = posts[posts["posted_at"] < pd.Timestamp("2026-10-01", tz="UTC")]
    rows = {}
    for key, group in posts.groupby("creator_key"):
        rows[key] = slow_posts(group.sort_values("posted_at").tail(SETTINGS.last_posts))
    for key, group in snapshots.groupby("creator_key"):
        rows.setdefault(key, {}).update(slow_followers(group.sort_values("observed_on")))
    return pd.DataFrame.from_dict(rows, orient="index").sort_index()


def slow_posts(posts: pd.DataFrame) -> dict[str, float]:
    counts = posts[["likes", "comments", "shares", "saves", "views", "reach"]].astype("float64")
    known = counts["likes"].notna() & counts["comments"].notna()
    total = counts[["likes", "comments", "shares", "saves"]].sum(axis=1).where(known)
    both = counts[known]
    weeks = (posts["posted_at"].max() - posts["posted_at"].min()).total_seconds() / 604_800
    sponsored = posts["is_sponsored"].dropna().astype("float64")
    newest = posts["posted_at"].max().tz_localize(None).normalize()
    return {
        "posts_used": len(posts),
        "posts_with_engagements": known.sum(),
        "posts_hidden": posts["likes_hidden"].fillna(False).sum(),
        "engagements": total.median(),
        "engagements_median": total.median(),
        "engagements_log_sd": np.log10(1 + total).std(),
        "likes_median": counts["likes"].median(),
        "comments_median": counts["comments"].median(),
        "views_median": counts["views"].median(),
        "comments_per_like": both["comments"].sum() / (both["likes"].sum() or np.nan),
        "engagement_rate_by_views": (total / counts["views"].where(counts["views"] > 0)).median(),
        "engagement_rate_by_reach": (total / counts["reach"].where(counts["reach"] > 0)).median(),
        "posts_per_week": (len(posts) - 1) / weeks if weeks > 0 else np.nan,
        "newest_post_age_days": (pd.Timestamp(AS_OF) - newest).days,
        "sponsored_share": sponsored.mean(),
    }


def slow_followers(snapshots: pd.DataFrame) -> dict[str, float]:
    last = snapshots.iloc[-1]
    age = (last["observed_on"] - snapshots["observed_on"]).dt.days
    earlier = snapshots[(age >= 28) & (age <= 35)]
    growth = last["followers"] / earlier.iloc[-1]["followers"] - 1 if len(earlier) else np.nan
    return {"followers": last["followers"], "followers_growth_28_days": growth}


FEATURES = [
    name
    for family in FAMILIES
    for name in family.columns
    if name not in ("followers_on", "following", "engagements_basis")
    and not name.startswith("reported_")
]


@pytest.mark.parametrize("feature", FEATURES)
def test_the_query_equals_plain_pandas(features, slow, feature):
    fast = features.table.set_index("creator_key")[feature].astype("float64")
    np.testing.assert_allclose(
        fast, slow[feature].astype("float64"), rtol=1e-9, atol=1e-12, equal_nan=True
    )


def test_local_processes_give_the_same_table(store, features):
    local = creator_features(store, SETTINGS, executor="local")
    pd.testing.assert_frame_equal(local.table, features.table)


def test_nobody_is_dropped(store, features):
    tables = ("creators", "posts", "snapshots")
    known = set().union(*(store.read(name)["creator_key"] for name in tables))
    assert set(features.table["creator_key"]) == known


def test_every_missing_feature_has_its_reason(features):
    explained = {name for family in FAMILIES for name in family.reasons}
    gaps = int(features.table[sorted(explained)].isna().sum().sum())
    assert (len(features.missing), features.missing["reason"].isna().sum()) == (gaps, 0)


def test_hidden_likes_are_missing_and_say_so(features):
    reasons = features.missing[features.missing["feature"] == "engagements_median"]["reason"]
    assert "likes are hidden on every post used" in set(reasons)


def make_store(tmp_path, posts: pd.DataFrame):
    store = open_store(tmp_path / "store", create=True)
    store.write(
        {"posts": posts.assign(platform="tiktok", provenance="measured", source="x")}, RECORD
    )
    return open_store(tmp_path / "store")


def posts_at(*days: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "creator_key": "tiktok:a",
            "post_id": [f"p{day}" for day in days],
            "posted_at": pd.to_datetime(list(days), utc=True, format="ISO8601"),
            "likes": range(1, len(days) + 1),
            "comments": 0,
        }
    )


def test_nothing_after_the_date_of_the_data_is_used(tmp_path):
    store = make_store(tmp_path, posts_at("2026-09-01", "2026-09-30T23:59", "2026-10-01"))
    table = creator_features(store, SETTINGS).table
    assert table["posts_used"].tolist() == [2]


def test_only_the_latest_posts_are_used(tmp_path):
    store = make_store(tmp_path, posts_at("2026-09-01", "2026-09-02", "2026-09-03"))
    table = creator_features(store, FeatureSettings(as_of=AS_OF, last_posts=2)).table
    assert table["likes_median"].tolist() == [2.5]


def test_splitting_a_store_over_buckets_changes_nothing(tmp_path, store, features):
    from workbench.store.catalog import Catalog, write_catalog

    one = tmp_path / "one"
    one.mkdir()
    write_catalog(one, Catalog(buckets=1))
    names = ("creators", "posts", "snapshots")
    open_store(one).write({name: store.read(name) for name in names}, RECORD)
    table = creator_features(open_store(one), SETTINGS).table
    pd.testing.assert_frame_equal(table, features.table)


def test_an_empty_store_is_refused(tmp_path):
    with pytest.raises(DataError):
        creator_features(open_store(tmp_path / "store", create=True), SETTINGS)


@pytest.mark.parametrize("wrong", [{"as_of": "soon"}, {"as_of": AS_OF, "last_posts": 0}])
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(SettingsError):
        FeatureSettings(**wrong)

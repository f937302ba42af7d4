import shutil

import numpy as np
import pandas as pd
import pytest

from workbench.errors import DataError, SettingsError
from workbench.features import FeatureSettings, creator_features, creators, kept
from workbench.features.buckets import FAMILIES
from workbench.store import ImportRecord, open_store
from workbench.store.catalog import buckets_of

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
    table = pd.DataFrame.from_dict(rows, orient="index").sort_index()
    return table.assign(engagement_rate_by_followers=table["engagements"] / table["followers"])


def slow_posts(posts: pd.DataFrame) -> dict[str, float]:
    counts = posts[["likes", "comments", "shares", "saves", "views", "reach"]].astype("float64")
    known = counts["likes"].notna() & counts["comments"].notna()
    total = counts[["likes", "comments", "shares", "saves"]].sum(axis=1).where(known)
    both = counts[known]
    weeks = (posts["posted_at"].max() - posts["posted_at"].min()).total_seconds() / 604_800
    sponsored = posts["is_sponsored"].dropna().astype("float64")
    newest = posts["posted_at"].max().tz_localize(None).normalize()
    low, high = total.quantile([0.1, 0.9])
    hours = posts["posted_at"].dt.hour.value_counts(normalize=True)
    most = np.log(min(24, len(posts)))
    months = (posts["posted_at"] - pd.Timestamp(0, tz="UTC")).dt.total_seconds() / 2_592_000
    paid = posts["is_sponsored"].astype("boolean")
    organic = total[paid.eq(False).fillna(False)].median()
    return {
        "engagements_winsorised_mean": total.clip(low, high).mean(),
        "engagements_cv": total.std() / total.mean(),
        "posting_hour_entropy": -(hours * np.log(hours)).sum() / most if most else np.nan,
        "engagement_trend": slope(months[known], np.log10(1 + total[known])),
        "sponsored_engagement_ratio": total[paid.fillna(False)].median() / (organic or np.nan),
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
    following = np.nan if pd.isna(last["following"]) else last["following"]
    return {
        "followers": last["followers"],
        "followers_growth_28_days": growth,
        "follow_ratio": following / last["followers"],
        **slow_spikes(snapshots.reset_index(drop=True)),
    }


def slow_spikes(snapshots: pd.DataFrame) -> dict[str, float]:
    days = snapshots["observed_on"].diff().dt.days
    counts = snapshots["followers"].astype("float64")
    rates = (np.log(counts / counts.shift()) / days)[days.le(7)]
    if len(rates) < 14:
        return {}
    middle = rates.median()
    spread = max(1.4826 * (rates - middle).abs().median(), 0.0005)
    z = (rates - middle) / spread
    found: dict[str, float] = {"growth_spikes": z.gt(6).sum(), "largest_growth_z": z.max()}
    at = z.idxmax()
    after = (snapshots["observed_on"] - snapshots["observed_on"][at]).dt.days
    lost = counts[at] - counts[after.between(1, 14)].min()
    if z[at] > 6:
        found["drop_after_spike"] = np.maximum(0, lost / (counts[at] - counts[at - 1]))
    return found


def slope(x: pd.Series, y: pd.Series) -> float:
    return np.polyfit(x - x.mean(), y, 1)[0] if len(x) > 2 else np.nan


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


def test_local_processes_give_the_same_table(monkeypatch, store, features):
    monkeypatch.setattr(kept, "_TASK_ROWS", 10_000)
    assert 1 < len(kept.bounded_groups(store, store.buckets())) < 6
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


def test_a_refresh_computes_only_what_changed(tmp_path, monkeypatch, sample_client):
    client = shutil.copytree(sample_client, tmp_path / "client")
    first = creator_features(open_store(client), SETTINGS, cache=tmp_path / "kept")
    computed = []
    task = creators.bucket_features
    monkeypatch.setattr(
        creators,
        "bucket_features",
        lambda s, f, buckets: computed.extend(buckets) or task(s, f, buckets),
    )
    again = creator_features(open_store(client), SETTINGS, cache=tmp_path / "kept")
    assert computed == []
    pd.testing.assert_frame_equal(again.table, first.table)
    one = open_store(client).read("posts").head(1)
    open_store(client).write({"posts": one.assign(likes=1)}, RECORD)
    refreshed = creator_features(open_store(client), SETTINGS, cache=tmp_path / "kept")
    assert computed == [buckets_of(one["creator_key"], 16).iloc[0]]
    whole = creator_features(open_store(client), SETTINGS)
    pd.testing.assert_frame_equal(refreshed.table, whole.table)
    pd.testing.assert_frame_equal(refreshed.missing, whole.missing)


def test_other_settings_are_not_taken_from_what_is_kept(tmp_path, store):
    creator_features(store, SETTINGS, cache=tmp_path)
    other = FeatureSettings(as_of=AS_OF, last_posts=3)
    table = creator_features(store, other, cache=tmp_path).table
    assert table["posts_used"].max() == 3


def test_groups_of_buckets_give_the_same_table(monkeypatch, store, features):
    monkeypatch.setattr(kept, "_TASK_ROWS", 4_000)
    assert len(kept.bounded_groups(store, store.buckets())) > 2
    pd.testing.assert_frame_equal(creator_features(store, SETTINGS).table, features.table)


def test_a_jump_and_its_loss_are_found(tmp_path):
    followers = [1000 + n for n in range(20)] + [1520, 1521, 1400, 1270] + [1271] * 20
    counts = pd.DataFrame(
        {
            "creator_key": "tiktok:a",
            "platform": "tiktok",
            "observed_on": pd.date_range("2026-08-01", periods=len(followers)),
            "followers": followers,
            "provenance": "measured",
            "source": "x",
        }
    )
    open_store(tmp_path / "store", create=True).write({"snapshots": counts}, RECORD)
    row = creator_features(open_store(tmp_path / "store"), SETTINGS).table.iloc[0]
    assert row["growth_spikes"] == 1
    assert row["drop_after_spike"] == pytest.approx((1520 - 1270) / (1520 - 1019))

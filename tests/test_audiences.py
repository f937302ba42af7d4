from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from workbench.errors import SettingsError
from workbench.intake.importing import import_files
from workbench.market.audiences import (
    FollowerSettings,
    draw_profiles,
    export_lists,
    make_audiences,
    sample_followers,
)
from workbench.market.settings import MarketSettings
from workbench.market.world import Market, make_market
from workbench.store import open_store

SETTINGS = FollowerSettings()
# Of the profiles that are genuine, and of those that are not: where public labelled lists lie.
REGIONS = {
    "followers": ((2.45, 2.85), (1.4, 1.9)),  # log10 of the median, as the next
    "following": ((2.3, 2.7), (1.8, 3.2)),
    "has_picture": ((0.95, 1.0), (0.4, 0.75)),  # shares, as those below
    "is_private": ((0.2, 0.75), (0.2, 0.4)),
    "has_digits": ((0.1, 0.4), (0.5, 0.8)),
    "no_posts": ((0.0, 0.1), (0.35, 0.65)),
}
# Shares of genuine, inactive, mass-following and bought followers.
MIXTURES = {"half": (0.5, 0.17, 0.08, 0.25), "few": (0.85, 0.1, 0.05, 0.0)}


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market(MarketSettings())


@pytest.fixture(scope="module")
def audiences(market: Market) -> pd.DataFrame:
    rng = market.settings.stream("audiences")
    tables = (market.truth_creators, market.truth_events, market.snapshots)
    return make_audiences(*tables, SETTINGS, rng)


def drawn(audience: pd.Series) -> pd.DataFrame:
    return sample_followers(audience, SETTINGS, np.random.default_rng(4))


def mixed(name: str) -> pd.DataFrame:
    """Return profiles of a mixture, in the columns that labelled lists have."""
    rng = np.random.default_rng(8)
    kinds = ["genuine", "inactive", "mass_follower", "bought"]
    label = rng.choice(kinds, 1_500, p=MIXTURES[name])
    found = draw_profiles(label, SETTINGS, rng)
    digits = found["username"].str.count(r"\d")
    return found.drop(columns="username").assign(digits=digits, not_real=label != "genuine")


@pytest.fixture(params=MIXTURES)
def profiles(request: pytest.FixtureRequest) -> pd.DataFrame:
    return mixed(request.param)


def real_profiles(real_data: Path) -> dict[str, pd.DataFrame]:
    kaggle = real_data / "fake_spammer_genuine"
    parts = [pd.read_csv(kaggle / name) for name in ("train.csv", "test.csv")]
    insta = [
        pd.DataFrame(json.loads((real_data / f"instafake/{name}AccountData.json").read_text()))
        for name in ("fake", "real")
    ]
    columns = {
        "#followers": "followers",
        "#follows": "following",
        "#posts": "posts_count",
        "profile pic": "has_picture",
        "private": "is_private",
        "nums/length username": "digits",
        "fake": "not_real",
        "userFollowerCount": "followers",
        "userFollowingCount": "following",
        "userMediaCount": "posts_count",
        "userHasProfilPic": "has_picture",
        "userIsPrivate": "is_private",
        "usernameDigitCount": "digits",
        "isFake": "not_real",
        "Followers": "followers",
        "Following": "following",
        "Posts": "posts_count",
        "Is private": "is_private",
        "username_digits": "digits",
        "IsFake": "not_real",
    }
    frames = {
        "fake_spammer_genuine": pd.concat(parts),
        "instafake": pd.concat(insta),
        "seraphim_followers": pd.read_csv(real_data / "seraphim_followers" / "labeled_data.csv"),
    }
    return {name: frame.rename(columns=columns) for name, frame in frames.items()}


def ratio_auc(found: pd.DataFrame) -> float:
    ratio = (found["following"] + 1) / (found["followers"] + 1)
    return float(roc_auc_score(found["not_real"], ratio))


def outside(found: pd.DataFrame) -> dict[str, list[float]]:
    """Return the figures of both classes that lie outside the regions."""
    shown = found.assign(has_digits=found["digits"] > 0, no_posts=found["posts_count"] == 0)
    by = shown.groupby(shown["not_real"].astype("bool"))
    outliers = {}
    for name, regions in REGIONS.items():
        if name not in shown:
            continue
        counts = name in ("followers", "following")
        figures = np.log10(by[name].median() + 1) if counts else by[name].mean()
        pairs = zip(figures, regions, strict=True)
        if not all(low <= figure <= high for figure, (low, high) in pairs):
            outliers[name] = figures.tolist()
    return outliers


def test_profiles_lie_where_labelled_ones_do(profiles):
    assert outside(profiles) == {}


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["fake_spammer_genuine", "instafake", "seraphim_followers"])
def test_labelled_lists_lie_in_the_same_regions(real_data, name):
    found = real_profiles(real_data)[name]
    assert outside(found) == {}
    assert 0.75 < ratio_auc(found) < 0.97


def test_one_ratio_tells_much_but_not_all(profiles):
    assert 0.75 < ratio_auc(profiles) < 0.97


def test_a_trained_forest_tells_nearly_all(profiles):
    forest = RandomForestClassifier(100, min_samples_leaf=3, random_state=0)
    told, label = profiles.drop(columns="not_real"), profiles["not_real"]
    score = cross_val_predict(forest, told, label, cv=5, method="predict_proba")[:, 1]
    assert 0.90 < roc_auc_score(label, score) < 0.99


def test_untrained_forest_is_weaker_where_many_are_not_real():
    found = {}
    for name in MIXTURES:
        label = mixed(name)["not_real"]
        logs = np.log10(mixed(name).drop(columns="not_real").astype("float64") + 1)
        odd = -IsolationForest(random_state=0).fit(logs).score_samples(logs)
        found[name] = roc_auc_score(label, odd)
    assert found["half"] < found["few"] - 0.05


def test_base_shares_are_skewed(audiences):
    share = audiences["base_share"]
    assert share.quantile([0.05, 0.95]).between(0.01, 0.32).all()
    assert share.mean() > share.median()


def test_bought_followers_fit_where_they_stand(audiences):
    assert audiences["bought"].gt(0).sum() == 24
    assert (audiences["end"] - audiences["first"] >= audiences["bought"]).all()
    assert (audiences["first"] >= 0).all()
    assert (audiences["end"] <= audiences["followers"]).all()


def test_a_random_sample_has_the_true_share(audiences):
    bought = audiences[audiences["bought"] > 0]
    for _, audience in bought.iterrows():
        sample = drawn(audience).query("random")
        share = audience["not_real_share"]
        error = np.sqrt(share * (1 - share) / len(sample))
        assert abs((sample["label"] != "genuine").mean() - share) < 4 * error


def test_the_newest_differ_where_followers_were_bought(audiences):
    bought = audiences[audiences["bought"] > 0]
    gaps = []
    for _, audience in bought.iterrows():
        sample = drawn(audience)
        share = [
            (sample.loc[sample[name], "label"] == "bought").mean() for name in ("newest", "random")
        ]
        gaps.append(share[0] - share[1])
    assert max(gaps) > 0.3
    assert min(gaps) < -0.05


def test_a_list_smaller_than_the_sample_is_read_whole(audiences):
    small = audiences.assign(followers=300).iloc[0]
    sample = drawn(small)
    assert len(sample) == 300
    assert sample[["newest", "random"]].all(axis=None)


def test_user_names_are_those_of_nobody_else(audiences):
    sample = drawn(audiences.iloc[0])
    assert sample["username"].is_unique
    assert sample["username"].str.len().min() >= 8


def test_same_stream_gives_the_same_followers(audiences):
    pd.testing.assert_frame_equal(*(drawn(audiences.iloc[0]) for _ in range(2)))


def test_exported_lists_come_in(audiences, tmp_path):
    sample = drawn(audiences.iloc[0])
    lists = export_lists(sample, "someone", SETTINGS, np.random.default_rng(1))
    assert [*lists] == ["someone_newest.csv", "someone_random.csv"]
    path = tmp_path / "someone_random.csv"
    lists[path.name].to_csv(path, index=False)
    import_files(
        [path], tmp_path / "client", account="@someone", platform="instagram", as_of="2026-09-30"
    )
    read = open_store(tmp_path / "client").read("followers_sample")
    assert len(read) == SETTINGS.rows
    assert set(read["creator_key"]) == {"instagram:someone"}
    expected = sample.loc[sample["random"], ["followers", "following", "posts_count", "bio_length"]]
    for name in expected:
        assert 0 < read[name].isna().mean() < 0.05
        assert read[name].median() == pytest.approx(expected[name].median(), rel=0.1)


def test_settings_tell_all_faults_at_once():
    with pytest.raises(SettingsError) as caught:
        FollowerSettings(rows=0, odd_share=2, base_share=0)
    assert len(caught.value.faults) == 3

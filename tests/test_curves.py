from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.markets import market_ranges
from tests.worlds import PRESET, SETTINGS, make_features
from workbench.curves import (
    CurveSettings,
    ShortlistSettings,
    TierSettings,
    choose_shortlist,
    fit_engagement_curve,
    fit_engagement_curves,
    summarise_tiers,
)
from workbench.curves.posts_noise import median_half_width
from workbench.curves.quantiles import LINE, QUANTILES, choose_shape, fit_quantile_curve, score_of
from workbench.curves.tiers import median_interval
from workbench.errors import DataError, SettingsError
from workbench.market.settings import MarketSettings


@pytest.fixture(scope="module")
def fit():
    return fit_engagement_curve(make_features(400), SETTINGS)


def test_the_exponent_recovers_the_truth(fit):
    assert fit.summary.exponent_low <= 0.8 <= fit.summary.exponent_high


def test_quantiles_never_cross(fit):
    columns = fit.curve.drop(columns="followers").to_numpy()
    assert (np.diff(columns, axis=1) >= 0).all()


def test_nine_in_ten_creators_lie_in_the_band(fit):
    inside = fit.table["engagements"].between(fit.table["expected_low"], fit.table["expected_high"])
    assert 0.86 <= inside.mean() <= 0.94


def test_percentiles_of_the_fitted_creators_are_uniform(fit):
    deciles = np.histogram(fit.table["percentile"], bins=10, range=(0, 100))[0] / 400
    assert np.abs(deciles - 0.1).max() < 0.05


def test_a_ratio_against_its_own_denominator_is_not_what_we_model():
    shuffled = make_features(400)
    rng = np.random.default_rng(1)
    shuffled["engagements"] = rng.permutation(shuffled["engagements"].to_numpy())
    rate = np.log10(shuffled["engagements"] / shuffled["followers"].astype("float64"))
    slope = np.polyfit(np.log10(shuffled["followers"].astype("float64")), rate, 1)[0]
    _, low, high = fit_engagement_curve(shuffled, SETTINGS).summary.selection.listed
    assert slope < -0.8
    assert low <= 0 <= high


def test_more_posts_give_a_narrower_range():
    posts = pd.Series([1, 2, 5, 20, 100])
    spread = pd.Series([np.nan, 0.3, 0.3, 0.3, 0.3])
    widths = median_half_width(spread, posts, typical=0.3, confidence=0.9)
    assert widths.is_monotonic_decreasing


def test_too_few_creators_give_a_reason_and_no_curve():
    few = fit_engagement_curve(make_features(12), SETTINGS)
    assert few.curve.empty
    assert few.table["reason"].str.startswith("only 12 creators with").all()


def test_a_creator_without_peers_of_its_size_has_no_percentile():
    features = make_features(200)
    features.loc[0, "followers"] = 90_000_000
    alone = fit_engagement_curve(features, SETTINGS).table.iloc[0]
    assert np.isnan(alone["percentile"])
    assert alone["reason"] == "only no peers between half and twice its size"


@pytest.mark.parametrize(
    ("column", "reason"),
    [("followers", "followers unknown"), ("engagements", "engagements unknown")],
)
def test_what_is_unknown_is_named(column, reason):
    features = make_features(100)
    features.loc[3, column] = None
    assert fit_engagement_curve(features, SETTINGS).table.loc[3, "reason"] == reason


def test_a_subsample_is_taken_above_the_solvers_knee():
    features = make_features(600)
    part = fit_engagement_curve(features, replace(SETTINGS, max_creators=300))
    assert part.summary.creators_in_fit == 600
    assert part.table["percentile"].notna().all()


def test_zero_followers_are_unknown_followers():
    features = make_features(100)
    features.loc[0, "followers"] = 0
    assert fit_engagement_curve(features, SETTINGS).table.loc[0, "reason"] == "followers unknown"


def test_platforms_are_fitted_apart_largest_first():
    other = make_features(50).assign(platform="youtube")
    fits = fit_engagement_curves(pd.concat([other, make_features(80)]), SETTINGS)
    assert [fit.summary.platform for fit in fits] == ["tiktok", "youtube"]


def test_nothing_to_fit_is_told():
    with pytest.raises(DataError, match="No creator has both"):
        fit_engagement_curves(make_features(40).assign(engagements=np.nan), SETTINGS)


def test_identical_engagements_do_not_break_the_fit():
    flat = fit_engagement_curve(make_features(60).assign(engagements=100.0), SETTINGS)
    np.testing.assert_allclose(flat.table["percentile"].dropna(), 50, atol=1e-6)


@given(st.lists(st.floats(-3, 3), min_size=7, max_size=7), st.floats(-5, 5), st.floats(0, 2))
def test_a_higher_value_never_has_a_lower_score(curve, value, step):
    quantiles = np.sort(np.array([curve, curve]), axis=1)
    low, high = score_of(np.array([value, value + step]), quantiles)
    assert low <= high + 1e-9


def test_a_score_at_a_quantile_is_that_quantile():
    x = np.random.default_rng(0).normal(4, 1, 300)
    curve = fit_quantile_curve(x, x + np.random.default_rng(1).normal(0, 0.3, 300)).predict(x[:5])
    scores = score_of(curve[:, QUANTILES.index(0.75)], curve)
    np.testing.assert_allclose(scores, 0.6745, atol=1e-4)


@pytest.mark.parametrize(("bend", "shape"), [(0.0, LINE), (0.3, (3, 3))])
def test_a_spline_is_taken_where_it_foretells_better(bend, shape):
    rng = np.random.default_rng(0)
    x = rng.uniform(3, 6, 400)
    assert choose_shape(x, x + bend * (x - 4.5) ** 2 + rng.normal(0, 0.3, 400)) == shape


def test_half_of_the_values_lie_below_the_middle_curve():
    x = np.random.default_rng(0).normal(4, 1, 301)
    y = x + np.random.default_rng(1).normal(0, 0.3, 301)
    middle = fit_quantile_curve(x, y, shape=LINE, quantiles=[0.5]).predict(x)[:, 0]
    assert (y < middle - 1e-9).sum() <= 150 <= (y < middle + 1e-9).sum()


@pytest.fixture(scope="module")
def ranges():
    return pd.concat([market_ranges(MarketSettings(seed=seed)) for seed in (1, 2, 3)])


def test_ranges_of_medians_cover_the_long_run_median(ranges):
    known = ranges[ranges["engagements_low"].notna()]
    hit = known["long_run_median_engagements"].between(
        known["engagements_low"], known["engagements_high"]
    )
    assert 0.87 <= hit.mean() <= 0.96


@pytest.mark.parametrize("way", ["", "_figure"])
def test_ranges_of_percentiles_cover_the_true_percentile(ranges, way):
    known = ranges[ranges["by_posts"] & ranges["percentile_figure"].notna()]
    low, high = known[f"percentile_low{way}"], known[f"percentile_high{way}"]
    hit = known["percentile_true"].between(low, high)
    assert len(known) > 700
    assert 0.87 <= hit.mean() <= 0.96


def test_the_interval_of_a_median_is_exact():
    rng = np.random.default_rng(0)
    draws = np.sort(rng.lognormal(size=(4000, 15)), axis=1)
    limits = np.array([median_interval(row, 0.9) for row in draws])
    covered = ((limits[:, 0] <= 1) & (limits[:, 1] >= 1)).mean()
    assert covered == pytest.approx(0.965, abs=0.012)  # the binomial's own coverage at n = 15


@pytest.mark.parametrize(("count", "known"), [(0, False), (4, False), (5, True)])
def test_too_few_values_have_no_interval(count, known):
    assert np.isfinite(median_interval(np.arange(float(count)), 0.9)[0]) == known


def test_tiers_count_everybody_and_mark_thin_cells():
    features = make_features(100)
    features.loc[0, "followers"] = None
    tiers = summarise_tiers(features, TierSettings(preset=PRESET, thin=30))
    assert tiers.table["creators"].sum() == 100
    assert tiers.table["thin"].tolist() == (tiers.table["creators_with_rate"] < 30).tolist()
    assert tiers.summary.outside_tiers == 1


def test_a_shortlist_is_found_in_any_spelling(fit):
    names = ("@C0003", "tiktok:c0001")
    chosen = choose_shortlist([fit], ShortlistSettings(names=names))
    assert set(chosen.table["handle"]) == {"c0001", "c0003"}


def test_unknown_names_are_answered_with_the_nearest(fit):
    with pytest.raises(DataError) as fault:
        choose_shortlist([fit], ShortlistSettings(names=("c003", "nobody")))
    assert len(fault.value.faults) == 2
    assert "near: c0" in fault.value.faults[0]


def test_a_masked_shortlist_holds_no_handle(fit):
    chosen = choose_shortlist([fit], ShortlistSettings(names=("c0001",), masked=True))
    assert chosen.table["handle"].tolist() == ["Creator 1"]


def test_standing_follows_the_whole_range(fit):
    table = choose_shortlist([fit], ShortlistSettings()).table
    assert (table.loc[table["standing"] == "above", "percentile_low"] >= 50).all()
    assert (table.loc[table["standing"] == "below", "percentile_high"] < 50).all()


@pytest.mark.parametrize("wrong", [{"confidence": 1.0}, {"min_creators": 5}])
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(SettingsError):
        CurveSettings(preset=PRESET, **wrong)


@pytest.mark.real_data
def test_the_exponent_of_real_posts_is_the_published_one(real_data):
    files = sorted((real_data / "tiktok_famous2020").glob("*.csv"))
    posts = pd.concat([pd.read_csv(file) for file in files]).drop_duplicates("id")
    posts = posts.assign(engagements=posts["n_likes"] + posts["n_comments"] + posts["n_shares"])
    features = (
        posts.groupby("user_name", as_index=False)
        .agg(followers=("n_followers", "first"), engagements=("engagements", "median"))
        .assign(
            creator_key=lambda f: f["user_name"],
            handle=lambda f: f["user_name"],
            platform="tiktok",
            posts_with_engagements=25,
            engagements_basis="posts",
            engagements_log_sd=0.4,
        )
    )
    summary = fit_engagement_curve(features, CurveSettings(preset=PRESET, confidence=0.95)).summary
    assert summary.exponent == pytest.approx(1.016, abs=0.005)
    assert summary.exponent_low == pytest.approx(0.991, abs=0.005)
    assert summary.selection.verdict == "not selected"

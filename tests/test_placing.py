from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.test_wording import PAGE, sentences
from tests.worlds import PRESET, SETTINGS, as_reported, make_features
from workbench import wording
from workbench.curves import (
    CurveSettings,
    PlacingSettings,
    ShortlistSettings,
    TierSettings,
    choose_shortlist,
    fit_engagement_curve,
    fit_engagement_curves,
    place_by_posts,
    summarise_tiers,
)
from workbench.curves.long_run import measure_noise
from workbench.errors import SettingsError
from workbench.features import FeatureSettings, creator_features, latest_posts
from workbench.figures import draw_engagement_curve
from workbench.reporting.gate import check_report
from workbench.store import open_store


@pytest.fixture(scope="module")
def world(sample_client):
    store = open_store(sample_client)
    features = creator_features(store, FeatureSettings(as_of=store.as_of))
    fits = fit_engagement_curves(features.table, CurveSettings(preset=PRESET))
    return store, features, fits


@pytest.fixture(scope="module")
def placed(world):
    store, features, fits = world
    return place_by_posts(fits, features, store)


def test_the_posts_read_are_those_of_the_features(world):
    store, features, _ = world
    table = features.table[features.table["posts_with_engagements"].gt(0)]
    wanted = table[["creator_key"]].assign(posts=features.settings.last_posts)
    posts = latest_posts(store, features.settings, wanted)
    parts = posts[["likes", "comments", "shares", "saves"]].sum(axis=1, skipna=False)
    medians = parts.groupby(posts["creator"]).median()
    assert posts.groupby("creator").size().tolist() == table["posts_with_engagements"].tolist()
    np.testing.assert_allclose(medians, table["engagements_median"])


def test_most_creators_of_a_large_platform_are_placed_by_their_posts(placed):
    largest = placed[0].table
    assert largest["by_posts"].sum() > 0.9 * largest["percentile"].notna().sum()
    assert largest.loc[largest["by_posts"], ["ahead", "posts_used"]].notna().all(axis=None)


def test_ranges_hold_their_estimates(placed):
    table = pd.concat([fit.table for fit in placed])
    for name in ("percentile", "ahead"):
        known = table[table[name].notna()]
        assert known[name].between(known[f"{name}_low"], known[f"{name}_high"]).all()


def test_only_those_named_are_placed(world):
    store, features, fits = world
    handle = fits[0].table.loc[fits[0].table["posts_with_engagements"].gt(9), "handle"].iloc[0]
    settings = PlacingSettings(names=(f"@{handle}",))
    table = place_by_posts(fits, features, store, settings)[0].table
    assert table.loc[table["by_posts"], "handle"].tolist() == [handle]


def test_a_small_platform_keeps_the_curves_percentiles(world):
    store, features, fits = world
    few = place_by_posts(fits, features, store, PlacingSettings(min_creators=2000))
    assert [fit.table is old.table for fit, old in zip(few, fits, strict=True)] == [True] * 3


@pytest.mark.parametrize(
    "rows", [as_reported(make_features(200)), make_features(200, exponent=0.0), make_features(9)]
)
def test_without_posts_or_choice_the_fits_stay(world, rows):
    store, features, _ = world
    fit = fit_engagement_curve(rows, SETTINGS)
    assert place_by_posts([fit], features, store) == (fit,)


@pytest.mark.parametrize("amount", [0, 2])
def test_every_sentence_passes_the_gate(world, placed, amount):
    _, features, _ = world
    names = tuple(placed[0].table["handle"].head(amount))
    listed = choose_shortlist(placed, ShortlistSettings(names=names))
    tiers = summarise_tiers(features.table, TierSettings(preset=PRESET))
    texts = [*sentences((placed, listed, tiers)), wording.describe_places(listed)]
    texts.append(wording.describe_ranges(features, placed))
    blocks = "".join(f'<div class="finding">{text}</div>' for text in texts)
    assert check_report(PAGE.format(blocks)) == []
    assert "long-run median" in blocks
    assert "Five other posts (9 in 10)" in wording.describe_shortlist_rows(listed)


def test_what_is_placed_as_it_is_is_said(placed):
    listed = choose_shortlist(placed, ShortlistSettings())
    rest = listed.summary.known - listed.summary.by_posts
    assert rest > 0
    assert f"For {rest} creators without enough posts" in wording.describe_places(listed)
    bare = replace(listed, summary=replace(listed.summary, by_posts=0))
    assert "long-run" not in wording.describe_places(bare)


def test_the_forecast_of_a_shortlist_is_drawn(placed):
    handle = placed[0].table.loc[placed[0].table["by_posts"], "handle"].iloc[0]
    listed = choose_shortlist(placed, ShortlistSettings(names=(handle,)))
    labels = draw_engagement_curve(placed[0], shortlist=listed).get_legend_handles_labels()[1]
    assert "five other posts, 9 in 10" in labels


@pytest.mark.parametrize("wrong", [{"groups": ("tier",)}, {"min_creators": 5}])
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(SettingsError):
        PlacingSettings(**wrong)


@pytest.mark.parametrize(("shape", "least", "most"), [("normal", 0.9, 1.1), ("t", 0.4, 0.85)])
def test_the_noise_of_medians_is_measured(shape, least, most):
    rng = np.random.default_rng(0)
    y = rng.normal(size=6000) if shape == "normal" else rng.standard_t(2.5, size=6000)
    posts = pd.DataFrame({"creator_key": np.repeat(np.arange(300), 20), "y": y})
    assert least < measure_noise(posts).ratio < most

import numpy as np
import pandas as pd
import pytest

from tests.test_wording import PAGE
from tests.worlds import PRESET, SETTINGS, make_features
from workbench.curves import (
    DefinitionSettings,
    FeeSettings,
    ShortlistSettings,
    TierSettings,
    choose_shortlist,
    compare_definitions,
    compare_habits,
    compare_presets,
    fit_engagement_curve,
    summarise_fees,
)
from workbench.curves.habits import HABITS
from workbench.errors import SettingsError
from workbench.features import FeatureSettings, creator_features, rates_by_definition
from workbench.figures import draw_definitions
from workbench.figures.show import table_html, text_html
from workbench.reporting import cards
from workbench.reporting.gate import check_report
from workbench.store import ImportRecord, open_store
from workbench.tables.definitions import engagement_definition, engagement_definitions
from workbench.wording import definitions as words
from workbench.wording import habits as habit_words

FEES = FeeSettings(preset=PRESET)
REFERENCE = "engagement_rate_by_followers"
RECORD = ImportRecord(id="made", files=(), as_of="2026-09-30", sampling="latest_posts")


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """The rates of a creator whose 12 latest posts have 100 likes, the 8 before 200."""
    store = open_store(tmp_path_factory.mktemp("one"), create=True)
    n = np.arange(20)
    of = {
        "creator_key": "tiktok:a",
        "platform": "tiktok",
        "provenance": "measured",
        "source": "made",
    }
    posts = pd.DataFrame({**of, "post_id": n.astype("str"), "likes": 100 * (1 + (n < 8))})
    posts = posts.assign(comments=10, saves=5, views=1000, reach=np.where(n == 19, 100_000, 500))
    days = pd.Timestamp("2026-09-01", tz="UTC") + pd.to_timedelta(n, unit="D")
    followers = pd.DataFrame({**of, "observed_on": [pd.Timestamp("2026-09-20")], "followers": 2000})
    store.write({"posts": posts.assign(posted_at=days), "snapshots": followers}, RECORD)
    settings = FeatureSettings(as_of="2026-09-30")
    return rates_by_definition(open_store(store.root), settings).iloc[0]


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        (REFERENCE, 115 / 2000),
        ("likes_by_followers", 100 / 2000),
        ("likes_and_comments_by_followers", 110 / 2000),
        ("mean_engagement_rate_by_followers", 155 / 2000),
        ("engagement_rate_by_followers_of_12", 115 / 2000),
        ("engagement_rate_by_views", 0.115),
        ("engagement_rate_by_reach", 0.23),
    ],
)
def test_a_rate_is_what_its_definition_says(one, name, rate):
    assert one[name] == pytest.approx(rate)


def test_what_the_posts_lack_has_no_rate(one):
    assert np.isnan(one["engagement_rate_by_impressions"])


def test_the_window_asked_for_is_no_other_definition(one):
    assert "engagement_rate_by_followers_of_30" not in one


def test_rates_are_those_of_the_features(sample_client):
    store, settings = open_store(sample_client), FeatureSettings(as_of="2026-09-30")
    own = creator_features(store, settings).table.set_index("creator_key")
    rates = rates_by_definition(store, settings).set_index("creator_key")
    for name in (REFERENCE, "engagement_rate_by_views", "engagement_rate_by_reach"):
        known = own.loc[rates.index, name]
        np.testing.assert_allclose(rates[name], known.astype("float64"), rtol=1e-12)


def test_a_definition_to_compare_by_makes_no_report():
    compared = [n for n, d in engagement_definitions().items() if d.compared_only]
    with pytest.raises(SettingsError):
        engagement_definition(compared[0])


def world(creators=120, noise=2.0):
    """Features, and rates: likes alone order as the reference does, views as they like."""
    rng = np.random.default_rng(0)
    features = make_features(creators).assign(posts_used=20)
    rate = np.exp(rng.normal(-3, 1, creators))
    rates = pd.DataFrame(
        {
            "creator_key": features["creator_key"],
            REFERENCE: rate,
            "likes_by_followers": 0.9 * rate**0.9,
            "engagement_rate_by_views": rate * np.exp(rng.normal(0, noise, creators)),
            "engagement_rate_by_reach": np.nan,
        }
    )
    fits = (fit_engagement_curve(features, SETTINGS),)
    return features, rates, choose_shortlist(fits, ShortlistSettings(masked=True))


@pytest.fixture(scope="module")
def comparison():
    features, rates, _ = world()
    return compare_definitions(rates, features, DefinitionSettings())


def pair(comparison, second):
    return comparison.pairs.set_index(["first", "second"]).loc[(REFERENCE, second)]


def test_an_order_that_stays_is_told_from_one_that_does_not(comparison):
    assert pair(comparison, "likes_by_followers")["tau"] == pytest.approx(1)
    assert pair(comparison, "likes_by_followers")["kept"] == 1
    assert pair(comparison, "engagement_rate_by_views")["kept"] < 0.7


def test_the_largest_move_is_first_and_names_its_definition(comparison):
    table = comparison.table
    assert table["move"].abs().is_monotonic_decreasing
    assert set(table["moved_by"]) == {"engagement_rate_by_views"}
    moved = table["engagement_rate_by_views"] - table[REFERENCE]
    np.testing.assert_allclose(table["move"], moved)


def test_places_do_not_depend_on_the_unit_of_the_rate(comparison):
    features, rates, _ = world()
    scaled = rates.assign(engagement_rate_by_views=1000 * rates["engagement_rate_by_views"])
    again = compare_definitions(scaled, features, DefinitionSettings())
    pd.testing.assert_frame_equal(again.table, comparison.table)


def test_who_lacks_a_definition_is_counted_with_the_reason(comparison):
    lacking = comparison.lacking.set_index("definition")
    told = lacking.loc["engagement_rate_by_reach", ["reason", "creators"]]
    assert told.tolist() == ["no reach", 120]


def test_all_orders_are_of_the_same_creators():
    features, rates, _ = world()
    rates.loc[:9, "engagement_rate_by_views"] = np.nan
    assert len(compare_definitions(rates, features, DefinitionSettings()).table) == 110


@pytest.mark.parametrize("creators", [1, 12])
def test_too_few_creators_are_not_ranked(creators):
    features, rates, listed = world(creators)
    comparison = compare_definitions(rates, features, DefinitionSettings())
    assert comparison.table.empty
    assert "Too few of these creators" in words.describe_definitions(comparison)
    assert words.describe_mover_rows(comparison, listed)[1].empty


def test_a_masked_figure_and_table_name_nobody(comparison):
    features, _, listed = world()
    _, rows = words.describe_mover_rows(comparison, listed)
    figure = draw_definitions(comparison, listed).get_figure()
    drawn = [text.get_text() for ax in figure.axes for text in ax.texts]
    told = " ".join([*rows.to_numpy().ravel(), *drawn, words.describe_definitions_alt(comparison)])
    assert len(rows) == 10
    assert drawn
    assert not [handle for handle in features["handle"] if handle in told]


def test_a_change_of_preset_renames_and_may_change_the_answer():
    features = make_features(300, exponent=0.5)
    comparison = compare_presets(features, (), TierSettings(preset=PRESET))
    micro = comparison.table.set_index("preset")["creators"]
    renamed = comparison.pairs.set_index(["first", "second"])["renamed"]["four-tier"]
    sizes = features["followers"].astype("float64")
    assert micro["narrow-micro"] == sizes.between(1e4, 5e4, inclusive="left").sum()
    # Both call the same creators micro, and the second has no name for the others.
    assert renamed["wide-micro"] == (~sizes.between(1e4, 99_999) & sizes.ge(1e3)).sum()
    assert np.isnan(renamed["later-fohr"])
    assert (comparison.ratios["ratio_low"].dropna() > 1).all()


def test_nothing_is_said_of_sizes_in_a_list_that_looks_chosen_by_engagement():
    features = make_features(300, exponent=0.0)
    fits = (fit_engagement_curve(features, SETTINGS),)
    assert compare_presets(features, fits, TierSettings(preset=PRESET)).ratios.empty


def test_habits_stand_beside_those_of_the_nearest_in_size():
    features, _, listed = world()
    features = features.assign(
        posts_per_week=np.arange(120.0),
        newest_post_age_days=3,
        engagements_cv=0.5,
        engagement_trend=0.0,
        sponsored_engagement_ratio=np.nan,
    ).assign(followers=np.arange(1000, 1120))
    habits = compare_habits(features, listed, limit=3)
    assert habits.table["posts_per_week"].tolist() == [119, 118, 117]
    assert habits.table["peers_posts_per_week"].iloc[0] == np.median(np.arange(99, 119))
    assert "Paid / other posts" not in habit_words.describe_habit_rows(habits)[1]


@pytest.mark.parametrize("creators", [1, 12, 120])
def test_the_new_findings_pass_the_gate(creators):
    features, rates, listed = world(creators)
    features = features.assign(**dict.fromkeys(HABITS, 0.5), country="DE")
    quotes = features[["creator_key", "platform"]].assign(
        deliverable="video",
        fee=features["followers"].astype("float64") ** 0.8,
        currency="EUR",
        quoted_on=pd.Timestamp("2026-09-01"),
    )
    fees = summarise_fees(quotes, features, rates.assign(reach_median=np.nan), FEES)
    comparison = compare_definitions(rates, features, DefinitionSettings())
    presets = compare_presets(features, (), TierSettings(preset=PRESET))
    found = [
        *cards.definition_cards(comparison, listed),
        *cards.preset_cards(presets),
        *cards.fee_cards(fees, listed),
        *cards.habit_cards(compare_habits(features, listed)),
    ]
    tables = [table_html(rows, caption) for c in found for caption, rows in c.tables if len(rows)]
    texts = [text_html(card.text) + text_html(card.note or "No note.") for card in found]
    assert check_report(PAGE.format("".join([*texts, *tables]))) == []

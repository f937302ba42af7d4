import numpy as np
import pandas as pd
import pytest

from tests.worlds import PRESET, SETTINGS, make_features
from workbench.curves import (
    FeeSettings,
    ShortlistSettings,
    choose_shortlist,
    fit_engagement_curve,
    summarise_fees,
)
from workbench.figures import draw_fees
from workbench.market.fees import FeeSettings as MarketFees
from workbench.market.fees import make_fees
from workbench.market.settings import MarketSettings
from workbench.market.world import make_market
from workbench.store import empty_frame
from workbench.tables.schema import TABLES
from workbench.wording import fees as words

ASKED = FeeSettings(preset=PRESET)


def summarise(quotes, features, asked=ASKED):
    rates = features[["creator_key"]].assign(reach_median=features["followers"] / 2)
    return summarise_fees(quotes, features, rates, asked)


@pytest.fixture(scope="module")
def market():
    """Quotes of a market whose truth is known, and the features that stand for its creators."""
    settings = MarketSettings(creators={"instagram": 300, "tiktok": 200, "youtube": 200})
    truth = make_market(settings).truth_creators
    features = truth.assign(
        handle=truth["creator_key"],
        followers=truth["followers"].astype("Int64"),
        engagements=truth["long_run_median_engagements"],
    )
    return make_fees(truth, settings, MarketFees()).quotes, features


@pytest.fixture(scope="module")
def fees(market):
    return summarise(*market)


def test_the_slope_of_the_price_line_is_found(fees):
    slopes = fees.lines.drop_duplicates("platform")
    assert ((slopes["slope_low"] <= 0.9) & (slopes["slope_high"] >= 0.8)).all()


def test_the_range_holds_the_quotes_that_are_not_odd(market, fees):
    key = ["creator_key", "deliverable", "currency", "quoted_on"]
    own = fees.quotes.merge(market[0][[*key, "odd"]], on=key, suffixes=("_x", ""))
    inside = own["outside"].eq("")
    assert 0.91 <= inside[own["odd"].eq("")].mean() <= 0.99
    assert inside[own["odd"].eq("typo")].mean() < 0.3


def test_costs_are_the_fee_over_what_it_buys(fees):
    quote = fees.quotes.iloc[0]
    assert quote["per_1k_followers"] == pytest.approx(1000 * quote["fee"] / quote["followers"])
    assert quote["per_1k_reached"] == pytest.approx(2 * quote["per_1k_followers"])
    assert quote["per_engagement"] == pytest.approx(quote["fee"] / quote["engagements"])


def test_a_cell_holds_the_middle_of_its_quotes(fees):
    cell = fees.table.nlargest(1, "per_post_quotes").iloc[0]
    of = ["platform", "currency", "tier"]
    own = fees.quotes[(fees.quotes[of].astype("str") == cell[of].astype("str")).all(axis=1)]
    assert cell["per_post_quotes"] == len(own)
    assert cell["per_post_median"] == own["fee"].median()
    assert cell["per_post_low"] <= cell["per_post_median"] <= cell["per_post_high"]


def made(n=40, **values):
    features = make_features(n)
    quotes = pd.DataFrame(
        {
            "creator_key": features["creator_key"],
            "platform": "tiktok",
            "deliverable": "video",
            "fee": features["followers"].astype("float64") ** 0.8,
            "currency": "EUR",
            "quoted_on": pd.Timestamp("2026-09-01"),
            **values,
        }
    )
    return quotes, features


def test_currencies_are_never_mixed():
    quotes, features = made()
    currency = np.where(np.arange(40) % 2, "EUR", "JPY")
    quotes = quotes.assign(
        currency=currency, fee=quotes["fee"] * np.where(currency == "JPY", 160, 1)
    )
    quotes["fee"] *= np.exp(np.random.default_rng(0).normal(0, 0.2, 40))
    fees = summarise(quotes, features)
    assert fees.summary.outside <= 4
    assert set(fees.table["currency"]) == {"EUR", "JPY"}


def test_the_latest_quote_for_the_usual_deliverable_counts():
    quotes, features = made()
    story = quotes.head(10).assign(deliverable="story")
    old = quotes.assign(quoted_on=pd.Timestamp("2025-01-01"), fee=1.0)
    fees = summarise(pd.concat([quotes, story, old]), features)
    assert fees.summary.quotes == 40
    assert fees.summary.other_deliverables == 10
    assert fees.quotes["fee"].min() > 1


def test_no_quotes_are_one_sentence():
    assert summarise(empty_frame(TABLES["fee_quotes"]), make_features(40)) is None
    assert "No fees of these creators" in words.describe_fees(None)


def test_few_quotes_have_costs_and_no_range():
    fees = summarise(*made(12))
    assert fees.lines.empty
    assert fees.summary.judged == 0
    assert "too few" in words.describe_fees(fees)


def test_what_lies_outside_is_told_of_the_list_alone(market, fees):
    draw_fees(fees)
    features = make_features(60).assign(creator_key=market[1]["creator_key"].head(60).to_numpy())
    listed = choose_shortlist((fit_engagement_curve(features, SETTINGS),), ShortlistSettings())
    _, rows = words.describe_outside_rows(fees, listed)
    outside = fees.quotes[fees.quotes["outside"].ne("")]
    assert len(rows) == min(10, outside["creator_key"].isin(features["creator_key"]).sum())

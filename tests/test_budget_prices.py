import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.budget.prices import fit_prices
from workbench.budget.unknowns import read_unknowns, use_ladder
from workbench.errors import SettingsError
from workbench.market.fees import FeeSettings, make_fees
from workbench.market.settings import MarketSettings
from workbench.market.world import make_market

UNKNOWNS = read_unknowns()


def creators(n=40, platform="instagram"):
    followers = np.geomspace(2_000, 800_000, n)
    return pd.DataFrame(
        {
            "creator_key": [f"{platform}:c{i}" for i in range(n)],
            "platform": platform,
            "followers": followers,
            "engagements": followers * 0.02,
        }
    )


def quotes(keys, fees, deliverable="post", currency="EUR"):
    return pd.DataFrame(
        {
            "creator_key": keys,
            "deliverable": deliverable,
            "fee": fees,
            "currency": currency,
            "quoted_on": pd.Timestamp("2026-09-01"),
        }
    )


def fee_of(model, key):
    return model.table.set_index("creator_key").loc[key]


@pytest.fixture(scope="module")
def market():
    asked = MarketSettings(creators={"instagram": 400, "tiktok": 300, "youtube": 300})
    truth = make_market(asked).truth_creators
    known = truth.assign(engagements=truth["long_run_median_engagements"])
    return make_fees(truth, asked, FeeSettings()), known


@pytest.fixture(scope="module")
def recovered(market):
    return fit_prices(market[0].quotes, market[1], UNKNOWNS)


def test_without_quotes_the_published_ladder_speaks():
    model = fit_prices(None, creators(), UNKNOWNS, "USD")
    near = model.table.iloc[(creators()["followers"] - 20_000).abs().argmin()]
    assert 100 <= near["fee"] <= 400
    assert model.levels is None
    assert set(model.table["fee_source"]) == {"model"}


def test_another_ladder_gives_other_prices():
    dear = fit_prices(None, creators(), use_ladder(UNKNOWNS, "recent"), "USD").table["fee"]
    assert (dear > 2 * fit_prices(None, creators(), UNKNOWNS, "USD").table["fee"]).all()


def test_a_quote_replaces_the_price_of_its_creator():
    model = fit_prices(quotes(["instagram:c5"], [777.0]), creators(), UNKNOWNS)
    own = fee_of(model, "instagram:c5")
    assert own["fee"] == 777
    assert own["fee_source"] == "quote"
    assert own["fee_sd"] == UNKNOWNS.middle("quote_spread")


def test_quotes_move_the_prices_of_the_others():
    known = creators()
    dear = quotes(known["creator_key"][:20], 0.08 * known["followers"][:20])
    before = fee_of(fit_prices(None, known, UNKNOWNS), "instagram:c30")
    after = fee_of(fit_prices(dear, known, UNKNOWNS), "instagram:c30")
    assert after["fee"] > 3 * before["fee"]


def test_other_currencies_are_left_out_and_never_converted():
    some = quotes(["instagram:c1", "instagram:c2"], [500.0, 500.0], currency=["EUR", "JPY"])
    model = fit_prices(some, creators(), UNKNOWNS)
    assert model.left_out["creator_key"].tolist() == ["instagram:c2"]
    assert "never converted" in model.left_out["reason"].item()
    assert fee_of(model, "instagram:c2")["fee_source"] == "model"


def test_published_prices_need_a_rate_in_the_currency():
    with pytest.raises(SettingsError) as raised:
        fit_prices(None, creators(), UNKNOWNS, "JPY")
    assert "exchange.JPY" in str(raised.value)
    settled = UNKNOWNS.replace({"exchange.JPY": 150})
    assert fit_prices(None, creators(), settled, "JPY").summary.currency == "JPY"


def test_a_price_for_three_gives_the_price_of_a_further_one():
    some = quotes(["instagram:c3"] * 3, [100.0, 244.0, 60.0], ["post", "3 posts", "ugc_only"])
    own = fee_of(fit_prices(some, creators(), UNKNOWNS), "instagram:c3")
    assert own["next_post"] == pytest.approx(0.8)
    assert own["fee_ugc"] == 60
    assert own["fee_source"] == "rate card"


def test_three_alone_give_the_price_of_one():
    some = quotes(["instagram:c3"], [257.0], ["3 posts"])
    q = UNKNOWNS.middle("next_post")
    own = fee_of(fit_prices(some, creators(), UNKNOWNS), "instagram:c3")
    assert own["fee"] == pytest.approx(257 / (1 + q + q**2), rel=1e-6)


def test_a_post_is_what_most_creators_quote():
    some = quotes([f"instagram:c{i}" for i in range(4)], 90.0, ["video", "video", "post", "story"])
    model = fit_prices(some, creators(), UNKNOWNS)
    assert model.summary.quoted == 2
    assert fee_of(model, "instagram:c0")["fee"] == 90


def test_content_only_is_not_offered_where_the_rate_card_lacks_it():
    own = fee_of(fit_prices(quotes(["instagram:c3"], [90.0]), creators(), UNKNOWNS), "instagram:c3")
    assert np.isnan(own["fee_ugc"])


def test_a_zero_too_many_is_left_out_and_moves_nothing():
    known = creators()
    fair = 0.01 * known["followers"]
    odd = fair.where(known.index != 7, 10 * fair)
    with_typo = fit_prices(quotes(known["creator_key"], odd), known, UNKNOWNS)
    without = fit_prices(quotes(known["creator_key"], fair), known, UNKNOWNS)
    assert with_typo.left_out["creator_key"].tolist() == ["instagram:c7"]
    typed = fee_of(with_typo, "instagram:c7")
    assert typed["fee"] == pytest.approx(fee_of(without, "instagram:c7")["fee"], rel=0.1)


def test_content_only_hardly_follows_the_size():
    known = creators()
    some = quotes(known["creator_key"][:20], 80.0, "ugc_only")
    some["fee"] = some["fee"].where(some.index != 4, 800.0)
    model = fit_prices(some, known, UNKNOWNS)
    assert model.left_out["creator_key"].tolist() == ["instagram:c4"]
    assert fee_of(model, "instagram:c39")["fee_ugc"] < 500


ASKED = st.tuples(
    st.sampled_from(["instagram:c1", "instagram:c2", "tiktok:else"]),
    st.sampled_from(["post", "3 posts", "12 posts", "ugc_only", "story", "unknown", "video", ""]),
    st.one_of(st.none(), st.floats(), st.integers(-5, 10**7)),
    st.sampled_from(["EUR", "USD"]),
)


@settings(max_examples=8, deadline=None)
@given(st.lists(ASKED, max_size=5))
def test_any_quotes_are_used_or_left_out(rows):
    asked = pd.DataFrame(rows, columns=["creator_key", "deliverable", "fee", "currency"])
    asked = asked.assign(quoted_on=pd.Timestamp("2026-09-01"), fee=asked["fee"].astype("Float64"))
    model = fit_prices(asked, creators(4), UNKNOWNS)
    assert np.isfinite(model.table["fee"]).all()
    assert (model.table["fee"] > 0).all()
    assert len(model.left_out) <= len(asked)


def test_the_line_of_a_market_is_recovered(market, recovered):
    line = recovered.coefficients.set_index("name")["middle"]
    assert line["followers"] == pytest.approx(0.85, abs=0.07)
    for platform, at_10k in FeeSettings().at_10k.items():
        assert np.exp(line[platform]) == pytest.approx(at_10k * 2**0.85, rel=0.25)
    assert recovered.summary.spread == pytest.approx(0.58, abs=0.06)


def test_typos_of_a_market_are_mostly_found(market, recovered):
    key = ["creator_key", "deliverable", "currency"]
    told = market[0].quotes.merge(recovered.left_out[[*key, "reason"]], on=key, how="left")
    told = told[
        told["currency"].eq("EUR") & ~told["reason"].fillna("").str.contains("planned|newer")
    ]
    told = told[~told["deliverable"].isin(["ugc_only", "story"])]
    found = told["reason"].notna().groupby(told["odd"]).mean()
    assert found["typo"] >= 0.7
    assert found[""] <= 0.02


def test_modelled_prices_of_a_market_lie_within_their_range(market, recovered):
    fees, own = market[0].truth_creators, recovered.table
    both = own.merge(fees[["creator_key", "usual_fee"]], on="creator_key")
    both = both[both["fee_source"].eq("model")]
    off = np.log(both["usual_fee"] / both["fee"]) / both["fee_sd"]
    assert abs(off.median()) < 0.3
    assert (off.abs() < 1.2816).mean() == pytest.approx(0.8, abs=0.05)

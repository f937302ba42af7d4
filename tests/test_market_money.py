"""Fees, campaign results and vendors' estimates of the simulated market."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.errors import SettingsError
from workbench.intake.importing import import_files
from workbench.intake.quality import ImportReport
from workbench.market.campaigns import (
    Campaigns,
    CampaignSettings,
    export_campaigns,
    make_campaigns,
)
from workbench.market.exports import make_exports
from workbench.market.fees import PER_EUR, Fees, FeeSettings, export_fees, make_fees
from workbench.market.settings import MarketSettings
from workbench.market.vendors import (
    TIER_EDGES,
    VENDORS,
    VendorLists,
    VendorSettings,
    export_vendors,
    make_vendors,
)
from workbench.market.world import Market, make_market
from workbench.store import open_store
from workbench.store.frames import canonical_frame, check_frame
from workbench.tables.schema import FEE_QUOTES, PAYOUTS, TRACKING, Table

MANY = CampaignSettings(campaigns=300)


@pytest.fixture(scope="module")
def market() -> Market:
    amounts = {"instagram": 1_000, "tiktok": 1_000, "youtube": 1_000}
    return make_market(MarketSettings(seed=5, creators=amounts))


@pytest.fixture(scope="module")
def fees(market: Market) -> Fees:
    return make_fees(market.truth_creators, market.settings, FeeSettings())


@pytest.fixture(scope="module")
def campaigns(market: Market, fees: Fees) -> Campaigns:
    return campaigns_of(market, fees, MANY)


@pytest.fixture(scope="module")
def vendors(market: Market) -> VendorLists:
    return make_vendors(market.truth_creators, market.posts, market.settings, VendorSettings())


@pytest.fixture(scope="module")
def sample() -> Market:
    return make_market(MarketSettings())


def campaigns_of(market: Market, fees: Fees, plan: CampaignSettings) -> Campaigns:
    return make_campaigns(market.truth_creators, fees.truth_creators, market.settings, plan)


def regress(y: pd.Series, **columns: pd.Series) -> pd.DataFrame:
    """Coefficients and their standard errors, of columns beside an intercept."""
    x = pd.DataFrame(columns).astype("float64").assign(intercept=1.0)
    found, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
    assert rank == x.shape[1]
    variance = ((y - x @ found) ** 2).sum() / (len(x) - x.shape[1])
    error = np.sqrt(variance * np.diag(np.linalg.inv(x.T @ x)))
    return pd.DataFrame({"estimate": found, "error": error}, index=x.columns)


def assert_recovered(found: pd.DataFrame, **planted: float) -> None:
    off = (found["estimate"] - pd.Series(planted)).dropna() / found["error"]
    assert off[list(planted)].abs().max() < 3, found


def main_quotes(market: Market, fees: Fees) -> pd.DataFrame:
    """One plain quote a creator, from the export, beside the truth; none at the least fee."""
    table = export_fees(fees.quotes, market.creators)
    eur = table["Fee"].str.replace(",", "").astype("float64") / table["Currency"].map(PER_EUR)
    quotes = fees.quotes.assign(eur=eur).drop(columns=["expected_fee", "platform"])
    main = quotes["deliverable"].eq("post") | quotes["deliverable"].eq("video")
    plain = quotes[main & quotes["odd"].eq("")].sort_values("deliverable")
    plain = plain.drop_duplicates("creator_key").merge(fees.truth_creators, on="creator_key")
    found = plain.merge(market.truth_creators, on="creator_key").query("followers > 5000")
    return found.assign(
        size=np.log(found["followers"]),
        over=np.log(found["long_run_median_engagements"] / found["curve_median_engagements"]),
        tiktok=found["platform"] == "tiktok",
        youtube=found["platform"] == "youtube",
    )


def fee_regression(market: Market, fees: Fees) -> pd.DataFrame:
    found = main_quotes(market, fees)
    columns = found[["size", "over", "sales_quality", "tiktok", "youtube"]]
    return regress(np.log(found["eur"]), **dict(columns.items()))  # type: ignore[arg-type]


@pytest.mark.parametrize("follows", [0.0, 0.8])
def test_fee_law_is_recovered_from_the_quotes(market, follows):
    planted = FeeSettings(fee_follows_quality=follows)
    made = make_fees(market.truth_creators, market.settings, planted)
    effects = {"over": made.effects["engagement"], "sales_quality": made.effects["sales_quality"]}
    assert_recovered(fee_regression(market, made), size=planted.exponent, **effects)


@pytest.mark.parametrize("follows", [0.0, 0.4, 0.8])
def test_fees_follow_quality_as_far_as_asked(market, follows):
    planted = FeeSettings(fee_follows_quality=follows, quote_sd=0.0)
    found = main_quotes(market, make_fees(market.truth_creators, market.settings, planted))
    at_10k = np.log(found["platform"].map(planted.at_10k))
    rest = np.log(found["eur"]) - at_10k - planted.exponent * (found["size"] - np.log(1e4))
    quality = found["over"] / found["over"].std() + found["sales_quality"]
    assert np.corrcoef(rest, quality)[0, 1] == pytest.approx(follows, abs=0.07)


def test_quotes_are_spread_as_published_prices_are(market, fees):
    found = main_quotes(market, fees)
    rest = np.log(found["eur"] / found["platform"].map(FeeSettings().at_10k)) - 0.85 * found["size"]
    assert 0.5 < rest.std() < 0.8


def test_the_larger_lack_a_quote_more_often(market, fees):
    truth = market.truth_creators
    without = ~truth["creator_key"].isin(fees.quotes["creator_key"])
    large = truth["followers"] > truth["followers"].median()
    assert without[large].mean() > without[~large].mean() + 0.1


def test_later_pieces_are_cheaper(fees):
    by_creator = fees.quotes.pivot_table("expected_fee", "creator_key", "deliverable")
    ratio = (by_creator["3 posts"] / by_creator["post"]).dropna()
    assert ratio.between(1 + 0.75 + 0.75**2, 1 + 0.95 + 0.95**2).all()


def test_odd_quotes_are_as_many_as_asked(fees):
    shares = fees.quotes["odd"].value_counts(normalize=True)
    assert shares[["typo", "celebrity"]].tolist() == pytest.approx([0.02, 0.015], abs=0.008)


def stored_columns(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    return canonical_frame(frame.assign(source="x"), table)


def test_results_fit_their_tables(fees, campaigns):
    check_frame(stored_columns(fees.quotes, FEE_QUOTES), FEE_QUOTES)
    check_frame(stored_columns(campaigns.tracking, TRACKING), TRACKING)
    days = campaigns.payouts.drop_duplicates([*PAYOUTS.key])
    check_frame(stored_columns(days, PAYOUTS), PAYOUTS)


def fallen_correlation(found: Campaigns) -> float:
    """Correlation of two bookings' fates within a campaign, by analysis of variance."""
    keys = ["campaign", "creator_key"]
    fell = found.truth_deliverables.drop_duplicates(keys).groupby("campaign")["fell_through"]
    size, share, total = fell.size(), fell.mean(), fell.size().sum()
    overall = (size * share).sum() / total
    between = (size * (share - overall) ** 2).sum() / (len(size) - 1)
    within = (size * share * (1 - share)).sum() / (total - len(size))
    typical = (total - (size**2).sum() / total) / (len(size) - 1)
    return float((between - within) / (between + (typical - 1) * within))


@pytest.mark.parametrize("planted", [0.0, 0.12, 0.3])
def test_bookings_of_a_campaign_fall_through_together(market, fees, planted):
    plan = replace(MANY, campaigns=600, click_rate=0.0, fall_through_correlation=planted)
    found = campaigns_of(market, fees, plan)
    assert fallen_correlation(found) == pytest.approx(planted, abs=0.02 + planted / 4)


def test_orders_follow_campaign_quality_and_price(market, fees, campaigns):
    posts = campaigns.truth_deliverables.query("expected_orders > 50 and orders > 0")
    posts = posts.merge(fees.truth_creators[["creator_key", "sales_quality"]], on="creator_key")
    posts = posts.merge(campaigns.truth_campaigns, on="campaign")
    found = regress(
        np.log(posts["orders"] / posts["clicks"]),
        quality=posts["sales_quality"],
        effect=posts["effect"],
        price=np.log(posts["product_price"]),
    )
    assert_recovered(found, quality=MANY.sales_effect, effect=1.0, price=-0.5)


def test_orders_are_overdispersed(campaigns):
    posts = campaigns.truth_deliverables.query("20 < expected_orders < 60")
    squares = (posts["orders"] - posts["expected_orders"]) ** 2 / posts["expected_orders"]
    assert squares.mean() > 5


def test_platforms_share_an_effect_on_clicks(market, campaigns):
    posts = campaigns.truth_deliverables.query("impressions > 50000")
    rates = (
        posts.groupby("platform")["clicks"].sum() / posts.groupby("platform")["impressions"].sum()
    )
    planted = MANY.click_rate * np.exp(campaigns.truth_platforms)
    assert (rates / planted).between(0.85, 1.15).all()


def test_orders_come_late_and_some_go_back(campaigns):
    posts = campaigns.truth_deliverables
    assert posts["returned"].sum() / posts["orders"].sum() == pytest.approx(0.12, abs=0.01)
    first = posts.groupby(["campaign", "creator_key"])["posted_on"].min().rename("first")
    sold = campaigns.tracking.join(first, on=["campaign", "creator_key"])
    assert (sold["tracked_on"] >= sold["first"]).all()
    assert (sold["orders"] < 0).any()


def test_tracking_adds_up_to_the_truth_once_all_has_come(market, campaigns):
    posts = campaigns.truth_deliverables
    old = posts.groupby("campaign")["posted_on"].max() < pd.Timestamp("2026-07-15")
    tracked = campaigns.tracking.groupby("campaign")["orders"].sum()[old[old].index]
    ordered = (posts["orders"] - posts["returned"]).groupby(posts["campaign"]).sum()
    assert tracked.tolist() == ordered[tracked.index].tolist()
    assert campaigns.tracking["tracked_on"].max() <= pd.Timestamp(market.settings.as_of)


def test_nobody_is_paid_for_what_fell_through(campaigns):
    posts = campaigns.truth_deliverables
    paid = campaigns.payouts.query("basis == 'post'").groupby("creator_key")["amount"].sum()
    due = posts[~posts["fell_through"]].groupby("creator_key")["fee"].sum()
    assert (paid <= due[paid.index]).all()


def log_ratio(lists: VendorLists, truth: pd.DataFrame) -> pd.DataFrame:
    """Log ratio of the first vendor's likes to the second's, with tier and planted value."""
    one, other = (lists.lists[name].set_index("creator_key")["likes"] for name in VENDORS)
    first, second = VENDORS.values()
    found = truth.set_index("creator_key").assign(
        ratio=np.log(one / other), tier=lambda t: np.digitize(t["followers"], TIER_EDGES)
    )
    tiers = np.subtract(first.tier_bias, second.tier_bias)[found["tier"]]
    platforms = (found["platform"].map(v.platform_bias) for v in (first, second))
    return found.assign(planted=tiers + np.subtract(*platforms)).dropna(subset="ratio")


def test_vendors_disagree_by_the_planted_biases(market, vendors):
    cells = log_ratio(vendors, market.truth_creators).groupby(["platform", "tier"])
    off = cells["ratio"].mean() - cells["planted"].mean()
    error = cells["ratio"].std() / np.sqrt(cells.size())
    assert (off / error)[cells.size() > 5].abs().max() < 3.3


def test_vendors_disagree_more_on_small_accounts(market, vendors):
    found = log_ratio(vendors, market.truth_creators)
    spread = (found["ratio"] - found["planted"]).groupby(found["tier"]).std()
    assert spread.is_monotonic_decreasing


def test_vendors_share_a_part_of_their_error(vendors):
    true = vendors.truth.set_index("creator_key")
    tier = [true["platform"], np.digitize(true["followers"], TIER_EDGES)]
    errors = [
        np.log(found.set_index("creator_key")["likes"] / true["likes"])
        for found in vendors.lists.values()
    ]
    errors = [error - error.groupby(tier).transform("mean") for error in errors]
    assert 0.15 < errors[0].corr(errors[1]) < 0.5


def test_scores_of_large_accounts_lie_close_together(vendors):
    large = vendors.truth.query("followers > 1e6").set_index("creator_key")["suspicious"]
    shown = vendors.lists["zelnora"].set_index("creator_key")["suspicious"].reindex(large.index)
    assert shown.std() < 0.3 * large.std()


def test_each_vendor_has_its_own_rate(vendors):
    medians = {name: found["rate"].median() for name, found in vendors.lists.items()}
    assert medians["kruvixa"] > 1.2 * medians["zelnora"]


@pytest.mark.parametrize("seed", [5, 6])
def test_only_the_seed_changes_the_figures(market, fees, vendors, seed):
    again = replace(market, settings=replace(market.settings, seed=seed))
    made = make_fees(again.truth_creators, again.settings, FeeSettings())
    lists = make_vendors(again.truth_creators, again.posts, again.settings, VendorSettings())
    plan = CampaignSettings(campaigns=3)
    pairs = [
        (made.quotes, fees.quotes),
        (lists.lists["zelnora"], vendors.lists["zelnora"]),
        (campaigns_of(again, made, plan).tracking, campaigns_of(market, fees, plan).tracking),
    ]
    assert [one.equals(other) for one, other in pairs] == [seed == 5] * 3


def test_a_market_of_one_creator_has_all_of_it():
    tiny = make_market(MarketSettings(creators={"instagram": 1}))
    made = make_fees(tiny.truth_creators, tiny.settings, FeeSettings(unquoted_share=0.0))
    lists = make_vendors(tiny.truth_creators, tiny.posts, tiny.settings, VendorSettings())
    exports = export_campaigns(campaigns_of(tiny, made, CampaignSettings()), tiny.creators)
    exports |= export_vendors(lists.lists, tiny.creators)
    assert {frozenset(table["Handle"]) for table in exports.values()} <= {
        frozenset(tiny.creators["handle"]),
        frozenset(),
    }
    assert made.quotes["fee"].gt(0).all()


def imported(folder: Path, tables: dict[str, pd.DataFrame], client: Path) -> ImportReport:
    folder.mkdir(exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / name, index=False)
    return import_files([folder], client, as_of="2026-09-30")


def test_results_come_in_with_nothing_refused(sample, tmp_path):
    made = make_fees(sample.truth_creators, sample.settings, FeeSettings())
    found = campaigns_of(sample, made, CampaignSettings())
    tables = export_campaigns(found, sample.creators)
    made_of = (sample.creators, sample.posts, sample.snapshots, sample.settings)
    tables["creators.csv"] = dict(make_exports(*made_of))["creators.csv"]
    tables["fees.csv"] = export_fees(made.quotes, sample.creators)
    report = imported(tmp_path / "exports", tables, tmp_path / "client")
    store = open_store(tmp_path / "client")
    holds = report.table.set_index("file")["holds"]
    assert holds.drop("creators.csv").to_dict() == {
        "fees.csv": "fees",
        "payouts.csv": "payouts",
        "tracking_data.csv": "sales",
    }
    assert report.refused.empty
    left = report.notes.set_index("file").loc["deliverables.csv", "note"]
    assert left == "bookings of a campaign, which are not kept yet: left out"
    keys = [*FEE_QUOTES.key]
    quoted = store.read("fee_quotes").sort_values(keys)["fee"].tolist()
    assert quoted == made.quotes.sort_values(keys)["fee"].tolist()
    assert len(store.read("tracking")) == len(found.tracking)
    assert store.read("payouts")["amount"].sum() == pytest.approx(found.payouts["amount"].sum())


@pytest.mark.parametrize("name", VENDORS)
def test_vendor_lists_come_in_as_averages(sample, tmp_path, name):
    made = make_vendors(sample.truth_creators, sample.posts, sample.settings, VendorSettings())
    tables = export_vendors(made.lists, sample.creators)
    file = f"vendor_{name}.csv"
    report = imported(tmp_path / "lists", {file: tables[file]}, tmp_path / "client")
    figures = open_store(tmp_path / "client").read("reported_metrics")
    assert (len(report.refused), len(figures["creator_key"].unique())) == (0, len(tables[file]))
    kinds = {*zip(figures["metric"], figures["statistic"], strict=True)}
    assert kinds == {
        ("likes", "mean"),
        ("comments", "mean"),
        ("engagement_rate_as_given", "rate"),
    }


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        (FeeSettings, {"fee_follows_quality": 1.2, "typo_share": -1}),
        (CampaignSettings, {"fall_through_correlation": 2, "campaigns": 0}),
    ],
)
def test_settings_outside_their_range_are_refused_at_once(settings, wrong):
    with pytest.raises(SettingsError) as caught:
        settings(**wrong)
    assert len(caught.value.faults) == 2

"""Rows that are neither posts nor accounts: lists of followers, sales and payouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import DataError, SettingsError
from workbench.intake.importing import import_files
from workbench.intake.quality import ImportReport
from workbench.store import open_store

ROSTER = (
    "influencer_id,username,category,follower count,platform\n"
    "7,ana_k,food,15000,Instagram\n8,ben,tech,900,YouTube\n"
)
POSTS = (
    "influencer_id,platform,date,URL,caption,reach,likes,comments\n"
    "7,Instagram,2026-05-01,p1,x,900,50,4\n"
)
SALES = """source,campaign,influencer_id,user_id,product,date,orders,revenue
code,May,7,u1,tea,2026-05-02,1,20.50
code,May,7,u2,tea,2026-05-02,1,20.50
link,May,8,u3,tea,2026-05-03,2,-5
link,May,99,u3,tea,2026-05-03,2,41
"""
PAYOUTS = (
    "influencer_id,basis,rate,orders,total_payout\n"
    "7,post,500,,500\n8,order,2,30,€60.00\n8,order,3,10,30\n"
)
FOLLOWERS = """username,Followers,Following,Posts,Is private
someone,70,148,142,False
other,10,24,13,True
other,10,24,13,True
"""


def imported(folder: Path, **options: object) -> ImportReport:
    """Import what the folder ``exports`` holds."""
    return import_files([folder / "exports"], folder / "client", **options)  # type: ignore[arg-type]


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    return tmp_path / "exports"


@pytest.fixture
def campaign(exports: Path) -> Path:
    for name, text in (
        ("influencers.csv", ROSTER),
        ("posts.csv", POSTS),
        ("tracking_data.csv", SALES),
        ("payouts.csv", PAYOUTS),
    ):
        (exports / name).write_text(text)
    return exports.parent


def test_the_four_files_of_a_campaign_come_in_together(campaign: Path) -> None:
    report = imported(campaign, currency="EUR")
    assert report.table.set_index("file")["holds"].to_dict() == {
        "influencers.csv": "accounts",
        "payouts.csv": "payouts",
        "posts.csv": "posts",
        "tracking_data.csv": "sales",
    }


def test_sales_of_one_day_campaign_and_product_add_up(campaign: Path) -> None:
    imported(campaign, currency="EUR")
    tracking = open_store(campaign / "client").read("tracking")
    columns = ["creator_key", "channel", "orders", "revenue", "currency"]
    assert tracking[columns].to_numpy().tolist() == [
        ["instagram:7", "code", 2, 41.0, "EUR"],
        ["youtube:8", "link", 2, -5.0, "EUR"],
    ]


def test_a_sale_of_an_unknown_account_is_refused_with_the_reason(campaign: Path) -> None:
    refused = imported(campaign, currency="EUR").refused
    assert refused["reason"].str.contains("no platform, and not one account").tolist() == [True]


def test_customers_of_a_sale_are_not_read(campaign: Path) -> None:
    files = imported(campaign, currency="EUR").table.set_index("file")
    assert "user_id" in files.at["tracking_data.csv", "not_read"]


def test_a_rate_that_differs_is_not_made_one(campaign: Path) -> None:
    imported(campaign, currency="EUR")
    payouts = open_store(campaign / "client").read("payouts").set_index("creator_key")
    assert payouts.loc["youtube:8", ["amount", "orders"]].tolist() == [90.0, 40]
    assert payouts["rate"].isna().to_dict() == {"instagram:7": False, "youtube:8": True}


def test_a_later_file_replaces_the_sums_of_an_earlier_one(campaign: Path) -> None:
    imported(campaign, currency="EUR")
    again = SALES.replace("20.50", "30")
    (campaign / "exports" / "tracking_data.csv").write_text(again)
    imported(campaign, currency="EUR")
    assert open_store(campaign / "client").read("tracking")["revenue"].tolist() == [60.0, -5.0]


def test_a_currency_that_nobody_says_is_asked_for(campaign: Path) -> None:
    with pytest.raises(DataError, match="say --currency EUR"):
        imported(campaign)


def test_a_currency_must_be_a_code(campaign: Path) -> None:
    with pytest.raises(SettingsError, match="no code such as EUR"):
        imported(campaign, currency="euro")


def test_followers_come_in_without_names(exports: Path) -> None:
    (exports / "followers.csv").write_text(FOLLOWERS.replace("username", "follower_id"))
    report = imported(exports.parent, account="@Brand", platform="instagram", as_of="2026-05-01")
    sample = open_store(exports.parent / "client").read("followers_sample")
    assert report.summary.duplicates_exact == 1
    assert set(sample["creator_key"]) == {"instagram:brand"}
    assert not sample["follower_id"].isin(["someone", "other"]).any()


def test_names_of_followers_are_not_taken_for_the_account(exports: Path) -> None:
    (exports / "followers.csv").write_text(FOLLOWERS)
    report = imported(exports.parent, account="brand", platform="instagram", as_of="2026-05-01")
    assert "username" not in report.table["not_read"].iloc[0]
    assert open_store(exports.parent / "client").read("creators")["handle"].tolist() == ["brand"]


def test_a_list_of_followers_does_not_count_followers_of_the_account(exports: Path) -> None:
    (exports / "followers.csv").write_text(FOLLOWERS)
    imported(exports.parent, account="brand", platform="instagram", as_of="2026-05-01")
    assert open_store(exports.parent / "client").read("snapshots").empty


def test_followers_of_nobody_are_asked_about(exports: Path) -> None:
    (exports / "followers.csv").write_text(FOLLOWERS.replace("username", "follower_id"))
    with pytest.raises(DataError, match="whose followers are these"):
        imported(exports.parent, platform="instagram", as_of="2026-05-01")


def test_a_handle_of_several_accounts_costs_only_its_own_rows(exports: Path) -> None:
    text = "Handle,Platform,Platform ID,Followers,Date\n"
    text += "ana,tiktok,1,10,2026-05-01\nana,tiktok,2,20,2026-05-01\n"
    text += "ana,tiktok,,30,2026-05-01\nben,tiktok,,40,2026-05-01\n"
    (exports / "creators.csv").write_text(text)
    summary = imported(exports.parent).summary
    assert (summary.kept, summary.refused, summary.creators) == (3, 1, 3)


def test_sales_come_in_with_translated_headers(exports: Path) -> None:
    text = "Nutzername;Plattform;Datum;Kampagne;Klicks;Bestellungen;Umsatz;Währung\n"
    text += "ann;Instagram;03.05.2026;Mai;1.204;12;1.250,40 €;EUR\n"
    (exports / "umsatz.csv").write_text(text, encoding="utf-8")
    imported(exports.parent)
    row = open_store(exports.parent / "client").read("tracking").iloc[0]
    found = row[["clicks", "orders", "revenue", "currency", "campaign"]].tolist()
    assert found == [1204, 12, 1250.4, "EUR", "Mai"]

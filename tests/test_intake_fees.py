"""What creators ask, in a column or as a rate card."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import DataError
from workbench.intake.fields import deliverable_in, vocabulary
from workbench.intake.importing import import_files
from workbench.intake.quality import ImportReport
from workbench.store import open_store

CARD = "Handle,Reel,Price per Story,3 Posts\nann,€500,€120,-\nbob,€1.500,on request,€900\n"
LIST = (
    "Handle,Platform,Deliverable,Fee,Currency,Quoted on\n"
    "ann,Instagram,IG Reel,500,EUR,2026-08-01\n"
    'ann,Instagram,3x Reel,"1,200",EUR,2026-08-01\n'
    "ann,Instagram,Reels,550,EUR,2026-09-01\n"
    "ann,Instagram,Podcast,$70,USD,\n"
)


def imported(folder: Path, text: str, name: str = "instagram.csv", **options: str) -> ImportReport:
    (folder / name).write_text(text, encoding="utf-8")
    return import_files([folder / name], folder / "client", as_of="2026-09-30", **options)


def quotes(folder: Path) -> list[tuple[str, str, float]]:
    found = open_store(folder / "client").read("fee_quotes")
    return [*zip(found["creator_key"], found["deliverable"], found["fee"], strict=True)]


def test_quotes_come_in_with_their_day_and_currency(tmp_path: Path) -> None:
    report = imported(tmp_path, LIST)
    found = open_store(tmp_path / "client").read("fee_quotes")
    days = found["quoted_on"].dt.strftime("%Y-%m-%d")
    assert [*zip(found["deliverable"], found["fee"], found["currency"], days, strict=True)] == [
        ("3 reels", 1200, "EUR", "2026-08-01"),
        ("Podcast", 70, "USD", "2026-09-30"),
        ("reel", 500, "EUR", "2026-08-01"),
        ("reel", 550, "EUR", "2026-09-01"),
    ]
    assert report.summary.fee_quotes == 4


def test_a_later_list_replaces_the_quote_of_a_day(tmp_path: Path) -> None:
    imported(tmp_path, LIST)
    imported(tmp_path, LIST.replace("IG Reel,500", "reel,600"))
    assert ("instagram:ann", "reel", 600.0) in quotes(tmp_path)
    assert len(quotes(tmp_path)) == 4


def test_a_rate_card_is_read_as_a_row_a_fee(tmp_path: Path) -> None:
    report = imported(tmp_path, CARD)
    assert quotes(tmp_path) == [
        ("instagram:ann", "reel", 500),
        ("instagram:ann", "story", 120),
        ("instagram:bob", "3 posts", 900),
        ("instagram:bob", "reel", 1500),
    ]
    assert report.refused["value"].tolist() == ["on request"]
    assert report.refused["row"].tolist() == [3]


def test_columns_beside_followers_may_be_counts(tmp_path: Path) -> None:
    report = imported(tmp_path, "Handle,Followers,Reel,Story\nann,900,12,40\nbob,800,3,9\n")
    assert report.table["holds"].tolist() == ["accounts"]


def test_fees_in_two_currencies_are_not_made_one(tmp_path: Path) -> None:
    text = "Handle,Reel (EUR),Reel (USD),Story (EUR)\nann,12,14,40\n"
    report = imported(tmp_path, text, currency="EUR")
    assert report.table["not_read"].tolist() == [["Reel (EUR)", "Reel (USD)", "Story (EUR)"]]


def test_a_profile_says_which_columns_are_fees(tmp_path: Path) -> None:
    (tmp_path / "card.yaml").write_text(
        "name: card\nrows: fee\ncurrency: EUR\ncolumns: {handle: Who}\nfees: {reel: R, ugc: Raw}\n"
    )
    text = "Who,Followers,R,Raw\nann,900,12,40\nbob,800,3,\n"
    imported(tmp_path, text, profile=str(tmp_path / "card.yaml"))
    assert [fee for _, *fee in quotes(tmp_path)] == [["reel", 12], ["ugc_only", 40], ["reel", 3]]


def test_a_long_rate_card_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.intake.read._PIECE_CELLS", 1)
    monkeypatch.setattr("workbench.intake.read._LEAST_ROWS", 2)
    rows = "".join(f"ann{n},€{n + 1},€{n + 2}\n" for n in range(9))
    assert imported(tmp_path, f"Handle,Reel,Story\n{rows}").summary.fee_quotes == 18


def test_the_platform_of_a_deliverable_is_the_rows(tmp_path: Path) -> None:
    imported(tmp_path, "Handle,IG Reel,TikTok Video\nann,€500,€90\n", "card.csv")
    assert quotes(tmp_path) == [("instagram:ann", "reel", 500), ("tiktok:ann", "video", 90)]


def test_a_deliverable_of_another_platform_than_the_row_is_refused(tmp_path: Path) -> None:
    report = imported(tmp_path, LIST.replace("IG Reel", "TikTok Video"))
    assert report.refused["reason"].tolist() == ["is for another platform"]


def test_a_fee_below_0_is_refused(tmp_path: Path) -> None:
    report = imported(tmp_path, LIST.replace(",500,", ",-500,"))
    assert report.refused["reason"].tolist() == [
        "expected an amount such as 1,234.50 or €300, not below 0"
    ]


def test_rates_beside_deliverables_are_fees(tmp_path: Path) -> None:
    imported(tmp_path, "Handle,Type,Rate\nann,Reel,€500\nbob,Stories,€90\n")
    assert [fee for _, *fee in quotes(tmp_path)] == [["reel", 500], ["story", 90]]


def test_the_currency_of_fees_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        imported(tmp_path, "Handle,Deliverable,Fee\nann,Reel,500\n")
    assert "say --currency EUR" in caught.value.faults[0]


@pytest.mark.parametrize("more", ["Booked on", "Fällig am", "Data rezerwacji"])
def test_bookings_are_no_quotes(tmp_path: Path, more: str) -> None:
    text = f"Handle,Deliverable,Fee,Currency,{more},Reach\nann,reel,500,EUR,2026-08-01,90\n"
    with pytest.raises(DataError) as caught:
        imported(tmp_path, text)
    assert "bookings of a campaign" in caught.value.faults[0]


@given(
    st.sampled_from(sorted(vocabulary().deliverables)),
    st.integers(1, 9),
    st.sampled_from(["{n} {name}", "{n}x {name}", "{name} x{n}", "{n} × IG {name}"]),
)
def test_a_known_deliverable_is_known_however_often(name: str, n: int, form: str) -> None:
    found = deliverable_in(form.format(n=n, name=name.title())) or ""
    single = deliverable_in(name)
    assert (found if n == 1 else deliverable_in(found.partition(" ")[2])) == single
    assert n == 1 or found.startswith(f"{n} ")


@given(st.text(max_size=40))
def test_any_text_may_be_a_deliverable(text: str) -> None:
    found = deliverable_in(text)
    assert found is None or deliverable_in(found) == found

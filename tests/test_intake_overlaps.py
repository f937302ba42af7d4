"""Shares of followers that two creators have in common."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import DataError
from workbench.intake.importing import import_files
from workbench.intake.numbers import UNSETTLED
from workbench.intake.quality import ImportReport
from workbench.intake.rates import parse_shares
from workbench.store import open_store
from workbench.wording.imports import describe_import_questions

PAIRS = "Influencer A,Influencer B,Overlap\nann,@bob,12%\nann,https://x.y/cid,0.5%\n"
CHANNEL = "UCabcdefghijklmnopqrstuv"
ROSTER = f"Handle,Platform,Platform ID,Followers\nann,TikTok,,900\nbob,YouTube,{CHANNEL},80\n"


def imported(folder: Path, *texts: str, **options: str) -> ImportReport:
    names = [f"{n}_instagram.csv" if len(texts) == 1 else f"{n}.csv" for n in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    files = [folder / name for name in names]
    return import_files(files, folder / "client", as_of="2026-09-30", **options)


def pairs(folder: Path, *columns: str) -> list[tuple[object, ...]]:
    found = open_store(folder / "client").read("overlaps")
    return [*found[["creator_key", "other_key", *columns]].itertuples(index=False, name=None)]


def shares(*cells: str, header: str = "Overlap", unit: str | None = None) -> list[float]:
    column = pd.Series(cells, name=header, dtype="str")
    return [*parse_shares(column, UNSETTLED, unit).typed]  # type: ignore[arg-type]


def test_pairs_come_in_as_of_the_smaller_audience(tmp_path: Path) -> None:
    report = imported(tmp_path, PAIRS)
    assert pairs(tmp_path, "share", "base") == [
        ("instagram:ann", "instagram:bob", 0.12, "smaller"),
        ("instagram:ann", "instagram:cid", 0.005, "smaller"),
    ]
    assert any("overlaps shares of" in text for text in describe_import_questions(report))


def test_both_accounts_are_known_from_then_on(tmp_path: Path) -> None:
    imported(tmp_path, PAIRS)
    creators = open_store(tmp_path / "client").read("creators")
    assert creators["handle"].tolist() == ["ann", "bob", "cid"]


def test_an_account_keeps_its_key_when_its_id_is_learned(tmp_path: Path) -> None:
    imported(tmp_path, PAIRS)
    imported(tmp_path, "Handle,Platform ID,Followers\nbob,99887766,5\n")
    snapshots = open_store(tmp_path / "client").read("snapshots")
    assert snapshots["creator_key"].tolist() == ["instagram:bob"]


def test_keys_and_bare_handles_are_found_among_known_accounts(tmp_path: Path) -> None:
    keys = f"creator_key,other_key,share,base\nyoutube:{CHANNEL},tiktok:Ann,0.2,union\n"
    imported(tmp_path, ROSTER, keys, keys.replace(f"youtube:{CHANNEL}", "bob").replace(".2", ".3"))
    assert pairs(tmp_path, "share", "base") == [("tiktok:ann", f"youtube:{CHANNEL}", 0.3, "union")]


def test_a_pair_and_its_reverse_are_one(tmp_path: Path) -> None:
    report = imported(tmp_path, f"{PAIRS}bob,ann,12%\ncid,ann,9%\n")
    assert pairs(tmp_path, "share") == [
        ("instagram:ann", "instagram:bob", 0.12),
        ("instagram:ann", "instagram:cid", 0.09),
    ]
    counted = report.summary
    assert (counted.duplicates_exact, counted.duplicates_differing) == (1, 1)


def test_a_share_of_either_account_is_kept_whichever_comes_first(tmp_path: Path) -> None:
    text = "Influencer A,Influencer B,Overlap,Base\nann,bob,12%,creator\nbob,ann,4%,creator\n"
    imported(tmp_path, text)
    assert pairs(tmp_path, "share", "base") == [
        ("instagram:ann", "instagram:bob", 0.12, "creator"),
        ("instagram:ann", "instagram:bob", 0.04, "other"),
    ]


def test_an_unknown_account_is_refused_with_the_reason(tmp_path: Path) -> None:
    text = "Influencer A,Influencer B,Overlap\nann,nobody,12%\nann,bob,9%\n"
    report = imported(tmp_path, ROSTER, text)
    assert report.refused["reason"].str.contains("no platform, and not one account").tolist() == [
        True
    ]
    assert report.refused["raw"].tolist() == ["ann,nobody,12%"]


def test_the_same_account_twice_is_no_pair(tmp_path: Path) -> None:
    report = imported(tmp_path, f"{PAIRS}bob,BOB,100%\n")
    assert report.refused["reason"].tolist() == ["both accounts are one"]


def test_the_base_is_read_from_its_column_or_the_profile(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("name: own\nrows: overlap\nbase: creator\n")
    text = "Influencer A,Influencer B,Overlap,Base\nann,bob,12%,Both\nann,cid,5%,\n"
    imported(tmp_path, text, profile=str(tmp_path / "own.yaml"))
    assert [base for _, _, base in pairs(tmp_path, "base")] == ["union", "creator"]


def test_a_share_above_the_whole_is_refused(tmp_path: Path) -> None:
    report = imported(tmp_path, f"{PAIRS}bob,cid,120%\n")
    assert report.refused["reason"].tolist() == ["expected a share from 0 to 1, or from 0% to 100%"]


def test_numbers_above_1_are_percentages() -> None:
    assert shares("12.5", "0.5", "3%") == pytest.approx([0.125, 0.005, 0.03])


def test_numbers_up_to_1_are_fractions() -> None:
    assert shares("0.125", "0.5", "3%") == [0.125, 0.5, 0.03]


@pytest.mark.parametrize(
    ("header", "cells"),
    [("Overlap %", ["0.5", "0.2"]), ("Overlap", ["5", *["0.1"] * 9])],
)
def test_a_unit_that_nothing_settles_is_asked_for(header: str, cells: list[str]) -> None:
    column = pd.Series(cells, name=header, dtype="str")
    told = parse_shares(column, UNSETTLED, None).question
    assert told is not None
    assert "share_unit" in told
    assert parse_shares(column, UNSETTLED, "percent").question is None


@given(st.lists(st.integers(1, 100), min_size=1))
def test_a_percentage_is_the_fraction_however_it_is_written(whole: list[int]) -> None:
    expected = pytest.approx([n / 100 for n in whole])
    assert shares(*(f"{n}%" for n in whole)) == expected
    assert shares(*map(str, whole), unit="percent") == expected
    assert shares(*(f"{n / 100}" for n in whole)) == expected


def test_a_table_of_accounts_by_accounts_is_left_out(tmp_path: Path) -> None:
    matrix = ",ann,bob,cid\nann,1,.1,.2\nbob,.1,1,.3\ncid,.2,.3,1\n"
    report = imported(tmp_path, ROSTER, matrix)
    assert report.table["file"].tolist() == ["0.csv"]
    assert report.notes["note"].str.contains("give a row a pair").tolist() == [True]


def test_a_file_that_is_left_out_alone_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        imported(tmp_path, ",ann,bob\nann,1,.1\nbob,.1,1\n")
    assert "give a row a pair" in caught.value.faults[0]


def test_a_later_list_replaces_the_share_of_a_day(tmp_path: Path) -> None:
    imported(tmp_path, PAIRS)
    imported(tmp_path, PAIRS.replace("12%", "15%"))
    assert [share for _, _, share in pairs(tmp_path, "share")] == [0.15, 0.005]

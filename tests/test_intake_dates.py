from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.intake.dates import parse_times
from workbench.intake.fields import vocabulary
from workbench.intake.numbers import CellStyle


def cells(*texts: str) -> pd.Series:
    return pd.Series(list(texts), dtype="str")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-05", "2026-01-05T00:00Z"),
        ("2026/1/5 9:30", "2026-01-05T09:30Z"),
        ("2026-01-05T10:00:00Z", "2026-01-05T10:00Z"),
        ("2026-01-05T10:00:00.5+02:00", "2026-01-05T08:00:00.500Z"),
        ("2026-01-05 10:00:00 -0530", "2026-01-05T15:30Z"),
        ("20260105", "2026-01-05T00:00Z"),
        ("1604786417", "2020-11-07T22:00:17Z"),
        ("1604786417123", "2020-11-07T22:00:17.123Z"),
        ("5 Mar 2026", "2026-03-05T00:00Z"),
        ("March 12, 2026 10:00 PM", "2026-03-12T22:00Z"),
        ("25/12/2026 12:05 am", "2026-12-25T00:05Z"),
        ("2026-01-05T10:00:00 UTC+02:00", "2026-01-05T08:00Z"),
        ("2026-01-05 10:00+02", "2026-01-05T08:00Z"),
        ("3. März 2026", "2026-03-03T00:00Z"),
        ("1er août 2026 14:05", "2026-08-01T14:05Z"),
        ("5 de marzo de 2026", "2026-03-05T00:00Z"),
        ("12 KASIM 2026", "2026-11-12T00:00Z"),
        ("5 września 2026", "2026-09-05T00:00Z"),
        ("4 mrt 2026", "2026-03-04T00:00Z"),
    ],
)
def test_a_time_is_read(text: str, moment: str) -> None:
    assert parse_times(cells(text)).typed.tolist() == [pd.Timestamp(moment)]


@pytest.mark.parametrize(
    "text",
    ["Lifetime", "2026-02-30", "2026-13-01", "25/12/26", "2026-01-01 25:00", "45678", "3 jui 2026"],
)
def test_what_is_no_date_is_a_fault(text: str) -> None:
    assert parse_times(cells(text)).faults.all()


@pytest.mark.parametrize(
    ("settling", "month"), [("13/04/2026", 4), ("04/13/2026", 3)], ids=["day first", "month first"]
)
def test_one_value_settles_the_order(settling: str, month: int) -> None:
    assert parse_times(cells("03/04/2026", settling)).typed[0].month == month


def test_an_open_order_is_a_question() -> None:
    read = parse_times(cells("03/04/2026", "05/04/2026"))
    assert read.question is not None
    assert "03/04/2026" in read.question
    assert read.typed.isna().all()


def test_two_orders_in_a_column_are_a_question() -> None:
    assert parse_times(cells("13/04/2026", "04/13/2026")).question is not None


def test_a_profile_answers_the_question() -> None:
    read = parse_times(cells("03/04/2026"), order="day_first")
    assert read.typed.tolist() == [pd.Timestamp("2026-04-03", tz="UTC")]


@settings(max_examples=25)
@given(
    st.datetimes(datetime(2004, 1, 1), datetime(2090, 1, 1)),
    st.sampled_from(["%Y-%m-%dT%H:%M:%SZ", "%d %b %Y %H:%M:%S", "%B %d, %Y %I:%M:%S %p"]),
)
def test_a_written_time_comes_back(moment: datetime, form: str) -> None:
    read = parse_times(cells(moment.strftime(form))).typed[0]
    assert abs(read.tz_localize(None) - moment) < timedelta(seconds=1)


WRITTEN = {
    "%Y-%m-%d %H:%M": None,
    "%Y%m%d": None,
    "%d/%m/%Y %H:%M": "day_first",
    "%d.%m.%Y": "day_first",
    "%m/%d/%Y %I:%M %p": "month_first",
    "%m-%d-%Y": "month_first",
}


@settings(max_examples=50)
@given(st.datetimes(datetime(2004, 1, 1), datetime(2090, 1, 1)), st.sampled_from([*WRITTEN]))
def test_a_time_comes_back_in_each_order(moment: datetime, form: str) -> None:
    read = parse_times(cells(moment.strftime(form)), order=WRITTEN[form])
    assert read.typed[0].strftime(form) == moment.strftime(form)


@settings(max_examples=25)
@given(st.datetimes(datetime(2004, 1, 1), datetime(2090, 1, 1)), st.sampled_from([1, 1000]))
def test_an_epoch_comes_back(moment: datetime, parts: int) -> None:
    whole = pd.Timestamp(moment, tz="UTC").floor("s")
    read = parse_times(cells(str(int(whole.timestamp()) * parts))).typed[0]
    assert read == whole


@settings(max_examples=50)
@given(st.sampled_from([*vocabulary().months]), st.integers(1, 28), st.integers(2004, 2090))
def test_a_month_comes_back_in_each_language(name: str, day: int, year: int) -> None:
    read = parse_times(cells(f"{day} {name} {year}")).typed[0]
    assert (read.year, read.month, read.day) == (year, vocabulary().months[name], day)


WORKBOOK = CellStyle(workbook=True)


def test_days_of_a_workbook_are_read() -> None:
    read = parse_times(cells("45678", "", "45678.5"), style=WORKBOOK)
    assert read.typed[0] == pd.Timestamp("2025-01-21", tz="UTC")
    assert read.typed[2] == pd.Timestamp("2025-01-21 12:00", tz="UTC")
    assert read.style.serial


@pytest.mark.parametrize(
    "column", [["45678", "12"], ["45678", "99999"], ["45678", "2026-01-01"]], ids=str
)
def test_numbers_that_are_not_all_days_are_none(column: list[str]) -> None:
    assert parse_times(cells(*column), style=WORKBOOK).faults[0]


def test_what_the_first_cells_settle_holds() -> None:
    dated = parse_times(cells("2026-01-01"), style=WORKBOOK).style
    assert parse_times(cells("45678"), style=dated).faults[0]
    counted = parse_times(cells("45678"), style=WORKBOOK).style
    assert parse_times(cells("45679", "soon"), style=counted).faults.tolist() == [False, True]


@settings(max_examples=25)
@given(st.lists(st.text(alphabet="0123456789/.-: TZ+ap", max_size=18) | st.text(max_size=8)))
def test_no_text_raises(texts: list[str]) -> None:
    read = parse_times(cells(*texts))
    assert not (read.faults & read.typed.notna()).any()


def test_dates_with_dots_are_day_first_where_no_value_settles_it() -> None:
    read = parse_times(pd.Series(["03.05.2026", "04.05.2026"], dtype="str"))
    assert read.question is None
    assert read.typed.dt.strftime("%Y-%m-%d").tolist() == ["2026-05-03", "2026-05-04"]

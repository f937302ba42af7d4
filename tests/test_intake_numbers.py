from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.intake.numbers import blank_cells, parse_counts, parse_rates


def cells(*texts: str) -> pd.Series:
    return pd.Series(list(texts), dtype="str")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("15,000", 15_000),
        ("1 234 567", 1_234_567),
        ("1'200", 1_200),
        ("12,34,567", 1_234_567),
        ("1.2M", 1_200_000),
        ("304.9K", 304_900),
        ("29.0b", 29_000_000_000),
        ("1.5 M", 1_500_000),
        ("1.8E+06", 1_800_000),
        ("477900000.00", 477_900_000),
        (" +12 ", 12),
    ],
)
def test_a_count_is_read(text: str, count: int) -> None:
    assert parse_counts(cells(text)).typed.tolist() == [count]


@pytest.mark.parametrize("text", ["", " ", "-", "N/A", "N/A'", "#VALOR!", "null", "NaN", "None"])
def test_a_blank_is_missing_and_no_fault(text: str) -> None:
    read = parse_counts(cells(text))
    assert read.typed.isna().all()
    assert not read.faults.any()


@pytest.mark.parametrize(
    "text", ["Spain", "-4", "3.5%", "3.7", "1..2", ".", "1,2,3", "1e99", "9" * 20, "٣", "12 apples"]
)
def test_what_is_no_count_is_a_fault(text: str) -> None:
    read = parse_counts(cells(text))
    assert read.faults.all()
    assert read.typed.isna().all()


@pytest.mark.parametrize(
    ("column", "counts"),
    [
        (["1.234", "950"], [1_234, 950]),
        (["1.234.567", "12.000"], [1_234_567, 12_000]),
        (["1,2M", "15.000"], [1_200_000, 15_000]),
        (["1.2M", "15,000"], [1_200_000, 15_000]),
        (["1.234M", "5"], [1_234_000, 5]),
    ],
)
def test_the_column_settles_what_separates(column: list[str], counts: list[int]) -> None:
    assert parse_counts(cells(*column)).typed.tolist() == counts


def test_a_value_against_its_column_is_a_fault() -> None:
    assert parse_counts(cells("1,234", "1.234")).faults.tolist() == [False, True]


def test_suffixes_mark_a_count_as_rounded() -> None:
    assert parse_counts(cells("1.2M", "1,200,001", "")).rounded.tolist() == [True, False, False]


def test_a_source_that_rounds_without_suffix_is_seen() -> None:
    texts = ["480800", "3100000", "1900000", "97400000", "51300"]
    assert parse_counts(cells("9256", *texts)).rounded.tolist() == [False] + [True] * 5


def test_percent_becomes_a_fraction() -> None:
    assert parse_rates(cells("3.5%", "0.035")).typed.tolist() == pytest.approx([0.035, 0.035])


def test_decimal_commas_of_rates_are_read() -> None:
    assert parse_rates(cells("3,5%", "12,25%")).typed.tolist() == pytest.approx([0.035, 0.1225])


def test_country_code_na_is_a_text() -> None:
    assert blank_cells(cells("NA", "N/A"), numeric=False).tolist() == [False, True]


@settings(max_examples=40)
@given(st.integers(0, 10**14), st.sampled_from(["{:,}", "{}", "{:_}"]))
def test_separators_come_back_exactly(number: int, form: str) -> None:
    text = form.format(number).replace("_", " ")
    assert parse_counts(cells(text)).typed.tolist() == [number]


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 10**14), min_size=1, max_size=5),
    st.sampled_from([",", ".", " ", "'", "\u00a0", "\u202f", "’"]),
)
def test_grouped_counts_come_back_exactly(numbers: list[int], sign: str) -> None:
    column = cells(*(f"{number:,}".replace(",", sign) for number in numbers))
    assert parse_counts(column).typed.tolist() == numbers


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 10**14), min_size=1, max_size=5),
    st.integers(1, 3),
    st.sampled_from([("K", 3), (" m", 6), ("b", 9), (" B", 9), ("E+06", 6)]),
    st.sampled_from([".", ","]),
)
def test_short_counts_come_back_within_their_rounding(
    numbers: list[int], digits: int, unit: tuple[str, int], sign: str
) -> None:
    suffix, power = unit
    texts = [f"{number / 10**power:.{digits}f}".replace(".", sign) for number in numbers]
    # One value that can only be decimals, as a column of any length has.
    read = parse_counts(cells(f"1{sign}5{suffix}", *(text + suffix for text in texts)))
    for number, value in zip(numbers, read.typed[1:], strict=True):
        assert abs(value - number) <= 0.5 * 10 ** (power - digits) + 1
    assert read.rounded is not None
    assert read.rounded.all()


@settings(max_examples=60)
@given(st.floats(0, 10), st.sampled_from([1, 2, 4]), st.sampled_from([".", ","]), st.booleans())
def test_rates_come_back_within_their_rounding(
    rate: float, digits: int, sign: str, percent: bool
) -> None:
    # Of three digits a comma groups: 1,234.
    written = f"{100 * rate if percent else rate:.{digits}f}".replace(".", sign) + "%" * percent
    read = parse_rates(cells(written)).typed[0]
    assert read == pytest.approx(rate, abs=10.0**-digits)


@settings(max_examples=40)
@given(st.integers(0, 10**14), st.integers(0, 3), st.sampled_from([("K", 3), ("m", 6), ("B", 9)]))
def test_suffixes_come_back_within_their_rounding(
    number: int, digits: int, unit: tuple[str, int]
) -> None:
    suffix, power = unit
    text = f"{number / 10**power:.{digits}f}{suffix}"
    read = parse_counts(cells(text)).typed[0]
    assert abs(read - number) <= 0.5 * 10 ** (power - digits) + 1


@settings(max_examples=40)
@given(st.lists(st.text(max_size=20), max_size=8))
def test_any_text_is_a_value_a_blank_or_a_fault(texts: list[str]) -> None:
    column = cells(*texts)
    read = parse_counts(column)
    known = read.typed.notna().astype(int) + read.faults + blank_cells(column, numeric=True)
    assert known.eq(1).all()


@pytest.mark.parametrize(
    ("cell", "count"), [("1,2 Tsd.", 1200), ("3,4 Mio.", 3_400_000), ("2 jt", 2_000_000)]
)
def test_other_languages_shorten_too(cell: str, count: int) -> None:
    assert parse_counts(pd.Series([cell, "7"], dtype="str")).typed.to_list() == [count, 7]

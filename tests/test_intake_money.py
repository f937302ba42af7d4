"""Amounts as shops and accounts write them, and which currency a row is in."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from workbench.errors import DataError
from workbench.intake.importing import import_files
from workbench.intake.money import parse_money
from workbench.intake.numbers import UNSETTLED, CellStyle
from workbench.store import open_store

ROSTER = "username,followers,platform\nann,1000,instagram\n"


def amounts(*cells: str, style: CellStyle = UNSETTLED) -> list[float]:
    read = parse_money(pd.Series(cells, dtype="str"), style)
    return [*read.typed.mask(read.faults).fillna(float("inf"))]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1.234,50 €", "20,00 €", "-5,00 €", "1.000 €"], [1234.5, 20, -5, 1000]),
        (["1.234 €", "2.500 €", "900 €", "-1.000 €"], [1234, 2500, 900, -1000]),
        (["$1,234.50", "$20.50", "-$5.00", "$1,000", "$-20"], [1234.5, 20.5, -5, 1000, -20]),
        (["EUR 12", "EUR 1.250", "EUR -3", "12 EUR"], [12, 1250, -3, 12]),
        (["(12.50)", "30.00", "1,200.00", "($4)"], [-12.5, 30, 1200, -4]),
        (["−5,00 €", "12,00- €", "€ -3,50", "5 000,00 €"], [-5, -12, -3.5, 5000]),
        (["CHF 1'234.50", "Fr. 20.00", "CHF 5.-"], [1234.5, 20, 5]),
        (["₹1,23,456.00", "Rs. 500", "US$ 1.2K"], [123456, 500, 1200]),
        (["20.125", "13.5"], [20.125, 13.5]),
    ],
)
def test_amounts_are_read_with_their_signs(cells: list[str], expected: list[float]) -> None:
    assert amounts(*cells) == pytest.approx(expected)


@pytest.mark.parametrize("cell", ["10%", "10-20", "12 pieces", "EUR", "two"])
def test_what_is_no_amount_is_a_fault(cell: str) -> None:
    assert amounts(cell) == [float("inf")]


def test_a_workbooks_own_numbers_keep_their_decimals() -> None:
    cells = ("20.125", "-1.5", "1.234,50 €", "2.000 €")
    assert amounts(*cells, style=CellStyle(workbook=True)) == [20.125, -1.5, 1234.5, 2000]


def tracked(folder: Path, *rows: str, columns: str = "", **options: str) -> list[tuple[str, float]]:
    (folder / "roster.csv").write_text(ROSTER)
    header = f"Handle\tDate\tOrders\tRevenue{columns}\n"
    lines = [f"ann\t2026-05-0{day}\t1\t{row}\n" for day, row in enumerate(rows, 1)]
    (folder / "sales.tsv").write_text(header + "".join(lines))
    files = [folder / "roster.csv", folder / "sales.tsv"]
    import_files(files, folder / "client", as_of="2026-05-31", **options)
    found = open_store(folder / "client" / "store").read("tracking")
    return [*zip(found["currency"], found["revenue"], strict=True)]


def test_a_currency_beside_the_amount_is_asked_for_no_more(tmp_path: Path) -> None:
    assert tracked(tmp_path, "€12", "3") == [("EUR", 12), ("EUR", 3)]


def test_an_amount_in_a_currency_of_its_own_keeps_it(tmp_path: Path) -> None:
    found = tracked(tmp_path, "€12", "3", "£7", currency="USD")
    assert found == [("EUR", 12), ("USD", 3), ("GBP", 7)]


def test_dollars_are_not_taken_for_euros(tmp_path: Path) -> None:
    assert tracked(tmp_path, "5", "6", "$10", currency="EUR") == [("EUR", 5), ("EUR", 6)]


def test_an_amount_against_its_currency_column_is_refused(tmp_path: Path) -> None:
    found = tracked(tmp_path, "£5\tGBP", "6\tGBP", "€10\tGBP", columns="\tCurrency")
    assert found == [("GBP", 5), ("GBP", 6)]


def test_the_option_fills_the_blanks_of_a_currency_column(tmp_path: Path) -> None:
    found = tracked(tmp_path, "5\tGBP", "6\t", columns="\tCurrency", currency="EUR")
    assert found == [("GBP", 5), ("EUR", 6)]


def test_without_any_word_on_the_currency_it_is_asked(tmp_path: Path) -> None:
    with pytest.raises(DataError) as told:
        tracked(tmp_path, "$5", "6")
    assert "which currency are the amounts in" in str(told.value)

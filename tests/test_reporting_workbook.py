"""The tables of a report as an XLSX file."""

import json

import openpyxl
import pytest

from workbench.formats import BEHIND_MARK, interval
from workbench.reporting.workbook import write_workbook


def page(*rows, caption="Creators: by place / size", head=("Creator", "Rate", "Posts")):
    cells = "".join(
        f"<tr><th>{first}</th>{''.join(f'<td>{cell}</td>' for cell in rest)}</tr>"
        for first, *rest in rows
    )
    heads = "".join(f"<th>{name}</th>" for name in head)
    table = f"<table><caption>{caption}</caption><thead><tr>{heads}</tr></thead>"
    return f"<html><body>{table}<tbody>{cells}</tbody></table></body></html>"


@pytest.fixture
def written(tmp_path):
    def write(*rows):
        path = tmp_path / "tables.xlsx"
        write_workbook(page(*rows), path)
        return openpyxl.load_workbook(path)

    return write


def test_an_estimate_takes_three_columns(written):
    rate = interval(0.05, 0.04, 0.06, unit="percent", confidence=0.9)
    (sheet,) = written(("@one", rate, "1,204"), ("@two", "no data", "12%")).worksheets
    assert [[*row] for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        ["Creator", "Rate", "Rate, low", "Rate, high", "Posts"],
        ["@one", 0.05, 0.04, 0.06, 1204],
        ["@two", "no data", None, None, 0.12],
    ]


def test_a_handle_is_never_a_formula(written):
    (sheet,) = written(("=1+1", "-", "+2")).worksheets
    assert sheet["A3"].data_type == "s"
    assert sheet["A3"].value == "=1+1"


def test_the_same_report_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_workbook(page(("@one", "1", "2")), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_tables_of_one_name_are_sheets_of_their_own(tmp_path):
    write_workbook(page(("a", "1", "2")) + page(("b", "1", "2")), tmp_path / "t.xlsx")
    names = openpyxl.load_workbook(tmp_path / "t.xlsx").sheetnames
    assert names == ["Creators by place size", "Creators by place size 2"]


def test_a_report_without_tables_writes_nothing(tmp_path):
    assert not write_workbook("<html></html>", tmp_path / "t.xlsx")
    assert not (tmp_path / "t.xlsx").exists()


def test_the_numbers_that_the_notebook_kept_come_last_and_whole(tmp_path):
    behind = f'<details class="behind">{page(("1", "2", "3"), caption="Line")}</details>'
    text = behind + page(("a", "1", "2"), caption="Own")
    kept = {"Line": [["Day", "Posts"], [1.0, 2.123456], [2.0, None]], "Points": [["x"], ["=1"]]}
    cells = [{"outputs": [{"metadata": {BEHIND_MARK: kept}}]}, {}]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}))
    write_workbook(text, tmp_path / "kept.xlsx", tmp_path / "n.ipynb")
    write_workbook(text, tmp_path / "shown.xlsx")
    book = openpyxl.load_workbook(tmp_path / "kept.xlsx")
    assert book.sheetnames == ["Own", "Line", "Points"]
    assert [*book["Line"].values][2] == (1, 2.123456)
    assert openpyxl.load_workbook(tmp_path / "shown.xlsx").sheetnames == ["Own", "Line"]

"""The tables of a finished report as one XLSX file, numbers as numbers and ranges in columns."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from workbench.formats import BEHIND_MARK
from workbench.store.catalog import replace_file

_NUMBER = re.compile(r"-?[\d,]+(?:\.\d+)?%?")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_CLOCK = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_EPOCH = datetime(1980, 1, 1)  # the first moment that a zip file can name: the file shows no clock
Value = str | float | None


def write_workbook(html: str, path: Path, executed: Path | None = None) -> bool:
    """Write every table of a report as a sheet; say whether there was any.

    The same report gives the same bytes. An estimate takes three columns: its value and the
    limits of its range. Text stays text, whatever it begins with. The numbers behind the figures
    come last: those that the executed notebook kept, which the page shows in part, or else those
    of the page.
    """
    tables = BeautifulSoup(html, "html.parser").find_all("table")
    kept = _kept(executed) if executed else []
    own = [table for table in tables if table.find_parent(class_="behind") is None]
    behind = [] if kept else [table for table in tables if table not in own]
    sheets = [(_title(table), _rows(table)) for table in [*own, *behind]]
    write_sheets([*sheets, *kept], path)
    return bool(sheets or kept)


def _kept(executed: Path) -> list[tuple[str, list[list[Value]]]]:
    cells = json.loads(executed.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    found = [output.get("metadata", {}).get(BEHIND_MARK, {}) for output in outputs]
    return [sheet for sheets in found for sheet in sheets.items()]


def _title(table: Tag) -> str:
    caption = table.find("caption")
    return caption.get_text(" ", strip=True) if caption else "Table"


def write_sheets(sheets: Iterable[tuple[str, Iterable[Sequence[Value]]]], path: Path) -> None:
    """Write sheets of a title and its rows, heads first; nothing where there is none."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(_sheet_name(title, book.sheetnames))
        sheet.append([title])
        for line, row in enumerate(rows, start=2):
            for place, value in enumerate(row, start=1):
                cell = sheet.cell(line, place, value)
                if isinstance(value, str):
                    cell.data_type = "s"  # never a formula
        sheet.freeze_panes = "B3"
    if book.sheetnames:
        replace_file(path, _without_clock(book))


def _sheet_name(title: str, taken: list[str]) -> str:
    plain = " ".join(_FORBIDDEN.sub(" ", title).split()).strip("'")[:28].strip() or "Table"
    same = sum(name.casefold().startswith(plain.casefold()) for name in taken)
    return f"{plain} {same + 1}" if same else plain


def _rows(table: Tag) -> Iterator[list[Value]]:
    head = [cell.get_text(" ", strip=True) for cell in table.select("thead th")]
    body = [row.find_all(["th", "td"]) for row in table.select("tbody tr")]
    ranged = {p for row in body for p, cell in enumerate(row) if cell.select_one(".estimate")}
    yield [
        told
        for place, name in enumerate(head)
        for told in ((name, f"{name}, low", f"{name}, high") if place in ranged else (name,))
    ]
    for row in body:
        values: list[Value] = []
        for place, cell in enumerate(row):
            values += _values(cell) if place in ranged else [_value(cell.get_text(" ", strip=True))]
        yield values


def _values(cell: Tag) -> list[Value]:
    mark = cell.select_one(".estimate")
    if mark is None:
        return [_value(cell.get_text(" ", strip=True)), None, None]
    return [float(str(mark[f"data-{name}"])) for name in ("value", "low", "high")]


def _value(text: str) -> Value:
    if not _NUMBER.fullmatch(text):
        return text
    number = float(text.rstrip("%").replace(",", ""))
    return number / 100 if text.endswith("%") else number


def _without_clock(book: object) -> bytes:
    raw, fixed = io.BytesIO(), io.BytesIO()
    book.save(raw)  # type: ignore[attr-defined]
    with zipfile.ZipFile(raw) as made, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as kept:
        for name in made.namelist():
            content = _CLOCK.sub(rb"\g<1>1980-01-01T00:00:00Z", made.read(name))
            kept.writestr(zipfile.ZipInfo(name, _EPOCH.timetuple()[:6]), content)
    return fixed.getvalue()

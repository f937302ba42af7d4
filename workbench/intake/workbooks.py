"""XLSX workbooks as rows of text, a table a sheet; what would expand without end is refused."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from workbench.errors import DataError
from workbench.intake.delimited import Row
from workbench.intake.records import cell_text

_MOST_BYTES = 2**30
_MANY_BYTES, _MOST_TIMES = 50 * 2**20, 200
_MOST_ROWS = 2**20  # of a sheet; a row with a higher number would be waited for


def sheets_of(path: Path, name: str) -> dict[str, Callable[[], Iterator[Row]]]:
    """Return the sheets that hold a table, by title, each as a way to its numbered rows.

    Raises
    ------
    DataError
        If it is no readable workbook, or would expand beyond reason.
    """
    _check_size(path, name)
    book = _opened(path, name)
    titles = [sheet.title for sheet in book.worksheets]
    book.close()
    tables: dict[str, Callable[[], Iterator[Row]]] = {}
    for title in titles:
        rows = partial(_sheet_rows, path, name, title)
        if len([*islice((row for _, row in rows() if any(row)), 2)]) > 1:
            tables[title] = rows
    if not tables:
        raise DataError(f"{name} has no sheet with a header and rows: export it again.")
    return tables


def _sheet_rows(path: Path, name: str, title: str) -> Iterator[Row]:
    book = _opened(path, name)
    try:
        sheet = book[title]
        sheet.reset_dimensions()
        rows = enumerate(islice(sheet.iter_rows(values_only=True), _MOST_ROWS), 1)
        while batch := _quietly(lambda: [*islice(rows, 1000)]):
            for number, cells in batch:
                yield number, [cell_text(cell) for cell in cells]
    except Exception as fault:  # a damaged workbook fails in as many ways as XML and zip can
        raise _unreadable(name, fault) from fault
    finally:
        book.close()


def _opened(path: Path, name: str) -> Any:
    import openpyxl

    try:
        return _quietly(lambda: openpyxl.load_workbook(path, read_only=True, data_only=True))
    except Exception as fault:
        raise _unreadable(name, fault) from fault


def _quietly(read: Callable[[], Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on styles and extensions, which carry no values
        return read()


def _unreadable(name: str, fault: Exception) -> DataError:
    return DataError(f"{name} is no readable workbook: {str(fault)[:120]}.")


def _check_size(path: Path, name: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (OSError, zipfile.BadZipFile) as fault:
        raise _unreadable(name, fault) from fault
    if "xl/workbook.xml" not in {member.filename for member in members}:
        raise DataError(f"{name} is an archive, no workbook: unpack it, import the files in it.")
    size = sum(member.file_size for member in members)
    blown = any(
        m.file_size > max(_MANY_BYTES, _MOST_TIMES * max(m.compress_size, 1)) for m in members
    )
    if size > _MOST_BYTES or blown:
        raise DataError(f"{name} would expand to {size / 2**20:,.0f} MB: save it as CSV first.")

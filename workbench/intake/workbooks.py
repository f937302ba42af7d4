"""XLSX workbooks as rows of text, a table a sheet; what would expand without end is refused."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

from workbench.errors import DataError
from workbench.intake.records import cell_text

_MOST_BYTES = 2**30
_MANY_BYTES, _MOST_TIMES = 50 * 2**20, 200


def sheet_rows(path: Path, name: str) -> dict[str, dict[int, list[str]]]:
    """Return the rows of every sheet that holds values, by sheet and row number.

    Raises
    ------
    DataError
        If it is no readable workbook, or would expand beyond reason.
    """
    import openpyxl

    _check_size(path, name)
    sheets = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on styles and extensions, which carry no values
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            for sheet in book.worksheets:
                sheet.reset_dimensions()
                cells = enumerate(sheet.iter_rows(values_only=True), 1)
                rows = {n: [cell_text(cell) for cell in row] for n, row in cells}
                if sum(any(row) for row in rows.values()) > 1:
                    width = max(map(len, rows.values()))
                    sheets[sheet.title] = {n: r + [""] * (width - len(r)) for n, r in rows.items()}
            book.close()
    except Exception as fault:  # a damaged workbook fails in as many ways as XML and zip can
        raise DataError(f"{name} is no readable workbook: {str(fault)[:120]}.") from fault
    if not sheets:
        raise DataError(f"{name} has no sheet with a header and rows: export it again.")
    return sheets


def _check_size(path: Path, name: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (OSError, zipfile.BadZipFile) as fault:
        raise DataError(f"{name} is no readable workbook: {str(fault)[:120]}.") from fault
    if "xl/workbook.xml" not in {member.filename for member in members}:
        raise DataError(f"{name} is an archive, no workbook: unpack it, import the files in it.")
    size = sum(member.file_size for member in members)
    blown = any(
        m.file_size > max(_MANY_BYTES, _MOST_TIMES * max(m.compress_size, 1)) for m in members
    )
    if size > _MOST_BYTES or blown:
        raise DataError(f"{name} would expand to {size / 2**20:,.0f} MB: save it as CSV first.")

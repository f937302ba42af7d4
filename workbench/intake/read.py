"""Files as they come: format, encoding, delimiter, header, and rows that don't fit it."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from workbench.errors import DataError
from workbench.intake.fields import plain_name, vocabulary
from workbench.intake.personal import personal_columns, without_mail
from workbench.intake.records import json_rows, parquet_rows
from workbench.intake.workbooks import sheet_rows

_DELIMITERS = ",;\t|"
_SNIFFED_ROWS = 50
_MOST_COLUMNS = 5_000
SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".json", ".jsonl", ".ndjson", ".parquet")
_NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*[kmb]?", re.IGNORECASE)
REFUSED_COLUMNS = ["file", "row", "raw", "column", "value", "reason"]


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """A file's cells as text; their index is the row's number in the file, from 1.

    ``refused`` holds the rows that do not fit the header, in ``REFUSED_COLUMNS``; ``blank`` counts
    the rows without any value, which are left out, as ``preamble`` does those above the header.
    ``personal`` names the columns of contact data, which are not even read.
    """

    name: str
    sha256: str
    delimiter: str
    cells: pd.DataFrame
    refused: pd.DataFrame
    blank: int
    preamble: int = 0
    personal: tuple[str, ...] = ()

    @property
    def header(self) -> tuple[str, ...]:
        """The unique names of the columns."""
        return tuple(self.cells.columns)

    @property
    def rows(self) -> int:
        """Rows that hold a value, fitting or not."""
        return len(self.cells) + len(self.refused)


def read_files(paths: Sequence[Path]) -> list[RawFile]:
    """Read all files, sorted by name so that the order they are given in does not matter.

    Raises
    ------
    DataError
        With one sentence a file that can't be read.
    """
    found = [
        sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES) if path.is_dir() else []
        for path in map(Path, paths)
    ]
    listed = [files or [Path(path)] for files, path in zip(found, paths, strict=True)]
    unique = sorted({path.absolute() for files in listed for path in files})
    count = Counter(path.name for path in unique)
    read, faults = [], []
    for path in unique:
        name = f"{path.parent.name}/{path.name}" if count[path.name] > 1 else path.name
        try:
            read += read_tables(path, name)
        except DataError as fault:
            faults.append(fault.headline)
    if faults or not read:
        raise DataError(
            "Nothing was imported.",
            faults or ["name at least one CSV, TSV, XLSX, JSON or Parquet file"],
        )
    return sorted(read, key=lambda file: (file.name, file.sha256))


def read_tables(path: Path, name: str) -> list[RawFile]:
    """Read the tables of a file: one, but of a workbook one for each sheet that has any.

    Raises
    ------
    DataError
        If it is missing, empty, of no known format, damaged, or holds no row under its header.
    """
    content = _content(path, name)
    if content[:4] == b"PK\x03\x04":
        sheets = sheet_rows(path, name)
        several = len(sheets) > 1
        return [
            _table(rows, f"{name} · {title}" if several else name, content, ",")
            for title, rows in sheets.items()
        ]
    if content[:4] == b"PAR1":
        return [_typed(parquet_rows(path, name), name, content)]
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"["):
        return [_typed(json_rows(_decoded(content, name), name), name, content)]
    return [read_file(path, name)]


def read_file(path: Path, name: str) -> RawFile:
    """Read one CSV or TSV file.

    Raises
    ------
    DataError
        If it is missing, empty, not text, or holds no row under its header.
    """
    csv.field_size_limit(1_000_000)  # past it, a quotation mark was left open
    content = _content(path, name)
    text = _decoded(content, name)
    delimiter = _sniffed(text)
    try:
        rows = _split_rows(text, delimiter)
    except csv.Error as fault:
        raise DataError(f"{name} can't be read as a table: {fault}; an open quote?") from fault
    return _table(rows, name, content, delimiter)


def _table(rows: dict[int, list[str]], name: str, content: bytes, delimiter: str) -> RawFile:
    """Find the header of rows of text and the rows that fit it."""
    filled = {n: row for n, row in rows.items() if any(cell.strip() for cell in row)}
    if len(filled) < 2:
        found = "a header and no rows" if filled else "no rows"
        raise DataError(f"{name} has {found}: export it again, or leave it out.")
    above = _rows_above_header(filled)
    data = {n: row for n, row in filled.items() if n not in above}
    first = data[min(data)]
    bare = _headerless(first, [*islice(data.values(), 1, _SNIFFED_ROWS)])
    header = unique_header([""] * len(first) if bare else data.pop(min(data)))
    if len(header) > _MOST_COLUMNS:
        raise DataError(f"{name} has {len(header):,} columns, at most {_MOST_COLUMNS:,} are read.")
    fitting = {n: row for n, cells in data.items() if (row := _fitted(cells, len(header)))}
    if not fitting:
        raise DataError(f"{name} has no row of {len(header)} cells as its header: export it again.")
    odd = [
        (name, n, without_mail(raw_line(row, delimiter)), "", "", _misfit(row, len(header)))
        for n, row in data.items()
        if n not in fitting
    ]
    cells = pd.DataFrame([*fitting.values()], columns=header, index=[*fitting], dtype="str")
    personal = personal_columns(cells)
    return RawFile(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        delimiter=delimiter,
        cells=cells.drop(columns=personal),
        refused=pd.DataFrame(odd, columns=REFUSED_COLUMNS),
        blank=len(rows) - len(filled),
        preamble=len(above),
        personal=tuple(personal),
    )


def _typed(cells: pd.DataFrame, name: str, content: bytes) -> RawFile:
    if cells.empty:
        raise DataError(f"{name} has no rows: export it again, or leave it out.")
    cells = cells.set_axis(unique_header(cells.columns), axis=1)
    personal = personal_columns(cells)
    return RawFile(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        delimiter=",",
        cells=cells.drop(columns=personal),
        refused=pd.DataFrame([], columns=REFUSED_COLUMNS),
        blank=0,
        personal=tuple(personal),
    )


def _rows_above_header(filled: dict[int, list[str]]) -> list[int]:
    """Return the numbers of the first rows that hold a title or a date, no names of columns."""
    widths = Counter(len(row) for row in islice(filled.values(), _SNIFFED_ROWS))
    usual = widths.most_common(1)[0][0]
    above: list[int] = []
    for n, row in islice(filled.items(), _SNIFFED_ROWS // 2):
        if 2 * sum(bool(cell.strip()) for cell in row) > usual or usual < 3:
            return above
        above.append(n)
    return []


def _headerless(first: list[str], rows: list[list[str]]) -> bool:
    """Whether the first row holds numbers where the others do, and no name of a column."""
    known = {name for names in vocabulary().names.values() for name in names}
    if not known.isdisjoint(map(plain_name, first)):
        return False
    numbers = [n for n, cell in enumerate(first) if _NUMBER.fullmatch(cell.strip())]
    below = [
        n
        for n in numbers
        if sum(bool(n < len(row) and _NUMBER.fullmatch(row[n].strip())) for row in rows)
        > 0.8 * len(rows)
    ]
    return len(below) >= 2


def unique_header(cells: Iterable[str]) -> list[str]:
    """Return header names without stray space, none blank, none twice: ``Views (2)``."""
    names: list[str] = []
    for position, cell in enumerate(cells, 1):
        plain = " ".join(cell.split()) or f"column {position}"
        name, n = plain, 2
        while name in names:
            name, n = f"{plain} ({n})", n + 1
        names.append(name)
    return names


def raw_line(cells: Iterable[str], delimiter: str) -> str:
    """Write a row's cells as the file had them."""
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="").writerow(cells)
    return line.getvalue()


def _content(path: Path, name: str) -> bytes:
    if path.is_dir():
        raise DataError(f"{name} is a folder: name the files in it.")
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise DataError(f"{name} can't be opened: {fault.strerror}.") from fault
    if not content.strip():
        raise DataError(f"{name} is empty: export it again.")
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise DataError(f"{name} is a workbook of the old kind: save it as XLSX or CSV first.")
    return content


def _decoded(content: bytes, name: str) -> str:
    codecs = ["utf-16"] if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252"]
    for codec in codecs:
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return re.sub(r"\Asep=.(?=\r?\n)", "", text)  # a hint for Excel, no header
    raise DataError(f"{name} is no text file (UTF-8 or Windows-1252): save it as CSV UTF-8.")


def _split(text: str, delimiter: str) -> Iterable[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _split_rows(text: str, delimiter: str) -> dict[int, list[str]]:
    """Return the rows by number; one that an open quote runs into the next stays one cell."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter)
    rows, start = {}, 0
    for n, row in enumerate(reader, 1):
        rows[n] = row
        if reader.line_num > start + 1:
            try:
                list(csv.reader(lines[start : reader.line_num], delimiter=delimiter, strict=True))
            except csv.Error:
                rows[n] = ["".join(lines[start : reader.line_num])]
        start = reader.line_num
    return rows


def _sniffed(text: str) -> str:
    """Return the delimiter under which most rows are as long as the header, then the longest."""

    def fit(delimiter: str) -> tuple[float, int]:
        try:
            widths = [
                len(row) for row in islice(_split(text, delimiter), _SNIFFED_ROWS) if any(row)
            ]
        except csv.Error:
            return 0.0, 0
        if not widths or widths[0] < 2:
            return 0.0, 0
        return widths.count(widths[0]) / len(widths), widths[0]

    return max(_DELIMITERS, key=fit)


def _fitted(row: list[str], width: int) -> list[str] | None:
    """Return a row as wide as the header; empty cells beyond it come of a delimiter at the end."""
    return None if len(row) < width or any(cell.strip() for cell in row[width:]) else row[:width]


def _misfit(row: list[str], width: int) -> str:
    open_quote = " (a quotation mark left open?)" if any("\n" in cell for cell in row) else ""
    return f"has {len(row)} cells, the header {width}{open_quote}"

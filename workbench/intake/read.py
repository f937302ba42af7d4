"""CSV and TSV files as they come: encoding, delimiter, header, and rows that don't fit it."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import pandas as pd

from workbench.errors import DataError
from workbench.intake.fields import platform_in

_DELIMITERS = ",;\t|"
_SNIFFED_ROWS = 50
REFUSED_COLUMNS = ["file", "row", "raw", "column", "value", "reason"]


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """A file's cells as text; their index is the row's number in the file, from 1.

    ``refused`` holds the rows that do not fit the header, in ``REFUSED_COLUMNS``; ``blank`` counts
    the rows without any value, which are left out.
    """

    name: str
    sha256: str
    delimiter: str
    cells: pd.DataFrame
    refused: pd.DataFrame
    blank: int

    @property
    def header(self) -> tuple[str, ...]:
        """The unique names of the columns."""
        return tuple(self.cells.columns)

    @property
    def rows(self) -> int:
        """Rows that hold a value, fitting or not."""
        return len(self.cells) + len(self.refused)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Files of one header and platform, which share one mapping and one reading of dates."""

    files: tuple[RawFile, ...]
    platform: str | None

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.files[0].header

    @property
    def title(self) -> str:
        """The files by name, for a sentence."""
        more = f" and {len(self.files) - 1} more like it" if len(self.files) > 1 else ""
        return f"{self.files[0].name}{more}"

    @cached_property
    def cells(self) -> pd.DataFrame:
        """The rows of all files."""
        return pd.concat([file.cells for file in self.files], ignore_index=True)

    @cached_property
    def origin(self) -> pd.DataFrame:
        """``file`` and ``row`` of each row of ``cells``."""
        places = [pd.DataFrame({"file": f.name, "row": f.cells.index}) for f in self.files]
        return pd.concat(places, ignore_index=True)


def group_files(files: Sequence[RawFile], platform: str | None) -> list[Layout]:
    """Group files of one header and platform; ``platform`` stands above the files' names."""
    groups: dict[tuple[tuple[str, ...], str | None], list[RawFile]] = {}
    for file in files:
        groups.setdefault((file.header, platform or platform_in(file.name)), []).append(file)
    return [Layout(files=tuple(group), platform=told) for (_, told), group in groups.items()]


def read_files(paths: Sequence[Path]) -> list[RawFile]:
    """Read all files, sorted by name so that the order they are given in does not matter.

    Raises
    ------
    DataError
        With one sentence a file that can't be read.
    """
    unique = sorted({Path(path).absolute() for path in paths})
    count = Counter(path.name for path in unique)
    read, faults = [], []
    for path in unique:
        name = f"{path.parent.name}/{path.name}" if count[path.name] > 1 else path.name
        try:
            read.append(read_file(path, name))
        except DataError as fault:
            faults.append(fault.headline)
    if faults or not read:
        raise DataError("Nothing was imported.", faults or ["name at least one CSV or TSV file"])
    return sorted(read, key=lambda file: (file.name, file.sha256))


def read_file(path: Path, name: str) -> RawFile:
    """Read one CSV or TSV file.

    Raises
    ------
    DataError
        If it is missing, a folder, empty, not text, or holds no row under its header.
    """
    csv.field_size_limit(1_000_000)  # past it, a quotation mark was left open
    content = _content(path, name)
    text = _decoded(content, name)
    delimiter = _sniffed(text)
    try:
        rows = _split_rows(text, delimiter)
    except csv.Error as fault:
        raise DataError(f"{name} can't be read as a table: {fault}; an open quote?") from fault
    filled = {n: row for n, row in rows.items() if any(cell.strip() for cell in row)}
    if len(filled) < 2:
        found = "a header and no rows" if filled else "no rows"
        raise DataError(f"{name} has {found}: export it again, or leave it out.")
    header = unique_header(filled.pop(min(filled)))
    fitting = {n: row for n, cells in filled.items() if (row := _fitted(cells, len(header)))}
    if not fitting:
        raise DataError(f"{name} has no row of {len(header)} cells as its header: export it again.")
    odd = [
        (name, n, raw_line(row, delimiter), "", "", _misfit(row, len(header)))
        for n, row in filled.items()
        if n not in fitting
    ]
    return RawFile(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        delimiter=delimiter,
        cells=pd.DataFrame([*fitting.values()], columns=header, index=[*fitting], dtype="str"),
        refused=pd.DataFrame(odd, columns=REFUSED_COLUMNS),
        blank=len(rows) - len(filled) - 1,
    )


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
    if content[:4] == b"PK\x03\x04":
        raise DataError(f"{name} is a workbook or an archive: save it as CSV first.")
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

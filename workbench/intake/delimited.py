"""Text files of rows: encoding, delimiter, and rows by number, however long the file is."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from workbench.errors import DataError

Row = tuple[int, list[str]]
SNIFFED_ROWS = 50
# Marks of the writing direction and the like, which split one handle into two that look the same.
INVISIBLE = dict.fromkeys(
    [0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF]
)
_DELIMITERS = ",;\t|"
_BLOCK = 2**20
_LONGEST_CELL = 1_000_000  # past it, a quotation mark was left open


def text_encoding(path: Path, name: str) -> str:
    """Return the encoding in which the whole file can be read: UTF-8, UTF-16, Windows-1252.

    Raises
    ------
    DataError
        If there is none.
    """
    with path.open("rb") as stream:
        marked = stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        for codec in ["utf-16"] if marked else ["utf-8-sig", "cp1252"]:
            stream.seek(0)
            decoder = codecs.getincrementaldecoder(codec)()
            try:
                blocks = iter(lambda: stream.read(_BLOCK), b"")
                if all("\0" not in decoder.decode(block) for block in blocks):
                    decoder.decode(b"", final=True)
                    return codec
            except UnicodeDecodeError:
                continue
    raise DataError(f"{name} is no text file (UTF-8 or Windows-1252): save it as CSV UTF-8.")


def sniffed_delimiter(path: Path, encoding: str) -> str:
    """Return the delimiter under which most rows are as long as the header, then the longest."""
    with path.open(encoding=encoding, newline="") as stream:
        text = _without_hint(stream.read(_BLOCK))

    def fit(delimiter: str) -> tuple[float, int]:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            widths = [len(row) for row in islice(rows, SNIFFED_ROWS) if any(row)]
        except csv.Error:
            return 0.0, 0
        if not widths or widths[0] < 2:
            return 0.0, 0
        return widths.count(widths[0]) / len(widths), widths[0]

    csv.field_size_limit(_LONGEST_CELL)
    return max(_DELIMITERS, key=fit)


def delimited_rows(path: Path, name: str, encoding: str, delimiter: str) -> Iterator[Row]:
    """Give the rows by number; one that an open quote runs into the next stays one cell.

    Raises
    ------
    DataError
        If a quote is left open to the end.
    """
    csv.field_size_limit(_LONGEST_CELL)
    taken: list[str] = []
    with path.open(encoding=encoding, newline="") as stream:
        lines = chain([_without_hint(stream.readline())], stream)
        reader = csv.reader(_kept(lines, taken), delimiter=delimiter)
        try:
            for number, row in enumerate(reader, 1):
                run_on = len(taken) > 1 and not _strictly_one(taken, delimiter)
                yield number, ["".join(taken)] if run_on else row
                taken.clear()
        except csv.Error as fault:
            raise DataError(f"{name} can't be read as a table: {fault}; an open quote?") from fault


def raw_line(cells: Iterable[str], delimiter: str) -> str:
    """Write a row's cells as the file had them."""
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="").writerow(cells)
    return line.getvalue()


def _kept(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        plain = line if line.isascii() else line.translate(INVISIBLE)
        taken.append(plain)
        yield plain


def _strictly_one(lines: list[str], delimiter: str) -> bool:
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


def _without_hint(text: str) -> str:
    return re.sub(r"\Asep=.(?=\r?\n)", "", text)  # a hint for Excel, no header

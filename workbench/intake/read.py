"""Files as they come: format, header, rows that don't fit it, piece by piece."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import pandas as pd

from workbench.errors import DataError
from workbench.intake.delimited import (
    SNIFFED_ROWS,
    Row,
    delimited_rows,
    raw_line,
    sniffed_delimiter,
    text_encoding,
)
from workbench.intake.fields import plain_name, vocabulary
from workbench.intake.personal import personal_columns, without_mail
from workbench.intake.records import check_width, json_frames, parquet_frames
from workbench.intake.workbooks import sheets_of

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".json", ".jsonl", ".ndjson", ".parquet")
REFUSED_COLUMNS = ["file", "row", "raw", "column", "value", "reason"]
_PIECE_CELLS, _LEAST_ROWS = 1_000_000, 500
_NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*[kmb]?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """Rows of a file that follow one another, as text; their index is the row's number, from 1.

    ``refused`` rows don't fit the header (``REFUSED_COLUMNS``); ``blank`` counts empty rows.
    """

    cells: pd.DataFrame
    refused: pd.DataFrame
    blank: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class RawFile:
    """A file, or a sheet of one: its first rows, and a way to all of them.

    Attributes
    ----------
    first : Piece
        The first rows, all of them in a short file; they settle how the file is read.
    pieces : callable
        Gives the pieces from the start, the first among them.
    whole : bool
        Whether there is no more than the first.
    preamble : int
        Rows above the header, which are left out.
    personal : tuple of str
        Columns of contact data, which are not even read.
    workbook : bool
        Whether it is a sheet of a workbook.
    """

    name: str
    sha256: str
    delimiter: str
    first: Piece
    pieces: Callable[[], Iterator[Piece]]
    whole: bool
    preamble: int = 0
    personal: tuple[str, ...] = ()
    workbook: bool = False

    @property
    def cells(self) -> pd.DataFrame:
        """The cells of the first piece."""
        return self.first.cells

    @property
    def header(self) -> tuple[str, ...]:
        """The unique names of the columns."""
        return tuple(self.cells.columns)

    @property
    def rows(self) -> int:
        """Rows of the first piece that hold a value, fitting or not."""
        return len(self.cells) + len(self.first.refused)

    def later(self) -> Iterator[RawFile]:
        """Give the pieces after the first, each as a file of its own."""
        for piece in () if self.whole else islice(self.pieces(), 1, None):
            yield replace(self, first=piece, whole=True)


def read_files(paths: Sequence[Path]) -> list[RawFile]:
    """Read the first rows of all files, sorted by name: the order they are given in is no matter.

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
    head, sha256 = _opened(path, name)
    if head[:4] == b"PK\x03\x04":
        sheets = sheets_of(path, name)
        several = len(sheets) > 1
        return [
            _table(rows, f"{name} · {title}" if several else name, sha256, ragged=True)
            for title, rows in sheets.items()
        ]
    if head[:4] == b"PAR1":
        return [_typed(partial(parquet_frames, path, name), name, sha256)]
    encoding = text_encoding(path, name)
    if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"["):
        return [_typed(partial(json_frames, path, name, encoding), name, sha256)]
    delimiter = sniffed_delimiter(path, encoding)
    rows = partial(delimited_rows, path, name, encoding, delimiter)
    return [_table(rows, name, sha256, delimiter)]


def _opened(path: Path, name: str) -> tuple[bytes, str]:
    """Return a file's first bytes and its hash."""
    if path.is_dir():
        raise DataError(f"{name} is a folder: name the files in it.")
    if path.exists() and not path.is_file():
        raise DataError(f"{name} is no file: a pipe or a device can't be read twice.")
    try:
        with path.open("rb") as stream:
            head = stream.read(2**12)
            stream.seek(0)
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
    except OSError as fault:
        raise DataError(f"{name} can't be opened: {fault.strerror}.") from fault
    if not head.strip() and size == len(head):
        raise DataError(f"{name} is empty: export it again.")
    if head[:4] == b"\xd0\xcf\x11\xe0":
        raise DataError(f"{name} is a workbook of the old kind: save it as XLSX or CSV first.")
    return head, sha256


@dataclass(frozen=True, kw_only=True)
class _Shape:
    """What the first rows tell of a table of text: where its header stands and what it says."""

    name: str
    delimiter: str
    header: list[str]
    left_out: frozenset[int]
    ragged: bool


def _table(
    rows: Callable[[], Iterator[Row]],
    name: str,
    sha256: str,
    delimiter: str = ",",
    *,
    ragged: bool = False,
) -> RawFile:
    """Find the header of rows of text and the rows that fit it; ragged rows lack empty cells."""
    filled = dict(islice((row for row in rows() if _holds(row[1])), 2 * SNIFFED_ROWS))
    if len(filled) < 2:
        found = "a header and no rows" if filled else "no rows"
        raise DataError(f"{name} has {found}: export it again, or leave it out.")
    width = max(map(len, filled.values())) if ragged else 0
    filled = {n: cells + [""] * (width - len(cells)) for n, cells in filled.items()}
    above = _rows_above_header(filled)
    data = {n: row for n, row in filled.items() if n not in above}
    first = min(data)
    bare = _headerless(data[first], [*islice(data.values(), 1, SNIFFED_ROWS)])
    header = unique_header([""] * len(data[first]) if bare else data[first])
    check_width(name, len(header))
    shape = _Shape(
        name=name,
        delimiter=delimiter,
        header=header,
        left_out=frozenset(above if bare else [*above, first]),
        ragged=ragged,
    )
    file = _file(partial(_text_pieces, rows, shape), name, sha256, delimiter)
    if file.cells.empty:
        raise DataError(f"{name} has no row of {len(header)} cells as its header: export it again.")
    return replace(file, preamble=len(above), workbook=ragged)


def _typed(frames: Callable[[], Iterator[pd.DataFrame]], name: str, sha256: str) -> RawFile:
    file = _file(partial(_frame_pieces, frames), name, sha256, ",")
    if file.cells.empty:
        raise DataError(f"{name} has no rows: export it again, or leave it out.")
    return file


def _file(pieces: Callable[[], Iterator[Piece]], name: str, sha256: str, delimiter: str) -> RawFile:
    """Read the first piece, and leave out its contact data there and in what follows."""
    begun = pieces()
    first = next(begun, Piece(cells=pd.DataFrame(), refused=_NONE))
    personal = personal_columns(first.cells)

    def without_personal() -> Iterator[Piece]:
        for piece in pieces():
            yield replace(piece, cells=piece.cells.drop(columns=personal))

    return RawFile(
        name=name,
        sha256=sha256,
        delimiter=delimiter,
        first=replace(first, cells=first.cells.drop(columns=personal)),
        pieces=without_personal,
        whole=next(begun, None) is None,
        personal=tuple(personal),
    )


def _text_pieces(rows: Callable[[], Iterator[Row]], shape: _Shape) -> Iterator[Piece]:
    source, size = rows(), max(_LEAST_ROWS, _PIECE_CELLS // len(shape.header))
    while batch := [*islice(source, size)]:
        yield _piece(batch, shape)


def _piece(rows: list[Row], shape: _Shape) -> Piece:
    width = len(shape.header)
    filled = [(n, row) for n, row in rows if _holds(row)]
    numbers, fitting, odd = [], [], []
    for n, row in filled:
        if n in shape.left_out:
            continue
        cells = _fitted(row, width, ragged=shape.ragged)
        if cells is None:
            raw = without_mail(raw_line(row, shape.delimiter))
            odd.append((shape.name, n, raw, "", "", _misfit(row, width)))
        else:
            numbers.append(n)
            fitting.append(cells)
    return Piece(
        cells=pd.DataFrame(fitting, columns=shape.header, index=numbers, dtype="str"),
        refused=refused_rows(odd) if odd else _NONE,
        blank=len(rows) - len(filled),
    )


def _frame_pieces(frames: Callable[[], Iterator[pd.DataFrame]]) -> Iterator[Piece]:
    columns: list[str] = []
    for frame in frames():
        columns = columns or list(frame.columns)
        cells = frame.reindex(columns=columns, fill_value="")
        yield Piece(cells=cells.set_axis(unique_header(columns), axis=1), refused=_NONE)


def refused_rows(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    """Return refused rows as a frame, in ``REFUSED_COLUMNS``."""
    texts = dict.fromkeys(REFUSED_COLUMNS, "str") | {"row": "int64"}
    return pd.DataFrame(rows, columns=REFUSED_COLUMNS).astype(texts)


_NONE = refused_rows([])  # of most files; to build it a thousand times takes seconds


def _holds(row: list[str]) -> bool:
    return any(row) and any(map(str.strip, row))


def _rows_above_header(filled: dict[int, list[str]]) -> list[int]:
    """Return the numbers of the first rows that hold a title or a date, no names of columns."""
    widths = Counter(len(row) for row in islice(filled.values(), SNIFFED_ROWS))
    usual = widths.most_common(1)[0][0]
    above: list[int] = []
    for n, row in islice(filled.items(), SNIFFED_ROWS // 2):
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
    names: dict[str, int] = {}
    for position, cell in enumerate(cells, 1):
        plain = " ".join(cell.split()) or f"column {position}"
        name, n = plain, names.get(plain, 1)
        while name in names:
            n += 1
            name = f"{plain} ({n})"
        names[plain] = n  # a long header of one name is counted on, not searched again
        names.setdefault(name, 1)
    return list(names)


def _fitted(row: list[str], width: int, *, ragged: bool) -> list[str] | None:
    """Return a row as wide as the header; empty cells beyond it come of a delimiter at the end."""
    if len(row) == width:
        return row
    if len(row) < width:
        return row + [""] * (width - len(row)) if ragged else None
    return None if any(cell.strip() for cell in row[width:]) else row[:width]


def _misfit(row: list[str], width: int) -> str:
    lines = sum(cell.strip().count("\n") for cell in row) + 1
    open_quote = f" (a quotation mark left open? {lines} lines stand in it)" if lines > 1 else ""
    return f"has {len(row)} cell{'s' * (len(row) > 1)}, the header {width}{open_quote}"

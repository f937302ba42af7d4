"""JSON, JSON lines and Parquet as rows of text: nested fields get dotted names, lists get rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from workbench.errors import DataError
from workbench.intake.delimited import INVISIBLE

RECORD = "(record)"  # the number of the record: anonymised exports name no account
_BATCH = 20_000
_MOST_COLUMNS = 5_000
_BLOCK = 2**20
_LONGEST_RECORD = 2**28
_MOST_PER_BYTE = 10_000
_BETWEEN = " \t\r\n,"


def json_frames(path: Path, name: str, encoding: str) -> Iterator[pd.DataFrame]:
    """Give JSON or JSON lines as text cells, a row a record or a row an item of its list.

    ``{"a": {"b": 1}}`` is the column ``a.b``. The list of objects that holds the most items gives
    a row each, as ``posts[].likes``; without one, lists of the same length in every record go side
    by side, as ``likes[]``. The first records settle which.

    Raises
    ------
    DataError
        If it is not JSON, or holds no objects.
    """
    shape: tuple[str | None, list[str]] | None = None
    records = rows_before = 0
    source = _records(path, name, encoding)
    while flat := [_flat(record) for record in islice(source, _BATCH)]:
        shape = shape or (_nested_list(flat), _parallel_lists(flat))
        rows = [
            row | {RECORD: f"record-{number}"}
            for number, record in enumerate(flat, records + 1)
            for row in _exploded(record, *shape)
        ]
        header = dict.fromkeys(key for row in rows for key in row if key != RECORD)
        check_width(name, len(header))
        index = range(rows_before + 1, rows_before + len(rows) + 1)
        frame = pd.DataFrame(rows, columns=[*header, RECORD], index=index)
        yield frame.fillna("").astype("str")
        records, rows_before = records + len(flat), rows_before + len(rows)
    if not records:
        raise DataError(f"{name} holds no list of objects: export it again.")


def check_width(name: str, columns: int) -> None:
    """Refuse a table that is wider than any export.

    Raises
    ------
    DataError
        If it has too many columns.
    """
    if columns > _MOST_COLUMNS:
        raise DataError(f"{name} has {columns:,} columns, at most {_MOST_COLUMNS:,} are read.")


def parquet_frames(path: Path, name: str) -> Iterator[pd.DataFrame]:
    """Give a Parquet file as text cells.

    Raises
    ------
    DataError
        If it can't be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 0
    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows > _MOST_PER_BYTE * path.stat().st_size:
                raise ValueError(f"it would expand to {file.metadata.num_rows:,} rows")
            check_width(name, len(file.schema_arrow.names))
            for batch in file.iter_batches(batch_size=_BATCH):
                texts = {k: [*map(cell_text, v)] for k, v in batch.to_pydict().items()}
                index = range(rows + 1, rows + batch.num_rows + 1)
                yield pd.DataFrame(texts, index=index, dtype="str")
                rows += batch.num_rows
    except (OSError, pa.ArrowException, ValueError, OverflowError) as fault:
        raise DataError(f"{name} is no readable Parquet file: {str(fault)[:120]}.") from fault


def cell_text(value: object) -> str:
    """Write a value as a cell: nothing for none, ISO for times, compact JSON for lists."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).removesuffix("T00:00:00")
    return whole_characters(str(value))


def whole_characters(text: str) -> str:
    """Return a text that can be written, without invisible marks; JSON may hold half of one."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8").translate(INVISIBLE)


def _records(path: Path, name: str, encoding: str) -> Iterator[dict[str, Any]]:
    """Give the records: of a list, of lines, of the one list that an envelope holds, or itself."""
    try:
        with path.open(encoding=encoding) as stream:
            found = _values(stream)
            first = next(found, None)
            second = next(found, None)
            if isinstance(first, dict) and second is None:
                yield from _enveloped(first)
                return
            for value in chain([first, second], found):
                if isinstance(value, dict):
                    yield value
    except (ValueError, RecursionError) as fault:
        raise DataError(f"{name} is no readable JSON: {str(fault)[:120]}.") from fault


def _values(stream: TextIO) -> Iterator[Any]:
    """Give the items of the one list, or the values that follow one another, as they are read."""
    decoder = json.JSONDecoder(parse_constant=lambda _: None)  # NaN and Infinity
    text, listed, more, size = "", None, True, _BLOCK
    while more:
        block = stream.read(size)
        more, text = len(block) == size, text + block
        at = _after(text, 0)
        if listed is None and at < len(text):
            listed = text[at] == "["
            at = _after(text, at + listed)
        while at < len(text) and not (listed and text[at] == "]"):
            try:
                value, end = decoder.raw_decode(text, at)
            except ValueError:
                if not more:
                    raise
                break  # the value goes on in the next block
            if more and end == len(text):
                break  # a number may go on
            yield value
            at = _after(text, end)
        if listed and text[at : at + 1] == "]":
            if (text[at + 1 :] + stream.read(1)).strip():
                raise ValueError("there is more after the list")
            return
        size, text = (_BLOCK if at else 2 * size), text[at:]
        if len(text) > _LONGEST_RECORD:
            raise ValueError("a record is longer than 256 MB: save a line for each, as JSON lines")
    if listed:
        raise ValueError("the list is cut off")


def _after(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BETWEEN:
        at += 1
    return at


def _enveloped(content: dict[str, Any]) -> list[dict[str, Any]]:
    lists = [value for value in content.values() if _objects(value)]
    bare = [v for v in content.values() if isinstance(v, int | float) and v is not True]
    return lists[0] if len(lists) == 1 and not bare else [content]


def _objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in record.items():
        name = prefix + whole_characters(key)
        flat |= _flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return flat


def _nested_list(records: list[dict[str, Any]]) -> str | None:
    sizes: Counter[str] = Counter()
    for record in records:
        sizes.update({key: len(value) for key, value in record.items() if _objects(value)})
    return sizes.most_common(1)[0][0] if sizes else None


def _parallel_lists(records: list[dict[str, Any]]) -> list[str]:
    """Return the lists that are as long as one another in every record, if two or more are."""
    lists = [key for key, value in records[0].items() if isinstance(value, list)]

    def lengths(key: str) -> tuple[int, ...]:
        cells = [record.get(key) for record in records]
        return tuple(len(cell) if isinstance(cell, list) else -1 for cell in cells)

    groups: dict[tuple[int, ...], list[str]] = {}
    for key in lists:
        groups.setdefault(lengths(key), []).append(key)
    together = [keys for size, keys in groups.items() if len(keys) > 1 and max(size) > 1]
    return max(together, key=len, default=[])


def _exploded(
    record: Mapping[str, Any], nested: str | None, parallel: list[str]
) -> Iterator[dict[str, str]]:
    spread = {nested} if nested else {*parallel}
    own = {key: cell_text(value) for key, value in record.items() if key not in spread}
    if nested:
        items = [_flat(item, f"{nested}[].") for item in record.get(nested) or [] if item]
    else:
        lists = [record.get(key) or [] for key in parallel]
        items = [dict(zip((f"{k}[]" for k in parallel), row, strict=True)) for row in zip(*lists)]  # noqa: B905
    for item in items or [{}]:
        yield own | {key: cell_text(value) for key, value in item.items()}

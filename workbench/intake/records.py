"""JSON, JSON lines and Parquet as rows of text: nested fields get dotted names, lists get rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.errors import DataError

RECORD = "(record)"  # the number of the record: anonymised exports name no account


def json_rows(text: str, name: str) -> pd.DataFrame:
    """Read JSON or JSON lines as text cells, a row a record or a row an item of its list.

    ``{"a": {"b": 1}}`` is the column ``a.b``. The list of objects that holds the most items gives
    a row each, as ``posts[].likes``; without one, lists of the same length in every record go side
    by side, as ``likes[]``.

    Raises
    ------
    DataError
        If it is not JSON, or holds no objects.
    """
    try:
        records = _records(_parsed(text))
    except (ValueError, RecursionError) as fault:
        raise DataError(f"{name} is no readable JSON: {str(fault)[:120]}.") from fault
    if not records:
        raise DataError(f"{name} holds no list of objects: export it again.")
    flat = [_flat(record) for record in records]
    nested, parallel = _nested_list(flat), _parallel_lists(flat)
    rows = []
    for number, record in enumerate(flat, 1):
        rows += [row | {RECORD: f"record-{number}"} for row in _exploded(record, nested, parallel)]
    header = dict.fromkeys(key for row in rows for key in row if key != RECORD)
    frame = pd.DataFrame(rows, columns=[*header, RECORD], index=range(1, len(rows) + 1))
    return frame.fillna("").astype("str")


def parquet_rows(path: Path, name: str) -> pd.DataFrame:
    """Read a Parquet file as text cells.

    Raises
    ------
    DataError
        If it can't be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        columns = pq.read_table(path).to_pydict()
    except (OSError, pa.ArrowException, ValueError) as fault:
        raise DataError(f"{name} is no readable Parquet file: {str(fault)[:120]}.") from fault
    texts = {key: [cell_text(value) for value in values] for key, values in columns.items()}
    frame = pd.DataFrame(texts, dtype="str")
    return frame.set_axis(pd.RangeIndex(1, len(frame) + 1))


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
    return str(value)


def _parsed(text: str) -> Any:
    def none(_: str) -> None:  # NaN and Infinity
        return None

    try:
        return json.loads(text, parse_constant=none)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        return [json.loads(line, parse_constant=none) for line in lines]


def _records(content: Any) -> list[dict[str, Any]]:
    """Return the records: the list itself, the one list that an envelope holds, or the object."""
    if isinstance(content, dict):
        lists = [value for value in content.values() if _objects(value)]
        bare = [v for v in content.values() if isinstance(v, int | float) and v is not True]
        content = lists[0] if len(lists) == 1 and not bare else [content]
    if not isinstance(content, list):
        return []
    return [record for record in content if isinstance(record, dict)]


def _objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in record.items():
        name = f"{prefix}{key}"
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

"""Frames in canonical form: column order, types, and the check against a table's contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from workbench.errors import DataError
from workbench.tables.schema import Column, Kind, Table

if TYPE_CHECKING:
    import pandera.pandas as pa

DTYPES: dict[Kind, str] = {
    "text": "str",
    "choice": "str",
    "count": "Int64",
    "number": "float64",
    "flag": "boolean",
    "time": "datetime64[us, UTC]",
    "date": "datetime64[us]",
}


def canonical_frame(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return the frame with the table's columns, in its order and its types.

    Missing columns are added without values, others are left out. Values are cast, never guessed:
    a text that is no number is an error here, since parsing is the import's work.

    Raises
    ------
    DataError
        If a column can't be cast; every such column is named.
    """
    columns: dict[str, pd.Series] = {}
    faults = []
    for column in table.columns:
        dtype: Any = DTYPES[column.kind]
        if column.name not in frame:
            columns[column.name] = pd.Series(index=frame.index, dtype=dtype)
            continue
        try:
            columns[column.name] = frame[column.name].astype(dtype)
        except (TypeError, ValueError) as fault:
            faults.append(f"{column.name}: expected {column.kind}, found {fault}")
    if faults:
        raise DataError(f"The rows do not fit the table `{table.name}`.", faults)
    return pd.DataFrame(columns, index=frame.index).reset_index(drop=True)


def empty_frame(table: Table) -> pd.DataFrame:
    """Return the table without rows, in canonical form."""
    return canonical_frame(pd.DataFrame(index=pd.RangeIndex(0)), table)


def arrow_schema(table: Table):  # type: ignore[no-untyped-def]
    """Return the Arrow types in which a table is stored."""
    import pyarrow as pa

    types: dict[Kind, object] = {
        "text": pa.string(),
        "choice": pa.string(),
        "count": pa.int64(),
        "number": pa.float64(),
        "flag": pa.bool_(),
        "time": pa.timestamp("us", "UTC"),
        "date": pa.date32(),
    }
    assert set(types) == set(DTYPES)
    return pa.schema([(column.name, types[column.kind]) for column in table.columns])


def _pandera_column(column: Column) -> pa.Column:
    import pandera.pandas as pa

    checks = []
    if column.choices:
        checks.append(pa.Check.isin(column.choices, error=f"one of {', '.join(column.choices)}"))
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum, error=f"at least {column.minimum:g}"))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum, error=f"at most {column.maximum:g}"))
    return pa.Column(nullable=not column.required, checks=checks)


def table_schema(table: Table) -> pa.DataFrameSchema:
    """Return the pandera schema of a table: nullability, ranges, choices and the key."""
    import pandera.pandas as pa

    columns = {column.name: _pandera_column(column) for column in table.columns}
    return pa.DataFrameSchema(columns, strict=True, unique=list(table.key), name=table.name)


def check_frame(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Check a canonical frame against its contract and return it.

    Raises
    ------
    DataError
        With every fault: the column, what was expected, how many rows, three of them.
    """
    import pandera.errors

    if frame.empty:
        return frame
    try:
        table_schema(table).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as fault:
        raise DataError(
            f"The rows do not fit the table `{table.name}`.", _faults(fault.failure_cases)
        ) from fault
    return frame


def _faults(cases: pd.DataFrame) -> list[str]:
    faults = []
    for (column, check), group in cases.groupby(["column", "check"], dropna=False, sort=True):
        rows = group["index"].dropna().astype(int).tolist()[:3]
        found = ", ".join(f"{value!r}" for value in group["failure_case"].head(3))
        expected = {"not_nullable": "a value in every row"}.get(str(check), str(check))
        faults.append(f"{column}: expected {expected}, found {found} ({len(group)} rows: {rows})")
    return faults

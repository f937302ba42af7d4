"""The Parquet file of a table's bucket, named by its content."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from workbench.errors import DataError
from workbench.store.catalog import Part, replace_file
from workbench.store.frames import arrow_schema, canonical_frame
from workbench.tables.schema import TABLES, Table

if TYPE_CHECKING:
    from workbench.store.tables import Store


def write_part(root: Path, table: Table, bucket: str, rows: pd.DataFrame) -> Part:
    """Write rows under a name made of their content, so that no existing part is touched."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    frame = ordered(rows, table)
    arrow = pa.Table.from_pandas(frame, schema=arrow_schema(table), preserve_index=False)
    buffer = io.BytesIO()
    pq.write_table(arrow.replace_schema_metadata(None), buffer, compression="zstd")
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    path = Path(table.name) / f"bucket={bucket}" / f"{digest[:16]}.parquet"
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    if not (root / path).exists():
        replace_file(root / path, content)
    return Part(path=path.as_posix(), rows=len(frame), sha256=digest)


def read_part(
    store: Store, table: str, bucket: str, columns: Collection[str] | None = None
) -> pd.DataFrame:
    """Read a bucket's rows of a table in canonical types, as the store was when it was opened."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    part = store.catalog.tables[table][bucket]
    try:
        arrow = pq.ParquetFile(store.root / part.path).read(columns and list(columns))
    except (OSError, pa.ArrowInvalid) as fault:
        raise DataError(
            f"A file of the store can't be read: {store.root / part.path}",
            [str(fault), "import the exports again into a new folder"],
        ) from fault
    return canonical_frame(arrow.to_pandas(), TABLES[table])


def ordered(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return rows in the table's order."""
    by = [*table.order, *(name for name in table.key if name not in table.order)]
    return frame.sort_values(by, kind="stable", ignore_index=True)

"""The floor: every column that the features stand on, counted and added up, nothing more."""

from __future__ import annotations

import sys
from glob import glob

import duckdb

from benchmarks.creator_features import COUNT_COLUMNS, POST_COLUMNS


def main() -> None:
    """Read ``STORE``."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        for table, columns in (("posts", POST_COLUMNS), ("snapshots", COUNT_COLUMNS)):
            connection.read_parquet(sorted(glob(f"{sys.argv[1]}/{table}/*/*.parquet"))).create_view(
                table
            )
            numbers = [c for c in columns if c not in ("creator_key", "posted_at", "observed_on")]
            sums = [f"sum(CAST({name} AS HUGEINT))" for name in numbers]
            ends = [f"min({name}), max({name}), count({name})" for name in columns]
            connection.sql(f"SELECT {', '.join((*sums, *ends))} FROM {table}").to_arrow_table()


if __name__ == "__main__":
    main()

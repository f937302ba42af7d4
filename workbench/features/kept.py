"""Features that were computed before: kept by bucket, good as long as its data are the same."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

import workbench
from workbench.features.buckets import QUERY, READ
from workbench.features.settings import FeatureSettings
from workbench.store import Store
from workbench.store.catalog import Part, buckets_of, replace_file, sweep_drafts

# Rows that a task may hold at once: about 1 GB.
_TASK_ROWS = 6_000_000


def bounded_groups(store: Store, buckets: Sequence[str]) -> list[tuple[str, ...]]:
    """Put buckets together as long as memory bears their rows: a query has a price of its own."""
    groups: list[list[str]] = []
    size = 0
    for bucket in buckets:
        rows = sum(part.rows for part in _parts(store, bucket).values())
        if not groups or size + rows > _TASK_ROWS:
            groups.append([])
            size = 0
        groups[-1].append(bucket)
        size += rows
    return [tuple(group) for group in groups]


class KeptFeatures:
    """The kept features of a store; without a folder nothing is kept."""

    def __init__(self, folder: Path | None, store: Store, settings: FeatureSettings) -> None:
        self.folder, self.store = folder, store
        versions = [workbench.__version__, duckdb.__version__]
        made_from = [asdict(settings), QUERY, store.catalog.buckets, versions]
        self._recipe = json.dumps(made_from, sort_keys=True)

    @cached_property
    def unchanged(self) -> dict[str, pa.Table]:
        """What is kept and still holds, by bucket."""
        found = {bucket: self._read(bucket) for bucket in self.store.buckets()}
        return {bucket: table for bucket, table in found.items() if table is not None}

    @property
    def changed(self) -> list[str]:
        """The buckets to compute."""
        return [bucket for bucket in self.store.buckets() if bucket not in self.unchanged]

    def keep(self, computed: Sequence[tuple[Sequence[str], pa.Table]]) -> None:
        """Keep the features of some buckets, and remove what is out of date.

        The store is held meanwhile, and what an import or an erasure has changed since it was
        opened is not kept: nobody who was forgotten comes back.
        """
        if self.folder is None or not computed:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.store.draft() as draft:
            sweep_drafts(self.folder)
            now = {self._name(draft.store, bucket) for bucket in draft.store.buckets()}
            for path in self.folder.glob("*.parquet"):
                if path.stem.rpartition("-")[0] not in now:
                    path.unlink()
            for name, table in self._by_name(computed):
                for path in self.folder.glob(f"{name}-*.parquet"):  # it was damaged
                    path.unlink()
                if name in now:
                    content = _to_parquet(table)
                    replace_file(self.folder / f"{name}-{_digest(content)}.parquet", content)

    def _by_name(
        self, computed: Sequence[tuple[Sequence[str], pa.Table]]
    ) -> Iterator[tuple[str, pa.Table]]:
        for buckets, table in computed:
            home = buckets_of(table["creator_key"].to_pandas(), self.store.catalog.buckets)
            for bucket in buckets:
                name = self._name(self.store, bucket)
                yield name, table.filter(pa.array(home.eq(bucket)))

    def _name(self, store: Store, bucket: str) -> str:
        """Return what the name of a bucket's file begins with; the hash of its content ends it.

        Parquet alone does not tell whether a file is whole.
        """
        parts = {name: part.sha256 for name, part in _parts(store, bucket).items()}
        state = _digest(json.dumps([self._recipe, parts], sort_keys=True).encode())
        return f"{bucket}-{state}"

    def _read(self, bucket: str) -> pa.Table | None:
        """Read what is kept of a bucket; a file that is damaged, or gone meanwhile, is none."""
        name = self._name(self.store, bucket)
        for path in self.folder.glob(f"{name}-*.parquet") if self.folder else ():
            with suppress(OSError):
                content = path.read_bytes()
                if path.stem == f"{name}-{_digest(content)}":
                    return pq.read_table(io.BytesIO(content))
        return None


def _to_parquet(table: pa.Table) -> bytes:
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _parts(store: Store, bucket: str) -> dict[str, Part]:
    held = store.catalog.tables
    return {name: held[name][bucket] for name in READ if bucket in held.get(name, {})}

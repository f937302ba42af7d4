"""Features that were computed before: kept by bucket, good as long as its data are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import pandas as pd

from workbench.features.buckets import FAMILIES, READ, SHARED_SQL
from workbench.features.settings import FeatureSettings
from workbench.store import Store
from workbench.store.catalog import Part, buckets_of, replace_file

# Rows that a task may hold at once: about 1 GB.
_TASK_ROWS = 3_000_000
_TABLES = ("table", "missing")


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
        queries = [[family.query, family.reasons] for family in FAMILIES]
        made_from = [asdict(settings), queries, SHARED_SQL, store.catalog.buckets]
        self._recipe = json.dumps(made_from, sort_keys=True)

    @cached_property
    def changed(self) -> list[str]:
        """The buckets to compute."""
        return [
            bucket
            for bucket in self.store.buckets()
            if self.folder is None or not all(path.is_file() for path in self._paths(bucket))
        ]

    def unchanged(self) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
        """Return what is kept of the other buckets."""
        left = [bucket for bucket in self.store.buckets() if bucket not in self.changed]
        frames = [[pd.read_parquet(path) for path in self._paths(bucket)] for bucket in left]
        return [(table, missing) for table, missing in frames]

    def keep(self, buckets: Sequence[str], table: pd.DataFrame, missing: pd.DataFrame) -> None:
        """Keep the features of some buckets, and remove what they were before."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        n = self.store.catalog.buckets
        homes = [buckets_of(frame["creator_key"], n) for frame in (table, missing)]
        for bucket in buckets:
            before = {*self.folder.glob(f"{bucket}-*.parquet")}
            paths = self._paths(bucket)
            for path, frame, home in zip(paths, (table, missing), homes, strict=True):
                replace_file(path, frame[home.eq(bucket)].to_parquet(index=False))
            for path in before - {*paths}:
                path.unlink()

    def _paths(self, bucket: str) -> list[Path]:
        parts = {name: part.sha256 for name, part in _parts(self.store, bucket).items()}
        content = json.dumps([self._recipe, parts], sort_keys=True)
        state = hashlib.sha256(content.encode()).hexdigest()[:16]
        folder = self.folder or Path()
        return [folder / f"{bucket}-{state}-{name}.parquet" for name in _TABLES]


def _parts(store: Store, bucket: str) -> dict[str, Part]:
    held = store.catalog.tables
    return {name: held[name][bucket] for name in READ if bucket in held.get(name, {})}

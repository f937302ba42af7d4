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
import pandas as pd

import workbench
from workbench.features.buckets import FAMILIES, READ, SHARED_SQL
from workbench.features.settings import FeatureSettings
from workbench.store import Store
from workbench.store.catalog import Part, buckets_of, replace_file, sweep_drafts

# Rows that a task may hold at once: about 1 GB.
_TASK_ROWS = 3_000_000
_TABLES = ("table", "missing")
Frames = tuple[pd.DataFrame, pd.DataFrame]


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
        versions = [workbench.__version__, duckdb.__version__]
        made_from = [asdict(settings), queries, SHARED_SQL, store.catalog.buckets, versions]
        self._recipe = json.dumps(made_from, sort_keys=True)

    @cached_property
    def unchanged(self) -> dict[str, Frames]:
        """What is kept and still holds, by bucket."""
        found = {bucket: self._read(bucket) for bucket in self.store.buckets()}
        return {bucket: frames for bucket, frames in found.items() if frames}

    @property
    def changed(self) -> list[str]:
        """The buckets to compute."""
        return [bucket for bucket in self.store.buckets() if bucket not in self.unchanged]

    def keep(self, computed: Sequence[tuple[Sequence[str], Frames]]) -> None:
        """Keep the features of some buckets, and remove what is out of date.

        The store is held meanwhile, and what an import or an erasure has changed since it was
        opened is not kept: nobody who was forgotten comes back.
        """
        if self.folder is None or not computed:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.store.draft() as draft:
            sweep_drafts(self.folder)
            now = {name for b in draft.store.buckets() for name in self._names(draft.store, b)}
            for path in self.folder.glob("*.parquet"):
                if path.stem.rpartition("-")[0] not in now:
                    path.unlink()
            for name, frame in self._by_name(computed):
                for path in self.folder.glob(f"{name}-*.parquet"):  # it was damaged
                    path.unlink()
                if name in now:
                    content = frame.to_parquet(index=False)
                    replace_file(self.folder / f"{name}-{_digest(content)}.parquet", content)

    def _by_name(
        self, computed: Sequence[tuple[Sequence[str], Frames]]
    ) -> Iterator[tuple[str, pd.DataFrame]]:
        for buckets, frames in computed:
            n = self.store.catalog.buckets
            homes = [buckets_of(frame["creator_key"], n) for frame in frames]
            for bucket in buckets:
                names = self._names(self.store, bucket)
                for name, frame, home in zip(names, frames, homes, strict=True):
                    yield name, frame[home.eq(bucket)]

    def _names(self, store: Store, bucket: str) -> list[str]:
        """Return what the names of a bucket's files begin with; the hash of the content ends them.

        Parquet alone does not tell whether a file is whole.
        """
        parts = {name: part.sha256 for name, part in _parts(store, bucket).items()}
        state = _digest(json.dumps([self._recipe, parts], sort_keys=True).encode())
        return [f"{bucket}-{state}-{name}" for name in _TABLES]

    def _read(self, bucket: str) -> Frames | None:
        """Read what is kept of a bucket; a file that is damaged, or gone meanwhile, is none."""
        frames = {}
        names = self._names(self.store, bucket)
        for name in names:
            for path in self.folder.glob(f"{name}-*.parquet") if self.folder else ():
                with suppress(OSError):
                    content = path.read_bytes()
                    if path.stem == f"{name}-{_digest(content)}":
                        frames[name] = pd.read_parquet(io.BytesIO(content))
        table, missing = map(frames.get, names)
        return None if table is None or missing is None else (table, missing)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _parts(store: Store, bucket: str) -> dict[str, Part]:
    held = store.catalog.tables
    return {name: held[name][bucket] for name in READ if bucket in held.get(name, {})}

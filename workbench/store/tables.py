"""The store: read a table, or add and replace rows by key in one atomic step."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.store.catalog import (
    CATALOG,
    Catalog,
    ImportRecord,
    Part,
    buckets_of,
    read_catalog,
    sweep_drafts,
    write_catalog,
)
from workbench.store.frames import canonical_frame, check_frame, empty_frame
from workbench.store.parts import ordered, read_part, write_part
from workbench.tables.schema import TABLES

# Calls a function on every task and returns the results in their order.
Each = Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]
NAMING = {"creator_key", "other_key", "alias_key"}  # columns that name a creator


@dataclass(frozen=True, kw_only=True)
class WriteCount:
    """How many rows of a table a write added, replaced by other values, and found unchanged."""

    added: int
    replaced: int
    unchanged: int


@dataclass(frozen=True, kw_only=True)
class Store:
    """A folder of canonical tables. Made by :func:`open_store`.

    Attributes
    ----------
    root : Path
    catalog : Catalog
        As it was when the store was opened; :meth:`read` keeps to it, whatever is written later.
    """

    root: Path
    catalog: Catalog

    def fingerprint(self) -> str:
        """Return the hash of all rows."""
        return self.catalog.fingerprint()

    @property
    def as_of(self) -> str:
        """The day of the newest import, an ISO date; empty in a store without imports."""
        return self.catalog.as_of

    @property
    def samplings(self) -> tuple[str, ...]:
        """The sampling notes of all imports, each once."""
        return tuple(sorted({record.sampling for record in self.catalog.imports}))

    def buckets(self) -> list[str]:
        """Return the buckets that hold rows of any table."""
        return sorted({bucket for parts in self.catalog.tables.values() for bucket in parts})

    def part_path(self, table: str, bucket: str) -> Path | None:
        """Return the Parquet file of a table's bucket, None where it has no rows."""
        part = self.catalog.tables.get(table, {}).get(bucket)
        return self.root / part.path if part else None

    def rows(self) -> int:
        """Return how many rows all tables hold together."""
        tables = self.catalog.tables.values()
        return sum(part.rows for parts in tables for part in parts.values())

    def read(
        self,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        buckets: Collection[str] | None = None,
    ) -> pd.DataFrame:
        """Read a table, whole or in part.

        Parameters
        ----------
        table : str
            A name of ``workbench.tables.schema.TABLES``.
        columns : sequence of str, optional
            Only these.
        buckets : collection of str, optional
            Only the rows of these.

        Returns
        -------
        DataFrame
            Canonical types, in the table's order; without rows where nothing was imported.
        """
        contract = TABLES[table]
        wanted = None if columns is None else {*columns, *contract.order, *contract.key}
        held = self.catalog.tables.get(table, {})
        asked = [bucket for bucket in held if buckets is None or bucket in buckets]
        parts = [read_part(self, table, bucket, wanted) for bucket in asked]
        frame = ordered(pd.concat(parts), contract) if parts else empty_frame(contract)
        return frame if columns is None else frame[list(columns)]

    def write(
        self, tables: Mapping[str, pd.DataFrame], record: ImportRecord
    ) -> dict[str, WriteCount]:
        """Add rows, and replace those of equal key, in one atomic step.

        Parameters
        ----------
        tables : mapping
            Frames by table name; checked against the contracts first.
        record : ImportRecord
            Where the rows come from; an import of the same id is listed once.

        Returns
        -------
        dict
            What became of the rows, by table.

        Raises
        ------
        DataError
            If a frame does not fit its table; nothing is written then.
        """
        with self.draft() as draft:
            draft.put(tables)
            return draft.commit(record)

    @contextmanager
    def draft(self, each: Each | None = None) -> Iterator[Draft]:
        """Hold the store for a write in steps, of which others see nothing before its commit.

        ``each`` is who merges and writes the buckets of a step: this process if not given.
        """
        with _locked(self.root):
            yield Draft(Store(root=self.root, catalog=read_catalog(self.root)), each or _one_by_one)


class Draft:
    """A write in steps: rows are put bucket by bucket, then all are committed at once.

    Parameters
    ----------
    before : Store
        As the store is; it stays so until the commit.
    each : callable
        Calls a function on each bucket's task.
    """

    def __init__(self, before: Store, each: Each) -> None:
        self.before = self.store = before
        self.each = each
        self._counts: dict[str, tuple[int, int, int]] = {}

    def split(self, times: int) -> None:
        """Make so many buckets of each, since a bucket must fit into memory."""
        held, n = self.store.catalog.tables, self.store.catalog.buckets * times
        tables: dict[str, dict[str, Part]] = {name: {} for name in held}
        for name in held:
            for bucket in held[name]:
                rows = read_part(self.store, name, bucket)
                for new, part in rows.groupby(buckets_of(rows["creator_key"], n), sort=True):
                    tables[name][str(new)] = write_part(
                        self.store.root, TABLES[name], str(new), part
                    )
        catalog = self.store.catalog.model_copy(update={"tables": tables, "buckets": n})
        self.store = replace(self.store, catalog=catalog)

    def put(self, tables: Mapping[str, pd.DataFrame]) -> None:
        """Add rows, and replace those of equal key.

        Raises
        ------
        DataError
            If a frame does not fit its table.
        """
        frames = {
            name: check_frame(canonical_frame(f, TABLES[name]), TABLES[name])
            for name, f in tables.items()
        }
        catalog, counts = _merged(self.store, frames, self.each)
        self.store = replace(self.store, catalog=catalog)
        for name, found in counts.items():
            sums = zip(self._counts.get(name, (0, 0, 0)), found, strict=True)
            added, replaced, unchanged = (a + b for a, b in sums)
            self._counts[name] = (added, replaced, unchanged)

    def remove(self, named: Collection[str]) -> dict[str, int]:
        """Take out the rows that name any of these creators; return how many, by table."""
        tables = {name: dict(parts) for name, parts in self.store.catalog.tables.items()}
        removed: dict[str, int] = {}
        for name, parts in tables.items():
            keys = NAMING & {*TABLES[name].names}
            for bucket in [*parts]:
                hit = read_part(self.store, name, bucket, keys)[[*keys]].isin(named).any(axis=1)
                if hit.any():
                    rows = read_part(self.store, name, bucket)[~hit]
                    del parts[bucket]
                    if len(rows):
                        parts[bucket] = write_part(self.store.root, TABLES[name], bucket, rows)
                    removed[name] = removed.get(name, 0) + int(hit.sum())
        catalog = self.store.catalog.model_copy(update={"tables": tables})
        self.store = replace(self.store, catalog=catalog)
        return removed

    def commit_erasure(self, imports: tuple[ImportRecord, ...]) -> None:
        """Make what is left the store's content, and keep no part of the write before."""
        catalog = self.store.catalog.model_copy(update={"imports": imports})
        write_catalog(self.store.root, catalog)
        _sweep(self.store.root, (catalog,))

    def commit(self, record: ImportRecord) -> dict[str, WriteCount]:
        """Make what was put the store's content, and say what became of the rows, by table."""
        catalog = self.store.catalog
        imports = tuple(r for r in catalog.imports if r.id != record.id)
        catalog = catalog.model_copy(update={"imports": (*imports, record)})
        write_catalog(self.store.root, catalog)
        _sweep(self.store.root, (self.before.catalog, catalog))
        return {
            name: WriteCount(added=added, replaced=replaced, unchanged=unchanged)
            for name, (added, replaced, unchanged) in self._counts.items()
        }


def open_store(path: Path, *, create: bool = False) -> Store:
    """Open a store, given its folder or the client's folder that holds it as ``store``.

    Raises
    ------
    DataError
        If there is none (and ``create`` is false), or it has another schema version.
    """
    path = Path(path)
    if not create and (path / "store" / CATALOG).is_file():
        path = path / "store"
    if create and not (path / CATALOG).exists():
        path.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            if not (path / CATALOG).exists():
                write_catalog(path, Catalog())
    return Store(root=path, catalog=read_catalog(path))


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    # The kernel gives the lock back when the process ends, however it ends.
    with (root / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _one_by_one(function: Callable[[Any], Any], tasks: Sequence[Any]) -> list[Any]:
    return [function(task) for task in tasks]


def _merged(
    store: Store, frames: Mapping[str, pd.DataFrame], each: Each
) -> tuple[Catalog, dict[str, tuple[int, int, int]]]:
    tables = {name: dict(parts) for name, parts in store.catalog.tables.items()}
    tasks = []
    for name, frame in frames.items():
        home = buckets_of(frame["creator_key"], store.catalog.buckets)
        tasks += [(name, str(bucket), rows) for bucket, rows in frame.groupby(home, sort=True)]
    counted: dict[str, list[tuple[int, int, int]]] = {name: [(0, 0, 0)] for name in frames}
    found = each(partial(_merge_part, store), tasks)
    for (name, bucket, _), (part, change) in zip(tasks, found, strict=True):
        tables.setdefault(name, {})[bucket] = part
        counted[name].append(change)
    counts = {}
    for name, changes in counted.items():
        added, replaced, unchanged = (sum(column) for column in zip(*changes, strict=True))
        counts[name] = (added, replaced, unchanged)
    return store.catalog.model_copy(update={"tables": tables}), counts


def _merge_part(
    store: Store, task: tuple[str, str, pd.DataFrame]
) -> tuple[Part, tuple[int, int, int]]:
    name, bucket, rows = task
    table = TABLES[name]
    key = list(table.key)
    held = store.catalog.tables.get(table.name, {}).get(bucket)
    if held is None:
        return write_part(store.root, table, bucket, rows), (len(rows), 0, 0)
    before = read_part(store, table.name, bucket)
    known, given = (pd.MultiIndex.from_frame(frame[key]) for frame in (before, rows))
    replaced = given.isin(known)
    kept = before[~known.isin(given)]
    unchanged = int(pd.concat([before, rows[replaced]]).duplicated().sum())
    part = write_part(store.root, table, bucket, pd.concat([kept, rows]))
    added = int((~replaced).sum())
    return part, (added, int(replaced.sum()) - unchanged, unchanged)


def _sweep(root: Path, catalogs: Sequence[Catalog]) -> None:
    """Remove parts that no catalog names: those of a killed write and those replaced before.

    The parts of the catalog before stay, so that a reader which opened it can finish.
    """
    kept = {
        root / part.path for c in catalogs for parts in c.tables.values() for part in parts.values()
    }
    for path in root.glob("*/bucket=*/*.parquet"):
        if path not in kept:
            path.unlink()
    sweep_drafts(root)

"""Typed rows on disk between the files and the store, so that memory holds a part of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

SPOOLED = ".import-"


class Spool:
    """Rows as they were taken, then again by group; each in the order in which it was added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = 0
        self._written = 0
        self._types: dict[str, pd.Series] = {}

    def add(self, rows: pd.DataFrame) -> None:
        """Add rows as they were taken."""
        self._write(rows, "taken")
        self.rows += len(rows)

    def taken(self) -> Iterator[pd.DataFrame]:
        """Give the rows as they were taken; each part is gone from the disk then."""
        for path in self._parts("taken"):
            yield self._read(path)
            path.unlink()

    def group(self, rows: pd.DataFrame, groups: pd.Series) -> None:
        """Add rows to their groups."""
        for group, part in rows.groupby(groups, sort=True):
            self._write(part, f"group-{group}")

    def grouped(self, group: int) -> pd.DataFrame | None:
        """Return a group's rows, None where it has none."""
        parts = [self._read(path) for path in self._parts(f"group-{group}")]
        return pd.concat(parts, ignore_index=True) if parts else None

    def _write(self, rows: pd.DataFrame, place: str) -> None:
        self._written += 1
        folder = self.folder / place
        folder.mkdir(exist_ok=True)
        # Most columns of a row are those of other kinds of rows.
        self._types[place.split("-")[0]] = rows.dtypes
        told = rows.dropna(axis="columns", how="all")
        told.to_parquet(folder / f"{self._written:07d}.parquet", compression="zstd", index=False)

    def _read(self, path: Path) -> pd.DataFrame:
        told = pd.read_parquet(path)
        types: Any = self._types[path.parent.name.split("-")[0]]
        return told.reindex(columns=types.index).astype(types)

    def _parts(self, place: str) -> list[Path]:
        return sorted((self.folder / place).glob("*.parquet"))


@contextmanager
def spool_in(folder: Path) -> Iterator[Spool]:
    """Give a spool below a folder that nobody else works in; it is gone afterwards.

    What an import that was killed has left there goes first.
    """
    for left in folder.glob(f"{SPOOLED}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=SPOOLED, dir=folder) as place:
        yield Spool(Path(place))

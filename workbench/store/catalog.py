"""``store.json``: what the store holds. Replacing this one file is what commits a write."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbench.errors import DataError
from workbench.tables.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    import pandas as pd

CATALOG = "store.json"
DEFAULT_BUCKETS = 16


class FileRecord(BaseModel):
    """A file that was imported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str
    rows: int


class ImportRecord(BaseModel):
    """An import: the files, the day that their counts stand for, and how they were sampled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    files: tuple[FileRecord, ...]
    as_of: str
    sampling: str
    profiles: tuple[str, ...] = ()


class Part(BaseModel):
    """The Parquet file of one bucket of one table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    rows: int
    sha256: str


class Catalog(BaseModel):
    """The content of ``store.json``.

    Attributes
    ----------
    schema_version : int
    buckets : int
        A row's bucket is the md5 of its creator key modulo this.
    tables : dict
        Table name, then bucket (two digits), to the part that holds its rows.
    imports : tuple of ImportRecord
        In the order in which they were committed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    buckets: int = Field(default=DEFAULT_BUCKETS, ge=1)
    tables: dict[str, dict[str, Part]] = Field(default_factory=dict)
    imports: tuple[ImportRecord, ...] = ()

    @property
    def as_of(self) -> str:
        """The day of the newest import, an ISO date; empty without imports."""
        return max((record.as_of for record in self.imports), default="")

    def fingerprint(self) -> str:
        """Return a hash of all rows: equal for stores of equal content, whatever their history."""
        parts = sorted(
            (table, bucket, part.sha256)
            for table, buckets in self.tables.items()
            for bucket, part in buckets.items()
        )
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def buckets_of(creator_keys: pd.Series, buckets: int) -> pd.Series:
    """Return the bucket of each creator: md5 of its key modulo the number of buckets."""

    def bucket(key: str) -> str:
        digest = hashlib.md5(key.encode(), usedforsecurity=False).digest()
        return f"{int.from_bytes(digest, 'big') % buckets:02d}"

    return creator_keys.map({key: bucket(key) for key in creator_keys.unique()})


def read_catalog(root: Path) -> Catalog:
    """Read ``store.json``.

    Raises
    ------
    DataError
        If it is missing, damaged, or of another schema version.
    """
    path = root / CATALOG
    if not path.is_file():
        raise DataError(
            f"There is no store at {root}.",
            ["import exports first: workbench import FILES... --out CLIENT_FOLDER"],
        )
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        _check_version(content.get("schema_version"), root)
        return Catalog.model_validate(content)
    except (ValueError, AttributeError, ValidationError) as fault:
        raise DataError(
            f"{path} can't be read.", [str(fault), "import the exports again into a new folder"]
        ) from fault


def _check_version(version: object, root: Path) -> None:
    if version == SCHEMA_VERSION:
        return
    raise DataError(
        f"The store at {root} has schema version {version}, this package reads {SCHEMA_VERSION}.",
        ["import the exports again into a new folder: workbench import FILES... --out NEW_FOLDER"],
    )


def write_catalog(root: Path, catalog: Catalog) -> None:
    """Replace ``store.json`` in one step."""
    replace_file(root / CATALOG, catalog.model_dump_json(indent=1).encode() + b"\n")


def replace_file(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file beside its place and move it there, so that no reader sees half of it.

    A private file is readable by its owner alone from the moment on that it exists.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    mode = 0o600 if private else 0o666
    with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(draft, path)


def sweep_drafts(folder: Path) -> None:
    """Remove what a killed :func:`replace_file` has left below a folder that nobody else writes."""
    for path in folder.rglob(".*.[0-9]*"):
        if path.is_file() and path.suffix[1:].isdigit():
            path.unlink()

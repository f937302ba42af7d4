"""Canonical Parquet in buckets: checked on the way in, replaced atomically, fingerprinted."""

from workbench.store.catalog import FileRecord, ImportRecord
from workbench.store.frames import canonical_frame, check_frame, empty_frame
from workbench.store.tables import Draft, Store, WriteCount, open_store

__all__ = [
    "Draft",
    "FileRecord",
    "ImportRecord",
    "Store",
    "WriteCount",
    "canonical_frame",
    "check_frame",
    "empty_frame",
    "open_store",
]

"""Canonical Parquet in buckets: checked on the way in, replaced atomically, fingerprinted."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from workbench.store.catalog import FileRecord, ImportRecord

if TYPE_CHECKING:
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
_FRAMES = ("canonical_frame", "check_frame", "empty_frame")


def __getattr__(name: str) -> object:
    # Whoever only asks what a store holds need not wait for pandas.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{'frames' if name in _FRAMES else 'tables'}"), name)

"""The key of a run: all that its report depends on, in one hash, read without opening a table."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import subprocess
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import workbench
from workbench.reporting.manifest import file_sha256

if TYPE_CHECKING:
    from workbench.store.catalog import Catalog

# What people keep in a client's folder that a notebook may read, beside the store.
_KEPT = ("*.yaml", "*.yml", "*.csv", "*.json", "*.xlsx", "register/*")


def digest(*parts: object) -> str:
    """Return one hash of values that JSON can hold."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def data_state(folder: Path, catalog: Catalog) -> dict[str, Any]:
    """Return what identifies a client's data: rows, imports, and the files beside the store."""
    beside = sorted({path for shape in _KEPT for path in folder.glob(shape) if path.is_file()})
    return {
        "data_fingerprint": catalog.fingerprint(),
        "imports": [record.id for record in catalog.imports],
        "imports_sha256": digest([record.model_dump(mode="json") for record in catalog.imports]),
        "files_beside": {
            path.relative_to(folder).as_posix(): file_sha256(path)
            for path in beside
            if path.name != "store.json" and path.name[0] != "."
        },
    }


def data_files(catalog: Catalog) -> dict[str, dict[str, object]]:
    """Return rows and a hash of each table's files."""
    return {
        name: {
            "rows": sum(part.rows for part in parts.values()),
            "sha256": digest(sorted((bucket, part.sha256) for bucket, part in parts.items())),
        }
        for name, parts in sorted(catalog.tables.items())
        if parts
    }


def notebook_sha256(notebook: Path) -> str:
    """Return a hash of a notebook's cells: outputs and the editor's notes are no source."""
    return _source_hash(*stamp(notebook))


def stamp(path: Path) -> tuple[Path, int, int]:
    """Return what tells whether a file has changed: a hundred runs often share one."""
    state = path.stat()
    return path, state.st_size, state.st_mtime_ns


@lru_cache(maxsize=64)
def _source_hash(notebook: Path, _size: int, _changed: int) -> str:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    named = ("id", "cell_type", "source")
    return digest(
        [
            [*(cell.get(name) for name in named), cell.get("metadata", {}).get("tags", [])]
            for cell in cells
        ]
    )


def reference_hash(path: Path) -> str:
    """Return the hash of a file, or of all files below a folder."""
    if path.is_file():
        return _known_hash(*stamp(path))
    return _tree(p for p in path.rglob("*") if p.is_file() and p.name[0] != ".")


@lru_cache(maxsize=64)
def _known_hash(path: Path, _size: int, _changed: int) -> str:
    return file_sha256(path)


@cache
def package_sha256() -> str:
    """Return the hash of this package's source, templates and tables."""
    package = Path(workbench.__file__).parent
    return _tree(p for p in package.rglob("*") if p.is_file() and p.suffix != ".pyc")


@cache
def package_versions() -> dict[str, str]:
    """Return the versions of Python, and of what the package needs to run."""
    try:
        needed = requires("creator-workbench") or []
    except PackageNotFoundError:  # the source alone, on a path
        needed = []
    named = (re.match(r"[\w.-]+", line) for line in needed if "extra ==" not in line)
    names = sorted({match[0] for match in named if match})
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


@cache
def lock_sha256() -> str | None:
    """Return the hash of the lock that the environment is installed from, where it is at hand."""
    lock = Path(workbench.__file__).parent.parent / "requirements.lock"
    return file_sha256(lock) if lock.is_file() else None


@cache
def git_state(folder: Path) -> dict[str, object] | None:
    """Return the commit of a folder, and whether files differ from it; None without git."""
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        return {"commit": commit, "dirty": bool(_git(folder, "status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    call = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(call, capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.strip()


def _tree(paths: Iterable[Path]) -> str:
    return digest([[path.parent.name, path.name, file_sha256(path)] for path in sorted(paths)])

"""``manifest.json``: what a run was made from, what came of it, and whether its files still do."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

WITHDRAWN = "data_withdrawn"  # set where a creator in the data was forgotten
SUMMARY, HISTORY = "summary.json", "history.html"  # of a folder of reports
OUTPUTS = {"html": "html_sha256", "xlsx": "xlsx_sha256", "pdf": "pdf_sha256"}


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_manifest(run: Path) -> dict[str, Any]:
    """Return a run's manifest; empty where there is none, or none that can be read."""
    for path in (run / "desk" / "manifest.json", run / "manifest.json"):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) else {}
    return {}


def as_json(content: object) -> bytes:
    """Return JSON as people read it."""
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def output_hashes(html: Path) -> dict[str, object]:
    """Return the report's name and the SHA-256 of each of its files, None where it has none."""
    files = {kind: html.with_suffix(f".{kind}") for kind in OUTPUTS}
    hashes = {OUTPUTS[k]: file_sha256(p) if p.is_file() else None for k, p in files.items()}
    return {"html": html.name, **hashes}


def is_good(run: Path, manifest: dict[str, Any]) -> bool:
    """Say whether a run may be relied on: not withdrawn, and its files as its manifest says."""
    if WITHDRAWN in manifest or not manifest.get("html_sha256"):
        return False
    name = os.path.basename(str(manifest.get("html", "")))
    try:
        return output_hashes(run / name) == {
            "html": name,
            **{key: manifest.get(key) for key in OUTPUTS.values()},
        }
    except OSError:
        return False

"""How a benchmark reports: a table, what it stands on, and one last line with the verdict."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).parents[1]


def read_options(
    description: str, more: Mapping[str, Mapping[str, Any]] | None = None
) -> argparse.Namespace:
    """Read ``--quick``, ``--json FILE`` and what a benchmark adds."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="few draws, for the test suite")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    for name, how in (more or {}).items():
        parser.add_argument(name, **how)
    return parser.parse_args()


def real_data(name: str) -> Path:
    """Return a public data set's folder, or end with what to do."""
    place = Path(os.environ.get("WORKBENCH_REAL_DATA", ROOT.parent / "shared" / "data")) / name
    if not place.is_dir():
        sys.exit(f"{name} is not here: set WORKBENCH_REAL_DATA to the folder of public data sets")
    return place


def commit() -> str:
    """Return the commit that is measured, with a mark if the tree differs from it."""
    try:
        call = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
        return subprocess.run(call, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def finish(
    table: pd.DataFrame,
    notes: dict[str, object],
    *,
    met: bool,
    figures: str,
    options: argparse.Namespace,
) -> None:
    """Print the table, the notes and the verdict, and end with exit code 0 or 1."""
    print(table.to_string(index=False, float_format=lambda v: f"{v:.4f}"))
    notes = {**notes, "commit": commit()}
    print("\n" + "\n".join(f"{name}: {value}" for name, value in notes.items()))
    print(f"bar {'met' if met else 'missed'}: {figures}")
    if options.json:
        result = {"table": table.to_dict("records"), "notes": notes, "met": met, "figures": figures}
        options.json.write_text(json.dumps(result, indent=1, default=str) + "\n", encoding="utf-8")
    sys.exit(0 if met else 1)

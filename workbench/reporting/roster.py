"""A roster as files that people open: CSV and XLSX."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from workbench.intake.refusals import csv_text
from workbench.reporting.workbook import write_sheets
from workbench.store.catalog import replace_file


def write_roster(roster: pd.DataFrame, folder: Path) -> list[Path]:
    """Write ``roster.csv`` and ``roster.xlsx``."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "roster.csv", folder / "roster.xlsx"]
    replace_file(paths[0], csv_text(roster).encode())
    head = [str(name).replace("_", " ") for name in roster]
    write_sheets([("Roster", [head, *roster.astype("object").to_numpy().tolist()])], paths[1])
    return paths

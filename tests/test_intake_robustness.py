"""Hostile files, and imports that are killed: a sentence, never a traceback; nothing half done."""

from __future__ import annotations

import csv
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.hostile import HOSTILE
from tests.killed_imports import main as kill_imports
from workbench.errors import WorkbenchError
from workbench.intake.importing import import_files

# Files of which at least a row can be taken; of the others nothing is, with the reason.
LOADS = {
    "half a character in json",
    "a cell of 10 mb in json",
    "a cell of 10 mb in parquet",
    "a row with a million cells",
    "five thousand equal headers",
    "formulas",
    "a name that climbs",
    "handles that climb",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_taken_or_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "exports").mkdir()
    path = HOSTILE[name](tmp_path / "exports")
    exports = sorted((tmp_path / "exports").iterdir())
    with nullcontext() if name in LOADS else pytest.raises(WorkbenchError) as told:
        report = import_files([path], tmp_path / "client", platform="tiktok", as_of="2026-09-01")
        s = report.summary
        assert s.rows == s.kept + s.refused + s.duplicates_exact + s.duplicates_differing
    assert told is None or len(str(told.value)) < 2_000
    assert {*tmp_path.iterdir()} <= {tmp_path / "exports", tmp_path / "client"}
    assert sorted((tmp_path / "exports").iterdir()) == exports


def test_no_cell_of_a_written_file_is_a_formula(tmp_path: Path) -> None:
    path = HOSTILE["formulas"](tmp_path)
    import_files([path], tmp_path / "client", platform="tiktok", as_of="2026-09-01")
    (refused,) = (tmp_path / "client").glob("imports/*/refused.csv")
    with refused.open(encoding="utf-8", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert len(cells) > 20
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


@pytest.mark.slow
def test_a_killed_import_leaves_the_earlier_data_whole(tmp_path: Path) -> None:
    found = kill_imports(tmp_path, every=40)
    assert found["killed"] > 2
    assert found["killed"] == found["as before"] + found["as after"]
    assert found["killed"] == found["whole after the next import"]

"""Long files, read piece by piece: the same as at once, and nothing read in silence another way."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from workbench.errors import DataError
from workbench.intake import read, records, storing
from workbench.intake.importing import import_files
from workbench.intake.read import read_tables
from workbench.store import open_store
from workbench.tables.schema import TABLES

HEADER = "Handle,Post ID,Posted at,Likes,Comments\n"


@pytest.fixture
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "_PIECE_CELLS", 1)
    monkeypatch.setattr(read, "_LEAST_ROWS", 60)
    monkeypatch.setattr(records, "_BATCH", 60)
    monkeypatch.setattr(storing, "_GROUP_ROWS", 200)


def content(client: Path) -> dict[str, pd.DataFrame]:
    store = open_store(client)
    return {name: store.read(name) for name in TABLES}


def posts(numbers: range, *, likes: str = "9", day: str = "2026-01-{:02d}") -> str:
    return "".join(f"ann{n % 40},p{n},{day.format(n % 28 + 1)},{likes},{n % 7}\n" for n in numbers)


def test_in_pieces_is_as_at_once(
    root: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = sorted((root / "data/sample/exports").glob("*.csv"))
    at_once = import_files(files, tmp_path / "once")
    request.getfixturevalue("short_pieces")
    monkeypatch.setattr(read, "_LEAST_ROWS", 1000)
    monkeypatch.setattr(storing, "_GROUP_ROWS", 3000)
    in_pieces = import_files(files, tmp_path / "pieces")
    for part in ("summary", "files", "reasons", "disagreements"):
        assert in_pieces.content()[part] == at_once.content()[part]
    assert in_pieces.notes["rows"].sum() == at_once.notes["rows"].sum()
    found = content(tmp_path / "pieces")
    for name, frame in content(tmp_path / "once").items():
        pd.testing.assert_frame_equal(found[name], frame)


@pytest.mark.usefixtures("short_pieces")
def test_a_store_gets_more_buckets_as_it_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "_LEAST_ROWS", 1000)
    monkeypatch.setattr(storing, "_GROUP_ROWS", 60)
    path = tmp_path / "instagram.csv"
    path.write_text(HEADER + posts(range(20)))
    import_files([path], tmp_path / "out")
    path.write_text(HEADER + posts(range(2200)))
    import_files([path], tmp_path / "out")
    store = open_store(tmp_path / "out")
    assert store.catalog.buckets == 64
    assert len(store.read("posts")) == 2200


@pytest.mark.usefixtures("short_pieces")
def test_refused_rows_of_all_pieces_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "instagram.csv"
    path.write_text(HEADER + posts(range(200)) + "ann,x\n" + "ann,y,soon,1,1\n")
    report = import_files([path], tmp_path / "out")
    assert report.refused[["row", "raw"]].to_numpy().tolist() == [
        [202, "ann,x"],
        [203, "ann,y,soon,1,1"],
    ]


@pytest.mark.usefixtures("short_pieces")
def test_rows_refused_at_last_have_their_text(tmp_path: Path) -> None:
    path = tmp_path / "instagram.csv"
    late = "bob,2026-02-01,1\nbob,2026-02-01,2\n"
    first = "".join(f"ann,2026-01-{n % 28 + 1:02d}T{n % 24:02d}:00,{n}\n" for n in range(168))
    path.write_text("Handle,Posted at,Likes\n" + first + late)
    assert import_files([path], tmp_path / "out").refused["raw"].tolist() == ["bob,2026-02-01,1"]


@pytest.mark.usefixtures("short_pieces")
def test_more_refused_rows_than_memory_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.intake.refusals._MOST_HELD", 5)
    path = tmp_path / "instagram.csv"
    path.write_text(HEADER + posts(range(200)) + "ann,x\n" * 20)
    report = import_files([path], tmp_path / "out")
    saved = pd.read_csv(next((tmp_path / "out").glob("imports/*/refused.csv")))
    assert len(saved) == report.summary.refused == report.reasons["rows"].sum() == 20
    assert saved["row"].is_unique


@pytest.mark.usefixtures("short_pieces")
@pytest.mark.parametrize(
    ("later", "told"),
    [
        (posts(range(60, 400), likes="many"), "'Likes' as likes: expected a count"),
        (posts(range(60, 80), day="03/{:02d}/2026".replace("{:02d}", "04")), "may be day first"),
    ],
)
def test_a_file_that_changes_on_the_way_is_refused(
    tmp_path: Path, later: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "_LEAST_ROWS", 150)
    path = tmp_path / "instagram.csv"
    path.write_text(HEADER + posts(range(150)) + later)
    with pytest.raises(DataError) as caught:
        import_files([path], tmp_path / "out")
    assert "changes from row 151 on" in str(caught.value)
    assert told in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("short_pieces")
def test_the_first_rows_settle_the_decimal_sign(tmp_path: Path) -> None:
    path = tmp_path / "instagram.csv"
    path.write_text(HEADER + posts(range(60), likes='"1,5K"') + posts(range(60, 90), likes="1.200"))
    import_files([path], tmp_path / "out")
    likes = open_store(tmp_path / "out").read("posts").set_index("post_id")["likes"]
    assert (likes["p1"], likes["p70"]) == (1500, 1200)


@pytest.mark.usefixtures("short_pieces")
def test_the_first_rows_settle_that_dates_are_numbers(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    rows = [["ann", f"p{n}", 45_000 + n, 9] for n in range(150)]
    for row in [["Handle", "Post ID", "Posted at", "Likes"], *rows, ["ann", "late", 12, 9]]:
        book.worksheets[0].append(row)
    book.save(tmp_path / "instagram.xlsx")
    report = import_files([tmp_path / "instagram.xlsx"], tmp_path / "out")
    assert (report.summary.kept, report.summary.refused) == (150, 1)
    assert report.notes["rows"].tolist() == [150]


@pytest.mark.usefixtures("short_pieces")
def test_ages_are_counted_over_all_pieces(tmp_path: Path) -> None:
    path = tmp_path / "instagram.csv"
    rows = "".join(f"ann,p{n},{n} h,9\n" for n in range(150))
    path.write_text("Handle,Post ID,Time since posted,Likes\n" + rows)
    report = import_files([path], tmp_path / "out", as_of="2026-03-31")
    assert report.notes["rows"].tolist() == [150]
    assert report.summary.first_post == "2026-03-25"


def test_json_of_any_form_comes_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_BLOCK", 7)
    monkeypatch.setattr(records, "_BATCH", 2)
    found = [{"id": n, "text": "a]b},{", "sub": {"n": n}} for n in range(5)]
    texts = {
        "list": json.dumps(found),
        "lines": "\n".join(map(json.dumps, found)),
        "envelope": json.dumps({"items": found, "kind": "x"}),
    }
    for text in texts.values():
        (tmp_path / "a.json").write_text(text)
        (file,) = read_tables(tmp_path / "a.json", "a")
        ids = [n for piece in file.pieces() for n in piece.cells["id"]]
        assert ids == ["0", "1", "2", "3", "4"]


def test_what_a_killed_import_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "out" / ".import-killed").mkdir(parents=True)
    (tmp_path / "instagram.csv").write_text(HEADER + posts(range(5)))
    import_files([tmp_path / "instagram.csv"], tmp_path / "out")
    assert not [*(tmp_path / "out").glob(".import-*")]

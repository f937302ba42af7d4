"""XLSX, JSON, JSON lines and Parquet; titles above a header, no header, contact data; damage."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import DataError
from workbench.intake.importing import import_files
from workbench.intake.layouts import group_files
from workbench.intake.personal import personal_columns
from workbench.intake.read import read_files, read_tables
from workbench.store import open_store

ROWS = [["Handle", "Followers", "Date"], ["ann", 1200.0, datetime(2026, 3, 5)], ["bob", None, None]]


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def written(path: Path, content: object) -> Path:
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_workbook_is_read_as_text(tmp_path: Path) -> None:
    (file,) = read_tables(workbook(tmp_path / "a.xlsx", {"One": ROWS}), "a.xlsx")
    assert file.name == "a.xlsx"
    assert file.cells.to_numpy().tolist() == [["ann", "1200", "2026-03-05"], ["bob", "", ""]]


def test_each_sheet_with_a_table_is_a_file(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"One": ROWS, "Notes": [["only this"]], "Two": ROWS})
    assert [f.name for f in read_tables(path, "a.xlsx")] == ["a.xlsx · One", "a.xlsx · Two"]


def test_titles_above_the_header_are_left_out(tmp_path: Path) -> None:
    rows = [["Top creators"], ["Exported on 5 March"], [], *ROWS]
    (file,) = read_tables(workbook(tmp_path / "a.xlsx", {"One": rows}), "a")
    assert file.header == ("Handle", "Followers", "Date")
    assert (file.preamble, file.cells.index.tolist()) == (2, [5, 6])


def test_a_workbook_that_expands_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"One": ROWS})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b"\0" * 60 * 2**20)
    with pytest.raises(DataError, match="would expand to"):
        read_tables(path, "a.xlsx")


def test_fields_of_json_get_dotted_names(tmp_path: Path) -> None:
    content = {"items": [{"id": "a1", "statistics": {"likeCount": "7"}, "tags": ["x"]}]}
    (file,) = read_tables(written(tmp_path / "a.json", content), "a")
    assert file.cells.iloc[0].to_dict() == {
        "id": "a1",
        "statistics.likeCount": "7",
        "tags": '["x"]',
        "(record)": "record-1",
    }


def test_posts_in_a_profile_are_a_row_each(tmp_path: Path) -> None:
    content = {"user": "ann", "fans": 9, "posts": [{"likes": 1}, {"likes": 2}], "links": []}
    (file,) = read_tables(written(tmp_path / "a.json", content), "a")
    assert file.cells["posts[].likes"].tolist() == ["1", "2"]
    assert file.cells["user"].tolist() == ["ann", "ann"]


def test_lists_of_one_length_go_side_by_side(tmp_path: Path) -> None:
    content = [
        {"n": 2, "likes": [1, 2], "times": [5, 6], "tags": []},
        {"n": 0, "likes": [], "times": []},
    ]
    (file,) = read_tables(written(tmp_path / "a.json", content), "a")
    assert file.cells["likes[]"].tolist() == ["1", "2", ""]
    assert file.cells["times[]"].tolist() == ["5", "6", ""]


@pytest.mark.parametrize("content", ["", "  ", "{", "[1, 2]", "[]", "[" * 100_000, '{"a": [}'])
def test_what_is_no_json_table_is_told(tmp_path: Path, content: str) -> None:
    with pytest.raises(DataError):
        read_tables(written(tmp_path / "a.json", content), "a.json")


def test_json_lines(tmp_path: Path) -> None:
    (file,) = read_tables(
        written(tmp_path / "a.jsonl", '{"a": 9007199254740993}\n{"b": NaN}\n'), "a"
    )
    assert file.cells[["a", "b"]].to_numpy().tolist() == [["9007199254740993", ""], ["", ""]]


def test_profiles_that_lack_a_field_share_a_layout(tmp_path: Path) -> None:
    full = {"user": "ann", "fans": 9, "bio": "", "private": False, "posts": [{"likes": 1}]}
    files = [
        written(tmp_path / "a.json", full),
        written(tmp_path / "b.json", full | {"posts": []}),
    ]
    (layout,) = group_files(read_files(files), "instagram")
    assert layout.cells["posts[].likes"].tolist() == ["1", ""]


def test_parquet(tmp_path: Path) -> None:
    times = pd.to_datetime(["2026-03-05T10:00:00Z", None])
    frame = pd.DataFrame({"id": [2**60, 1], "at": times, "rate": [0.5, None]})
    frame.to_parquet(tmp_path / "a.parquet")
    (file,) = read_tables(tmp_path / "a.parquet", "a")
    assert file.cells.iloc[0].tolist() == [str(2**60), "2026-03-05T10:00:00+00:00", "0.5"]
    assert file.cells.iloc[1].tolist() == ["1", "", ""]


def test_a_folder_stands_for_the_files_in_it(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", "notes.md"):
        written(tmp_path / name, [{"a": 1}])
    assert [file.name for file in read_files([tmp_path])] == ["a.json", "b.json"]


def test_a_file_without_header_gets_one(tmp_path: Path) -> None:
    (file,) = read_tables(written(tmp_path / "a.csv", "ann,12,3.4M\nbob,15,900K\n"), "a")
    assert file.header == ("column 1", "column 2", "column 3")
    assert len(file.cells) == 2


def test_contact_data_is_not_read(tmp_path: Path) -> None:
    text = "Handle,Followers,Email,Date of birth,Mobile views\nann,1,a@b.example,2001-01-01,4\n"
    (file,) = read_tables(written(tmp_path / "a.csv", text), "a")
    assert file.header == ("Handle", "Followers", "Mobile views")
    assert file.personal == ("Email", "Date of birth")


def test_mail_is_known_by_its_values() -> None:
    cells = pd.DataFrame({"Handle": ["@ann", "@bob"], "Reach me": ["a@b.example", ""]})
    assert personal_columns(cells) == ["Reach me"]


def test_mail_in_a_row_that_does_not_fit_is_left_out(tmp_path: Path) -> None:
    text = "Handle,Followers\nann,1\nbob,2,b@c.example\n"
    (file,) = read_tables(written(tmp_path / "a.csv", text), "a")
    assert file.first.refused["raw"].tolist() == ["bob,2,[e-mail not read]"]


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    line = ",".join(map(str, range(100_000)))
    with pytest.raises(DataError, match="100,000 columns"):
        read_tables(written(tmp_path / "a.csv", f"{line.replace('1', 'x')}\n{line}\n"), "a")


def test_a_workbook_imports(tmp_path: Path) -> None:
    rows = [["Handle", "Followers"], ["ann", 1200], ["bob", 15]]
    path = workbook(tmp_path / "instagram 2026-03-05.xlsx", {"One": rows})
    import_files([path], tmp_path / "out")
    assert open_store(tmp_path / "out").read("snapshots")["followers"].tolist() == [1200, 15]


def test_dates_that_a_workbook_holds_as_numbers_are_read_and_noted(tmp_path: Path) -> None:
    rows = [["Handle", "Followers", "Date"], ["ann", 12, 45678], ["bob", 15, 45679]]
    path = workbook(tmp_path / "instagram.xlsx", {"One": rows})
    report = import_files([path], tmp_path / "out")
    assert report.summary.as_of == "2025-01-22"
    (note,) = report.notes.to_dict("records")
    assert note["note"] == "numbers read as a workbook's days from 1900"
    assert (note["column"], note["rows"], note["examples"]) == ("Date", 2, "45678, 45679")


def test_numbers_in_a_text_file_are_no_dates(tmp_path: Path) -> None:
    (tmp_path / "instagram.csv").write_text("Handle,Followers,Date\nann,12,45678\nbob,15,45679\n")
    with pytest.raises(DataError, match="'Date' as observed_on: expected a date"):
        import_files([tmp_path / "instagram.csv"], tmp_path / "out")


def _samples() -> dict[str, bytes]:
    book, parquet = io.BytesIO(), io.BytesIO()
    made = openpyxl.Workbook()
    for row in ROWS:
        made.worksheets[0].append(row)
    made.save(book)
    pd.DataFrame({"Handle": ["ann", "bob"], "Followers": [1, 2]}).to_parquet(parquet)
    return {
        "xlsx": book.getvalue(),
        "parquet": parquet.getvalue(),
        "csv": b'Handle,Note,Followers\nann,"=1+1",3\nbob,"two\nlines",4\n',
        "json": json.dumps([{"Handle": "ann", "posts": [{"likes": 1}, {"likes": 2}]}]).encode(),
    }


SAMPLES = _samples()
QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("kind", SAMPLES)
@QUICK
@given(data=st.data())
def test_damage_is_told_and_nothing_else(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    content = SAMPLES[kind]
    cut = data.draw(st.integers(0, len(content)))
    at, byte = data.draw(st.integers(0, len(content) - 1)), data.draw(st.binary(max_size=3))
    path = tmp_path / f"a.{kind}"
    path.write_bytes(
        data.draw(st.sampled_from([content[:cut], content[:at] + byte + content[at + 1 :]]))
    )
    try:
        files = read_files([path])
    except DataError:
        return
    assert all(len(file.cells) + len(file.first.refused) == file.rows > 0 for file in files)


@QUICK
@given(content=st.binary(max_size=400))
def test_random_bytes_are_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        read_files([path])


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("folder", "pattern", "profile", "rows", "kept"),
    [
        ("ig_likepredictor2017", "profiles/*.json", None, 16_544, 16_541),
        ("instafake", "nonautomated*.json", None, 57_857, 57_837),
        ("twitch_top1000", "*.csv", "twitch-channel-list", 1_000, 1_000),
        ("yt_top2023", "*.csv", None, 995, 995),
        ("ig_top200", "*.csv", None, 200, 200),
    ],
)
def test_real_files_load(
    real_data: Path,
    tmp_path: Path,
    folder: str,
    pattern: str,
    profile: str | None,
    rows: int,
    kept: int,
) -> None:
    files = sorted((real_data / folder).glob(pattern))
    day = None if pattern.endswith("json") else "2023-07-31"
    report = import_files(files, tmp_path / "out", profile=profile, as_of=day)
    assert (report.summary.rows, report.summary.kept) == (rows, kept)

"""Exports as agencies send them: sheets beside the data, odd columns, marks that nobody sees."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from workbench.errors import DataError, SettingsError
from workbench.intake.forgotten import read_forgotten, write_forgotten
from workbench.intake.importing import import_files
from workbench.intake.quality import ImportReport
from workbench.store import open_store
from workbench.wording.imports import describe_import_questions


def imported(folder: Path, name: str, content: str | bytes, **options: str) -> ImportReport:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return import_files([path], folder / "client", **({"platform": "instagram"} | options))


def column(folder: Path, table: str, name: str) -> list[object]:
    return [*open_store(folder / "client" / "store").read(table)[name]]


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_sheet_of_notes_is_left_out_and_said(tmp_path: Path) -> None:
    data = [["Username", "Followers"], ["ann", 500]]
    content = workbook(Data=data, Notes=[["Read me", "By"], ["drafts are gone", "me"]])
    report = imported(tmp_path, "pack.xlsx", content, as_of="2026-05-31")
    assert report.summary.kept == report.summary.rows == 1
    assert "pack.xlsx · Notes" in [*report.notes["file"]]


def test_a_workbook_of_notes_alone_is_not_left_out(tmp_path: Path) -> None:
    content = workbook(Notes=[["Read me", "By"], ["drafts are gone", "me"]])
    with pytest.raises(DataError):
        imported(tmp_path, "pack.xlsx", content, as_of="2026-05-31")


def test_an_import_of_which_nothing_is_kept_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No row can be imported"):
        imported(
            tmp_path,
            "sales.csv",
            "Handle,Date,Orders,Revenue\nann,2026-05-01,1,5\n",
            platform=None,
            currency="EUR",
        )
    assert not [*tmp_path.glob("client/imports/*")]


def test_marks_of_direction_make_no_second_account(tmp_path: Path) -> None:
    rows = "\u200eann\u200f,1,2026-05-01,5\n@\u200eann,2,2026-05-02,6\n"
    imported(tmp_path, "posts.csv", "\u200fUsername,Post ID,Posted at,Likes\n" + rows)
    assert column(tmp_path, "creators", "creator_key") == ["instagram:ann"]


def test_names_of_followers_are_no_creators(tmp_path: Path) -> None:
    imported(tmp_path, "list.csv", "username\nx1\nx2\n", account="@brand", as_of="2026-05-31")
    assert column(tmp_path, "followers_sample", "creator_key") == ["instagram:brand"] * 2
    assert column(tmp_path, "creators", "creator_key") == ["instagram:brand"]


def test_an_account_of_followers_beside_none_is_told(tmp_path: Path) -> None:
    content = "username,followers,avg likes\nx1,100,2\n"
    with pytest.raises(SettingsError, match="No file is a list of followers"):
        imported(tmp_path, "roster.csv", content, account="@brand", as_of="2026-05-31")


def test_a_column_of_words_is_no_date(tmp_path: Path) -> None:
    content = "Username,Data,Followers\nann,new,500\nben,old,700\n"
    assert imported(tmp_path, "roster.csv", content, as_of="2026-05-31").summary.kept == 2


def test_an_age_beside_every_time_asks_nothing(tmp_path: Path) -> None:
    content = "Username,Post ID,Posted at,Hours since posted,Likes\nann,1,2026-05-01,30,5\n"
    assert imported(tmp_path, "posts.csv", content, as_of="2026-05-31").summary.kept == 1


def test_decimals_behind_a_comma_settle_the_other_columns(tmp_path: Path) -> None:
    content = "Nutzername;Ø Likes;Engagement-Rate\nann;1.234;8,3 %\nben;2.045;5,2 %\n"
    report = imported(tmp_path, "liste.csv", content, as_of="2026-05-31")
    assert {1234.0, 2045.0} <= {*column(tmp_path, "reported_metrics", "value")}
    assert "dots read as grouping thousands" in [*report.notes["note"]]


def test_what_was_sent_back_is_taken_off(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("username,followers,platform\nann,1000,instagram\n")
    sales = "Handle,Date,Orders,Revenue\nann,2026-05-01,3,60\nann,2026-05-01,-1,-20\n"
    (tmp_path / "sales.csv").write_text(sales)
    files = [tmp_path / "roster.csv", tmp_path / "sales.csv"]
    import_files(files, tmp_path / "client", currency="EUR", as_of="2026-05-31")
    assert (column(tmp_path, "tracking", "orders"), column(tmp_path, "tracking", "revenue")) == (
        [2],
        [40.0],
    )


def test_a_file_that_came_as_of_another_day_is_told(tmp_path: Path) -> None:
    content = "Username,Followers\nann,500\n"
    imported(tmp_path, "roster.csv", content, as_of="2026-05-01")
    notes = imported(tmp_path, "roster.csv", content, as_of="2026-05-31").notes["note"]
    assert notes.str.contains("the same file came as of 2026-05-01").any()
    again = imported(tmp_path, "roster.csv", content, as_of="2026-05-31").notes["note"]
    assert again.str.contains("as of 2026-05-01:").any()


def test_rows_of_the_forgotten_are_not_asked_for_again(tmp_path: Path) -> None:
    client = tmp_path / "client"
    client.mkdir()
    write_forgotten(client, read_forgotten(client).with_also(["instagram:ann"]))
    content = "Username,Followers\nann,500\nben,700\n"
    report = imported(tmp_path, "roster.csv", content, as_of="2026-05-31")
    assert report.summary.refused == 1
    assert "sent again" not in " ".join(describe_import_questions(report))


def test_a_new_name_of_somebody_forgotten_is_no_example(tmp_path: Path) -> None:
    client = tmp_path / "client"
    client.mkdir()
    write_forgotten(client, read_forgotten(client).with_also(["instagram:777777"]))
    content = "Account ID,Username,Followers\n777777,ann.new,512\n888888,ben,700\n"
    report = imported(tmp_path, "roster.csv", content, as_of="2026-05-31")
    assert "ann.new" not in str(report.content())
    assert "ben" in str(report.mapping["examples"].to_list())


def test_a_new_name_of_somebody_forgotten_brings_nobody_back(tmp_path: Path) -> None:
    client, files = tmp_path / "client", [tmp_path / "a_posts.csv", tmp_path / "roster.csv"]
    client.mkdir()
    write_forgotten(client, read_forgotten(client).with_also(["instagram:777777"]))
    files[0].write_text(
        "Username,Post ID,Posted at,Likes\nann.new,1,2026-05-01,5\nben,2,2026-05-02,6\n"
    )
    files[1].write_text("Account ID,Username\n777777,Ann.new\n888888,ben\n")
    report = import_files(files, client, platform="instagram")
    assert column(tmp_path, "creators", "handle") == ["ben"]
    assert (report.summary.kept, report.summary.refused) == (2, 2)
    assert "ann.new" not in str(report.content()) + report.refused.to_csv()
    import_files(files[:1], client, platform="instagram")
    assert column(tmp_path, "creators", "handle") == ["ben"]


@pytest.mark.parametrize("mark", ["-1", "hidden", "Ocultos"])
def test_likes_that_are_marked_as_hidden_keep_their_post(tmp_path: Path, mark: str) -> None:
    rows = f"ann,p1,2026-05-01,{mark},0\nann,p2,2026-05-02,40,3\n"
    (tmp_path / "tiktok.csv").write_text("Handle,Post ID,Posted at,Likes,Comments\n" + rows)
    report = import_files([tmp_path / "tiktok.csv"], tmp_path / "client", as_of="2026-06-01")
    posts = open_store(tmp_path / "client").read("posts")
    assert (report.summary.refused, report.summary.likes_hidden) == (0, 1)
    assert posts["likes"].isna().tolist() == [True, False]
    assert posts["comments"].tolist() == [0, 3]


def test_a_row_with_two_rounded_counts_is_not_told_as_two(tmp_path: Path) -> None:
    rows = "ann,p1,2026-05-01,1.2K,3,304K\nann,p2,2026-05-02,1.4K,3,304K\n"
    content = f"Handle,Post ID,Posted at,Likes,Comments,Followers\n{rows}"
    report = imported(tmp_path, "tiktok.csv", content, as_of="2026-06-01")
    assert "In 2 rows or more they are rounded" in " ".join(describe_import_questions(report))

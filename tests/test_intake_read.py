from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import DataError
from workbench.intake.read import RawFile, read_files, read_tables, unique_header


def written(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read_file(path: Path, name: str) -> RawFile:
    (file,) = read_tables(path, name)
    return file


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["Handle", "Note", "Likes"], ["ann", "x, y; z", "1"], ["bob", "a, b", "2"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert read_file(written(tmp_path, text), "a").header == ("Handle", "Note", "Likes")


def test_decimal_commas_do_not_pass_for_delimiters(tmp_path: Path) -> None:
    file = read_file(written(tmp_path, "name;rate\na;1,5\nb;2,5\n"), "a")
    assert file.cells["rate"].tolist() == ["1,5", "2,5"]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found(tmp_path: Path, codec: str) -> None:
    file = read_file(written(tmp_path, "Händle,n\nZoë,1\n".encode(codec)), "a")
    assert file.header == ("Händle", "n")
    assert file.cells["Händle"].tolist() == ["Zoë"]


def test_a_header_is_made_unique() -> None:
    given_header = [" Views\nAvg ", "", "x", "x", "x (2)"]
    assert unique_header(given_header) == ["Views Avg", "column 2", "x", "x (2)", "x (2) (2)"]


def test_rows_are_numbered_as_in_the_file(tmp_path: Path) -> None:
    file = read_file(written(tmp_path, '\na,b\n1,"two\nlines"\n\n3,4\n'), "a")
    assert file.cells.index.tolist() == [3, 5]
    assert file.first.blank == 2


def test_rows_that_do_not_fit_are_kept_aside(tmp_path: Path) -> None:
    file = read_file(written(tmp_path, "a,b\n1\n1,2,3\n1,2,,\n"), "a")
    assert file.first.refused["row"].tolist() == [2, 3]
    assert file.first.refused["raw"].tolist() == ["1", "1,2,3"]
    assert file.rows == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"a,b\n", "a header and no rows"),
        (b"a,b\n1\n", "no row of 2 cells"),
        (b"PK\x03\x04" + b"\0" * 40, "workbook"),
        (bytes(range(256)) * 4, "no text file"),
        (b"a,b\n1,\x81\n", "no text file"),
        (b"a,b\n1,\0\n", "no text file"),
        (b'a,b\n1,"' + b"x" * 1_100_000, "can't be read as a table"),
    ],
)
def test_a_broken_file_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_tables(written(tmp_path, content), "a.csv")


def test_all_broken_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    with pytest.raises(DataError) as caught:
        read_files([tmp_path / "bare", tmp_path / "none.csv", written(tmp_path, "")])
    assert len(caught.value.faults) == 3


def test_files_of_one_name_keep_apart(tmp_path: Path) -> None:
    for month in ("jan", "feb"):
        (tmp_path / month).mkdir()
        written(tmp_path / month, "a,b\n1,2\n")
    names = [file.name for file in read_files([tmp_path / "jan/a.csv", tmp_path / "feb/a.csv"])]
    assert names == ["feb/a.csv", "jan/a.csv"]


@settings(max_examples=50)
@given(content=st.binary(max_size=200) | st.text(alphabet='ab1,;"\n\r\t', max_size=60))
def test_any_content_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, content: bytes | str
) -> None:
    path = written(tmp_path_factory.mktemp("any"), content)
    try:
        file = read_file(path, "a")
    except DataError:
        return
    assert file.rows == len(file.cells) + len(file.first.refused) > 0


def test_a_quote_left_open_does_not_mix_two_rows(tmp_path: Path) -> None:
    file = read_file(written(tmp_path, 'a,b,c\n1,"x,1\n2,"y",2\n3,"z",3\n'), "a")
    assert file.cells["a"].tolist() == ["3"]
    assert "quotation mark left open" in file.first.refused["reason"].item()


def test_a_hint_for_excel_is_no_header(tmp_path: Path) -> None:
    assert read_file(written(tmp_path, "sep=;\na;b\n1;2\n"), "a").header == ("a", "b")


def test_a_long_caption_is_read(tmp_path: Path) -> None:
    assert read_file(written(tmp_path, "a,b\n1," + "x" * 200_000), "a").rows == 1

"""Posts that are dated by their age alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import DataError
from workbench.intake.ages import AgeUnit, parse_ages
from workbench.intake.importing import import_files
from workbench.intake.layouts import group_files
from workbench.intake.mapping import propose_mapping
from workbench.intake.quality import ImportReport
from workbench.intake.read import read_files
from workbench.store import open_store

HEADER = "Handle,Post ID,Time since posted,Likes\n"


def cells(*texts: str) -> pd.Series:
    return pd.Series(list(texts), dtype="str")


def imported(folder: Path, text: str, **options: str) -> ImportReport:
    (folder / "instagram.csv").write_text(text)
    return import_files([folder / "instagram.csv"], folder / "out", **options)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("2 hours", 2),
        ("3 days ago", 72),
        ("30 min", 0.5),
        ("1 w", 168),
        ("1.5h", 1.5),
        ("36 Secs.", 0.01),
    ],
)
def test_an_age_is_read(text: str, hours: float) -> None:
    assert parse_ages(cells(text), None).typed.tolist() == pytest.approx([hours])


@pytest.mark.parametrize("text", ["2 months", "1 y", "soon", "-3 h", "9" * 9 + " h"])
def test_what_is_no_age_is_a_fault(text: str) -> None:
    assert parse_ages(cells(text), "hours").faults.all()


@settings(max_examples=40)
@given(
    st.integers(0, 5_000),
    st.sampled_from([("hours", 1), ("days", 24), ("minutes", 1 / 60)]),
    st.sampled_from(["{n} {u}", "{n}{u} ago", "{n}"]),
)
def test_an_age_comes_back(number: int, unit: tuple[AgeUnit, float], form: str) -> None:
    word, factor = unit
    read = parse_ages(cells(form.format(n=number, u=word)), word).typed[0]
    assert read == pytest.approx(number * factor)


@settings(max_examples=25)
@given(st.lists(st.text(alphabet="0123456789., hdayswk", max_size=9)))
def test_no_text_raises(texts: list[str]) -> None:
    read = parse_ages(cells(*texts), "days")
    assert not (read.faults & read.typed.notna()).any()


def test_a_bare_number_is_a_question_that_can_be_answered(tmp_path: Path) -> None:
    path = tmp_path / "instagram.csv"
    path.write_text(HEADER + "ann,1,11,9\nann,2,2 hours,9\n")
    found = propose_mapping(group_files(read_files([path]), None)[0])
    assert found.rows == "post"
    assert "11 says no unit of time" in found.faults[0]
    assert found.changed("age_unit", "hours").faults == []


def test_posts_are_dated_back_from_the_day_of_the_file(tmp_path: Path) -> None:
    report = imported(tmp_path, HEADER + "ann,1,2 hours,9\nann,2,3 days,9\n", as_of="2026-02-28")
    posts = open_store(tmp_path / "out").read("posts").set_index("post_id")
    assert posts.loc["1", "posted_at"] == pd.Timestamp("2026-02-28 21:59:59", tz="UTC")
    assert posts.loc["2", "posted_at"] == pd.Timestamp("2026-02-25 23:59:59", tz="UTC")
    (note,) = report.notes.to_dict("records")
    assert note["note"] == "dated by the age in column Time since posted, as of 2026-02-28"
    assert note["rows"] == 2


def test_a_time_of_reading_stands_above_the_day(tmp_path: Path) -> None:
    text = HEADER.replace("Likes", "Likes,Scraped at") + "ann,1,2 hours,9,2026-02-27T10:00:00Z\n"
    imported(tmp_path, text)
    posted = open_store(tmp_path / "out").read("posts")["posted_at"]
    assert posted.tolist() == [pd.Timestamp("2026-02-27 08:00", tz="UTC")]


def test_an_age_needs_the_day_of_the_export(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="which day they are of"):
        imported(tmp_path, HEADER + "ann,1,2 hours,9\n")


def test_a_post_without_age_is_refused(tmp_path: Path) -> None:
    report = imported(tmp_path, HEADER + "ann,1,2 hours,9\nann,2,,9\n", as_of="2026-02-28")
    assert report.refused["reason"].tolist() == ["no posting time"]


def test_an_unreadable_age_is_told_once(tmp_path: Path) -> None:
    rows = "".join(f"ann,{n},{n} h,9\n" for n in range(5))
    report = imported(tmp_path, HEADER + rows + "ann,x,2 months,9\n", as_of="2026-02-28")
    (reason,) = report.refused["reason"]
    assert reason == "expected an age such as 2 hours, 3 days ago, 5 min or 1 w"


@pytest.mark.real_data
def test_a_real_list_dated_by_age_loads(real_data: Path, tmp_path: Path) -> None:
    files = [*(real_data / "ig_reach2022").glob("*.csv")]
    report = import_files(files, tmp_path / "out", as_of="2022-02-28")
    assert report.table["profile"].tolist() == ["instagram-post-age-list"]
    assert (report.summary.rows, report.summary.refused) == (100, 0)

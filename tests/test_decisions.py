"""The files of labels and decisions: written a row at a time, read with every fault."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.audience.decisions import (
    log_decision,
    read_decisions,
    read_labels,
    write_label,
    write_label_sheet,
)
from workbench.errors import DataError

LABEL = {"creator_key": "x:1", "follower_id": "aa", "repeat": "1", "reviewer": "me"}


def test_a_sheet_of_a_person_is_read(tmp_path: Path) -> None:
    text = "creator_key;follower_id;label;reviewer;my note\nx:1;aa;Not real;me;-\n;;;;\n"
    text += "x:1;bb;can't tell;me;\nx:1;cc;;;later\n"
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8-sig")
    found = read_labels(tmp_path / "labels.csv")
    assert found["label"].tolist() == ["not_real", "cannot_tell"]
    assert found["repeat"].tolist() == [1, 1]


def test_every_fault_is_told_with_its_row(tmp_path: Path) -> None:
    text = "creator_key,follower_id,label,reviewer,repeat,labelled_at\n"
    text += "x:1,aa,real,me,0,soon\n,aa,maybe,,1,\n\nx:1,bb,real,me,1,\nx:1,bb,not real,me,,\n"
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        read_labels(tmp_path / "labels.csv")
    assert list(caught.value.faults) == [
        "row 2: labelled_at: expected a time such as 2026-03-31T14:05:00Z, found 'soon'",
        "row 2: repeat: expected a number from 1 on, found '0'",
        "row 3: creator_key: missing",
        "row 3: label: expected real or not_real or cannot_tell, found 'maybe'",
        "row 3: reviewer: missing",
        "row 6: labelled before by me",
    ]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "creator_key,label\nx:1,real\n"])
def test_a_file_without_the_columns_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(DataError, match="follower_id: not there"):
        read_labels(tmp_path / "labels.csv")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no"):
        read_decisions(tmp_path / "decisions.csv")


def test_what_stands_in_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("note;creator_key;follower_id;label;reviewer\nmine;x:1;aa;real;you\n")
    write_label(path, LABEL | {"label": "not_real"})
    assert path.read_text(encoding="utf-8-sig").splitlines() == [
        "note;creator_key;follower_id;label;reviewer;repeat;labelled_at",
        "mine;x:1;aa;real;you;;",
        ";x:1;aa;not_real;me;1;",
    ]


def test_labels_of_a_sheet_take_the_place_of_its_blank_rows(tmp_path: Path) -> None:
    sample = pd.DataFrame(
        {
            "creator_key": "x:1",
            "platform": "x",
            "follower_id": ["aa", "bb"],
            "posts_count": 3,
            "source": "s",
        }
    )
    path = tmp_path / "labels.csv"
    write_label_sheet(path, sample, ["bb", "aa", "bb"])
    assert read_labels(path).empty
    write_label(path, LABEL | {"label": "real"})
    sheet = pd.read_csv(path)
    assert sheet[["follower_id", "repeat"]].to_numpy().tolist() == [["bb", 1], ["bb", 2], ["aa", 1]]
    with pytest.raises(DataError, match="there already"):
        write_label_sheet(path, sample, ["aa"])


def test_decisions_are_added_with_the_day(tmp_path: Path) -> None:
    path = tmp_path / "client" / "decisions.csv"
    for verdict in ("ask", "keep"):
        log_decision(path, creator_key="x:1", verdict=verdict, reason="=a; b", reviewer="me")
    found = read_decisions(path)
    assert found["verdict"].tolist() == ["ask", "keep"]
    assert found["decided_on"].notna().all()
    assert found["reason"].tolist() == ["=a; b"] * 2
    assert path.read_text(encoding="utf-8-sig").count("'=a; b") == 2  # no spreadsheet runs it


def test_a_decision_without_a_reason_is_not_logged(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        log_decision(tmp_path / "d.csv", creator_key="x:1", verdict="fire", reason="", reviewer="")
    assert [fault.split(":")[1] for fault in caught.value.faults] == [
        " reason",
        " reviewer",
        " verdict",
    ]
    assert not (tmp_path / "d.csv").exists()


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=30))
@settings(max_examples=12)
def test_any_answer_is_kept(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("d") / "decisions.csv"
    log_decision(path, creator_key="x:1", verdict="ask", reason="why", reviewer="me", answer=text)
    [answer] = read_decisions(path)["answer"].fillna("")
    assert answer.lstrip("'").split() == text.replace("\0", " ").lstrip("'").split()

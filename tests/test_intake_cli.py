from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from workbench.cli.import_exports import confirm
from workbench.intake.importing import import_files
from workbench.intake.layouts import group_files
from workbench.intake.mapping import propose_mapping
from workbench.intake.profile import MappingProfile
from workbench.intake.read import read_files
from workbench.wording.imports import describe_import_plainly

TEXT = "Handle,Post ID,Posted at,Hearts\nann,1,03/04/2026,9\nann,2,05/04/2026,9\n"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "posts.csv"
    path.write_text(TEXT)
    return path


def answer(
    export: Path, monkeypatch: pytest.MonkeyPatch, *answers: str
) -> tuple[MappingProfile | None, str]:
    told = io.StringIO()
    console = Console(file=told, width=200)
    given = iter(answers)

    def next_answer(*_: object, **__: object) -> str:
        try:
            return next(given)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr(console, "input", next_answer)
    proposal = propose_mapping(group_files(read_files([export]), None)[0])
    return confirm(proposal, console), told.getvalue()


def test_a_person_settles_what_is_open(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile, _ = answer(export, monkeypatch, "platform=tiktok", "date_order=day_first", "y")
    assert profile is not None
    assert (profile.platform, profile.date_order) == ("tiktok", "day_first")


def test_yes_is_not_enough_while_something_is_open(
    export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile, told = answer(export, monkeypatch, "y")
    assert profile is None
    assert "This must be decided first." in told


@pytest.mark.parametrize("said", ["n", "No", "q"])
def test_no_stops(export: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    assert answer(export, monkeypatch, said)[0] is None


def test_each_header_is_shown_with_values(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, told = answer(export, monkeypatch, "n")
    assert "Hearts" in told
    assert "03/04/2026, 05/04/2026" in told
    assert "which platform" in told


@pytest.mark.parametrize(
    ("said", "told"), [("likes=Nothing", "no header 'Nothing'"), ("hm", "y to import")]
)
def test_an_answer_that_means_nothing_is_told(
    export: Path, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    assert told in answer(export, monkeypatch, said)[1]


def test_an_import_is_summed_up_in_words(export: Path, tmp_path: Path) -> None:
    export.write_text(TEXT.replace("03/04", "13/04") + "ann,3,14/04/2026,lots\n")
    report = import_files([export], tmp_path / "c", platform="tiktok")
    text = describe_import_plainly(report, tmp_path / "c")
    assert "3 rows: 2 kept, 1 refused" in text
    assert "refused 1 row: Hearts: expected a count" in text
    assert "13 Apr 2026 (newest date in the files)" in text


def test_the_unit_of_ages_is_answered(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export.write_text("Handle,Post ID,Time since posted,Likes\nann,1,11,9\nann,2,5,9\n")
    answers = ("y", "age_unit=hours", "platform=tiktok", "y")
    profile, told = answer(export, monkeypatch, *answers)
    assert "11 says no unit of time" in told
    assert profile is not None
    assert profile.age_unit == "hours"

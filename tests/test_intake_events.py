"""What the analyst noted of a creator's growth: giveaways, press, viral posts."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import DataError
from workbench.intake.importing import import_files
from workbench.intake.quality import ImportReport
from workbench.store import open_store

CALENDAR = (
    "Date,Platform,Handle,Event\n"
    "2026-08-01,Instagram,ann,Giveaway\n2026-08-03,TikTok,bob,viral post\n"
    "2026-08-05,TikTok,bob,dinner with @carla\n2026-08-05,TikTok,bob,\n,TikTok,bob,press\n"
)


def imported(folder: Path, text: str, **options: str) -> ImportReport:
    (folder / "calendar.csv").write_text(text, encoding="utf-8")
    options = {"as_of": "2026-09-30"} | options
    return import_files([folder / "calendar.csv"], folder / "client", **options)  # type: ignore[arg-type]


def kinds(folder: Path) -> list[tuple[str, str]]:
    found = open_store(folder / "client").read("events")
    return [*zip(found["creator_key"], found["kind"], strict=True)]


def test_events_come_in_by_kind(tmp_path: Path) -> None:
    report = imported(tmp_path, CALENDAR)
    assert kinds(tmp_path) == [
        ("instagram:ann", "giveaway"),
        ("tiktok:bob", "viral_post"),
        ("tiktok:bob", "other"),
    ]
    assert report.summary.events == 3
    assert report.table["holds"].tolist() == ["events"]
    assert report.refused["reason"].tolist() == ["no kind of event", "no day"]
    store = (tmp_path / "client" / "store").rglob("*.parquet")
    assert not [path for path in store if b"carla" in path.read_bytes()]  # the text is not kept
    imported(tmp_path, CALENDAR.replace("Giveaway", "raffle"))
    assert len(kinds(tmp_path)) == 3


def test_a_calendar_in_another_language_is_read(tmp_path: Path) -> None:
    text = "Datum;Profil;Anlass\n01.08.2026;ann;Gewinnspiel\n03.08.2026;ann;Fernsehen\n"
    imported(tmp_path, text, platform="instagram")
    assert [kind for _, kind in kinds(tmp_path)] == ["giveaway", "press"]


def test_an_event_after_the_export_is_refused(tmp_path: Path) -> None:
    report = imported(tmp_path, CALENDAR, as_of="2026-08-02")
    assert len(report.refused) == 3


def test_a_profile_without_the_day_is_asked(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("name: own\nrows: event\ncolumns: {handle: H, kind: K}\n")
    with pytest.raises(DataError) as caught:
        imported(tmp_path, "H,K\nann,press\n", profile=str(tmp_path / "own.yaml"))
    assert any("which column holds the day" in fault for fault in caught.value.faults)

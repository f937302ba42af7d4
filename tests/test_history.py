"""The page of all reports, from folders of runs made by hand."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date

import pytest
from bs4 import BeautifulSoup

from tests.commands import call
from workbench.errors import SettingsError
from workbench.reporting.history import write_history
from workbench.reporting.publish import file_name

TODAY = date(2026, 10, 12)
HTML = "report.html"


def headline(name, value, spread=0.0):
    ranged = {"low": value - spread, "high": value + spread, "confidence": 0.9} if spread else {}
    return {"name": name, "value": value, "kind": "percent" if spread else "count", **ranged}


def add_run(out, client, period, *, report="engagement-benchmark", day="2026-10-02", **manifest):
    """Add a good run, as the runner leaves it, and lead the links to it."""
    shelf = out / file_name(client) / report
    run = shelf / "runs" / f"{period or 'last'}-{day}"
    (run / "desk").mkdir(parents=True)
    (run / HTML).write_text("<h1>A report</h1>")
    content = {"report": report, "client": client, "html": HTML, "html_sha256": "0"}
    content |= {"key": run.name, "as_of": day, "started": f"{day}T06:00:00+00:00"}
    content |= {"period": period, "exit": {"kind": "good", "reason": ""}, **manifest}
    (run / "desk" / "manifest.json").write_text(json.dumps(content))
    (shelf / "periods").mkdir(exist_ok=True)
    for link in [shelf / "periods" / period] * bool(period) + [shelf / "latest"]:
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(run, link.parent))
    return run


def add_failure(
    out, client, period, kind, reason, *, report="engagement-benchmark", day="2026-10-03"
):
    kept = out / file_name(client) / report / "failed" / f"{day.replace('-', '')}T060000.000001Z"
    kept.mkdir(parents=True)
    (kept / "reason.txt").write_text(f"{kind}: {reason}\n")
    content = {"report": report, "client": client, "period": period, "started": f"{day}T06:00:00"}
    content["exit"] = {"kind": kind, "reason": reason}
    (kept / "manifest.json").write_text(json.dumps(content))
    return kept


def add_summary(out, *reports, started="2026-10-11T06:00:00+00:00"):
    own = {"report": "engagement-benchmark", "edition": "named", "period": "2026-09"}
    told = {"started": started, "reports": [own | report for report in reports]}
    (out / "summary.json").write_text(json.dumps(told))


def page_of(out, *, stale_after_days=None):
    written = write_history(out, stale_after_days=stale_after_days, today=TODAY)
    return BeautifulSoup(written.read_text(encoding="utf-8"), "html.parser")


def cells(page, client, section="month"):
    """Return a client's row of a matrix: its periods' heads and what stands below them."""
    table = page.find("h2", id=section).find_parent("section").table
    heads = [th.get_text(" ", strip=True) for th in table.select("thead th")]
    row = next(r for r in table.select("tbody tr") if client in r.th.get_text())
    return dict(
        zip(heads, (c.get_text(" ", strip=True) for c in row.find_all(["th", "td"])), strict=True)
    )


def test_a_good_run_is_linked_with_its_day_and_manifest(tmp_path):
    run = add_run(tmp_path, "Acme & Co", "2026-09")
    page = page_of(tmp_path)
    assert cells(page, "Acme & Co")["2026-09"] == "● good 2 Oct 2026 manifest"
    targets = [tmp_path / a["href"] for a in page.select(".matrix td a")]
    assert targets == [run / HTML, run / "desk" / "manifest.json"]
    assert "All is well: 1 report for 1 client" in page.get_text()


def test_a_failed_run_is_told_with_its_reason_and_the_report_before_stays(tmp_path):
    add_run(tmp_path, "Acme", "2026-09")
    add_failure(tmp_path, "Acme", "2026-09", "timeout", "the cell fit ran for 600 s")
    page = page_of(tmp_path)
    assert cells(page, "Acme")["2026-09"].endswith("✕ later run failed")
    told = page.find("h2", id="attention").find_parent("section").get_text(" ", strip=True)
    assert "A later run failed; the report from before stands. The cell fit" in told


def test_a_failure_that_a_good_run_followed_is_no_trouble(tmp_path):
    add_failure(tmp_path, "Acme", "2026-09", "io", "disk full", day="2026-10-01")
    add_run(tmp_path, "Acme", "2026-09")
    assert page_of(tmp_path).find("h2", id="attention") is None


def test_a_refused_report_is_told_though_it_has_no_folder(tmp_path):
    add_summary(
        tmp_path,
        {"client": "Acme", "status": "refused", "kind": "bad_input", "reason": "no posts"},
        {"client": "Beta", "status": "failed", "kind": "locked", "reason": "it is locked"},
    )
    add_run(tmp_path, "Beta", "2026-09")
    page = page_of(tmp_path)
    assert cells(page, "Acme")["2026-09"] == "✕ failed 11 Oct 2026"
    assert cells(page, "Beta")["2026-09"].endswith("✕ later run failed")
    assert "No posts" in page.find("h2", id="attention").find_parent("section").get_text()


def test_a_report_found_to_be_up_to_date_is_neither_failed_nor_late(tmp_path):
    add_run(tmp_path, "Acme", "2026-09")
    add_failure(tmp_path, "Acme", "2026-09", "io", "disk full")
    add_summary(tmp_path, {"client": "Acme", "status": "up_to_date", "kind": "up_to_date"})
    row = cells(page_of(tmp_path, stale_after_days=5), "Acme")
    assert row["Last good"] == "11 Oct 2026"
    assert "failed" not in row["2026-09"]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "[" * 99_999,
        '{"started": 1, "reports": [1]}',
        '{"started": "x", "reports": [{"client": 1}]}',
    ],
)
def test_a_broken_summary_is_no_crash(tmp_path, content):
    add_run(tmp_path, "Acme", "2026-09")
    (tmp_path / "summary.json").write_text(content)
    assert "good" in cells(page_of(tmp_path), "Acme")["2026-09"]


def test_a_period_that_is_over_without_a_run_is_stale(tmp_path):
    add_run(tmp_path, "Acme", "2026-07", day="2026-08-02")
    add_run(tmp_path, "Beta", "2026-10", day="2026-10-11")
    page = page_of(tmp_path)
    row = cells(page, "Acme")
    assert [row[name].split()[0] for name in ("2026-10", "2026-09", "2026-08")] == ["not", "▲", "▲"]
    assert cells(page, "Beta")["2026-09"] == "–"


def test_no_good_run_for_days_is_stale(tmp_path):
    add_run(tmp_path, "Acme", "2026-09")
    add_run(tmp_path, "Beta", "", day="2026-08-02")
    assert "stale" not in cells(page_of(tmp_path, stale_after_days=10), "Acme")["Last good"]
    assert "stale" in cells(page_of(tmp_path, stale_after_days=9), "Acme")["Last good"]
    assert "stale" in cells(page_of(tmp_path, stale_after_days=30), "Beta", "none")["Last good"]


def test_a_withdrawn_run_is_said_to_be(tmp_path):
    run = add_run(tmp_path, "Acme", "2026-09", data_withdrawn="2026-10-05")
    (run / HTML).unlink()
    page = page_of(tmp_path)
    assert cells(page, "Acme")["2026-09"] == "■ withdrawn"
    assert "withdrawn on 2026-10-05" in page.get_text()


@pytest.mark.parametrize(
    "manifest",
    [
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"client": 3, "period": [1], "started": {}}',
        b"null",
        b"[" * 99_999,
    ],
)
def test_a_broken_manifest_is_unreadable_and_no_crash(tmp_path, manifest):
    run = add_run(tmp_path, "Acme", "2026-09")
    (run / "desk" / "manifest.json").write_bytes(manifest)
    page = page_of(tmp_path)
    assert cells(page, "acme")["2026-09"] == "? unreadable"
    assert page.find("h2", id="none") is None


def test_links_into_nowhere_or_in_a_circle_are_unreadable(tmp_path):
    for name, target in (("2026-08", "../runs/gone"), ("2026-09", "2026-09")):
        add_run(tmp_path, "Acme", name)
        shutil.rmtree(tmp_path / "acme" / "engagement-benchmark" / "runs")
        link = tmp_path / "acme" / "engagement-benchmark" / "periods" / name
        link.unlink()
        link.symlink_to(target)
        (tmp_path / "acme" / "engagement-benchmark" / "runs").mkdir()
    row = cells(page_of(tmp_path), "acme")
    assert row["2026-08"] == row["2026-09"] == "? unreadable"


def test_runs_of_the_format_before_are_read(tmp_path):
    run = add_run(tmp_path, "Acme", "")
    content = {"report": "claims", "client": "Acme", "html": HTML, "html_sha256": "0"}
    content["started"] = "2026-03-02T06:00:00+00:00"
    (run / "desk" / "manifest.json").write_text(json.dumps(content))
    failed = run.parents[1] / "failed" / "20260401T060000.000001Z"
    failed.mkdir(parents=True)
    (failed / "reason.txt").write_text("RunError: The report did not pass the gate.\n")
    page = page_of(tmp_path)
    assert "good 2 Mar 2026" in cells(page, "Acme", "none")["Last run"]
    assert (
        "did not pass the gate" in page.find("h2", id="attention").find_parent("section").get_text()
    )


def test_numbers_stand_beside_those_of_the_period_before(tmp_path):
    then = [headline("Rate", 0.02, 0.002), headline("Creators", 10)]
    now = [headline("Rate", 0.05, 0.002), headline("Creators", 10)]
    asked = {"last_posts": 30, "as_of": "2026-08-31"}
    add_run(tmp_path, "Acme", "2026-08", day="2026-09-02", headlines=then, parameters=asked)
    add_run(tmp_path, "Acme", "2026-09", headlines=now, parameters={"last_posts": 10})
    add_run(tmp_path, "Beta", "2026-08", day="2026-09-02", headlines=[{"name": 3}])
    add_run(tmp_path, "Beta", "2026-09", headlines="none")
    folded = page_of(tmp_path).select("details")
    assert len(folded) == 1
    assert (
        folded[0]
        .summary.get_text()
        .endswith("1 of 2 numbers changed: Rate (not asked alike: last_posts)")
    )


def test_it_works_for_hundreds_of_clients_and_shows_twelve_periods(tmp_path):
    for client in range(60):
        for month in ("2025-06", "2026-08", "2026-09"):
            add_run(tmp_path, f"Client {client}", month)
    page = page_of(tmp_path)
    assert len(page.select(".matrix tbody tr")) == 60
    assert len(page.select(".matrix thead th")) == 14


def test_names_and_reasons_are_escaped_and_links_stay_below(tmp_path):
    bad = "<script>x</script>"
    add_run(tmp_path, bad, "2026-09", html="../../../../etc/passwd")
    add_failure(tmp_path, bad, "2026-09", bad, bad * 99)
    page = page_of(tmp_path)
    assert [script.get_text()[:12] for script in page.find_all("script")] == ['"use strict"']
    assert not [a for a in page.select("a") if ".." in a["href"]]


def test_a_half_written_page_is_never_seen(tmp_path):
    add_run(tmp_path, "Acme", "2026-09")
    page_of(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme", "history.html"]


def test_the_command_prints_the_path(tmp_path):
    add_run(tmp_path, "Acme", "2026-09")
    done = call("history", "--out", tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "history.html"))


def test_without_a_folder_of_reports_it_says_so(tmp_path):
    with pytest.raises(SettingsError, match="no reports"):
        write_history(tmp_path / "none", stale_after_days=None, today=TODAY)


@pytest.fixture
def full(tmp_path):
    """A page with every state."""
    for place in range(12):
        for number, month in enumerate(("2026-05", "2026-06", "2026-07", "2026-08", "2026-09")):
            numbers = [headline("Rate", 0.02 + 0.01 * number, 0.002), headline("Creators", 10)]
            add_run(tmp_path, f"Client {place}", month, headlines=numbers)
    add_run(tmp_path, "Late", "2026-07")
    add_run(tmp_path, "Gone", "2026-09", data_withdrawn="2026-10-05")
    (add_run(tmp_path, "Broken", "2026-09") / HTML).unlink()
    add_failure(tmp_path, "Client 3", "2026-09", "timeout", "the cell fit ran for 600 s")
    add_failure(tmp_path, "Never", "2026-09", "kernel_died", "the kernel died")
    return write_history(tmp_path, stale_after_days=30, today=TODAY)


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (320, "light")])
def test_axe_finds_no_violation_and_nothing_is_blocked(full, browser, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(full.as_uri())
    assert page.locator(".mark.withdrawn, .mark.unreadable, .mark.stale, .mark.failed").count() > 8
    assert [v["id"] for v in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []


@pytest.mark.browser
def test_it_prints_without_a_clipped_table(full, browser):
    page = browser.new_page(viewport={"width": 1009, "height": 700})
    page.emulate_media(media="print")
    page.goto(full.as_uri())
    wide = (
        "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1)"
    )
    assert page.evaluate(f"{wide}.length") == 0

"""Scheduled reports: what runs again, what is refused, what is published, what is told."""

import fcntl
import json
import shutil
import subprocess
import sys
from contextlib import nullcontext
from datetime import timedelta
from functools import partial

import pytest
import yaml

from tests.conftest import ROOT
from tests.runs import NOTEBOOK_PARAMETERS, StandIn, at, make_client
from tests.test_own_notebook import GOOD, write
from workbench.cli.schedule import print_schedule
from workbench.errors import RetryableError, RunError, SettingsError
from workbench.reporting import kernels
from workbench.reporting.again import render_again
from workbench.reporting.manifest import file_sha256, read_manifest
from workbench.reporting.period import KINDS, last_period, local_now, read_period
from workbench.reporting.publish import KEPT_FAILURES, open_shelf
from workbench.reporting.runner import RunSettings, run_schedules
from workbench.reporting.schedule import read_schedule

NOW = at("2026-10-05")


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clients")
    for name in ("acme", "bolt"):
        make_client(folder / name)
    return folder


@pytest.fixture
def project(clients, tmp_path):
    """A folder with a notebook of one's own, two clients and a schedule of both."""
    shutil.copytree(clients, tmp_path / "data")
    cells = [GOOD[0], ("parameters", NOTEBOOK_PARAMETERS), *GOOD[2:]]
    write(tmp_path / "own.ipynb", cells)
    return tmp_path


@pytest.fixture
def work(monkeypatch):
    stand_in = StandIn()
    monkeypatch.setattr("workbench.reporting.render.make_report", stand_in)
    monkeypatch.setattr("workbench.reporting.attempts.RETRY_SECONDS", 0.0)
    monkeypatch.setattr("workbench.reporting.kernels.forked_kernels", nullcontext)
    return stand_in


def schedule(project, **keys):
    content = {
        "report": str(project / "own.ipynb"),
        "clients": ["acme", "bolt"],
        "data": str(project / "data"),
        "out": str(project / "out"),
        **keys,
    }
    path = project / "own.yml"
    path.write_text(yaml.safe_dump({k: v for k, v in content.items() if v is not None}))
    return path


def go(project, *, now=NOW, keys=None, **settings):
    settings = {"executor": "serial", "wait": 0.0, **settings}
    return run_schedules([schedule(project, **(keys or {}))], RunSettings(**settings), now)


def statuses(summary):
    return [outcome.status for outcome in summary.reports]


def faults_of(project, **keys):
    settings = {name: keys.pop(name) for name in ("period", "clients_asked") if name in keys}
    settings["clients"] = settings.pop("clients_asked", ())
    with pytest.raises(SettingsError) as fault:
        go(project, keys=keys, **settings)
    return "\n".join(fault.value.faults)


# --- what runs again


def test_what_is_up_to_date_starts_no_kernel(project, work):
    assert statuses(go(project)) == ["published"] * 2
    assert statuses(go(project)) == ["up_to_date"] * 2
    assert len(work.made) == 2


def test_one_changed_row_renders_its_client_alone(project, work):
    go(project)
    make_client(project / "data" / "bolt", more="anna_0,990,09/20/2026 16:28,7,7\n")
    assert statuses(go(project)) == ["up_to_date", "published"]
    assert work.made == ["acme", "bolt", "bolt"]


@pytest.mark.parametrize(
    "change",
    [{"parameters": {"share": 0.7}}, {"edition": "analyst"}, {"force": True}, {"period": "2026"}],
    ids=str,
)
def test_another_input_is_another_run(project, work, change):
    go(project)
    keys = {k: v for k, v in change.items() if k in ("parameters", "edition")}
    go(project, keys=keys, **{k: v for k, v in change.items() if k not in keys})
    assert len(work.made) == 4


def test_an_edited_brief_is_another_run(project, work):
    go(project)
    (project / "data" / "acme" / "campaign.yaml").write_text("budget: 10\n")
    assert statuses(go(project)) == ["same", "up_to_date"]


def test_a_report_whose_file_was_damaged_is_made_again(project, work):
    html = go(project).reports[0].html
    with open(html, "a") as file:
        file.write("x")
    outcome = go(project).reports[0]
    assert (outcome.status, outcome.sha256) == ("same", file_sha256(project / outcome.html))
    assert statuses(go(project)) == ["up_to_date"] * 2


def test_links_that_a_kill_has_left_out_are_led_by_the_next_run(project, work):
    go(project, period="2026-Q3")
    shelf = open_shelf(project / "out", "acme", "own")
    shelf.latest.unlink()
    shelf.period_link("2026-Q3").unlink()
    go(project, period="2026-Q3")
    assert shelf.latest.resolve() == shelf.period_link("2026-Q3").resolve()
    assert len(work.made) == 2


def test_the_way_without_a_kernel_does_not_wait_for_pandas(project, work):
    go(project)
    code = (
        "import sys; from pathlib import Path; from workbench.reporting.runner import *\n"
        f"s = run_schedules([Path({str(project / 'own.yml')!r})], RunSettings())\n"
        "assert {o.status for o in s.reports} == {'up_to_date'}, s\n"
        "heavy = {'pandas', 'numpy', 'papermill', 'nbformat', 'bs4', 'joblib', 'jupyter_client'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- what is refused


def test_all_faults_of_a_schedule_are_told_at_once(project, work):
    told = faults_of(project, retrys=1, seconds=0, period_kind="day", client="Acme")
    for part in ("retrys: no such key; did you mean retries?", "seconds: ", "period_kind: "):
        assert part in told


def test_a_client_is_given_in_one_way(project, work):
    assert "client: NAME" in faults_of(project, client="Acme")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"parameters": {"shaer": 1.0}}, "shaer: unknown; did you mean share?"),
        ({"parameters": {"share": "much"}}, "share: expected float"),
        ({"parameters": {"client": "x"}}, "client: is given by an option of its own"),
        ({"parameters": {"api_key": "x"}}, "a secret is no parameter"),
        ({"secrets": ["WORKBENCH_NO_SUCH"]}, "WORKBENCH_NO_SUCH is not set"),
        ({"report": "no-such"}, "choose one of"),
        ({"reference": "nowhere"}, "reference: there is no "),
        ({"brand": "nowhere.yaml"}, "nowhere.yaml can't be read"),
        ({"period": "2026-Q9"}, "expected one such as 2026"),
        ({"period": "2027-Q1"}, "lies in the future"),
        ({"period": "last"}, "period_kind: is needed"),
        ({"period": "2026-Q3", "period_kind": "month"}, "period_kind: is month"),
        ({"clients_asked": ("acmee",)}, "did you mean acme?"),
        ({"clients": ["acme", "acme"]}, "2 schedules make this report"),
        ({"clients": "*", "data": "nowhere"}, "no folder below nowhere"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_is_told_before_anything_starts(project, work, keys, told):
    assert told in faults_of(project, **keys)
    assert work.made == []
    assert not (project / "out").exists()


@pytest.mark.parametrize("keys", [{"parameters": {"share": 2.0}}, {"secrets": ["NO_SUCH_1"]}])
def test_one_schedule_that_is_wrong_stops_all(project, work, keys):
    good = shutil.copy(schedule(project, clients=["acme"]), project / "good.yml")
    wrong = schedule(project, clients=["bolt"], **keys)
    with pytest.raises(SettingsError):
        run_schedules([good, wrong], RunSettings(executor="serial"), NOW)
    assert work.made == []


def test_a_damaged_file_of_the_store_is_refused(project, work):
    part = next((project / "data" / "acme" / "store" / "posts").rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-9] + b"x" + part.read_bytes()[-8:])
    summary = go(project)
    assert "is not what was imported" in summary.reports[0].reason
    assert statuses(summary) == ["refused", "published"]


@pytest.mark.parametrize("period", ["", "2026-Q4"])
def test_a_client_without_usable_data_is_refused_and_the_others_run(project, work, period):
    now = at("2026-11-05")
    make_client(project / "data" / "bolt", as_of="2026-10-20")
    if period:
        told = "the data are older than 2026-Q4"  # acme's: of 30 September
    else:
        shutil.rmtree(project / "data" / "acme" / "store")
        told = "There is no store"
    summary = go(project, period=period, now=now)
    assert statuses(summary) == ["refused", "published"]
    assert told in summary.reports[0].reason
    assert (summary.exit_code, summary.reports[0].kind) == (2, "bad_input")


def test_data_after_the_period_are_left_out_or_the_run_is_refused(project, work):
    go(project, period="2026-Q2")
    manifest = read_manifest(open_shelf(project / "out", "acme", "own").latest)
    assert manifest["as_of"] == manifest["parameters"]["as_of"] == "2026-06-30"
    write(project / "own.ipynb", GOOD)
    assert "has no parameter as_of" in go(project, period="2026-Q2").reports[0].reason


def test_a_secret_that_is_a_default_of_the_notebook_is_refused(project, work):
    cells = [GOOD[0], ("parameters", NOTEBOOK_PARAMETERS + '\ntoken: str = "x"'), *GOOD[2:]]
    write(project / "own.ipynb", cells)
    assert "token: a secret is no parameter" in faults_of(project)


# --- what is published


def test_latest_is_of_the_newest_period_whatever_the_clock(project, work):
    shelf = open_shelf(project / "out", "acme", "own")
    go(project, period="2026-Q3")
    go(project, period="2026-Q2", now=at("2026-10-06"))
    go(project, period="2026-07", now=at("2026-08-01"))  # the clock has jumped back
    assert read_manifest(shelf.latest)["period"] == "2026-Q3"
    assert sorted(link.name for link in shelf.root.glob("periods/*")) == [
        *("2026-07", "2026-Q2", "2026-Q3")
    ]
    assert str(shelf.period_link("2026-Q2")) in str(go(project, period="2026-Q2").reports[0].html)


def test_a_report_is_compared_with_that_of_the_period_before(project, work):
    shelf = open_shelf(project / "out", "acme", "own")
    go(project, period="2026-Q2")
    go(project, period="2026-Q3")
    earlier, later = (read_manifest(shelf.period_link(f"2026-Q{n}")) for n in (2, 3))
    assert later["previous"]["key"] == earlier["key"]
    assert earlier["previous"] is None
    assert statuses(go(project, period="2026-Q3")) == ["up_to_date"] * 2


def test_without_periods_a_report_is_compared_with_the_one_before(project, work):
    go(project)
    make_client(project / "data" / "acme", more="anna_0,990,09/20/2026 16:28,7,7\n")
    for _ in range(2):  # the second time it is up to date, compared with the same one
        go(project)
    shelf = open_shelf(project / "out", "acme", "own")
    keys = {read_manifest(run)["key"] for run in shelf.root.glob("runs/*")}
    assert read_manifest(shelf.latest)["previous"]["key"] in keys
    assert len(keys) == 2


def test_a_failure_leaves_what_was_good_and_the_other_client(project, work):
    before = go(project).reports[0]
    make_client(project / "data" / "acme", more="anna_0,990,09/20/2026 16:28,7,7\n")
    work.faults["acme"] = [RunError("It is wrong.", ["a sum"], "gate")]
    summary = go(project)
    shelf = open_shelf(project / "out", "acme", "own")
    assert (statuses(summary), summary.exit_code) == (["failed", "up_to_date"], 1)
    assert file_sha256(shelf.latest / "own-acme.html") == before.sha256
    kept = next(shelf.root.glob("failed/*"))
    assert read_manifest(kept)["exit"]["kind"] == summary.reports[0].kind == "gate"
    assert "It is wrong." in (kept / "reason.txt").read_text()


def test_failures_at_one_moment_are_kept_apart_and_only_the_last_ones(project, work):
    work.faults["acme"] = [RunError("Wrong.")] * (KEPT_FAILURES + 2)
    for _ in range(KEPT_FAILURES + 2):
        go(project)
    assert len([*open_shelf(project / "out", "acme", "own").root.glob("failed/*")]) == KEPT_FAILURES


def test_what_may_be_gone_is_tried_again_and_nothing_else(project, work):
    work.faults["acme"] = [RetryableError("Dead.", (), "kernel_died"), OSError(5, "I/O error")]
    work.faults["bolt"] = [RunError("Wrong.")]
    summary = go(project)
    assert [outcome.attempts for outcome in summary.reports] == [3, 1]
    assert read_manifest(open_shelf(project / "out", "acme", "own").latest)["attempt"] == 3
    work.faults["bolt"] = [RetryableError("Slow.", (), "timeout")] * 9
    last = go(project, keys={"retries": 1}).reports[1]
    assert (last.kind, last.attempts) == ("timeout", 2)


def test_a_second_runner_is_told_of_the_first(project, work):
    shelf = open_shelf(project / "out", "acme", "own")
    shelf.root.mkdir(parents=True)
    with (shelf.root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        summary = go(project)
    assert statuses(summary) == ["failed", "published"]
    assert (summary.reports[0].kind, "locked" in summary.reports[0].reason) == ("locked", True)


def test_a_stop_leaves_nothing_half_done(project, work):
    work.faults["bolt"] = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        go(project)
    assert [*project.glob("out/*/*/.work*")] == []
    assert not open_shelf(project / "out", "bolt", "own").latest.exists()
    told = json.loads((project / "out" / "summary.json").read_text())["reports"]
    assert [report["kind"] for report in told] == ["up_to_date", "stopped"]


def test_what_a_killed_run_has_left_is_swept(project, work):
    left = open_shelf(project / "out", "acme", "own").root / ".work-.x"
    left.mkdir(parents=True)
    go(project)
    assert not left.exists()


# --- what is told


SAME = {"started", "ended", "seconds", "cells", "attempt", "platform", "git"}


@pytest.mark.slow
def test_local_and_serial_runs_make_the_same_and_tell_no_secret(project, monkeypatch, capfd):
    monkeypatch.setenv("SHOP_WORD", 'hunter"two<2>')
    few = partial(kernels.forked_kernels, ("ipykernel.kernelapp", "workbench.figures"))
    monkeypatch.setattr(kernels, "forked_kernels", few)
    cells = [GOOD[0], ("parameters", NOTEBOOK_PARAMETERS), *GOOD[4:5]]
    source = "import os\nfrom workbench.figures import show_end, show_text"
    shown = "show_text(f\"The word of {client} is {os.environ['SHOP_WORD']}.\")"
    write(project / "own.ipynb", [*cells, ("code", source), ("code", shown), GOOD[-1]])
    told = []
    for executor in ("local", "serial"):
        out = project / executor
        keys = {"secrets": ["SHOP_WORD"], "out": str(out)}
        summary = go(project, executor=executor, keys=keys, now=local_now)
        assert statuses(summary) == ["published"] * 2, summary
        manifests = map(read_manifest, sorted(out.glob("*/own/latest")))
        told.append([{k: v for k, v in m.items() if k not in SAME} for m in manifests])
    assert told[0] == told[1]
    texts = [p.read_text(errors="replace") for p in project.rglob("*/*/*/*") if p.is_file()]
    assert [text for text in [*texts, *capfd.readouterr()] if "hunter" in text] == []
    assert any("[redacted]" in text for text in texts)


def test_the_summary_is_written_and_the_hook_is_told_of_trouble_alone(project, work):
    command = f"sh -c 'cat > {project}/told.json; exit 3'"
    go(project, hook=command)
    assert not (project / "told.json").exists()
    work.faults["acme"] = [RunError("Wrong.")]
    summary = go(project, hook=command, force=True)
    told = json.loads((project / "told.json").read_text())
    assert [report["client"] for report in told["reports"]] == ["acme"]
    assert json.loads((project / "out" / "summary.json").read_text()) == json.loads(
        json.dumps(summary.content())
    )


def test_a_schedule_that_is_wrong_is_told_to_the_hook_too(project, work):
    go(project)
    faults_of(project, retries="many", hook=f"sh -c 'cat > {project}/told.json'")
    summary = json.loads((project / "out" / "summary.json").read_text())
    assert (summary["exit_code"], summary["reports"]) == (2, [])
    assert "retries: " in summary["faults"][0]


@pytest.mark.parametrize("hook", ["no-such-command-anywhere", "false", "sh -c 'sleep 60'", "'"])
def test_a_hook_that_fails_changes_nothing(project, work, monkeypatch, hook):
    monkeypatch.setattr("workbench.reporting.hook.SECONDS", 0.2)
    work.faults["acme"] = [RunError("Wrong.")]
    assert go(project, hook=hook).exit_code == 1


def test_no_success_for_days_is_told(project, work):
    keys = {"stale_after_days": 7}
    go(project, keys=keys)
    work.faults["acme"] = [RunError("Wrong.")] * 2
    for days, stale in ((6, False), (8, True)):
        summary = go(project, keys=keys, force=True, now=lambda d=days: NOW() + timedelta(days=d))
        assert summary.reports[0].stale is stale


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "none"])
def test_periods_follow_each_other_without_a_gap(kind):
    day = NOW().date()
    for _ in range(60):
        period = last_period(kind, day)
        assert read_period(period.name) == period
        assert period.last < day
        assert last_period(kind, period.last + timedelta(days=1)) == period
        day = period.first


# --- again, and by a timer


def test_a_report_is_made_again_from_its_manifest(project, work, monkeypatch):
    monkeypatch.setattr("workbench.reporting.again.make_report", work)
    go(project, period="2026-Q2")
    go(project, period="2026-Q3")
    latest = open_shelf(project / "out", "acme", "own").latest / "desk" / "manifest.json"
    assert render_again(latest, NOW).same
    make_client(project / "data" / "acme", more="anna_0,990,09/20/2026 16:28,7,7\n")
    found = render_again(latest, NOW)
    assert (found.same, "the data are others" in found.reason) == (False, True)


def test_what_is_no_manifest_is_told(project):
    (project / "manifest.json").write_text("[]")
    with pytest.raises(SettingsError, match="no manifest"):
        render_again(project / "manifest.json", NOW)


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("systemd", ["Persistent=true", "OnFailure=", "WorkingDirectory={}/100%% sure", "oneshot"]),
        ("cron", ["cd '{}/100\\% sure' && flock -n reports/schedule"]),
    ],
)
def test_a_timer_is_printed(tmp_path, capsys, kind, parts):
    project = tmp_path / "100% sure"
    (project / "reports" / "schedule").mkdir(parents=True)
    chosen = {"systemd": kind == "systemd", "cron": kind == "cron"}
    print_schedule(**chosen, period="last", at="", project=project)
    told = capsys.readouterr().out
    assert "run --all --period last" in told
    assert [part for part in parts if part.format(tmp_path) not in told] == []


def test_the_sample_has_a_schedule_that_can_be_read():
    assert read_schedule(ROOT / "reports" / "schedule" / "sample.yml").period_kind == "quarter"

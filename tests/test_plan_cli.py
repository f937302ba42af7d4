"""``workbench plan`` and ``workbench register`` as they are called, in this process."""

import json

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from workbench.cli.app import app
from workbench.errors import WorkbenchError
from workbench.intake.importing import import_files

BRIEF = (
    "client: Acme\ngoal: engagements\nbudget: 6000\ncurrency: USD\ntarget: 900\n"
    "flight_start: 2099-03-01\nflight_end: 2099-03-14\n"
)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A folder of an export that holds averages only, some rows without followers, no fee."""
    folder = tmp_path_factory.mktemp("plan")
    rows = [
        f"c{n},{'Instagram' if n % 3 else 'TikTok'},{900 + 410 * n if n % 9 else ''},"
        f"{40 + 30 * (n % 30)},{4 + n % 7}"
        for n in range(60)
    ]
    head = "Username,Platform,Followers,Avg likes,Avg comments"
    (folder / "list.csv").write_text("\n".join([head, "=1+1,Instagram,20000,900,9", *rows]) + "\n")
    import_files([folder / "list.csv"], folder / "client", as_of="2026-09-30")
    (folder / "client" / "campaign.yaml").write_text(BRIEF)
    return folder / "client"


def call(*given):
    return CliRunner().invoke(app, [*map(str, given)])


def ask(client, *given, command="plan"):
    return call(command, "--data", client, "--draws", 400, *given)


def test_the_answer_and_the_roster(client, tmp_path):
    done = ask(client, "--out", tmp_path / "out", "--json")
    assert done.exit_code == 0, done.exception
    told = json.loads(done.stdout)
    plan = told["plan"]
    assert plan["status"] == "proven"
    assert plan["value"] <= plan["bound"] <= plan["value"] * 1.001
    assert plan["spend"] <= 6000
    assert 0 <= told["promise"]["chance"] <= 1
    roster = pd.read_csv(tmp_path / "out" / "roster.csv")
    assert len(roster) == plan["creators"]
    assert roster["all_in"].sum() == pytest.approx(plan["spend"], abs=1)
    assert (roster["fee_low"] <= roster["fee"]).all()
    assert (roster["engagements_low"] <= roster["engagements_high"]).all()
    (sheet,) = openpyxl.load_workbook(tmp_path / "out" / "roster.xlsx").worksheets
    assert sheet.max_row == len(roster) + 2


def test_a_handle_is_never_a_formula(client, tmp_path):
    done = ask(client, "--out", tmp_path, "--set", "limits.must=['=1+1']")
    assert done.exit_code == 0, done.exception
    assert "'=1+1" in pd.read_csv(tmp_path / "roster.csv")["creator"].tolist()
    (sheet,) = openpyxl.load_workbook(tmp_path / "roster.xlsx").worksheets
    cells = {cell.value: cell.data_type for cell in sheet["A"]}
    assert cells["=1+1"] == "s"


def test_a_few_lines_say_it_to_people(client):
    lines = ask(client, "--fee", 200, "--seed", 0).stdout.splitlines()
    assert lines[0].endswith("of 6,000 booked.")
    assert [line.partition(":")[0] for line in lines[1:4]] == [
        "Expected engagements",
        "Promised engagements",
        "900 or more",
    ]
    assert lines[-2].endswith("USD 200 (200 to 200, asked)")


def test_the_same_seed_gives_the_same_plan(client):
    assert ask(client, "--json").stdout == ask(client, "--json").stdout


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        (["--budget", "-1", "--goal", "reach", "--target", "0"], ["budget", "goal", "target"]),
        (["--budget", "0"], ["budget: expected an amount above 0, found none"]),
        (["--currency", "usd"], ["currency: expected an ISO 4217 code"]),
        (["--set", "limits.max=3"], ["limits.max: no such key"]),
        (["--set", "limits.must=['@c1']", "--set", "limits.must_not=['@c1']"], ["in must and in"]),
        (["--set", "limits.must=['@nobody', '@who']"], ["@nobody", "@who"]),
        (["--set", "limits.tier_share={giant: 0.5}"], ["'giant' is no tier"]),
        (
            ["--set", "limits.min_creators=9", "--set", "limits.max_creators=2"],
            ["max_creators (2)"],
        ),
        (["--set", "flight_end=2099-02-01"], ["is before flight_start"]),
        (["--set", "platforms=[snap]"], ["'snap' is none of"]),
        (["--set", "risk.attitude=goal", "--set", "target=null"], ["needs a target"]),
        (["--set", "tier_preset=none"], ["tier preset 'none'"]),
        (["--set", "budget"], ["expected KEY=VALUE"]),
        (["--fee", "0"], ["fee: expected more than 0"]),
        (["--currency", "XTS"], ["exchange.XTS"]),
    ],
)
def test_a_bad_brief_is_refused_with_a_sentence_a_fault(client, given, faults):
    done = ask(client, *given)
    assert isinstance(done.exception, WorkbenchError)
    assert done.exception.exit_code == 2
    assert done.stdout == ""
    told = str(done.exception)
    assert [fault for fault in faults if fault not in told] == []
    assert len(done.exception.faults) == len(faults)


def test_no_roster_stands_where_an_erasure_does_not_look(client):
    assert "does not look there" in str(ask(client, "--out", client / "plan").exception)


def test_what_can_not_be_is_answered_with_what_would_make_room(client):
    done = ask(client, "--budget", 1, "--set", "limits.min_creators=3")
    assert done.exit_code == 1
    assert done.stdout.startswith("No plan keeps to the limits with USD 1.")
    assert "can be kept with a budget of" in done.stdout


def test_a_plan_is_registered_once_and_an_edit_is_named(client):
    first, again = (ask(client, "--json", command="register") for _ in range(2))
    assert first.exit_code == 0, first.exception
    one, two = json.loads(first.stdout), json.loads(again.stdout)
    assert (one["new"], two["new"], one["hash"]) == (True, False, two["hash"])
    assert call("register", "--data", client, "--check").exit_code == 0
    (path,) = (client / "register").glob("*.json")
    text = path.read_text()
    path.write_text(text.replace("USD", "EUR", 1))
    done = call("register", "--data", client, "--check")
    assert done.exit_code == 1
    assert str(path) in done.stdout
    assert one["hash"] in done.stdout
    path.write_text(text)


def test_a_begun_flight_is_refused_before_any_work(client):
    given = ("--set", "flight_start=2020-01-01")
    assert "--late" in str(ask(client, *given, command="register").exception)

import json
import os
import signal
import subprocess
import sys
import time
from functools import cache

import pytest

from tests.commands import call, hear_interrupts
from workbench import __version__
from workbench.errors import DataError, RunError, SettingsError

COMMANDS = (
    *(
        "init",
        "demo",
        "doctor",
        "import",
        "features",
        "screen",
        "plan",
        "register",
        "report",
        "show",
        "forget",
        "market",
    ),
)


@cache
def help_of(command):
    return call(command, "--help")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command):
    done = help_of(command)
    assert done.returncode == 0
    assert f"Example: workbench {command}" in " ".join(done.stdout.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_the_shared_options(command):
    shown = help_of(command).stdout
    assert all(option in shown for option in ("--quiet", "--verbose", "--json"))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_loads_nothing_heavy(command):
    code = (
        "import sys; from workbench.cli.app import app\n"
        f"try: app(['{command}', '--help'], standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "heavy = {'pandas', 'numpy', 'papermill', 'sklearn', 'matplotlib', 'duckdb'}\n"
        "print(heavy & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"


def test_the_version_is_the_packages():
    assert call("--version").stdout.strip() == f"creator-workbench {__version__}"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["report"], "--data"),
        (["report", "nothing", "--data", ".", "--client", "x"], "engagement-benchmark"),
        (["report", "engagement-benchmark", "--data", "nowhere", "--client", "x"], "no store"),
        (
            ["report", "engagement-benchmark", "--data", ".", "--client", "x", "-p", "edit=1"],
            "NAME=VALUE",
        ),
        (["import", "nowhere.csv", "--out", "x"], "nowhere.csv"),
        (["unknown"], "unknown"),
        (["report", "--unknown"], "--unknown"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_2(tmp_path, arguments, told):
    done = call(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_csv_is_answered_and_leaves_nothing(tmp_path):
    (tmp_path / "posts.csv").write_bytes(b"\x00\x01PK\x03\x04" * 50)
    done = call("import", "posts.csv", "--out", "acme", "--yes", cwd=tmp_path)
    assert done.returncode == 2
    assert "posts.csv" in done.stderr
    assert not (tmp_path / "acme" / "store").exists()


def test_doctor_finds_this_installation_complete():
    done = call("doctor", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["packages for reports"]["ok"]


def test_reports_are_listed_with_their_parameters():
    listed = json.loads(call("report", "--list", "--json").stdout)
    assert "shortlist" in {entry["name"] for entry in listed["engagement-benchmark"]}


def test_init_makes_a_project_and_never_overwrites(tmp_path):
    assert call("init", tmp_path / "new").returncode == 0
    assert (tmp_path / "new" / "notebooks" / "00-start-here.ipynb").is_file()
    assert call("init", tmp_path / "new").returncode == 2


@pytest.mark.parametrize(("error", "code"), [(DataError, 2), (SettingsError, 2), (RunError, 1)])
def test_exit_codes_follow_the_kind_of_fault(error, code):
    assert error("x").exit_code == code


def test_a_fault_survives_the_way_between_processes():
    import pickle

    fault = pickle.loads(pickle.dumps(DataError("head", ["one", "two"])))
    assert str(fault) == "head\n  - one\n  - two"


@pytest.mark.slow
def test_ctrl_c_in_a_running_report_leaves_nothing_half_done(tmp_path, sample_client):
    code = "import sys; from workbench.cli.app import main; main()"
    asked = ["--data", sample_client, "--client", "x", "--out", tmp_path]
    running = subprocess.Popen(
        [sys.executable, "-c", code, "report", "engagement-benchmark", *map(str, asked)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_interrupts,
    )
    while not list(tmp_path.glob("x/*/.work-*/desk")):
        time.sleep(0.1)
    time.sleep(3)
    os.killpg(running.pid, signal.SIGINT)
    told = running.communicate(timeout=60)[1]
    assert running.returncode == 130
    assert told.splitlines()[1:] == ["Stopped; nothing was left half done."]
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {".lock"}


def test_ctrl_c_in_a_running_import_leaves_nothing_half_done(tmp_path):
    header = "Handle,Platform,Post ID,Posted at,Likes\n"
    rows = (f"ann{n % 900},tiktok,p{n},2026-01-{n % 28 + 1:02d},{n % 90}\n" for n in range(400_000))
    (tmp_path / "posts.csv").write_text(header + "".join(rows))
    code = "from workbench.cli.app import main; main()"
    running = subprocess.Popen(
        [sys.executable, "-c", code, "import", "posts.csv", "--out", "acme", "--yes"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        preexec_fn=hear_interrupts,
    )
    while not list(tmp_path.glob("acme/.import-*/taken/*")):
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    told = running.communicate(timeout=60)[1]
    assert (running.returncode, told) == (130, "Stopped; nothing was left half done.\n")
    assert not list(tmp_path.glob("acme/**/*.parquet"))


@pytest.mark.parametrize("command", [("doctor",), ("report", "--list")])
def test_json_stands_alone_on_standard_output(command):
    assert json.loads(call(*command, "--json").stdout)


def test_without_a_terminal_nothing_is_coloured_or_drawn(tmp_path, root):
    exports = root / "data" / "sample" / "exports"
    done = call("import", exports, "--out", "acme", "--as-of", "2026-09-30", cwd=tmp_path)
    assert done.returncode == 0
    assert not [sign for sign in ("\x1b", "\r", "━") if sign in done.stdout + done.stderr]


def test_a_shell_gets_its_completion():
    asked = {
        "_WORKBENCH_COMPLETE": "complete_bash",
        "COMP_WORDS": "workbench im",
        "COMP_CWORD": "1",
    }
    code = "import sys; from workbench.cli.app import main; sys.argv = ['workbench']; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | asked,
    )
    assert done.stdout == "import\n"

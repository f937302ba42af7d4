"""``workbench schedule``: what a machine's own scheduler needs to run the schedules."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Print units or lines that run the schedules.")

_SYSTEMD = """\
# ~/.config/systemd/user/workbench-reports.service
[Unit]
Description=Scheduled reports of {folder}
OnFailure=workbench-reports-failed.service

[Service]
# One instance: systemd never starts a oneshot unit that is still running.
Type=oneshot
WorkingDirectory={folder}
ExecStart={command}
TimeoutStopSec=60
Nice=10

# ~/.config/systemd/user/workbench-reports.timer
[Unit]
Description=When the reports of {folder} are made

[Timer]
OnCalendar={at}
# A run that was missed while the machine was off is made up for.
Persistent=true
RandomizedDelaySec=5min

[Install]
WantedBy=timers.target

# ~/.config/systemd/user/workbench-reports-failed.service
[Unit]
Description=Tell that reports failed

[Service]
Type=oneshot
ExecStart=/usr/bin/logger -p user.err -t workbench-reports "reports failed in {folder}"

# systemctl --user daemon-reload && systemctl --user enable --now workbench-reports.timer
# loginctl enable-linger    (so that the timer runs while nobody is logged in)"""
_CRON = """\
# crontab -e
# One instance: flock leaves at once while another run goes on. Cron makes up for nothing that was
# missed while the machine was off, and mails what is printed to MAILTO.
MAILTO={mail}
{at} cd {folder} && flock -n reports/schedule {command}"""


@app.callback()
def schedule() -> None:
    """Print units or lines that run the schedules; nothing is installed."""


@app.command("print")
def print_schedule(
    systemd: Annotated[bool, typer.Option("--systemd", help="A service and its timer.")] = False,
    cron: Annotated[bool, typer.Option("--cron", help="A line for crontab.")] = False,
    period: Annotated[str, typer.Option(help="What each run is asked for.")] = "last",
    at: Annotated[str, typer.Option(help="When, as systemd or cron writes it.")] = "",
    project: Annotated[Path, typer.Option(help="The folder that holds reports/schedule.")] = Path(),
) -> None:
    """Print what makes a machine run all schedules; you install it yourself.

    A run that has nothing new to do ends within two seconds, so once a day is not too often.

    Example: workbench schedule print --systemd > units.txt
    """
    from workbench.errors import SettingsError

    if systemd == cron:
        raise SettingsError("Nothing can be printed.", ["give --systemd or --cron"])
    folder = project.resolve()
    if not (folder / "reports" / "schedule").is_dir():
        told = ["run it in the project's folder, or name that with --project"]
        raise SettingsError(f"There is no reports/schedule in {folder}.", told)
    words = [_program(), "run", "--all", "--period", period, "--quiet"]
    if systemd:
        command = " ".join(f'"{word}"' if " " in word else word for word in words)
        filled = {"folder": f"{folder}", "command": command}
        escaped = {name: text.replace("%", "%%") for name, text in filled.items()}
        typer.echo(_SYSTEMD.format(at=at or "*-*-* 03:17", **escaped))
        return
    command, place = (
        text.replace("%", r"\%") for text in (shlex.join(words), shlex.quote(f"{folder}"))
    )
    typer.echo(_CRON.format(at=at or "17 3 * * *", folder=place, command=command, mail="you"))


def _program() -> str:
    beside = Path(sys.executable).with_name("workbench")
    return f"{beside}" if beside.is_file() else shutil.which("workbench") or "workbench"

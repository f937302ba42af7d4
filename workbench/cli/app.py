"""The ``workbench`` command: options that all commands share, and how faults are told."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from workbench.cli import (
    demo,
    doctor,
    features,
    forget,
    history,
    import_exports,
    init,
    market,
    plan,
    register,
    report,
    run,
    schedule,
    screen,
    show,
)
from workbench.errors import WorkbenchError

STOPPED = 130  # what typer returns after Ctrl-C

app = typer.Typer(
    name="workbench",
    help="Engagement curves, audience quality and budget splits from the exports you have.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(init.init)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("import")(import_exports.import_exports)
app.command("features")(features.features)
app.command("screen")(screen.screen)
app.command("plan")(plan.plan)
app.command("register")(register.register)
app.command("report")(report.report)
app.command("run")(run.run)
app.add_typer(schedule.app, name="schedule")
app.command("show")(show.show)
app.command("forget")(forget.forget)
app.command("history")(history.history)
app.command("market")(market.market)


def _print_version(asked: bool) -> None:
    if asked:
        import workbench

        typer.echo(f"creator-workbench {workbench.__version__}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Engagement curves, audience quality and budget splits from the exports you have.

    Exit codes: 0 good, 1 a run failed, 2 bad input, 130 stopped. Results go to standard output,
    messages to standard error.
    """


def main() -> None:
    """Run the command and turn faults into a message and an exit code."""
    try:
        code = app(standalone_mode=False)
    except WorkbenchError as fault:
        typer.echo(str(fault), err=True)
        code = fault.exit_code
    except BrokenPipeError:
        # The reader went away, `workbench ... | head` say; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as fault:
        typer.echo(f"{fault.strerror or fault}: {fault.filename or ''}", err=True)
        code = 1
    except Exception as fault:  # what was wrong with the command line; else a bug, and raised
        if not hasattr(fault, "show"):
            raise
        fault.show()
        code = getattr(fault, "exit_code", 2)
    if code == STOPPED:
        typer.echo("Stopped; nothing was left half done.", err=True)
    sys.exit(code if isinstance(code, int) else 0)

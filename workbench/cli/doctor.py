"""``workbench doctor``: what this installation lacks, and the command that brings it."""

from __future__ import annotations

import typer

from workbench.cli.messages import Json, Quiet, Verbose, give, set_messages

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(quiet: Quiet = False, verbose: Verbose = False, json: Json = False) -> None:
    """Check the installation.

    Exits with 1 if something that reports need is missing.

    Example: workbench doctor
    """
    set_messages(quiet=quiet, verbose=verbose)
    checks = [*_needed(), _lab(), _browser(), _erasure()]
    lines = [
        f"{'ok' if fine else 'missing'}  {what}" + ("" if fine else f": {how}")
        for what, fine, how, _ in checks
    ]
    give(
        {what: {"ok": fine, "how": "" if fine else how} for what, fine, how, _ in checks},
        "\n".join(lines),
        as_json=json,
    )
    if any(needed and not fine for _, fine, _, needed in checks):
        raise typer.Exit(1)


def _needed() -> list[tuple[str, bool, str, bool]]:
    import importlib.util

    from workbench.errors import RunError
    from workbench.reporting.bundle import bundled

    packages = (
        "pandas",
        "duckdb",
        "sklearn",
        "statsmodels",
        "matplotlib",
        "papermill",
        "nbconvert",
    )
    lacking = [name for name in (*packages, "ipykernel") if importlib.util.find_spec(name) is None]
    try:
        bundled("notebooks/report")
        bundled("data/sample/exports")
        complete = True
    except RunError:
        complete = False
    install = "pip install --force-reinstall creator-workbench"
    return [
        ("packages for reports", not lacking, f"{', '.join(lacking)}; {install}", True),
        ("notebooks and sample", complete, install, True),
    ]


def _lab() -> tuple[str, bool, str, bool]:
    import importlib.util

    found = importlib.util.find_spec("jupyterlab") is not None
    return "JupyterLab (to explore)", found, "pip install 'creator-workbench[lab]'", False


def _browser() -> tuple[str, bool, str, bool]:
    import shutil

    found = any(shutil.which(name) for name in BROWSERS)
    return (
        "Chromium (to test pages)",
        found,
        "make browser, or your system's package chromium",
        False,
    )


def _erasure() -> tuple[str, bool, str, bool]:
    from pathlib import Path

    from workbench.errors import SettingsError
    from workbench.tables.brief import BRIEF, read_brief

    due = []
    for path in sorted(Path("data/private").glob(f"*/{BRIEF}")):
        try:
            if read_brief(path.parent).expired:
                due.append(f"workbench forget --expired --data {path.parent}")
        except SettingsError as fault:
            due.append(str(fault))
    return "erasure of data past their retention date", not due, "; ".join(due), False

"""``workbench doctor``: what this installation lacks, and the command that brings it."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import typer

from workbench.cli.messages import Json, Quiet, Verbose, give, set_messages
from workbench.reporting.pdf import BROWSERS

_NEEDED = ("pandas", "duckdb", "sklearn", "statsmodels", "matplotlib", "papermill", "nbconvert")
_INSTALL = "pip install --force-reinstall creator-workbench"
_LAB = "pip install 'creator-workbench[lab]'"
_BROWSER = "make browser, or your system's package chromium"


def doctor(quiet: Quiet = False, verbose: Verbose = False, json: Json = False) -> None:
    """Check the installation.

    Exits with 1 if something that reports need is missing.

    Example: workbench doctor
    """
    set_messages(quiet=quiet, verbose=verbose)
    lacking = [name for name in (*_NEEDED, "ipykernel") if find_spec(name) is None]
    due = _due()
    checks = [  # what, whether all is well, what to do, whether reports need it
        ("packages for reports", not lacking, f"{', '.join(lacking)}; {_INSTALL}", True),
        ("notebooks and sample", _is_complete(), _INSTALL, True),
        ("JupyterLab (to explore)", find_spec("jupyterlab") is not None, _LAB, False),
        (
            "Chromium (to print PDF, to test pages)",
            any(map(shutil.which, BROWSERS)),
            _BROWSER,
            False,
        ),
        ("erasure of data past their retention date", not due, "; ".join(due), False),
    ]
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


def _is_complete() -> bool:
    from workbench.errors import RunError
    from workbench.reporting.bundle import bundled

    try:
        return bool(bundled("notebooks/report") and bundled("data/sample/exports"))
    except RunError:
        return False


def _due() -> list[str]:
    from workbench.errors import SettingsError
    from workbench.tables.brief import BRIEF, read_retention

    due = []
    for path in sorted(Path("data/private").glob(f"*/{BRIEF}")):
        try:
            if read_retention(path.parent).expired:
                due.append(f"workbench forget --expired --data {path.parent}")
        except SettingsError as fault:
            due.append(str(fault))
    return due

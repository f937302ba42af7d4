"""``workbench init``: a working project in a folder of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.messages import Json, Quiet, Verbose, check_empty, give, say, set_messages

_COPIED = ("notebooks", "data/sample", "data/README.md")
_FOLDERS = ("data/private", "reports/schedule", "reports/out")
_IGNORED = "data/private/\nreports/out/\n.ipynb_checkpoints/\n"


def init(
    folder: Annotated[Path, typer.Argument(help="New or empty folder.")],
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Copy the notebooks and the sample into a new project.

    Example: workbench init my-project
    """
    set_messages(quiet=quiet, verbose=verbose)
    import shutil

    from workbench.reporting.bundle import bundled

    check_empty(folder)
    for place in _COPIED:
        source, target = bundled(place), folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        else:
            shutil.copyfile(source, target)
    for place in _FOLDERS:
        (folder / place).mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text(_IGNORED, encoding="utf-8")
    say(
        f"Next: cd {folder} && workbench demo, or open notebooks/00-start-here.ipynb in JupyterLab."
    )
    give({"folder": str(folder)}, str(folder), as_json=json)

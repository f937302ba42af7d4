"""Options and messages that several commands share."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Annotated

import typer

from workbench.errors import SettingsError

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only results and faults.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also each step and its time.")]
Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON.")]

logger = logging.getLogger("workbench")


def set_messages(*, quiet: bool, verbose: bool) -> None:
    """Choose how much is said on standard error."""
    level = logging.ERROR if quiet else logging.DEBUG if verbose else logging.INFO
    logger.setLevel(level)
    logger.handlers = [logging.StreamHandler()]
    logger.propagate = False
    # What these log of a failed or interrupted run is said by us, in a sentence.
    for name in ("asyncio", "papermill"):
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.CRITICAL + 1)


def say(message: str) -> None:
    """Write a message for people to standard error."""
    logger.info(message)


def give(result: dict[str, object], text: str, *, as_json: bool) -> None:
    """Write a result to standard output: text for people, JSON for programs."""
    typer.echo(json.dumps(result, ensure_ascii=False) if as_json else text)


def check_empty(folder: Path) -> None:
    """Refuse a folder that holds something, before anything is made for it."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(f"{folder} is not empty.", ["give a new or empty folder"])

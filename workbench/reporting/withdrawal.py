"""Reports whose data were withdrawn: marked, taken from the shelf, and not made again."""

from __future__ import annotations

import html
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from workbench.errors import DataError
from workbench.intake.person import Person
from workbench.reporting.gate import report_words
from workbench.reporting.manifest import HISTORY, SUMMARY, as_json, read_manifest
from workbench.reporting.manifest import WITHDRAWN as WITHDRAWN
from workbench.reporting.publish import Shelf
from workbench.store import Store
from workbench.store.catalog import replace_file


@dataclass(frozen=True)
class Run:
    """A folder that a report's run has left: published, failed or broken off."""

    folder: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the run was made from; empty where it did not come so far."""
        return read_manifest(self.folder)

    @cached_property
    def place(self) -> str:
        """The folder of the data that it was made from; empty where nothing tells it."""
        if "data" in self.manifest:
            return str(self.manifest["data"])
        path = self.folder / "desk" / "executed.ipynb"
        try:
            metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
        except (OSError, ValueError, KeyError):
            return ""
        return str(metadata.get("papermill", {}).get("parameters", {}).get("data_dir", ""))

    @property
    def published(self) -> bool:
        """Whether it is a good run on the shelf."""
        return self.folder.parent.name == "runs" and bool(self.manifest)

    def made_from(self, client: Path, store: Store | None) -> bool:
        """Whether the run was made from the data in a client's folder."""
        if self.place and Path(self.place).exists():
            return Path(self.place).resolve() in (client.resolve(), client.resolve() / "store")
        held = {record.id for record in store.catalog.imports} if store else set()
        return not held.isdisjoint(self.manifest.get("imports", ()))

    def names(self, person: Person) -> bool:
        """Whether a page, notebook or text of the run names a creator."""
        return any(_names(path, person) for path in self.folder.rglob("*") if path.is_file())


def report_runs(reports: Path) -> Iterator[Run]:
    """Give all runs below the folder of reports."""
    for pattern in ("runs/*", "failed/*", ".work-*"):
        for folder in sorted(reports.glob(f"*/*/{pattern}")):
            if folder.is_dir():
                yield Run(folder)


def withdraw_run(run: Run, person: Person | None) -> int:
    """Take a creator, or with None everybody, out of a run; return how many files went.

    A published run keeps its manifest, marked, and a page that names nobody of them.
    """
    if not run.published:
        gone = sum(path.is_file() for path in run.folder.rglob("*"))
        shutil.rmtree(run.folder)
        return gone
    masked = run.manifest.get("parameters", {}).get("edition") == "masked"
    manifest = run.folder / "desk" / "manifest.json"
    content = {WITHDRAWN: f"{date.today()}"} | run.manifest
    content = person.scrubbed(content) if person else content | {"parameters": {}}
    replace_file(manifest, as_json(content))
    files = [p for p in run.folder.rglob("*") if p.is_file() and p != manifest]
    named = [path for path in files if (_names(path, person) if person else not masked)]
    doomed = [path for path in files if path.parent != run.folder or path in named]
    # The page goes last: it tells whom the tables beside it name, should this be cut short.
    for path in sorted(doomed, key=lambda path: path.suffix == ".html"):
        if path.parent == run.folder:
            Shelf(root=run.folder.parent.parent).unlink(run.folder)  # before what they lead to
        path.unlink()
    return len(doomed)


def readmit_run(run: Run) -> None:
    """Take the mark off a run whose data name nobody forgotten; without its page it goes."""
    if not [*run.folder.glob("*.html")]:
        shutil.rmtree(run.folder)
        return
    content = {name: value for name, value in run.manifest.items() if name != WITHDRAWN}
    path = run.folder / "desk" / "manifest.json"
    replace_file(path, as_json(content))


def withdraw_summary(reports: Path, client: Path, person: Person | None) -> int:
    """Take a creator, or with None the client, out of what the last command said of its reports.

    Returns how many of its entries changed. The page of the history goes: the next run writes it.
    """
    path, place = reports / SUMMARY, str(client.resolve())
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        entries = [*content["reports"]]
    except (OSError, ValueError, KeyError, TypeError):
        entries, content = [], {}
    own = [entry for entry in entries if entry.get("data") in (place, f"{place}/store")]
    left = [entry for entry in entries if entry not in own]
    kept = [person.scrubbed(entry) for entry in own] if person else []
    if own and kept != own:
        replace_file(path, as_json(content | {"reports": [*left, *kept]}))
    if own:
        (reports / HISTORY).unlink(missing_ok=True)
    return len(own) if kept != own else 0


def check_not_withdrawn(shelf: Shelf, fingerprint: str) -> None:
    """Refuse to make a report again whose data were withdrawn.

    Raises
    ------
    DataError
        With the day.
    """
    for run in (Run(folder) for folder in shelf.root.glob("runs/*")):
        if WITHDRAWN in run.manifest and run.manifest.get("data_fingerprint") == fingerprint:
            raise DataError(
                f"The data of this report were withdrawn on {run.manifest[WITHDRAWN]}.",
                ["a creator in them was forgotten: erase the copy that was brought back"],
            )


def _names(path: Path, person: Person) -> bool:
    if path.suffix in (".xlsx", ".pdf"):  # of the page beside it
        path = path.with_suffix(".html")
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix != ".html":
        return person.is_named_in(html.unescape(text))
    imported, everything = report_words(BeautifulSoup(text, "html.parser"))
    return person.is_named_in(imported) or person.is_named_in(everything, ordinary=False)

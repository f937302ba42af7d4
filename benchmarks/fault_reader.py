"""A reader who looks at the published report every 5 ms while runs succeed and fail."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

EVERY = 0.005  # seconds


@dataclass
class Seen:
    """What a reader saw at one place.

    Attributes
    ----------
    looks : int
        How often it looked.
    hashes : set of str
        SHA-256 of every page that it saw.
    faults : set of str
        What must never be seen.
    """

    looks: int = 0
    hashes: set[str] = field(default_factory=set)
    faults: set[str] = field(default_factory=set)

    def look(self, page: Path, client: str) -> None:
        """Read a page as a visitor would, and the manifest beside it."""
        self.looks += 1
        try:
            link = os.readlink(page.parent)
            text = page.read_bytes()
            manifest = json.loads((page.parent / "desk" / "manifest.json").read_bytes())
            same = link == os.readlink(page.parent)
        except (OSError, ValueError) as fault:
            self.faults.add(f"{type(fault).__name__}: {fault}")
            return
        digest = hashlib.sha256(text).hexdigest()
        self.hashes.add(digest)
        if not text.rstrip().endswith(b"</html>"):
            self.faults.add("a page that is not whole")
        if f"made for {client}.".encode() not in text:
            self.faults.add("a page of another client")
        if same and manifest["html_sha256"] != digest:
            self.faults.add("a page beside another page's manifest")


@contextmanager
def watching(pages: Mapping[Path, str], report: Path) -> Iterator[dict[Path, Seen]]:
    """Watch pages from a process of its own; what it saw is told at the end of the block.

    Parameters
    ----------
    pages : mapping of path to client
    report : Path
        File by which the reader hands over what it saw.
    """
    told: dict[Path, Seen] = {}
    reader = os.fork()
    if reader == 0:
        try:
            _watch(pages, report)
        finally:
            os._exit(0)
    try:
        yield told
    finally:
        os.kill(reader, signal.SIGTERM)
        os.waitpid(reader, 0)
        for page, (looks, hashes, faults) in json.loads(report.read_text()).items():
            told[Path(page)] = Seen(looks, set(hashes), set(faults))


def _watch(pages: Mapping[Path, str], report: Path) -> None:
    wanted, parent = True, os.getppid()

    def stop(*_: object) -> None:
        nonlocal wanted
        wanted = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    seen = {page: Seen() for page in pages}
    while True:
        for page, client in pages.items():
            seen[page].look(page, client)
        if not wanted or os.getppid() != parent:  # after one more look at what the run left
            break
        time.sleep(EVERY)
    told = {str(p): (s.looks, sorted(s.hashes), sorted(s.faults)) for p, s in seen.items()}
    report.write_text(json.dumps(told))

"""Publishing: a good run becomes ``latest`` in one step; a failed one is kept beside it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import RunError


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The folder of one report of one client: ``runs/``, ``failed/`` and the link ``latest``."""

    root: Path

    @property
    def latest(self) -> Path:
        """The link to the last good run."""
        return self.root / "latest"

    @contextmanager
    def work_folder(self) -> Iterator[Path]:
        """Give a temporary folder on the same file system; it is gone afterwards."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            told = f"{fault.strerror}: {fault.filename}"
            raise RunError("The folder for the report can't be made.", [told]) from fault
        with tempfile.TemporaryDirectory(prefix=".work-", dir=self.root) as folder:
            yield Path(folder)

    def publish(self, work: Path, html: Path) -> Path:
        """Make a finished work folder the latest run and return the report's path.

        The run is named by the report's hash: the same bytes are the same run, and an earlier one
        is never written to. ``latest`` changes in one step, after all files are in place.
        """
        digest = hashlib.sha256(html.read_bytes()).hexdigest()
        run = self.root / "runs" / digest[:12]
        run.parent.mkdir(exist_ok=True)
        if not run.exists():
            draft = run.with_name(f".{run.name}-{os.getpid()}")
            shutil.copytree(work, draft)
            try:
                os.replace(draft, run)
            except OSError:  # another run has just put the same bytes there
                shutil.rmtree(draft)
                if not run.exists():
                    raise
        link = self.root / f".latest-{os.getpid()}"
        link.unlink(missing_ok=True)
        link.symlink_to(run.relative_to(self.root), target_is_directory=True)
        os.replace(link, self.latest)
        return self.latest / html.name

    def keep_failed(self, work: Path, reason: str) -> Path:
        """Keep what a failed run left, with the reason; the last good report stays as it is."""
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
        kept = self.root / "failed" / stamp
        shutil.copytree(work, kept)
        (kept / "reason.txt").write_text(reason + "\n", encoding="utf-8")
        return kept


def open_shelf(out: Path, client: str, report: str) -> Shelf:
    """Return the shelf of a client's report below ``out``."""
    return Shelf(root=out.resolve() / file_name(client) / report)


def file_name(text: str) -> str:
    """Return a client's name as a file name: ``Acme Ltd`` becomes ``acme-ltd``.

    Where that loses something, six characters of a hash keep the names of two clients apart.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "client"
    if slug.replace("-", " ") == text.lower():
        return slug
    return f"{slug}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"

"""Publishing: a good run becomes ``latest`` in one step; a failed one is kept beside it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.errors import RunError
from workbench.reporting.manifest import WITHDRAWN, as_json, file_sha256, is_good, read_manifest
from workbench.reporting.period import Period, period_or_none

KEPT_FAILURES = 10
LOCK_SECONDS = 10.0  # how long a second runner waits for the first


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The folder of one report of one client.

    ``runs/`` holds the good runs, ``periods/`` a link for each period, ``latest`` is the link to
    the newest, and ``failed/`` keeps what the last failures left.
    """

    root: Path

    @property
    def latest(self) -> Path:
        """The link to the last good run, that of the newest period where there are periods."""
        return self.root / "latest"

    def period_link(self, period: str) -> Path:
        """Return the link to a period's run."""
        return self.root / "periods" / period

    @contextmanager
    def locked(self, period: str = "", seconds: float | None = None) -> Iterator[None]:
        """Hold the report of a period; the system gives the lock back however the holder ends.

        Raises
        ------
        RunError
            If another runner still holds it after some seconds.
        """
        self._make(self.root)
        with _flock(self.root / f".lock-{period}".rstrip("-"), seconds):
            yield

    @contextmanager
    def work_folder(self, period: str = "") -> Iterator[Path]:
        """Give a temporary folder on the same file system; it is gone afterwards.

        What a killed run of the period has left is swept first: hold the lock.
        """
        self._make(self.root)
        self.sweep(period)
        work = Path(tempfile.mkdtemp(prefix=f".work-{period}.", dir=self.root))
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)  # unless it has become a run

    def find_good(self, key: str) -> Path | None:
        """Return the good run of a key, if its files are still what its manifest says."""
        for run in sorted(self.root.glob(f"runs/*-{key[:8]}*")):
            manifest = read_manifest(run)
            if manifest.get("key") == key and is_good(run, manifest):
                return run
        return None

    def find_previous(self, period: Period | None, base_key: str) -> dict[str, Any] | None:
        """Return the manifest of the report before, with which a run is compared.

        That is the last good run of an earlier period of the same kind; without a period the run
        that ``latest`` leads to, or where that has the same input, the one which it was compared
        with itself.
        """
        if period is None:
            found = read_manifest(self.latest)
            if found.get("base_key") == base_key:
                found = self._manifest((found.get("previous") or {}).get("key", ""))
            return found if _is_comparable(found) else None
        known = ((period_or_none(link.name), link) for link in self.root.glob("periods/*"))
        earlier = [
            (other.last, link)
            for other, link in known
            if other.kind == period.kind and other.last < period.first
        ]
        for _, link in sorted(earlier, reverse=True):
            if _is_comparable(found := read_manifest(link)):
                return found
        return None

    def publish(self, work: Path, html: Path) -> Path:
        """Make a finished work folder a run, lead the links to it, and return its folder.

        A run is named by its report's hash and its key, and an earlier one is never written to.
        All files are on the disk before a link leads to them, and a link changes in one step.
        """
        manifest = read_manifest(work)
        name = f"{file_sha256(html)[:12]}-{str(manifest.get('key', ''))[:8]}".rstrip("-")
        run, number = self.root / "runs" / name, 1
        while run.exists() and not is_good(run, read_manifest(run)):  # damaged: let it lie
            number += 1
            run = self.root / "runs" / f"{name}-{number}"
        if not run.exists():
            run.parent.mkdir(exist_ok=True)
            _sync_tree(work)
            os.rename(work, run)
            _sync(run.parent)
        self.lead_to(run)
        return run

    def lead_to(self, run: Path) -> Path:
        """Lead the links to a good run and return the one that does."""
        manifest = read_manifest(run)
        period = str(manifest.get("period", ""))
        mine = self.period_link(period)
        if (not period or _leads(mine, run)) and _leads(self.latest, run):
            return self.latest
        with _flock(self.root / ".lock-latest", None):
            if period and not _leads(mine, run):
                _link(mine, run)
            if not _is_older(manifest, read_manifest(self.latest)):
                _link(self.latest, run)
        leading = (link for link in (self.latest, mine) if _leads(link, run))
        return next(leading, run)

    def unlink(self, run: Path) -> None:
        """Take away the links that lead to a run."""
        for link in (self.latest, *self.root.glob("periods/*")):
            if _leads(link, run):
                link.unlink(missing_ok=True)

    def note_success(self, now: datetime) -> None:
        """Write down that the report is good as of now, made or found up to date."""
        self.root.joinpath(".success").touch()
        os.utime(self.root / ".success", (now.timestamp(), now.timestamp()))

    def last_success(self) -> datetime | None:
        """Return when the report was last good; None where it never was."""
        try:
            return datetime.fromtimestamp((self.root / ".success").stat().st_mtime).astimezone()
        except OSError:
            return None

    def sweep(self, period: str) -> None:
        """Remove what killed runs of a period have left: hold the lock."""
        for left in self.root.glob(f".work-{period}.*"):
            shutil.rmtree(left, ignore_errors=True)

    def keep_failed(self, work: Path, manifest: dict[str, Any], now: datetime) -> Path:
        """Keep what a failed run left, with the reason; the last good report stays as it is."""
        folder = self.root / "failed"
        folder.mkdir(exist_ok=True)
        stamp, number = f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}", 1
        (work / "desk" / "manifest.json").unlink(missing_ok=True)  # of a run that looked good
        (work / "manifest.json").write_bytes(as_json(manifest))
        reason = f"{manifest['exit']['kind']}: {manifest['exit']['reason']}\n"
        (work / "reason.txt").write_text(reason, encoding="utf-8")
        while (kept := folder / (stamp if number == 1 else f"{stamp}-{number}")).exists():
            number += 1
        os.rename(work, kept)
        before = sorted(path for path in folder.iterdir() if path != kept)
        for old in before[: max(0, len(before) + 1 - KEPT_FAILURES)]:
            shutil.rmtree(old, ignore_errors=True)
        return kept

    def _manifest(self, key: str) -> dict[str, Any]:
        found = (read_manifest(run) for run in self.root.glob(f"runs/*-{key[:8]}*"))
        return next((manifest for manifest in found if manifest.get("key") == key), {})

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            told = f"{fault.strerror}: {fault.filename}"
            raise RunError("The folder for the report can't be made.", [told], "io") from fault


def open_shelf(out: Path, client: str, report: str) -> Shelf:
    """Return the shelf of a client's report below ``out``."""
    return Shelf(root=out.resolve() / file_name(client) / report)


def edition_suffix(edition: str) -> str:
    """Return what an edition adds to the name of a report's folder and files."""
    return f"-{edition}" if edition in ("masked", "analyst") else ""


def file_name(text: str) -> str:
    """Return a client's name as a file name: ``Acme Ltd`` becomes ``acme-ltd``.

    Where that loses something, six characters of a hash keep the names of two clients apart.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "client"
    if slug.replace("-", " ") == text.lower():
        return slug
    return f"{slug}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def _is_comparable(manifest: dict[str, Any]) -> bool:
    return bool(manifest.get("key") and manifest.get("headlines")) and WITHDRAWN not in manifest


def _is_older(manifest: dict[str, Any], latest: dict[str, Any]) -> bool:
    """Say whether ``latest`` is of a later period than a run: it then stays, whatever the clock."""
    if not latest.get("period"):
        return False
    covered = period_or_none(str(latest["period"])).last
    if manifest.get("period"):
        return period_or_none(str(manifest["period"])).last < covered
    return str(manifest.get("as_of", "")) <= f"{covered}"


def _leads(link: Path, run: Path) -> bool:
    return link.is_symlink() and link.parent.joinpath(os.readlink(link)).resolve() == run.resolve()


def _link(link: Path, run: Path) -> None:
    link.parent.mkdir(exist_ok=True)
    draft = link.with_name(f".{link.name}.draft")  # one at a time: the links are locked
    draft.unlink(missing_ok=True)
    draft.symlink_to(os.path.relpath(run, link.parent), target_is_directory=True)
    os.replace(draft, link)
    _sync(link.parent)


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _flock(path: Path, seconds: float | None) -> Iterator[None]:
    deadline = time.monotonic() + (LOCK_SECONDS if seconds is None else seconds)
    with path.open("w") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    told = "try again when it has ended; nothing was changed"
                    raise RunError(
                        "The report is locked: another run makes it.", [told], "locked"
                    ) from None
                time.sleep(0.05)
        yield

"""A finished report on paper: Chromium prints the HTML, which asks for nothing, as PDF."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from workbench.errors import RetryableError, RunError

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PRINT_SECONDS = 120
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)
_CLOCK = re.compile(rb"(\(D:)\d{14}")
_NODE = re.compile(rb"node\d{8}\b")


def print_pdf(html: Path, pdf: Path) -> None:
    """Print a report as PDF, with its title, an outline and tags for those who can't see it.

    Raises
    ------
    RunError
        If there is no Chromium, or it failed or took longer than ``PRINT_SECONDS``.
    """
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        told = "expected Chromium or Chrome, found none: run `make browser`, or leave out --pdf"
        raise RunError("The report can't be printed as PDF.", [told], "io")
    with tempfile.TemporaryDirectory(prefix="workbench-print-") as place:
        made = Path(place) / "report.pdf"
        own = [f"--user-data-dir={place}/profile", f"--print-to-pdf={made}"]
        own += ["--no-sandbox"] if os.geteuid() == 0 else []  # root has no sandbox to be in
        said = _run([browser, *_FLAGS, *own, html.resolve().as_uri()], Path(place))
        content = made.read_bytes() if made.is_file() else b""
        if not content.rstrip().endswith(b"%%EOF"):
            raise RunError(
                "The report can't be printed as PDF.", [f"{browser} said: {said[-300:]}"], "io"
            )
        pdf.write_bytes(_without_chance(content))


def _without_chance(content: bytes) -> bytes:
    """Return a PDF without its clock and with its nodes numbered from 0: same report, same bytes.

    Nothing changes its length or its order, so every place that the file names still holds.
    """
    ranks = {
        node: b"node%08d" % rank for rank, node in enumerate(sorted({*_NODE.findall(content)}))
    }
    content = _NODE.sub(lambda node: ranks[node[0]], content)
    return _CLOCK.sub(rb"\g<1>19800101000000", content)


def _run(command: list[str], place: Path) -> str:
    """Run a browser in a group of its own, which is ended whatever happens; return what it said."""
    log = place / "said.txt"
    with log.open("wb") as said:
        running = subprocess.Popen(
            command,
            stdout=said,
            stderr=said,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "HOME": str(place)},
        )
        try:
            running.wait(PRINT_SECONDS)
        except subprocess.TimeoutExpired:
            told = f"it took longer than {PRINT_SECONDS} seconds"
            raise RetryableError("The report can't be printed as PDF.", [told], "timeout") from None
        finally:
            _end_group(running)
    return log.read_text(errors="replace").strip()


def _end_group(running: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):  # where it has ended by itself
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()

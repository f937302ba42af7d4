"""Whether two ways gave the same: every output of a notebook, and every page."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

from benchmarks.client_reports.floor import title_of
from workbench.reporting.html import render_html
from workbench.reporting.publish import file_name

Output = tuple[int, str, str]


def outputs_of(executed: Path) -> list[Output]:
    """Return cell, mime type and SHA-256 of every output of an executed notebook."""
    if not executed.exists():
        return []
    found = []
    cells = json.loads(executed.read_text(encoding="utf-8"))["cells"]
    own = [c for c in cells if "injected-parameters" not in c["metadata"].get("tags", ())]
    for number, cell in enumerate(own):
        for output in cell.get("outputs", []):
            kind = output["output_type"]
            for mime, content in sorted(output.get("data", {kind: output}).items()):
                text = json.dumps(content, sort_keys=True)
                found.append((number, mime, hashlib.sha256(text.encode()).hexdigest()))
    return found


def latest(out: Path, client: str) -> Path:
    """Return the folder of a client's last good report."""
    return out / file_name(client) / "monthly" / "latest"


def compare(clients: list[Path], out: Path, fresh: Path) -> dict[str, int]:
    """Count what is the same as fresh kernels gave; what is missing or added is not."""
    same = outputs = pages = 0
    for client in clients:
        executed = fresh / f"{client.name}.ipynb"
        folder = latest(out, client.name)
        want = Counter(outputs_of(executed))
        found = Counter(outputs_of(folder / "desk" / "executed.ipynb"))
        same += (want & found).total()
        outputs += (want | found).total()
        page = folder / f"monthly-{file_name(client.name)}.html"
        wanted = render_html(executed, title=title_of(client.name)) if executed.exists() else ""
        pages += page.exists() and page.read_text(encoding="utf-8") == wanted
    return {"same": same, "outputs": outputs, "pages": pages}


def hashes(clients: list[Path], out: Path) -> list[str]:
    """Return the SHA-256 of each client's page; empty where there is none."""
    slugs = [(client.name, file_name(client.name)) for client in clients]
    pages = [latest(out, name) / f"monthly-{slug}.html" for name, slug in slugs]
    return [hashlib.sha256(p.read_bytes()).hexdigest() if p.exists() else "" for p in pages]

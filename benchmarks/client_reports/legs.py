"""The three ways to make the reports, each in processes of its own, measured whole."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.client_reports.floor import THREADS
from benchmarks.report import ROOT

NOTEBOOK = ROOT / "benchmarks" / "client_reports" / "monthly.ipynb"
COMMAND = ("-c", "from workbench.cli.app import main; main()")


def measured(*call: str | Path, path: Path | str = ROOT) -> dict[str, Any]:
    """Run Python in a process of its own: seconds and CPU, its children's too, and its words."""
    environment = {**os.environ, **dict.fromkeys(THREADS, "1"), "PYTHONPATH": str(path)}
    words = [sys.executable, *map(str, call)]
    with tempfile.TemporaryFile("w+") as said:
        redirect = [(os.POSIX_SPAWN_DUP2, said.fileno(), number) for number in (1, 2)]
        began = time.perf_counter()
        process = os.posix_spawn(sys.executable, words, environment, file_actions=redirect)
        _, status, usage = os.wait4(process, 0)
        wall = time.perf_counter() - began
        said.seek(0)
        text = said.read()
    if code := os.waitstatus_to_exitcode(status):
        print(f"{' '.join(words)[:200]} ended with {code}:\n{text[-3000:]}", file=sys.stderr)
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "said": text, "code": code}


def run_naive(clients: list[Path], out: Path) -> dict[str, float]:
    """Render each client's report by `papermill` and `nbconvert`, one after the other."""
    out.mkdir(parents=True, exist_ok=True)
    spent = {"wall": 0.0, "cpu": 0.0}
    for client in clients:
        executed = out / f"{client.name}.ipynb"
        given = ["-p", "client", client.name, "-p", "data_dir", str(client)]
        calls: tuple[list[str | Path], ...] = (
            ["-m", "papermill", NOTEBOOK, executed, *given, "--no-progress-bar"],
            ["-m", "nbconvert", "--to", "html", "--no-input", "--log-level", "ERROR", executed],
        )
        for call in calls:
            took = measured(*call)
            spent = {name: spent[name] + took[name] for name in spent}
    return {name: value / len(clients) for name, value in spent.items()}


def run_floor(clients: list[Path], out: Path) -> dict[str, float]:
    """Make all pages in two warm processes; what the warm-up took is left out."""
    out.mkdir(parents=True, exist_ok=True)
    took = measured("-m", "benchmarks.client_reports.floor", NOTEBOOK, out, *clients)
    spent = json.loads(took["said"].strip().splitlines()[-1])
    return {name: value / len(clients) for name, value in spent.items()}


def write_schedule(clients: list[Path], out: Path) -> Path:
    """Write the schedule that asks for a report of each client."""
    schedule = out.with_suffix(".yml")
    lines = {"report": str(NOTEBOOK), "clients": [c.name for c in clients], "retries": 0}
    lines |= {"data": str(clients[0].parent), "out": str(out)}
    schedule.write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")  # JSON is YAML
    return schedule


def run_ours(
    clients: list[Path], out: Path, executor: str = "local", *, path: Path | str = ROOT
) -> dict[str, Any]:
    """Render all clients' reports by one command from a cold shell; what became of each too."""
    asked = ["--executor", executor, "--workers", "2"]
    took = measured(*COMMAND, "run", write_schedule(clients, out), *asked, path=path)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    each = {"wall": took["wall"] / len(clients), "cpu": took["cpu"] / len(clients)}
    return {**each, "whole": took["wall"], "counts": summary["counts"]}

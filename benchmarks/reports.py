"""A hundred clients' reports from one command, beside the naive pair and the floor, byte by byte.

Each report has five seaborn figures, two tables and a model of a client's 2,000 posts. In rounds,
one after the other: `papermill` then `nbconvert --no-input`, each from a cold shell, for a share of
the clients; the floor, the same cells in two warm processes with the report's own figures and
template, warm-up left out; and `workbench run` for all clients from a cold shell with two workers,
all included. Then every output of every client is compared with that of the fresh kernel that
papermill ran; one that is missing counts as another. Bar: all the same, at least 8 times as fast as
the naive pair, at most twice the floor; the goal is 1.5 times the floor.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from benchmarks.client_reports.clients import change_one_row, write_clients
from benchmarks.client_reports.floor import make_page
from benchmarks.client_reports.identity import compare, hashes, latest
from benchmarks.client_reports.legs import (
    NOTEBOOK,
    measured,
    run_floor,
    run_naive,
    run_ours,
    write_schedule,
)
from benchmarks.features import folder_of
from benchmarks.report import ROOT, finish, read_options

BROKEN = ROOT / "benchmarks" / "client_reports" / "broken"
PARTS = ("speed", "identity", "broken", "again", "dask", "incremental")
BAR = {"naive": 8.0, "floor": 2.0}
QUICK = 2  # clients
LOAD = 0.5  # of each core: a round in which a leg begins above it is void
Checks = list[tuple[str, str, bool]]
_PACKAGES = ("papermill", "nbclient", "nbconvert", "ipykernel", "pandas", "seaborn", "matplotlib")


def settle(seconds: float) -> float:
    """Wait until the machine is quiet, at most so long; return its load for each core."""
    until = time.monotonic() + seconds
    while (load := os.getloadavg()[0] / (os.cpu_count() or 1)) > LOAD and time.monotonic() < until:
        time.sleep(5)
    return load


def run_rounds(clients: list[Path], work: Path, rounds: int, options: Any) -> pd.DataFrame:
    """Run the legs in turn; the naive one takes other clients in each round."""
    rows = []
    for number in range(rounds):
        ours = work / f"ours-{number}"
        shutil.rmtree(ours, ignore_errors=True)
        loads, legs = [], {}
        for leg, run, given, out in (
            ("naive", run_naive, clients[number :: options.share or rounds], work / "naive"),
            ("floor", run_floor, clients, work / "floor"),
            ("ours", run_ours, clients, ours),
        ):
            loads.append(settle(options.wait))
            legs[leg] = run(given, out)
        row: dict[str, Any] = {"round": number + 1}
        row |= {f"{leg} s": took["wall"] for leg, took in legs.items()}
        row |= {f"{leg} CPU": took["cpu"] for leg, took in legs.items()}
        row["naive/ours"] = row["naive s"] / row["ours s"]
        row["ours/floor"] = row["ours s"] / row["floor s"]
        rows.append(row | {"load": max(loads), "void": max(loads) > LOAD})
        print(pd.DataFrame(rows).to_string(index=False), file=sys.stderr, flush=True)
    return pd.DataFrame(rows)


def check_identity(clients: list[Path], work: Path) -> Checks:
    """Compare all outputs and pages with those of fresh kernels; run those that were not yet."""
    missing = [c for c in clients if not (work / "naive" / f"{c.name}.ipynb").exists()]
    if missing:
        run_naive(missing, work / "naive")
    found = compare(clients, work / "ours-0", work / "naive")
    told = (
        f"{found['same']} of {found['outputs']} outputs, {found['pages']} of {len(clients)} pages"
    )
    good = found["same"] == found["outputs"] > 0 and found["pages"] == len(clients)
    return [("the same as fresh kernels", told, good)]


def check_broken(clients: list[Path], work: Path) -> Checks:
    """Break inline plots in the parent of the kernels: the comparison must see it."""
    few = clients[:QUICK]
    run_ours(few, work / "broken", path=f"{BROKEN}{os.pathsep}{ROOT}")
    found = compare(few, work / "broken", work / "naive")
    told = f"{found['same']} of {found['outputs']} outputs"
    return [("inline plots broken on purpose: seen", told, found["same"] < found["outputs"])]


def check_again(clients: list[Path], work: Path) -> Checks:
    """Make all reports again from their manifests, in a clean checkout of this commit."""
    manifests = [latest(work / "ours-0", c.name) / "desk" / "manifest.json" for c in clients]
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            ["git", "-C", str(ROOT), "archive", "HEAD"], check=True, capture_output=True
        )
        subprocess.run(["tar", "-x", "-C", folder], check=True, input=packed.stdout)
        said = measured("-m", "benchmarks.client_reports.again", *manifests, path=folder)["said"]
    *faults, same = said.strip().splitlines()
    print(*faults, sep="\n", file=sys.stderr)
    told = f"{same} of {len(clients)} pages"
    return [("from its manifest, in a clean checkout", told, int(same) == len(clients))]


def check_incremental(clients: list[Path], work: Path) -> Checks:
    """Run the command again, with nothing changed and with one row changed."""
    out = work / "ours-0"
    before = hashes(clients, out)
    idle = run_ours(clients, out)
    nothing = idle["counts"]["up_to_date"] == len(clients)
    copies = work / "changed"
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir()
    changed = [Path(shutil.copytree(client, copies / client.name)) for client in clients]
    change_one_row(changed[0])
    counts = run_ours(changed, out)["counts"]
    others = hashes(clients, out)
    one = counts["published"] == 1 and counts["up_to_date"] == len(clients) - 1
    one = one and before[1:] == others[1:] and before[0] != others[0]
    made = counts["published"] + counts["same"]
    return [
        (
            "again, nothing changed",
            f"{idle['counts']['up_to_date']} up to date, {idle['whole']:.1f} s",
            nothing,
        ),
        ("one row of one client changed", f"{made} made, {counts['up_to_date']} up to date", one),
    ]


def check_dask(clients: list[Path], work: Path) -> Checks:
    """Run the same on a Dask cluster of two processes."""
    want = hashes(clients, work / "ours-0")
    shutil.rmtree(work / "dask", ignore_errors=True)
    took = run_ours(clients, work / "dask", "dask")
    same = sum(map(str.__eq__, hashes(clients, work / "dask"), want))
    told = f"{same} of {len(clients)} pages, {took['wall']:.2f} s each"
    return [("the same by Dask", told, same == len(clients))]


def run_quick(work: Path) -> tuple[pd.DataFrame, Checks]:
    """Make two clients' reports from this process; the first one's also by a fresh kernel."""
    from workbench.reporting.execute import execute_notebook
    from workbench.reporting.runner import RunSettings, run_schedules

    clients = write_clients(work / "clients", QUICK)
    first, out, fresh = clients[0], work / "ours-0", work / "naive"
    fresh.mkdir()
    began = time.perf_counter()
    make_page(NOTEBOOK, first, fresh)
    middle = time.perf_counter()
    runs = [write_schedule(clients, out)], RunSettings(executor="serial")
    made, again = run_schedules(*runs), run_schedules(*runs)
    given = {"client": first.name, "data_dir": str(first), "last_days": 270}
    execute_notebook(NOTEBOOK, fresh, given).rename(fresh / f"{first.name}.ipynb")
    row = {"round": 1, "floor s": middle - began, "ours s": made.seconds / QUICK}
    idle = sum(report.status == "up_to_date" for report in again.reports)
    checks = [
        ("made", f"{len(made.reports)}", made.exit_code == 0),
        *check_identity(clients[:1], work),
        ("again, nothing changed", f"{idle} up to date", idle == QUICK),
    ]
    return pd.DataFrame([row]), checks


def run_parts(options: Any, work: Path) -> tuple[pd.DataFrame, Checks]:
    """Run what was asked for, in an order in which each part finds what it needs."""
    clients = write_clients(work / "clients", options.clients)
    parts = PARTS if options.part == "all" else (options.part,)
    rounds = pd.DataFrame()
    if "speed" in parts:
        rounds = run_rounds(clients, work, options.rounds, options)
    elif not (work / "ours-0").exists():
        run_ours(clients, work / "ours-0")
    checks: Checks = []
    for part in PARTS[1:]:
        if part in parts:
            checks += globals()[f"check_{part}"](clients, work)
            print(*checks[-2:], sep="\n", file=sys.stderr, flush=True)
    return rounds, checks


def main() -> None:
    """Print the rounds, what was checked, and the verdict."""
    options = read_options(
        str(__doc__),
        {
            "--clients": {"type": int, "default": 100, "help": "reports to make"},
            "--rounds": {"type": int, "default": 5, "help": "of the three legs"},
            "--share": {
                "type": int,
                "default": 0,
                "help": "naive leg: each so many-th client only",
            },
            "--part": {"choices": ("all", *PARTS), "default": "all", "help": "only this"},
            "--wait": {
                "type": float,
                "default": 240.0,
                "help": "seconds to wait for a quiet machine",
            },
            "--work": {"type": Path, "help": "keep the clients and reports in this folder"},
        },
    )
    with folder_of(options.work) as work:
        (work / "clients").mkdir(exist_ok=True)
        rounds, checks = run_quick(work) if options.quick else run_parts(options, work)
    middle = {name: median(rounds[name]) for name in rounds if name not in ("round", "void")}
    ratios = [name for name in ("naive/ours", "ours/floor") if name in middle]
    fast = middle.get("naive/ours", BAR["naive"]) >= BAR["naive"]
    near = middle.get("ours/floor", 0) <= BAR["floor"]
    told = [*(f"{name} {middle[name]:.2f}" for name in ratios)]
    told += [f"{what}: {found}" for what, found, good in checks if options.quick or not good]
    notes: dict[str, object] = {
        what: f"{found}{'' if good else ' WRONG'}" for what, found, good in checks
    }
    notes |= {"clients": options.clients, "cores": os.cpu_count(), "goal": "ours/floor 1.5"}
    notes |= {name: version(name) for name in _PACKAGES}
    table = rounds if len(rounds) else pd.DataFrame(checks, columns=["check", "found", "good"])
    met = fast and near and all(good for *_, good in checks)
    figures = "; ".join(told) or "all checks passed"
    finish(table, notes, met=met, figures=figures, options=options)


if __name__ == "__main__":
    main()

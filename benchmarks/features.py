"""Features of every creator beside the mere scan, pandas and Polars: CPU, memory and growth.

Each way runs in a process of its own over the same store, in rounds, with one thread. Times are CPU
seconds of the whole process, imports included; ratios are those of the same round. Each way reads
only the columns that it needs and knows that a creator's rows stand together in order of time.
The bar: ahead of every rival on M, under 1.5 GB, growth from S to M with an exponent of at most
1.05 (without the imports). A rival whose features differ from ours does not count; where all do,
ours are wrong.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from math import log
from pathlib import Path
from shutil import rmtree

import numpy as np
import pandas as pd

from benchmarks.creator_features import FEATURES
from benchmarks.report import ROOT, finish, read_options

SIZES = {"S": (10_000, 1_000_000, 1_000_000), "M": (100_000, 20_000_000, 20_000_000)}
QUICK = {"S": (60, 3_000, 3_000), "M": (300, 15_000, 15_000)}
POLARS = ROOT / ".venv-bench" / "bin" / "python"
WAYS = {"scan": "mere scan", "ours": "workbench", "in_pandas": "pandas", "in_polars": "Polars"}
REFRESH = "a refresh after one changed creator"
BAR = {"peak MB": 1_500, "exponent": 1.05}
GOAL = "the goal is at most 8 times the mere scan and 1,000 MB"
_MODULE = "benchmarks.creator_features.{}"
_CHANGE = """
import sys; from pathlib import Path; from benchmarks.creator_features.world import RECORD
from workbench.store import open_store
store = open_store(Path(sys.argv[1])); bucket = store.buckets()[0]
one = store.read("posts", buckets=[bucket]).head(1)
store.write({"posts": one.assign(likes=int(sys.argv[2]))}, RECORD)
"""


def measured(*call: str | Path, python: Path | str = sys.executable) -> tuple[float, float]:
    """Run Python in a process of its own; return its CPU seconds and its peak memory in MB."""
    process = subprocess.Popen([python, *call], cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{call} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


@contextmanager
def folder_of(option: Path | None) -> Iterator[Path]:
    """Give the folder of the stores: the named one is kept, else a temporary one is removed."""
    if option:
        option.mkdir(parents=True, exist_ok=True)
        yield option.resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def make_store(place: Path, sizes: tuple[int, int, int]) -> Path:
    """Make a store of that size unless it is there."""
    store = place / "-".join(map(str, sizes))
    if not (store / "creators").is_dir():
        rmtree(store, ignore_errors=True)
        draft = store.with_suffix(".draft")
        rmtree(draft, ignore_errors=True)
        measured("-m", "benchmarks.creator_features.world", draft, *map(str, sizes))
        draft.rename(store)
    return store


def run_rounds(
    stores: dict[str, Path], work: Path, ways: list[str], rounds: int, *, warm: bool
) -> pd.DataFrame:
    """Return CPU seconds and peak memory of each way, size and round."""
    pythons = {way: POLARS if way == "in_polars" else sys.executable for way in ways}
    os.environ["POLARS_MAX_THREADS"] = "1"
    if warm:
        # Byte code is kept for this benchmark, so that no way compiles its libraries each time.
        os.environ |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(work / "bytecode")}
        for way, python in pythons.items():
            out = work / "warm-up.parquet"
            measured("-m", _MODULE.format(way), stores["S"], out, python=python)
    found = []
    for number in range(rounds):
        for way, python in pythons.items():
            start, _ = measured("-c", f"import {_MODULE.format(way)}", python=python)
            for size, store in stores.items():
                out = work / f"{size}-{way}.parquet"
                cpu, peak = measured("-m", _MODULE.format(way), store, out, python=python)
                found.append((number, size, WAYS[way], cpu, cpu - start, peak))
    columns = ["round", "size", "way", "cpu", "computing", "peak"]
    return pd.DataFrame(found, columns=columns)


def refreshes(store: Path, work: Path, rounds: int) -> tuple[list[float], float, int]:
    """Return CPU seconds of refreshes, their peak, and how many buckets they computed at most."""
    copy, cache = work / "changed", work / "kept"
    for path in (p for p in store.rglob("*") if p.is_file()):
        (copy / path.relative_to(store)).parent.mkdir(parents=True, exist_ok=True)
        os.link(path, copy / path.relative_to(store))  # parts are replaced, never changed
    call = ("-m", "benchmarks.creator_features.ours", copy, work / "refreshed.parquet", cache)
    measured(*call)
    seconds, peaks, computed = [], [], 0
    for number in range(rounds):
        measured("-c", _CHANGE, copy, str(number + 1))
        before = {*cache.iterdir()}
        cpu, peak = measured(*call)
        computed = max(computed, len({*cache.iterdir()} - before))
        seconds.append(cpu)
        peaks.append(peak)
    return seconds, max(peaks), computed


def differing(work: Path, size: str, way: str, other: str) -> list[str]:
    """Return the features in which two ways differ, of any creator."""
    one, two = (pd.read_parquet(work / f"{size}-{name}.parquet") for name in (way, other))
    if not one["creator_key"].equals(two["creator_key"]):
        return ["creators"]
    pairs = ((f, one[f].to_numpy("float64"), two[f].to_numpy("float64")) for f in FEATURES)
    return [f for f, a, b in pairs if not np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True)]


def result_rows(runs: pd.DataFrame, wrong: dict[str, list[str]]) -> pd.DataFrame:
    """Return a row a way: medians, ratios of the same round, peaks, growth."""
    cpu = runs.pivot_table(index="round", columns=["size", "way"], values="cpu")
    computing = runs.groupby(["size", "way"])["computing"].median()
    rows = runs[runs["size"].eq("M")].groupby("way", sort=False)["peak"].max().to_frame("peak MB")
    rows = rows.assign(
        **{f"CPU s {size}": cpu[size].median() for size in ("S", "M")},
        scans=cpu["M"].div(cpu["M"]["mere scan"], axis=0).median(),
        ours=cpu["M"].div(cpu["M"]["workbench"], axis=0).median(),
        exponent=[exponent(computing, way) for way in rows.index],
        differs=[", ".join(wrong.get(way, [])) or "-" for way in rows.index],
    ).reset_index()
    return rows[["way", "CPU s S", "CPU s M", "scans", "ours", "peak MB", "exponent", "differs"]]


def exponent(computing: pd.Series, way: str) -> float:
    """Return the growth exponent of the CPU seconds from S to M."""
    small, large = (max(float(computing[size, way]), 1e-3) for size in ("S", "M"))
    return log(large / small) / log(20)


def main() -> None:
    """Print the table and the verdict."""
    more = {
        "--rounds": {"type": int, "default": 3, "help": "interleaved rounds"},
        "--folder": {"type": Path, "help": "keep the made stores here"},
    }
    options = read_options(str(__doc__), more)
    ways = [way for way in WAYS if way != "in_polars" or POLARS.is_file()]
    rounds = 1 if options.quick else options.rounds
    with folder_of(options.folder) as place, tempfile.TemporaryDirectory(dir=place) as temporary:
        work = Path(temporary)
        sizes = QUICK if options.quick else SIZES
        stores = {size: make_store(place, rows) for size, rows in sizes.items()}
        runs = run_rounds(stores, work, ways, rounds, warm=not options.quick)
        seconds, peak, computed = refreshes(stores["M"], work, rounds)
        wrong = {
            WAYS[way]: sorted({f for size in sizes for f in differing(work, size, "ours", way)})
            for way in ways[2:]
        }
    table = result_rows(runs, wrong)
    mine = table.set_index("way").loc["workbench"]
    ratio = float(np.median(seconds)) / mine["CPU s M"]
    again = {"way": REFRESH, "CPU s M": np.median(seconds), "ours": ratio, "peak MB": peak}
    table = pd.concat([table, pd.DataFrame([again])], ignore_index=True)
    equal = [name for name in wrong if not wrong[name]]
    nearest = table[table["way"].isin(equal)]["ours"].min()
    right = bool(equal) and computed == 1
    small = all(mine[name] <= limit for name, limit in BAR.items())
    notes = {
        "features": len(FEATURES),
        "creators, posts, snapshots": sizes["M"],
        "rounds": rounds,
        "buckets computed by a refresh": computed,
        "goal": GOAL,
    }
    if "in_polars" not in ways:
        notes["left out"] = "Polars is not installed: make bench BENCH=features brings it"
    figures = (
        f"{mine['scans']:.1f} times the mere scan; the nearest equal rival takes {nearest:.2f} "
        f"times our CPU; {mine['peak MB']:,.0f} MB; growth exponent {mine['exponent']:.2f}"
    )
    ahead = bool(nearest > 1)
    if options.quick:
        ahead, figures = True, "the same features; so small a store measures the imports, not speed"
    finish(
        table.astype("object").where(table.notna(), ""),
        notes,
        met=right and small and ahead,
        figures=figures,
        options=options,
    )


if __name__ == "__main__":
    main()

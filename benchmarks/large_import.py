"""A long CSV into a store: memory must not grow with the file."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.report import finish, read_options

MEGABYTES = (100, 500, 2_000)
BAR = 1_500  # MB, for a file of 2,000 MB
_ROWS = 200_000
_IMPORT = (
    "from pathlib import Path; from workbench.intake.importing import import_files; import sys;"
    "s = import_files([Path(sys.argv[1])], Path(sys.argv[2]), platform='instagram').summary;"
    "print(s.rows, s.kept)"
)
_RIVAL = "import pandas, sys; frame = pandas.read_csv(sys.argv[1]); print(len(frame), len(frame))"
_PEAK = ";import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"


def write_export(path: Path, megabytes: int, seed: int = 5) -> None:
    """Write a list of posts of about that size, a quarter of its text a caption."""
    rng = np.random.default_rng(seed)
    words = np.array(["sunday", "recipe", "new shoes, again", "the hills", "giveaway", "morning"])
    header, first = True, 0
    rows = min(_ROWS, megabytes * 4_000)
    while not path.exists() or path.stat().st_size < megabytes * 1e6:
        creator = rng.integers(0, 100_000, rows)
        frame = pd.DataFrame(
            {
                "Account username": "creator_" + pd.Series(creator).astype("str"),
                "Post ID": np.arange(first, first + rows) + 17_000_000_000_000_000,
                "Caption": [" ".join(p) for p in rng.choice(words, (rows, 5))],
                "Publish time": pd.Timestamp("2025-01-01")
                + pd.to_timedelta(rng.integers(0, 31_536_000, rows), unit="s"),
                "Likes": rng.lognormal(6, 1.5, rows).astype(int),
                "Comments": rng.lognormal(2, 1.2, rows).astype(int),
                "Reach": rng.lognormal(8, 1.5, rows).astype(int),
                "Followers": (creator * 37) % 900_000 + 1_000,
            }
        )
        frame.to_csv(path, mode="a", index=False, header=header)
        header, first = False, first + rows


def measured(code: str, *arguments: Path) -> tuple[int, int, int, float]:
    """Run Python in a process of its own: rows, rows kept, peak memory in MB, seconds."""
    began = time.perf_counter()
    call = [sys.executable, "-c", code + _PEAK, *map(str, arguments)]
    done = subprocess.run(call, check=True, capture_output=True, text=True)
    rows, kept, peak = map(int, done.stdout.split())
    return rows, kept, peak, time.perf_counter() - began


def main() -> None:
    """Print memory and time by size, beside reading the file whole."""
    options = read_options(str(__doc__))
    found = []
    for megabytes in (1,) if options.quick else MEGABYTES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "posts.csv"
            write_export(path, megabytes)
            rows, kept, peak, seconds = measured(_IMPORT, path, Path(folder) / "client")
            *_, whole, _ = measured(_RIVAL, path)
        found.append((path.name, megabytes, rows, kept, peak, whole, round(seconds)))
    columns = ["file", "MB", "rows", "kept", "import MB", "pandas.read_csv MB", "import s"]
    table = pd.DataFrame(found, columns=columns).drop(columns="file")
    last = table.iloc[-1]
    met = bool(last["import MB"] < BAR and table["rows"].eq(table["kept"]).all())
    figures = f"{last['import MB']:,.0f} MB for a file of {last['MB']:,.0f} MB, bar {BAR:,} MB"
    finish(table, {}, met=met, figures=figures, options=options)


if __name__ == "__main__":
    main()

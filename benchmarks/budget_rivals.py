"""Splits of a budget beside pymc-marketing and skfolio, where the problem is the same.

Channels: the same posterior draws, the same response, the same budget; both splits are scored by
both objectives. Risk: the same matrix of futures, weights that sum to 1, none above 10 %, 11 points
from the best mean of the worst 5 % to the highest mean. Each contestant stands in a process of its
own that is warm, with one thread; calls are interleaved; seconds are of the CPU, since what else
runs on a machine is not of the method. pymc-marketing also fits the model, which is not timed, and
compiles its objective at its first call, which stands apart (by the clock). What is found is
compared first: a ratio counts only where both found the same.
The bar: at least 50 times as fast from call to answer as each rival as it comes, and 8 times as
skfolio told to use HiGHS. The goal is 50 times everywhere.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.budget_contestants import MOST, TAIL
from benchmarks.report import ROOT, finish, read_options
from workbench.budget.futures import tail_mean
from workbench.budget.weights import frontier_weights

RIVALS = ROOT / ".venv-bench" / "bin" / "python"
CHANNELS, DRAWS, PERIODS, LAGS = (4, 10, 20), 500, 104, 8
COLUMNS, SCENARIOS = (50, 200, 500), 1_000
BARS = {"pymc-marketing": 50, "skfolio, Clarabel": 50, "skfolio, HiGHS": 8}
EQUAL = {"our split": 1e-6, "our frontier": 1e-3}
MISSING = "pymc-marketing and skfolio are not installed: make bench BENCH=budget_rivals brings them"


class Contestant:
    """A process that waits to be called."""

    def __init__(self, name: str, arrays: Path, work: Path) -> None:
        threads = dict.fromkeys(("OMP", "OPENBLAS", "MKL", "NUMBA", "RAYON"), "1")
        environment = {f"{kind}_NUM_THREADS": count for kind, count in threads.items()}
        environment |= {"PYTENSOR_FLAGS": f"base_compiledir={work / 'compiled'}"}
        self.process = subprocess.Popen(
            [
                sys.executable if name.startswith("our") else RIVALS,
                str(ROOT / "benchmarks" / "budget_contestants.py"),
                *(name, str(arrays)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        )
        self.name = name
        self.hello = self._answer()

    def __enter__(self) -> Contestant:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def ask(self, order: str) -> dict[str, Any]:
        """Send an order and wait for the answer."""
        assert self.process.stdin
        print(order, file=self.process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} ended early")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def found(self, place: Path) -> np.ndarray:
        """Return what its last call found."""
        self.ask(f"save {place}")
        found: np.ndarray = np.load(place)
        return found


def response_draws(channels: int, draws: int) -> dict[str, object]:
    """Return draws of effects, rates and carry-over, about as wide as a fitted model's."""
    noise = np.random.default_rng(channels)
    shape = (draws, channels)
    scale = noise.uniform(500, 3_000, channels)
    carry = noise.beta(2, 3, channels) + 0.08 * noise.normal(size=shape)
    return {
        "effect": noise.gamma(3, 0.1, channels) * noise.lognormal(0, 0.2, shape),
        "rate": noise.gamma(3, 1, channels) / scale * noise.lognormal(0, 0.2, shape),
        "carry": np.clip(carry, 0.01, 0.95),
        "budget": 1_000.0 * channels * PERIODS,
        **{"periods": PERIODS, "lags": LAGS},
    }


def futures(columns: int, scenarios: int) -> np.ndarray:
    """Return what a unit of money brings: shared luck, luck of its own, and falling through."""
    noise = np.random.default_rng(columns)
    shared = 0.25 * noise.normal(size=(scenarios, 1))
    for groups, spread in ((8, 0.2), (3, 0.15)):
        luck = spread * noise.normal(size=(scenarios, groups))
        shared = shared + luck[:, noise.integers(0, groups, columns)]
    spreads = noise.uniform(0.2, 0.8, columns)
    own = spreads * noise.normal(size=(scenarios, columns)) - spreads**2 / 2
    there = noise.random((scenarios, columns)) > noise.uniform(0, 0.2, columns)
    return np.asarray(np.exp(0.3 * noise.normal(size=columns) + shared + own) * there)


def split_difference(ours: Contestant, rival: Contestant, work: Path) -> float:
    """Return the largest relative difference of both splits, each scored by both objectives."""
    places = [work / f"{number}.npy" for number in range(2)]
    for contestant, place in zip((ours, rival), places, strict=True):
        contestant.found(place)
    scores = [c.ask(f"score {p}")["value"] for c in (ours, rival) for p in places]
    return float(max(scores) / min(scores) - 1)


def frontier_difference(returns: np.ndarray, weights: np.ndarray) -> float:
    """Return how far the rival's worst futures are from ours at the rival's own means."""
    ours = frontier_weights(returns, most=MOST, tail=TAIL, means=returns.mean(axis=0) @ weights.T)
    theirs = tail_mean(weights @ returns.T, TAIL)
    return float(np.abs(theirs / ours.table["tail"].to_numpy() - 1).max())


def race(name: str, rivals: list[str], given: dict[str, Any], work: Path, rounds: int) -> Any:
    """Let all solve the same, in turn; return a row a rival and the versions."""
    arrays = work / "given.npz"
    np.savez(arrays, **given)
    seconds: dict[str, list[dict[str, float]]] = {each: [] for each in (name, *rivals)}
    rows: list[dict[str, Any]] = []
    versions: dict[str, str] = {}
    with ExitStack() as stack:
        all_of_them = [stack.enter_context(Contestant(each, arrays, work)) for each in seconds]
        for _ in range(rounds):
            for contestant in all_of_them:
                seconds[contestant.name].append(contestant.ask("call"))
        for rival in all_of_them[1:]:
            if "returns" in given:
                found = rival.found(work / "weights.npy")
                apart = frontier_difference(given["returns"], found)
            else:
                apart = split_difference(all_of_them[0], rival, work)
            rows.append({"rival": rival.name, **ratios(seconds[name], seconds[rival.name])})
            rows[-1] |= {"first call": rival.hello["first"], "apart": apart}
            versions |= rival.hello["versions"]
        versions |= all_of_them[0].hello["versions"]
    return rows, versions


def ratios(ours: list[dict[str, float]], theirs: list[dict[str, float]]) -> dict[str, float]:
    """Return median CPU seconds, and the medians of each round's ratios."""

    def times(kind: str) -> float:
        return median(one[kind] / other[kind] for one, other in zip(theirs, ours, strict=True))

    return {
        "their s": median(one["whole"] for one in theirs),
        "our ms": 1e3 * median(one["whole"] for one in ours),
        "times": times("whole"),
        "by the clock": times("clock"),
        "their solver s": median(one["solving"] for one in theirs),
        "solver, times": times("solving"),
    }


def run(quick: bool, rounds: int) -> tuple[pd.DataFrame, dict[str, object], bool, str]:
    """Return table, notes, whether the bar is met, and the figures of the verdict."""
    there = RIVALS.is_file() and not quick
    problems: list[tuple[str, list[str], dict[str, Any], str]] = []
    for channels in CHANNELS[: 1 if quick else None]:
        given = response_draws(channels, 100 if quick else DRAWS)
        problems.append(("our split", ["pymc-marketing"], given, f"{channels} channels"))
    for columns in COLUMNS[: 1 if quick else None]:
        matrix = {"returns": futures(columns, 200 if quick else SCENARIOS)}
        rivals = ["skfolio, Clarabel", "skfolio, HiGHS"]
        problems.append(("our frontier", rivals, matrix, f"{columns} x {len(matrix['returns']):,}"))
    if not there:
        return alone(problems, quick=quick)
    rows: list[dict[str, Any]] = []
    versions: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, rivals, given, size in problems:
            found, said = race(name, rivals, given, Path(folder), rounds)
            versions |= said
            for row in found:
                row["same"] = row["apart"] <= EQUAL[name]
                rows.append({"problem": size, **row})
                print(f"{size}, {row['rival']}: {row['times']:.0f} times", file=sys.stderr)
    table = pd.DataFrame(rows)
    least = table.groupby("rival", sort=False)["times"].min()
    fast = all(least[rival] >= bar for rival, bar in BARS.items())
    below = table[table["times"] < 50]
    notes: dict[str, object] = {
        "versions": ", ".join(f"{name} {number}" for name, number in sorted(versions.items())),
        "rounds": f"{rounds}, interleaved, one thread each; ratios are medians over rounds",
        "not timed": "pymc-marketing's fitting of the model; its first call compiles",
        "below the goal of 50 times": ", ".join(below["problem"] + " " + below["rival"]) or "none",
    }
    figures = "the same answers; " if table["same"].all() else "answers differ; "
    figures += ", ".join(f"{times:.0f} times {rival}" for rival, times in least.items())
    shown = {"first call": table["first call"].map("{:.2f}".format).replace("nan", "-")}
    shown["apart"] = table["apart"].map("{:.0e}".format)
    return table.assign(**shown), notes, bool(table["same"].all() and fast), figures + " at least"


def alone(problems: list[Any], *, quick: bool) -> tuple[pd.DataFrame, dict[str, object], bool, str]:
    """Solve the problems without a rival: only the proofs are judged."""
    from workbench.budget.channels import ResponseCurves, split_channels

    rows = []
    for name, _, given, size in problems:
        if name == "our split":
            draws = {key: given[key] for key in ("effect", "rate", "carry", "periods", "lags")}
            names = tuple(map(str, range(given["effect"].shape[1])))
            split = split_channels(ResponseCurves(channels=names, **draws), given["budget"])
            gap = split.summary.gap
        else:
            found = frontier_weights(given["returns"], most=MOST, tail=TAIL).table
            gap = float((found["bound"] / found["tail"] - 1).max())
        rows.append({"problem": size, "ours": name, "gap": gap})
    table = pd.DataFrame(rows)
    met = quick and bool((table["gap"] < 1e-6).all())
    notes: dict[str, object] = {"left out": "the rivals, by --quick" if quick else MISSING}
    table["gap"] = table["gap"].map("{:.0e}".format)
    return table, notes, met, "every answer is proven; nothing was raced"


def main() -> None:
    """Print the table and the verdict."""
    more = {"--rounds": {"type": int, "default": 3, "help": "interleaved rounds"}}
    options = read_options(str(__doc__), more)
    table, notes, met, figures = run(options.quick, options.rounds)
    finish(table, notes, met=met, figures=figures, options=options)


if __name__ == "__main__":
    main()

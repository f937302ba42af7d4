"""Simulating splits of a budget beside the same size in plain numpy, timed in turns.

12 splits of 1,000 creators in 10,000 futures. The plain way draws every creator in blocks of
1,000 futures: cost, impressions, engagements, clicks, conversions, revenue and net reach over 8
niches, and no more. Ours adds to these correlated fall-through, late posts, real people, counts,
frequency and costs; ``dropping`` adds a budget, so that creators who turn out too dear are left
out, future by future. All run with one thread; times are the least of the rounds, since other work
on the machine only adds to them. The bar: at 10,000 futures not slower than the plain way, and
under 0.98 CPU seconds with the budget.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.report import finish, read_options
from workbench.budget.candidates import Candidates, make_candidates
from workbench.budget.simulate import SimulationSettings, simulate_outcomes
from workbench.budget.unknowns import Unknowns, read_unknowns
from workbench.tables.brief import Brief

SIZES = ((1_000, 1_000, 12), (10_000, 1_000, 12), (2_000, 5_000, 12))
QUICK = ((500, 200, 12), (1_000, 200, 12))
NOTED = 0.98  # seconds of wall clock that the plain way took on two idle cores, 10,000 x 1,000 x 12
NICHES, USED = 8, 0.1
Splits = dict[str, npt.NDArray[np.int64]]


@dataclass(frozen=True)
class Audience:
    """Niches whose people follow the creators of all niches, their own most."""

    keys: pd.Index
    people: npt.NDArray[np.float64]
    exposure: npt.NDArray[np.float64]
    alternatives: tuple[npt.NDArray[np.float64], ...]


def make_world(creators: int, splits: int, seed: int = 1) -> tuple[Candidates, Splits, Audience]:
    """Make creators of which nothing but the size is known, splits of a tenth, and niches."""
    rng = np.random.default_rng(seed)
    platform = rng.choice(["instagram", "tiktok", "youtube"], creators)
    table = pd.DataFrame(
        {
            "creator_key": [f"{p}:c{number}" for number, p in enumerate(platform)],
            "followers": np.exp(rng.normal(10, 1.5, creators)).clip(1_000, 5e6).round(),
        }
    )
    candidates = make_candidates(table, read_unknowns())
    people = rng.uniform(80_000, 600_000, NICHES)
    share = 0.1 + 5 * np.eye(NICHES)[rng.integers(0, NICHES, creators)]
    share *= people / (share @ people)[:, None]
    exposure = share * candidates.table[["reach"]].to_numpy() / people
    audience = Audience(pd.Index(table["creator_key"]), people, exposure, (exposure,))
    booked = rng.random((splits, creators)) < USED
    return candidates, {str(i): one.astype("int64") for i, one in enumerate(booked)}, audience


def simulate_plainly(
    candidates: Candidates, splits: Splits, audience: Audience, draws: int, seed: int = 0
) -> dict[str, npt.NDArray[np.float32]]:
    """Simulate in plain numpy: every creator, independent luck, some shared factors."""
    rng, table = np.random.default_rng(seed), candidates.table
    booked = np.stack([*splits.values()]).astype("float32")
    single = {c: table[c].to_numpy(dtype="float32") for c in ("reach", "engagements", "fee")}
    within = [booked * audience.exposure[:, n].astype("float32") for n in range(NICHES)]
    people = audience.people.astype("float32")
    blocks = []
    for start in range(0, draws, 1_000):
        size = (min(1_000, draws - start), len(table))

        def luck(sd: float, size: tuple[int, int] = size) -> npt.NDArray[np.float32]:
            own = rng.standard_normal(size, dtype="float32") * np.float32(sd)
            shared = rng.standard_normal((size[0], 1), dtype="float32") * np.float32(0.2)
            return np.asarray(np.exp(own + shared))

        came = rng.random(size, dtype="float32") > 0.2
        reached = luck(0.6) * came
        shown = reached * single["reach"] * np.float32(1.25)
        clicks = shown * np.float32(0.008) * luck(0.6)
        orders = clicks * np.float32(0.02) * luck(0.5)
        block = {
            "spend": (luck(0.6) * single["fee"] * came) @ booked.T,
            "impressions": shown @ booked.T,
            "engagements": (luck(0.9) * single["engagements"] * came) @ booked.T,
            "clicks": clicks @ booked.T,
            "conversions": orders @ booked.T,
            "net_reach": sum(
                n * -np.expm1(-(reached @ of.T)) for n, of in zip(people, within, strict=True)
            ),
        }
        blocks.append(block | {"revenue": block["conversions"] * np.float32(50)})
    return {name: np.vstack([block[name] for block in blocks]) for name in blocks[0]}


def run(quick: bool) -> list[dict[str, Any]]:
    """Return one row a size: the least CPU and wall seconds of each way over rounds in turns."""
    rows = []
    unknowns = read_unknowns()
    for draws, creators, splits in QUICK if quick else SIZES:
        world = make_world(creators, splits)
        calls: dict[str, Callable[[], object]] = {
            "plain": partial(simulate_plainly, *world, draws),
            "ours": partial(simulate_fully, *world, draws, unknowns, None),
            "dropping": partial(simulate_fully, *world, draws, unknowns, 100.0 * creators),
        }
        times: dict[str, list[tuple[float, float]]] = {way: [] for way in calls}
        for _ in range(1 if quick else 5):
            for way, call in calls.items():
                times[way].append(timed(call))
        row: dict[str, Any] = {"draws": draws, "creators": creators, "splits": splits}
        for way, taken in times.items():
            cpu, wall = (min(one) for one in zip(*taken, strict=True))
            row |= {f"{way}_cpu": cpu, f"{way}_wall": wall}
        rows.append(row | {"ratio": row["ours_cpu"] / row["plain_cpu"]})
    return rows


def simulate_fully(
    candidates: Candidates,
    splits: Splits,
    audience: Audience,
    draws: int,
    unknowns: Unknowns,
    budget: float | None,
) -> None:
    """Simulate with the workbench; a budget drops creators who turn out too dear."""
    brief, settings = Brief(budget=budget), SimulationSettings(draws=draws)
    simulate_outcomes(
        candidates, splits, unknowns, brief=brief, audience=audience, settings=settings
    )


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the CPU and wall seconds of a call."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def main() -> None:
    """Time both ways and tell whether the bar is met."""
    options = read_options(__doc__ or "")
    table = pd.DataFrame(run(options.quick))
    asked = table.iloc[-1 if options.quick else 1]
    notes: dict[str, object] = {
        "noted before": f"{NOTED} s of wall clock by the plain way on two idle cores",
        "load": f"{os.getloadavg()[0]:.1f} processes wanted the cores",
        "python, numpy": f"{sys.version.split()[0]}, {np.__version__}",
    }
    finish(
        table,
        notes,
        met=options.quick or bool(asked["ratio"] <= 1 and asked["dropping_cpu"] < NOTED),
        figures=f"{asked['ours_cpu']:.2f} s CPU beside {asked['plain_cpu']:.2f} s in plain numpy "
        f"(bar: not more), {asked['dropping_cpu']:.2f} s where prices drop creators "
        f"(bar: under {NOTED} s)",
        options=options,
    )


if __name__ == "__main__":
    main()

"""A frontier of whole plans: how near a proven bound, how fast, and what fresh futures say.

Markets of 1,000 creators in five tiers, three platforms and eight niches, $50,000, 15 to 30
creators, no tier or platform above 60 % of the money, at least 8 small creators; 11 weights of the
worst 5 % of 1,000 scenarios, scored on 20,000 others. Luck is shared by all creators, by those of
a niche and of a platform; each has its own beside that and may bring nothing.
"""

from __future__ import annotations

import resource
import time

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.report import finish, read_options
from workbench.budget.frontier import FrontierSettings, risk_frontier
from workbench.budget.options import Limits, Options

Floats = npt.NDArray[np.float64]
TIERS = ("nano", "micro", "mid", "macro", "mega")
PLATFORMS = ("instagram", "tiktok", "youtube")
EDGES = np.log([1e3, 1e4, 1e5, 5e5, 1e6, 5e6])
TAIL, GAP, SECONDS = 0.05, 0.01, 5.0


def make_world(seed: int, creators: int, scenarios: int, fresh: int) -> tuple[Options, Floats]:
    """Return what may be bought, and futures that no plan is chosen by."""
    rng = np.random.default_rng(seed)
    tier = rng.choice(5, creators, p=[0.45, 0.35, 0.12, 0.05, 0.03])
    platform, niche = rng.integers(0, 3, creators), rng.integers(0, 8, creators)
    followers = np.exp(rng.uniform(EDGES[tier], EDGES[tier + 1]))
    fee = 0.01 * followers**0.9 * np.exp(0.55 * rng.standard_normal(creators))
    rate = np.array([0.048, 0.024, 0.018, 0.015, 0.012])[tier]
    engagements = followers * rate * np.exp(0.5 * rng.standard_normal(creators))
    engagements *= 1 - rng.beta(1.6, 9, creators)
    own, fall = rng.uniform(0.3, 0.9, creators), rng.beta(1, 12, creators)

    def draw(futures: int) -> Floats:
        luck = 0.35 * rng.standard_normal((futures, 1))
        luck = luck + 0.2 * rng.standard_normal((futures, 8))[:, niche]
        luck = luck + 0.2 * rng.standard_normal((futures, 3))[:, platform]
        luck += own * rng.standard_normal((futures, creators)) - own**2 / 2
        return np.asarray(engagements * np.exp(luck) * (rng.random((futures, creators)) > fall))

    table = pd.DataFrame(
        {
            "creator_key": [f"{PLATFORMS[p]}:{i}" for i, p in enumerate(platform)],
            "platform": np.array(PLATFORMS)[platform],
            "tier": np.array(TIERS)[tier],
            "deliverable": "post",
            "posts": 1,
            "cost": np.round(np.maximum(fee, 10) + np.where(tier >= 3, 200, 60)),
        }
    )
    seen = draw(scenarios)
    options = Options(table=table, goal="engagements", value=seen.mean(axis=0), scenarios=seen)
    return options, draw(fresh)


def run(quick: bool) -> list[dict[str, object]]:
    """Return one row a market."""
    rows = []
    for seed in range(1, 2 if quick else 11):
        size = (200, 300, 2_000) if quick else (1_000, 1_000, 20_000)
        options, fresh = make_world(seed, *size)
        limits = Limits(
            budget=50_000,
            min_creators=15,
            max_creators=30,
            tier_share=dict.fromkeys(TIERS, (0.0, 0.6)),
            platform_share=dict.fromkeys(PLATFORMS, (0.0, 0.6)),
            tier_creators={"nano+micro": (8, None)},
        )
        target = float(np.round(0.9 * options.value.sum() / 10, -3))
        wall, own = time.perf_counter(), time.process_time()
        frontier = risk_frontier(options, limits, FrontierSettings(tail=TAIL, target=target), fresh)
        told, table = frontier.summary, frontier.table
        rows.append(
            {
                "market": seed,
                "creators": size[0],
                "scenarios": size[1],
                "seconds": time.perf_counter() - wall,
                "cpu_seconds": time.process_time() - own,
                "max_gap": told.max_gap,
                "median_gap": table["gap"].median(),
                "plans": told.plans,
                "tail_in_sample": table["cvar"].iloc[-1],
                "tail_fresh": table["fresh_cvar"].iloc[-1],
                "best_mean_tail_fresh": told.cvar,
                "tail_gain": told.tail_gain,
                "tail_error": told.tail_error,
                "mean_cost": told.mean_cost,
                "flat": told.is_flat,
            }
        )
    return rows


def main() -> None:
    """Print the table and the verdict."""
    options = read_options(__doc__ or "")
    table = pd.DataFrame(run(options.quick))
    slowest, widest = table["seconds"].max(), table["max_gap"].max()
    finish(
        table,
        {
            "points": "11 a market",
            "memory": f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB",
            "flat": f"{table['flat'].sum()} of {len(table)}",
        },
        met=bool(slowest <= SECONDS and widest <= GAP),
        figures=(
            f"slowest frontier {slowest:.2f} s (at most {SECONDS:.0f}), "
            f"largest gap {widest:.2%} (at most {GAP:.0%})"
        ),
        options=options,
    )


if __name__ == "__main__":
    main()

"""What a pilot is worth, beside a brute nested simulation, and what the published advice takes.

Creators cost $200 and $60 of overhead a booking, in three tiers that are expected to be alike; the
log sd is 0.3 for what all share, 0.3 for tiers, 0.5 for creators, 0.8 for posts; a further post of
a creator brings 15% less. Twelve cells: an expected return per fee-dollar of 1.0 (loses), 1.15,
1.3 (breaks even) and 1.8 (pays) by $5,000, $20,000 and $100,000.

The brute simulation shares no formula with the package: it draws worlds (levels, creators, posts),
in each finds what would be believed by numerical integration over grids of what is unknown, books
by that on its own rule, and scores the bookings by what is believed and, as a check, by what is
true in its world. Its worlds are others at every size.

Beside it, whom to try: tables of candidates who differ in tier, price, expected return, and in how
well they are known; the best pilot of the creators with most to learn for the money against the
best pilot of those that look best.

The bar: in each cell the net value of the recommended pilot (its cost counted; the best one where
none is worth its cost) is within 5% or $50 of the brute one, and the brute value of what is
recommended is at least 95% of that of the best pilot (which is at most $50 where nothing is).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from benchmarks.report import finish, read_options
from workbench.budget.pilot import PilotSettings, PilotValue, value_pilot
from workbench.budget.returns import even_returns

Floats = np.ndarray
Place = tuple[str, int]
Row = dict[str, Any]
PRIORS, BUDGETS = (1.0, 1.15, 1.3, 1.8), (5_000, 20_000, 100_000)
FEE, OVERHEAD, TIERS, FATIGUE = 200.0, 60.0, 3, 0.15
SHARED, TIER, CREATOR, POST = 0.3, 0.3, 0.5, 0.8
COST = FEE + OVERHEAD
WORLDS, CHUNK, SEED = 131_072, 256, 31
LARGE = 15  # creators, beyond which a pilot gets fewer worlds
LEVELS = np.linspace(-2.2, 2.2, 45)  # of a tier, what all share included
SHIFTS = np.linspace(-1.6, 1.6, 33)  # of what all share
OWN = np.linspace(-3, 3, 241)  # of a creator
RESULTS = np.linspace(-9, 9, 3601)  # of a creator's post about its tier's level


@dataclass(frozen=True, kw_only=True)
class Worlds:
    """Factors on the expected return: as believed after the results, and as they are."""

    tried: Floats
    new: Floats
    tried_true: Floats
    new_true: Floats


def _tables() -> tuple[Floats, Floats]:
    """Return the log likelihood of a result, and the creator's expected factor after it."""
    joint = norm.pdf(OWN, scale=CREATOR) * norm.pdf(RESULTS[:, None] - OWN, scale=POST)
    likelihood = joint.sum(1)
    return np.log(likelihood), (joint @ np.exp(OWN)) / likelihood


LOG_LIKELIHOOD, FACTOR = _tables()
BETWEEN = norm.pdf(LEVELS - SHIFTS[:, None], scale=TIER)
BETWEEN = BETWEEN / BETWEEN.sum(1, keepdims=True)
MEAN = np.exp((SHARED**2 + TIER**2 + CREATOR**2) / 2)  # factors are of the expected return


def draw_worlds(tier: Floats, rng: np.random.Generator) -> Worlds:
    """Draw a pilot of one creator for each entry of ``tier``, in ``CHUNK`` worlds."""
    shape = (CHUNK, len(tier))
    level = rng.normal(0, SHARED, (CHUNK, 1)) + rng.normal(0, TIER, (CHUNK, TIERS))
    own = rng.normal(0, CREATOR, shape)
    seen = level[:, tier] + own + rng.normal(0, POST, shape)
    # The grids fit: a step of the levels is twenty of the results.
    first = np.rint((seen - LEVELS[0] - RESULTS[0]) / (RESULTS[1] - RESULTS[0]))
    place = first.astype(np.int32)[..., None] - 20 * np.arange(len(LEVELS), dtype=np.int32)
    log = np.stack([LOG_LIKELIHOOD[place[:, tier == t]].sum(1) for t in range(TIERS)], axis=1)
    likelihood = np.exp(log - log.max(-1, keepdims=True))
    # By tier and what all share; then what all share from all tiers together.
    by_shift = likelihood @ BETWEEN.T
    shift = norm.pdf(SHIFTS, scale=SHARED) * by_shift.prod(1)
    shift = shift / shift.sum(1, keepdims=True)
    beliefs = likelihood * ((shift[:, None] / by_shift) @ BETWEEN)
    beliefs = beliefs / beliefs.sum(-1, keepdims=True)
    tried = np.einsum("wia,wia->wi", FACTOR[place], beliefs[:, tier] * np.exp(LEVELS))
    spread = np.exp(CREATOR**2 / 2)
    return Worlds(
        tried=tried / MEAN,
        new=beliefs @ np.exp(LEVELS) * spread / MEAN,
        tried_true=np.exp(level[:, tier] + own) / MEAN,
        new_true=np.exp(level) * spread / MEAN,
    )


def net_after(worlds: Worlds, expected: float, bookings: float) -> tuple[Floats, Floats]:
    """Return the net of the rest of the money in each world, as believed and as it is."""
    best = worlds.new.argmax(1)[:, None]
    new, new_true = (
        expected * FEE * np.take_along_axis(part, best, 1)[:, 0] - COST
        for part in (worlds.new, worlds.new_true)
    )
    again, again_true = (
        expected * FEE * (1 - FATIGUE) * part - COST for part in (worlds.tried, worlds.tried_true)
    )
    order = np.argsort(-again, axis=1)
    again, again_true = (np.take_along_axis(part, order, 1) for part in (again, again_true))
    room = np.clip(bookings - np.arange(again.shape[1]), 0, 1)
    booked = room * (again > np.maximum(new, 0)[:, None])
    rest = (bookings - booked.sum(1)) * (new > 0)
    believed = (booked * again).sum(1) + rest * new
    return believed, (booked * again_true).sum(1) + rest * new_true


def brute(design: str, creators: int, budget: float, worlds: int, seed: int) -> pd.DataFrame:
    """Return the net value of one pilot for each prior by brute simulation."""
    tier = np.arange(creators) % TIERS if design == "every tier" else np.zeros(creators, dtype=int)
    rng, bookings, rows = np.random.default_rng([SEED, seed]), budget / COST, []
    for _ in range(max(1, int(worlds // CHUNK * min(1, LARGE / creators)))):
        drawn = draw_worlds(tier, rng)
        for expected in PRIORS:
            own = creators * (expected * FEE - COST)
            without = max(0.0, expected * FEE - COST)
            nets = np.array(net_after(drawn, expected, bookings - creators))
            # Where money is spent anyway, the same money on the first tier of the same world.
            if without:
                nets -= (bookings - creators) * (
                    expected * FEE * np.array([drawn.new[:, 0], drawn.new_true[:, 0]]) - COST
                )
                nets += (bookings - creators) * without
            nets += own - bookings * without
            rows.append((expected, *nets.mean(1), *nets.var(1)))
    table = pd.DataFrame(rows, columns=["expected", "believed", "true", "var", "var_true"])
    means = table.groupby("expected").mean()
    draws = CHUNK * (len(table) / len(PRIORS))
    return means.assign(
        se=np.sqrt(means["var"] / draws), se_true=np.sqrt(means["var_true"] / draws)
    )


def compare(value: PilotValue, expected: float, brutes: Mapping[Place, Row]) -> Row:
    """Return a cell's row: ours and brute at the recommended size, and its share of the best."""
    said, table = value.summary, value.table
    nets = pd.Series({place: found["believed"] for place, found in brutes.items()})
    ours = table.set_index(["design", "creators"])[["net", "net_se"]]
    off = (ours["net"] - nets).abs() > np.maximum(0.05 * nets.abs(), 50)
    at: Any = ours["net"].idxmax()
    net, error = ours.loc[[at]].to_numpy()[0]
    if said.creators:
        at, net, error = (said.design, said.creators), said.net, said.net_se
    found, best = brutes[at], max(nets.max(), 0.0)
    kept = found["believed"] if said.creators else 0.0
    return {
        "prior": expected,
        "budget": said.budget,
        "creators": said.creators,
        "cost": said.cost,
        "ours": net,
        "se": error,
        "brute": found["believed"],
        "brute se": found["se"],
        "difference": net - found["believed"],
        "allowed": max(0.05 * abs(found["believed"]), 50.0),
        "share of best": kept / best if best else 1.0,
        "short": best - kept,
        "z of true": (found["true"] - found["believed"]) / found["se_true"],
        "sizes off": int(off.sum()),
        "sizes": len(table),
    }


def advise(value: PilotValue, expected: float) -> Row:
    """Return what is advised in a cell, and what the published budgets bring there."""
    said = value.summary
    shown: Row = {"prior": f"{expected:.2f}", "budget": said.budget, "without": said.without}
    shown |= {"pilot": said.cost, "net": said.net, "waves": said.waves, "policy": said.policy}
    shown |= {"waves net": said.waves_net, "waves se": said.waves_se, "advice": said.advice}
    for amount, net, share in value.advised[["amount", "net", "share"]].to_numpy():
        shown |= {
            f"${amount:,.0f}": net,
            f"share at ${amount:,.0f}": f"{share:.0%}" if np.isfinite(share) else "-",
        }
    return shown


def candidates(creators: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return creators who differ in all that matters for a trial."""
    fees = {"nano": 60, "micro": 250, "mid": 1500, "macro": 7000}
    tier = rng.choice(list(fees), creators, p=[0.4, 0.35, 0.18, 0.07])
    return pd.DataFrame(
        {
            "creator_key": [f"creator {place}" for place in range(creators)],
            "tier": tier,
            "expected": np.exp(rng.normal(np.log(1.2), 0.4, creators)),
            "sd": rng.uniform(0.15, 0.7, creators),
            "post_sd": rng.uniform(0.5, 1, creators),
            "fee": pd.Series(tier).map(fees) * np.exp(rng.normal(0, 0.4, creators)),
            "overhead": OVERHEAD,
            "number": 1.0,
        }
    )


def whom_to_try(tables: int) -> str:
    """Return the best pilot's mean net value by who is tried, and how often each is best."""
    settings, rows = PilotSettings(worlds=1024, waves=()), []
    for place in range(tables):
        creators, budget = ((60, 5_000), (200, 20_000))[place % 2]
        value = value_pilot(
            candidates(creators, np.random.default_rng([SEED, place])), budget, settings
        )
        best = value.table.groupby("design")["net"].max().clip(lower=0)
        rows.append(best / budget)
    nets = pd.DataFrame(rows).fillna(0)
    said = pd.DataFrame(
        {
            "net, share of budget": nets.mean(),
            "best in": nets.ge(nets.max(axis=1) - 1e-3, axis=0).sum(),
        }
    )
    return f"\n{said.to_string()}\nof {tables} tables"


def main() -> None:
    """Print the table."""
    options = read_options(str(__doc__))
    worlds = 4 * CHUNK if options.quick else WORLDS
    settings = (
        PilotSettings(worlds=512, sizes=(2, 6), waves=()) if options.quick else PilotSettings()
    )
    rows, told, seed = [], [], 0
    for budget in BUDGETS[: 1 if options.quick else None]:
        values = {
            expected: value_pilot(
                even_returns(expected, fee=FEE, overhead=OVERHEAD), budget, settings
            )
            for expected in PRIORS
        }
        brutes: dict[Place, pd.DataFrame] = {}
        for design, creators in values[PRIORS[0]].table[["design", "creators"]].to_numpy():
            seed += 1
            brutes[design, creators] = brute(design, creators, budget, worlds, seed)
        for expected, value in values.items():
            own = {place: dict(found.loc[expected]) for place, found in brutes.items()}
            rows.append(compare(value, expected, own))
            told.append(advise(value, expected))
    table = pd.DataFrame(rows)
    near = table["difference"].abs() <= table["allowed"]
    good = (table["share of best"] >= 0.95) | (table["creators"].eq(0) & (table["short"] <= 50))
    figures = (
        f"{near.sum()} of {len(table)} cells within 5% or $50 of brute simulation; "
        f"{good.sum()} of {len(table)} recommended sizes at 95% of the best or more "
        f"(least {table.loc[table['creators'] > 0, 'share of best'].min():.1%})"
    )
    notes: dict[str, object] = {
        "sizes off": f"{table['sizes off'].sum()} of {table['sizes'].sum()} pilots of all sizes",
        "worlds of the brute simulation": worlds,
        "z of true": "what is true of the brute bookings less what was believed, in its errors",
        "whom to try": whom_to_try(1 if options.quick else 20),
        "advice": "\n" + pd.DataFrame(told).to_string(index=False, float_format="{:.0f}".format),
    }
    met = bool((near & good).all())
    finish(table, notes, met=met, figures=figures, options=options)


if __name__ == "__main__":
    main()

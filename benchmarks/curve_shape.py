"""How many knots can so many creators carry? Held-out pinball loss on real posts.

Creators of `tiktok_famous2020`, random training sets of several sizes, the rest held out. Beside
the workbench's own choice stand fixed numbers of knots, a constant rate and tier medians.
The bar: at every size the choice is within 1% of the best of them all, the dumb ones included. (On
this platform engagement is close to proportional to followers, so a constant rate, one parameter
for each quantile, is hard to beat with few creators.)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.real_sets import tiktok_latest
from benchmarks.report import finish, read_options
from workbench.curves.quantiles import QUANTILES, Floats, fit_quantile_curve, pinball_loss

Predict = Callable[[Floats], Floats]
SHAPES = {
    "line": (2, 1),
    "3 knots": (3, 3),
    "4 knots": (4, 3),
    "5 knots": (5, 3),
    "7 knots": (7, 3),
}
TIER_EDGES = np.log10([1e4, 1e5, 1e6 + 1])


def read_creators() -> tuple[Floats, Floats]:
    """Return log10 followers and log10(1 + median engagements) of the creators."""
    creators = tiktok_latest()
    return (
        np.log10(creators["followers"].to_numpy(dtype="float64")),
        np.log10(1 + creators["engagements"].to_numpy(dtype="float64")),
    )


def fit_spline(shape: tuple[int, int], x: Floats, y: Floats) -> Predict:
    """Fit with a fixed number of knots."""
    return fit_quantile_curve(x, y, shape=shape).predict


def fit_constant_rate(x: Floats, y: Floats) -> Predict:
    """Quantiles of the rate, the same at every size."""
    rates = np.quantile(y - x, QUANTILES)
    return lambda sizes: sizes[:, None] + rates


def fit_tier_medians(x: Floats, y: Floats) -> Predict:
    """Quantiles of the rate in each of four tiers; an empty tier takes those of all."""
    tiers = np.searchsorted(TIER_EDGES, x, side="right")
    rates = np.array(
        [
            np.quantile((y - x)[tiers == tier] if (tiers == tier).any() else y - x, QUANTILES)
            for tier in range(4)
        ]
    )
    return lambda sizes: sizes[:, None] + rates[np.searchsorted(TIER_EDGES, sizes, side="right")]


def main() -> None:
    """Run the benchmark."""
    options = read_options(__doc__ or "")
    x, y = read_creators()
    sizes, draws = ((130,), 2) if options.quick else ((130, 250, 500, 1000, 1500), 20)
    rivals: dict[str, Callable[[Floats, Floats], Predict]] = {
        "workbench": lambda a, b: fit_quantile_curve(a, b).predict,
        **{name: partial(fit_spline, shape) for name, shape in SHAPES.items()},
        "constant rate": fit_constant_rate,
        "tier medians": fit_tier_medians,
    }
    rows = []
    for size in sizes:
        rng = np.random.default_rng(size)
        losses: dict[str, list[float]] = {name: [] for name in rivals}
        for _ in range(draws):
            order = rng.permutation(len(x))
            train, test = order[:size], order[size:]
            for name, fit in rivals.items():
                losses[name].append(pinball_loss(y[test], fit(x[train], y[train])(x[test])))
        error = np.std(losses["workbench"], ddof=1) / np.sqrt(draws)
        rows.append(
            {"creators": size, **{n: np.mean(v) for n, v in losses.items()}, "MC error": error}
        )
    table = pd.DataFrame(rows)
    best = table[[*SHAPES, "constant rate", "tier medians"]].min(axis=1)
    excess = float((table["workbench"] / best - 1).max())
    finish(
        table,
        {"n": len(x), "draws": draws, "tuned on": "the same creators: it chose the steps"},
        met=excess <= 0.01,
        figures=f"at most {excess:.2%} above the best rival at any size",
        options=options,
    )


if __name__ == "__main__":
    main()

"""One contestant in a process of its own: ``python budget_contestants.py NAME ARRAYS.npz``.

It says its version and how long its first call took. For each line ``call`` it calls
once more and says the CPU seconds of the whole call and of the solver alone, and the clock's; told
``score FILE`` it scores another's split by its own objective, told ``save FILE`` it writes what it
found. Each contestant imports only what it needs: a rival's environment holds nothing of ours.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from importlib.metadata import version
from time import perf_counter, process_time
from typing import Any

import numpy as np

POINTS, MOST, TAIL = 11, 0.1, 0.05
Given = Mapping[str, np.ndarray]


class OurSplit:
    """``split_channels``."""

    name = "creator-workbench"

    def __init__(self, given: Given) -> None:
        from workbench.budget.channels import ResponseCurves, split_channels

        self.given, self.curves, self.split = given, ResponseCurves, split_channels

    def __call__(self) -> tuple[np.ndarray, float]:
        """Split; the solver alone is a second split over the same curves."""
        names = tuple(map(str, range(self.given["effect"].shape[1])))
        draws: dict[str, Any] = {key: self.given[key] for key in ("effect", "rate", "carry")}
        draws |= {key: int(self.given[key]) for key in ("periods", "lags")}
        self.made = self.curves(channels=names, **draws)
        spend = self.split(self.made, float(self.given["budget"])).table["spend"].to_numpy()
        return spend, 0.0

    def solve(self) -> float:
        """Return the seconds of a split over curves that were made before."""
        start = process_time()
        self.split(self.made, float(self.given["budget"]))
        return process_time() - start

    def score(self, spend: np.ndarray) -> float:
        """Return what a split brings by these curves."""
        return float(self.made.respond(spend)[0].sum())


class PymcSplit:
    """pymc-marketing's ``optimize_budget``, its draws set to the given ones; nothing is fitted."""

    name = "pymc-marketing"
    response = "total_media_contribution_original_scale"

    def __init__(self, given: Given) -> None:
        import pandas as pd
        import xarray as xr
        from pymc_marketing.mmm import GeometricAdstock, LogisticSaturation
        from pymc_marketing.mmm.multidimensional import (
            MMM,
            MultiDimensionalBudgetOptimizerWrapper,
        )

        draws, channels = given["effect"].shape
        periods, lags = int(given["periods"]), int(given["lags"])
        names = [f"c{number:02}" for number in range(channels)]
        # Spend in thousands a period and an outcome of about 1: of the scales that were tried the
        # one that its solver takes the fewest steps with.
        self.unit = 1_000.0 * periods
        budget = float(given["budget"]) / self.unit
        dates = pd.date_range("2024-01-01", periods=periods, freq="W-MON")
        paid = np.random.default_rng(0).uniform(0.2, 1.0, (periods, channels))
        paid[0] = 1
        frame = pd.DataFrame(paid, columns=names).assign(date=dates)
        outcome = pd.Series(np.linspace(0.5, 1, periods), name="y")
        model = MMM(
            date_column="date",
            channel_columns=names,
            target_column="y",
            adstock=GeometricAdstock(l_max=lags),
            saturation=LogisticSaturation(),
        )
        model.build_model(frame, outcome)
        model.add_original_scale_contribution_variable(var=["channel_contribution"])
        model.sample_prior_predictive(frame, outcome, samples=draws, random_seed=1)
        posterior = model.idata.prior
        posterior["saturation_beta"][:] = given["effect"][None]
        posterior["saturation_lam"][:] = given["rate"][None] * 1_000
        posterior["adstock_alpha"][:] = given["carry"][None]
        model.idata.add_groups(posterior=posterior)
        weeks = pd.Timedelta(weeks=1)
        self.wrapper = MultiDimensionalBudgetOptimizerWrapper(
            model,
            start_date=str((dates[-1] + weeks).date()),
            end_date=str((dates[-1] + periods * weeks).date()),
        )
        bounds = xr.DataArray(
            np.tile([0.0, budget], (channels, 1)),
            dims=("channel", "bound"),
            coords={"channel": names, "bound": ["lower", "upper"]},
        )
        self.asked: dict[str, Any] = {"budget_bounds": bounds}
        self.budget = budget
        self.kept: Any = None

    def __call__(self) -> tuple[np.ndarray, float]:
        """Split as its documentation does."""
        found, _ = self.wrapper.optimize_budget(
            budget=self.budget, response_variable=self.response, **self.asked
        )
        return found.to_numpy() * self.unit, 0.0

    def solve(self) -> float:
        """Return the seconds of a split by an optimizer that was compiled before."""
        if self.kept is None:
            from pymc_marketing.mmm.budget_optimizer import BudgetOptimizer

            self.kept = BudgetOptimizer(
                num_periods=self.wrapper.num_periods,
                model=self.wrapper,
                response_variable=self.response,
            )
            self.kept.allocate_budget(total_budget=self.budget, **self.asked)
        start = process_time()
        self.kept.allocate_budget(total_budget=self.budget, **self.asked)
        return process_time() - start

    def score(self, spend: np.ndarray) -> float:
        """Return what a split brings by its own compiled objective."""
        (functions,) = self.kept._compiled_functions.values()
        return -float(functions["objective_and_grad"](spend / self.unit)[0])


class OurFrontier:
    """``frontier_weights``."""

    name = "creator-workbench"

    def __init__(self, given: Given) -> None:
        from workbench.budget.weights import frontier_weights

        self.given, self.frontier = given, frontier_weights

    def __call__(self) -> tuple[np.ndarray, float]:
        """Return the weights of the points; nearly all is the solver."""
        start = perf_counter()
        found = self.frontier(self.given["returns"], most=MOST, tail=TAIL, points=POINTS)
        return found.weights, perf_counter() - start


class SkfolioFrontier:
    """skfolio's ``MeanRisk`` with ``efficient_frontier_size``."""

    name, solver = "skfolio", "CLARABEL"

    def __init__(self, given: Given) -> None:
        import cvxpy

        self.returns, self.solving = given["returns"], 0.0
        plain = cvxpy.Problem.solve

        def timed(problem: Any, *how: Any, **more: Any) -> Any:
            value = plain(problem, *how, **more)
            self.solving += problem.solver_stats.solve_time or 0  # by the clock
            return value

        cvxpy.Problem.solve = timed
        self.fit(self.returns[:, :30])  # warm: its own caches don't depend on the size

    def fit(self, returns: np.ndarray) -> Any:
        """Fit it as its documentation does."""
        from skfolio import RiskMeasure
        from skfolio.optimization import MeanRisk, ObjectiveFunction

        return MeanRisk(
            risk_measure=RiskMeasure.CVAR,
            objective_function=ObjectiveFunction.MINIMIZE_RISK,
            efficient_frontier_size=POINTS,
            max_weights=MOST,
            cvar_beta=1 - TAIL,
            solver=self.solver,
        ).fit(returns)

    def __call__(self) -> tuple[np.ndarray, float]:
        """Return the weights of the points, and the seconds that the solver itself says."""
        self.solving = 0.0
        return self.fit(self.returns).weights_, self.solving


class SkfolioHighs(SkfolioFrontier):
    """The same by HiGHS."""

    solver = "HIGHS"


CONTESTANTS: dict[str, Callable[[Given], Any]] = {
    "our split": OurSplit,
    "pymc-marketing": PymcSplit,
    "our frontier": OurFrontier,
    "skfolio, Clarabel": SkfolioFrontier,
    "skfolio, HiGHS": SkfolioHighs,
}


OUT = os.fdopen(os.dup(1), "w")


def say(**what: object) -> None:
    """Send one line; whatever a library prints goes elsewhere."""
    print(json.dumps(what), file=OUT, flush=True)


def timed_call(contestant: Any) -> tuple[np.ndarray, dict[str, float]]:
    """Return what was found, the seconds of the call, and of the solver alone."""
    clock, start = perf_counter(), process_time()
    found, solving = contestant()
    whole, clock = process_time() - start, perf_counter() - clock
    alone = contestant.solve() if hasattr(contestant, "solve") else solving * whole / clock
    return found, {"whole": whole, "clock": clock, "solving": alone}


def serve(name: str, arrays: str) -> None:
    """Set up, call once, then do what each line says."""
    with np.load(arrays) as file:
        contestant = CONTESTANTS[name]({key: file[key] for key in file.files})
    packages = {"our split": ["numpy"], "our frontier": ["numpy", "scipy"]}.get(
        name, [contestant.name, "pytensor" if name == "pymc-marketing" else "cvxpy-base"]
    )
    found, first = np.empty(0), None
    if not name.startswith("skfolio"):
        found, took = timed_call(contestant)
        first = took["clock"]
    say(versions={package: version(package) for package in packages}, first=first)
    for line in sys.stdin:
        order, _, place = line.strip().partition(" ")
        if order == "call":
            found, took = timed_call(contestant)
            say(**took)
        elif order == "score":
            say(value=contestant.score(np.load(place)))
        elif order == "save":
            np.save(place, found)
            say(saved=place)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    os.dup2(2, 1)
    serve(*sys.argv[1:])

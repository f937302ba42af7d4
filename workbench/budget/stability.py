"""How far a plan hangs on what is not known: who stays in, what not knowing costs, overhead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.budget.candidates import Candidates
from workbench.budget.choose import choose_creators
from workbench.budget.draws import make_world
from workbench.budget.options import Floats, Limits, Options
from workbench.budget.plan import ChoiceSettings, Plan, plan_value
from workbench.budget.unknowns import Unknowns
from workbench.tables.brief import Brief

_OWN = {
    "engagements": ("engagements",),
    "net_reach": ("reach",),
    "effective_reach": ("reach",),
    "impressions": ("reach",),
    "clicks": ("reach", "click_rate"),
    "conversions": ("reach", "click_rate", "conversion_rate"),
    "revenue": ("reach", "click_rate", "conversion_rate"),
}
_SHIFTS = {"click_rate": "clicks", "conversion_rate": "conversions"}
_LEVELS = 2_000  # futures from which the mean of what is shared is taken
COARSE = ChoiceSettings(gap=5e-3)


@dataclass(frozen=True, kw_only=True)
class StabilitySummary:
    """The numbers about a plan's stability that a sentence may quote.

    ``regret`` is the mean share of the best value that the plan lacks once inputs are known: what
    knowing them all would be worth at most. ``settled`` creators of the plan are in at least 80%
    of the best plans.
    """

    draws: int
    regret: float
    settled: int
    creators: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Stability:
    """Who would be booked if the inputs were otherwise.

    Attributes
    ----------
    table : DataFrame
        One row a creator of the plan or of a tenth of the best plans: ``creator_key``,
        ``in_plan``, ``probability`` (share of the best plans, 0-1), ``error`` (its standard error).
    summary : StabilitySummary
    """

    table: pd.DataFrame
    summary: StabilitySummary


def draw_options(
    options: Options,
    candidates: Candidates,
    unknowns: Unknowns,
    brief: Brief,
    *,
    draws: int,
    seed: int,
) -> Iterator[Options]:
    """Draw what the options would bring and cost if the inputs were known.

    Levels are drawn, shared and each creator's own, with their modelled fees; the luck of single
    posts and bookings is not, since no plan can foresee it. Each option's mean over the draws is
    what it was.
    """
    place = _places(options, candidates)
    world = make_world(
        candidates,
        np.arange(len(candidates.table)),
        unknowns,
        brief,
        draws=_LEVELS,
        seed=seed,
        chunk=_LEVELS,
    )
    rng = np.random.default_rng([seed, 1])
    own = _OWN[options.goal]
    shared = np.exp(
        sum(world.weights[_SHIFTS.get(name, name)] @ world.shifts for name in own)
    ).astype("float64")
    fees = np.exp(world.weights["fee"] @ world.shifts).astype("float64")
    spread = _spread(candidates, (*own, "sponsored"))
    fee_spread = candidates.table["fee_sd"].to_numpy(dtype="float64")
    overhead = brief.creator_overhead
    for draw in range(draws):
        level = _mean_one(shared, draw) * _lognormal(rng, spread)
        price = _mean_one(fees, draw) * _lognormal(rng, fee_spread)
        cost = options.table["cost"].to_numpy(dtype="float64")
        yield _scaled(options, level[place], overhead + (cost - overhead) * price[place])


def _places(options: Options, candidates: Candidates) -> npt.NDArray[np.intp]:
    keys = pd.Index(candidates.table["creator_key"])
    return np.asarray(keys.get_indexer(pd.Index(options.table["creator_key"])))


def _spread(candidates: Candidates, names: Iterable[str]) -> Floats:
    squares = [candidates.table[f"{name}_sd"].to_numpy(dtype="float64") ** 2 for name in names]
    return np.asarray(np.sqrt(sum(squares)))


def _mean_one(factors: Floats, draw: int) -> Floats:
    return np.asarray(factors[:, draw] / factors.mean(axis=1))


def _lognormal(rng: np.random.Generator, spread: Floats) -> Floats:
    return np.exp(spread * rng.standard_normal(len(spread)) - spread**2 / 2)


def _scaled(options: Options, factor: Floats, cost: Floats) -> Options:
    exposure = options.exposure
    return replace(
        options,
        table=options.table.assign(cost=cost),
        value=options.value * factor,
        exposure=None if exposure is None else exposure * factor[:, None],
        scenarios=None,
    )


def plan_stability(
    options: Options,
    limits: Limits,
    plan: Plan,
    drawn: Iterable[Options],
    settings: ChoiceSettings = COARSE,
) -> Stability:
    """Choose again on every draw of the options, and count who is in.

    For the regret the plan keeps its creators at the drawn values while costs stay as they are.
    """
    keys = options.table["creator_key"]
    counts = pd.Series(0, index=keys.unique())
    lacks = []
    for draw in drawn:
        best = choose_creators(draw, limits, settings)
        counts[best.table["creator_key"].unique()] += 1
        same_cost = replace(draw, table=options.table)
        most = choose_creators(same_cost, limits, settings).summary.value
        lacks.append(1 - plan_value(draw, plan.chosen) / most if most > 0 else 0.0)
    number = max(len(lacks), 1)
    table = (counts / number).rename("probability").rename_axis("creator_key").reset_index()
    table["in_plan"] = table["creator_key"].isin(plan.table["creator_key"])
    table["error"] = np.sqrt(table["probability"] * (1 - table["probability"]) / number)
    shown = table[table["in_plan"] | table["probability"].ge(0.1)]
    shown = shown.sort_values(["in_plan", "probability"], ascending=False, ignore_index=True)
    return Stability(
        table=shown[["creator_key", "in_plan", "probability", "error"]],
        summary=StabilitySummary(
            draws=len(lacks),
            regret=max(float(np.mean(lacks)), 0.0) if lacks else 0.0,
            settled=int((shown["in_plan"] & shown["probability"].ge(0.8)).sum()),
            creators=int(shown["in_plan"].sum()),
        ),
    )


def cautious_options(options: Options, candidates: Candidates, brief: Brief) -> Options:
    """Return the options at P20 inputs: four in five creators bring more, and cost less."""
    place, own = _places(options, candidates), _OWN[options.goal]
    spread = _spread(candidates, (*own, "sponsored"))
    fee_spread = candidates.table["fee_sd"].to_numpy(dtype="float64")
    z = 0.8416
    overhead, cost = brief.creator_overhead, options.table["cost"].to_numpy(dtype="float64")
    dearer = np.exp(z * fee_spread - fee_spread**2 / 2)[place]
    return _scaled(
        options, np.exp(-z * spread - spread**2 / 2)[place], overhead + (cost - overhead) * dearer
    )


def overhead_path(
    options: Options,
    limits: Limits,
    overheads: Sequence[float],
    *,
    included: float = 0.0,
    settings: ChoiceSettings = COARSE,
) -> pd.DataFrame:
    """Return the best mix at other overheads per creator.

    Parameters
    ----------
    overheads : sequence of float
        What a creator costs beside the fee.
    included : float
        The overhead that ``cost`` holds already.

    Returns
    -------
    DataFrame
        One row an overhead: ``overhead``, ``value``, ``creators``, ``spend``, and a column a tier.
    """
    tiers = [*dict.fromkeys(options.table["tier"].astype("str"))]
    found = []
    for overhead in overheads:
        cost = np.maximum(options.table["cost"] + overhead - included, 0.0)
        plan = choose_creators(
            replace(options, table=options.table.assign(cost=cost)), limits, settings
        )
        mix = plan.table["tier"].astype("str").value_counts().reindex(tiers, fill_value=0)
        summary = plan.summary
        told = {"overhead": overhead, "value": summary.value, "creators": summary.creators}
        found.append(told | {"spend": summary.spend} | mix.to_dict())
    return pd.DataFrame(found)


def break_even_overhead(
    options: Options,
    small: Limits,
    large: Limits,
    *,
    included: float = 0.0,
    most: float | None = None,
    settings: ChoiceSettings = COARSE,
) -> float:
    """Return the overhead per creator above which few large creators beat many small ones.

    0 where the large win without any; infinite where the small still win at ``most`` (the budget).
    Bisection to a hundredth of ``most``: the best small plan falls faster with overhead.
    """
    top = small.budget if most is None else most

    def small_wins(overhead: float) -> bool:
        cost = np.maximum(options.table["cost"] + overhead - included, 0.0)
        now = replace(options, table=options.table.assign(cost=cost))
        values = [choose_creators(now, one, settings).summary.value for one in (small, large)]
        return bool(np.nan_to_num(values[0]) > np.nan_to_num(values[1]))

    if not small_wins(0.0):
        return 0.0
    if small_wins(top):
        return float("inf")
    low, high = 0.0, top
    while high - low > top / 100:
        middle = (low + high) / 2
        low, high = (middle, high) if small_wins(middle) else (low, middle)
    return (low + high) / 2

"""What splits of a budget may bring: many futures, the same for every split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from workbench.budget.bookings import MOST_TIMES, make_plans, read_splits, sum_chunk
from workbench.budget.candidates import Candidates
from workbench.budget.draws import Singles, World, make_world, shared_normals
from workbench.budget.offers import draw_order_values
from workbench.budget.unknowns import Unknowns
from workbench.errors import SettingsError
from workbench.tables.brief import Brief

OUTCOMES = (
    *("impressions", "net_reach", "effective_reach", "engagements", "clicks", "conversions"),
    *("revenue", "spend", "creators_delivered"),
    *("cpm", "cpe", "cost_per_1k_reached", "cost_per_1k_real_reached"),
)
_RATIOS = {
    "cpm": ("impressions", 1_000),
    "cpe": ("engagements", 1),
    "cost_per_1k_reached": ("net_reach", 1_000),
    "cost_per_1k_real_reached": ("real_reach", 1_000),
}


@dataclass(frozen=True, kw_only=True)
class SimulationSettings:
    """How many futures, and which.

    ``chunk`` is how many are held at once; it belongs to the seed: other chunks, other futures.
    """

    draws: int = 10_000
    seed: int = 0
    chunk: int = 1_000

    def __post_init__(self) -> None:
        if self.draws < 1 or self.chunk < 1:
            raise SettingsError(
                "This can't be simulated.",
                [f"draws and chunk (1 or more): {self.draws}, {self.chunk}"],
            )


@dataclass(frozen=True, kw_only=True)
class SimulationSummary:
    """The numbers about a simulation that a sentence may quote."""

    splits: int
    draws: int
    creators: int
    overlap_from: Literal["audience", "market", "overlap prior"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Simulation:
    """What each split may bring.

    Attributes
    ----------
    table : DataFrame
        One row a split and outcome of ``OUTCOMES``: ``split``, ``outcome``, ``mean``, ``p10``,
        ``p50``, ``p90``. The mean of a cost is the ratio of the means.
    draws : dict of str to ndarray of shape (splits, draws)
        The outcomes in every future, which is the same for all splits.
    frequency : DataFrame
        One row a split: people who are reached at least 1, 2, ... 6 times, the mean.
    shared : DataFrame
        One row a future, one column a shared unknown; ``fall_through``: the chance in it.
    """

    table: pd.DataFrame
    draws: Mapping[str, Singles]
    frequency: pd.DataFrame
    shared: pd.DataFrame
    summary: SimulationSummary
    settings: SimulationSettings


def simulate_outcomes(
    candidates: Candidates,
    splits: Mapping[str, npt.ArrayLike],
    unknowns: Unknowns,
    *,
    brief: Brief,
    audience: Any = None,
    settings: SimulationSettings = SimulationSettings(),
    content: Mapping[str, npt.ArrayLike] | None = None,
) -> Simulation:
    """Simulate what splits bring, all of them in the same futures.

    Parameters
    ----------
    splits : mapping of str to array of shape (creators,)
        Posts of each candidate, 0 to 3.
    audience : AudienceModel, optional
        Without it the market is one class of ``brief.market`` people; where that is not known,
        the unknown ``overlap`` says how many of those reached are the same.
    content : mapping of str to array of shape (creators,), optional
        Whether content only is bought of a candidate: it costs and reaches nobody.

    Raises
    ------
    DataError
        With every split that does not fit the candidates.
    """
    bookings = read_splits(candidates, splits, content or {})
    used = np.flatnonzero((bookings.posts > 0).any(axis=0) | bookings.content.any(axis=0))
    used = used if len(used) else np.arange(1)  # nobody is booked
    world = make_world(
        candidates,
        used,
        unknowns,
        brief,
        draws=settings.draws,
        seed=settings.seed,
        chunk=settings.chunk,
    )
    plan = make_plans(candidates, bookings, used, brief, audience)
    chunks = [sum_chunk(world, plan, start) for start in range(0, settings.draws, settings.chunk)]
    found = {name: np.hstack([chunk[name] for chunk in chunks]) for name in chunks[0]}
    draws = _finish(found, world, brief, unknowns, settings)
    return Simulation(
        table=_summarise(draws, list(splits)),
        draws={name: draws[name] for name in OUTCOMES},
        frequency=pd.DataFrame(
            {times: draws[f"at_least_{times}"].mean(axis=1) for times in range(1, MOST_TIMES + 1)},
            index=pd.Index(list(splits), name="split"),
        ),
        shared=world.shared,
        summary=SimulationSummary(
            splits=len(splits),
            draws=settings.draws,
            creators=len(used),
            overlap_from="audience"
            if audience is not None
            else "market"
            if brief.market
            else "overlap prior",
        ),
        settings=settings,
    )


def _finish(
    sums: Mapping[str, Singles],
    world: World,
    brief: Brief,
    unknowns: Unknowns,
    settings: SimulationSettings,
) -> dict[str, Singles]:
    """Return all outcomes from the sums; counts are drawn, costs are ratios."""
    frequency = world.shared["frequency"].to_numpy(dtype="float32")
    normals = [shared_normals(f"counts {n}", settings.draws, settings.seed) for n in range(3)]
    rate = sums["clicks"] * frequency
    more = sums["squares"] * frequency**2 * unknowns.middle("click_dispersion")
    clicks = _draw_counts(_draw_gamma(rate, more, normals[0]), normals[1])
    bought = sums["conversions"] / np.maximum(sums["clicks"], 1e-9)
    conversions = _draw_counts(clicks * bought, normals[2])
    worth = draw_order_values(brief, unknowns, world)
    real = sums["real"] / np.maximum(sums["reach"], 1e-9)
    found = dict(sums) | {
        "impressions": sums["reach"] * frequency,
        "net_reach": sums["at_least_1"],
        "effective_reach": sums["at_least_3"],
        "real_reach": sums["at_least_1"] * real,
        "clicks": clicks,
        "conversions": conversions,
        "revenue": conversions * worth.astype("float32"),
        "spend": sums["fees"]
        + sums["content"]
        + np.float32(brief.creator_overhead) * sums["booked"],
    }
    for name, (of, per) in _RATIOS.items():
        none = np.full_like(found["spend"], np.inf)
        found[name] = np.divide(per * found["spend"], found[of], out=none, where=found[of] > 0)
    return found


def _draw_gamma(mean: Singles, more: Singles, normal: npt.NDArray[np.float64]) -> Singles:
    """Return gamma numbers of a mean and variance (Wilson and Hilferty), the same luck for all."""
    shape = mean**2 / np.maximum(more, 1e-12)
    ninth = 1 / (9 * np.maximum(shape, 1e-6))
    return np.asarray(mean * np.maximum(1 - ninth + normal * np.sqrt(ninth), 0) ** 3)


def _draw_counts(mean: npt.NDArray[np.floating], normal: npt.NDArray[np.float64]) -> Singles:
    """Return Poisson counts at the same quantile for every split."""
    normal = np.broadcast_to(normal, mean.shape)
    counts = np.floor(np.maximum(mean + np.sqrt(mean) * normal + (normal**2 - 1) / 6 + 0.5, 0))
    few = mean < 12
    left, rate = ndtr(normal[few]), mean[few].astype("float64")
    chance, exact = np.exp(-rate), np.zeros(len(rate))
    for count in range(1, 50):
        left = left - chance
        exact += left > 0
        chance = chance * rate / count
    counts[few] = exact
    return np.asarray(counts, dtype="float32")


def _summarise(draws: Mapping[str, Singles], splits: list[str]) -> pd.DataFrame:
    parts = []
    for name in OUTCOMES:
        p10, p50, p90 = np.quantile(draws[name], (0.1, 0.5, 0.9), axis=1, method="nearest")
        mean = draws[name].mean(axis=1, dtype="float64")
        if name in _RATIOS:
            of, per = _RATIOS[name]
            below = draws[of].mean(axis=1, dtype="float64")
            spend = draws["spend"].mean(axis=1, dtype="float64")
            mean = np.divide(per * spend, below, out=np.full(len(below), np.inf), where=below > 0)
        parts.append(
            pd.DataFrame(
                {"split": splits, "outcome": name, "mean": mean, "p10": p10, "p50": p50, "p90": p90}
            )
        )
    table = pd.concat(parts)
    order = pd.Categorical(table["split"], splits, ordered=True)
    return (
        table.assign(_order=order)
        .sort_values("_order", kind="stable")
        .drop(columns="_order")
        .reset_index(drop=True)
    )

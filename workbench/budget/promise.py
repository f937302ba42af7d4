"""What a chosen plan is promised to bring: on futures that had no part in the choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.budget.candidates import Candidates
from workbench.budget.net_reach import AudienceModel
from workbench.budget.plan import Plan, booked_posts
from workbench.budget.simulate import Simulation, SimulationSettings, simulate_outcomes
from workbench.budget.unknowns import Unknowns
from workbench.errors import DataError, SettingsError
from workbench.tables.brief import Brief, Goal

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
_PLAN, _TOGETHER = "plan", 50


@dataclass(frozen=True, kw_only=True)
class PromiseSettings:
    """How a promise is made.

    Attributes
    ----------
    draws : int
        Futures drawn; each creator alone is drawn in a fifth of them.
    seed : int
        Of these futures.
    chosen_seed : int
        Of the scenarios that the plan was chosen on: a plan looks too good on its own.
    days : int
        Of a flight without dates in the brief.
    half_life : float
        Days after which half of what a post brings has come.
    by_creator : bool
        Whether each creator's part is drawn too.
    """

    draws: int = 10_000
    seed: int = 71_993
    chosen_seed: int = 0
    days: int = 28
    half_life: float = 1.0
    by_creator: bool = True

    def __post_init__(self) -> None:
        faults = []
        if self.seed == self.chosen_seed:
            faults.append(f"seed: {self.seed} chose the plan; a promise needs fresh futures")
        if self.draws < 100 or self.days < 1 or not self.half_life > 0:
            faults.append(
                f"draws (100 or more): {self.draws}; days (1 or more): {self.days}; "
                f"half_life (above 0): {self.half_life}"
            )
        if faults:
            raise SettingsError("No promise can be made with these settings.", faults)


@dataclass(frozen=True, kw_only=True)
class PromiseSummary:
    """The numbers about a promise that a sentence may quote.

    In four futures of five ``goal`` ends between ``p10`` and ``p90``. ``chance`` is that of
    reaching ``target``, its error by the number of draws ``chance_error``; both are missing
    without a target.
    """

    goal: Goal
    mean: float
    p10: float
    p50: float
    p90: float
    target: float | None
    chance: float | None
    chance_error: float | None
    spend: float
    budget: float | None
    currency: str
    creators: int
    posts: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Promise:
    """What a plan is promised to bring.

    Attributes
    ----------
    table : DataFrame
        One row an outcome: ``outcome``, ``mean``, ``p10``, ``p50``, ``p90``.
    path : DataFrame
        One row a day of the flight: ``day`` from 1, ``date`` (missing without dates in the
        brief), and ``p10``, ``p50``, ``p90`` of the goal by the end of that day. The last day's
        are the total's.
    creators : DataFrame
        One row a creator of the plan, dearest expected part first: ``creator_key``, ``posts``,
        ``mean``, ``p10``, ``p50``, ``p90`` of the goal from this creator alone, ``share`` of the
        sum of the means, ``spend`` (mean), ``nothing`` (chance that it brings nothing). Without
        rows where it was not asked for.
    draws : ndarray of float32
        The goal in every future.
    summary : PromiseSummary
    settings : PromiseSettings
    """

    table: pd.DataFrame
    path: pd.DataFrame
    creators: pd.DataFrame
    draws: npt.NDArray[np.float32]
    summary: PromiseSummary
    settings: PromiseSettings


def promise_outcome(
    plan: Plan | Counts,
    candidates: Candidates,
    unknowns: Unknowns,
    *,
    brief: Brief,
    audience: AudienceModel | None = None,
    target: float | None = None,
    settings: PromiseSettings | None = None,
) -> Promise:
    """Promise what a plan will bring.

    The scenarios that a plan was chosen on flatter it (Smith and Winkler 2006, Manag. Sci.
    52:311). Each creator's level is drawn towards its peers before the choice, and the promise
    counts futures that the choice has not seen.

    Parameters
    ----------
    plan : Plan or ndarray of int
        Chosen; or posts of each creator, in the order of ``candidates``.
    candidates : Candidates
    unknowns : Unknowns
    brief : Brief
        Its goal, target and flight are those promised.
    audience : AudienceModel, optional
    target : float, optional
        In place of the brief's.
    settings : PromiseSettings, optional

    Raises
    ------
    DataError
        If the plan books nobody, or somebody who is no candidate.
    """
    settings = settings or PromiseSettings()
    posts, content = _booked(plan, candidates)
    rows = np.flatnonzero((posts > 0) | content)
    if not len(rows):
        raise DataError("Nothing can be promised.", ["the plan books nobody"])
    world = _World(
        candidates=candidates,
        rows=rows,
        posts=posts,
        content=content,
        unknowns=unknowns,
        brief=brief,
        audience=audience,
        settings=settings,
    )
    whole = world.simulate({_PLAN: np.ones(len(posts), bool)}, settings.draws)
    draws = whole.draws[brief.goal][0]
    table = whole.table[whole.table["split"] == _PLAN].drop(columns="split")
    creators = world.by_creator() if settings.by_creator else pd.DataFrame(columns=[*_CREATOR])
    return Promise(
        table=table.reset_index(drop=True),
        path=_path(draws, world),
        creators=creators,
        draws=draws,
        summary=_summary(draws, table, world, target),
        settings=settings,
    )


def _booked(plan: Plan | Counts, candidates: Candidates) -> tuple[Counts, npt.NDArray[np.bool_]]:
    """Return posts of each candidate, and whether its content alone is bought."""
    keys = pd.Index(candidates.table["creator_key"])
    if not isinstance(plan, Plan):
        posts = np.asarray(plan, dtype="int64")
        if posts.shape != keys.shape or (posts < 0).any():
            raise DataError(
                "Nothing can be promised.",
                [f"expected posts of {len(keys)} creators, found the shape {posts.shape}"],
            )
        return posts, np.zeros(len(keys), dtype=bool)
    if unknown := sorted({*plan.table["creator_key"]} - {*keys}):
        raise DataError("Nothing can be promised.", [f"{key}: no candidate" for key in unknown])
    alone = plan.table.loc[plan.table["deliverable"].eq("ugc_only"), "creator_key"]
    return booked_posts(plan.table, keys), np.asarray(keys.isin(alone))


_CREATOR = ("creator_key", "posts", "mean", *QUANTILES, "share", "spend", "nothing")


@dataclass(frozen=True, kw_only=True, eq=False)
class _World:
    """The creators of a plan, and the futures that they are drawn in."""

    candidates: Candidates
    rows: Counts  # who is booked
    posts: Counts
    content: npt.NDArray[np.bool_]
    unknowns: Unknowns
    brief: Brief
    audience: AudienceModel | None
    settings: PromiseSettings

    def simulate(self, who: Mapping[str, npt.NDArray[np.bool_]], draws: int) -> Simulation:
        """Return the outcomes of parts of the plan, all in the same futures."""
        return simulate_outcomes(
            self.candidates,
            {name: np.where(part, self.posts, 0) for name, part in who.items()},
            self.unknowns,
            brief=self.brief,
            audience=self.audience,
            settings=SimulationSettings(draws=draws, seed=self.settings.seed),
            content={name: part & self.content for name, part in who.items()},
        )

    def by_creator(self) -> pd.DataFrame:
        """Return what each creator brings alone."""
        keys = self.candidates.table["creator_key"].to_numpy()
        found = []
        for first in range(0, len(self.rows), _TOGETHER):
            some = self.rows[first : first + _TOGETHER]
            parts = {keys[row]: np.arange(len(keys)) == row for row in some}
            drawn = self.simulate(parts, max(self.settings.draws // 5, 100)).draws
            own = drawn[self.brief.goal]
            found.append(
                pd.DataFrame(
                    {
                        "creator_key": keys[some],
                        "posts": self.posts[some],
                        "mean": own.mean(axis=1, dtype="float64"),
                        **_quantiles(own),
                        "spend": drawn["spend"].mean(axis=1, dtype="float64"),
                        "nothing": (own == 0).mean(axis=1),
                    }
                )
            )
        table = pd.concat(found)
        table["share"] = table["mean"] / max(float(table["mean"].sum()), 1e-12)
        return table.sort_values("mean", ascending=False, ignore_index=True)[[*_CREATOR]]


def _quantiles(draws: npt.NDArray[np.floating]) -> dict[str, Floats]:
    found = np.quantile(draws, [*QUANTILES.values()], axis=-1)
    return dict(zip(QUANTILES, found, strict=True))


def _path(draws: npt.NDArray[np.float32], world: _World) -> pd.DataFrame:
    """Return what will have come by each day, if posts are spread evenly over the flight.

    Every future has its own order of the posts and its own luck of each; reach follows the
    contacts, so early days are promised too little of it rather than too much.
    """
    brief, settings = world.brief, world.settings
    days = settings.days
    if brief.flight_start and brief.flight_end:
        days = (brief.flight_end - brief.flight_start).days + 1
    shares = _shares(world, days, min(len(draws), 2_000))
    by_day = draws[: len(shares), None].astype("float64") * shares
    frame = pd.DataFrame({"day": np.arange(1, days + 1), **_quantiles(by_day.T)})
    # The few futures of the path and the many of the total end at the same numbers.
    for name, value in _quantiles(draws).items():
        frame[name] *= value / frame[name].iloc[-1] if frame[name].iloc[-1] else 0.0
    dates = pd.Series(pd.NaT, frame.index, dtype="datetime64[us]")
    if brief.flight_start:
        dates = pd.Series(pd.date_range(brief.flight_start, periods=days, unit="us"))
    frame.insert(1, "date", dates)
    return frame


def _shares(world: _World, days: int, draws: int) -> Floats:
    """Return the share of the total that has come by the end of each day, one row a future."""
    table = world.candidates.table
    each = np.repeat(world.rows, world.posts[world.rows])
    if not len(each):
        return np.ones((draws, days))
    weight = (table["engagements"] * table["sponsored"]).to_numpy("float64")[each]
    spread = table["post_sd"].to_numpy("float64")[each]
    rng = np.random.default_rng([world.settings.seed, 1])
    luck = weight * np.exp(spread * rng.standard_normal((draws, len(each))))
    places = (np.arange(len(each)) + 0.5) / len(each) * days
    since = np.clip(np.arange(1, days + 1) - places[:, None], 0, None)
    come = rng.permuted(luck, axis=1) @ (1 - 0.5 ** (since / world.settings.half_life))
    shares: Floats = come / come[:, -1:]
    return shares


def _summary(
    draws: npt.NDArray[np.float32], table: pd.DataFrame, world: _World, target: float | None
) -> PromiseSummary:
    target = world.brief.target if target is None else target
    chance = None if target is None else float((draws >= target).mean())
    outcome = table.set_index("outcome")["mean"]
    return PromiseSummary(
        goal=world.brief.goal,
        mean=float(draws.mean(dtype="float64")),
        **{name: float(value) for name, value in _quantiles(draws).items()},
        target=target,
        chance=chance,
        chance_error=None if chance is None else float(np.sqrt(chance * (1 - chance) / len(draws))),
        spend=float(outcome["spend"]),
        budget=world.brief.budget,
        currency=world.candidates.currency,
        creators=len(world.rows),
        posts=int(world.posts.sum()),
    )

"""What may be bought of each candidate, and the brief's limits in the candidates' keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.budget.candidates import Candidates
from workbench.budget.contacts import curve_of
from workbench.budget.draws import Outcomes, World, draw_outcomes, make_world, read_words
from workbench.budget.options import Limits, Options
from workbench.budget.unknowns import GRID, REFERENCE, Unknowns
from workbench.errors import DataError, SettingsError
from workbench.tables.brief import Brief

Floats = npt.NDArray[np.float64]
UNSHARED = 1_000.0  # how often all reach fits into a market of which nothing is known


def make_options(
    candidates: Candidates,
    brief: Brief,
    unknowns: Unknowns,
    audience: Any = None,
    scenarios: int = 0,
    seed: int = 0,
) -> Options:
    """Return what may be bought, with the expected value of each and, where asked, its futures.

    ``cost`` is what is committed: the expected fee (a modelled one at the middle of the shared
    price level), overhead and product; a booking that falls through does not lower it. ``value``
    is expected over the creator's own luck, the shared unknowns, fall-through and what comes after
    the flight. Further posts bring the same engagements and fewer new people (``repeat_reach``).
    Content only is an option where the brief wants some, or no posts.

    Parameters
    ----------
    audience : AudienceModel, optional
        Whose exposure is that of one organic post. Without it the market is one class of
        ``brief.market`` people; where that is not known either, nobody is shared.
    scenarios : int
        How many futures; of a reach they are factors on the contacts, about 1.

    Raises
    ------
    DataError
        Where no candidate is on the brief's platforms, or the audience lacks one.
    """
    table = candidates.table
    here = table["platform"].isin(brief.platforms) if brief.platforms else table["fee"].notna()
    if not here.any():
        raise DataError(
            "Nobody can be booked.", [f"no candidate is on {', '.join(brief.platforms)}"]
        )
    rows = np.flatnonzero(here)
    options, place = _list_options(table, rows, brief)
    amount = options["posts"].to_numpy(dtype="float64")
    expected = expected_outcomes(candidates, unknowns, brief)
    given: dict[str, Any] = {"table": options, "goal": brief.goal}
    if brief.goal in ("net_reach", "effective_reach"):
        exposure, people = _exposure(candidates, brief, audience, expected["factor"].to_numpy())
        contacts = exposure[place] * _contacts(brief.goal, amount, unknowns)[:, None]
        reached = curve_of(brief.goal).share(contacts)
        given |= {"exposure": contacts, "people": people, "value": np.maximum(reached @ people, 0)}
    else:
        given["value"] = expected[brief.goal].to_numpy()[place] * amount
    if scenarios:
        futures = _scenarios(candidates, rows, unknowns, brief, scenarios, seed)
        content = np.zeros((scenarios, len(options) - futures.shape[1]), dtype="float32")
        given["scenarios"] = np.hstack([futures, content])
    return Options(**given)


def _list_options(
    table: pd.DataFrame, rows: npt.NDArray[np.int64], brief: Brief
) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Return what may be bought of the candidates in ``rows``, and the row of each option."""
    levels = np.arange(1, brief.limits.posts_per_creator + 1)
    who, posts = np.repeat(rows, len(levels)), np.tile(levels, len(rows))
    # Where none is wanted, content must not be the cheap way to book whoever must be in.
    wanted = brief.limits.content_only > 0 or not len(levels)
    content = rows[table["fee_ugc"].notna().to_numpy()[rows] & wanted]
    place = np.concatenate([who, content])
    cost = [posts_cost(table.iloc[who], posts), table["fee_ugc"].to_numpy()[content]]
    options = table.iloc[place][["creator_key", "platform", "tier"]].assign(
        deliverable=np.repeat(["post", "ugc_only"], [len(who), len(content)]),
        posts=np.concatenate([posts, np.zeros(len(content), dtype="int64")]),
        cost=np.concatenate(cost) + brief.creator_overhead,
    )
    return options.reset_index(drop=True), place


def posts_cost(table: pd.DataFrame, posts: npt.NDArray[np.integer]) -> Floats:
    """Return the expected fee of each creator's posts, each cheaper than the one before."""
    fee = table["fee"].to_numpy() * np.exp(table["fee_sd"].to_numpy() ** 2 / 2)
    return np.asarray(fee * volume(table["next_post"].to_numpy(), posts))


def volume(next_post: Floats, posts: npt.NDArray[np.integer]) -> Floats:
    """Return the price of several posts over that of one."""
    return np.asarray(sum((posts > n) * next_post**n for n in range(int(np.max(posts, initial=1)))))


def expected_outcomes(candidates: Candidates, unknowns: Unknowns, brief: Brief) -> pd.DataFrame:
    """Return what one paid post of each candidate is expected to bring, and ``factor`` on reach."""
    table = candidates.table

    def mean(name: str, of: str) -> npt.NDArray[np.float64]:
        by = {p: unknowns.of(name, p).mean_factor for p in table["platform"].unique()}
        return np.where(candidates.is_prior(of), table["platform"].map(by), 1.0)

    def own(name: str) -> npt.NDArray[np.float64]:
        return np.exp(table[f"{name}_sd"].to_numpy(dtype="float64") ** 2 / 2)

    lost = unknowns.of("late").mean * unknowns.of("late_lost").mean
    both = table["sponsored"] * own("sponsored") * (1 - table["fall_through"]) * (1 - lost)
    both *= unknowns.of("campaign_luck").mean_factor
    both *= table["platform"].map(
        {p: unknowns.of("platform_luck", p).mean_factor for p in table["platform"].unique()}
    )
    factor = both * own("reach") * mean("reach_level", "reach") * mean("reach_rate", "reach")
    factor *= np.where(
        candidates.is_prior("reach"), _slope_factor(table["followers"], unknowns), 1.0
    )
    impressions = table["reach"] * factor * unknowns.of("frequency").mean
    clicks = (
        impressions * table["click_rate"] * own("click_rate") * mean("click_rate", "click_rate")
    )
    conversions = clicks * table["conversion_rate"] * own("conversion_rate")
    conversions *= mean("conversion_rate", "conversion_rate")
    engagements = table["engagements"] * table["real_share"] * both * own("engagements")
    return pd.DataFrame(
        {
            "factor": factor,
            "impressions": impressions,
            "engagements": engagements * mean("sponsored", "sponsored"),
            "clicks": clicks,
            "conversions": conversions,
            "revenue": conversions * order_value(brief, unknowns),
        }
    )


def _slope_factor(followers: pd.Series, unknowns: Unknowns) -> Floats:
    """Return what the range of the reach rate's slope adds to the expectation, by size."""
    slope = unknowns.of("reach_elasticity")
    size = np.log(followers.to_numpy(dtype="float64") / REFERENCE)
    return np.asarray(np.exp(size[:, None] * (slope.draw(GRID) - slope.middle)).mean(axis=1))


def order_value(brief: Brief, unknowns: Unknowns) -> float:
    """Return the expected revenue of one order: the brief's, else the prior's in its currency."""
    if brief.order_value is not None:
        return float(brief.order_value)
    return unknowns.of("order_value").mean * exchange(brief, unknowns)


def draw_order_values(brief: Brief, unknowns: Unknowns, world: World) -> Floats:
    """Return the revenue of one order in every future: the brief's, else drawn."""
    if brief.order_value is not None:
        return np.full(len(world.shared), float(brief.order_value))
    return np.asarray(world.shared["order_value"] * exchange(brief, unknowns))


def exchange(brief: Brief, unknowns: Unknowns) -> float:
    """Return how much of the brief's currency the priors take for one USD.

    Raises
    ------
    SettingsError
        Where they don't know the currency.
    """
    if f"exchange.{brief.currency}" not in unknowns.table:
        raise SettingsError(
            f"The priors can't be told in {brief.currency}.",
            [f"give exchange.{brief.currency} in priors.yaml"],
        )
    return unknowns.middle(f"exchange.{brief.currency}")


def limits_from_brief(brief: Brief, candidates: Candidates) -> Limits:
    """Return the brief's limits, its handles as keys of the candidates.

    Raises
    ------
    SettingsError
        Without a budget, or with names that no candidate or several have.
    """
    limits, faults = brief.limits, []
    if brief.budget is None:
        faults.append(f"budget: missing; give what may be spent in {brief.currency}")
    if brief.currency != candidates.currency:
        faults.append(f"currency: {brief.currency}, but the fees are in {candidates.currency}")
    known = _names(candidates.table)
    keys: dict[str, list[str]] = {"must": [], "must_not": []}
    for kind, found in keys.items():
        for name in getattr(limits, kind):
            matches = known.get(name.removeprefix("@").casefold(), [])
            if len(matches) == 1 or (matches and kind == "must_not"):
                found += matches
            else:
                said = f"several candidates: {', '.join(matches)}" if matches else "no candidate"
                faults.append(f"limits.{kind}: {name} is {said}")
    if faults:
        raise SettingsError("The limits of the brief can't be used.", faults)
    return Limits(
        budget=float(brief.budget or 0),
        min_creators=limits.min_creators,
        max_creators=limits.max_creators,
        tier_share={name: (one.least, one.most) for name, one in limits.tier_share.items()},
        platform_share={n: (one.least, one.most) for n, one in limits.platform_share.items()},
        must=tuple(dict.fromkeys(keys["must"])),
        must_not=tuple(dict.fromkeys(keys["must_not"])),
        max_creator_share=limits.max_creator_share,
        max_posts=limits.posts_per_creator,
        content_only=limits.content_only,
    )


def _names(table: pd.DataFrame) -> dict[str, list[str]]:
    """Return the keys that a key, the part after its platform, or a handle may stand for."""
    known: dict[str, set[str]] = {}
    handles = table["handle"] if "handle" in table else pd.Series(None, table.index, dtype="object")
    for key, handle in zip(table["creator_key"], handles, strict=True):
        for name in (key, key.partition(":")[2], *([] if pd.isna(handle) else [handle])):
            known.setdefault(str(name).removeprefix("@").casefold(), set()).add(key)
    return {name: sorted(keys) for name, keys in known.items()}


def _contacts(goal: str, posts: Floats, unknowns: Unknowns) -> Floats:
    """Return contacts of several posts over those of one: new people, or all for frequency."""
    if goal == "effective_reach":
        return posts
    again = unknowns.of("repeat_reach").mean
    return np.asarray(sum((posts > n) * again**n for n in range(int(posts.max(initial=1)))))


def _exposure(
    candidates: Candidates, brief: Brief, audience: Any, factor: Floats
) -> tuple[Floats, Floats]:
    exposure, people = exposure_of(candidates, brief, audience)
    if people is None:
        people = np.array([UNSHARED * float(candidates.table["reach"].sum())])
        exposure = candidates.table[["reach"]].to_numpy(dtype="float64") / people
    return exposure * factor[:, None], people


def exposure_of(
    candidates: Candidates, brief: Brief, audience: Any, alternative: int | None = None
) -> tuple[Floats, Floats | None]:
    """Return contacts of one organic post with a person of each class, and the classes' people.

    Raises
    ------
    DataError
        Where the audience lacks a candidate.
    """
    reach = candidates.table[["reach"]].to_numpy(dtype="float64")
    if audience is None:
        people = None if brief.market is None else np.array([float(brief.market)])
        return reach if people is None else reach / people, people
    place = pd.Index(audience.keys).get_indexer(candidates.table["creator_key"])
    if (place < 0).any():
        lacking = candidates.table.loc[place < 0, "creator_key"]
        raise DataError(
            "The audience does not fit the candidates.",
            [f"{len(lacking)} are not in it, such as {', '.join(lacking.head(3))}"],
        )
    exposure = audience.exposure
    if alternative is not None and len(audience.alternatives):
        exposure = audience.alternatives[alternative % len(audience.alternatives)]
    return np.asarray(exposure)[place], np.asarray(audience.people, dtype="float64")


def _scenarios(
    candidates: Candidates,
    rows: npt.NDArray[np.int64],
    unknowns: Unknowns,
    brief: Brief,
    scenarios: int,
    seed: int,
) -> npt.NDArray[np.float32]:
    """Return what 1, 2, ... posts of each bring; of a reach, over the expected contacts."""
    chunk, most = min(scenarios, 1_000), brief.limits.posts_per_creator
    world = make_world(candidates, rows, unknowns, brief, draws=scenarios, seed=seed, chunk=chunk)
    found = np.empty((scenarios, len(rows), most), dtype="float32")
    if not most:
        return found.reshape(scenarios, 0)
    for start in range(0, scenarios, chunk):
        futures = slice(start, min(start + chunk, scenarios))
        for first in range(0, len(rows), 64):
            block = slice(first, first + 64)
            one = draw_outcomes(world, start, block, read_words(world, start, block, most))
            posts = _brought(one, world, futures, unknowns, brief)
            sums = np.cumsum(np.stack(posts), axis=0)
            found[futures, block] = np.moveaxis(sums, (0, 1, 2), (2, 1, 0))
    if brief.goal in ("net_reach", "effective_reach"):
        factor = expected_outcomes(candidates, unknowns, brief)["factor"].to_numpy()[rows]
        reach = factor * candidates.table["reach"].to_numpy()[rows]
        levels = _contacts(brief.goal, np.arange(1.0, most + 1), unknowns)
        found /= (reach[:, None] * levels).astype("float32")
    return found.reshape(scenarios, -1)


def _brought(
    one: Outcomes, world: World, futures: slice, unknowns: Unknowns, brief: Brief
) -> list[npt.NDArray[np.float32]]:
    """Return what each post of some creators brings of the goal in every future."""
    shared = world.shared.iloc[futures].astype("float32")
    if brief.goal == "engagements":
        return one.engagements
    if brief.goal in ("net_reach", "effective_reach"):
        again = shared["repeat_reach"].to_numpy() if brief.goal == "net_reach" else np.float32(1)
        return [reach * again**place for place, reach in enumerate(one.reach)]
    each = shared["frequency"].to_numpy()  # on a person reached, then on each of the next steps
    if brief.goal != "impressions":
        each = each * one.clicked
    if brief.goal in ("conversions", "revenue"):
        each = each * one.bought
    if brief.goal == "revenue":
        each = each * draw_order_values(brief, unknowns, world).astype("float32")[futures]
    return [reach * each for reach in one.reach]

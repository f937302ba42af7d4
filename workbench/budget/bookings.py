"""What splits of a budget buy and sum up to in every future."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.budget.candidates import Candidates
from workbench.budget.draws import (
    MOST_POSTS,
    Outcomes,
    Singles,
    World,
    draw_fees,
    draw_outcomes,
    read_words,
)
from workbench.budget.offers import exposure_of, posts_cost, volume
from workbench.errors import DataError
from workbench.tables.brief import Brief

_SUMS = ("reach", "real", "engagements", "clicks", "squares", "conversions")
MOST_TIMES = 6
BLOCK = 64  # creators at once, so that their numbers stay near the processor
_LEAST_OVERLAP = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class Bookings:
    """What splits book of every candidate."""

    posts: npt.NDArray[np.int64]  # (splits, creators)
    content: npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Plans:
    """The splits, of the creators that any of them uses."""

    posts: npt.NDArray[np.int64]  # (splits, creators)
    multiples: Singles  # of a creator's fee that a split pays for posts
    content: Singles  # what it pays for content only
    booked: Singles
    order: npt.NDArray[np.int64]  # (splits, places): who is bought first
    overhead: float
    budget: float
    exposures: list[Singles]  # (creators, classes) contacts of one organic post
    people: Singles | None
    alone: npt.NDArray[np.float64]  # (splits,) chance that two contacts come from one creator


def read_splits(
    candidates: Candidates,
    splits: Mapping[str, npt.ArrayLike],
    content: Mapping[str, npt.ArrayLike],
) -> Bookings:
    """Return splits as arrays.

    Raises
    ------
    DataError
        With every split that does not fit the candidates.
    """
    amount, faults = len(candidates.table), []
    posts = {name: np.asarray(split) for name, split in splits.items()}
    pieces = {name: np.asarray(content.get(name, np.zeros(amount)), dtype=bool) for name in splits}
    faults += [f"content of {name!r}: no such split" for name in content if name not in splits]
    for name, split in posts.items():
        if split.shape != (amount,) or pieces[name].shape != (amount,):
            faults.append(f"{name}: expected {amount} creators, found the shape {split.shape}")
        elif not np.isin(split, range(MOST_POSTS + 1)).all():
            faults.append(f"{name}: expected 0 to {MOST_POSTS} posts of each creator")
    if not posts:
        faults.append("there is none")
    if faults:
        raise DataError("These splits can't be simulated.", faults)
    return Bookings(
        posts=np.stack([*posts.values()]).astype("int64"), content=np.stack([*pieces.values()])
    )


def make_plans(
    candidates: Candidates,
    bookings: Bookings,
    used: npt.NDArray[np.int64],
    brief: Brief,
    audience: Any,
) -> Plans:
    """Return the splits of the creators that they use."""
    table = candidates.table.iloc[used]
    posts, content = bookings.posts[:, used], bookings.content[:, used]
    pieces = content * np.nan_to_num(table["fee_ugc"].to_numpy(dtype="float64"))
    multiples = np.stack([volume(table["next_post"].to_numpy(), n) for n in posts])
    booked = (posts > 0) | content
    # Dearest first, as a plan lists them; who is not booked stands last and costs nothing.
    one_post = posts_cost(table, np.ones(len(used), dtype=int))
    cost = np.where(booked, multiples * one_post + pieces, -1.0)
    most = int(booked.sum(axis=1).max(initial=0))
    order = np.argsort(-cost, axis=1, kind="stable")[:, :most]
    number = len(getattr(audience, "alternatives", ())) or 1
    found = [exposure_of(candidates, brief, audience, place) for place in range(number)]
    people = found[0][1]
    gross = posts * table["reach"].to_numpy(dtype="float64")
    share = gross / np.maximum(gross.sum(axis=1, keepdims=True), 1e-9)
    return Plans(
        posts=posts,
        multiples=multiples.astype("float32"),
        content=pieces.astype("float32"),
        booked=booked.astype("float32"),
        order=order,
        overhead=brief.creator_overhead,
        budget=np.inf if brief.budget is None else float(brief.budget),
        exposures=[exposure[used].astype("float32") for exposure, _ in found],
        people=None if people is None else people.astype("float32"),
        alone=(share**2).sum(axis=1),
    )


def sum_chunk(world: World, plan: Plans, start: int) -> dict[str, Singles]:
    """Return sums over creators, of every split in the futures of a chunk."""
    blocks = [slice(first, first + BLOCK) for first in range(0, plan.posts.shape[1], BLOCK)]
    words = [
        read_words(world, start, rows, int(plan.posts[:, rows].max(initial=0))) for rows in blocks
    ]
    fees = np.vstack(
        [draw_fees(world, start, rows, own) for rows, own in zip(blocks, words, strict=True)]
    )
    splits, futures = len(plan.posts), fees.shape[1]
    kept = _find_too_dear(fees, plan)
    sums = {
        name: np.zeros((splits, futures), dtype="float32")
        for name in (*_SUMS, "fees", "content", "creators_delivered", "booked")
    }
    again = world.shared["repeat_reach"].to_numpy(dtype="float32")[start : start + futures]
    most = int(plan.posts.max(initial=1))
    classes = plan.exposures[0].shape[1]
    contacts = np.zeros((max(most, 1), splits, classes, futures), dtype="float32")
    for rows, own in zip(blocks, words, strict=True):
        one = draw_outcomes(world, start, rows, own)
        stays = None if kept is None else _who_stays(kept[:, rows])
        paid = {"fees": (plan.multiples, one.delivered * fees[rows])}
        paid |= {"content": (plan.content, one.delivered)}
        paid |= {"creators_delivered": (plan.booked, one.delivered)}
        paid |= {"booked": (plan.booked, np.ones_like(one.delivered))}
        for name, (weights, values) in paid.items():
            _add(sums[name], weights[:, rows], values, stays)
        for post in range(len(one.reach)):
            booked = (plan.posts[:, rows] > post).astype("float32")
            for name, values in _values(one, post).items():
                _add(sums[name], booked, values, stays)
        ratios = [reach / world.columns["reach"][rows] for reach in one.reach]
        for posts in range(1, len(ratios) + 1):
            booked = (plan.posts[:, rows] == posts).astype("float32")
            if booked.any():
                seen = _seen(ratios[:posts], again)
                _add_contacts(contacts, booked, seen, stays, [e[rows] for e in plan.exposures])
    return sums | _people_reached(contacts, plan, world, start)


def _values(one: Outcomes, post: int) -> dict[str, Singles]:
    reach = one.reach[post]
    clicks = reach * one.clicked
    return {
        "reach": reach,
        "real": reach * one.real,
        "engagements": one.engagements[post],
        "clicks": clicks,
        "squares": clicks**2,
        "conversions": clicks * one.bought,
    }


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stays:
    """Who is not dropped: 0 or 1 for those who sometimes are, by split."""

    always: npt.NDArray[np.bool_]  # (splits, creators)
    partly: list[tuple[int, npt.NDArray[np.int64], Singles]]  # split, creators, (those, futures)

    def only(self, futures: slice) -> _Stays:
        partly = [(split, some, stay[:, futures]) for split, some, stay in self.partly]
        return _Stays(always=self.always, partly=partly)


def _who_stays(kept: npt.NDArray[np.bool_]) -> _Stays:
    always = np.asarray(kept.all(axis=2))
    partly = [
        (split, some, kept[split, some].astype("float32"))
        for split, some in enumerate(map(np.flatnonzero, ~always))
        if len(some)
    ]
    return _Stays(always=always, partly=partly)


def _find_too_dear(fees: Singles, plan: Plans) -> npt.NDArray[np.bool_] | None:
    """Return who is not too dear for what is left when bought; None where all are bought."""
    settled = plan.content + np.float32(plan.overhead) * plan.booked
    total = plan.multiples @ fees + settled.sum(axis=1, keepdims=True)
    enough = plan.budget * (1 + 1e-5)
    if not (total > enough).any():
        return None
    kept = np.ones((*plan.posts.shape, fees.shape[1]), dtype=bool)
    tight = np.flatnonzero((total > enough).any(axis=1))
    left = np.full((len(tight), fees.shape[1]), enough, dtype="float32")
    for place in plan.order[tight].T:
        cost = fees[place] * plan.multiples[tight, place][:, None] + settled[tight, place][:, None]
        bought = cost <= left
        left -= cost * bought
        kept[tight, place] = bought
    return kept


def _add(total: Singles, weights: Singles, values: Singles, stays: _Stays | None) -> None:
    """Add the weighted sum over those who stay to every split's total (splits, ..., futures)."""
    if stays is None:
        total += weights @ values
        return
    always = stays.always if weights.ndim == 2 else stays.always[:, None, :]
    total += (weights * always) @ values
    for split, some, stay in stays.partly:
        total[split] += weights[split][..., some] @ (values[some] * stay)


def _add_contacts(
    contacts: Singles,
    booked: Singles,
    seen: list[Singles],
    stays: _Stays | None,
    exposures: list[Singles],
) -> None:
    """Add contacts, the first future by the first of the equally likely exposures, and so on."""
    for place, exposure in enumerate(exposures):
        weights = booked[:, None, :] * exposure.T
        mine = slice(place, None, len(exposures))
        here = stays and stays.only(mine)
        for total, people in zip(contacts, seen, strict=False):
            _add(total[:, :, mine], weights, people[:, mine], here)


def _seen(posts: list[Singles], again: Singles) -> list[Singles]:
    """Return how many people see 1, 2, ... of a creator's posts, from the reach of each.

    The share ``again`` of what a post reaches is new over the post before; the others are drawn
    from those whom the creator has reached.
    """
    seen = [posts[0]]
    for place, reach in enumerate(posts[1:], 1):
        before = np.sum(seen, axis=0)
        back = np.minimum((1 - again**place) * reach, before)
        share = np.divide(back, before, out=np.zeros_like(back), where=before > 0)
        moved = [share * people for people in seen]
        stay = [people - gone for people, gone in zip(seen, moved, strict=True)]
        seen = [stay[0] + reach - back, *map(np.add, stay[1:], moved[:-1]), moved[-1]]
    return seen


def _people_reached(contacts: Singles, plan: Plans, world: World, start: int) -> dict[str, Singles]:
    """Return how many people are reached at least 1, 2, ... times, summed over the classes.

    ``contacts``: of a person of each class, with creators of whom it sees 1, 2, ... posts.
    """
    people: npt.NDArray[np.floating] | None = plan.people
    if people is None:
        # As many people as make the summed reach overlap by the share that is drawn.
        part = world.shared["overlap"].to_numpy()[start : start + contacts.shape[-1]]
        overlap = np.maximum(part * (1 - plan.alone[:, None]), _LEAST_OVERLAP)
        grid = np.geomspace(1e-4, 50, 2_000)
        each = np.interp(overlap, 1 + np.expm1(-grid) / grid, grid)[:, None, :]
        people = contacts.sum(axis=0) / each
        contacts = contacts / np.maximum(people, 1e-9)

    def count(share: npt.NDArray[np.floating]) -> Singles:
        summed = people @ share if plan.people is not None else (people * share).sum(axis=1)
        return np.asarray(np.maximum(summed, 0), dtype="float32")

    # The creators that reach a person are Poisson, and so the contacts follow Panjer's recursion.
    creators = contacts.sum(axis=0)
    left, chances, found = -np.expm1(-creators), [np.exp(-creators)], {}
    for times in range(1, MOST_TIMES + 1):
        found[f"at_least_{times}"] = count(left)
        groups = [
            n * c * p for n, (c, p) in enumerate(zip(contacts, chances[::-1], strict=False), 1)
        ]
        chances.append(np.sum(groups, axis=0) / times)
        left = left - chances[-1]
    return found

"""Equally likely futures of single creators: what is shared, what is each creator's own luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaincinv, ndtr, ndtri

from workbench.budget.candidates import Candidates
from workbench.budget.unknowns import REFERENCE, SHARED, Unknowns
from workbench.tables.brief import Brief

Singles = npt.NDArray[np.float32]
MOST_POSTS = 3
# A standard normal number for each of the 16-bit integers: four times as fast as drawing them.
_NORMALS = ndtri((np.arange(65_536) + 0.5) / 65_536)
_NORMALS = (_NORMALS / _NORMALS.std()).astype("float32")
# Of one creator and future, in this order in its stream; then two for each post.
_OWN = ("fee", "engagements", "sponsored", "reach", "real", "clicks", "conversions", "booking")
_NEEDED = (
    *("fee", "fee_sd", "engagements", "engagements_sd", "post_sd", "reach", "reach_sd"),
    *("real_share", "real_share_sd", "sponsored", "sponsored_sd"),
    *("click_rate", "click_rate_sd", "conversion_rate", "conversion_rate_sd"),
)
_WIDTH = len(_OWN) + 2 * MOST_POSTS
_BITS = np.random.PCG64(0)  # its state is set before each use; making one takes longer
_BY_PLATFORM = ("reach_rate", "click_rate", "platform_luck", "price")


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """Creators as arrays, and the shared unknowns in every future.

    Attributes
    ----------
    columns : mapping of str to ndarray of shape (creators, 1)
        The numbers of the candidates that are simulated.
    shared : DataFrame
        One row a future, one column a shared unknown, in its own unit (``price``: over what the
        user's quotes say, where there are any).
    shifts : ndarray of shape (unknowns, futures)
        How far each shared unknown moves a log.
    weights : mapping of str to ndarray of shape (creators, unknowns)
        Which shifts move ``engagements``, ``reach``, ``clicks``, ``conversions`` and ``fee``.
    falls : ndarray of shape (chances, futures)
        Chance that a booking falls through, in every future; ``fall_row`` of a creator.
    reach_post, correlation : float
        Spread of log reach between posts, and its correlation with engagements.
    """

    columns: Mapping[str, Singles]
    shared: pd.DataFrame
    late: Singles
    shifts: Singles
    weights: Mapping[str, Singles]
    falls: Singles
    fall_row: npt.NDArray[np.int64]
    reach_post: float
    correlation: float
    states: Sequence[tuple[int, int]]
    chunk: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcomes:
    """What some creators bring in some futures; lists hold one array a post."""

    delivered: Singles  # 0 or 1
    real: Singles  # share of the audience
    clicked: Singles  # clicks per impression
    bought: Singles  # orders per click
    reach: list[Singles] = field(default_factory=list)
    engagements: list[Singles] = field(default_factory=list)


def make_world(
    candidates: Candidates,
    rows: npt.NDArray[np.int64],
    unknowns: Unknowns,
    brief: Brief,
    *,
    draws: int,
    seed: int,
    chunk: int,
) -> World:
    """Draw what is shared in every future, and prepare the creators in ``rows``."""
    table = candidates.table.iloc[rows].reset_index(drop=True)
    names = shared_names(unknowns, candidates.table["platform"].unique())
    normal = np.stack([shared_normals(name, draws, seed) for name in (*names, "falls")])
    values, shifts = {}, np.zeros((len(names), draws))
    for place, name in enumerate(names):
        one = unknowns.of(*name.split("."))
        values[name] = one.draw(normal[place])
        shifts[place] = one.deviation(values[name])
    levels = candidates.price_levels
    if levels is not None:  # the user's quotes have narrowed what the priors said
        here = [platform for platform in levels if f"price.{platform}" in names]
        levels, own = levels.loc[here, here], [f"price.{platform}" for platform in here]
        root = np.linalg.cholesky(levels.to_numpy() + 1e-12 * np.eye(len(levels)))
        places = [names.index(name) for name in own]
        shifts[places] = root @ normal[places]
        shifts[names.index("price_level")] = 0
        values["price_level"] = np.ones(draws)
        for name, place in zip(own, places, strict=True):
            values[name] = np.exp(shifts[place])
    chances, fall_row = np.unique(table["fall_through"].round(3), return_inverse=True)
    falls = _fall_chances(chances, unknowns.middle("fall_through_correlation"), normal[-1])
    values["fall_through"] = falls[fall_row].mean(axis=0)
    columns = table[[*_NEEDED]].assign(
        real_share=before_cut(table["real_share"], table["real_share_sd"])
    )
    return World(
        columns={name: columns[[name]].to_numpy(dtype="float32") for name in _NEEDED},
        shared=pd.DataFrame(values),
        late=np.stack([values["late"], values["late_lost"]]).astype("float32"),
        shifts=shifts.astype("float32"),
        weights=_weights(candidates, rows, names),
        falls=falls,
        fall_row=fall_row,
        reach_post=unknowns.middle("reach_post_spread"),
        correlation=unknowns.middle("post_correlation"),
        states=[_state(key, seed) for key in table["creator_key"]],
        chunk=chunk,
    )


def shared_names(unknowns: Unknowns, platforms: npt.ArrayLike) -> list[str]:
    """Return the names of the shared unknowns of some platforms, ``name.platform`` where needed.

    A rate of clicks that is told of all platforms is one unknown.
    """
    names = []
    for name in SHARED:
        own = [f"{name}.{p}" for p in sorted(map(str, np.asarray(platforms)))]
        if name == "click_rate":
            own = [n for n in own if n in unknowns.table] + [name]
        names += own if name in _BY_PLATFORM else [name]
    return names


def read_words(world: World, start: int, rows: slice, posts: int) -> npt.NDArray[np.uint16]:
    """Return some creators' random numbers of a chunk: shape (numbers, creators, futures)."""
    quarter = -(-world.chunk // 4)
    size = min(world.chunk, world.shifts.shape[1] - start)
    first = start // world.chunk * _WIDTH * quarter
    states, amount = world.states[rows], len(_OWN) + 2 * posts
    words = np.empty((amount, len(states), quarter * 4), dtype="uint16")
    for place, state in enumerate(states):
        words[:, place] = _read_stream(state, first, amount * quarter).reshape(amount, -1)
    return words[:, :, :size]


def draw_fees(world: World, start: int, rows: slice, words: npt.NDArray[np.uint16]) -> Singles:
    """Return the fee of one post of some creators, in the futures of the chunk from ``start``."""
    luck = world.columns["fee_sd"][rows] * np.take(_NORMALS, words[0], mode="clip")
    return np.asarray(world.columns["fee"][rows] * np.exp(_shift(world, "fee", start, rows) + luck))


def draw_outcomes(world: World, start: int, rows: slice, words: npt.NDArray[np.uint16]) -> Outcomes:
    """Return what some creators bring by each of their posts, in the chunk from ``start``."""
    own = {name: values[rows] for name, values in world.columns.items()}
    futures = slice(start, start + words.shape[2])

    def luck(name: str, place: int) -> Singles:
        return np.asarray(own[name] * np.take(_NORMALS, words[place], mode="clip"))

    chance = world.falls[world.fall_row[rows], futures]
    late, lost = world.late[:, futures]
    booking = (words[7] + np.float32(0.5)) / np.float32(65_536)
    delivered = (booking >= chance).astype("float32")
    # One number decides both: above what falls through, the top share of the rest is late.
    paid = own["sponsored"] * delivered * (1 - lost * (booking > 1 - late * (1 - chance)))
    sponsored = luck("sponsored_sd", 2)
    real = np.clip(own["real_share"] + luck("real_share_sd", 4), 0, 1)
    to_engage = _shift(world, "engagements", start, rows) + sponsored + luck("engagements_sd", 1)
    to_reach = _shift(world, "reach", start, rows) + sponsored + luck("reach_sd", 3)
    clicked = np.exp(_shift(world, "clicks", start, rows) + luck("click_rate_sd", 5))
    clicked *= own["click_rate"]
    bought = np.exp(_shift(world, "conversions", start, rows) + luck("conversion_rate_sd", 6))
    bought *= own["conversion_rate"]
    # Noise of posts has the mean one.
    to_engage -= own["post_sd"] ** 2 / 2
    to_reach -= np.float32(world.reach_post**2 / 2)
    engaged, reached = own["engagements"] * real * paid, own["reach"] * paid
    joint = np.float32(world.reach_post * world.correlation)
    apart = np.float32(world.reach_post * np.sqrt(1 - world.correlation**2))
    found = Outcomes(delivered=delivered, real=real, clicked=clicked, bought=bought)
    for place in range(len(_OWN), len(words), 2):
        shown, other = np.take(_NORMALS, words[place : place + 2], mode="clip")
        found.engagements.append(engaged * np.exp(to_engage + own["post_sd"] * shown))
        found.reach.append(reached * np.exp(to_reach + joint * shown + apart * other))
    return found


def before_cut(mean: pd.Series, sd: pd.Series) -> pd.Series:
    """Return the middle of normal shares that have the mean once they are cut at 0 and 1."""
    spread, middle = sd.clip(lower=1e-9), mean
    for _ in range(50):
        over, under = ((1 - middle) / spread, middle / spread)
        lost = spread * (_tail_mean(over) - _tail_mean(under))
        middle = mean + lost.clip(-1, 1)
    return middle


def _tail_mean(at: pd.Series) -> pd.Series:
    """Return by how much a standard normal number passes a place on average."""
    passed: pd.Series = np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi) - at * ndtr(-at)
    return passed


def _shift(world: World, what: str, start: int, rows: slice = slice(None)) -> Singles:
    return np.asarray(world.weights[what][rows] @ world.shifts[:, start : start + world.chunk])


def _weights(
    candidates: Candidates, rows: npt.NDArray[np.int64], names: list[str]
) -> dict[str, Singles]:
    """Return which shared unknowns move what; those of a prior leave measured values alone."""
    table = candidates.table.iloc[rows]
    shared = ("reach", "click_rate", "conversion_rate", "sponsored")
    from_prior = {name: candidates.is_prior(name)[rows] for name in shared}
    always = np.ones(len(table))
    size = np.log(table["followers"].to_numpy(dtype="float64") / REFERENCE)
    modelled = table["fee_source"].eq("model").to_numpy()
    prior_reach = from_prior["reach"]
    moved: dict[str, dict[str, npt.NDArray[Any]]] = {
        "engagements": {
            "sponsored": from_prior["sponsored"],
            "campaign_luck": always,
            "platform_luck": always,
        },
        "reach": {
            **{"reach_level": prior_reach, "reach_rate": prior_reach},
            **{"reach_elasticity": prior_reach * size},
            **{"campaign_luck": always, "platform_luck": always},
        },
        "clicks": {"click_rate": from_prior["click_rate"]},
        "conversions": {"conversion_rate": from_prior["conversion_rate"]},
        "fee": {"price_level": modelled, "price": modelled},
    }
    weights = {}
    for what, movers in moved.items():
        weights[what] = np.zeros((len(table), len(names)), dtype="float32")
        for place, name in enumerate(names):
            start, _, platform = name.partition(".")
            if start in movers:
                others = table["platform"].map(lambda p, start=start: f"{start}.{p}" not in names)
                of = table["platform"].eq(platform) if platform else others
                weights[what][:, place] = movers[start] * of.to_numpy()
    return weights


def _fall_chances(
    chances: npt.NDArray[np.float64], correlation: float, normal: npt.NDArray[np.float64]
) -> Singles:
    """Return each chance in every future: beta about its mean, high for all in a bad campaign."""
    found = np.repeat(chances[:, None], len(normal), axis=1)
    if correlation > 0:
        grid = np.linspace(-4.5, 4.5, 401)
        for row, chance in enumerate(chances):
            if 0 < chance < 1:
                counts = np.array([chance, 1 - chance]) * (1 / correlation - 1)
                found[row] = np.interp(normal, grid, betaincinv(*counts, ndtr(grid)))
    return found.astype("float32")


def _state(key: str, seed: int) -> tuple[int, int]:
    """Return where a stream of random numbers starts that belongs to a creator alone."""
    digest = blake2b(f"{seed} {key}".encode(), digest_size=32).digest()
    return int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:], "big") | 1


def _read_stream(state: tuple[int, int], first: int, amount: int) -> npt.NDArray[np.uint16]:
    """Return random 16-bit integers from a place of a stream on, four from each of its steps."""
    bits = _BITS
    bits.state = {
        "bit_generator": "PCG64",
        "state": {"state": state[0], "inc": state[1]},
        "has_uint32": 0,
        "uinteger": 0,
    }
    if first:
        bits.advance(first)
    return np.asarray(bits.random_raw(amount)).view(np.uint16)


def shared_normals(name: str, draws: int, seed: int) -> npt.NDArray[np.float64]:
    """Return standard normal numbers that belong to a name: one a future."""
    words = _read_stream(_state(f"shared {name}", seed), 0, -(-draws // 4))
    return np.asarray(_NORMALS[words[:draws]], dtype="float64")

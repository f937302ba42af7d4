"""Simulated campaigns to hold promises against: written apart from the planner's own simulation.

A world is drawn from the planner's priors (the ranges of ``read_unknowns``), the spreads among
them; then creators, what is seen of them, and how a plan ends. ``Faults`` are errors that the
priors don't hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.budget.unknowns import Unknowns

Floats = npt.NDArray[np.float64]
PLATFORMS = ("instagram", "tiktok", "youtube")
REFERENCE = 20_000
SEEN = 12


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What is wrong with a world that the planner does not know.

    ``price`` and ``reach`` are factors on what is paid and on what posts bring; ``degrees`` of
    freedom of t-distributed posts (None: normal logarithms); ``quality`` correlates what creators
    ask with a quality that posts don't show; ``falls`` is the share of campaigns in which half of
    the bookings fail together; ``tier`` is the log of the sponsored factor by ln followers.
    """

    price: float = 1.0
    reach: float = 1.0
    degrees: float | None = None
    quality: float = 0.0
    falls: float = 0.0
    tier: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class CampaignWorld:
    """A campaign: what the planner sees, and what is so.

    Attributes
    ----------
    creators : DataFrame
        Seen: ``creator_key``, ``platform``, ``followers``; hidden: ``level``, the mean of an
        organic post, ``factor`` on paid ones (real people, sponsorship, luck that is shared),
        ``post_sd``, ``fee``.
    posts : DataFrame
        ``creator_key``, ``engagements`` of the posts that are seen.
    quotes : DataFrame
        As the table ``fee_quotes``.
    truth : dict of str to float
        The hyperparameters: ``between``, ``price_spread``, and the lines' levels and slopes.
    """

    creators: pd.DataFrame
    posts: pd.DataFrame
    quotes: pd.DataFrame
    truth: dict[str, float]
    budget: float
    overhead: float
    most_posts: int
    faults: Faults
    seed: int
    chances: dict[str, float] = field(default_factory=dict)


class _Priors:
    """The planner's ranges, drawn from."""

    def __init__(self, unknowns: Unknowns, rng: np.random.Generator) -> None:
        self.unknowns, self.rng = unknowns, rng

    def one(self, name: str, platform: str | None = None) -> float:
        return float(self.unknowns.of(name, platform).draw(self.rng.standard_normal()))

    def many(self, name: str, n: int) -> Floats:
        return self.unknowns.of(name).draw(self.rng.standard_normal(n))


def make_campaign(
    seed: int, unknowns: Unknowns, faults: Faults, *, small: bool = False
) -> CampaignWorld:
    """Draw a world; ``small`` ones have at most 100 candidates."""
    rng = np.random.default_rng([seed, 20_261])
    prior = _Priors(unknowns, rng)
    n = round(np.exp(rng.uniform(np.log(20), np.log(100 if small else 2_000))))
    budget = float(np.exp(rng.uniform(np.log(1e3), np.log(2e5))))
    truth = {name: prior.one(name) for name in _DRAWN}
    for platform in PLATFORMS:
        for name in ("engagement_rate", "price", "platform_luck"):
            truth[f"{name}.{platform}"] = prior.one(name, platform)
    creators = _creators(n, truth, faults, prior)
    quoted = rng.random(n) < rng.choice([0.05, 0.2, 0.5])
    quotes = creators.loc[quoted, ["creator_key"]].assign(
        deliverable=creators["platform"].map(lambda p: "post" if p == "instagram" else "video"),
        fee=creators["fee"],
        currency="USD",
        quoted_on=pd.Timestamp("2026-01-01"),
    )
    # What is paid differs from what was quoted, by chance or by a fault that all share.
    paid = np.exp(np.where(quoted, truth["quote_spread"], 0) * rng.standard_normal(n))
    creators = creators.assign(fee=creators["fee"] * paid * faults.price)
    return CampaignWorld(
        creators=creators,
        posts=_posts(creators, faults, rng),
        quotes=quotes,
        truth=truth,
        budget=budget,
        overhead=float(np.exp(rng.uniform(np.log(10), np.log(120)))),
        most_posts=int(rng.integers(1, 3)),
        faults=faults,
        seed=seed,
        chances={"falls": _falls(truth, faults, prior)},
    )


_DRAWN = (
    *("engagement_elasticity", "engagement_spread", "post_spread", "sponsored", "sponsored_spread"),
    *("campaign_luck", "late", "late_lost", "fall_through_correlation", "next_post"),
    *("price_level", "price_exponent", "price_engagement", "price_spread", "quote_spread"),
)


def _creators(n: int, truth: dict[str, float], faults: Faults, prior: _Priors) -> pd.DataFrame:
    rng = prior.rng
    shown = rng.choice(PLATFORMS, size=rng.integers(1, 4), replace=False)
    platform = rng.choice(shown, n)
    followers = np.exp(
        np.clip(rng.normal(np.log(30_000), 1.3, n), np.log(1e3), np.log(5e6))
    ).round()
    size = np.log(followers / REFERENCE)
    over = truth["engagement_spread"] * rng.standard_normal(n)
    rate = np.array([truth[f"engagement_rate.{p}"] for p in platform])
    usual = np.log(rate * followers) + truth["engagement_elasticity"] * size
    hidden = rng.standard_normal(n)
    luck = np.array([truth[f"platform_luck.{p}"] for p in platform]) * truth["campaign_luck"]
    sponsored = truth["sponsored"] * np.exp(
        truth["sponsored_spread"] * rng.standard_normal(n) + faults.tier * size
    )
    price = np.array([truth[f"price.{p}"] for p in platform]) * truth["price_level"]
    own = rng.standard_normal(n)
    own = faults.quality * hidden + np.sqrt(1 - faults.quality**2) * own
    fee = np.log(price) + truth["price_exponent"] * size + truth["price_engagement"] * over
    # Hidden quality changes what a paid post brings, by as much as sponsorship does.
    quality = np.exp(0.3 * hidden * bool(faults.quality))
    return pd.DataFrame(
        {
            "creator_key": [f"{p}:{i}" for i, p in enumerate(platform)],
            "platform": platform,
            "followers": followers,
            "level": np.exp(usual + over),
            "usual": np.exp(usual),
            "factor": prior.many("real_share", n) * sponsored * luck * quality * faults.reach,
            "post_sd": truth["post_spread"] * np.exp(0.2 * rng.standard_normal(n)),
            "fee": np.exp(fee + truth["price_spread"] * own),
        }
    )


def _noise(post_sd: Floats, faults: Faults, rng: np.random.Generator) -> Floats:
    """Return a factor of mean 1 on each post."""
    if faults.degrees is None:
        return np.exp(post_sd * rng.standard_normal(len(post_sd)) - post_sd**2 / 2)
    # A t distribution has no mean of its exponential: the largest are held at 6 deviations.
    scale = np.sqrt(faults.degrees / (faults.degrees - 2))
    draws = np.clip(rng.standard_t(faults.degrees, len(post_sd)) / scale, -6, 6)
    many = np.clip(np.random.default_rng(0).standard_t(faults.degrees, 20_000) / scale, -6, 6)
    grid = np.linspace(0.1, 2.5, 49)
    mean = np.interp(post_sd, grid, [np.exp(sd * many).mean() for sd in grid])
    return np.asarray(np.exp(post_sd * draws) / mean)


def _posts(creators: pd.DataFrame, faults: Faults, rng: np.random.Generator) -> pd.DataFrame:
    n = len(creators)
    seen = np.where(rng.random(n) < 0.75, SEEN, rng.integers(0, SEEN, n))
    each = creators.loc[np.repeat(np.arange(n), seen)]
    mean = each["level"].to_numpy() * _noise(each["post_sd"].to_numpy(), faults, rng)
    return pd.DataFrame({"creator_key": each["creator_key"], "engagements": rng.poisson(mean)})


def _falls(truth: dict[str, float], faults: Faults, prior: _Priors) -> float:
    """Return this campaign's chance that a booking brings nothing."""
    mean, together = prior.unknowns.middle("fall_through"), truth["fall_through_correlation"]
    chance = prior.rng.beta(mean * (1 / together - 1), (1 - mean) * (1 / together - 1))
    return float(np.where(prior.rng.random() < faults.falls, 0.5, chance))


def deliver(world: CampaignWorld, booked: pd.DataFrame) -> float:
    """Return the engagements that a plan brings; the same luck for every plan of a world.

    Parameters
    ----------
    booked : DataFrame
        ``creator_key`` and ``posts``, in the order of booking: whoever asks more than is left of
        the budget is dropped.
    """
    rng = np.random.default_rng([world.seed, 4_711])
    n = len(world.creators)
    noise = np.stack(
        [_noise(world.creators["post_sd"].to_numpy(), world.faults, rng) for _ in "123"]
    )
    fails = rng.random(n) < world.chances["falls"]
    late = rng.random(n) < world.truth["late"]
    place = pd.Index(world.creators["creator_key"]).get_indexer(booked["creator_key"])
    creators = world.creators.iloc[place]
    again, left, total = world.truth["next_post"], world.budget, 0.0
    for at, posts, fee, level in zip(
        place, booked["posts"], creators["fee"], creators["level"] * creators["factor"], strict=True
    ):
        paid = fee * sum(again**k for k in range(posts)) + world.overhead
        if paid > left:
            continue
        left -= paid
        if not fails[at]:
            kept = 1 - world.truth["late_lost"] * late[at]
            total += level * noise[:posts, at].sum() * kept
    return total

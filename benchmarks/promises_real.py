"""Plans made on real creators' earlier posts, and what their next posts brought."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.new_posts import read_posts
from workbench.budget.candidates import Candidates, make_candidates
from workbench.budget.choose import choose_creators
from workbench.budget.offers import limits_from_brief, make_options
from workbench.budget.plan import ChoiceSettings
from workbench.budget.promise import PromiseSettings, promise_outcome
from workbench.budget.unknowns import REFERENCE, TENTH, Unknowns
from workbench.curves.level_spreads import FAR
from workbench.curves.levels import shrink_levels
from workbench.curves.post_windows import PARTS, common_counts
from workbench.tables.brief import Brief

Floats = npt.NDArray[np.float64]
SEEN, AHEAD, REPEATS = 12, 5, 200
GIVEN = ["creator_key", "platform", "followers", "engagements", "engagements_sd", "post_sd"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What posts to come bring, by the reference: of the level, and of raw averages."""

    mean: float
    error: float  # of its log
    spread: float  # of its log between creators
    raw: float


@dataclass(frozen=True, kw_only=True, eq=False)
class RealMarket:
    """The candidates as a plan sees them, and ``raw`` and ``delivered`` means of a post."""

    candidates: Candidates
    raw: Floats
    delivered: Floats
    unknowns: Unknowns
    change: Change
    reference: int


def read_creators(file: Path | None) -> pd.DataFrame:
    """Return the last 17 posts of every creator that has so many, ``back`` from the newest."""
    posts = read_posts(file)
    counts = [name for name in common_counts(posts) if name in PARTS and name != "saves"]
    order = ["creator_key", "posted_at", "post_id"]
    posts = posts.drop_duplicates(["creator_key", "post_id"]).sort_values(order)
    posts = posts[posts["followers"].ge(10) & posts[counts].notna().all(axis=1)]
    posts = posts.assign(
        engagements=posts[counts].sum(axis=1).astype("float64"),
        back=posts.groupby("creator_key").cumcount(ascending=False),
    )
    size = posts.groupby("creator_key")["back"].transform("size")
    return posts[(size >= SEEN + AHEAD) & (posts["back"] < SEEN + AHEAD)]


def is_reference(key: str) -> bool:
    """Return which half a creator is in."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % 2 == 0


def _tables(posts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the candidates as a plan sees them, with what they delivered; and the reference."""
    by = posts.groupby("creator_key")
    creators = by.agg(platform=("platform", "first"), followers=("followers", "last"))
    creators = creators.reset_index()
    peers = creators["creator_key"].map(is_reference)
    seen, ahead = posts[posts["back"] >= AHEAD], posts[posts["back"] < AHEAD]
    levels = shrink_levels(seen, creators, peers=creators["creator_key"][peers])
    table = levels.table.set_index("creator_key", drop=False)
    logs = np.log1p(ahead["engagements"]).groupby(ahead["creator_key"])
    table = table.assign(
        raw=seen.groupby("creator_key")["engagements"].mean(),
        delivered=ahead.groupby("creator_key")["engagements"].mean(),
        after=logs.mean(),
        peer=peers.to_numpy(),
    )
    return table[~table["peer"]], table[table["peer"]]


def learn_change(reference: pd.DataFrame) -> Change:
    """Return how posts to come compare with the level, by creators who are no candidates."""
    expected = reference["engagements"] * np.exp(reference["engagements_sd"] ** 2 / 2)
    after, before = reference["delivered"].to_numpy(), expected.to_numpy()
    places = np.random.default_rng(0).integers(0, len(after), (500, len(after)))
    error = float(np.log(after[places].sum(axis=1) / before[places].sum(axis=1)).std())
    rest = reference["after"] - np.log(reference["engagements"])
    known = reference["engagements_sd"] ** 2 + reference["post_sd"] ** 2 / AHEAD
    far = FAR * 1.4826 * (rest - rest.median()).abs().median()
    held = (rest - rest.median()).clip(-far, far)
    return Change(
        mean=float(after.sum() / before.sum()),
        error=error,
        spread=float(np.sqrt(max((held**2).mean() - known.mean(), 0.0))),
        raw=float(after.sum() / reference["raw"].sum()),
    )


def make_market(file: Path | None, priors: Unknowns) -> RealMarket:
    """Return the candidates; of what creators share, only the change is unknown."""
    table, reference = _tables(read_creators(file))
    change, platform = learn_change(reference), str(table["platform"].iloc[0])
    reach = TENTH * change.error
    luck = {"middle": 1.0, "low": float(np.exp(-reach)), "high": float(np.exp(reach))}
    unknowns = priors.replace(
        {"campaign_luck": luck, f"platform_luck.{platform}": 1.0, "late": 1e-9, "late_lost": 1e-9}
    )
    ladder = priors.ladders["one-cent"]
    known = platform if platform in ladder.tiers else "instagram"
    fee, exponent = ladder.line(known, priors.middle("price_exponent"), REFERENCE)
    given = table[GIVEN].assign(
        # Of the mean of five posts, so that its variance is right.
        post_sd=np.sqrt(np.log1p(np.expm1(table["post_sd"] ** 2) / AHEAD)),
        real_share=1.0,
        real_share_sd=0.0,
        sponsored=change.mean / np.exp(change.spread**2 / 2),
        sponsored_sd=change.spread,
        fall_through=0.0,
        fee=fee * (table["followers"] / REFERENCE) ** exponent,
        fee_sd=0.0,
    )
    return RealMarket(
        candidates=make_candidates(given.reset_index(drop=True), unknowns, currency="USD"),
        raw=table["raw"].to_numpy(),
        delivered=table["delivered"].to_numpy(),
        unknowns=unknowns,
        change=change,
        reference=len(reference),
    )


def run_set(
    market: RealMarket, seed: int, choice: ChoiceSettings, settings: PromiseSettings
) -> tuple[dict[str, float], npt.NDArray[np.int64]] | None:
    """Return the promise for a random set of candidates, and who was booked for one post.

    What a post brings is the mean of the next five.
    """
    rng = np.random.default_rng([seed, 5])
    whole = len(market.raw)
    n = min(round(np.exp(rng.uniform(np.log(20), np.log(500)))), whole)
    rows = np.sort(rng.choice(whole, n, replace=False))
    table = market.candidates.table.iloc[rows].reset_index(drop=True)
    candidates = replace(market.candidates, table=table)
    budget = float(np.exp(rng.uniform(np.log(1e3), np.log(2e5))))
    brief = Brief(goal="engagements", budget=budget, currency="USD")
    options = make_options(candidates, brief, market.unknowns)
    limits = limits_from_brief(brief, candidates)
    plan = choose_creators(options, limits, choice)
    if not plan.summary.creators:
        return None
    promise = promise_outcome(plan, candidates, market.unknowns, brief=brief, settings=settings)
    place = pd.Index(table["creator_key"]).get_indexer(options.table["creator_key"])
    looks = market.change.raw * market.raw[rows][place] * options.table["posts"].to_numpy()
    other = choose_creators(replace(options, value=looks), limits, choice)
    booked, others = (rows[place[p.chosen]] for p in (plan, other))
    found = {
        "budget": budget,
        "creators": len(booked),
        "promised": promise.summary.mean,
        "low": promise.summary.p10,
        "high": promise.summary.p90,
        "delivered": market.delivered[booked].sum(),
        "naive": other.summary.value,
        "naive_delivered": market.delivered[others].sum(),
    }
    return found, booked


def score_sets(
    market: RealMarket, sets: list[tuple[dict[str, float], npt.NDArray[np.int64]]]
) -> dict[str, float]:
    """Return how promises of overlapping sets came true; errors by resampling creators.

    A creator drawn twice counts twice in every plan that books it, promised and delivered.
    """
    rows = pd.DataFrame([found for found, _ in sets])
    value = _expected(market)
    parts = np.zeros((len(sets), len(market.raw)))
    for place, (_, booked) in enumerate(sets):
        parts[place, booked] = 1
    low, high = (rows[name] / rows["promised"] for name in ("low", "high"))
    rng = np.random.default_rng(0)
    covers, ratios = [], []
    for _ in range(REPEATS):
        counts = rng.multinomial(len(value), np.full(len(value), 1 / len(value)))
        promised, delivered = parts @ (counts * value), parts @ (counts * market.delivered)
        there = promised > 0
        covers.append(
            ((delivered >= low * promised) & (delivered <= high * promised))[there].mean()
        )
        ratios.append(promised.sum() / delivered.sum())
    return {
        "sets": len(rows),
        "coverage": rows["delivered"].between(rows["low"], rows["high"]).mean(),
        "coverage_se": float(np.std(covers)),
        "below": (rows["delivered"] < rows["low"]).mean(),
        "above": (rows["delivered"] > rows["high"]).mean(),
        "promised/delivered": rows["promised"].sum() / rows["delivered"].sum(),
        "ratio_se": float(np.std(ratios)),
        "naive promised/delivered": rows["naive"].sum() / rows["naive_delivered"].sum(),
        "delivered/naive delivered": rows["delivered"].sum() / rows["naive_delivered"].sum(),
        "booked": int((parts.sum(axis=0) > 0).sum()),
    }


def _expected(market: RealMarket) -> Floats:
    table = market.candidates.table
    return np.asarray(
        table["engagements"] * np.exp(table["engagements_sd"] ** 2 / 2) * market.change.mean
    )

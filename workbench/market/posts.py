"""The posts of the simulated market: how many, when, which are special, and their counts."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd

from workbench.market.accounts import draw_codes
from workbench.market.levels import PARTS
from workbench.market.settings import Floats, Ints, MarketSettings, Rng

DAY = 86_400
VIRAL_FROM, VIRAL_TO, VIRAL_TAIL = 5.0, 30.0, 1.2  # times the median; Pareto between the two
PART_SHAPE = {"comments": 4.0, "shares": 3.0, "saves": 4.0}  # gamma shapes; likes follow the total


def make_posts(accounts: pd.DataFrame, settings: MarketSettings) -> pd.DataFrame:
    """Make each account's latest posts, without their counts.

    Returns
    -------
    DataFrame
        Oldest first within an account, which is row ``creator`` of ``accounts``; ``age_days`` by
        the clock, ``days_ago`` by the calendar; ``is_viral`` and the like decide the counts.
    """
    rng = settings.stream("posting")
    amounts = _draw_amounts(rng, len(accounts))
    creator = np.repeat(np.arange(len(accounts)), amounts)
    total = len(creator)
    read_at = int(settings.read_at.timestamp())
    posted = _draw_times(rng, amounts, read_at)
    own = accounts.iloc[creator].reset_index(drop=True)
    platform = own["platform"]
    sponsored_share = rng.beta(2, 11, len(accounts))[creator]
    [viral_share] = settings.law_values(platform, "viral_share")
    is_hidden = (rng.random(total) < 0.01) & (platform != "tiktok")
    ids = _draw_ids(rng, platform, posted)
    kinds = rng.choice(["IG image", "IG carousel", "IG reel"], total, p=(0.35, 0.25, 0.40))
    return own[["platform"]].assign(
        creator=creator,
        post_id=ids,
        posted_at=pd.to_datetime(posted, unit="s", utc=True),
        age_days=(read_at - posted) / DAY,
        days_ago=read_at // DAY - posted // DAY,
        media_type=pd.Series(kinds).where(platform == "instagram", "video"),
        duration_s=_draw_durations(rng, platform),
        is_sponsored=rng.random(total) < sponsored_share,
        is_viral=rng.random(total) < viral_share,
        likes_hidden=own["hides_likes"] | is_hidden,
        comments_off=(rng.random(total) < 0.02) & (platform == "youtube"),
    )


def _draw_amounts(rng: Rng, creators: int) -> Ints:
    amounts = np.clip(16 * np.exp(rng.normal(0, 0.6, creators)), 3, 40).astype("int64")
    luck = rng.random(creators)
    few = rng.integers(1, 3, creators)
    return np.select([luck < 0.03, luck < 0.08], [np.zeros_like(few), few], amounts)


def _draw_times(rng: Rng, amounts: Ints, read_at: int) -> Ints:
    """Walk back from the reading in gaps of each account's own pace, then move to posting hours."""
    span = np.clip(75 * np.exp(rng.normal(0, 0.45, len(amounts))), 20, 240)
    creator = np.repeat(np.arange(len(amounts)), amounts)
    gaps = rng.exponential(1.0, len(creator)) * (span / np.maximum(amounts, 4))[creator]
    walked = np.concatenate([[0.0], np.cumsum(gaps)])
    before = walked[np.cumsum(amounts) - amounts]
    moment = read_at - ((walked[1:] - before[creator]) * DAY + 600).astype("int64")
    hour = rng.normal(17, 4, len(creator)) % 24  # the evening, UTC
    usual = moment // DAY * DAY + (hour * 3600).astype("int64")
    posted: Ints = np.where(usual < read_at - 600, usual, moment)
    return posted[np.lexsort((posted, creator))]


def _draw_ids(rng: Rng, platform: pd.Series, posted: Ints) -> pd.Series:
    """Make ids in the platforms' forms; the long numbers do not survive a float."""
    total = len(posted)
    number = 17_900_000_000_000_000 + np.arange(total) * 9_973 + rng.integers(0, 9_973, total)
    flake = (posted << 32) + rng.integers(0, 2**32, total)
    ids = pd.Series(np.where(platform == "tiktok", flake, number)).astype("str")
    return ids.where(platform != "youtube", pd.Series(draw_codes(rng, total, 11)))


def _draw_durations(rng: Rng, platform: pd.Series) -> pd.Series:
    short = np.clip(28 * np.exp(rng.normal(0, 0.5, len(platform))), 5, 60)
    long = np.clip(560 * np.exp(rng.normal(0, 0.6, len(platform))), 61, 7200)
    is_long = (platform == "youtube") & (rng.random(len(platform)) < 0.65)
    seconds = pd.Series(np.where(is_long, long, short).astype("int64"), dtype="Int64")
    return seconds.where(platform != "instagram")


def make_counts(
    posts: pd.DataFrame, levels: pd.DataFrame, events: pd.DataFrame, settings: MarketSettings
) -> pd.DataFrame:
    """Draw the counts of every post as they stand when they are read.

    Returns
    -------
    DataFrame
        ``posts`` with ``likes``, ``comments``, ``shares``, ``saves``, ``views``, ``reach``; those
        that the platform's export does not have are missing. Hidden counts are still there.
    """
    rng = settings.stream("engagement")
    own = levels.iloc[posts["creator"]].reset_index(drop=True)
    final = _draw_engagements(rng, posts, own, settings)
    days, power = settings.law_values(posts["platform"], "ripening_days", "ripening_power")
    ripe = final * (1 - np.exp(-((posts["age_days"].to_numpy() / days) ** power)))
    means = {part: ripe * own[part].to_numpy() for part in PARTS}
    # A giveaway asks for a comment.
    flooded = events.loc[events["kind"] == "giveaway", "post"].to_numpy(dtype="int64")
    means["comments"][flooded] *= rng.uniform(6, 20, len(flooded))
    drawn = pd.DataFrame({part: _draw_part(rng, part, means[part]) for part in PARTS})
    likes = _with_bought_likes(rng, drawn["likes"], posts, own)
    # A reel is shown to more people than it moves.
    wider = np.where(posts["media_type"] == "IG reel", 1.5, 1.0)
    noise = 10 ** rng.normal(0, 0.1, len(posts))
    seen = rng.poisson(ripe * own["seen_per_engagement"].to_numpy() * wider * noise)
    seen = np.maximum(seen, likes + drawn["comments"])
    counts = drawn.assign(likes=likes, views=seen, reach=seen).astype("Int64")
    on_instagram = posts["platform"] == "instagram"
    given = own[list(PARTS)].gt(0).assign(views=~on_instagram, reach=on_instagram)
    return posts.join(counts.where(given))


def _draw_engagements(
    rng: Rng, posts: pd.DataFrame, own: pd.DataFrame, settings: MarketSettings
) -> Floats:
    """Draw complete engagements whose median over posts that are not sponsored is the level's.

    A viral share p lies above everything else, so the others' quantile 0.5 / (1 - p) is the median.
    """
    size = len(posts)
    [viral_share] = settings.law_values(posts["platform"], "viral_share")
    middle = np.vectorize(NormalDist().inv_cdf, otypes=[float])(0.5 / (1 - viral_share))
    usual = own["post_sd"] * (rng.standard_normal(size) - middle)
    rarity = 1 - rng.random(size) * (1 - (VIRAL_FROM / VIRAL_TO) ** VIRAL_TAIL)
    viral = np.log10(VIRAL_FROM) - np.log10(rarity) / VIRAL_TAIL
    discount = np.log10(0.80) + 0.05 * rng.standard_normal(size)
    deviation = np.where(posts["is_viral"], viral, usual)
    deviation += np.where(posts["is_sponsored"], discount, 0.0)
    engagements: Floats = own["genuine_median_engagements"].to_numpy() * 10**deviation
    return engagements


def _draw_part(rng: Rng, part: str, mean: Floats) -> Ints:
    if part in PART_SHAPE:
        mean = mean * rng.gamma(PART_SHAPE[part], 1 / PART_SHAPE[part], len(mean))
    return rng.poisson(mean)


def _with_bought_likes(
    rng: Rng, likes: pd.Series, posts: pd.DataFrame, own: pd.DataFrame
) -> pd.Series:
    floor = np.rint(own["floor_likes"] * rng.uniform(0.97, 1.03, len(likes))).astype("int64")
    topped: pd.Series = np.maximum(likes, floor) + rng.poisson(own["added_likes"])
    return topped.where(posts["age_days"] > 1, likes)  # they come within a day

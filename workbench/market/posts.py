"""The posts of the simulated market: how many, when, which are special, and their counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from workbench.market.accounts import draw_codes
from workbench.market.levels import PARTS
from workbench.market.settings import Floats, Ints, MarketSettings, Rng
from workbench.market.shapes import bend, to_shape

DAY = 86_400
VIRAL_FROM, VIRAL_TO, VIRAL_TAIL = 5.0, 30.0, 1.2  # times the median; Pareto between the two
PHOTOS = ("IG image", "IG carousel")
BURST_SHARE = 0.2  # of the posts of an account that buys likes for some


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
    posted = _draw_times(rng, amounts, read_at, accounts, settings)
    own = accounts.iloc[creator].reset_index(drop=True)
    platform = own["platform"]
    sponsored_share = rng.beta(2, 11, len(accounts))[creator]
    is_hidden = (rng.random(total) < 0.01) & (platform != "tiktok")
    ids = _draw_ids(rng, platform, posted)
    [reel_share] = settings.law_values(platform, "reel_share")
    luck, photos = rng.random(total), 1 - reel_share
    kinds = np.select([luck < 0.35 / 0.60 * photos, luck < photos], PHOTOS, "IG reel")
    media_type = pd.Series(kinds).where(platform == "instagram", "video")
    viral_share = _viral_share(platform, media_type, settings)
    return own[["platform"]].assign(
        creator=creator,
        post_id=ids,
        posted_at=pd.to_datetime(posted, unit="s", utc=True),
        age_days=(read_at - posted) / DAY,
        days_ago=read_at // DAY - posted // DAY,
        media_type=media_type,
        duration_s=_draw_durations(rng, platform),
        is_sponsored=rng.random(total) < sponsored_share,
        is_viral=rng.random(total) < viral_share,
        likes_hidden=own["hides_likes"] | is_hidden,
        comments_off=(rng.random(total) < 0.02) & (platform == "youtube"),
    )


def _viral_share(platform: pd.Series, media_type: pd.Series, settings: MarketSettings) -> Floats:
    share, of_photos = settings.law_values(platform, "viral_share", "photo_viral")
    return share * np.where(media_type.isin(PHOTOS), of_photos, 1.0)


def _draw_amounts(rng: Rng, creators: int) -> Ints:
    amounts = np.clip(16 * np.exp(rng.normal(0, 0.6, creators)), 3, 40).astype("int64")
    luck = rng.random(creators)
    few = rng.integers(1, 3, creators)
    return np.select([luck < 0.03, luck < 0.08], [np.zeros_like(few), few], amounts)


def _draw_times(
    rng: Rng, amounts: Ints, read_at: int, accounts: pd.DataFrame, settings: MarketSettings
) -> Ints:
    """Walk back from the reading in gaps of each account's own pace, then move to posting hours."""
    names = ("span_days", "span_spread", "pace_slope")
    days, spread, slope = settings.law_values(accounts["platform"], *names)
    span = np.clip(days * np.exp(rng.normal(0, spread)), 20 * days / 75, 240 * days / 75)
    span = np.maximum(span * (accounts["organic_followers"].to_numpy() / 1e5) ** -slope, 7)
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
    [calm] = settings.law_values(posts["platform"], "photo_spread")
    own["post_sd"] *= np.where(posts["media_type"].isin(PHOTOS), calm, 1.0)
    final = _draw_engagements(rng, posts, own, settings)
    days, power = settings.law_values(posts["platform"], "ripening_days", "ripening_power")
    ripe = final * (1 - np.exp(-((posts["age_days"].to_numpy() / days) ** power)))
    shapes, powers = (
        dict(zip(PARTS[1:], settings.law_values(posts["platform"], name), strict=True))
        for name in ("part_shape", "part_power")
    )
    over = final / own["genuine_median_engagements"].to_numpy()
    means = {
        part: ripe * own[part].to_numpy() * over ** (powers.get(part, 1) - 1) for part in PARTS
    }
    # A giveaway asks for a comment.
    flooded = events.loc[events["kind"] == "giveaway", "post"].to_numpy(dtype="int64")
    means["comments"][flooded] *= rng.uniform(6, 20, len(flooded))
    drawn = pd.DataFrame({part: _draw_part(rng, means[part], shapes.get(part)) for part in PARTS})
    bursts = settings.stream("bursts").random(len(posts)) < BURST_SHARE
    likes = _with_bought_likes(rng, drawn["likes"], posts, own.assign(is_burst=bursts))
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
    names = ("post_memory", "post_skew", "post_tail")
    memory, skew, tail = settings.law_values(posts["platform"], *names)
    viral_share = _viral_share(posts["platform"], posts["media_type"], settings)
    middle = ndtri(0.5 / (1 - viral_share))
    drawn = _with_memory(rng.standard_normal(size), posts["creator"].to_numpy(), memory)
    is_bent = (skew != 0) | (tail != 1)
    drawn, middle = (
        np.where(is_bent, bend(shaped, skew, tail), shaped)
        for shaped in (to_shape(z, settings.post_shape) for z in (drawn, middle))
    )
    usual = own["post_sd"] * (drawn - middle)
    rarity = 1 - rng.random(size) * (1 - (VIRAL_FROM / VIRAL_TO) ** VIRAL_TAIL)
    viral = np.log10(VIRAL_FROM) - np.log10(rarity) / VIRAL_TAIL
    discount = np.log10(0.80) + 0.05 * rng.standard_normal(size)
    deviation = np.where(posts["is_viral"], viral, usual)
    deviation += np.where(posts["is_sponsored"], discount, 0.0)
    engagements: Floats = own["genuine_median_engagements"].to_numpy() * 10**deviation
    return engagements


def _with_memory(drawn: Floats, creator: Ints, memory: Floats) -> Floats:
    """Let a post take after the one before it, without a change of the spread."""
    before = np.where(creator == np.roll(creator, 1), np.roll(drawn, 1), drawn)
    before = np.where(np.arange(len(drawn)) == 0, drawn, before)
    return (drawn + memory * before) / np.sqrt(1 + memory**2)


def _draw_part(rng: Rng, mean: Floats, shape: Floats | None) -> Ints:
    if shape is not None:
        mean = mean * rng.gamma(shape, 1 / shape)
    return rng.poisson(mean)


def _with_bought_likes(
    rng: Rng, likes: pd.Series, posts: pd.DataFrame, own: pd.DataFrame
) -> pd.Series:
    floor = np.rint(own["floor_likes"] * rng.uniform(0.97, 1.03, len(likes))).astype("int64")
    topped: pd.Series = np.maximum(likes, floor) + rng.poisson(own["added_likes"])
    topped += np.rint(likes * own["burst_likes"].where(own["is_burst"], 0.0)).astype("int64")
    # They come within a day, to posts from the start on.
    has_bought = (posts["age_days"] > 1) & (posts["days_ago"] <= own["likes_days"])
    return topped.where(has_bought, likes)

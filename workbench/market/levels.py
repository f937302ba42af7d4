"""What each account's posts bring in the long run: the curve, and the account's place about it.

The median, not the mean, of what scatters about the curve is 0: it is the median curve.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench.market.accounts import COUNTRIES, NICHES
from workbench.market.events import KINDS
from workbench.market.settings import Floats, MarketSettings, Rng
from workbench.market.shapes import share_below, spread_factor, to_shape

PARTS = ("likes", "comments", "shares", "saves")


def curve_engagements(platforms: pd.Series, followers: Floats, settings: MarketSettings) -> Floats:
    """Return the curve: median engagements a post of an account of that platform and size."""
    start, exponent = settings.law_values(platforms, "engagements_at_10k", "exponent")
    return start * (followers / 1e4) ** exponent


def _curve_spread(platforms: pd.Series, followers: Floats, settings: MarketSettings) -> Floats:
    """Return the spread of creators about the curve, in dex, without the niche's."""
    names = ("residual_sd", "residual_sd_slope", "median_followers")
    middle, slope, usual = settings.law_values(platforms, *names)
    spread = np.maximum(middle + slope * np.log10(followers / 1e5), 0.6 * middle)
    return spread * spread_factor(followers, usual, settings.error_shape)


def true_percentile(
    platforms: pd.Series, followers: Floats, engagements: Floats, settings: MarketSettings
) -> Floats:
    """Return the share of honest accounts of that platform and size that lie below, in percent.

    Exact: the mixture over all niches and countries of the market, not a count of the drawn ones.
    """
    residual = np.log10(engagements / curve_engagements(platforms, followers, settings))
    spread = _curve_spread(platforms, followers, settings)
    effects = np.add.outer(NICHES["effect"].to_numpy(), COUNTRIES["effect"].to_numpy()).ravel()
    weights = np.outer(NICHES["weight"], COUNTRIES["weight"]).ravel()
    below = np.zeros(len(residual))
    for effect, weight in zip(effects, weights, strict=True):
        below += weight * share_below((residual - effect) / spread, settings.error_shape)
    return 100 * below


def make_levels(
    accounts: pd.DataFrame, events: pd.DataFrame, settings: MarketSettings
) -> pd.DataFrame:
    """Draw each account's long-run level and the make-up of its engagements.

    Bought followers do not engage: the level follows the genuine followers.

    Returns
    -------
    DataFrame
        One row an account: the parts of the engagements (sum 1), ``genuine_median_engagements``
        (complete posts, not sponsored), ``post_sd`` (dex), ``seen_per_engagement``,
        ``quality``, their log10 over the curve's at the genuine followers; what is bought a post,
        else 0: ``floor_likes``, ``added_likes``, ``burst_likes`` (times the post's own), for
        ``likes_days``; ``long_run_median_engagements`` with the bought likes, which bursts on a few
        posts leave as it is.
    """
    rng = settings.stream("levels")
    platforms, amount = accounts["platform"], len(accounts)
    genuine = accounts["genuine_followers"].to_numpy(dtype="float64")
    quality = (
        accounts["niche"].map(NICHES["effect"])
        + accounts["country"].map(COUNTRIES["effect"])
        + _curve_spread(platforms, genuine, settings)
        * to_shape(rng.standard_normal(amount), settings.error_shape)
    )
    names = ("post_sd", "post_sd_shape", "seen_per_engagement", "median_followers")
    lowest, highest, shape, seen, usual = settings.law_values(platforms, *names)
    levels = _draw_parts(rng, platforms, settings).assign(
        genuine_median_engagements=curve_engagements(platforms, genuine, settings) * 10**quality,
        quality=quality,
        post_sd=(lowest + (highest - lowest) * rng.beta(2, shape, amount))
        * spread_factor(genuine, usual, settings.post_shape),
        seen_per_engagement=seen * 10 ** rng.normal(0, 0.18, amount),
    )
    return _with_bought_likes(levels, events)


def _draw_parts(rng: Rng, platforms: pd.Series, settings: MarketSettings) -> pd.DataFrame:
    """Draw how an account's engagements split: likes first, the others vary by account."""
    laws = settings.law_values(platforms, "comment_share", "share_share", "save_share")
    shares = np.array(laws)
    spreads = np.array(settings.law_values(platforms, "part_spread"))
    others = shares * 10 ** rng.normal(0, spreads)
    parts = np.vstack([1 - shares.sum(axis=0), others])
    return pd.DataFrame(dict(zip(PARTS, parts / parts.sum(axis=0), strict=True)))


def _with_bought_likes(levels: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    median_likes = levels["genuine_median_engagements"] * levels["likes"]
    is_likes = events["kind"].isin(KINDS["bought_likes"])
    bought = events[is_likes].set_index("creator").reindex(levels.index)
    extra = bought["relative_size"].fillna(0.0) * median_likes
    is_floor, is_burst = (bought["kind"] == f"bought_likes_{name}" for name in ("floor", "bursts"))
    # The floor lies above the account's own median, so the median post is at the floor.
    return levels.assign(
        floor_likes=(median_likes + extra).where(is_floor, 0.0),
        added_likes=extra.mask(is_floor | is_burst, 0.0),
        burst_likes=bought["relative_size"].where(is_burst, 0.0),
        likes_days=bought["days_ago"].fillna(0.0),
        long_run_median_engagements=levels["genuine_median_engagements"]
        + extra.mask(is_burst, 0.0),
    )

"""What each account's posts bring in the long run: the curve, and the account's place about it.

The spread about the curve is skewed and heavy-tailed: a normal draw goes through sinh-arcsinh
(Jones and Pewsey, 2009) and is scaled to standard deviation 1. Its median, not its mean, is 0, so
that the curve is the median curve.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pandas as pd

from workbench.market.accounts import COUNTRIES, NICHES
from workbench.market.events import KINDS
from workbench.market.settings import Floats, MarketSettings, Rng

PARTS = ("likes", "comments", "shares", "saves")
SKEW = 0.15  # positive: a few creators far above their peers
TAIL = 0.90  # below 1: heavier tails than the normal's


def _bend(normal: Floats) -> Floats:
    return np.sinh((np.arcsinh(normal) + SKEW) / TAIL) - math.sinh(SKEW / TAIL)


NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)
BENT_SD = np.sqrt(np.cov(_bend(NODES), aweights=WEIGHTS, ddof=0))
NORMAL = np.linspace(-6, 6, 4001)
BENT, SHARE_BELOW = _bend(NORMAL) / BENT_SD, np.vectorize(NormalDist().cdf)(NORMAL)


def curve_engagements(platforms: pd.Series, followers: Floats, settings: MarketSettings) -> Floats:
    """Return the curve: median engagements a post of an account of that platform and size."""
    start, exponent = settings.law_values(platforms, "engagements_at_10k", "exponent")
    return start * (followers / 1e4) ** exponent


def _curve_spread(platforms: pd.Series, followers: Floats, settings: MarketSettings) -> Floats:
    """Return the spread of creators about the curve, in dex, without the niche's."""
    middle, slope = settings.law_values(platforms, "residual_sd", "residual_sd_slope")
    return np.maximum(middle + slope * np.log10(followers / 1e5), 0.6 * middle)


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
        below += weight * np.interp((residual - effect) / spread, BENT, SHARE_BELOW)
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
        ``floor_likes`` and ``added_likes`` (bought, a post; else 0), and
        ``long_run_median_engagements`` with the bought likes.
    """
    rng = settings.stream("levels")
    platforms, amount = accounts["platform"], len(accounts)
    genuine = accounts["genuine_followers"].to_numpy(dtype="float64")
    skewed = _bend(rng.standard_normal(amount)) / BENT_SD
    effect = (
        accounts["niche"].map(NICHES["effect"])
        + accounts["country"].map(COUNTRIES["effect"])
        + _curve_spread(platforms, genuine, settings) * skewed
    )
    lowest, highest, seen = settings.law_values(platforms, "post_sd", "seen_per_engagement")
    levels = _draw_parts(rng, platforms, settings).assign(
        genuine_median_engagements=curve_engagements(platforms, genuine, settings) * 10**effect,
        post_sd=lowest + (highest - lowest) * rng.beta(2, 2, amount),
        seen_per_engagement=seen * 10 ** rng.normal(0, 0.18, amount),
    )
    return _with_bought_likes(levels, events)


def _draw_parts(rng: Rng, platforms: pd.Series, settings: MarketSettings) -> pd.DataFrame:
    """Draw how an account's engagements split: likes first, the others vary by account."""
    laws = settings.law_values(platforms, "comment_share", "share_share", "save_share")
    shares = np.array(laws)
    others = shares * 10 ** rng.normal(0, 0.22, shares.shape)
    parts = np.vstack([1 - shares.sum(axis=0), others])
    return pd.DataFrame(dict(zip(PARTS, parts / parts.sum(axis=0), strict=True)))


def _with_bought_likes(levels: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    median_likes = levels["genuine_median_engagements"] * levels["likes"]
    is_likes = events["kind"].isin(KINDS["bought_likes"])
    bought = events[is_likes].set_index("creator").reindex(levels.index)
    extra = bought["relative_size"].fillna(0.0) * median_likes
    is_floor = bought["kind"] == "bought_likes_floor"
    # The floor lies above the account's own median, so the median post is at the floor.
    return levels.assign(
        floor_likes=(median_likes + extra).where(is_floor, 0.0),
        added_likes=extra.where(~is_floor, 0.0),
        long_run_median_engagements=levels["genuine_median_engagements"] + extra,
    )

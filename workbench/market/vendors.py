"""Two invented vendors' estimates of the same creators: each biased in a way of its own.

Logs are natural. Both look at the same posts, so that a part of their error is the same, and their
agreement proves less than it seems to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from workbench.formats import percent, short_count
from workbench.market.fees import account_columns

if TYPE_CHECKING:  # whose settings hold these
    from workbench.market.settings import Floats, MarketSettings, Rng

TIER_EDGES = (1e4, 1e5, 1e6)  # of followers; biases stand by tier from the smallest on
COUNTS = ("likes", "comments", "seen")


class VendorLaw(NamedTuple):
    """How one vendor's figures differ from the truth."""

    tier_bias: tuple[float, ...]  # log, of average likes, comments and reach
    platform_bias: dict[str, float]  # log, on top
    noise: tuple[float, float]  # sd at 100,000 followers, its growth per tenfold fewer
    suspicious: tuple[float, float]  # bias of the logit; share that scores are drawn to
    shrinkage: tuple[float, ...]  # by tier: 0 as estimated, 1 all at that share
    missing_share: float
    rate_by_reach: bool  # engagement rate: likes of the reach; else all of the followers


VENDORS = {
    "zelnora": VendorLaw(
        (0.25, 0.10, 0.0, -0.10), {"instagram": 0.0, "tiktok": 0.15, "youtube": -0.10},
        (0.12, 0.12), (0.5, 0.28), (0.3, 0.4, 0.6, 0.85), 0.10, rate_by_reach=False,
    ),
    "kruvixa": VendorLaw(
        (-0.20, -0.05, 0.05, 0.20), {"instagram": -0.10, "tiktok": 0.0, "youtube": 0.20},
        (0.20, 0.08), (-0.4, 0.20), (0.5, 0.5, 0.6, 0.7), 0.20, rate_by_reach=True,
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class VendorSettings:
    """The vendors, and what they have in common."""

    vendors: dict[str, VendorLaw] = field(default_factory=lambda: dict(VENDORS))
    shared_noise: float = 0.25  # log sd, the same for all vendors
    idle_law: tuple[float, float] = (2.0, 9.0)  # beta: share of any audience
    suspicious_noise: float = 0.4  # of the logit
    abroad_share: float = 0.25  # of creators, whose audience is of another country


@dataclass(frozen=True, kw_only=True)
class VendorLists:
    """What the vendors say, and the truth.

    Attributes
    ----------
    lists : dict
        By vendor, one row an account: ``likes``, ``comments``, ``seen`` (averages of the posts),
        ``rate``, ``suspicious``, ``audience``, ``followers``; missing ones and all.
    truth : DataFrame
        The same of every creator with posts, without any error. The biases stand in the settings.
    """

    lists: dict[str, pd.DataFrame]
    truth: pd.DataFrame


def make_vendors(
    truth: pd.DataFrame, posts: pd.DataFrame, settings: MarketSettings, vendors: VendorSettings
) -> VendorLists:
    """Draw the vendors' lists from a market's ``truth_creators`` and posts."""
    rng = settings.stream("vendors")
    actual = _measure(rng, truth, posts, vendors)
    shared = vendors.shared_noise * rng.standard_normal(len(actual))
    lists = {
        name: _estimate(settings.stream(f"vendor {name}"), actual, shared, law, vendors)
        for name, law in vendors.vendors.items()
    }
    return VendorLists(lists=lists, truth=actual)


def _measure(
    rng: Rng, truth: pd.DataFrame, posts: pd.DataFrame, vendors: VendorSettings
) -> pd.DataFrame:
    seen, likes = posts["views"].fillna(posts["reach"]), posts["likes"].mask(posts["likes_hidden"])
    means = posts.assign(seen=seen, likes=likes).astype(dict.fromkeys(COUNTS, "Float64"))
    means = means.groupby("creator_key")[list(COUNTS)].mean().astype("float64")
    idle = rng.beta(*vendors.idle_law, len(truth))
    bought = 1 - (truth["genuine_followers"] / truth["followers"]).clip(upper=1)
    abroad = rng.random(len(truth)) < vendors.abroad_share
    other = rng.choice(truth["country"].unique(), len(truth))
    own = truth[["creator_key", "platform", "followers"]].assign(
        suspicious=bought + (1 - bought) * idle,
        audience=truth["country"].mask(abroad, pd.Series(other, index=truth.index)),
    )
    return own.merge(means, on="creator_key")


def _estimate(
    rng: Rng, actual: pd.DataFrame, shared: Floats, law: VendorLaw, vendors: VendorSettings
) -> pd.DataFrame:
    amount, size = len(actual), actual["followers"].to_numpy(dtype="float64")
    tier = np.digitize(size, TIER_EDGES)
    bias = np.array(law.tier_bias)[tier] + actual["platform"].map(law.platform_bias).to_numpy()
    spread = np.maximum(law.noise[0] + law.noise[1] * np.log10(1e5 / size), law.noise[0] / 2)
    shown = {
        name: actual[name] * np.exp(bias + shared + spread * rng.standard_normal(amount))
        for name in COUNTS
    }
    true, middle = logit(actual["suspicious"].to_numpy()), logit(law.suspicious[1])
    noise = vendors.suspicious_noise * rng.standard_normal(amount)
    drawn_in = 1 - np.array(law.shrinkage)[tier]
    score = middle + drawn_in * (true + law.suspicious[0] + noise - middle)
    followers = np.rint(size * np.exp(rng.normal(0, 0.01, amount)))  # as of some days ago
    by_followers = (shown["likes"] + shown["comments"]) / followers
    found = actual[["creator_key", "audience"]].assign(
        **shown,
        followers=followers,
        rate=shown["likes"] / shown["seen"] if law.rate_by_reach else by_followers,
        suspicious=expit(score),
    )
    # Some accounts a vendor does not know, of others it lacks a figure.
    figures = ["suspicious", "audience", "seen"]
    lacking = rng.random((amount, len(figures))) < law.missing_share
    found[figures] = found[figures].mask(lacking)
    return found[rng.random(amount) >= law.missing_share].reset_index(drop=True)


def export_vendors(
    lists: dict[str, pd.DataFrame], creators: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return ``vendor_NAME.csv`` of each vendor: averages, rounded as such lists are."""
    counts = {"followers": "Followers", "likes": "Avg. likes", "comments": "Avg. comments"}
    counts |= {"seen": "Est. reach"}
    shares = {"rate": "Engagement rate", "suspicious": "Suspicious followers %"}
    headers = counts | shares | {"audience": "Audience country"}
    exports = {}
    for name, found in lists.items():
        written = found[[*headers]].astype("object")
        written[[*counts]] = found[[*counts]].map(_rounded, na_action="ignore")
        written[[*shares]] = found[[*shares]].map(percent, na_action="ignore")
        own = account_columns(creators, found["creator_key"])
        exports[f"vendor_{name}.csv"] = own.join(written.rename(columns=headers))
    return exports


def _rounded(count: float) -> str:
    return short_count(float(f"{count:.2g}"))

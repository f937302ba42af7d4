"""What a simulated market is made from: its size, its laws and the share of planted patterns."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.errors import SettingsError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rng = np.random.Generator


@dataclass(frozen=True, kw_only=True)
class PlatformLaw:
    """How the accounts of one platform behave; spreads in dex (0.3 dex is a factor of 2).

    The curve, median engagements a post, is ``engagements_at_10k * (followers / 1e4)**exponent``.
    A post of age t has ``1 - exp(-(t / ripening_days)**ripening_power)`` of its final counts.
    """

    exponent: float
    engagements_at_10k: float
    residual_sd: float  # of creators about the curve, at 100k followers
    residual_sd_slope: float = 0.0  # its change per tenfold followers
    median_followers: float
    followers_sd: float
    post_sd: tuple[float, float]  # of a creator's posts about their median: least and most
    viral_share: float  # of posts, which reach 5 to 30 times the creator's median
    ripening_days: float
    ripening_power: float
    comment_share: float  # of the engagements, as the next two; the rest are likes
    share_share: float = 0.0  # 0 where the export has no such column
    save_share: float = 0.0
    seen_per_engagement: float  # views, on Instagram reach


# Exponents and spreads near those measured on accounts that were not picked for their engagement:
# TikTok flat, with small accounts more spread than large ones; Instagram and YouTube falling.
_VALUES: dict[str, tuple[Any, ...]] = {
    "exponent": (0.85, 1.00, 0.75),
    "engagements_at_10k": (200, 230, 180),
    "residual_sd": (0.30, 0.45, 0.40),
    "residual_sd_slope": (0.0, -0.07, 0.0),
    "median_followers": (32_000, 50_000, 40_000),
    "followers_sd": (0.85, 0.90, 0.90),
    "post_sd": ((0.20, 0.36), (0.28, 0.45), (0.22, 0.42)),
    "viral_share": (0.02, 0.05, 0.03),
    "ripening_days": (0.8, 2.5, 4),
    "ripening_power": (0.6, 0.6, 0.55),
    "comment_share": (0.03, 0.015, 0.07),
    "share_share": (0.0, 0.03, 0.0),
    "save_share": (0.05, 0.0, 0.0),
    "seen_per_engagement": (18, 7, 22),
}
LAWS = {
    platform: PlatformLaw(**{name: values[place] for name, values in _VALUES.items()})
    for place, platform in enumerate(("instagram", "tiktok", "youtube"))
}


@dataclass(frozen=True, kw_only=True)
class MarketSettings:
    """A market to be made. The same settings give the same market, to the last digit.

    Raises
    ------
    SettingsError
        If a value is outside its range or a platform has no law.
    """

    seed: int = 20260930
    creators: dict[str, int] = field(  # accounts per platform
        default_factory=lambda: {"instagram": 170, "tiktok": 130, "youtube": 100}
    )
    as_of: date = date(2026, 9, 30)  # the day on which all counts were read
    weeks_of_history: int = 26  # weekly follower counts, the last one on as_of; at least 8
    # Shares of creators, 0-1: with a planted pattern, then with an innocent jump of followers.
    bought_followers_share: float = 0.06
    bought_likes_share: float = 0.05
    follow_unfollow_share: float = 0.03
    giveaway_share: float = 0.06
    press_share: float = 0.04
    viral_spike_share: float = 0.05
    hidden_likes_share: float = 0.05  # of Instagram and YouTube, on all of the creator's posts
    laws: dict[str, PlatformLaw] = field(default_factory=lambda: dict(LAWS))

    def __post_init__(self) -> None:
        faults = [
            f"{name} is {value}; give a share between 0 and 1"
            for name, value in vars(self).items()
            if name.endswith("_share") and not 0 <= value <= 1
        ]
        faults += [
            f"creators has {amount} on {platform!r}; give one or more, on {', '.join(self.laws)}"
            for platform, amount in self.creators.items()
            if amount < 1 or platform not in self.laws
        ]
        if self.weeks_of_history < 8:
            faults.append(f"weeks_of_history is {self.weeks_of_history}; give 8 or more")
        if faults:
            raise SettingsError("This market cannot be made.", faults)

    @property
    def read_at(self) -> datetime:
        """The moment at which all counts were read (UTC)."""
        return datetime.combine(self.as_of, time(20), tzinfo=UTC)

    def stream(self, subject: str) -> Rng:
        """Return the random numbers of one subject, so that a change to one leaves the others."""
        return np.random.default_rng([self.seed, zlib.crc32(subject.encode())])

    def law_values(self, platforms: pd.Series, *names: str) -> list[Floats]:
        """Return law values of each row's platform: an array a name, two for a pair of limits."""
        laws = [np.hstack([getattr(law, name) for name in names]) for law in self.laws.values()]
        place = pd.Index(list(self.laws)).get_indexer(pd.Index(platforms))
        return list(np.take(np.array(laws, dtype="float64").T, place, axis=1))

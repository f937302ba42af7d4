"""What a simulated market is made from: its size, its laws and the share of planted patterns."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.errors import SettingsError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rng = np.random.Generator
Shape = Literal["skewed_heavy", "normal", "t", "skewed", "skewed_low", "heteroscedastic"]
Selection = Literal["none", "top_engagements", "top_views", "engagement_rate"]


class Dose(NamedTuple):
    """How much of a kind is bought: median and spread (natural log) of the relative size."""

    median: float
    spread: float


# What can be bought, by the flag that the truth has for it; sizes of neighbouring kinds overlap.
# Followers: times those before. Likes: on every post, times the genuine median; bursts: on a fifth
# of the posts, times the post's own; a floor lies 0.2 to 1.2 above the median, drawn evenly.
BOUGHT: dict[str, dict[str, Dose]] = {
    "bought_followers": {
        "bought_followers": Dose(0.22, 0.6),
        "bought_followers_plus_50": Dose(0.5, 0.3),
        "bought_followers_plus_100": Dose(1.0, 0.3),
        "bought_followers_plus_300": Dose(3.0, 0.3),
    },
    "bought_likes": {
        "bought_likes_floor": Dose(0.7, 0.5),
        "bought_likes_proportional": Dose(0.9, 0.5),
        "bought_likes_plus_50": Dose(0.5, 0.3),
        "bought_likes_plus_100": Dose(1.0, 0.3),
        "bought_likes_plus_300": Dose(3.0, 0.3),
        "bought_likes_bursts": Dose(2.0, 0.3),
    },
}


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


@dataclass(frozen=True, kw_only=True)
class TexturedLaw(PlatformLaw):
    """A law that also says how uneven posts and creators are; as given here, as a plain law is."""

    post_sd_shape: float = 2.0  # above 2: most accounts near the least of post_sd
    post_memory: float = 0.0  # correlation of a creator's neighbouring posts
    post_skew: float = 0.0  # sinh-arcsinh's, as the next: positive where good posts stand out more
    post_tail: float = 1.0  # below 1: heavier tails than the normal's; post_sd is then the middle's
    reel_share: float = 0.40  # of the posts, on Instagram
    photo_spread: float = 1.0  # post_sd of Instagram's other posts over that of reels
    photo_viral: float = 1.0  # the same of viral_share
    part_spread: tuple[float, float, float] = (0.22, 0.22, 0.22)  # of creators: comments ...
    part_shape: tuple[float, float, float] = (4.0, 3.0, 4.0)  # ... shares, saves; of posts, gamma
    # Comments, shares and saves of a post go as its engagements over the creator's, to this power.
    part_power: tuple[float, float, float] = (1.0, 1.0, 1.0)
    span_days: float = 75.0  # of a middle account's posts, at 100k followers
    span_spread: float = 0.45  # of accounts, natural log
    pace_slope: float = 0.0  # of posts a week, in dex per tenfold followers
    # Of who follows to be followed back, over the plain law's.
    wave_size: float = 1.0
    wave_following: float = 1.0


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
    weeks_of_history: int = 26  # of follower counts, the last one on as_of; at least 8
    days_between_counts: int = 7  # 1-7
    least_per_tier: int = 0  # creators that a platform has of each size, as far as they suffice
    error_shape: Shape = "skewed_heavy"  # of creators about the curve
    post_shape: Shape = "normal"  # of posts about their creator's median, without the viral ones
    # How the exports' creators were picked, a platform at a time, which nothing in them tells:
    # the top by median engagements or views (Instagram: reach), or from a rate by followers on.
    selection: Selection = "none"
    selection_share: float = 0.3  # kept of a top list
    selection_rate: float = 0.03  # least engagements over followers, where picked by it
    selection_softness: float = 0.0  # 0: a sharp edge; else scale of a logistic one, in dex
    bought_kinds: tuple[str, ...] = (  # of BOUGHT, those of a group equally often
        "bought_followers",
        "bought_likes_floor",
        "bought_likes_proportional",
    )
    # Shares of creators, 0-1: with a planted pattern, then with an innocent jump of followers.
    bought_followers_share: float = 0.06
    bought_likes_share: float = 0.05
    follow_unfollow_share: float = 0.03
    giveaway_share: float = 0.06
    press_share: float = 0.04
    viral_spike_share: float = 0.05
    hidden_likes_share: float = 0.05  # of Instagram and YouTube, on all of the creator's posts
    late_start_share: float = 0.0  # of bought likes, which begin between two posts
    drip_share: float = 0.0  # of bought followers, which come over weeks
    innocent_spread: float = 1.0  # factor on the spread of innocent jumps' sizes
    fading_share: float = 0.0  # of innocent jumps, which are lost again as bought ones are
    missing_counts_share: float = 0.03  # of the follower history
    rounded_counts_share: float = 0.0  # of creators whose history has 3 figures
    calendar_share: float = 0.0  # of innocent jumps that the events' calendar has; 0: no such file
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
        faults += [
            f"{name} is {value}; give {low} to {high}"
            for name, low, high in (
                ("weeks_of_history", 8, 520),
                ("days_between_counts", 1, 7),
                ("selection_rate", 0, 10),
                ("selection_softness", 0, 2),
                ("innocent_spread", 0, 3),
            )
            if not low <= (value := getattr(self, name)) <= high
        ]
        kinds = [kind for group in BOUGHT.values() for kind in group]
        faults += [
            f"{name} is {value!r}; give one of {', '.join(known)}"
            for name, values, known in (
                ("error_shape", (self.error_shape,), get_args(Shape)),
                ("post_shape", (self.post_shape,), get_args(Shape)),
                ("selection", (self.selection,), get_args(Selection)),
                ("bought_kinds", self.bought_kinds, kinds),
            )
            for value in values
            if value not in known
        ]
        if faults:
            raise SettingsError("This market cannot be made.", faults)

    @property
    def read_at(self) -> datetime:
        """The moment at which all counts were read (UTC)."""
        return datetime.combine(self.as_of, time(20), tzinfo=UTC)

    @property
    def platforms(self) -> pd.Series:
        """The platform of every account."""
        return pd.Series(np.repeat(list(self.creators), list(self.creators.values())))

    def stream(self, subject: str) -> Rng:
        """Return the random numbers of one subject, so that a change to one leaves the others."""
        return np.random.default_rng([self.seed, zlib.crc32(subject.encode())])

    def kinds_of(self, group: str) -> list[str]:
        """Return the kinds of a group of `BOUGHT` that this market has."""
        return [kind for kind in self.bought_kinds if kind in BOUGHT.get(group, ())]

    @property
    def counts(self) -> int:
        """Number of follower counts of an account."""
        return (self.weeks_of_history - 1) * 7 // self.days_between_counts + 1

    def law_values(self, platforms: pd.Series, *names: str) -> list[Floats]:
        """Return law values of each row's platform: an array a name, two for a pair of limits."""
        laws = [
            # A plain law has the textured one's defaults.
            np.hstack([getattr(law if hasattr(law, n) else TexturedLaw, n) for n in names])
            for law in self.laws.values()
        ]
        place = pd.Index(list(self.laws)).get_indexer(pd.Index(platforms))
        return list(np.take(np.array(laws, dtype="float64").T, place, axis=1))


def varied_settings(creators: int, **changes: Any) -> MarketSettings:
    """Return the settings of a market harder than the sample, over platforms as the sample is.

    All kinds of bought engagement, late starts, drips, innocent jumps that fade, rounded counts, a
    calendar with gaps, every tier on every platform.
    """
    sample = MarketSettings().creators
    edges = np.rint(np.cumsum([0, *sample.values()]) / sum(sample.values()) * creators)
    amounts = np.maximum(np.diff(edges), 1).astype("int64").tolist()
    return MarketSettings(creators=dict(zip(sample, amounts, strict=True)), **(_HARDER | changes))


_HARDER: dict[str, Any] = {
    "bought_kinds": tuple(
        kind
        for group in BOUGHT.values()
        for kind in group
        if kind not in ("bought_followers", "bought_likes_proportional")
    ),
    "least_per_tier": 2,
    "late_start_share": 0.5,
    "drip_share": 0.3,
    "innocent_spread": 2.5,
    "fading_share": 0.3,
    "rounded_counts_share": 0.1,
    "calendar_share": 0.7,
}

"""What the posts of a market look like in figures, measured alike on real and on simulated posts.

Of each creator the latest 10 posts older than three days are taken, so that no marginal depends on
how many posts were collected or on how ripe they are; who has fewer is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.real_sets import tiktok_posts
from benchmarks.report import real_data
from workbench.market.settings import Floats, Ints, MarketSettings, PlatformLaw, Shape, TexturedLaw
from workbench.market.world import make_market

SEED = 4
POSTS = 10
RIPE_DAYS = 3
PARTS = ("likes", "comments", "shares")
COLUMNS = ["creator", "followers", "posted_at", *PARTS, "views"]
# What is left of a creator's values beside a straight line.
_LINE = np.vander(np.arange(POSTS, dtype="float64"), 2)
DETREND = np.eye(POSTS) - _LINE @ np.linalg.pinv(_LINE)
QUARTILES = (0.25, 0.50, 0.75)


@dataclass(frozen=True)
class Sample:
    """Creators with their latest posts, oldest first: counts are creators x posts."""

    followers: Floats
    posted_at: Floats  # seconds
    counts: dict[str, Floats]  # those that the source has

    def take(self, rows: Ints) -> Sample:
        """Return a sample of these rows."""
        counts = {name: values[rows] for name, values in self.counts.items()}
        return Sample(self.followers[rows], self.posted_at[rows], counts)

    @property
    def engagements(self) -> Floats:
        """The sum of the parts that the source has."""
        total: Floats = sum(
            (self.counts[name] for name in PARTS if name in self.counts),
            start=np.zeros_like(self.posted_at),
        )
        return total

    @property
    def size(self) -> Floats:
        """Followers, log10."""
        return np.log10(self.followers)

    @property
    def level(self) -> Floats:
        """Each creator's median engagements a post, log10(1 + median)."""
        return np.log10(1 + np.median(self.engagements, axis=1))


def make_sample(posts: pd.DataFrame, followers: tuple[float, float] = (100, np.inf)) -> Sample:
    """Keep the latest ripe posts of creators in that range of followers."""
    posted = posts["posted_at"]
    ripe = posts[posted < posted.max() - RIPE_DAYS * 86_400]
    ripe = ripe[ripe["followers"].between(*followers)].sort_values("posted_at", kind="stable")
    latest = ripe.groupby("creator").tail(POSTS)
    full = latest[latest.groupby("creator")["creator"].transform("size") == POSTS]
    full = full.sort_values("creator", kind="stable")
    values = {name: full[name].to_numpy("float64").reshape(-1, POSTS) for name in COLUMNS[1:]}
    sizes, times = values.pop("followers")[:, 0], values.pop("posted_at")
    counts = {name: value for name, value in values.items() if not np.isnan(value).any()}
    return Sample(sizes, times, counts)


def read_instafake() -> pd.DataFrame:
    """Return the posts of genuine small Instagram accounts, 2018."""
    path = real_data("instafake") / "nonautomatedAccountData.json"
    accounts = pd.DataFrame(json.loads(path.read_text(encoding="utf-8")))
    wanted = {"userFollowerCount": "followers", "mediaUploadTimes": "posted_at"}
    wanted |= {"mediaLikeNumbers": "likes", "mediaCommentNumbers": "comments"}
    posts = accounts[list(wanted)].rename(columns=wanted).rename_axis("creator").reset_index()
    posts = posts.explode(["posted_at", "likes", "comments"]).dropna()
    return posts.astype("float64").reindex(columns=COLUMNS)


def read_likepredictor() -> pd.DataFrame:
    """Return the photos of large Instagram accounts, 2017: likes only, and days without hours."""
    frames = []
    for number, path in enumerate(sorted(real_data("ig_likepredictor2017").glob("profiles/*"))):
        profile = json.loads(path.read_text(encoding="utf-8")) or {}
        posts = pd.DataFrame(profile.get("posts") or [], columns=["date", "numberLikes"])[::-1]
        frames.append(posts.assign(creator=number, followers=profile.get("numberFollowers")))
    table = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)
    posted = pd.to_datetime(table["date"], utc=True).dt.as_unit("s").astype("int64")
    table = table.assign(posted_at=posted, likes=table["numberLikes"])
    return table.reindex(columns=COLUMNS).astype("float64")


def read_tiktok() -> pd.DataFrame:
    """Return the latest videos of well-known TikTok creators, 2020."""
    table = tiktok_posts()
    names = {"n_likes": "likes", "n_comments": "comments", "n_shares": "shares"}
    names |= {"n_plays": "views", "n_followers": "followers", "create_time": "posted_at"}
    table = table.rename(columns=names).assign(creator=pd.factorize(table["user_name"])[0])
    return table[COLUMNS].astype("float64")


def simulate(law: PlatformLaw, creators: int, *, platform: str, shape: Shape) -> pd.DataFrame:
    """Return the posts of a market's honest accounts of one platform."""
    settings = MarketSettings(
        seed=SEED, creators={platform: creators}, laws={platform: law}, error_shape=shape
    )
    market = make_market(settings)
    flags = ["bought_followers", "bought_likes", "follow_unfollow"]
    truth = market.truth_creators.set_index("creator_key")
    honest = truth.index[~truth[flags].any(axis=1)]
    posts = market.posts[market.posts["creator_key"].isin(honest)]
    return posts.assign(
        creator=posts["creator_key"].factorize()[0],
        followers=posts["creator_key"].map(truth["followers"]),
        posted_at=posts["posted_at"].dt.as_unit("s").astype("int64"),
    )[COLUMNS].astype("float64")


def like_real(law: PlatformLaw, real: Sample) -> PlatformLaw:
    """Move a law to the sizes and the level of a real set, which are not what is compared."""
    middle, spread = float(np.median(real.size)), float(np.std(real.size))
    start = np.median(real.level - law.exponent * (real.size - 4))
    return TexturedLaw(
        **vars(law)
        | {
            "reel_share": 0.0,  # reels are younger than the real sets
            "median_followers": 10**middle,
            "followers_sd": spread,
            "engagements_at_10k": float(10**start),
        }
    )


def line(x: Floats, y: Floats) -> tuple[float, float]:
    """Return slope and start of a least-squares line."""
    slope, start = np.polyfit(x, y, 1)
    return float(slope), float(start)


def residuals(sample: Sample) -> Floats:
    """Return the creators' places about the straight curve, dex."""
    slope, start = line(sample.size, sample.level)
    return sample.level - start - slope * sample.size


def deviations(sample: Sample) -> Floats:
    """Return each post's place about its creator's median, in the creator's own spreads."""
    values = np.log10(1 + sample.engagements)
    values = values - np.median(values, axis=1, keepdims=True)
    spread = np.median(np.abs(values), axis=1, keepdims=True)
    scaled: Floats = values / np.where(spread > 0, spread, np.nan) / 1.4826
    return scaled.ravel()


def detrended(counts: Floats) -> Floats:
    """Return log10(1 + counts) beside each creator's straight line over its posts."""
    left: Floats = np.log10(1 + counts) @ DETREND
    return left


def detrended_sd(counts: Floats) -> Floats:
    """Return each creator's spread beside its straight line, dex."""
    spread: Floats = np.sqrt((detrended(counts) ** 2).sum(axis=1) / (POSTS - 2))
    return spread


def log_ratio(above: Floats, below: Floats) -> Floats:
    """Return the log10 of a ratio of counts, finite at zero."""
    return np.log10((above + 0.5) / (below + 0.5))


def skewness(values: Floats) -> float:
    """Return how much wider the upper half is than the lower, of the 10-90% range (-1 to 1)."""
    low, middle, high = np.nanquantile(values, (0.1, 0.5, 0.9))
    return float((high + low - 2 * middle) / (high - low))


def tail(values: Floats) -> float:
    """Return the 95% range over the middle half's; 2.91 for the normal."""
    outer, inner = (np.diff(np.nanquantile(values, q))[0] for q in ((0.025, 0.975), (0.25, 0.75)))
    return float(outer / inner)


def half_width(values: Floats) -> float:
    """Return half the middle 68%: the standard deviation, where the values are normal."""
    low, high = np.quantile(values, (0.16, 0.84))
    return float(high - low) / 2


def spread_slope(sample: Sample) -> float:
    """Return the change of the spread about the curve per tenfold followers, dex."""
    size = np.abs(residuals(sample)) * np.sqrt(np.pi / 2)
    return line(sample.size, size)[0]


def lag_one(values: Floats) -> float:
    """Return the mean correlation of a creator's neighbouring posts."""
    squares = (values**2).sum(axis=1)
    usable = squares > 0
    products = (values[:, 1:] * values[:, :-1]).sum(axis=1)
    return float((products[usable] / squares[usable]).mean())


def over_dispersion(likes: Floats) -> float:
    """Return the middle creator's negative-binomial dispersion of the likes."""
    mean, variance = likes.mean(axis=1), likes.var(axis=1, ddof=1)
    return float(np.median((variance - mean) / np.maximum(mean, 1) ** 2))


def viral(sample: Sample) -> float:
    """Return the share of posts above five times their creator's median, in percent."""
    total = sample.engagements
    return float((total > 5 * np.median(total, axis=1, keepdims=True)).mean() * 100)


def together(first: Floats, second: Floats) -> float:
    """Return the correlation of two counts over a creator's posts, beside their lines."""
    return float(np.corrcoef(detrended(first).ravel(), detrended(second).ravel())[0, 1])


def pace(sample: Sample) -> Floats:
    """Return each creator's posts a week, log10."""
    days = (sample.posted_at[:, -1] - sample.posted_at[:, 0]) / 86_400
    return np.log10(7 * (POSTS - 1) / np.maximum(days, 0.5))


def same_hour(sample: Sample) -> float:
    """Return how far the middle creator keeps to one hour of the day: 0 not at all, 1 always."""
    turn = np.exp(2j * np.pi * (sample.posted_at % 86_400) / 86_400)
    return float(np.median(np.abs(turn.mean(axis=1))))


def _ratios(above: str, below: str) -> dict[str, Callable[[Sample], float]]:
    def of_creators(s: Sample) -> Floats:
        return log_ratio(s.counts[above].sum(axis=1), s.counts[below].sum(axis=1))

    def of_posts(s: Sample) -> Floats:
        return log_ratio(s.counts[above], s.counts[below])

    name = f"{above}/{below}"
    return {
        f"{name}: median (dex)": lambda s: float(np.median(of_creators(s))),
        f"{name}: spread of creators (dex)": lambda s: half_width(of_creators(s)),
        f"{name}: within a creator (dex)": lambda s: float(
            np.median(of_posts(s).std(axis=1, ddof=1))
        ),
        f"{name}: correlation over posts": lambda s: together(s.counts[above], s.counts[below]),
    }


def _quantiles(
    name: str, levels: tuple[float, ...], values: Callable[[Sample], Floats]
) -> dict[str, Callable[[Sample], float]]:
    def quantile(level: float, sample: Sample) -> float:
        return float(np.quantile(values(sample), level))

    return {f"{name}, {level:.0%}": partial(quantile, level) for level in levels}


CURVE: dict[str, Callable[[Sample], float]] = {
    "exponent": lambda s: line(s.size, s.level)[0],
    "spread about the curve (dex)": lambda s: float(np.std(residuals(s), ddof=2)),
    "its skewness": lambda s: skewness(residuals(s)),
    "its tail": lambda s: tail(residuals(s)),
    "its change per tenfold (dex)": spread_slope,
}
SERIES: dict[str, Callable[[Sample], float]] = {
    **_quantiles(
        "sd of a creator's posts (dex)",
        QUARTILES,
        lambda s: np.log10(1 + s.engagements).std(axis=1, ddof=1),
    ),
    **_quantiles(
        "sd of detrended likes (dex)",
        (0.05, *QUARTILES),
        lambda s: detrended_sd(s.counts["likes"]),
    ),
    "posts about the median: skewness": lambda s: skewness(deviations(s)),
    "posts about the median: tail": lambda s: tail(deviations(s)),
    "viral posts, above 5 medians (%)": viral,
    "over-dispersion of likes": lambda s: over_dispersion(s.counts["likes"]),
    "neighbouring posts: correlation": lambda s: lag_one(detrended(s.engagements)),
}
PACE: dict[str, Callable[[Sample], float]] = {
    "posts a week: median (log10)": lambda s: float(np.median(pace(s))),
    "posts a week: spread (dex)": lambda s: half_width(pace(s)),
    "posts a week: change per tenfold (dex)": lambda s: line(s.size, pace(s))[0],
}


def marginals(sample: Sample, *, hours: bool = True) -> dict[str, float]:
    """Measure everything that the sample's counts allow."""
    wanted = CURVE | SERIES | PACE
    if hours:
        wanted = wanted | {"posting hours: concentration": same_hour}
    for above in ("comments", "shares", "views"):
        if above in sample.counts:
            wanted = wanted | _ratios(above, "likes")
    return {name: float(measure(sample)) for name, measure in wanted.items()}

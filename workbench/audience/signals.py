"""What can look odd about an account: each signal as data, and its measuring from the tables.

A signal that the data can't give is missing, never 0. Values are in natural units; the screen puts
them on the scale that ``Signal.scale`` names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from workbench.audience.growth import COLUMNS as GROWTH_COLUMNS
from workbench.audience.growth import LEAST_STEPS, growth_signals
from workbench.audience.likes import LEAST_POSTS, Floats, like_signals, post_matrix
from workbench.audience.texts import text_signals

YOUNGEST_DAYS = 3  # a younger post still gathers likes
FLOODED = 5.0  # times the usual comments or likes: a post that may explain a jump


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One thing that can look odd.

    Attributes
    ----------
    name, label : str
        The column, and what people call it.
    definition, source, direction, needs : str
        How it is computed, who uses it, which way is odd, and what it needs: without that it is
        missing.
    group : str
        What it is told from: signals of a group fall and stand together.
    scale : {"log", "plain"}
        Whether the screen takes its logarithm.
    unit : {"percent", "number", "times"}
        How a value is written.
    scored : bool
        Whether it has a part in the score; else it is shown beside it.
    """

    name: str
    label: str
    definition: str
    source: str
    direction: str
    needs: str
    group: str
    scale: Literal["log", "plain"] = "log"
    unit: Literal["percent", "number", "times"] = "number"
    scored: bool = True


_POSTS = f"at least {LEAST_POSTS} posts with likes and comments"
_COUNTS = f"at least {LEAST_STEPS} follower counts at most a week apart"
SIGNALS: tuple[Signal, ...] = (
    Signal(
        name="engagement_rate",
        label="engagements for the size",
        definition="Engagements per post over those of the curve, or over followers without one.",
        source="Aggarwal et al. 2018, arXiv 1802.03625",
        direction="low: followers who don't engage; high: likes from elsewhere",
        needs="followers and engagements",
        group="level",
        unit="times",
    ),
    Signal(
        name="comments_per_like",
        label="comments per like",
        definition="Comments over likes, both summed over the latest posts.",
        source="HypeAuditor's help pages",
        direction="low: likes without a conversation",
        needs="posts with likes and comments",
        group="likes",
        unit="percent",
    ),
    Signal(
        name="follow_ratio",
        label="accounts followed per follower",
        definition="Accounts followed over followers, on the same day.",
        source="research on labelled followers; HypeAuditor's mass followers",
        direction="low for the size: followers who came otherwise; high: following to be followed",
        needs="accounts followed",
        group="following",
        unit="percent",
    ),
    Signal(
        name="like_spread",
        label="change of likes from post to post",
        definition="Median change of log likes between neighbouring posts, as a robust sd.",
        source="De Cristofaro et al. 2014",
        direction="low: likes that are topped up are too even",
        needs=_POSTS,
        group="likes",
    ),
    Signal(
        name="like_floor",
        label="how far the weakest posts fall",
        definition="10th percentile of log likes below their running median.",
        source="practice of panels that top up likes",
        direction="low: no post does badly",
        needs=_POSTS,
        group="likes",
    ),
    Signal(
        name="like_pile",
        label="posts with the same number of likes",
        definition="Largest share of the latest posts whose likes lie within about a tenth.",
        source="practice of panels that top up likes",
        direction="high: likes that are topped up to a level",
        needs=_POSTS,
        group="likes",
        unit="percent",
    ),
    Signal(
        name="like_bursts",
        label="how far the best posts rise",
        definition="Mean log likes of the best fifth of the posts above their running median.",
        source="Ikram et al. 2017",
        direction="high: bursts of likes on some posts",
        needs=_POSTS,
        group="likes",
    ),
    Signal(
        name="like_step",
        label="lasting rise of the likes",
        definition="Largest rise between the posts before and after a day, over their spread.",
        source="a purchase that begins between two posts",
        direction="high: a new level from one day on",
        needs=_POSTS,
        group="likes",
    ),
    Signal(
        name="comment_link",
        label="comments that go along with likes",
        definition="Correlation of the changes of log likes and log comments from post to post.",
        source="bursts of likes bring no comments",
        direction="low: likes rise where comments don't",
        needs=_POSTS,
        group="likes",
        scale="plain",
    ),
    Signal(
        name="growth_spike",
        label="largest jump of followers without a known event",
        definition="Largest growth a day above the usual, in robust sd, not near a known event.",
        source="Stringhini et al. 2013; Popular Pays' and Tagger's help pages",
        direction="high: many followers at once",
        needs=_COUNTS,
        group="growth",
    ),
    Signal(
        name="drop_after_spike",
        label="part of that jump lost again",
        definition="Of that jump's gain, the part lost within eight weeks; 0 without a jump.",
        source="Tagger's help pages: jumps, then a taper",
        direction="high: followers who are removed or leave",
        needs=_COUNTS,
        group="growth",
        scale="plain",
        unit="percent",
    ),
    Signal(
        name="following_swing",
        label="swings of the accounts followed",
        definition="Spread of log accounts followed about their trend.",
        source="HypeAuditor's following graph",
        direction="high: following and unfollowing in rounds",
        needs=f"at least {LEAST_STEPS} counts of accounts followed",
        group="following",
        unit="percent",
    ),
    Signal(
        name="comment_duplicates",
        label="comments that say the same",
        definition="Share of comments whose text another comment to the account has.",
        source="Weerasinghe et al. 2020",
        direction="high: comments from a list",
        needs="at least 20 comment texts",
        group="comments",
        scale="plain",
        unit="percent",
        scored=False,
    ),
    Signal(
        name="emoji_only",
        label="comments of emoji alone",
        definition="Share of comments without a letter or digit.",
        source="HypeAuditor's comment authenticity",
        direction="high: comments without content",
        needs="at least 20 comment texts",
        group="comments",
        scale="plain",
        unit="percent",
        scored=False,
    ),
    Signal(
        name="posting_hour_entropy",
        label="spread of the posting hours",
        definition="Entropy of the posting hours over the most that so many posts allow.",
        source="circadian checks of automation",
        direction="very low or very high: posts by a machine",
        needs="two posts",
        group="hours",
        scale="plain",
        scored=False,
    ),
    Signal(
        name="sponsored_engagement_ratio",
        label="paid posts beside the others",
        definition="Median engagements of paid posts over those of the others.",
        source="trade practice",
        direction="high: paid posts that do better than the others",
        needs="posts marked as paid and others",
        group="paid",
        unit="times",
        scored=False,
    ),
)
SCORED = tuple(signal.name for signal in SIGNALS if signal.scored)
_FROM_FEATURES = ("follow_ratio", "posting_hour_entropy", "sponsored_engagement_ratio")
_IDENTITY = ("handle", "platform", "niche")


@dataclass(frozen=True, kw_only=True, eq=False)
class Signals:
    """The signals of creators, and the posts that they were measured on.

    Attributes
    ----------
    table : DataFrame
        One row a creator by ``creator_key``: ``handle``, ``platform``, ``niche``, ``followers``,
        ``posts``, a column a signal, and ``spike_from``, ``spike_to``, ``spike_gain``,
        ``explained_jumps`` of the history.
    likes, comments : array
        Creators x latest posts, the newest on the right.
    """

    table: pd.DataFrame
    likes: Floats
    comments: Floats


def measure_signals(
    features: pd.DataFrame,
    posts: pd.DataFrame,
    snapshots: pd.DataFrame,
    *,
    events: pd.DataFrame | None = None,
    comments: pd.DataFrame | None = None,
) -> Signals:
    """Measure every signal that the tables can give.

    Parameters
    ----------
    features : DataFrame
        ``CreatorFeatures.table``; a column ``engagement_residual`` (log10 of the engagements over
        those of the curve) takes the place of the engagement rate.
    posts, snapshots : DataFrame
        The store's tables, up to the data's date.
    events : DataFrame, optional
        ``creator_key``, ``date``, ``kind``: giveaways, press, viral posts.
    comments : DataFrame, optional
        ``creator_key`` and ``text`` of comments.
    """
    table = features.set_index("creator_key")
    keys = table.index
    ordered = posts.sort_values(["creator_key", "posted_at"], ignore_index=True)
    used = _ripe(ordered)
    likes, answers = (post_matrix(used, name, keys) for name in ("likes", "comments"))
    explained = pd.concat([_given(events), _flooded(ordered)], ignore_index=True)
    rate = table["engagement_rate_by_followers"].astype("float64")
    if "engagement_residual" in table:
        rate = 10 ** table["engagement_residual"].astype("float64")
    columns = {
        **{name: table[name].astype("float64") for name in _FROM_FEATURES},
        **{name: table[name] for name in _IDENTITY},
        "followers": table["followers"].astype("float64"),
        "engagement_rate": rate.where(rate > 0),
        "posts": np.isfinite(likes).sum(axis=1),
        **like_signals(likes, answers),
    }
    history = growth_signals(snapshots, explained).reindex(keys)
    texts = text_signals(comments, keys)
    measured = pd.DataFrame(columns, index=keys).join(history).join(texts)
    order = [*_IDENTITY, "followers", "posts", *(s.name for s in SIGNALS)]
    rest = [name for name in GROWTH_COLUMNS if name not in order]
    return Signals(table=measured[[*order, *rest]], likes=likes, comments=answers)


def _ripe(posts: pd.DataFrame) -> pd.DataFrame:
    """Leave out posts that were read too soon."""
    age = posts["observed_at"] - posts["posted_at"]
    return posts[~(age < pd.Timedelta(days=YOUNGEST_DAYS)).fillna(False)]


def _given(events: pd.DataFrame | None) -> pd.DataFrame:
    if events is None:
        return pd.DataFrame(columns=["creator_key", "date", "kind"])
    return events.assign(date=pd.to_datetime(events["date"]))[["creator_key", "date", "kind"]]


def _flooded(posts: pd.DataFrame) -> pd.DataFrame:
    """Find posts with far more likes or comments than usual: they may have brought followers."""
    counts = posts[["likes", "comments"]].astype("float64")
    usual = counts.groupby(posts["creator_key"]).transform("median")
    is_flooded = (counts > FLOODED * usual.clip(lower=5)).any(axis=1)
    found = posts[is_flooded]
    return pd.DataFrame(
        {
            "creator_key": found["creator_key"],
            "date": found["posted_at"].dt.tz_localize(None).dt.normalize(),
            "kind": "viral_post",
        }
    )

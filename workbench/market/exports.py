"""The market as export files: each with the quirks that files of its kind have, on purpose."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from workbench.market.settings import MarketSettings, Rng
from workbench.tables.schema import PLATFORM_NAMES


def make_exports(
    creators: pd.DataFrame, posts: pd.DataFrame, snapshots: pd.DataFrame, settings: MarketSettings
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the agency's five files, a name and a table at a time, from tables of a `Market`."""
    rng = settings.stream("exports")
    yield "creators.csv", _roster(rng, creators, posts)
    yield "follower_history.csv", _follower_history(rng, creators, snapshots, settings)
    yield "instagram_posts.csv", _instagram_posts(rng, _of_platform("instagram", creators, posts))
    yield "tiktok_videos.csv", _tiktok_videos(_of_platform("tiktok", creators, posts))
    yield "youtube_videos.csv", _youtube_videos(_of_platform("youtube", creators, posts))


def _of_platform(platform: str, creators: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    """Return a platform's posts with the profile, by handle and newest first."""
    profile = creators[["creator_key", "handle", "display_name", "native_id", "followers"]]
    own = posts[posts["platform"] == platform].merge(profile, on="creator_key")
    order = ["handle", "posted_at"]
    return own.sort_values(order, ascending=[True, False], kind="stable")


def _scale(counts: pd.Series, figures: int) -> pd.Series:
    return 10 ** (counts.astype("str").str.len() - figures).clip(lower=0)


def round_figures(counts: pd.Series, figures: int) -> pd.Series:
    """Round counts to significant figures, half up, in whole numbers."""
    scale = _scale(counts, figures)
    return (counts + scale // 2) // scale * scale


def floor_figures(counts: pd.Series, figures: int) -> pd.Series:
    """Round counts down to significant figures, as YouTube does with subscribers."""
    scale = _scale(counts, figures)
    return counts // scale * scale


def _with_commas(counts: pd.Series) -> pd.Series:
    return counts.map("{:,}".format, na_action="ignore").astype("str")


def _short_followers(value: int) -> str:
    """Write followers as Instagram shows them: cut, not rounded, and only from 10,000 on."""
    if value >= 1_000_000:
        return f"{value // 100_000 / 10:.1f}M"
    return f"{value // 100 / 10:.1f}K" if value >= 10_000 else str(value)


def _instagram_posts(rng: Rng, posts: pd.DataFrame) -> pd.DataFrame:
    names = posts["handle"].drop_duplicates()
    no_reach = names[rng.random(len(names)) < 0.30]
    columns = {
        "Account username": posts["handle"],
        "Post ID": posts["post_id"],
        "Post type": posts["media_type"],
        "Publish time": posts["posted_at"].dt.strftime("%m/%d/%Y %H:%M"),
        "Likes": _with_commas(posts["likes"].mask(posts["likes_hidden"], 0)),
        "Comments": _with_commas(posts["comments"]),
        "Saves": _with_commas(posts["saves"]),
        "Reach": _with_commas(posts["reach"]).mask(posts["handle"].isin(no_reach), "N/A"),
        "Followers": posts["followers"].map(_short_followers),
        "Paid partnership": posts["is_sponsored"].map({True: "Yes", False: ""}),
    }
    table = pd.DataFrame(columns)
    doubled = rng.choice(len(table), round(0.01 * len(table)), replace=False)
    return table.iloc[np.sort(np.concatenate([np.arange(len(table)), doubled]))]


def _tiktok_videos(posts: pd.DataFrame) -> pd.DataFrame:
    counts = posts[["likes", "shares", "comments", "views"]].astype("int64")
    shown = counts.where(counts <= 10_000, counts.apply(round_figures, figures=3))
    columns = {
        "id": posts["post_id"],
        "create_time": posts["posted_at"].dt.as_unit("s").astype("int64"),
        "user_name": posts["handle"],
        "video_length": posts["duration_s"],
        "n_likes": shown["likes"],
        "n_shares": shown["shares"],
        "n_comments": shown["comments"],
        "n_plays": shown["views"],
        "n_followers": round_figures(posts["followers"], 2),
    }
    return pd.DataFrame(columns)


def _youtube_videos(posts: pd.DataFrame) -> pd.DataFrame:
    columns = {
        "Channel title": posts["display_name"],
        "Channel ID": posts["native_id"],
        "Video ID": posts["post_id"],
        "Published at": posts["posted_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Duration (s)": posts["duration_s"],
        "Views": posts["views"],
        "Likes": posts["likes"].mask(posts["likes_hidden"]),
        "Comments": posts["comments"].mask(posts["comments_off"]),
        "Subscribers": floor_figures(posts["followers"], 3),
    }
    return pd.DataFrame(columns)


def _roster(rng: Rng, creators: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    followers = creators["followers"]
    is_short = rng.random(len(creators)) < 0.5
    columns = {
        "Handle": creators["handle"],
        "Platform": creators["platform"].map(PLATFORM_NAMES),
        "Platform ID": creators["native_id"],
        "Display name": creators["display_name"],
        "Niche": creators["niche"].mask(rng.random(len(creators)) < 0.08),
        "Country": creators["country"].mask(rng.random(len(creators)) < 0.08),
        "Followers": followers.map(_short_followers).where(is_short, _with_commas(followers)),
        "Following": _with_commas(creators["following"]).fillna("N/A"),
        "Posts": _with_commas(creators["posts_count"]),
        "Verified": creators["verified"].map({True: "Yes", False: "No"}),
    }
    table = pd.DataFrame(columns)
    # The agency works with a few creators that nobody has put on the roster yet.
    posting = np.flatnonzero(creators["creator_key"].isin(posts["creator_key"].unique()))
    left_out = rng.choice(posting, round(0.02 * len(creators)), replace=False)
    return table[~table.index.isin(left_out)]


def _follower_history(
    rng: Rng, creators: pd.DataFrame, snapshots: pd.DataFrame, settings: MarketSettings
) -> pd.DataFrame:
    luck = settings.stream("rounded").random(len(creators))
    rounded = creators["creator_key"][luck < settings.rounded_counts_share]
    # Left out first: the columns of a long history are large.
    shown = snapshots[rng.random(len(snapshots)) >= settings.missing_counts_share]
    is_rounded = shown["creator_key"].isin(rounded)
    columns = {
        "Date": shown["observed_on"].dt.strftime("%Y-%m-%d"),
        "Platform": shown["platform"].map(PLATFORM_NAMES),
        "Handle": shown["handle"],
        "Followers": shown["followers"].mask(
            is_rounded, round_figures(shown["followers"][is_rounded], 3)
        ),
        "Following": shown["following"],
    }
    return pd.DataFrame(columns)


def make_calendar(events: pd.DataFrame, settings: MarketSettings) -> pd.DataFrame:
    """Return what an analyst has noted of the innocent events, some a day off, some not at all.

    Some notes stand on events that moved nothing: other creators' giveaways and press.
    """
    rng = settings.stream("calendar")
    known = events[events["innocent"] & (rng.random(len(events)) < settings.calendar_share)]
    others = events[rng.random(len(events)) < 0.1].assign(
        kind="giveaway",
        date=lambda frame: frame["date"].sample(frac=1, random_state=rng).to_numpy(),
    )
    noted = pd.concat([known, others], ignore_index=True)
    off = rng.choice([-1, 0, 1], len(noted), p=(0.1, 0.8, 0.1))
    columns = {
        "Date": (noted["date"] + pd.to_timedelta(off, unit="D")).dt.strftime("%Y-%m-%d"),
        "Platform": noted["platform"].map(PLATFORM_NAMES),
        "Handle": noted["handle"],
        "Event": noted["kind"].str.replace("_", " "),
    }
    return pd.DataFrame(columns).sort_values(["Date", "Handle"], ignore_index=True)

"""The public sets as creators: followers and engagements of each, as the notes define them."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.report import real_data


def tiktok_posts() -> pd.DataFrame:
    """Return every video once: ``user_name``, ``n_followers``, ``create_time``, counts."""
    files = sorted(real_data("tiktok_famous2020").glob("*.csv"))
    posts = pd.concat([pd.read_csv(file) for file in files]).drop_duplicates("id")
    return posts.assign(engagements=posts["n_likes"] + posts["n_comments"] + posts["n_shares"])


def tiktok_latest() -> pd.DataFrame:
    """Medians over each creator's own latest videos: not selected."""
    creators = (
        tiktok_posts()
        .groupby("user_name")
        .agg(followers=("n_followers", "first"), engagements=("engagements", "median"))
    )
    return creators[creators["followers"] > 0]


def instagram_2017() -> pd.DataFrame:
    """Medians of likes over each account's latest photos: cut on followers, which is harmless."""
    rows = []
    for file in sorted((real_data("ig_likepredictor2017") / "profiles").glob("*.json")):
        try:
            profile = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            continue
        likes = [post["numberLikes"] for post in profile.get("posts", [])]
        if likes and profile.get("numberFollowers"):
            rows.append((profile["numberFollowers"], np.median(likes)))
    return pd.DataFrame(rows, columns=["followers", "engagements"])


def instagram_small() -> pd.DataFrame:
    """Means of likes and comments over all posts of ordinary accounts that have three or more."""
    file = real_data("instafake") / "nonautomatedAccountData.json"
    rows = []
    for account in json.loads(file.read_text(encoding="utf-8")):
        likes, comments = account["mediaLikeNumbers"], account["mediaCommentNumbers"]
        if len(likes) >= 3 and account["userFollowerCount"] >= 10:
            rows.append((account["userFollowerCount"], np.mean(np.add(likes, comments))))
    return pd.DataFrame(rows, columns=["followers", "engagements"])


def twitch_top() -> pd.DataFrame:
    """Average viewers of a list of the most watched channels: selected."""
    file = next(real_data("twitch_top1000").glob("*.csv"))
    table = pd.read_csv(file, header=None)
    return table[[5, 4]].set_axis(["followers", "engagements"], axis=1)


def tiktok_top() -> pd.DataFrame:
    """Mean engagements of a list of the most viewed creators, December 2022: selected."""
    [file] = real_data("hypeauditor2022").glob("*TIKTOK*DEC*.csv")
    table = pd.read_csv(file)
    # Every count stands twice, as `3.5M` and as a number; followers only as the first.
    scale = table["followers"].str[-1].map({"K": 1e3, "M": 1e6})
    followers = table["followers"].str.rstrip("KM").astype("float64") * scale.fillna(1)
    parts = table[["likes(avg.).1", "comments(avg.).1", "shares(avg.).1"]]
    counts = parts.apply(pd.to_numeric, errors="coerce").sum(axis=1, min_count=3)
    return pd.DataFrame({"followers": followers, "engagements": counts}).dropna()


SETS: dict[str, Callable[[], pd.DataFrame]] = {
    "Instagram 2017": instagram_2017,
    "Instagram small": instagram_small,
    "TikTok latest": tiktok_latest,
    "TikTok top list": tiktok_top,
    "Twitch top list": twitch_top,
}

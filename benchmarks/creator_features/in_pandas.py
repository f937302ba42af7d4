"""The same features in vectorised pandas: some buckets at a time, rows in their stored order."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.creator_features import AS_OF, COUNT_COLUMNS, FEATURES, LAST_POSTS, POST_COLUMNS

DAY = 86_400_000_000
GROUP = 16  # buckets at a time
Array = np.ndarray[Any, Any]


def read(paths: Sequence[Path], columns: Sequence[str]) -> tuple[pa.Table, pd.Index, Array]:
    """Return the rows, the creators, and each row's creator by number: they stand together."""
    parts = [
        pq.ParquetFile(path, read_dictionary=["creator_key"]).read(list(columns), use_threads=False)
        for path in paths
    ]
    table = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
    keys = table["creator_key"].chunk(0)
    codes = keys.indices.to_numpy()
    starts = np.r_[True, codes[1:] != codes[:-1]]
    names = pd.Index(keys.dictionary.take(pa.array(codes[starts])).to_pandas())
    return table.drop_columns(["creator_key"]), names, np.cumsum(starts) - 1


def last_posts(table: pa.Table, of: Array) -> tuple[pa.Table, Array]:
    """Return the latest posts on or before the day of the data, and their creators."""
    end = np.datetime64(AS_OF, "us").astype("int64") + DAY
    early = table["posted_at"].chunk(0).cast(pa.int64()).to_numpy() < end
    ends = np.cumsum(np.bincount(of))
    ends -= np.bincount(of[~early], minlength=len(ends))  # rows are stored by time
    place = np.arange(len(of))
    used = early & (place >= ends[of] - LAST_POSTS)
    return table.filter(pa.array(used)), of[used]


def post_features(paths: Sequence[Path]) -> pd.DataFrame:
    """Return what stands on the posts."""
    table, names, of = read(paths, POST_COLUMNS)
    table, of = last_posts(table, of)
    posts = pd.DataFrame(
        {c: table[c].to_numpy() for c in ("likes", "comments", "shares", "saves", "views", "reach")}
    ).astype("float64")
    total = posts["likes"] + posts["comments"]
    total += posts["shares"].fillna(0) + posts["saves"].fillna(0)
    posts = posts[["likes", "comments", "views"]].assign(
        engagements=total,
        by_views=total / posts["views"].where(posts["views"] > 0),
        by_reach=total / posts["reach"].where(posts["reach"] > 0),
    )
    paid = pd.Series(table["is_sponsored"].to_numpy()).astype("float64").to_numpy()
    posts["paid"] = posts["engagements"].where(paid == 1)
    posts["others"] = posts["engagements"].where(paid == 0)
    middles = posts.groupby(of).median()
    grouped = posts["engagements"].groupby(of)
    limits = grouped.quantile(np.array([0.1, 0.9])).unstack()  # noqa: PD010
    clipped = posts["engagements"].clip(limits[0.1].loc[of].array, limits[0.9].loc[of].array)
    logs = pd.Series(np.log10(1 + total))
    both = posts[["likes", "comments"]].where(posts["likes"].notna() & posts["comments"].notna())
    sums = both.groupby(of).sum()
    hidden = pd.Series(table["likes_hidden"].to_numpy()).astype("float64")
    seconds = table["posted_at"].chunk(0).cast(pa.int64()).to_numpy() / 1e6
    found = pd.DataFrame(
        {
            "posts_used": grouped.size(),
            "posts_with_engagements": grouped.count(),
            "posts_hidden": hidden.groupby(of).sum(),
            "engagements_median": middles["engagements"],
            "engagements_winsorised_mean": clipped.groupby(of).mean(),
            "engagements_cv": grouped.std() / grouped.mean().replace(0, np.nan),
            "engagements_log_sd": logs.groupby(of).std(),
            "likes_median": middles["likes"],
            "comments_median": middles["comments"],
            "views_median": middles["views"],
            "comments_per_like": sums["comments"] / sums["likes"].replace(0, np.nan),
            "engagement_rate_by_views": middles["by_views"],
            "engagement_rate_by_reach": middles["by_reach"],
            "engagement_trend": slopes(seconds / 2_592_000, logs.to_numpy(), of),
            "sponsored_engagement_ratio": middles["paid"] / middles["others"].replace(0, np.nan),
            "sponsored_share": pd.Series(paid).groupby(of).mean(),
            **cadence(seconds, of),
        }
    )
    return found.set_axis(names[found.index])


def slopes(x: Array, y: Array, of: Array) -> pd.Series:
    """Return each creator's least-squares slope where three posts have a count."""
    known = ~np.isnan(y)
    pairs = pd.DataFrame({"x": x[known], "y": y[known]})
    groups = pairs.groupby(of[known])
    pairs -= groups.mean().loc[of[known]].to_numpy()
    products = pairs.assign(xy=pairs["x"] * pairs["y"], xx=pairs["x"] ** 2)
    sums = products[["xy", "xx"]].groupby(of[known]).sum()
    enough = (groups.size() > 2) & (sums["xx"] > 0)
    return (sums["xy"] / sums["xx"]).where(enough)


def cadence(seconds: Array, of: Array) -> dict[str, pd.Series]:
    """Return how often, how lately and how regularly each creator posts."""
    starts = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
    count = np.diff(np.r_[starts, len(of)])
    first, last = np.floor(seconds[starts]), np.floor(seconds[starts + count - 1])
    weeks = (last - first) / 604_800
    age = np.datetime64(AS_OF).astype("int64") - last // 86_400
    hour = (seconds // 3_600 % 24).astype("int64")
    group = np.repeat(np.arange(len(starts)), count)
    cells = np.bincount(group * 24 + hour, minlength=24 * len(starts)).reshape(-1, 24)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(cells > 0, cells * np.log(cells), 0).sum(axis=1)
        entropy = (np.log(count) - logs / count) / np.log(np.minimum(24, count))
        pace = np.where(weeks > 0, (count - 1) / weeks, np.nan)
    found = {
        "posts_per_week": pace,
        "newest_post_age_days": age,
        "posting_hour_entropy": np.where(count > 1, entropy, np.nan),
    }
    return {name: pd.Series(values, index=of[starts]) for name, values in found.items()}


def count_features(paths: Sequence[Path]) -> pd.DataFrame:
    """Return what stands on the follower counts."""
    table, names, of = read(paths, COUNT_COLUMNS)
    day = table["observed_on"].chunk(0).cast(pa.int32()).to_numpy()
    held = day <= np.datetime64(AS_OF).astype("int64")
    of, day = of[held], day[held]
    followers = table["followers"].to_numpy()[held].astype("float64")
    following = table["following"].to_numpy()[held].astype("float64")
    last = np.flatnonzero(np.r_[of[1:] != of[:-1], True])
    newest = np.repeat(last, np.diff(np.r_[-1, last]))
    age = day[newest] - day
    earlier = np.flatnonzero((age >= 28) & (age <= 35))
    before = pd.Series(followers[earlier]).groupby(of[earlier]).last()
    latest = pd.Series(followers[last], index=of[last])
    base = latest.replace(0, np.nan)
    follows = pd.Series(following[last], index=of[last])
    found = pd.DataFrame(
        {
            "followers": latest,
            "following": follows,
            "follow_ratio": follows / base,
            "followers_growth_28_days": latest / before.replace(0, np.nan) - 1,
        }
    ).join(jumps(of, day, followers))
    return found.set_axis(names[found.index])


def jumps(of: Array, day: Array, followers: Array) -> pd.DataFrame:
    """Return how many steps were far above the usual, the largest, and what was lost after it."""
    days = np.diff(day)
    step = np.flatnonzero(
        (of[1:] == of[:-1]) & (days >= 1) & (days <= 7) & (followers[1:] > 0) & (followers[:-1] > 0)
    )
    rate = pd.Series(np.log(followers[step + 1] / followers[step]) / days[step])
    at, step = of[step + 1], step + 1
    enough = np.bincount(at, minlength=of[-1] + 1)[at] >= 14
    rate, at, step = rate[enough].reset_index(drop=True), at[enough], step[enough]
    starts = np.r_[True, at[1:] != at[:-1]]
    number = np.cumsum(starts) - 1
    off = rate - rate.groupby(number).median().to_numpy()[number]
    spread = np.maximum(1.4826 * off.abs().groupby(number).median().to_numpy(), 0.0005)
    z = (off / spread[number]).to_numpy()
    largest = np.maximum.reduceat(z, np.flatnonzero(starts)) if len(z) else z
    found = pd.DataFrame(
        {"growth_spikes": np.bincount(number[z > 6], minlength=len(largest))}, index=at[starts]
    ).assign(largest_growth_z=largest)
    top = np.flatnonzero((z == largest[number]) & (z > 6))
    top = top[np.r_[at[top][1:] != at[top][:-1], True]] if len(top) else top
    rows = step[top]
    low = np.full(len(rows), np.inf)
    for ahead in range(1, 15):  # at most one count a day
        there = np.minimum(rows + ahead, len(of) - 1)
        after = (of[there] == of[rows]) & (day[there] <= day[rows] + 14) & (there > rows)
        low = np.where(after, np.minimum(low, followers[there]), low)
    lost = (followers[rows] - low) / (followers[rows] - followers[rows - 1])
    drop = np.where(np.isinf(low), np.nan, np.maximum(0, lost))
    return found.assign(drop_after_spike=pd.Series(drop, index=of[rows]))


def main() -> None:
    """Read ``STORE``, write the features to ``OUT``."""
    folders = [Path(sys.argv[1]) / table for table in ("posts", "snapshots", "creators")]
    posts, counts, creators = (sorted(folder.glob("*/*.parquet")) for folder in folders)
    made = [
        [compute(paths[n : n + GROUP]) for n in range(0, len(paths), GROUP)]
        for compute, paths in ((post_features, posts), (count_features, counts))
    ]
    known = pd.concat([pd.read_parquet(path, columns=["creator_key"]) for path in creators])
    table = pd.DataFrame(index=pd.Index(known["creator_key"]).sort_values())
    table = table.join(pd.concat(made[0])).join(pd.concat(made[1]))
    table["engagements"] = table["engagements_median"]
    table["engagement_rate_by_followers"] = table["engagements"] / table["followers"].where(
        table["followers"] > 0
    )
    table[list(FEATURES)].astype("float64").reset_index(names="creator_key").to_parquet(
        sys.argv[2], index=False
    )


if __name__ == "__main__":
    main()

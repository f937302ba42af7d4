"""The same features in Polars: lazy, its streaming engine, rows in their stored order."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from glob import glob

import polars as pl

from benchmarks.creator_features import AS_OF, COUNT_COLUMNS, FEATURES, LAST_POSTS, POST_COLUMNS

GROUP = 36  # buckets at a time
KEY = "creator_key"


def read(paths: Sequence[str], columns: Sequence[str]) -> pl.LazyFrame:
    """Return the rows with each one's creator by number: a creator's rows stand together."""
    return pl.scan_parquet(paths).select(columns).with_columns(c=pl.col(KEY).rle_id())


def post_features(paths: Sequence[str]) -> pl.DataFrame:
    """Return what stands on the posts."""
    end = datetime.fromisoformat(AS_OF).replace(tzinfo=UTC) + timedelta(days=1)
    of, posted = pl.col("c"), pl.col("posted_at")
    likes, comments = pl.col("likes"), pl.col("comments")
    views, reach = pl.col("views"), pl.col("reach")
    total, paid = pl.col("total"), pl.col("is_sponsored")
    parts = likes + comments + pl.col("shares").fill_null(0) + pl.col("saves").fill_null(0)
    known = total.is_not_null()
    used = (
        read(paths, POST_COLUMNS)
        .filter(posted < end)
        .filter(of.ne_missing(of.shift(-LAST_POSTS)))
        .with_columns(total=parts.cast(pl.Float64))
        .with_columns(
            y=(1 + total).log10(),
            x=pl.when(known).then((posted - end).dt.total_microseconds() / 2_592_000e6),
            by_views=total / pl.when(views > 0).then(views),
            by_reach=total / pl.when(reach > 0).then(reach),
            paid=pl.when(paid).then(total),
            others=pl.when(~paid).then(total),
            both_likes=pl.when(comments.is_not_null()).then(likes),
            both_comments=pl.when(likes.is_not_null()).then(comments),
        )
        .collect(engine="streaming")
        .lazy()
    )
    first = used.group_by("c").agg(
        pl.col(KEY).first(),
        posts_used=pl.len(),
        posts_with_engagements=total.count(),
        posts_hidden=pl.col("likes_hidden").sum(),
        engagements_median=total.median(),
        low=total.quantile(0.1, "linear"),
        high=total.quantile(0.9, "linear"),
        engagements_cv=total.std() / total.mean(),
        engagements_log_sd=pl.col("y").std(),
        likes_median=likes.median(),
        comments_median=comments.median(),
        views_median=views.median(),
        comments_per_like=pl.col("both_comments").sum() / pl.col("both_likes").sum(),
        engagement_rate_by_views=pl.col("by_views").median(),
        engagement_rate_by_reach=pl.col("by_reach").median(),
        sponsored_engagement_ratio=pl.col("paid").median() / pl.col("others").median(),
        sponsored_share=paid.mean(),
        x_mean=pl.col("x").mean(),
        y_mean=pl.col("y").mean(),
        newest=posted.max(),
        oldest=posted.min(),
    )
    dx, dy = pl.col("x") - pl.col("x_mean"), pl.col("y") - pl.col("y_mean")
    second = (
        used.select("c", "total", "x", "y")
        .join(first.select("c", "low", "high", "x_mean", "y_mean"), on="c")
        .select("c", clipped=total.clip(pl.col("low"), pl.col("high")), xy=dx * dy, xx=dx * dx)
        .group_by("c")
        .agg(
            engagements_winsorised_mean=pl.col("clipped").mean(),
            engagement_trend=pl.col("xy").sum() / pl.col("xx").sum(),
        )
    )
    counted = pl.col("n").cast(pl.Float64)
    hours = (
        used.group_by("c", hour=posted.dt.hour())
        .agg(n=pl.len())
        .select("c", logs=counted * counted.log())
        .group_by("c")
        .agg(pl.col("logs").sum())
    )
    n, newest, oldest = pl.col("posts_used"), pl.col("newest"), pl.col("oldest")
    weeks = (newest.dt.epoch("s") - oldest.dt.epoch("s")) / 604_800
    joined = first.join(second, on="c").join(hours, on="c")
    return joined.with_columns(
        engagement_trend=pl.when(pl.col("posts_with_engagements") > 2).then("engagement_trend"),
        posts_per_week=pl.when(weeks > 0).then((n - 1.0) / weeks),
        newest_post_age_days=(pl.lit(date.fromisoformat(AS_OF)) - newest.dt.date()).dt.total_days(),
        posting_hour_entropy=pl.when(n > 1).then(
            (n.log() - pl.col("logs") / n) / n.clip(upper_bound=24).log()
        ),
    ).collect(engine="streaming")


def count_features(paths: Sequence[str]) -> pl.DataFrame:
    """Return what stands on the follower counts."""
    of, day, followers = pl.col("c"), pl.col("observed_on"), pl.col("followers")
    before, days, rate = pl.col("before"), pl.col("days"), pl.col("rate")
    step = (of == of.shift(1)) & days.is_between(1, 7) & (before > 0) & (followers > 0)
    counts = (
        read(paths, COUNT_COLUMNS)
        .filter(day <= date.fromisoformat(AS_OF))
        .with_columns(before=followers.shift(1), days=(day - day.shift(1)).dt.total_days())
        .with_columns(rate=pl.when(step).then((followers / before).log() / days))
        .collect(engine="streaming")
        .lazy()
    )
    latest = (
        counts.group_by("c")
        .agg(
            pl.col(KEY).first(),
            followers.last(),
            pl.col("following").last(),
            followers_on=day.last(),
            middle=rate.median(),
            steps=rate.count(),
        )
        .collect(engine="streaming")
        .lazy()
    )
    age = (pl.col("followers_on") - day).dt.total_days()
    earlier = (
        counts.select("c", "observed_on", "followers")
        .join(latest.select("c", "followers_on"), on="c", maintain_order="left")
        .filter(age.is_between(28, 35))
        .group_by("c")
        .agg(earlier=followers.last())
    )
    off = (
        counts.filter(rate.is_not_null())
        .join(latest.filter(pl.col("steps") >= 14).select("c", "middle"), on="c")
        .select("c", off=rate - pl.col("middle"))
    )
    spread = (
        off.group_by("c")
        .agg(
            spread=(1.4826 * pl.col("off").abs().median()).clip(lower_bound=0.0005),
            most=pl.col("off").max(),
        )
        .with_columns(largest_growth_z=pl.col("most") / pl.col("spread"))
        .collect(engine="streaming")
        .lazy()
    )
    z = (rate - pl.col("middle")) / pl.col("spread")
    jumpy = spread.filter(pl.col("largest_growth_z") > 6)
    jumpy = jumpy.join(latest.select("c", "middle"), on="c")
    jumps = (
        counts.filter(rate.is_not_null())
        .join(jumpy, on="c")
        .filter(z > 6)
        .group_by("c")
        .agg(
            growth_spikes=pl.len(),
            jump=day.filter(z == pl.col("largest_growth_z")).max(),
        )
        .collect(engine="streaming")
        .lazy()
    )
    jump = pl.col("jump")
    fallen = (
        counts.select("c", "observed_on", "followers", "before")
        .join(jumps, on="c")
        .filter(day >= jump, day <= jump + timedelta(days=14))
        .group_by("c")
        .agg(
            top=followers.filter(day == jump).first(),
            bottom=before.filter(day == jump).first(),
            low=followers.filter(day > jump).min(),
        )
    )
    joined = (
        latest.join(earlier, on="c", how="left")
        .join(spread, on="c", how="left")
        .join(jumps, on="c", how="left")
        .join(fallen, on="c", how="left")
    )
    top = pl.col("top")
    return joined.with_columns(
        growth_spikes=pl.when(pl.col("most").is_not_null()).then(
            pl.col("growth_spikes").fill_null(0)
        ),
        drop_after_spike=((top - pl.col("low")) / (top - pl.col("bottom"))).clip(lower_bound=0),
    ).collect(engine="streaming")


def main() -> None:
    """Read ``STORE``, write the features to ``OUT``."""
    posts, counts, creators = (
        sorted(glob(f"{sys.argv[1]}/{table}/*/*.parquet"))
        for table in ("posts", "snapshots", "creators")
    )
    made = [
        pl.concat(compute(paths[n : n + GROUP]) for n in range(0, len(paths), GROUP))
        for compute, paths in ((post_features, posts), (count_features, counts))
    ]
    followers, following = (pl.col(c).cast(pl.Float64) for c in ("followers", "following"))
    base = pl.when(followers > 0).then(followers)
    (
        pl.scan_parquet(creators)
        .select(KEY)
        .join(made[0].lazy(), on=KEY, how="left")
        .join(made[1].lazy(), on=KEY, how="left")
        .with_columns(
            engagements=pl.col("engagements_median"),
            engagement_rate_by_followers=pl.col("engagements_median") / base,
            follow_ratio=following / base,
            followers_growth_28_days=followers / pl.col("earlier") - 1,
        )
        .with_columns(pl.col(FEATURES).cast(pl.Float64))
        .select(KEY, pl.when(pl.col(FEATURES).is_finite()).then(pl.col(FEATURES)))
        .sort(KEY)
        .collect()
        .write_parquet(sys.argv[2])
    )


if __name__ == "__main__":
    main()

"""Engagement of the posts used: medians, rates by each definition, spread, hidden likes."""

from workbench.features.family import Family

NO_POSTS = ("posts_used IS NULL", "no posts on or before the data's date")
_HIDDEN = ("posts_hidden = posts_used", "likes are hidden on every post used")
NO_ENGAGEMENTS = (
    "coalesce(posts_with_engagements, 0) = 0",
    "likes or comments are missing on every post used",
)

_SPREAD = (
    NO_POSTS,
    _HIDDEN,
    NO_ENGAGEMENTS,
    ("posts_with_engagements = 1", "a spread needs two posts"),
)

ENGAGEMENT = Family(
    name="engagement",
    query="""
        WITH limits AS (
            SELECT creator, quantile_cont(engagements, [0.1, 0.5, 0.9]) AS levels
            FROM used_posts GROUP BY creator
        )
        SELECT
            creator,
            count(*) AS posts_used,
            count(engagements) AS posts_with_engagements,
            count(*) FILTER (WHERE likes_hidden) AS posts_hidden,
            any_value(levels[2]) AS engagements_median,
            avg(greatest(levels[1], least(levels[3], engagements)))
                FILTER (WHERE engagements IS NOT NULL) AS engagements_winsorised_mean,
            stddev_samp(engagements) / nullif(avg(engagements), 0) AS engagements_cv,
            stddev_samp(log10(1 + engagements)) AS engagements_log_sd,
            median(likes) AS likes_median,
            median(comments) AS comments_median,
            median(views) AS views_median,
            sum(comments) FILTER (WHERE likes IS NOT NULL)
                / nullif(sum(likes) FILTER (WHERE comments IS NOT NULL), 0) AS comments_per_like,
            median(engagements / nullif(views, 0)) AS engagement_rate_by_views,
            median(engagements / nullif(reach, 0)) AS engagement_rate_by_reach
        FROM used_posts JOIN limits USING (creator)
        GROUP BY creator
    """,
    columns={
        "posts_used": "Posts that the features stand on: the latest on or before the data's date.",
        "posts_with_engagements": "Posts used whose engagements are known.",
        "posts_hidden": "Posts used with hidden likes.",
        "engagements_median": "Median engagements per post.",
        "engagements_winsorised_mean": (
            "Mean engagements per post, those below the 10th or above the 90th percentile of the "
            "creator's posts set to it."
        ),
        "engagements_cv": "Coefficient of variation of engagements: sd over mean.",
        "engagements_log_sd": "Spread between posts: sd of log10(1 + engagements), in dex.",
        "likes_median": "Median likes per post.",
        "comments_median": "Median comments per post.",
        "views_median": "Median views per post.",
        "comments_per_like": "Comments over likes, both summed over the posts that have both.",
        "engagement_rate_by_views": "Median of engagements / views per post, a fraction.",
        "engagement_rate_by_reach": "Median of engagements / reach per post, a fraction.",
    },
    reasons={
        "engagements_median": (NO_POSTS, _HIDDEN, NO_ENGAGEMENTS),
        "engagements_winsorised_mean": (NO_POSTS, _HIDDEN, NO_ENGAGEMENTS),
        "engagements_cv": (*_SPREAD, ("true", "every post has no engagements at all")),
        "engagements_log_sd": _SPREAD,
        "likes_median": (NO_POSTS, _HIDDEN, ("true", "no like counts")),
        "comments_median": (NO_POSTS, ("true", "no comment counts")),
        "views_median": (NO_POSTS, ("true", "the export has no views for these posts")),
        "comments_per_like": (NO_POSTS, _HIDDEN, ("true", "no post with likes and comments")),
        "engagement_rate_by_views": (
            NO_POSTS,
            _HIDDEN,
            NO_ENGAGEMENTS,
            ("true", "the export has no views for these posts"),
        ),
        "engagement_rate_by_reach": (
            NO_POSTS,
            _HIDDEN,
            NO_ENGAGEMENTS,
            ("true", "the export has no reach for these posts"),
        ),
    },
)

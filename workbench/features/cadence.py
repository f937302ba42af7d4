"""How often a creator posts, how recent the posts are, and how many are marked as paid."""

from workbench.features.engagement import NO_POSTS
from workbench.features.family import Family

CADENCE = Family(
    name="cadence",
    query="""
        WITH hours AS (
            SELECT creator, CAST(count(*) AS DOUBLE) AS posts
            FROM used_posts GROUP BY creator, hour(posted_at)
        ), spread AS (
            SELECT
                creator,
                (ln(sum(posts)) - sum(posts * ln(posts)) / sum(posts))
                    / ln(least(24, sum(posts))) AS posting_hour_entropy
            FROM hours GROUP BY creator HAVING sum(posts) > 1
        )
        SELECT
            creator,
            any_value(posting_hour_entropy) AS posting_hour_entropy,
            CASE WHEN count(*) > 1 AND max(posted_at) > min(posted_at) THEN
                (count(*) - 1) / (date_diff('second', min(posted_at), max(posted_at)) / 604800.0)
            END AS posts_per_week,
            date_diff('day', CAST(max(posted_at) AS DATE), CAST($as_of AS DATE))
                AS newest_post_age_days,
            avg(CAST(is_sponsored AS INTEGER)) AS sponsored_share
        FROM used_posts LEFT JOIN spread USING (creator)
        GROUP BY creator
    """,
    columns={
        "posts_per_week": "Posts per week between the first and the last post used.",
        "newest_post_age_days": "Days from the newest post to the data's date.",
        "posting_hour_entropy": (
            "Entropy of the posting hours (UTC) over the most that so many posts allow: "
            "0 always the same hour, 1 spread evenly."
        ),
        "sponsored_share": "Posts marked as paid over the posts that say either, 0-1.",
    },
    reasons={
        "posts_per_week": (NO_POSTS, ("true", "a cadence needs two posts at different times")),
        "posting_hour_entropy": (NO_POSTS, ("true", "an entropy needs two posts")),
        "newest_post_age_days": (NO_POSTS,),
        "sponsored_share": (NO_POSTS, ("true", "the export does not say which posts are paid")),
    },
)

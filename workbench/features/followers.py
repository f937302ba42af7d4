"""Followers on the data's date, and their growth over the four weeks before."""

from workbench.features.family import Family

FOLLOWERS = Family(
    name="followers",
    query="""
        WITH latest AS (
            SELECT
                creator,
                arg_max(followers, observed_on) AS followers,
                max(observed_on) AS followers_on,
                arg_max_null(following, observed_on) AS following
            FROM counts
            GROUP BY creator
        ), earlier AS (
            SELECT creator, arg_max(counts.followers, observed_on) AS followers
            FROM counts JOIN latest USING (creator)
            WHERE observed_on BETWEEN followers_on - 35 AND followers_on - 28
            GROUP BY creator
        )
        SELECT
            creator,
            latest.followers,
            CAST(latest.followers_on AS TIMESTAMP) AS followers_on,
            latest.following,
            latest.following / nullif(CAST(latest.followers AS DOUBLE), 0) AS follow_ratio,
            latest.followers / nullif(earlier.followers, 0) - 1e0 AS followers_growth_28_days
        FROM latest LEFT JOIN earlier USING (creator)
    """,
    columns={
        "followers": "Followers at the latest count on or before the data's date.",
        "followers_on": "The day of that count.",
        "following": "Accounts followed, on the same day.",
        "follow_ratio": "Accounts followed over followers.",
        "followers_growth_28_days": "Followers over those of 28-35 days before, less 1.",
    },
    reasons={
        "follow_ratio": (("true", "no follower count, or none of accounts followed"),),
        "followers": (("true", "no follower count on or before the data's date"),),
        "followers_growth_28_days": (
            ("followers IS NULL", "no follower count on or before the data's date"),
            ("true", "no follower count four to five weeks before the latest"),
        ),
    },
)

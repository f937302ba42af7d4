"""Where engagement goes: its trend over time, and paid posts beside the others."""

from workbench.features.engagement import NO_ENGAGEMENTS, NO_POSTS
from workbench.features.family import Family

TREND = Family(
    name="trend",
    query="""
        SELECT
            creator,
            CASE WHEN count(engagements) > 2 THEN
                regr_slope(log10(1 + engagements), epoch(posted_at) / 2592000e0)
            END AS engagement_trend,
            median(engagements) FILTER (WHERE is_sponsored)
                / nullif(median(engagements) FILTER (WHERE NOT is_sponsored), 0)
                AS sponsored_engagement_ratio
        FROM used_posts
        GROUP BY creator
    """,
    columns={
        "engagement_trend": "Slope of log10(1 + engagements) over time, in dex per 30 days.",
        "sponsored_engagement_ratio": "Median engagements of paid posts over those of the others.",
    },
    reasons={
        "engagement_trend": (
            NO_POSTS,
            NO_ENGAGEMENTS,
            ("true", "a trend needs three posts at different times"),
        ),
        "sponsored_engagement_ratio": (
            NO_POSTS,
            NO_ENGAGEMENTS,
            ("true", "no paid posts, no others, or the export does not say which are paid"),
        ),
    },
)

"""The world, the list of features and each way to compute them, for ``benchmarks.features``."""

AS_OF = "2026-09-30"
LAST_POSTS = 30
FEATURES = (
    "followers",
    "following",
    "follow_ratio",
    "followers_growth_28_days",
    "growth_spikes",
    "largest_growth_z",
    "drop_after_spike",
    "posts_used",
    "posts_with_engagements",
    "posts_hidden",
    "engagements_median",
    "engagements_winsorised_mean",
    "engagements_cv",
    "engagements_log_sd",
    "likes_median",
    "comments_median",
    "views_median",
    "comments_per_like",
    "engagement_rate_by_views",
    "engagement_rate_by_reach",
    "engagement_trend",
    "sponsored_engagement_ratio",
    "posts_per_week",
    "newest_post_age_days",
    "posting_hour_entropy",
    "sponsored_share",
    "engagements",
    "engagement_rate_by_followers",
)
POST_COLUMNS = (
    "creator_key",
    "posted_at",
    "likes",
    "comments",
    "shares",
    "saves",
    "views",
    "reach",
    "is_sponsored",
    "likes_hidden",
)
COUNT_COLUMNS = ("creator_key", "observed_on", "followers", "following")

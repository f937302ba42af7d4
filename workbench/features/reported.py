"""The engagement figure of each creator: of the posts, else of what an export reports."""

import pandas as pd

from workbench.features.engagement import ENGAGEMENT
from workbench.features.family import Family

POSTS = "posts"
# In the order in which they are taken: the kind, its statistic, its value, what it is. A vendor's
# model of what is authentic is none of them: it is not what the posts got.
_OWN_PARTS = "engagements per post that the source gives, of the parts that it counts"
_KINDS = (
    ("reported median", "median", "given", f"the median {_OWN_PARTS}"),
    ("sum of reported medians", "median", "$engagements", "the medians of {parts}, added"),
    ("reported mean", "mean", "$engagements", "the means of {parts}, added"),
    ("reported mean, parts unknown", "mean", "given", f"the mean {_OWN_PARTS}"),
    ("reported, kind unknown", "unknown", "given", f"{_OWN_PARTS}; mean or median is not said"),
    ("reported rate x followers", "rate", "rate * followers", "the given rate times the followers"),
)
KINDS = {kind: meaning for kind, _, _, meaning in _KINDS}

_NOT_COUNTED = (
    "posts_used IS NULL AND reported_figures > 0",
    "no engagements among the reported figures: not given, hidden, or given as 0",
)

_MISSING = (_NOT_COUNTED, *ENGAGEMENT.reasons["engagements_median"])
_UNION = " UNION ALL ".join(
    f"SELECT told.*, {place} AS place, '{kind}' AS basis, CAST({value} AS DOUBLE) AS value "
    f"FROM told LEFT JOIN followers USING (creator) WHERE statistic = '{statistic}'"
    for place, (kind, statistic, value, _) in enumerate(_KINDS)
)
REPORTED = Family(
    name="reported",
    query=f"""
        WITH told AS (
            SELECT
                creator, as_of, source, provenance, "window", statistic,
                -- A mean or median of 0 likes is a hidden count, not a small one.
                nullif(max(value) FILTER (metric = 'likes'), 0) AS likes,
                max(value) FILTER (metric = 'comments') AS comments,
                max(value) FILTER (metric = 'shares') AS shares,
                max(value) FILTER (metric = 'saves') AS saves,
                nullif(max(value) FILTER (metric = 'engagements'), 0) AS given,
                nullif(max(value) FILTER (metric = 'engagement_rate_as_given'), 0) AS rate,
                count(*) AS figures
            FROM reported_metrics JOIN accounts USING (creator_key)
            WHERE as_of <= CAST($as_of AS DATE)
            GROUP BY ALL
        ), kinds AS (
            {_UNION}
        ), chosen AS (
            SELECT kinds.* FROM kinds LEFT JOIN engagement USING (creator)
            WHERE value IS NOT NULL AND engagements_median IS NULL
            QUALIFY row_number() OVER (
                PARTITION BY creator
                ORDER BY as_of DESC, place, provenance, source, "window"
            ) = 1
        ), counted AS (
            SELECT creator, CAST(sum(figures) AS BIGINT) AS reported_figures
            FROM told GROUP BY creator
        )
        SELECT
            accounts.creator,
            coalesce(engagements_median, value) AS engagements,
            coalesce(engagements_median, value) / nullif(CAST(followers AS DOUBLE), 0)
                AS engagement_rate_by_followers,
            CASE WHEN engagements_median IS NULL THEN basis ELSE '{POSTS}' END
                AS engagements_basis,
            CAST(as_of AS TIMESTAMP) AS reported_on,
            source AS reported_source,
            provenance AS reported_provenance,
            "window" AS reported_window,
            reported_figures
        FROM accounts
        LEFT JOIN engagement USING (creator)
        LEFT JOIN followers USING (creator)
        LEFT JOIN chosen USING (creator)
        LEFT JOIN counted USING (creator)
    """,
    columns={
        "engagements": "Engagements per post: the posts' median, else a reported figure.",
        "engagement_rate_by_followers": "Those over the followers, a fraction.",
        "engagements_basis": "What that figure is: `posts`, or the kind of the reported figure.",
        "reported_on": "The day of the reported figure; missing where posts are used.",
        "reported_source": "The import that gave the reported figure.",
        "reported_provenance": "How the reported figure came about.",
        "reported_window": "The posts that the reported figure stands for, as the source says it.",
        "reported_figures": "Reported figures of any kind on or before the data's date.",
    },
    reasons={
        "engagements": _MISSING,
        "engagement_rate_by_followers": (
            ("followers IS NULL", "no follower count on or before the data's date"),
            ("followers = 0", "no followers"),
            *_MISSING,
        ),
    },
)
TEXTS = ("engagements_basis", "reported_source", "reported_provenance", "reported_window")


def settled_basis(features: pd.DataFrame) -> pd.Series:
    """Return the kind of each creator's figure; without one, its platform's most frequent kind."""
    basis = features["engagements_basis"].astype("object")
    usual = basis.groupby(features["platform"]).transform(lambda kinds: kinds.mode().get(0, POSTS))
    return basis.where(basis.notna(), usual).astype("str")

"""The families of some buckets, joined: plain SQL over their files, in memory of a bounded size."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pandas as pd

from workbench.features.cadence import CADENCE
from workbench.features.engagement import ENGAGEMENT
from workbench.features.family import Family
from workbench.features.followers import FOLLOWERS
from workbench.features.growth import GROWTH
from workbench.features.reported import REPORTED, TEXTS
from workbench.features.settings import FeatureSettings
from workbench.features.trend import TREND
from workbench.store import Store, empty_frame
from workbench.tables.definitions import EngagementDefinition, engagement_definition
from workbench.tables.schema import TABLES

FAMILIES: tuple[Family, ...] = (FOLLOWERS, GROWTH, ENGAGEMENT, TREND, CADENCE, REPORTED)
IDENTITY = ("creator_key", "platform", "handle", "niche", "country")
READ = ("creators", "posts", "snapshots", "reported_metrics")


def bucket_features(
    store: Store, settings: FeatureSettings, buckets: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the features of the creators in some buckets, and why those that are missing are."""
    with duckdb.connect() as connection:
        # One thread: buckets are the unit of parallel work, and rows and sums keep their order.
        connection.execute("SET threads = 1; SET TimeZone = 'UTC'")
        # DuckDB's own bar would stand on standard output, among the data.
        connection.execute("SET enable_progress_bar = false")
        engagements = engagements_sql(engagement_definition(settings.definition))
        _make_views(connection, store, buckets)
        used = {"as_of": settings.as_of, "last_posts": settings.last_posts}
        connection.execute(_USED_POSTS.format(engagements=engagements, **used))
        connection.execute(_COUNTS_VIEW.format(as_of=settings.as_of))
        connection.execute(_ACCOUNTS)
        joins = []
        for family in FAMILIES:
            query = family.query.replace("$as_of", f"DATE '{settings.as_of}'")
            query = query.replace("$engagements", engagements)
            connection.execute(f"CREATE TEMP TABLE {family.name} AS {query}")
            joins.append(f"LEFT JOIN {family.name} USING (creator_key)")
        columns = [f"{family.name}.{name}" for family in FAMILIES for name in family.columns]
        connection.execute(
            f"CREATE TEMP TABLE features AS SELECT accounts.*, {', '.join(columns)} "
            f"FROM accounts {' '.join(joins)}"
        )
        table = _rows(connection, "SELECT * FROM features ORDER BY creator_key")
        missing = _rows(connection, _missing_query())
    return _typed(table), missing


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    # By way of Arrow: DuckDB's own conversion calls what pandas has deprecated.
    frame: pd.DataFrame = connection.sql(query).to_arrow_table().to_pandas()
    return frame


def _make_views(
    connection: duckdb.DuckDBPyConnection, store: Store, buckets: Sequence[str]
) -> None:
    for name in READ:
        paths = [path for bucket in buckets if (path := store.part_path(name, bucket))]
        if paths:
            listed = ", ".join(f"'{_quote(str(path))}'" for path in paths)
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{listed}])")
        else:
            connection.register(name, empty_frame(TABLES[name]))


_USED_POSTS = """
    CREATE TEMP TABLE used_posts AS
    SELECT *, CAST({engagements} AS DOUBLE) AS engagements
    FROM posts
    WHERE posted_at < CAST(DATE '{as_of}' + INTERVAL 1 DAY AS TIMESTAMPTZ)
    -- Posts are stored by creator and time, so that a window over nothing streams: a post is among
    -- the last n where the nth after it is another creator's.
    QUALIFY lead(creator_key, {last_posts}) OVER () IS DISTINCT FROM creator_key
"""

_COUNTS_VIEW = """
    CREATE VIEW counts AS
    SELECT creator_key, observed_on, followers, following FROM snapshots
    WHERE observed_on <= DATE '{as_of}'
"""

# Accounts known from posts, counts or figures alone count too: nobody is dropped.
_ACCOUNTS = """
    CREATE TEMP TABLE accounts AS
    WITH known AS (
        SELECT creator_key, platform FROM creators
        UNION SELECT creator_key, platform FROM posts
        UNION SELECT creator_key, platform FROM snapshots
        UNION SELECT creator_key, platform FROM reported_metrics
    ), span AS (
        SELECT creator_key, min(posted_at) AS first_post, max(posted_at) AS last_post
        FROM used_posts GROUP BY creator_key
    )
    SELECT
        known.creator_key, known.platform,
        coalesce(creators.handle, split_part(known.creator_key, ':', 2)) AS handle,
        creators.niche, creators.country, span.first_post, span.last_post
    FROM known
    LEFT JOIN creators USING (creator_key)
    LEFT JOIN span USING (creator_key)
"""


SHARED_SQL = _USED_POSTS + _COUNTS_VIEW + _ACCOUNTS


def engagements_sql(definition: EngagementDefinition) -> str:
    """Return the SQL of a post's engagements: missing where a required part is missing."""
    required = " + ".join(definition.required_parts)
    optional = " + ".join(f"coalesce({part}, 0)" for part in definition.optional_parts)
    return f"({required} + {optional})" if optional else f"({required})"


def _missing_query() -> str:
    queries = []
    for family in FAMILIES:
        for feature, reasons in family.reasons.items():
            cases = " ".join(
                f"WHEN {condition} THEN '{_quote(text)}'" for condition, text in reasons
            )
            queries.append(
                f"SELECT creator_key, '{feature}' AS feature, CASE {cases} END AS reason "
                f"FROM features WHERE {feature} IS NULL"
            )
    return " UNION ALL ".join(queries) + " ORDER BY creator_key, feature"


def _quote(text: str) -> str:
    return text.replace("'", "''")


_COUNTS = (
    "followers",
    "following",
    "posts_used",
    "posts_with_engagements",
    "posts_hidden",
    "newest_post_age_days",
    "growth_spikes",
    "reported_figures",
)


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """Give every bucket the same types, whether or not a column has values in it."""
    types = dict.fromkeys(_COUNTS, "Int64") | dict.fromkeys((*IDENTITY, *TEXTS), "str")
    others = [c for c in table if c not in types and not str(table[c].dtype).startswith("datetime")]
    return table.astype(types | dict.fromkeys(others, "float64"))

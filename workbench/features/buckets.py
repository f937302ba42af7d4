"""The families of some buckets, joined: plain SQL over their files, in memory of a bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import pandas as pd
import pyarrow as pa

from workbench.features.cadence import CADENCE
from workbench.features.engagement import ENGAGEMENT
from workbench.features.family import Family
from workbench.features.followers import FOLLOWERS
from workbench.features.growth import GROWTH
from workbench.features.reported import REPORTED, TEXTS
from workbench.features.settings import FeatureSettings
from workbench.features.trend import TREND
from workbench.store import Store
from workbench.store.frames import arrow_schema
from workbench.tables.definitions import EngagementDefinition, engagement_definition
from workbench.tables.schema import TABLES

FAMILIES: tuple[Family, ...] = (FOLLOWERS, GROWTH, ENGAGEMENT, TREND, CADENCE, REPORTED)
IDENTITY = ("creator_key", "platform", "handle", "niche", "country")
READ = ("creators", "posts", "snapshots", "reported_metrics")


def bucket_features(store: Store, settings: FeatureSettings, buckets: Sequence[str]) -> pa.Table:
    """Return the features of the creators in some buckets."""
    query = (
        QUERY.replace("$as_of", f"DATE '{settings.as_of}'")
        .replace("$last_posts", str(settings.last_posts))
        .replace("$engagements", engagements_sql(engagement_definition(settings.definition)))
    )
    with open_buckets(store, buckets) as connection:
        return connection.sql(query).to_arrow_table()


@contextmanager
def open_buckets(store: Store, buckets: Sequence[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection with a view of each table that features are made from, of some buckets."""
    with duckdb.connect() as connection:
        connection.execute(_SETTINGS)
        _make_views(connection, store, buckets)
        yield connection


def joined_features(parts: Sequence[pa.Table]) -> pd.DataFrame:
    """Return the features of all buckets by creator."""
    return _typed(pa.concat_tables(parts).sort_by("creator_key").to_pandas())


def missing_reasons(features: pd.DataFrame) -> pd.DataFrame:
    """Return why each missing feature is."""
    with duckdb.connect() as connection:
        connection.execute(_SETTINGS)
        rows = pa.Table.from_pandas(features, preserve_index=False)
        connection.register("features", rows.append_column("place", pa.array(range(len(rows)))))
        # By way of Arrow: DuckDB's own conversion calls what pandas has deprecated.
        missing: pd.DataFrame = connection.sql(_missing_query()).to_arrow_table().to_pandas()
        return missing


def _make_views(
    connection: duckdb.DuckDBPyConnection, store: Store, buckets: Sequence[str]
) -> None:
    for name in READ:
        paths = [path for bucket in buckets if (path := store.part_path(name, bucket))]
        if paths:
            listed = ", ".join(f"'{_quote(str(path))}'" for path in paths)
            files = f"read_parquet([{listed}], file_row_number = true)"
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {files}")
        else:
            nothing = connection.from_arrow(arrow_schema(TABLES[name]).empty_table())
            nothing.project("*, 0 AS file_row_number").create_view(name)


# One thread: buckets are the unit of parallel work, and rows and sums keep their order. So they do
# in joins whose sides stay as written: the rows on the left pass by, those on the right are held.
_SETTINGS = """
    SET threads = 1;
    SET TimeZone = 'UTC';
    SET enable_progress_bar = false;
    SET disabled_optimizers = 'join_order,build_side_probe_side,join_filter_pushdown';
"""

# Keys are long, so that they are looked at once a table; what follows groups by a number. A
# creator's rows stand together in one file, by time: a row's number says which are the last posts,
# and whether the count before is the same creator's.
_SHARED = {
    # Accounts known from posts, counts or figures alone count too: nobody is dropped.
    "accounts": """
        SELECT
            CAST(row_number() OVER () AS INTEGER) AS creator,
            creator_key,
            any_value(platform) AS platform,
            coalesce(any_value(handle), split_part(creator_key, ':', 2)) AS handle,
            any_value(niche) AS niche,
            any_value(country) AS country,
            max(last_row) AS last_row,
            min(first_row) AS first_row
        FROM (
            SELECT creator_key, platform, handle, niche, country FROM creators
            UNION ALL BY NAME
            SELECT
                creator_key, any_value(platform) AS platform,
                max(file_row_number) FILTER (
                    posted_at < CAST($as_of + INTERVAL 1 DAY AS TIMESTAMPTZ)
                ) AS last_row
            FROM posts GROUP BY creator_key
            UNION ALL BY NAME
            SELECT
                creator_key, any_value(platform) AS platform, min(file_row_number) AS first_row
            FROM snapshots GROUP BY creator_key
            UNION ALL BY NAME
            SELECT creator_key, platform FROM reported_metrics
        ) GROUP BY creator_key
    """,
    "used_posts": """
        SELECT
            creator, posted_at, likes, comments, views, reach, is_sponsored, likes_hidden,
            CAST($engagements AS DOUBLE) AS engagements
        FROM posts JOIN accounts USING (creator_key)
        WHERE file_row_number > last_row - $last_posts AND file_row_number <= last_row
    """,
    "counts": """
        SELECT creator, observed_on, followers, following,
            CASE WHEN file_row_number > first_row AND before > 0 AND followers > 0
                AND days BETWEEN 1 AND 7 THEN ln(followers / CAST(before AS DOUBLE)) / days
            END AS rate
        FROM (
            SELECT creator_key, observed_on, followers, following, file_row_number,
                lag(followers) OVER () AS before,
                observed_on - lag(observed_on) OVER () AS days
            FROM snapshots WHERE observed_on <= $as_of
        ) JOIN accounts USING (creator_key)
    """,
    "span": """
        SELECT creator, min(posted_at) AS first_post, max(posted_at) AS last_post
        FROM used_posts GROUP BY creator
    """,
}
_ACCOUNT = (*IDENTITY, "first_post", "last_post")


def _query() -> str:
    queries = _SHARED | {family.name: family.query for family in FAMILIES}
    steps = ", ".join(f"{name} AS ({query})" for name, query in queries.items())
    columns = [f"{family.name}.{name}" for family in FAMILIES for name in family.columns]
    joins = [f"LEFT JOIN {name} USING (creator)" for name in ("span", *(f.name for f in FAMILIES))]
    return f"WITH {steps} SELECT {', '.join((*_ACCOUNT, *columns))} FROM accounts {' '.join(joins)}"


QUERY = _query()


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
                f"SELECT place, creator_key, '{feature}' AS feature, "
                f"CASE {cases} END AS reason FROM features WHERE {feature} IS NULL"
            )
    union = " UNION ALL ".join(queries)
    return f"SELECT creator_key, feature, reason FROM ({union}) ORDER BY place, feature"


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
    """Give every store the same types, whether or not a column has values in it."""
    types = dict.fromkeys(_COUNTS, "Int64") | dict.fromkeys((*IDENTITY, *TEXTS), "str")
    others = [c for c in table if c not in types and not str(table[c].dtype).startswith("datetime")]
    return table.astype(types | dict.fromkeys(others, "float64"))

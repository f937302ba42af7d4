"""The posts behind some creators' engagement, one row a post."""

from __future__ import annotations

import pandas as pd

from workbench.features.buckets import engagements_sql, open_buckets
from workbench.features.kept import bounded_groups
from workbench.features.settings import FeatureSettings
from workbench.store import Store
from workbench.tables.definitions import engagement_definition

_SEEN = ("reach", "views", "impressions")


def latest_posts(store: Store, settings: FeatureSettings, wanted: pd.DataFrame) -> pd.DataFrame:
    """Return the latest posts on or before the data's date, those without engagements left out.

    Parameters
    ----------
    store : Store
    settings : FeatureSettings
    wanted : DataFrame
        ``creator_key`` and ``posts``, how many of the latest are looked at; by the index that
        stands for the creator in what is returned.

    Returns
    -------
    DataFrame
        ``creator``, ``back`` (how many later posts there are), ``posted_at``, ``observed_at``,
        ``media_type``, ``views`` and the counts that are engagements by the settings' definition.
        An optional one that a post lacks is 0, as in the features; one that none has is left out.
    """
    definition = engagement_definition(settings.definition)
    optional = [f"coalesce({part}, 0) AS {part}" for part in definition.optional_parts]
    known = " AND ".join(f"{part} IS NOT NULL" for part in definition.required_parts)
    numbered = wanted[["creator_key", "posts"]].assign(creator=wanted.index)
    query = f"""
        WITH latest AS (
            SELECT creator_key, any_value(creator) AS creator, any_value(wanted.posts) AS most,
                max(file_row_number) AS last_row
            FROM posts JOIN numbered AS wanted USING (creator_key)
            WHERE posted_at < DATE '{settings.as_of}' + INTERVAL 1 DAY
            GROUP BY creator_key
        )
        SELECT creator, CAST(last_row - file_row_number AS INTEGER) AS back, posted_at, observed_at,
            media_type, {", ".join((*definition.required_parts, *optional))}, views
        FROM posts JOIN latest USING (creator_key)
        WHERE file_row_number > last_row - most AND file_row_number <= last_row AND {known}
    """
    frames = []
    for buckets in bounded_groups(store, sorted(store.catalog.tables.get("posts", {}))):
        with open_buckets(store, buckets) as connection:
            connection.register("numbered", numbered)
            # By way of Arrow: DuckDB's own conversion calls what pandas has deprecated.
            frames.append(connection.sql(query).to_arrow_table().to_pandas())
    posts = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    unused = [part for part in definition.optional_parts if part in posts and not posts[part].any()]
    return posts.drop(columns=unused)


def recent_posts(store: Store, settings: FeatureSettings) -> pd.DataFrame:
    """Return what each of the latest posts brought, on or before the data's date, oldest first.

    Returns
    -------
    DataFrame
        ``creator_key``, ``posted_at``, ``is_sponsored``, ``engagements`` by the settings'
        definition, ``reach``, ``views``, ``impressions``; a count of 0 people is missing.
    """
    definition = engagement_definition(settings.definition)
    counts = ", ".join(f"CAST(nullif({name}, 0) AS DOUBLE) AS {name}" for name in _SEEN)
    query = f"""
        SELECT creator_key, posted_at, coalesce(is_sponsored, false) AS is_sponsored,
            CAST({engagements_sql(definition)} AS DOUBLE) AS engagements, {counts}
        FROM posts WHERE posted_at < DATE '{settings.as_of}' + INTERVAL 1 DAY
        QUALIFY lead(creator_key, {settings.last_posts}) OVER () IS DISTINCT FROM creator_key
    """
    frames = []
    for buckets in bounded_groups(store, sorted(store.catalog.tables.get("posts", {}))):
        with open_buckets(store, buckets) as connection:
            frames.append(connection.sql(query).to_arrow_table().to_pandas())
    names = ["creator_key", "posted_at", "is_sponsored", "engagements", *_SEEN]
    posts = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=names)
    types = dict.fromkeys(("engagements", *_SEEN), "float64")
    return posts.astype(types | {"creator_key": "str", "is_sponsored": "bool"})

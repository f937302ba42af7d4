"""Each creator's engagement rate by every definition, from the same posts."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from workbench.features.buckets import engagements_sql, open_buckets
from workbench.features.kept import bounded_groups
from workbench.features.settings import FeatureSettings
from workbench.store import Store
from workbench.tables.definitions import EngagementDefinition, engagement_definitions


def compared_definitions(settings: FeatureSettings) -> tuple[EngagementDefinition, ...]:
    """Return the definition asked for, then the others, without the window that it has itself."""
    others = [
        d
        for name, d in engagement_definitions().items()
        if name != settings.definition and d.last_posts != settings.last_posts
    ]
    return (engagement_definitions()[settings.definition], *others)


def rates_by_definition(store: Store, settings: FeatureSettings) -> pd.DataFrame:
    """Compute every creator's rate by each of :func:`compared_definitions`.

    Returns
    -------
    DataFrame
        One row a creator with posts, by ``creator_key``: a column a definition (fractions, missing
        where a part or the denominator is) and ``reach_median`` of the posts.
    """
    definitions = compared_definitions(settings)
    groups = bounded_groups(store, sorted(store.catalog.tables.get("posts", {})))
    frames = [_rates(store, settings, definitions, buckets) for buckets in groups]
    columns = ["creator_key", *(d.name for d in definitions), "reach_median"]
    stacked = pd.concat(frames) if frames else pd.DataFrame(columns=columns)
    types = dict.fromkeys(columns, "float64") | {"creator_key": "str"}
    return stacked.astype(types).sort_values("creator_key", ignore_index=True)


def _rates(
    store: Store,
    settings: FeatureSettings,
    definitions: Sequence[EngagementDefinition],
    buckets: Sequence[str],
) -> pd.DataFrame:
    sizes = {d.last_posts or settings.last_posts for d in definitions}
    # Posts are stored by creator and time: a post is among the last n where the nth after it is
    # another creator's.
    windows = ", ".join(
        f"lead(creator_key, {n}) OVER () IS DISTINCT FROM creator_key AS last_{n}" for n in sizes
    )
    rates = ", ".join(f"{_rate(d, settings)} AS {d.name}" for d in definitions)
    with open_buckets(store, buckets) as connection:
        found: pd.DataFrame = (
            connection.sql(f"""
                WITH seen AS (
                    SELECT *, {windows} FROM posts
                    WHERE posted_at < DATE '{settings.as_of}' + INTERVAL 1 DAY
                    QUALIFY last_{max(sizes)}
                ), sizes AS (
                    SELECT creator_key, arg_max(followers, observed_on) AS followers
                    FROM snapshots WHERE observed_on <= DATE '{settings.as_of}'
                    GROUP BY creator_key
                )
                SELECT creator_key, {rates},
                    median(reach) FILTER (last_{settings.last_posts}) AS reach_median
                FROM seen LEFT JOIN sizes USING (creator_key)
                GROUP BY creator_key
            """)
            .to_arrow_table()
            .to_pandas()
        )
    return found


def _rate(definition: EngagementDefinition, settings: FeatureSettings) -> str:
    window = f"FILTER (last_{definition.last_posts or settings.last_posts})"
    each = f"CAST({engagements_sql(definition)} AS DOUBLE) / nullif({definition.denominator}, 0)"
    return f"{'avg' if definition.statistic == 'mean of posts' else 'median'}({each}) {window}"

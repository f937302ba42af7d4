"""One row per creator: the families joined, bucket by bucket, and why a feature is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

import duckdb
import pandas as pd

from workbench.errors import DataError, SettingsError
from workbench.features.cadence import CADENCE
from workbench.features.engagement import ENGAGEMENT
from workbench.features.family import Family
from workbench.features.followers import FOLLOWERS
from workbench.features.reported import POSTS, REPORTED, TEXTS
from workbench.intake.profile import built_in_profiles
from workbench.jobs import Executor, run_tasks
from workbench.store import Store, empty_frame
from workbench.tables.definitions import EngagementDefinition, engagement_definition
from workbench.tables.schema import TABLES

FAMILIES: tuple[Family, ...] = (FOLLOWERS, ENGAGEMENT, CADENCE, REPORTED)
IDENTITY = ("creator_key", "platform", "handle", "niche", "country")


@dataclass(frozen=True, kw_only=True)
class FeatureSettings:
    """What the features are computed from.

    Attributes
    ----------
    as_of : str
        ISO date; nothing later is used.
    last_posts : int
        At most this many of a creator's latest posts, at least 1.
    definition : str
        Name of the engagement definition that says which parts are summed.
    """

    as_of: str
    last_posts: int = 30
    definition: str = "engagement_rate_by_followers"

    def __post_init__(self) -> None:
        try:
            date.fromisoformat(self.as_of)
        except ValueError as fault:
            raise SettingsError("as_of must be a date.", [f"{self.as_of!r}: {fault}"]) from fault
        if self.last_posts < 1:
            raise SettingsError("last_posts must be at least 1.", [f"found {self.last_posts}"])
        engagement_definition(self.definition)


@dataclass(frozen=True, kw_only=True)
class FigureUse:
    """How many creators of a platform stand on one kind of figure, and where it comes from.

    Dates, windows, provenances and the imports' built-in profiles are those of reported figures;
    for posts they are empty.
    """

    platform: str
    basis: str
    creators: int
    first_on: str
    last_on: str
    windows: tuple[str, ...]
    provenances: tuple[str, ...]
    profiles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FeaturesSummary:
    """The handful of numbers about the creators that a sentence may quote."""

    creators: int
    platforms: tuple[str, ...]
    posts_used: int
    posts_hidden: int
    first_post: str
    last_post: str
    figures: tuple[FigureUse, ...]

    @property
    def reported(self) -> int:
        """Creators that stand on a reported figure."""
        return sum(use.creators for use in self.figures if use.basis != POSTS)


@dataclass(frozen=True, kw_only=True, eq=False)
class CreatorFeatures:
    """Features of all creators of a store.

    Attributes
    ----------
    table : DataFrame
        One row a creator, by ``creator_key``: identity columns and the columns of every family
        (see ``Family.columns`` for meaning and unit). What can't be computed is missing.
    missing : DataFrame
        ``creator_key``, ``feature``, ``reason``: one row for each missing feature.
    summary : FeaturesSummary
    settings : FeatureSettings
    """

    table: pd.DataFrame
    missing: pd.DataFrame
    summary: FeaturesSummary
    settings: FeatureSettings


def creator_features(
    store: Store, settings: FeatureSettings, *, executor: Executor = "serial"
) -> CreatorFeatures:
    """Compute the features of every creator in a store.

    Parameters
    ----------
    store : Store
    settings : FeatureSettings
    executor : {"serial", "local"}
        Buckets are independent; ``local`` uses two processes and gives the same table.

    Raises
    ------
    DataError
        If the store holds no creator, or a bucket's files can't be read.
    """
    task = partial(_bucket_features, store, settings)
    outcomes = run_tasks(task, store.buckets(), executor=executor, progress="features")
    for outcome in outcomes:
        if outcome.error and not isinstance(outcome.error, DataError | duckdb.Error | OSError):
            raise outcome.error
    faults = [f"bucket {o.task}: {o.error}" for o in outcomes if o.error]
    done = [o.value for o in outcomes if o.value is not None]
    if faults or not done:
        raise DataError(
            "The features can't be computed.", faults or [f"the store at {store.root} is empty"]
        )
    table = _stack([frames[0] for frames in done], ["creator_key"])
    missing = _stack([frames[1] for frames in done], ["creator_key", "feature"])
    return CreatorFeatures(
        table=table.drop(columns=["first_post", "last_post"]),
        missing=missing,
        summary=_summary(table, store),
        settings=settings,
    )


def _stack(frames: list[pd.DataFrame], by: list[str]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    return pd.concat(filled).sort_values(by, ignore_index=True)


def _summary(table: pd.DataFrame, store: Store) -> FeaturesSummary:
    posts = table[["first_post", "last_post"]].dropna()
    return FeaturesSummary(
        creators=len(table),
        platforms=tuple(sorted(table["platform"].unique())),
        posts_used=int(table["posts_used"].sum()),
        posts_hidden=int(table["posts_hidden"].sum()),
        first_post="" if posts.empty else f"{posts['first_post'].min():%Y-%m-%d}",
        last_post="" if posts.empty else f"{posts['last_post'].max():%Y-%m-%d}",
        figures=_figures(table, store),
    )


def _figures(table: pd.DataFrame, store: Store) -> tuple[FigureUse, ...]:
    # A profile of one's own is named after its file, which may name a creator.
    known = {profile.name for profile in built_in_profiles()}
    profiles = {record.id: known & {*record.profiles} for record in store.catalog.imports}
    uses = []
    for (platform, basis), group in table.groupby(["platform", "engagements_basis"]):
        days = group["reported_on"].dropna()
        sources = group["reported_source"].dropna().unique()
        uses.append(
            FigureUse(
                platform=str(platform),
                basis=str(basis),
                creators=len(group),
                first_on="" if days.empty else f"{days.min():%Y-%m-%d}",
                last_on="" if days.empty else f"{days.max():%Y-%m-%d}",
                windows=tuple(sorted(group["reported_window"].dropna().unique())),
                provenances=tuple(sorted(group["reported_provenance"].dropna().unique())),
                profiles=tuple(sorted({p for s in sources for p in profiles.get(s, ())})),
            )
        )
    return tuple(uses)


def _bucket_features(
    store: Store, settings: FeatureSettings, bucket: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    with duckdb.connect() as connection:
        # One thread: buckets are the unit of parallel work, and sums keep their order.
        connection.execute("SET threads = 1; SET TimeZone = 'UTC'")
        engagements = engagements_sql(engagement_definition(settings.definition))
        _make_views(connection, store, settings, bucket)
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
    connection: duckdb.DuckDBPyConnection, store: Store, settings: FeatureSettings, bucket: str
) -> None:
    for name in ("creators", "posts", "snapshots", "reported_metrics"):
        path = store.part_path(name, bucket)
        if path is None:
            connection.register(name, empty_frame(TABLES[name]))
        else:
            quoted = str(path).replace("'", "''")
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{quoted}')")
    connection.execute(
        _USED_POSTS.format(
            engagements=engagements_sql(engagement_definition(settings.definition)),
            as_of=settings.as_of,
            last_posts=settings.last_posts,
        )
    )
    connection.execute(_ACCOUNTS)


_USED_POSTS = """
    CREATE TEMP TABLE used_posts AS
    SELECT *, CAST({engagements} AS DOUBLE) AS engagements
    FROM posts
    WHERE posted_at < CAST(DATE '{as_of}' + INTERVAL 1 DAY AS TIMESTAMPTZ)
    QUALIFY {last_posts} >=
        row_number() OVER (PARTITION BY creator_key ORDER BY posted_at DESC, post_id)
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
    "reported_figures",
)


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """Give every bucket the same types, whether or not a column has values in it."""
    types = dict.fromkeys(_COUNTS, "Int64") | dict.fromkeys((*IDENTITY, *TEXTS), "str")
    others = [c for c in table if c not in types and not str(table[c].dtype).startswith("datetime")]
    return table.astype(types | dict.fromkeys(others, "float64"))

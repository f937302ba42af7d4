"""One row per creator: the families joined, bucket by bucket, and why a feature is missing."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import duckdb
import pandas as pd

from workbench.errors import DataError
from workbench.features.buckets import bucket_features, joined_features, missing_reasons
from workbench.features.kept import KeptFeatures, bounded_groups
from workbench.features.reported import POSTS
from workbench.features.settings import FeatureSettings
from workbench.jobs import Executor, run_tasks
from workbench.store import Store

logger = logging.getLogger(__name__)


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


@dataclass(frozen=True, kw_only=True)
class Computed:
    """How many buckets, of how many, and creators were computed; the others were kept."""

    buckets: int
    of_buckets: int
    creators: int


@dataclass(frozen=True, kw_only=True, eq=False)
class CreatorFeatures:
    """Features of all creators of a store.

    Attributes
    ----------
    table : DataFrame
        One row a creator, by ``creator_key``: identity columns and the columns of every family
        (see ``Family.columns`` for meaning and unit). What can't be computed is missing.
    summary : FeaturesSummary
    settings : FeatureSettings
    computed : Computed
    """

    table: pd.DataFrame
    summary: FeaturesSummary
    settings: FeatureSettings
    computed: Computed

    @cached_property
    def missing(self) -> pd.DataFrame:
        """``creator_key``, ``feature``, ``reason``: one row for each missing feature."""
        return missing_reasons(self.table)


def creator_features(
    store: Store,
    settings: FeatureSettings,
    *,
    executor: Executor = "serial",
    workers: int = 2,
    progress: str = "",
    address: str = "",
    cache: Path | None = None,
) -> CreatorFeatures:
    """Compute the features of every creator in a store.

    Parameters
    ----------
    store : Store
    settings : FeatureSettings
    executor, workers, progress, address
        As of ``run_tasks``: buckets are independent, and each executor gives the same table.
    cache : Path, optional
        A folder that keeps the features of each bucket, ``CLIENT/features`` on the command line:
        only buckets whose data, settings or queries have changed are computed again.

    Raises
    ------
    DataError
        If the store holds no creator, or a bucket's files can't be read.
    """
    kept = KeptFeatures(cache, store, settings)
    clock = time.perf_counter()
    outcomes = run_tasks(
        partial(bucket_features, store, settings),
        bounded_groups(store, kept.changed),
        executor=executor,
        workers=workers,
        progress=progress,
        address=address,
    )
    logger.debug("computed %d buckets in %.1f s", len(kept.changed), time.perf_counter() - clock)
    for outcome in outcomes:
        if outcome.error and not isinstance(outcome.error, DataError | duckdb.Error | OSError):
            raise outcome.error
    faults = [f"buckets {', '.join(o.task)}: {o.error}" for o in outcomes if o.error]
    computed = [(o.task, o.value) for o in outcomes if o.value is not None]
    done = [*(frames for _, frames in computed), *kept.unchanged.values()]
    if faults or not done:
        raise DataError(
            "The features can't be computed.", faults or [f"the store at {store.root} is empty"]
        )
    kept.keep(computed)
    table = joined_features(done)
    return CreatorFeatures(
        table=table.drop(columns=["first_post", "last_post"]),
        summary=_summary(table, store),
        settings=settings,
        computed=Computed(
            buckets=len(kept.changed),
            of_buckets=len(store.buckets()),
            creators=sum(len(frames[0]) for _, frames in computed),
        ),
    )


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
    profiles = _profiles(store) if table["reported_source"].notna().any() else {}
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


def _profiles(store: Store) -> dict[str, set[str]]:
    from workbench.intake.profile import built_in_profiles

    # A profile of one's own is named after its file, which may name a creator.
    known = {profile.name for profile in built_in_profiles()}
    return {record.id: known & {*record.profiles} for record in store.catalog.imports}

"""Creators placed by their posts: the long-run median among peers', and what other posts bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from workbench.curves.fit import CurveFit
from workbench.curves.long_run import RANKS
from workbench.curves.new_posts import predict_posts
from workbench.curves.post_windows import GROUPS
from workbench.curves.reference import PostsSettings, fit_reference
from workbench.curves.shortlist import is_named
from workbench.errors import DataError, SettingsError
from workbench.features import CreatorFeatures, latest_posts
from workbench.features.reported import POSTS
from workbench.store import Store

AHEAD = {"ahead": "q50", "ahead_low": "q05", "ahead_high": "q95"}


@dataclass(frozen=True, kw_only=True)
class PlacingSettings:
    """Who is placed, and among whom.

    Attributes
    ----------
    names : tuple of str
        As in ``ShortlistSettings``; empty means everybody.
    groups : tuple of str
        Of ``niche`` and ``country``, those that tell peers apart as far as the data bear it.
    reference_creators : int
        At most so many peers of a platform, at random, are learned from: time grows with the cube,
        and 400 more take less than 1% off the loss (``python -m benchmarks.new_posts``).
    min_creators : int
        With fewer creators to learn from the curve's own percentiles stay.
    spare_posts : int
        Peers' posts beyond the features' latest ones, from which is learned what others bring.
    seed : int
        Of the peers.
    """

    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = GROUPS
    reference_creators: int = 1_000
    min_creators: int = 100
    spare_posts: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        faults = [f"groups: {name!r} is none of {GROUPS}" for name in {*self.groups} - {*GROUPS}]
        if not 50 <= self.min_creators <= 2_000:
            faults.append(f"min_creators: expected 50 to 2000, found {self.min_creators}")
        if faults:
            raise SettingsError("Creators can't be placed with these settings.", faults)


def place_by_posts(
    fits: Sequence[CurveFit],
    features: CreatorFeatures,
    store: Store,
    settings: PlacingSettings | None = None,
) -> tuple[CurveFit, ...]:
    """Place creators by what their posts say of their long-run median, among those of peers.

    The percentile of ``CurveFit.table`` is replaced, ``ahead`` and its limits are filled in and
    ``by_posts`` is set, wherever the posts bear it; elsewhere, for reported figures and for a list
    chosen by its outcome the fits stay as they are. ``features`` are those of the fits.
    """
    settings = settings or PlacingSettings()
    able = [fit for fit in fits if _is_able(fit)]
    if not able:
        return tuple(fits)
    last = features.settings.last_posts
    creators = _creators(able, features.table, settings)
    wanted = creators[creators["told"] | creators["peer"]]
    wanted = wanted.assign(posts=last + settings.spare_posts * wanted["peer"])
    posts = latest_posts(store, features.settings, wanted)
    posts = posts.join(creators[["platform", "followers", *settings.groups]], on="creator")
    return tuple(_placed(f, creators, posts, last, settings) if f in able else f for f in fits)


def _is_able(fit: CurveFit) -> bool:
    summary = fit.summary
    return not (summary.reason or summary.reported or summary.selection.verdict == "selected")


def _creators(
    fits: Sequence[CurveFit], features: pd.DataFrame, settings: PlacingSettings
) -> pd.DataFrame:
    """Return the fits' creators, who of them is placed and who is learned from."""
    table = pd.concat([fit.table for fit in fits], ignore_index=True)
    groups = features.set_index("creator_key")[[*settings.groups]]
    table = table.join(groups, on="creator_key")
    sized = table["followers"].gt(0) & table["engagements_basis"].eq(POSTS)
    named = is_named(table, settings.names) if settings.names else True
    ahead = PostsSettings().posts_ahead
    order = np.random.default_rng(settings.seed).permutation(len(table))
    several = (sized & table["posts_with_engagements"].gt(ahead)).iloc[order]
    place = several.groupby(table["platform"]).cumsum()
    peer = (several & place.le(settings.reference_creators)).reindex(table.index)
    return table.assign(told=sized & named, peer=peer)


def _placed(
    fit: CurveFit,
    creators: pd.DataFrame,
    posts: pd.DataFrame,
    last_posts: int,
    settings: PlacingSettings,
) -> CurveFit:
    own = posts[posts["platform"] == fit.summary.platform].rename(
        columns={"creator": "creator_key"}
    )
    own = own.assign(post_id=-own["back"])
    asked = PostsSettings(
        confidence=fit.settings.confidence,
        min_peers=fit.settings.min_peers,
        min_creators=settings.min_creators,
        seed=settings.seed,
    )
    try:
        reference = fit_reference(own[creators["peer"].loc[own["creator_key"]].to_numpy()], asked)
    except DataError:  # too few creators
        return fit
    told = creators["told"].loc[own["creator_key"]].to_numpy() & own["back"].lt(last_posts)
    if not told.any():
        return fit
    forecast = predict_posts(reference, own[told])
    by_key = forecast.table.set_index(creators["creator_key"].loc[forecast.table["creator_key"]])
    found = by_key.reindex(fit.table["creator_key"]).set_index(fit.table.index)
    ranked = found["percentile"].notna()
    table = fit.table.assign(
        by_posts=ranked,
        posts_used=found["posts_used"],
        **{name: found[name].where(ranked, fit.table[name]) for name in RANKS},
        **{name: np.maximum(10 ** found[quantile] - 1, 0.0) for name, quantile in AHEAD.items()},
        reason=fit.table["reason"].mask(ranked, ""),
    )
    return replace(fit, table=table, summary=replace(fit.summary, placed=forecast.summary))

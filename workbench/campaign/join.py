"""What a client's data tell of each creator, joined into candidates, and whom they reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from workbench.audience import AudienceShare
from workbench.budget.audience_fit import fit_audience
from workbench.budget.audience_model import AudienceModel
from workbench.budget.candidates import Candidates, make_candidates
from workbench.budget.overlaps import read_overlaps
from workbench.budget.unknowns import Unknowns
from workbench.curves.levels import LevelSettings, shrink_levels
from workbench.features import CreatorFeatures, recent_posts
from workbench.features.reported import POSTS
from workbench.store import Store
from workbench.tables.brief import Brief

_IDENTITY = ["creator_key", "handle", "platform", "niche", "country", "followers"]
_AVERAGED = LevelSettings(within=0.25)  # of a reported figure: the mean of about ten posts
_FEW = 20  # creators of a platform with own reach, below which others' is not told from theirs


def plan_candidates(
    store: Store,
    features: CreatorFeatures,
    brief: Brief,
    unknowns: Unknowns,
    *,
    shares: Sequence[AudienceShare] = (),
    fee: float | None = None,
) -> Candidates:
    """Join what is known of each creator on the brief's platforms; what is not is left to priors.

    Parameters
    ----------
    store : Store
    features : CreatorFeatures
    brief : Brief
    unknowns : Unknowns
    shares : sequence of AudienceShare, optional
        Shares of followers that are not real, where labels tell them.
    fee : float, optional
        For a post of everybody, whatever was quoted.
    """
    told = known_of_creators(store, features, unknowns, shares)
    if brief.platforms:
        told = told[told["platform"].isin(brief.platforms)].reset_index(drop=True)
    if fee is not None:
        told = told.assign(fee=fee, fee_sd=0.0, fee_source="asked", next_post=1.0)
    found = make_candidates(
        told,
        unknowns,
        quotes=store.read("fee_quotes"),
        currency=brief.currency,
        preset=brief.tier_preset,
        brief=brief,
    )
    return replace(found, sources=_name_curves(found.sources, told))


def _name_curves(sources: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """Return the sources, where a creator's figure is that of others of its size: ``curve``."""
    source = sources["source"]
    for name in ("engagements", "reach"):
        others = told.loc[told[f"{name}_posts"].eq(0), "creator_key"]
        drawn = sources["column"].isin([name, f"{name}_sd"]) & source.eq("data")
        source = source.mask(drawn & sources["creator_key"].isin(others), "curve")
    return sources.assign(source=source)


def known_of_creators(
    store: Store,
    features: CreatorFeatures,
    unknowns: Unknowns,
    shares: Sequence[AudienceShare] = (),
) -> pd.DataFrame:
    """Return one row a creator, in ``CANDIDATE_COLUMNS`` that the data tell, else missing.

    ``engagements_posts`` and ``reach_posts`` count the figures of its own; without, what is told is
    that of others of its size.
    """
    table = features.table[_IDENTITY].reset_index(drop=True)
    table = table.assign(followers=table["followers"].where(table["followers"].gt(0)))
    posts = recent_posts(store, features.settings)
    unpaid = posts[~posts["is_sponsored"]]
    levels = _levels(
        unpaid.dropna(subset=["engagements"]), features.table, level_settings(unknowns)
    )
    reach = _reach(unpaid, table, unknowns)
    real = pd.DataFrame(
        [_real(share) for share in shares if share.share.summary.account is not None],
        columns=["creator_key", "real_share", "real_share_sd"],
    )
    for part in (levels, reach, real):
        table = table.merge(part, on="creator_key", how="left", validate="1:1")
    return table


def level_settings(unknowns: Unknowns) -> LevelSettings:
    """Return what the planner believes of creators' engagements before it sees a post."""
    return LevelSettings(
        slope=1 + unknowns.middle("engagement_elasticity"),
        between=unknowns.middle("engagement_spread"),
        within=unknowns.middle("post_spread"),
    )


def _levels(posts: pd.DataFrame, features: pd.DataFrame, settings: LevelSettings) -> pd.DataFrame:
    """Return engagements of a post, from posts, else from the figure that an export reports."""
    basis = features["engagements_basis"]
    reported = features[basis.notna() & basis.ne(POSTS) & features["engagements"].gt(0)]
    known = [shrink_levels(posts, features, settings).table] if len(posts) else []
    for kind, rows in reported.groupby(basis):
        found = shrink_levels(rows[["creator_key", "engagements"]], rows, _AVERAGED).table
        # A median of posts lies below their mean.
        up = np.exp(settings.within**2 / 2) if "median" in str(kind) else 1.0
        own = found.assign(engagements=up * found["engagements"], post_sd=np.nan)
        known.append(own)
    columns = ["creator_key", "engagements", "engagements_sd", "post_sd", "posts"]
    found = pd.concat([part[columns] for part in known]) if known else pd.DataFrame(columns=columns)
    # What a creator's own figure says comes after what the curve of others says.
    found = found.rename(columns={"posts": "engagements_posts"})
    return found.drop_duplicates("creator_key", keep="last")


def _reach(posts: pd.DataFrame, creators: pd.DataFrame, unknowns: Unknowns) -> pd.DataFrame:
    """Return the people reached by a post, from its reach, else from how often it was shown."""
    platform = posts["creator_key"].map(creators.set_index("creator_key")["platform"])
    by = {p: unknowns.middle("frequency", p) for p in platform.unique()}
    shown = posts["impressions"].fillna(posts["views"]) / platform.map(by).astype("float64")
    people = posts.assign(engagements=posts["reach"].fillna(shown)).dropna(subset=["engagements"])
    columns = ["creator_key", "reach", "reach_sd", "reach_posts"]
    if people.empty:
        return pd.DataFrame(columns=columns)
    found = shrink_levels(people, creators).table
    measured = found["posts"].gt(0)
    enough = measured.groupby(found["platform"]).transform("sum") >= _FEW
    names = {"engagements": "reach", "engagements_sd": "reach_sd", "posts": "reach_posts"}
    return found[measured | enough].rename(columns=names)[columns]


def _real(found: AudienceShare) -> dict[str, Any]:
    share, settings = found.share.summary.account, found.share.settings
    assert share is not None
    half = norm.ppf((1 + settings.confidence) / 2)
    spread = max((share.high - share.low) / (2 * half), 0.005)
    return {
        "creator_key": found.creator_key,
        "real_share": 1 - share.share,
        "real_share_sd": spread,
    }


def plan_audience(store: Store, candidates: Candidates, brief: Brief) -> AudienceModel | None:
    """Fit whom the candidates reach together, on the overlaps that the store has.

    None for goals that add up, and where the brief does not say how many people the market has.
    """
    if brief.market is None or brief.goal not in ("net_reach", "effective_reach"):
        return None
    table = candidates.table
    most = 0.9 * brief.market  # a post that reaches more also reaches people outside the market
    own = table.assign(**{name: table[name].clip(upper=most) for name in ("reach", "followers")})
    held, keys = store.read("overlaps"), own["creator_key"]
    known = held[held["creator_key"].isin(keys) & held["other_key"].isin(keys)]
    pairs = None
    if len(known):
        pairs = read_overlaps(known, own, market=brief.market, of="followers")
    return fit_audience(own, market=brief.market, pairs=pairs)

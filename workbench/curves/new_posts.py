"""What a creator's other posts will bring, from the few that were seen and a reference of peers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from workbench.curves.long_run import RANKS, observed_medians, peer_standing
from workbench.curves.post_windows import (
    check_posts,
    from_newest,
    list_creators,
    newest_posts,
    usable_posts,
    window_features,
)
from workbench.curves.quantiles import QUANTILES
from workbench.curves.reference import LADDER, PostsSettings, Reference, SeenModel, model_for
from workbench.formats import plural

FORECAST_COLUMNS = tuple(f"q{round(100 * quantile):02d}" for quantile in QUANTILES)


@dataclass(frozen=True, kw_only=True)
class PostsSummary:
    """The numbers about a forecast that a sentence may quote.

    ``guaranteed`` counts the forecasts whose quantiles come from creators apart from the fit;
    ``groups`` are those of niche and country by which peers were told apart.
    """

    platform: str
    parts: tuple[str, ...]
    creators: int
    forecasts: int
    percentiles: int
    guaranteed: int
    reference_creators: int
    reference_posts: int
    groups: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class PostsForecast:
    """The other posts of some creators.

    Attributes
    ----------
    table : DataFrame
        One row a creator: ``creator_key``, ``followers``, ``posts_used``; ``q05`` ... ``q95``,
        quantiles of the mean of log10(1 + engagements) over ``posts_ahead`` other posts;
        ``percentile``, ``percentile_low``, ``percentile_high`` (0-100) of the long-run median
        among those of peers of that size; ``peers`` between half and twice the size; ``reason``
        why something is missing, else empty.
    summary : PostsSummary
    settings : PostsSettings
    """

    table: pd.DataFrame
    summary: PostsSummary
    settings: PostsSettings


def predict_posts(reference: Reference, posts: pd.DataFrame) -> PostsForecast:
    """Foretell the other posts of every creator in ``posts``, each alone.

    ``posts`` has the columns of the reference's. The newest posts of a creator are used, as many
    as a step of ``LADDER`` holds.

    Raises
    ------
    DataError
        If columns are missing or no post is given.
    """
    check_posts(posts)
    usable = usable_posts(posts, reference.counts, reference.kinds, reference.observed)
    creators = list_creators(posts, usable)
    creators["peers"] = reference.peers.near(creators["x"].to_numpy(dtype="float64"))
    creators["reason"] = _refusals(creators, reference)
    usable = usable[usable["creator_key"].isin(creators.index[creators["reason"].eq("")])]
    found = [_forecasts(reference, *group) for group in _by_model(reference, usable)]
    columns = ["posts_used", *FORECAST_COLUMNS, "guaranteed"]
    told = pd.concat([pd.DataFrame(columns=columns, dtype="float64"), *found][bool(found) :])
    few = creators["reason"].eq("") & creators["peers"].lt(reference.settings.min_peers)
    untold = creators["reason"].eq("") & ~creators.index.isin(told.index)
    creators["reason"] = creators["reason"].mask(few, _few_peers(creators)).mask(untold, _TOO_FEW)
    ranked = told[~told.index.isin(creators.index[few])]
    where = None
    if len(ranked):
        ranked = _with_older(ranked, usable, reference)
        where = _standing(reference, creators.loc[ranked.index], ranked)
    return _result(reference, creators, told.reindex(columns=columns), where)


def _with_older(told: pd.DataFrame, usable: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    """Add what creators' posts beyond the model's say of the long-run median, as more evidence."""
    older = usable[from_newest(usable) >= usable["creator_key"].map(told["posts_used"])]
    seen = observed_medians(older, reference.noise).reindex(told.index)
    reach = norm.ppf((1 + reference.settings.confidence) / 2)
    variance = ((told["below"] + told["above"]) / (2 * reach)) ** 2
    share = (variance / (variance + seen["error"] ** 2)).fillna(0.0)
    left = np.sqrt(1 - share)
    return told.assign(
        level=told["level"] + share * (seen["median"].fillna(0.0) - told["level"]),
        below=told["below"] * left,
        above=told["above"] * left,
    )


def _standing(reference: Reference, creators: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    level, half = told["level"].to_numpy(), told[["below", "above"]].to_numpy()
    return peer_standing(reference.peers, creators, level, half, reference.settings.confidence)


def _result(
    reference: Reference, creators: pd.DataFrame, told: pd.DataFrame, where: pd.DataFrame | None
) -> PostsForecast:
    ranks = pd.DataFrame(columns=[*RANKS], dtype="float64") if where is None else where
    table = (
        pd.DataFrame({"followers": 10 ** creators["x"]})
        .join(told[["posts_used", *FORECAST_COLUMNS]])
        .join(ranks)
        .join(creators[["peers", "reason"]])
        .astype({"posts_used": "Int64", "peers": "Int64"})
    )
    summary = PostsSummary(
        platform=reference.platform,
        parts=reference.parts,
        creators=len(table),
        forecasts=int(table["q50"].notna().sum()),
        percentiles=int(table["percentile"].notna().sum()),
        guaranteed=int(told["guaranteed"].sum()),
        reference_creators=len(reference.creators),
        reference_posts=len(reference.posts),
        groups=reference.groups,
    )
    return PostsForecast(table=table.reset_index(), summary=summary, settings=reference.settings)


_TOO_FEW = "too few creators of the reference have so much about their posts"


def _few_peers(creators: pd.DataFrame) -> pd.Series:
    said = creators["peers"].map(lambda n: f"only {plural(n, 'peer')}" if n else "no peer")
    return said + " between half and twice its size"


def _refusals(creators: pd.DataFrame, reference: Reference) -> pd.Series:
    reasons = pd.Series("", index=creators.index, dtype="str")
    reasons = reasons.mask(creators["peers"].eq(0), _few_peers(creators))
    reasons = reasons.mask(creators["x"].isna(), "followers unknown")
    reasons = reasons.mask(
        creators["posts"].eq(0), f"no post with {' + '.join(reference.parts)} known"
    )
    other = f"the reference is of {reference.platform}"
    return reasons.mask(creators["platform"].ne(reference.platform), other)


def _by_model(
    reference: Reference, usable: pd.DataFrame
) -> list[tuple[int, SeenModel, pd.DataFrame]]:
    """Return the number of posts seen, a model and the features of the creators that it serves."""
    groups = []
    for k in sorted(LADDER, reverse=True):
        features = window_features(newest_posts(usable, k), k)
        known = features.notna().to_numpy()
        for _, rows in features.groupby(known @ (1 << np.arange(known.shape[1]))):
            model = model_for(reference, k, tuple(rows.columns[rows.iloc[0].notna()]))
            if model is not None:
                groups.append((k, model, rows))
                usable = usable[~usable["creator_key"].isin(rows.index)]
    return groups


def _forecasts(
    reference: Reference, k: int, model: SeenModel, features: pd.DataFrame
) -> pd.DataFrame:
    (ahead, long), (scale, long_scale) = (part.T for part in model.levels.predict(features))
    tail = (1 - reference.settings.confidence) / 2
    mean = features["y_mean"].to_numpy()
    told = (mean + ahead)[:, None] + scale[:, None] * model.levels.limits(0, QUANTILES)
    low, middle, high = model.levels.limits(1, (tail, 0.5, 1 - tail))
    return pd.DataFrame(told, columns=list(FORECAST_COLUMNS), index=features.index).assign(
        posts_used=k,
        level=mean + long + middle * long_scale,
        below=(middle - low) * long_scale * model.own_share,
        above=(high - middle) * long_scale * model.own_share,
        guaranteed=model.levels.apart is not None,
    )

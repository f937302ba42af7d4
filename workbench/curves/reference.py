"""A reference of peers' posts: what a creator's newest posts say of the others, learned from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from workbench.curves.left_out import LevelModel, fit_levels
from workbench.curves.long_run import (
    MedianNoise,
    PeerLevels,
    fit_peer_levels,
    measure_noise,
    observed_medians,
)
from workbench.curves.post_windows import (
    GROUPS,
    PARTS,
    check_posts,
    common_counts,
    frequent_kinds,
    list_creators,
    split_posts,
    usable_posts,
    window_features,
)
from workbench.errors import DataError, SettingsError
from workbench.formats import plural

# How many of a creator's posts a model may stand on: the largest number that the creator has.
LADDER = (1, 2, 3, 4, 5, 7, 10, 14, 20, 30)


@dataclass(frozen=True, kw_only=True)
class SeenModel:
    """The mean of the posts ahead and the long-run median, from one number of posts seen.

    ``own_share`` is the part of the median's misses that is left without the noise of the
    reference's own medians.
    """

    levels: LevelModel
    own_share: float


@dataclass(frozen=True, kw_only=True)
class PostsSettings:
    """What is foretold and from whom.

    Attributes
    ----------
    posts_ahead : int
        The forecast is of the mean of log10(1 + engagements) over so many posts.
    ripe_days : float
        The standard age: posts to be foretold are at least so old when their counts are read.
    direction : {"older", "newer"}
        Which posts of the reference stand for the other ones: those before a creator's newest,
        as a user has them, or those after the ones seen, whose engagement may still grow.
    confidence : float
        Of the percentile's interval, 0-1.
    min_creators, min_peers : int
        With fewer reference creators there is no forecast; with fewer between half and twice the
        size no percentile.
    fit_creators, split_from : int
        From ``split_from`` creators on the model is fitted on ``fit_creators`` and the quantiles
        are set by the others, which makes their coverage a guarantee (split conformal). Below,
        they are set by leaving out one creator at a time, which comes near it.
    seed : int
        Of that choice.
    """

    posts_ahead: int = 5
    ripe_days: float = 7
    direction: Literal["older", "newer"] = "older"
    confidence: float = 0.90
    min_creators: int = 100
    min_peers: int = 10
    fit_creators: int = 2_000
    split_from: int = 2_500
    seed: int = 0

    def __post_init__(self) -> None:
        faults = []
        if self.posts_ahead < 1:
            faults.append(f"posts_ahead: expected 1 or more, found {self.posts_ahead}")
        if not 0.5 <= self.confidence < 1:
            faults.append(f"confidence: expected 0.5 to below 1, found {self.confidence}")
        if not 50 <= self.min_creators <= self.fit_creators <= self.split_from - 100:
            faults.append("expected 50 <= min_creators <= fit_creators <= split_from - 100")
        if faults:
            raise SettingsError("Posts can't be foretold with these settings.", faults)


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """Posts of peers, ready to foretell from; models are fitted when they are first needed.

    ``counts`` are those that nearly all of its posts have, ``observed`` is when counts without a
    time of their own were read, ``posts`` and ``creators`` are what could be used.
    """

    platform: str
    counts: tuple[str, ...]
    kinds: tuple[str, ...]
    observed: pd.Timestamp
    posts: pd.DataFrame
    creators: pd.DataFrame
    peers: PeerLevels
    noise: MedianNoise
    settings: PostsSettings
    models: dict[tuple[int, tuple[str, ...]], SeenModel | None] = field(default_factory=dict)

    @property
    def groups(self) -> tuple[str, ...]:
        """Of niche and country, those whose peers lie apart."""
        return tuple(name for name in GROUPS if self.peers.shifts[name].abs().gt(0).any())

    @property
    def parts(self) -> tuple[str, ...]:
        """The counts whose sum is the engagement."""
        return tuple(name for name in self.counts if name in PARTS)


def fit_reference(posts: pd.DataFrame, settings: PostsSettings | None = None) -> Reference:
    """Take in the posts of a reference.

    Parameters
    ----------
    posts : DataFrame
        Canonical posts of one platform with a column ``followers``; ``observed_at``,
        ``media_type``, ``niche`` and ``country`` are used where given, and every count but
        ``likes`` may be missing. Engagement is the sum of the parts that nine posts in ten have.
    settings : PostsSettings, optional

    Raises
    ------
    DataError
        If columns are missing, there are two platforms, or too few creators.
    """
    settings = settings or PostsSettings()
    check_posts(posts)
    platforms = sorted(posts["platform"].dropna().unique())
    if len(platforms) != 1:
        raise DataError("A reference needs posts of one platform.", [f"found {platforms}"])
    counts, kinds = common_counts(posts), frequent_kinds(posts)
    times = posts.get("observed_at", posts["posted_at"])
    observed = times.max() if times.notna().any() else posts["posted_at"].max()
    usable = usable_posts(posts, counts, kinds, observed)
    usable = usable[usable["x"].notna()].reset_index(drop=True)
    ripe = usable[usable["days"] >= settings.ripe_days]
    noise = measure_noise(usable)
    levels = observed_medians(ripe, noise).join(list_creators(posts, usable).drop(columns="posts"))
    levels = levels[levels["posts"] >= settings.posts_ahead]
    _check_size(levels, counts, settings)
    return Reference(
        platform=str(platforms[0]),
        counts=counts,
        kinds=kinds,
        observed=observed,
        posts=usable,
        creators=levels,
        peers=fit_peer_levels(levels, settings.seed),
        noise=noise,
        settings=settings,
    )


def _check_size(levels: pd.DataFrame, counts: tuple[str, ...], settings: PostsSettings) -> None:
    parts = [name for name in counts if name in PARTS]
    sizes = levels["x"].nunique()
    faults = []
    if len(levels) < settings.min_creators:
        faults.append(
            f"{plural(len(levels), 'creator')} with followers and {settings.posts_ahead} posts of "
            f"{settings.ripe_days:g} days or more with {' + '.join(parts)}; "
            f"{settings.min_creators} are needed"
        )
    if sizes < 10:
        faults.append(f"{plural(sizes, 'different size')}, 10 are needed")
    if faults:
        raise DataError("The reference is too small to foretell from.", faults)


def model_for(reference: Reference, k: int, columns: tuple[str, ...]) -> SeenModel | None:
    """Fit, or take from before; none where too few reference creators have what it needs."""
    if (k, columns) not in reference.models:
        reference.models[k, columns] = _fit_model(reference, k, columns)
    return reference.models[k, columns]


def _fit_model(reference: Reference, k: int, columns: tuple[str, ...]) -> SeenModel | None:
    settings = reference.settings
    newer = settings.direction == "newer"
    seen, target, others = split_posts(
        reference.posts, k, settings.posts_ahead, settings.ripe_days, newer=newer
    )
    features = window_features(seen, k)[[*columns]].dropna()
    if len(features) < settings.min_creators:
        return None
    long = observed_medians(others, reference.noise).reindex(features.index)
    ahead = target.groupby("creator_key")["y"].mean().reindex(features.index)
    # Both count from the mean of the posts seen, so that far-off sizes fall back on it.
    answers = np.column_stack([ahead, long["median"]]) - features[["y_mean"]].to_numpy()
    apart = None
    if len(features) >= settings.split_from:
        order = np.random.default_rng(settings.seed).permutation(len(features))
        apart = np.sort(order[settings.fit_creators :])
    levels = fit_levels(features, answers, apart)
    noise = long["error"] if apart is None else long["error"].iloc[apart]
    own = max(1 - float((noise**2).mean()) / levels.variances[1], 0.05)
    return SeenModel(levels=levels, own_share=float(np.sqrt(own)))

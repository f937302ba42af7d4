"""Results that several test modules judge: typical, empty, one creator, all missing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench.curves import (
    CurveFit,
    CurveSettings,
    Shortlist,
    ShortlistSettings,
    TierSettings,
    TierTable,
    choose_shortlist,
    fit_engagement_curve,
    summarise_tiers,
)
from workbench.tables.tiers import read_tier_preset

PRESET = read_tier_preset("four-tier")
SETTINGS = CurveSettings(preset=PRESET)


def make_features(creators: int = 200, exponent: float = 0.8, seed: int = 0) -> pd.DataFrame:
    """Features of one platform with a known exponent."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(3, 6.5, creators)
    y = 0.5 + exponent * x + rng.normal(0, 0.35, creators)
    return pd.DataFrame(
        {
            "creator_key": [f"tiktok:c{i:04d}" for i in range(creators)],
            "handle": [f"c{i:04d}" for i in range(creators)],
            "platform": "tiktok",
            "followers": pd.Series(np.round(10**x)).astype("Int64"),
            "posts_with_engagements": pd.Series(20, index=range(creators), dtype="Int64"),
            "engagements": 10**y,
            "engagements_basis": "posts",
            "engagements_log_sd": 0.3,
            "engagement_rate_by_views": 0.1,
        }
    )


def results(
    features: pd.DataFrame, names: tuple[str, ...] = ()
) -> tuple[tuple[CurveFit, ...], Shortlist, TierTable]:
    """Fit, list and summarise."""
    fits = (fit_engagement_curve(features, SETTINGS),)
    listed = choose_shortlist(fits, ShortlistSettings(names=names))
    return fits, listed, summarise_tiers(features, TierSettings(preset=PRESET))


def as_reported(features: pd.DataFrame, basis: str = "reported mean") -> pd.DataFrame:
    """The same creators, on figures that an export reports in place of posts."""
    return features.assign(
        engagements_basis=basis,
        engagements_log_sd=np.nan,
        posts_with_engagements=pd.array([pd.NA] * len(features), dtype="Int64"),
    )


def without(column: str, value: object = None) -> pd.DataFrame:
    """Features in which one creator lacks something."""
    features = make_features(60)
    features.loc[0, column] = value
    return features


TYPICAL = results(make_features(), ("c0001", "c0002", "c0003"))
ONE = results(make_features(1))
UNKNOWN = results(
    make_features(40).assign(
        engagements=np.nan,
        engagements_basis=None,
        engagements_log_sd=np.nan,
        posts_with_engagements=pd.array([pd.NA] * 40, dtype="Int64"),
    )
)
WORLDS = {
    "reported": results(as_reported(make_features(80))),
    "reported, chosen by engagement": results(as_reported(make_features(80, exponent=0.0))),
    "typical": TYPICAL,
    "one": ONE,
    "unknown": UNKNOWN,
    "few": results(make_features(12)),
    "everybody": results(make_features(60)),
    "no posts": results(without("posts_with_engagements")),
    "no followers": results(without("followers")),
    "zero followers": results(without("followers", 0)),
    "four posts": results(make_features(60).assign(posts_with_engagements=4)),
    "one post": results(
        make_features(60).assign(posts_with_engagements=1, engagements_log_sd=np.nan)
    ),
    "identical": results(make_features(60).assign(engagements=100.0)),
}

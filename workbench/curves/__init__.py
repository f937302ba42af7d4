"""Engagement against followers: the curve, a creator's percentile, tiers."""

from workbench.curves.fit import (
    CurveFit,
    CurveSettings,
    CurveSummary,
    fit_engagement_curve,
    fit_engagement_curves,
)
from workbench.curves.recovery import Recovery, RecoverySummary, score_percentiles
from workbench.curves.shortlist import (
    Shortlist,
    ShortlistSettings,
    ShortlistSummary,
    check_names,
    choose_shortlist,
)
from workbench.curves.tiers import TierSettings, TierSummary, TierTable, summarise_tiers

__all__ = [
    "CurveFit",
    "CurveSettings",
    "CurveSummary",
    "Recovery",
    "RecoverySummary",
    "Shortlist",
    "ShortlistSettings",
    "ShortlistSummary",
    "TierSettings",
    "TierSummary",
    "TierTable",
    "check_names",
    "choose_shortlist",
    "fit_engagement_curve",
    "fit_engagement_curves",
    "score_percentiles",
    "summarise_tiers",
]

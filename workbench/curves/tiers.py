"""Engagement rates by tier: a display of the data, not a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binom

from workbench.errors import SettingsError
from workbench.features.reported import settled_basis
from workbench.tables.definitions import engagement_definition
from workbench.tables.tiers import TierPreset, assign_tier


@dataclass(frozen=True, kw_only=True)
class TierSettings:
    """What the tier table shows.

    Attributes
    ----------
    preset : TierPreset
    rate : str
        Name of the engagement definition.
    confidence : float
        Coverage of the interval of a median, 0-1.
    thin : int
        Cells with fewer creators are marked as thin.
    """

    preset: TierPreset
    rate: str = "engagement_rate_by_followers"
    confidence: float = 0.90
    thin: int = 10

    def __post_init__(self) -> None:
        engagement_definition(self.rate)
        if not 0.5 <= self.confidence < 1:
            raise SettingsError("confidence must lie between 0.5 and 1.", [str(self.confidence)])


@dataclass(frozen=True, kw_only=True)
class TierSummary:
    """How many creators the table shows, and how many stand outside every tier of the preset."""

    creators: int
    creators_with_rate: int
    outside_tiers: int
    thin_cells: int


@dataclass(frozen=True, kw_only=True, eq=False)
class TierTable:
    """Median engagement rate by platform and tier.

    Attributes
    ----------
    table : DataFrame
        One row a platform, kind of figure and tier that has creators, smallest tier first:
        ``platform``, ``basis``, ``tier``, ``creators``, ``creators_with_rate``, ``posts``,
        ``rate_median`` with ``rate_low`` and ``rate_high`` (fractions; missing where the creators
        are too few for the interval), ``thin``, ``in_preset``.
    summary : TierSummary
    settings : TierSettings
    """

    table: pd.DataFrame
    summary: TierSummary
    settings: TierSettings


def summarise_tiers(features: pd.DataFrame, settings: TierSettings) -> TierTable:
    """Compute the median rate of each tier with an exact, distribution-free interval.

    ``features`` is ``CreatorFeatures.table``.
    """
    frame = features.assign(
        tier=assign_tier(features["followers"], settings.preset),
        rate=engagement_rate(features, settings.rate),
        basis=settled_basis(features),
    )
    named = {tier.name for tier in settings.preset.tiers}
    rows = [
        {
            "platform": platform,
            "basis": basis,
            "tier": str(tier),
            **_cell(cell, settings),
            "in_preset": tier in named,
        }
        for (platform, basis, tier), cell in frame.groupby(
            ["platform", "basis", "tier"], observed=True
        )
    ]
    table = pd.DataFrame(rows)
    summary = TierSummary(
        creators=len(frame),
        creators_with_rate=int(frame["rate"].notna().sum()),
        outside_tiers=int((~frame["tier"].isin(named)).sum()),
        thin_cells=int(table["thin"].sum()),
    )
    return TierTable(table=table, summary=summary, settings=settings)


def engagement_rate(features: pd.DataFrame, rate: str) -> pd.Series:
    """Return each creator's engagement rate by that definition, a fraction."""
    if engagement_definition(rate).denominator != "followers":
        return features[rate]
    followers = features["followers"].astype("float64")
    return features["engagements"] / followers.where(followers > 0)


def _cell(cell: pd.DataFrame, settings: TierSettings) -> dict[str, object]:
    rates = np.sort(cell["rate"].dropna().to_numpy())
    low, high = median_interval(rates, settings.confidence)
    return {
        "creators": len(cell),
        "creators_with_rate": len(rates),
        "posts": int(cell["posts_with_engagements"].sum()),
        "rate_median": float(np.median(rates)) if len(rates) else np.nan,
        "rate_low": low,
        "rate_high": high,
        "thin": len(rates) < settings.thin,
    }


def median_interval(ordered: np.ndarray, confidence: float) -> tuple[float, float]:
    """Return the interval of a median between two order statistics.

    The coverage is at least ``confidence`` for any distribution (Conover 1999, section 3.2). Both
    limits are missing where there are too few values for it: below 5 at 90%. ``ordered`` are the
    sorted values without missing ones.
    """
    n = len(ordered)
    rank = int(binom.ppf((1 - confidence) / 2, n, 0.5)) if n else 0
    if rank < 1 or 1 - 2 * binom.cdf(rank - 1, n, 0.5) < confidence:
        return float("nan"), float("nan")
    return float(ordered[rank - 1]), float(ordered[n - rank])

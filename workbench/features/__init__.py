"""Store in, one row per creator out: a file a family, each a plain DuckDB query."""

from workbench.features.creators import (
    CreatorFeatures,
    FeatureSettings,
    FeaturesSummary,
    FigureUse,
    creator_features,
)

__all__ = [
    "CreatorFeatures",
    "FeatureSettings",
    "FeaturesSummary",
    "FigureUse",
    "creator_features",
]

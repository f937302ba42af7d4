"""Store in, one row per creator out: a file a family, each a plain DuckDB query."""

from workbench.features.creators import (
    CreatorFeatures,
    FeaturesSummary,
    FigureUse,
    creator_features,
)
from workbench.features.definitions import rates_by_definition
from workbench.features.posts import latest_posts, recent_posts
from workbench.features.settings import FeatureSettings

__all__ = [
    "CreatorFeatures",
    "FeatureSettings",
    "FeaturesSummary",
    "FigureUse",
    "creator_features",
    "latest_posts",
    "rates_by_definition",
    "recent_posts",
]

"""A simulated market through the product's own path: store, features, curves."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

from tests.worlds import SETTINGS
from workbench.curves import PlacingSettings, fit_engagement_curves, place_by_posts
from workbench.features import FeatureSettings, creator_features
from workbench.market.settings import MarketSettings
from workbench.market.world import make_market
from workbench.store import ImportRecord, open_store


def market_ranges(settings: MarketSettings) -> pd.DataFrame:
    """Ranges of a simulated market's creators beside the truth.

    ``percentile`` and its limits are those of the posts, where these bear them; with the ending
    ``_figure`` they are those of the figures as they are.
    """
    market = make_market(settings)
    posts = market.posts.assign(provenance="measured", source="m")
    snapshots = market.snapshots.assign(provenance="measured", source="m")
    record = ImportRecord(id="m", files=(), as_of="2026-09-30", sampling="latest_posts")
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder), create=True)
        store.write({"posts": posts, "snapshots": snapshots}, record)
        features = creator_features(open_store(Path(folder)), FeatureSettings(as_of=record.as_of))
        fits = fit_engagement_curves(features.table, SETTINGS)
        alike = PlacingSettings(groups=())  # the truth is told among all niches and countries
        placed = place_by_posts(fits, features, open_store(Path(folder)), alike)
    ranks = ["creator_key", "percentile", "percentile_low", "percentile_high"]
    figures = pd.concat([fit.table[ranks] for fit in fits])
    table = pd.concat([fit.table for fit in placed])
    table = table.merge(figures, on="creator_key", suffixes=("", "_figure"))
    return table.merge(market.truth_creators, on="creator_key", suffixes=("", "_true"))

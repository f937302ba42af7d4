"""A simulated market through the product's own path: store, features, curves."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

from tests.worlds import SETTINGS
from workbench.curves import fit_engagement_curves
from workbench.features import FeatureSettings, creator_features
from workbench.market.settings import MarketSettings
from workbench.market.world import make_market
from workbench.store import ImportRecord, open_store


def market_ranges(settings: MarketSettings) -> pd.DataFrame:
    """Ranges of a simulated market's creators beside the truth."""
    market = make_market(settings)
    posts = market.posts.assign(provenance="measured", source="m")
    snapshots = market.snapshots.assign(provenance="measured", source="m")
    record = ImportRecord(id="m", files=(), as_of="2026-09-30", sampling="latest_posts")
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder), create=True)
        store.write({"posts": posts, "snapshots": snapshots}, record)
        features = creator_features(open_store(Path(folder)), FeatureSettings(as_of=record.as_of))
    table = pd.concat([fit.table for fit in fit_engagement_curves(features.table, SETTINGS)])
    return table.merge(market.truth_creators, on="creator_key", suffixes=("", "_true"))

"""Which creators get into the exports: a list picked by the outcome looks like any other."""

from __future__ import annotations

import math

import pandas as pd
from scipy.special import expit

from workbench.errors import SettingsError
from workbench.market.levels import PARTS
from workbench.market.settings import MarketSettings


def is_selected(accounts: pd.DataFrame, posts: pd.DataFrame, settings: MarketSettings) -> pd.Series:
    """Return whether each account was picked, by what its posts show on the day of the reading."""
    kept = pd.Series(True, index=accounts.index)
    if settings.selection == "none":
        return kept
    if settings.selection == "top_views":
        figure = posts["views"].fillna(posts["reach"])
    else:
        figure = posts[list(PARTS)].fillna(0).sum(axis=1)
    outcome = figure.astype("float64").groupby(posts["creator"]).median().reindex(accounts.index)
    if settings.selection == "engagement_rate":
        edge = settings.selection_rate * accounts["followers"]
    else:
        by_platform = outcome.fillna(0.0).groupby(accounts["platform"])
        edge = by_platform.transform("quantile", 1 - settings.selection_share)
    above = (outcome / edge).clip(lower=1e-9).fillna(1e-9).map(math.log10)
    kept = above >= 0
    if settings.selection_softness:
        chance = expit(above / settings.selection_softness)
        luck = settings.stream("selection").random(len(above))
        kept = pd.Series(luck < chance, index=above.index)
    if not kept.any():
        ways = ["lower selection_rate, raise selection_share, or make more creators"]
        raise SettingsError("No creator of this market would be picked.", ways)
    return kept

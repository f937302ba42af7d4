"""Sentences and rows about the tier table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from workbench.features.reported import POSTS
from workbench.formats import MISSING, count, interval, level, nominal, observed, percent, plural
from workbench.tables.definitions import engagement_definition
from workbench.tables.schema import PLATFORM_NAMES

if TYPE_CHECKING:
    from workbench.curves import TierTable


def describe_tiers(tiers: TierTable) -> str:
    """Say what the table shows, by which definition and preset, and who is outside the tiers."""
    definition = engagement_definition(tiers.settings.rate)
    preset = tiers.settings.preset
    text = (
        f"Median {definition.label} by size for {plural(tiers.summary.creators_with_rate, 'creator')} "
        f"of {count(tiers.summary.creators)}. Sizes are named as in the preset "
        f"*{preset.name}* ({preset.source_text})."
    )
    if preset.note:
        text += f" {preset.note}"
    if tiers.table["basis"].ne(POSTS).any():
        rate = "they have no such rate"
        if definition.denominator == "followers":
            rate = "their rate is the figure over the followers"
        text += f" Reported figures stand apart by kind; {rate}."
    if tiers.table["rate_median"].gt(1).any():
        over = nominal(1.0)
        text += f" A rate over {over} need not be an error: people who don't follow see posts too."
    if tiers.summary.outside_tiers:
        text += (
            f" {plural(tiers.summary.outside_tiers, 'creator')} outside every tier of the preset "
            "stay in the table under a name of their own."
        )
    if tiers.summary.thin_cells:
        text += f" Grey rows stand on fewer than {tiers.settings.thin} creators: read them as anecdotes."
    return text


def describe_tier_rows(tiers: TierTable) -> pd.DataFrame:
    """Return the rows of the tier table as text, in the order of ``tiers.table``."""
    table = tiers.table
    return pd.DataFrame(
        {
            "Platform": table["platform"].map(PLATFORM_NAMES),
            "Size": table["tier"],
            "Creators": table["creators_with_rate"].map(count),
            **_stand_on(table),
            f"Median {engagement_definition(tiers.settings.rate).label} "
            f"({level(tiers.settings.confidence)} interval)": [
                _rate(row, tiers.settings.confidence) for _, row in table.iterrows()
            ],
        }
    )


def _stand_on(table: pd.DataFrame) -> dict[str, object]:
    posts, reported = table["posts"].map(count), table["basis"].ne(POSTS)
    if not reported.any():
        return {"Posts": posts}
    return {"Stand on": table["basis"].where(reported, posts + " posts")}


def _rate(row: pd.Series, confidence: float) -> str:
    if pd.isna(row["rate_median"]):
        return MISSING
    if pd.isna(row["rate_low"]):
        return f"{observed(percent(row['rate_median']))} in this sample; too few for a range"
    rate = row[["rate_median", "rate_low", "rate_high"]]
    return interval(*rate, unit="percent", confidence=confidence, kind="")

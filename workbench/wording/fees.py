"""Sentences and rows about what creators ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from workbench.formats import (
    Unit,
    count,
    interval,
    level,
    literal,
    nominal,
    number,
    plural,
    short_count,
)
from workbench.tables.schema import PLATFORM_NAMES
from workbench.wording.shortlist import creator_names, estimate

if TYPE_CHECKING:
    from workbench.curves import FeeTable, Shortlist

_COSTS: dict[str, tuple[str, Unit]] = {
    "per_post": ("Per post", "count"),
    "per_1k_followers": ("Per 1,000 followers", "number"),
    "per_1k_reached": ("Per 1,000 reached", "number"),
    "per_engagement": ("Per engagement", "number"),
}
_LEAST = 5  # quotes of a row
_ROWS = 16


def describe_fees(fees: FeeTable | None) -> str:
    """Say what size does to the fee, and how many quotes lie outside the range for their size."""
    if fees is None:
        return "No fees of these creators were given, so this report says nothing about costs."
    summary = fees.summary
    kinds = fees.quotes.drop_duplicates("platform")
    named = zip(kinds["platform"], kinds["deliverable"], strict=True)
    text = (
        f"{plural(summary.quotes, 'quote')}, each creator's latest for "
        f"{', '.join(f'{PLATFORM_NAMES[p]} *{literal(d)}*' for p, d in named)}."
    )
    if summary.other_deliverables:
        text += f" Left out: {plural(summary.other_deliverables, 'quote')} for other deliverables."
    if summary.unplaced:
        text += f" Without a place: {plural(summary.unplaced, 'quote')} of 0 or without followers."
    parts = [_line(row, fees) for _, row in fees.lines.drop_duplicates("platform").iterrows()]
    if not parts:
        return f"{text} They are too few on any platform to say what a size usually asks."
    by_chance = round(summary.judged * (1 - fees.settings.band))
    parts.append(
        f"{count(summary.outside)} of {plural(summary.judged, 'quote')} lie outside the range of quotes "
        f"for the size; about {count(by_chance)} would even if nothing set them apart."
    )
    return text + "\n\n" + "\n".join(f"- {part}" for part in parts)


def _line(row: pd.Series, fees: FeeTable) -> str:
    slopes = row[["slope", "slope_low", "slope_high"]].astype("float64")
    times = interval(*10**slopes, unit="number", confidence=fees.settings.confidence)
    verdict = "a follower costs about the same at every size, as far as can be told"
    if row["slope_high"] < 1:
        verdict = "a follower costs less with a larger account"
    elif row["slope_low"] > 1:
        verdict = "a follower costs more with a larger account"
    return (
        f"**{PLATFORM_NAMES[row['platform']]}:** {verdict}. Ten times the followers come with {times} "
        "times the fee."
    )


def describe_fees_note(fees: FeeTable) -> str:
    """Say how to read the figure of fees."""
    return (
        "Each dot is a quote in the platform's most frequent currency, both scales are logarithmic; the "
        f"band is meant to hold {nominal(fees.settings.band)} of the quotes at a size. Rings lie outside "
        "it: rights, exclusivity or a production behind the price may be the reason, or a slip in the "
        "list; ask what it holds."
    )


def describe_fees_alt(fees: FeeTable) -> str:
    """Say in plain text what the figure of fees shows."""
    ends = [
        f"{PLATFORM_NAMES[str(platform)]} {short_count(line['expected'].iloc[0])} to "
        f"{short_count(line['expected'].iloc[-1])} {line['currency'].iloc[0]} from "
        f"{short_count(line['followers'].iloc[0])} to {short_count(line['followers'].iloc[-1])}"
        for platform, line in fees.lines.groupby("platform")
    ]
    return (
        f"Scatter plots of fees against followers, each with a line and a band: {'; '.join(ends)}."
    )


def describe_fee_rows(fees: FeeTable) -> tuple[str, pd.DataFrame]:
    """Return a caption and the costs by size, without cells of fewer than five quotes."""
    confidence, table = fees.settings.confidence, fees.table
    table = table[table["per_post_quotes"].ge(_LEAST)]
    table = table.loc[table["per_post_quotes"].nlargest(_ROWS).index.sort_values()]
    named = zip(table["platform"], table["deliverable"], table["currency"], strict=True)
    rows = {
        "For": [f"{PLATFORM_NAMES[p]} {literal(d)}, {literal(c)}" for p, d, c in named],
        "Size": table["tier"],
        "Quotes": table["per_post_quotes"].map(count),
    }
    for cost, (head, unit) in _COSTS.items():
        if table[f"{cost}_quotes"].gt(0).any():
            rows[head] = [
                estimate(row, cost + "_{}", unit=unit, confidence=confidence)
                for _, row in table.iterrows()
            ]
        if cost == "per_post":
            halves = zip(table["per_post_q25"], table["per_post_q75"], strict=True)
            rows["Middle half"] = [f"{count(low)} to {count(high)}" for low, high in halves]
    caption = (
        f"Costs by size: the middle quote ({level(confidence)} interval), in the currency of the quote; "
        "nothing is converted"
    )
    return caption, pd.DataFrame(rows)


def describe_outside_rows(fees: FeeTable, shortlist: Shortlist) -> tuple[str, pd.DataFrame]:
    """Return a caption and the quotes of a list that lie farthest outside their range."""
    names = shortlist.table[["creator_key", "number", "handle"]]
    outside = fees.quotes[fees.quotes["outside"].ne("")].merge(names, on="creator_key")
    times = (outside["fee"] / outside["expected"]).astype("float64")
    far = times.where(times > 1, 1 / times).sort_values(ascending=False, kind="stable").index[:10]
    shown = outside.loc[far]
    rows = {
        "Creator": creator_names(shown),
        "Platform": shown["platform"].map(PLATFORM_NAMES),
        "Followers": [short_count(float(n)) for n in shown["followers"]],
        "Asks": [f"{count(fee)} {literal(c)}" for fee, c in shown[["fee", "currency"]].to_numpy()],
        "Range for the size": [
            f"{count(low)} to {count(high)}" for low, high in shown[["low", "high"]].to_numpy()
        ],
        "Times the usual": times[far].map(number),
    }
    return "Quotes of the list outside the range for the size (10 at most)", pd.DataFrame(rows)

"""Sentences and rows about a shortlist among its peers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from workbench.features.reported import POSTS, settled_basis
from workbench.formats import (
    MISSING,
    Unit,
    count,
    interval,
    level,
    listing,
    literal,
    nominal,
    observed,
    ordinal,
    percent,
    plural,
    short_count,
)
from workbench.tables.schema import PLATFORM_NAMES

if TYPE_CHECKING:
    from workbench.curves import Shortlist

_STANDING = {
    "above": "reaches it",
    "open": "cannot tell",
    "below": "misses it",
    "unknown": "not placed",
}


def describe_shortlist(shortlist: Shortlist) -> str:
    """Say how many of the creators reach the goal, and how many of those calls are open."""
    summary, goal = shortlist.summary, ordinal(shortlist.settings.goal_percentile)
    known = summary.known
    if known == 0:
        return (
            f"No percentile for {plural(summary.creators, 'creator')}; the table gives the reasons."
        )
    text = (
        f"Of {plural(known, 'creator')} with a percentile, {count(summary.above)} stand at or above "
        f"the {goal} percentile with their whole range and {count(summary.below)} below it; for "
        f"{count(summary.open)} the range holds the goal, so the {'data' if summary.reported else 'posts we have'} cannot tell."
    )
    if summary.reported:
        text += (
            f" Reported figures are behind {plural(summary.reported, 'percentile')}: there the range "
            "holds what the curve leaves open, not how far the creator's own posts vary."
        )
    if summary.unknown:
        text += f" {plural(summary.unknown, 'creator')} could not be placed."
    return "\n\n".join([text, *_ahead(shortlist)])


def describe_places(shortlist: Shortlist) -> str:
    """Say what a percentile means here: of the long run, of the figures as they are, or both."""
    summary = shortlist.summary
    alike = listing(["platform", "size", *summary.groups])
    long_run = (
        f"A percentile of 70 means: of 100 peers of the same {alike}, 70 have a lower long-run median "
        "of engagements per post. The long run is estimated, on both sides: few posts are drawn towards "
        "what such posts lead to among peers, and the peers' own few posts are allowed for."
    )
    if summary.groups:
        long_run += (
            f" By {listing(summary.groups)} peers are told apart as far as the data bear it."
        )
    as_it_is = "of 100 peers of the same platform and size, 70 get fewer engagements per post"
    if not summary.by_posts:
        return f"A percentile of 70 means: {as_it_is}."
    if summary.by_posts == summary.known:
        return long_run
    rest = plural(summary.known - summary.by_posts, "creator")
    return (
        f"{long_run}\n\nFor {rest} without enough posts or peers to learn from, the figure is taken "
        f"as it is: {as_it_is}."
    )


def _ahead(shortlist: Shortlist) -> list[str]:
    """Say what the forecast of other posts means, with the first creator as an example."""
    known = shortlist.table[shortlist.table["ahead"].notna()]
    if known.empty:
        return []
    first = known.iloc[0]
    told = interval(*first[[*_AHEAD]], unit="count", confidence=0.90, kind="forecast")
    return [
        f"*Five other posts* is what five posts that we did not look at bring in the middle (their "
        f"geometric mean, in which a single viral post counts little). For {creator_names(known)[0]} "
        f"it is {told}. The ranges were set on posts that we have, so that they hold "
        f"{nominal(0.90)}; a change of style or algorithm is not in them."
    ]


_AHEAD = ("ahead", "ahead_low", "ahead_high")


def describe_shortlist_note(shortlist: Shortlist) -> str:
    """Say how to read the figure of the shortlist."""
    known, reported = shortlist.summary.known, shortlist.summary.reported
    left_open = "few posts and few peers leave open"
    if reported:
        left_open += "; for reported figures it holds the peers' part alone"
    if reported == known:
        left_open = "few peers leave open, without what the creator's own posts would"
    text = (
        "The dot is the creator's place among peers of the same platform and size; the bar is the "
        f"range that {left_open}; the dashed line is the goal."
    )
    if 0 < shortlist.summary.by_posts < known:
        text += " A hollow dot is the place of the figure as it is, not of the long run."
    return text + (f" The first 30 of {count(known)} are drawn." if known > 30 else "")


def describe_shortlist_alt(shortlist: Shortlist) -> str:
    """Say in plain text what the figure of the shortlist shows."""
    summary, goal = shortlist.summary, shortlist.settings.goal_percentile
    return (
        f"Dot plot of the percentile among peers for {plural(summary.creators, 'creator')}: "
        f"{summary.above} at or above the goal of {goal:g}, {summary.below} below, "
        f"{summary.open} undecided, {summary.unknown} without a percentile."
    )


def describe_shortlist_rows(shortlist: Shortlist, *, limit: int = 30) -> pd.DataFrame:
    """Return the first rows of the shortlist as text, highest percentile first."""
    table = shortlist.table.head(limit)
    confidence = shortlist.confidence
    return pd.DataFrame(
        {
            "Creator": creator_names(table),
            "Platform": table["platform"].map(PLATFORM_NAMES),
            "Followers": [
                MISSING if pd.isna(f) else short_count(float(f)) for f in table["followers"]
            ],
            **_stands_on(table),
            "Engagements per post (share of followers)": [
                _engagements(row) for _, row in table.iterrows()
            ],
            "Middle of peers (9 in 10)": [_expected(row) for _, row in table.iterrows()],
            **_five_others(table),
            f"Percentile ({level(confidence)} interval)": [
                _percentile(row, confidence) for _, row in table.iterrows()
            ],
            "Goal": table["standing"].map(_STANDING),
        }
    )


def creator_names(table: pd.DataFrame) -> list[str]:
    """Name creators by their number and handle, as a shortlist gives them."""
    return [f"{n} {literal(h)}" for n, h in zip(table["number"], table["handle"], strict=True)]


def estimate(row: pd.Series, names: str, *, unit: Unit, confidence: float) -> str:
    """Write a median and its limits (``names`` with ``median``, ``low``, ``high``), if there are any."""
    values = row[[names.format(part) for part in ("median", "low", "high")]].astype("float64")
    if values.notna().all():
        return interval(*values, unit=unit, confidence=confidence, kind="")
    return MISSING if values.isna().all() else "too few"


def _stands_on(table: pd.DataFrame) -> dict[str, object]:
    """Return the posts behind each figure; where any figure is a reported one, its kind."""
    posts, basis = table["posts_with_engagements"], settled_basis(table)
    if basis.eq(POSTS).all():
        return {"Posts": posts.map(count)}
    told = basis.where(basis.ne(POSTS), posts.map(lambda n: plural(n, "post")))
    return {"Stands on": told.where(table["engagements"].notna(), MISSING)}


def _five_others(table: pd.DataFrame) -> dict[str, object]:
    if table["ahead"].isna().all():
        return {}
    told = [
        MISSING
        if pd.isna(row["ahead"])
        else interval(*row[[*_AHEAD]], unit="count", confidence=0.90, kind="")
        for _, row in table.iterrows()
    ]
    return {"Five other posts (9 in 10)": told}


def _engagements(row: pd.Series) -> str:
    if pd.isna(row["engagements"]):
        return MISSING
    text = observed(count(row["engagements"]))
    if not row["followers"] > 0:
        return text
    return f"{text} ({observed(percent(row['engagements'] / row['followers']))})"


def _expected(row: pd.Series) -> str:
    if pd.isna(row["expected_engagements"]):
        return MISSING
    band = row[["expected_engagements", "expected_low", "expected_high"]]
    return interval(*band, unit="count", confidence=0.90, kind="")


def _percentile(row: pd.Series, confidence: float) -> str:
    if pd.isna(row["percentile"]):
        return f"{MISSING}: {row['reason']}"
    place = row[["percentile", "percentile_low", "percentile_high"]]
    return interval(*place, unit="ordinal", confidence=confidence, kind="")

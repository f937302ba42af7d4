"""Rows about how steadily creators post and engage."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from workbench.formats import MISSING, count, number, observed, percent
from workbench.tables.schema import PLATFORM_NAMES
from workbench.wording.shortlist import creator_names

if TYPE_CHECKING:
    from workbench.curves import HabitTable

_WRITE: dict[str, tuple[str, Callable[[float], str]]] = {
    "posts_per_week": ("Posts a week", lambda value: f"{value:.1f}"),
    "newest_post_age_days": ("Days since the last post", count),
    "engagements_cv": ("Unsteadiness", number),
    "engagement_trend": (
        "Trend in 30 days",
        lambda dex: observed(f"{'+' if dex > 0 else ''}{percent(10**dex - 1)}"),
    ),
    "sponsored_engagement_ratio": ("Paid / other posts", number),
}


def describe_habits(habits: HabitTable) -> str:
    """Say what the table shows and how to read its columns."""
    if habits.table.empty:
        return "None of these creators has posts in the data, so nothing is said of how they post."
    whom = "the creators with most followers" if habits.everybody else "the creators of the list"
    return (
        f"For {whom}: the figure, and in brackets the middle of the {habits.peers} others nearest in size "
        "on the platform. *Unsteadiness* is the spread of engagements over their mean: above 1, single "
        "posts decide. *Trend* is what 30 days do to engagements over the posts used; the newest posts "
        "are still growing. *Paid / other posts* divides the middle paid post by the middle other one, "
        "where the export says which are paid. All stand on few posts: read them as questions to ask."
    )


def describe_habit_rows(habits: HabitTable) -> tuple[str, pd.DataFrame]:
    """Return a caption and the creators' habits beside their peers'."""
    table = habits.table
    rows = {"Creator": creator_names(table), "Platform": table["platform"].map(PLATFORM_NAMES)}
    for habit, (head, write) in _WRITE.items():
        if table[habit].notna().any():
            pairs = zip(table[habit], table[f"peers_{habit}"], strict=True)
            rows[head] = [_beside(own, peers, write) for own, peers in pairs]
    return "The creator's own figure (middle of peers)", pd.DataFrame(rows)


def _beside(own: float, peers: float, write: Callable[[float], str]) -> str:
    if pd.isna(own):
        return MISSING
    return write(own) if pd.isna(peers) else f"{write(own)} ({write(peers)})"

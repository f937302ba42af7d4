"""How steadily creators post and engage, beside the middle of their peers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.curves.shortlist import Shortlist

HABITS = (
    "posts_per_week",
    "newest_post_age_days",
    "engagements_cv",
    "engagement_trend",
    "sponsored_engagement_ratio",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class HabitTable:
    """Consistency, cadence, trend, and paid posts beside the others.

    Attributes
    ----------
    table : DataFrame
        The creators shown: ``number`` and ``handle`` of the shortlist, ``platform``, and for each
        of ``HABITS`` the creator's own value and, as ``peers_`` and its name, the median of the
        ``peers`` other creators of the platform nearest in size; missing where fewer are known.
    everybody : bool
        Whether no list was given, so that those with most followers are shown.
    peers : int
    """

    table: pd.DataFrame
    everybody: bool
    peers: int


def compare_habits(
    features: pd.DataFrame, shortlist: Shortlist, *, limit: int = 15, peers: int = 20
) -> HabitTable:
    """Set the creators of a list beside their peers; without a list those with most followers.

    ``features`` is ``CreatorFeatures.table``.
    """
    names = shortlist.table[["creator_key", "number", "handle"]]
    known = features.drop(columns="handle").astype({"followers": "float64"})
    shown = names.merge(known, on="creator_key").dropna(subset=["posts_used"])
    if shortlist.summary.everybody:
        by = ["followers", "creator_key"]
        shown = shown.sort_values(by, ascending=[False, True])
    shown = shown.head(limit).reset_index(drop=True)
    middles = [_middle(row, known, peers) for _, row in shown.iterrows()]
    beside = pd.DataFrame(middles, columns=[f"peers_{habit}" for habit in HABITS], dtype="float64")
    own = shown[["number", "handle", "platform"]].join(shown[[*HABITS]].astype("float64"))
    everybody = shortlist.summary.everybody
    return HabitTable(table=own.join(beside), everybody=everybody, peers=peers)


def _middle(creator: pd.Series, known: pd.DataFrame, amount: int) -> list[float]:
    same = known["platform"].eq(creator["platform"]) & known["followers"].gt(0)
    others = known[same & known["creator_key"].ne(creator["creator_key"])]
    away = np.log(others["followers"] / creator["followers"]).abs().sort_values(kind="stable")
    nearest = others.loc[away.index, [*HABITS]].astype("float64")
    parts = [nearest[habit].dropna().head(amount) for habit in HABITS]
    return [float(part.median()) if len(part) == amount else np.nan for part in parts]

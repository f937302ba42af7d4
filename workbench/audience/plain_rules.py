"""What plain rules and scorecards of other origin say of the same sample, side by side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from workbench.audience.scorecard import check_followers, read_scorecards, score_followers

Rule = Callable[[pd.DataFrame], "pd.Series[bool]"]
# Each with the columns that it needs and who uses it.
RULES: dict[str, tuple[tuple[str, ...], str, Rule]] = {
    "follows ten times as many as follow it": (
        ("followers", "following"),
        "rule of thumb",
        lambda t: t["following"] >= 10 * t["followers"].clip(lower=1),
    ),
    "follows more than 1,500": (
        ("following",),
        "mass followers of HypeAuditor and infludata",
        lambda t: t["following"] > 1500,
    ),
    "fewer than 30 followers": (
        ("followers",),
        "the best single rule of Cresci et al. 2015",
        lambda t: t["followers"] < 30,
    ),
    "no posts": (("posts",), "Cresci et al. 2015", lambda t: t["posts"] == 0),
    "no picture": (("has_picture",), "Modash, SparkToro", lambda t: t["has_picture"] == 0),
    "no picture and no posts": (
        ("has_picture", "posts"),
        "rule of thumb",
        lambda t: (t["has_picture"] == 0) & (t["posts"] == 0),
    ),
    "a third of the user name is digits": (
        ("username_length", "username_digits"),
        "rule of thumb",
        lambda t: 3 * t["username_digits"] >= t["username_length"].clip(lower=1),
    ),
}


def compare_rules(followers: pd.DataFrame) -> pd.DataFrame:
    """Return the apparent share by every rule and scorecard.

    None of them is an estimate: on labelled sets from elsewhere such shares were off by up to 24
    points. How far they lie apart shows how little they settle.

    Returns
    -------
    DataFrame
        ``rule``, ``kind`` (``plain rule`` or ``scorecard``), ``source``, ``apparent_share`` (0-1,
        of the followers whose columns are known; missing where none are), ``judged`` (how many).
    """
    table = check_followers(followers)
    rows: list[tuple[str, str, str, float, int]] = []
    for name, (needs, source, rule) in RULES.items():
        known = table.reindex(columns=[*needs]).dropna()
        share = float(rule(known).mean()) if len(known) else np.nan
        rows.append((name, "plain rule", source, share, len(known)))
    for name, card in read_scorecards().items():
        share = float((score_followers(followers, card) >= 0.5).mean())
        rows.append((name, "scorecard", f"fitted on {card.fitted_on}", share, len(table)))
    return pd.DataFrame(rows, columns=["rule", "kind", "source", "apparent_share", "judged"])

"""What a client's own campaigns and posts say of the unknowns that a plan stands on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from workbench.budget.unknowns import TENTH, Unknowns

_LEAST = 10  # creators; with fewer the published range stays


def measure_unknowns(
    unknowns: Unknowns, features: pd.DataFrame, tracking: pd.DataFrame, currency: str
) -> Unknowns:
    """Replace what the client's own data say well enough, where ten creators or more have it.

    ``sponsored`` from paid posts beside others of the same creators, ``conversion_rate`` and
    ``order_value`` from tracked clicks, orders and revenue. The own range is never wider than the
    one before.

    Parameters
    ----------
    unknowns : Unknowns
    features : DataFrame
        ``CreatorFeatures.table``.
    tracking : DataFrame
        The table of that name.
    currency : str
        Of the plan; revenue in others says nothing of the order value.
    """
    found = {
        "sponsored": _sponsored(features["sponsored_engagement_ratio"]),
        "conversion_rate": _ratio(tracking, "orders", "clicks"),
        "order_value": _ratio(tracking[tracking["currency"].eq(currency)], "revenue", "orders"),
    }
    own: dict[str, Any] = {}
    for name, measured in found.items():
        held = unknowns.of(name)
        if measured and measured["high"] / measured["low"] < held.high / held.low:
            own[name] = measured | {"owner": "yours", "source": "own data", "year": None}
    return unknowns.replace(own)


def _sponsored(ratios: pd.Series) -> dict[str, Any] | None:
    """Return the middle of creators' paid over unpaid engagement; half of them may be odd."""
    logs = np.log(ratios[ratios > 0].to_numpy("float64"))
    if len(logs) < _LEAST:
        return None
    # Of the median, whose error is a quarter above that of a mean of normal values.
    scale = (np.quantile(logs, 0.75) - np.quantile(logs, 0.25)) / 1.349
    return _range(float(np.median(logs)), 1.2533 * scale / np.sqrt(len(logs)), len(logs))


def _ratio(tracking: pd.DataFrame, above: str, below: str) -> dict[str, Any] | None:
    """Return a ratio of sums; campaigns share their luck, so they are what it varies over."""
    by = ["campaign", "creator_key"]
    sums = tracking.groupby(by)[[above, below]].sum().astype("float64")
    sums = sums[sums[below].gt(0)]
    creators = sums.index.get_level_values("creator_key").nunique()
    campaigns = sums.groupby("campaign").sum()
    groups = campaigns if len(campaigns) >= 4 else sums.groupby("creator_key").sum()
    total = groups.sum()
    if creators < _LEAST or total[above] <= 0:
        return None
    ratio = total[above] / total[below]
    rest = groups[above] - ratio * groups[below]
    n = len(groups)
    error = np.sqrt(n / (n - 1) * (rest**2).sum()) / total[above]
    return _range(float(np.log(ratio)), float(error), creators)


def _range(middle: float, error: float, creators: int) -> dict[str, Any]:
    low, high = (float(np.exp(middle + sign * TENTH * max(error, 0.02))) for sign in (-1, 1))
    note = f"measured on {creators} creators of this client"
    return {"middle": float(np.exp(middle)), "low": low, "high": high, "note": note}

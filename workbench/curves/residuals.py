"""What the curves say of each creator, for those who look at something else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.curves.fit import CurveFit
from workbench.curves.shortlist import check_names, is_named


def engagement_residuals(features: pd.DataFrame, fits: Sequence[CurveFit]) -> pd.DataFrame:
    """Return the features with ``engagement_residual``: log10 of engagements over the curve's.

    Where a platform has no curve that may be used, its median engagement rate stands in for it:
    its creators are still beside each other.
    """
    table = pd.concat([fit.table for fit in fits]).set_index("creator_key")
    engagements, expected, followers = (
        table[name].where(table[name] > 0).astype("float64")
        for name in ("engagements", "expected_engagements", "followers")
    )
    rate, platform = engagements / followers, table["platform"]
    usual = followers * rate.groupby(platform).transform("median")
    has_curve = expected.groupby(platform).transform("count") > 0
    ratio = engagements / expected.where(has_curve, usual)
    placed = pd.Series(np.log10(ratio.to_numpy()), index=table.index)
    return features.assign(engagement_residual=features["creator_key"].map(placed))


def choose_keys(features: pd.DataFrame, names: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of the creators of a list of handles or keys; none for an empty list.

    Raises
    ------
    DataError
        If a name is not among the creators; every such name is listed with the nearest ones.
    """
    if not names:
        return ()
    check_names(names, features)
    return tuple(features.loc[is_named(features, names), "creator_key"])

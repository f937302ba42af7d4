"""Where the truth is known: how often the ranges of the percentiles hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from workbench.curves.fit import CurveFit


@dataclass(frozen=True, kw_only=True)
class RecoverySummary:
    """How many true percentiles lie in their range, and how far the estimates are off on average.

    ``covered`` is a count of ``creators``; ``mean_error`` is in percentile points.
    """

    creators: int
    covered: int
    mean_error: float
    confidence: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Recovery:
    """Estimated beside true percentiles, one row a creator that has both.

    Attributes
    ----------
    table : DataFrame
        ``creator_key``, ``percentile``, ``percentile_low``, ``percentile_high``,
        ``true_percentile``, ``covered``.
    summary : RecoverySummary
    """

    table: pd.DataFrame
    summary: RecoverySummary


def score_percentiles(fits: Sequence[CurveFit], truth: pd.DataFrame) -> Recovery:
    """Compare percentiles with a simulated market's: its ``creator_key`` and ``percentile``."""
    columns = ["creator_key", "percentile", "percentile_low", "percentile_high"]
    estimates = pd.concat([fit.table[columns] for fit in fits]).dropna()
    known = truth[["creator_key", "percentile"]].rename(columns={"percentile": "true_percentile"})
    table = estimates.merge(known, on="creator_key").reset_index(drop=True)
    covered = table["true_percentile"].between(table["percentile_low"], table["percentile_high"])
    summary = RecoverySummary(
        creators=len(table),
        covered=int(covered.sum()),
        mean_error=float((table["percentile"] - table["true_percentile"]).abs().mean()),
        confidence=fits[0].settings.confidence,
    )
    return Recovery(table=table.assign(covered=covered), summary=summary)

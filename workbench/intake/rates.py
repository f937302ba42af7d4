"""The unit of a given engagement rate: 0.035, 3.5 and 3.5% are one, and a rate can exceed 1.

No rule on the number alone tells a fraction from a percentage; the rate that the row's own likes,
comments and followers give does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from workbench.intake.fields import plain_name
from workbench.intake.numbers import CellStyle, ParsedCells, parse_rates

_NEAR = 5.0  # vendors differ in window and definition; the two units differ by a factor of 100
_ENOUGH = 10
_MAJORITY = 0.95
_SOME = 0.2

ShareUnit = Literal["percent", "fraction"]


def parse_shares(cells: pd.Series, style: CellStyle, unit: ShareUnit | None) -> ParsedCells:
    """Read a column of shares as fractions; a name with ``%`` and values above 1 say percent.

    Where they contradict each other, ``unit`` is asked for.
    """
    read, percent, question = parse_rates(cells, style), style.percent, None
    written = cells.str.contains("%", regex=False).fillna(False).astype(bool)
    bare = read.typed[~written].dropna()
    if unit is not None:
        percent = unit == "percent"
    elif percent is None and bare.gt(0).any():
        above, named = bare.gt(1).mean(), "percent" in plain_name(str(cells.name)).split()
        percent = above > 0
        if above < _SOME and percent != named:
            question = "is 0.5 a half or half a percent? say share_unit: percent or fraction"
    return replace(
        read,
        typed=read.typed.mask(~written, read.typed / 100) if percent else read.typed,
        question=question,
        style=replace(read.style, percent=percent),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class SettledRates:
    """``rate`` as a fraction, missing where the unit is open; ``unit`` says how it was settled.

    ``unit`` is one of ``written %``, ``percent``, ``fraction``, ``percent as the others``,
    ``fraction as the others``, ``open``; missing where there is no rate.
    """

    rate: pd.Series
    unit: pd.Series


def settle_rates(cells: pd.Series, values: pd.DataFrame) -> SettledRates:
    """Settle the unit of each rate by the row's own counts, else by the other rows.

    Parameters
    ----------
    cells : Series of str
        The rates as given.
    values : DataFrame
        Typed columns of the same rows: ``followers``, and ``engagements_*`` or ``likes_*`` and
        ``comments_*`` as far as the file has them.
    """
    given = parse_rates(cells).typed
    written = cells.str.contains("%", regex=False).fillna(False).astype(bool) & given.notna()
    expected = _recomputed(values)
    unit = pd.Series(None, index=cells.index, dtype="object")
    comparable = given.gt(0) & expected.gt(0) & ~written
    off: pd.Series = (given / expected).where(comparable).map(np.log)
    near_fraction = comparable & off.abs().le(np.log(_NEAR))
    near_percent = comparable & (off - np.log(100)).abs().le(np.log(_NEAR))
    unit = unit.mask(near_fraction, "fraction").mask(near_percent, "percent")
    unit = unit.mask(written, "written %").mask(given.eq(0) & ~written, "fraction")
    settled = unit[near_fraction | near_percent]
    rest = unit.isna() & given.notna()
    usual = settled.mode().iloc[0] if len(settled) >= _ENOUGH else None
    agreed = usual is not None and settled.eq(usual).mean() >= _MAJORITY
    unit = unit.mask(rest, f"{usual} as the others" if agreed else "open")
    percent = unit.astype("str").str.startswith("percent").fillna(False).astype(bool)
    rate = given.where(~percent, given / 100).mask(unit.eq("open"))
    return SettledRates(rate=rate, unit=unit)


def _recomputed(values: pd.DataFrame) -> pd.Series:
    """Return the rate by followers that the row's figures give, missing where they don't."""
    empty = pd.Series(np.nan, index=values.index, dtype="float64")

    def figure(name: str) -> pd.Series:
        found = empty
        for statistic in ("median", "mean", "reported"):
            if f"{name}_{statistic}" in values:
                found = found.fillna(values[f"{name}_{statistic}"].astype("float64"))
        return found

    parts = figure("likes") + figure("comments").fillna(0)
    followers = values["followers"].astype("float64") if "followers" in values else empty
    return figure("engagements").fillna(parts) / followers.where(followers.gt(0))

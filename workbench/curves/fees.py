"""What creators ask: costs by size, and quotes held against the range for their followers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.curves.tiers import median_interval
from workbench.tables.tiers import TierPreset, assign_tier

COSTS = ("per_post", "per_1k_followers", "per_1k_reached", "per_engagement")
_LEAST = 5


@dataclass(frozen=True, kw_only=True)
class FeeSettings:
    """How fees are looked at.

    Attributes
    ----------
    preset : TierPreset
    confidence : float
        Coverage of the interval of a median, 0-1.
    band : float
        Share of quotes that the range for a size is meant to hold.
    min_quotes : int
        With fewer on a platform no range is fitted; currencies with fewer than five have none.
    """

    preset: TierPreset
    confidence: float = 0.90
    band: float = 0.95
    min_quotes: int = 20


@dataclass(frozen=True, kw_only=True)
class FeeSummary:
    """How many quotes there are, and how many of those judged lie outside the range.

    ``unplaced`` quotes have a fee of 0, or are of creators without known followers.
    """

    quotes: int
    other_deliverables: int
    unplaced: int
    judged: int
    outside: int


@dataclass(frozen=True, kw_only=True, eq=False)
class FeeTable:
    """Costs by platform, currency and size.

    Attributes
    ----------
    table : DataFrame
        One row a platform, currency and tier: ``platform``, ``deliverable``, ``currency``,
        ``tier``, and for each of ``COSTS`` its ``_quotes``, ``_median``, ``_low``, ``_high`` (the
        exact interval of the median), ``_q25``, ``_q75``.
    quotes : DataFrame
        The latest quote of each creator and currency for the platform's usual deliverable:
        identity, ``followers``, ``tier``, ``COSTS``, ``expected``, ``low``, ``high`` for the
        followers (missing where no line could be fitted) and ``outside``: ``above``, ``below``
        or empty.
    lines : DataFrame
        The line of each platform, in the currency of most quotes, one row a point: ``platform``,
        ``currency``, ``quotes``, ``slope`` of log fee in log followers with ``slope_low`` and
        ``slope_high``, ``followers``, ``expected``, ``low``, ``high``.
    summary : FeeSummary
    settings : FeeSettings
    """

    table: pd.DataFrame
    quotes: pd.DataFrame
    lines: pd.DataFrame
    summary: FeeSummary
    settings: FeeSettings


def summarise_fees(
    quotes: pd.DataFrame, features: pd.DataFrame, rates: pd.DataFrame, settings: FeeSettings
) -> FeeTable | None:
    """Summarise fee quotes by size, and fit their range by followers; None where there are none.

    On each platform the deliverable that most creators quote is taken, since prices of different
    ones don't compare; currencies are never converted. The line is Tukey's biweight M-estimate
    (Huber 1981) of log fee on log followers with a level for each currency, the range its
    prediction interval with the robust scale. ``quotes`` is the table ``fee_quotes``,
    ``rates`` that of ``rates_by_definition``.
    """
    known = features[["creator_key", "followers", "engagements"]]
    reach = rates[["creator_key", "reach_median"]]
    own = quotes.merge(known, on="creator_key").merge(reach, on="creator_key", how="left")
    own = own[own["followers"].gt(0) & own["fee"].gt(0)]
    if own.empty:
        return None
    usual = own.groupby("platform")["deliverable"].agg(lambda named: named.mode()[0])
    latest = own[own["deliverable"].eq(own["platform"].map(usual))]
    latest = latest.sort_values(["creator_key", "currency", "quoted_on"], ignore_index=True)
    latest = latest.drop_duplicates(["creator_key", "currency"], keep="last", ignore_index=True)
    priced = _priced(latest, settings)
    judged, lines = _lines(priced, settings)
    return FeeTable(
        table=_cells(judged, settings),
        quotes=judged,
        lines=lines,
        summary=FeeSummary(
            quotes=len(judged),
            other_deliverables=int(own["deliverable"].ne(own["platform"].map(usual)).sum()),
            unplaced=len(quotes) - len(own),
            judged=int(judged["expected"].notna().sum()),
            outside=int(judged["outside"].ne("").sum()),
        ),
        settings=settings,
    )


def _priced(quotes: pd.DataFrame, settings: FeeSettings) -> pd.DataFrame:
    counts = quotes[["followers", "engagements", "reach_median"]].astype("float64")
    counts = counts.where(counts > 0)
    return quotes.assign(
        tier=assign_tier(quotes["followers"], settings.preset),
        per_post=quotes["fee"],
        per_1k_followers=1000 * quotes["fee"] / counts["followers"],
        per_1k_reached=1000 * quotes["fee"] / counts["reach_median"],
        per_engagement=quotes["fee"] / counts["engagements"],
    )


def _cells(quotes: pd.DataFrame, settings: FeeSettings) -> pd.DataFrame:
    rows = []
    by = ["platform", "deliverable", "currency", "tier"]
    for of, cell in quotes.groupby(by, observed=True):
        row: dict[str, object] = dict(zip(by, map(str, of), strict=True))
        for cost in COSTS:
            values = np.sort(cell[cost].dropna().to_numpy(dtype="float64"))
            low, high = median_interval(values, settings.confidence)
            middle = np.quantile(values, (0.5, 0.25, 0.75)) if len(values) else [np.nan] * 3
            names = ("quotes", "low", "high", "median", "q25", "q75")
            numbers = zip(names, (len(values), low, high, *middle), strict=True)
            row |= {f"{cost}_{name}": value for name, value in numbers}
        rows.append(row)
    return pd.DataFrame(rows)


def _lines(quotes: pd.DataFrame, settings: FeeSettings) -> tuple[pd.DataFrame, pd.DataFrame]:
    judged = [quotes.assign(expected=np.nan, low=np.nan, high=np.nan)]
    grids = []
    for platform, group in quotes.groupby("platform"):
        amounts = group["currency"].value_counts()
        own = group[group["currency"].isin(amounts.index[amounts >= _LEAST])]
        if len(own) < settings.min_quotes or own["followers"].nunique() < 10:
            continue
        usual = str(own["currency"].mode()[0])
        sizes = own["followers"].astype("float64")
        steps = np.geomspace(sizes.min(), sizes.max(), 51)
        band, slopes = _band(own, pd.DataFrame({"currency": usual, "followers": steps}), settings)
        judged.append(own.assign(**band.iloc[: len(own)].set_index(own.index)))
        grid = band.iloc[len(own) :].assign(**slopes, followers=steps, quotes=len(own))
        grids.append(grid.assign(platform=str(platform), currency=usual))
    table = pd.concat(judged)
    table = table[~table.index.duplicated(keep="last")].sort_index()
    outside = np.select(
        [table["fee"] > table["high"], table["fee"] < table["low"]], ["above", "below"], ""
    )
    columns = ["platform", "currency", "quotes", "slope", "followers", "expected", "low", "high"]
    lines = pd.concat(grids, ignore_index=True) if grids else pd.DataFrame(columns=columns)
    return table.assign(outside=outside), lines


def _band(
    own: pd.DataFrame, grid: pd.DataFrame, settings: FeeSettings
) -> tuple[pd.DataFrame, dict[str, float]]:
    import statsmodels.api as sm
    from scipy.stats import t

    places = pd.concat([own[["currency", "followers"]], grid], ignore_index=True)
    levels = pd.get_dummies(places["currency"], dtype="float64").to_numpy()
    sizes = np.log10(places["followers"].to_numpy(dtype="float64"))
    design = np.column_stack([levels, sizes])
    n, p = len(own), design.shape[1]
    fit = sm.RLM(
        np.log10(own["fee"].to_numpy("float64")), design[:n], M=sm.robust.norms.TukeyBiweight()
    ).fit()
    # The robust scale takes the residuals for errors: it is as much too small as they are.
    noise = fit.scale**2 * n / (n - p)
    spread = noise + np.einsum("ij,jk,ik->i", design, fit.cov_params(), design)
    reach = t.ppf((1 + settings.band) / 2, n - p) * np.sqrt(spread)
    middle = design @ fit.params
    limits = {"expected": middle, "low": middle - reach, "high": middle + reach}
    half = t.ppf((1 + settings.confidence) / 2, n - p) * fit.bse[-1]
    slope = float(fit.params[-1])
    slopes = {"slope": slope, "slope_low": slope - half, "slope_high": slope + half}
    return 10 ** pd.DataFrame(limits), slopes

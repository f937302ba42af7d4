"""The creators that a budget may be spent on, each with what it brings, costs, and how unsure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.budget.prices import fit_prices, usual_engagements
from workbench.budget.unknowns import REFERENCE, Unknowns
from workbench.errors import DataError
from workbench.tables.brief import Brief
from workbench.tables.schema import PLATFORMS
from workbench.tables.tiers import assign_tier, read_tier_preset

CANDIDATE_COLUMNS = (
    *("creator_key", "platform", "niche", "country", "tier", "followers"),
    *("engagements", "engagements_sd", "post_sd"),
    *("reach", "reach_sd", "real_share", "real_share_sd"),
    *("sponsored", "sponsored_sd", "fall_through"),
    *("click_rate", "click_rate_sd", "conversion_rate", "conversion_rate_sd"),
    *("fee", "fee_sd", "fee_source", "next_post", "fee_ugc"),
)
_TEXTS = ("creator_key", "platform", "niche", "country", "tier", "fee_source", "handle")
_NUMBERS = tuple(name for name in CANDIDATE_COLUMNS if name not in _TEXTS)
_MOST = {"real_share": 1, "fall_through": 1, "click_rate": 1, "conversion_rate": 1, "next_post": 1}
_ABOVE = ("followers", "reach", "sponsored")
_UNSEEN = 0.8  # added to the log spread of what was derived from nothing of the creator's own


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Creators with ranges; nothing is missing, what was not known came from a prior.

    Attributes
    ----------
    table : DataFrame
        One row a creator, ``CANDIDATE_COLUMNS`` (and ``handle`` where it was given). A ``_sd`` is
        the standard deviation of the natural log of what the creator is apart from the shared
        unknowns (``real_share_sd``: of the share). ``engagements``: expected of one organic post,
        the mean over its posts, the middle of what is believed; ``post_sd``: of one post about it.
        ``reach``: distinct people reached by one organic post. ``sponsored``: factor on both for a
        paid post. ``fall_through``: chance that nothing is delivered. ``click_rate``: clicks an
        impression; ``conversion_rate``: orders a click. ``fee``: of one post, the middle of what
        is believed; ``fee_source``: ``quote``, ``rate card``, ``model``; ``next_post``: the price
        of a further post over the one before; ``fee_ugc``: of content only, missing where not
        offered.
    sources : DataFrame
        One row a creator and column, where it came from: ``data``, ``curve``, ``prior``, ...
    currency : str
    price_levels : DataFrame or None
        Covariance of the platforms' price levels once quotes are known, else as the priors say.
    left_out : DataFrame or None
        Quotes that were not used, with the reason.
    """

    table: pd.DataFrame
    sources: pd.DataFrame
    currency: str
    price_levels: pd.DataFrame | None = None
    left_out: pd.DataFrame | None = None

    def is_prior(self, column: str) -> npt.NDArray[np.bool_]:
        """Return of which creators a column came from a prior, which is shared with others."""
        if self.sources.empty:
            return np.zeros(len(self.table), dtype=bool)
        own = self.sources[self.sources["column"].eq(column) & self.sources["source"].eq("prior")]
        return self.table["creator_key"].isin(own["creator_key"]).to_numpy()


def make_candidates(
    table: pd.DataFrame,
    unknowns: Unknowns,
    *,
    quotes: pd.DataFrame | None = None,
    currency: str | None = None,
    preset: str | None = None,
    brief: Brief | None = None,
    usage_rights: bool = False,
) -> Candidates:
    """Fill what is not known of creators from their quotes and the priors.

    Parameters
    ----------
    table : DataFrame
        ``creator_key`` and any of ``CANDIDATE_COLUMNS``; any other cell may be empty.
    quotes : DataFrame, optional
        As the table ``fee_quotes``; a ``fee`` in ``table`` goes before them.
    currency, preset : str, optional
        Of fees and tiers, else the brief's.
    brief : Brief, optional
        Its ``fall_through`` goes before the prior.
    usage_rights : bool
        Whether paid use of the content is bought too: the unknown of that name is added to fees.

    Raises
    ------
    DataError
        With every cell that can't be.
    """
    brief = brief or Brief()
    currency, preset = currency or brief.currency, preset or brief.tier_preset
    given = _read(table)
    seen = given.notna()
    filled = _fill_sizes(given, unknowns)
    priors = _prior_columns(filled, seen, unknowns, brief)
    filled = filled.assign(
        tier=assign_tier(given["followers"], read_tier_preset(preset)).astype("str"),
        **{name: filled[name].fillna(priors[name]) for name in priors},
    )
    prices = fit_prices(quotes, filled, unknowns, currency)
    fees = prices.table.set_index(filled.index)
    stated = filled["fee"].notna()
    told = fees["fee_source"].where(~stated, "data")
    rights = 1 + usage_rights * unknowns.middle("usage_rights")
    filled = filled.assign(
        fee=filled["fee"].fillna(fees["fee"]) * rights,
        fee_sd=filled["fee_sd"].fillna(
            fees["fee_sd"].where(~stated, unknowns.middle("quote_spread"))
        ),
        fee_source=filled["fee_source"].fillna(fees["fee_source"].where(~stated, "quote")),
        next_post=filled["next_post"].fillna(fees["next_post"]),
        fee_ugc=filled["fee_ugc"].fillna(fees["fee_ugc"]) * rights,
    )
    kept = [*CANDIDATE_COLUMNS, *(["handle"] if "handle" in filled else [])]
    return Candidates(
        table=filled[kept].reset_index(drop=True),
        sources=_sources(filled, seen, told),
        currency=currency,
        price_levels=prices.levels,
        left_out=prices.left_out,
    )


def _read(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns in their types, after every fault has been looked for."""
    if "creator_key" not in table:
        raise DataError("These are no candidates.", ["no column creator_key"])
    given = table.reset_index(drop=True)
    for name in CANDIDATE_COLUMNS:
        given = given if name in given else given.assign(**{name: None})
    texts = {
        n: given[n].astype("object").where(given[n].notna(), None) for n in _TEXTS if n in given
    }
    numbers = {n: pd.to_numeric(given[n], errors="coerce").astype("float64") for n in _NUMBERS}
    texts["creator_key"] = texts["creator_key"].map(str, na_action="ignore")
    read = given.assign(**texts, **numbers)
    start = read["creator_key"].astype("str").str.partition(":")[0]
    read["platform"] = read["platform"].fillna(start.where(start.isin(PLATFORMS)))
    if faults := [*_faults(given, read)]:
        raise DataError("These are no candidates.", faults)
    return read


def _faults(given: pd.DataFrame, read: pd.DataFrame) -> Iterator[str]:
    keys = read["creator_key"]
    if keys.isna().any():
        yield f"creator_key: missing in row {', '.join(_rows(keys.isna()))}"
    for key in keys[keys.notna() & keys.duplicated()].unique():
        yield f"{key}: more than once"
    for key, platform in zip(keys, read["platform"], strict=True):
        if platform not in PLATFORMS:
            known = ", ".join(PLATFORMS)
            yield f"{key}: platform {platform!r} is none of {known}"
    for name in _NUMBERS:
        most = _MOST.get(name, np.inf)
        text = given[name].notna() & read[name].isna()
        values = read[name]
        least = values <= 0 if name in _ABOVE else values < 0
        for bad in np.flatnonzero(text | least | (values > most) | np.isinf(values)):
            wanted = "above 0" if name in _ABOVE else "0 or more"
            wanted = f"between 0 and {most}" if name in _MOST else wanted
            yield f"{keys[bad]}: {name}: expected a number {wanted}, found {given[name][bad]!r}"


def _rows(flags: pd.Series) -> list[str]:
    return [str(place + 1) for place in np.flatnonzero(flags)]


def _fill_sizes(given: pd.DataFrame, unknowns: Unknowns) -> pd.DataFrame:
    """Return the table with followers, which what is not known is derived from."""
    rate = _by_platform(given, "engagement_rate", unknowns)
    shown = _by_platform(given, "reach_rate", unknowns)
    slopes = [1 + unknowns.middle(f"{what}_elasticity") for what in ("engagement", "reach")]
    by_engagements = (given["engagements"].clip(lower=1) / (rate * REFERENCE)) ** (
        1 / slopes[0]
    ) * REFERENCE
    by_reach = (given["reach"] / (shown * REFERENCE)) ** (1 / slopes[1]) * REFERENCE
    others = given.groupby("platform")["followers"].transform("median")
    followers = given["followers"].fillna(by_engagements).fillna(by_reach).fillna(others)
    return given.assign(followers=followers.fillna(REFERENCE))


def _by_platform(table: pd.DataFrame, name: str, unknowns: Unknowns) -> pd.Series:
    return table["platform"].map(
        {p: unknowns.middle(name, str(p)) for p in table["platform"].unique()}
    )


def _prior_columns(
    table: pd.DataFrame, seen: pd.DataFrame, unknowns: Unknowns, brief: Brief
) -> dict[str, pd.Series]:
    """Return what the priors say of each column; the spread is small where the value is known."""
    size = table["followers"] / REFERENCE
    reach = _by_platform(table, "reach_rate", unknowns) * unknowns.middle("reach_level")
    reach = reach * size ** unknowns.middle("reach_elasticity") * table["followers"]
    unseen = _UNSEEN * ~seen["followers"]
    real = unknowns.of("real_share")
    spreads = {
        name: np.where(seen[of], known, np.hypot(unknowns.middle(spread), unseen * derived))
        for name, of, known, spread, derived in (
            ("engagements_sd", "engagements", 0.25, "engagement_spread", 1),
            ("reach_sd", "reach", 0.2, "reach_spread", 1),
            ("click_rate_sd", "click_rate", 0.3, "click_spread", 0),
            ("conversion_rate_sd", "conversion_rate", 0.3, "conversion_spread", 0),
            ("sponsored_sd", "sponsored", 0.15, "sponsored_spread", 0),
        )
    }
    falls = brief.fall_through
    plain: dict[str, float | str] = {
        "niche": "unknown",
        "country": "unknown",
        "post_sd": unknowns.middle("post_spread"),
        "real_share": real.mean,
        "sponsored": unknowns.middle("sponsored"),
        "fall_through": unknowns.middle("fall_through") if falls is None else falls,
        "conversion_rate": unknowns.middle("conversion_rate"),
    }
    return {
        "engagements": usual_engagements(table["platform"], table["followers"], unknowns),
        "reach": reach,
        "click_rate": _by_platform(table, "click_rate", unknowns),
        "real_share_sd": pd.Series(
            np.where(seen["real_share"], 0.05, (real.high - real.low) / 2.563), table.index
        ),
        **{name: pd.Series(value, table.index) for name, value in spreads.items()},
        **{name: pd.Series(value, table.index) for name, value in plain.items()},
    }


def _sources(table: pd.DataFrame, seen: pd.DataFrame, fees: pd.Series) -> pd.DataFrame:
    names = [n for n in CANDIDATE_COLUMNS if n != "creator_key"]
    told = pd.DataFrame(
        {name: np.where(seen[name], "data", "prior") for name in names}, index=table["creator_key"]
    )
    others = seen["followers"].groupby(table["platform"]).transform("any")
    told["followers"] = np.select(
        [seen["followers"], seen["engagements"] | seen["reach"], others],
        ["data", "from engagements or reach", "other creators"],
        "prior",
    )
    told["tier"] = np.where(seen["followers"], "followers", "unknown")
    for name in ("fee", "fee_sd", "fee_source", "next_post", "fee_ugc"):
        told[name] = np.where(seen[name], "data", fees)
    return told.reset_index().melt("creator_key", var_name="column", value_name="source")

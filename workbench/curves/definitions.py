"""How the order of the creators changes when the definition of the engagement rate does."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from workbench.curves.tiers import median_interval
from workbench.tables.definitions import EngagementDefinition, engagement_definitions


@dataclass(frozen=True, kw_only=True)
class DefinitionSettings:
    """How definitions are compared.

    Attributes
    ----------
    reference : str
        The definition that the others are held against.
    confidence : float
        Coverage of the interval of a median, 0-1.
    min_creators : int
        With fewer creators on a platform, or fewer than half of the reference's, a definition is
        left out: all orders are of the same creators.
    """

    reference: str = "engagement_rate_by_followers"
    confidence: float = 0.90
    min_creators: int = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class DefinitionComparison:
    """The creators' order by each definition.

    Attributes
    ----------
    table : DataFrame
        One row a creator that has every definition compared on its platform: ``creator_key``,
        ``platform``, the rank percentile on the platform (0-100) in a column a definition (missing
        where it is not compared), ``move`` (signed, the largest from the reference's place) and
        ``moved_by``, its definition. Largest move first.
    pairs : DataFrame
        ``platform``, ``first``, ``second``, ``tau`` (Kendall's tau-b), ``kept`` (share of the
        first's best quarter that is in the second's), ``middle_move`` in points.
    rates : DataFrame
        ``platform``, ``definition``, ``creators`` with the rate, ``rate_median``, ``rate_low``,
        ``rate_high`` and ``reason``, why it is not compared. The reference first.
    lacking : DataFrame
        ``platform``, ``definition``, ``reason``, ``creators``: who has no such rate, and why.
    settings : DefinitionSettings
    """

    table: pd.DataFrame
    pairs: pd.DataFrame
    rates: pd.DataFrame
    lacking: pd.DataFrame
    settings: DefinitionSettings

    @property
    def changes(self) -> pd.DataFrame:
        """The pairs with the reference, the one that keeps least of its best quarter first."""
        own = self.pairs[self.pairs["first"].eq(self.settings.reference)]
        return own.sort_values("kept", kind="stable")


def compare_definitions(
    rates: pd.DataFrame, features: pd.DataFrame, settings: DefinitionSettings
) -> DefinitionComparison:
    """Rank the creators of each platform by each definition.

    ``rates`` is that of :func:`workbench.features.definitions.rates_by_definition`, ``features``
    ``CreatorFeatures.table``.
    """
    defined = [d for name, d in engagement_definitions().items() if name in rates]
    defined.sort(key=lambda d: d.name != settings.reference)
    columns = ["creator_key", "platform", "posts_used", "posts_with_engagements"]
    creators = features.reindex(columns=columns).merge(rates, on="creator_key", how="left")
    orders, pairs, medians, lacking = [], [], [], []
    for platform, group in creators.groupby("platform"):
        rows = [{"platform": platform, **_rate(d, group, settings)} for d in defined]
        medians += rows
        lacking += [{"platform": platform, **row} for d in defined for row in _lacking(d, group)]
        used = [str(row["definition"]) for row in rows if not row["reason"]]
        if len(used) > 1:
            ranks = _ranks(group, used)
            orders.append(ranks)
            pairs += [{"platform": platform, **_pair(ranks, *two)} for two in combinations(used, 2)]
    empty = pd.DataFrame(
        columns=["creator_key", "platform", settings.reference, "move", "moved_by"]
    )
    table = pd.concat(orders) if orders else empty
    table = table.sort_values(
        ["move", "creator_key"],
        key=lambda v: -v.abs() if v.name == "move" else v,
        ignore_index=True,
    )
    paired = ["platform", "first", "second", "tau", "kept", "middle_move"]
    told = ["platform", "definition", "reason", "creators"]
    return DefinitionComparison(
        table=table,
        pairs=pd.DataFrame(pairs, columns=paired),
        rates=pd.DataFrame(medians),
        lacking=pd.DataFrame(lacking, columns=told),
        settings=settings,
    )


def _rate(
    definition: EngagementDefinition, group: pd.DataFrame, settings: DefinitionSettings
) -> dict[str, object]:
    own, reference = group[definition.name], group[settings.reference]
    known = np.sort(own.dropna().to_numpy(dtype="float64"))
    low, high = median_interval(known, settings.confidence)
    both, enough = (own.notna() & reference.notna()).sum(), reference.notna().sum() / 2
    reason = ""
    if len(known) == 0:
        reason = f"no {definition.denominator} in these data"
    elif definition.name != settings.reference and own.equals(reference):
        reason = "the same here"
    elif both < max(settings.min_creators, enough):
        reason = "too few creators" if reference.notna().any() else "nothing to compare with"
    return {
        "definition": definition.name,
        "creators": len(known),
        "rate_median": float(np.median(known)) if len(known) else np.nan,
        "rate_low": low,
        "rate_high": high,
        "reason": reason,
    }


def _lacking(definition: EngagementDefinition, group: pd.DataFrame) -> list[dict[str, object]]:
    without = group[group[definition.name].isna()]
    hidden = without["posts_with_engagements"].fillna(0).eq(0)
    reason = pd.Series(f"no {definition.denominator}", index=without.index)
    reason = reason.mask(hidden, "likes or comments hidden or not given")
    reason = reason.mask(without["posts_used"].isna(), "no posts")
    return [
        {"definition": definition.name, "reason": str(told), "creators": int(n)}
        for told, n in reason.value_counts().sort_index().items()
    ]


def _ranks(group: pd.DataFrame, used: list[str]) -> pd.DataFrame:
    """Return the places of those who have every rate, and the largest move from the first."""
    shared = group.dropna(subset=used)
    places = (shared[used].rank() - 0.5) / max(len(shared), 1) * 100
    moves = places[used[1:]].sub(places[used[0]], axis=0).to_numpy()
    widest = np.abs(moves).argmax(axis=1)
    return shared[["creator_key", "platform"]].assign(
        **{name: places[name] for name in used},
        move=moves[np.arange(len(moves)), widest],
        moved_by=np.array(used[1:])[widest],
    )


def _pair(ranks: pd.DataFrame, first: str, second: str) -> dict[str, object]:
    from scipy.stats import kendalltau

    one, other = ranks[first], ranks[second]
    return {
        "first": first,
        "second": second,
        "tau": float(kendalltau(one, other).statistic),
        "kept": float((other[one >= 75] >= 75).mean()),
        "middle_move": float((one - other).abs().median()),
    }

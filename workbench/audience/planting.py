"""How much the screen would find on the user's own data: patterns planted in unflagged creators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from workbench.audience.likes import LEAST_POSTS, Floats, like_signals
from workbench.audience.screen import AudienceScreen, missing_signals
from workbench.audience.signals import Signals
from workbench.errors import SettingsError

_LATEST_START = 0.25  # of the posts, before which a planted purchase begins
_JITTER = 0.05
_HIT = 0.2  # of the posts, where only some are planted


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A planted pattern: what people call it, what it changes, and by how much."""

    name: str
    what: str  # level, every, some: likes; followers
    size: float


PLANTED: tuple[Planted, ...] = (
    Planted(name="likes topped up to a level", what="level", size=1.3),
    Planted(name="half as many likes again", what="every", size=0.5),
    Planted(name="twice the likes", what="every", size=1.0),
    Planted(name="four times the likes", what="every", size=3.0),
    Planted(name="three times the likes on a fifth of the posts", what="some", size=2.0),
    Planted(name="half as many followers again", what="followers", size=0.5),
    Planted(name="twice the followers", what="followers", size=1.0),
    Planted(name="four times the followers", what="followers", size=3.0),
)


@dataclass(frozen=True, kw_only=True)
class CostSettings:
    """What a review costs and what a miss does: both in hours.

    Attributes
    ----------
    hours_a_review, hours_a_miss : float
    share : float
        Of creators that have one of the planted patterns, as the reader assumes.
    """

    hours_a_review: float = 0.5
    hours_a_miss: float = 10.0
    share: float = 0.05

    def __post_init__(self) -> None:
        if min(self.hours_a_review, self.hours_a_miss) <= 0 or not 0 < self.share < 1:
            raise SettingsError("The costs must be above 0 and the share between 0 and 1.")


@dataclass(frozen=True, kw_only=True, eq=False)
class PlantedPower:
    """What the screen finds of planted patterns.

    Attributes
    ----------
    table : DataFrame
        One row a pattern: ``pattern``, ``planted``, ``found``, ``missed``, ``share`` found at
        alpha, with its 90% interval ``share_low``, ``share_high``.
    false_alarms, unplanted : int
        Creators worth asking with nothing planted, and of how many: all with a p-value, since
        those without a concern were chosen by it.
    p_values : DataFrame
        ``pattern`` (empty: nothing planted), ``creator_key``, ``p``.
    alpha : float
    """

    table: pd.DataFrame
    false_alarms: int
    unplanted: int
    p_values: pd.DataFrame
    alpha: float


def measure_power(
    screen: AudienceScreen, signals: Signals, *, most: int = 150, seed: int = 0
) -> PlantedPower | None:
    """Plant each pattern in creators without a concern, and judge them against the same peers.

    Each planted creator is judged alone; the peers stay as they are, odd ones among them included:
    that is what the power stands on. None where no creator has enough posts and no concern.
    """
    table = screen.table.set_index("creator_key")
    fit = table.index[table["state"].eq("no concern found") & table["posts"].ge(LEAST_POSTS)]
    if fit.empty:
        return None
    rng = np.random.default_rng(seed)
    chosen = pd.Index(rng.permutation(fit)[:most])
    found = [_p_values(screen, signals.table.loc[chosen], "")]
    for pattern in PLANTED:
        planted = _planted(signals, chosen, pattern, rng)
        found.append(_p_values(screen, planted, pattern.name))
    p_values = pd.concat(found, ignore_index=True)
    alpha = screen.settings.alpha
    judged = table["p"].dropna()
    return PlantedPower(
        table=_counted(p_values[p_values["pattern"] != ""], alpha),
        false_alarms=int((judged <= alpha).sum()),
        unplanted=len(judged),
        p_values=p_values,
        alpha=alpha,
    )


def choose_alpha(power: PlantedPower, costs: CostSettings) -> tuple[float, pd.DataFrame]:
    """Return the threshold with the least expected hours a creator, and the hours at each.

    Reviews of ordinary and of planted creators, and what the missed ones cost. An ordinary creator
    is asked about with the chance that the threshold names.
    """
    planted = power.p_values.loc[power.p_values["pattern"] != "", "p"].to_numpy()
    alphas = np.array([0.01, 0.02, 0.05, 0.10, 0.15, 0.20, 0.30])
    found = np.array([(planted <= alpha).mean() for alpha in alphas])
    reviews = costs.hours_a_review * ((1 - costs.share) * alphas + costs.share * found)
    misses = costs.hours_a_miss * costs.share * (1 - found)
    table = pd.DataFrame({"alpha": alphas, "found": found, "reviews": reviews, "misses": misses})
    table = table.assign(hours=reviews + misses)
    return float(alphas[(reviews + misses).argmin()]), table


def _planted(
    signals: Signals, keys: pd.Index, pattern: Planted, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the signals of creators as they would be with the pattern."""
    rows = signals.table.loc[keys]
    sizes = pattern.size * np.exp(rng.normal(0, 0.15, len(rows)))
    if pattern.what == "followers":
        grown = 1 + sizes
        less = {name: rows[name] / grown for name in ("engagement_rate", "follow_ratio")}
        return rows.assign(followers=rows["followers"] * grown, **less)
    place = signals.table.index.get_indexer(keys)
    likes, comments = signals.likes[place], signals.comments[place]
    more = _more_likes(likes, pattern.what, sizes[:, None], rng)
    usual, now = (np.nanmedian(x + comments, axis=1) for x in (likes, likes + more))
    rate = rows["engagement_rate"] * (now / np.maximum(usual, 1))
    return rows.assign(engagement_rate=rate, **like_signals(likes + more, comments))


def _more_likes(likes: Floats, what: str, sizes: Floats, rng: np.random.Generator) -> Floats:
    known = np.isfinite(likes)
    since = np.cumsum(known, axis=1) / known.sum(axis=1, keepdims=True)
    on = since > rng.uniform(0, _LATEST_START, (len(likes), 1))
    jitter = 1 + _JITTER * rng.standard_normal(likes.shape)
    usual = np.nanmedian(likes, axis=1, keepdims=True)
    if what == "level":
        more = usual * sizes * jitter - likes
    elif what == "every":
        more = usual * sizes * jitter
    else:
        more = likes * sizes * jitter * (rng.random(likes.shape) < _HIT)
    added: Floats = np.where(on, np.rint(np.maximum(more, 0)), 0)
    return added


def _p_values(screen: AudienceScreen, rows: pd.DataFrame, pattern: str) -> pd.DataFrame:
    """Judge creators against the peers that they were compared with before."""
    parts = []
    for (platform, names), of in screen.references.items():
        own = rows[(rows["platform"] == platform) & _compared(screen, rows.index, names)]
        if own.empty:
            continue
        scores = of.families(of.standardised(own), own).max(axis=1)
        p = of.p_values(scores, own.index)
        parts.append(pd.DataFrame({"pattern": pattern, "creator_key": own.index, "p": p}))
    return pd.concat(parts, ignore_index=True)


def _compared(screen: AudienceScreen, keys: pd.Index, names: Sequence[str]) -> pd.Series:
    """Tell which creators were compared on exactly these signals."""
    missing = screen.table.set_index("creator_key")["signals_missing"].reindex(keys)
    return missing == missing_signals(names)


def _counted(p_values: pd.DataFrame, alpha: float) -> pd.DataFrame:
    rows = []
    for pattern, own in p_values.groupby("pattern", sort=False)["p"]:
        found = int((own <= alpha).sum())
        low, high = binomtest(found, len(own)).proportion_ci(0.90, method="exact")
        rows.append((pattern, len(own), found, len(own) - found, found / len(own), low, high))
    columns = ["pattern", "planted", "found", "missed", "share", "share_low", "share_high"]
    return pd.DataFrame(rows, columns=columns)

"""Net reach of a plan: people reached at least once, twice, ..., with how unsure that is.

Three ways beside each other: latent classes (which a plan is chosen by), beta-binomial on the
plan's own pairs (Metheringham, to check), and Sainsbury, only to show how far off it is. None of
them was validated on the overlap of real audiences: only simulated people were counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import betabinom, binom, norm

from workbench.budget.audience_fit import fit_audience
from workbench.budget.audience_model import AudienceModel, AudienceSettings
from workbench.errors import SettingsError

__all__ = ["AudienceModel", "AudienceSettings", "NetReach", "estimate_net_reach", "fit_audience"]

Floats = npt.NDArray[np.float64]
MOST_TIMES = 6  # frequencies are told up to so many times or more
LOW, HIGH = 0.1, 0.9
Z80 = float(norm.ppf(HIGH))


@dataclass(frozen=True, kw_only=True)
class NetReachSummary:
    """The numbers about a plan's reach that a sentence may quote; people, ``low`` to ``high`` 80 %.

    ``check`` is the beta-binomial's, ``sainsbury`` and ``gross`` what simple sums say.
    """

    creators: int
    posts: int
    market: float
    net_reach: float
    low: float
    high: float
    check: float
    sainsbury: float
    gross: float
    average_frequency: float


@dataclass(frozen=True, kw_only=True, eq=False)
class NetReach:
    """How many people a plan reaches.

    Attributes
    ----------
    table : DataFrame
        One row a method: ``method``, ``net_reach``, ``low``, ``high`` (80 %), and
        ``average_frequency`` (contacts of a person who is reached).
    frequency : DataFrame
        ``at_least`` 1 to 6 times: ``people``, ``low``, ``high``.
    build_up : DataFrame
        In the order of booking: ``creator_key``, ``posts``, ``net_reach`` so far, ``low``,
        ``high``, ``added`` by this creator, ``alone``.
    duplication : DataFrame
        People whom two creators both reach, creators on both sides; the diagonal is one's own.
    """

    table: pd.DataFrame
    frequency: pd.DataFrame
    build_up: pd.DataFrame
    duplication: pd.DataFrame
    summary: NetReachSummary


def estimate_net_reach(
    model: AudienceModel,
    posts: npt.NDArray[np.integer],
    *,
    order: npt.NDArray[np.integer] | None = None,
) -> NetReach:
    """Estimate how many people a plan reaches, and how often.

    Parameters
    ----------
    posts : ndarray of shape (creators,)
        Posts of each creator in the order of ``model.keys``. A further post of a creator meets the
        same people: exposures add up within a class.
    order : ndarray of int, optional
        Positions of the chosen in the order of booking; without it the largest reach comes first.
    """
    posts = np.asarray(posts)
    if posts.shape != model.keys.shape or (posts < 0).any() or (posts != np.round(posts)).any():
        raise SettingsError(
            "The net reach of this plan can't be told.",
            [f"posts: expected {len(model.keys)} whole numbers of 0 or more, found {posts.shape}"],
        )
    chosen, alone = np.flatnonzero(posts), _reached(model, posts)
    if order is None:
        order = chosen[np.argsort(-alone[chosen], kind="stable")]
    reach = net_reach_of(model, posts)
    spread = _spread(model, posts, chosen)
    others = [net_reach_of(model, posts, one) for one in model.alternatives]
    low, high = _interval(model, others, spread)
    # What each reaches alone is known, and so bounds the whole.
    low, high = max(low, float(alone.max())), min(high, float(alone.sum()))
    table = _compare(model, posts, chosen, (reach, low, high))
    check, sainsbury, gross = table["net_reach"].iloc[1:]
    return NetReach(
        table=table,
        frequency=_frequencies(model, posts, chosen, spread),
        build_up=_build_up(model, posts, np.asarray(order)),
        duplication=_duplication(model, posts, chosen),
        summary=NetReachSummary(
            creators=len(chosen),
            posts=int(posts.sum()),
            market=model.market,
            net_reach=reach,
            low=low,
            high=high,
            check=check,
            sainsbury=sainsbury,
            gross=gross,
            average_frequency=table["average_frequency"].iloc[0],
        ),
    )


def net_reach_of(
    model: AudienceModel, posts: npt.NDArray[np.integer], exposure: Floats | None = None
) -> float:
    """Return the people whom these posts reach at least once."""
    contacts = posts @ (model.exposure if exposure is None else exposure)
    return float(model.people @ -np.expm1(-contacts))


def _reached(model: AudienceModel, posts: npt.NDArray[np.integer]) -> Floats:
    """Return the people whom each creator's posts reach alone."""
    reached: Floats = -np.expm1(-posts[:, None] * model.exposure) @ model.people
    return reached


def _plan(
    model: AudienceModel, posts: npt.NDArray[np.integer], chosen: npt.NDArray[np.integer]
) -> tuple[Floats, Floats, Floats]:
    """Return of the chosen: reached shares by class, shares of the market, and of pairs of them."""
    reached = -np.expm1(-posts[chosen, None] * model.exposure[chosen])
    share = model.people / model.market
    both = (reached * share) @ reached.T
    alone = reached @ share
    np.fill_diagonal(both, alone)
    return reached, alone, both


def _spread(
    model: AudienceModel, posts: npt.NDArray[np.integer], chosen: npt.NDArray[np.integer]
) -> float:
    """Return the standard deviation, in people, of what no alternative of the classes carries.

    That is chance among people, whose part that the known reaches settle is taken out, and pairs
    of this plan that are more, or less, alike than their classes say.
    """
    if not len(chosen):
        return 0.0
    reached, alone, both = _plan(model, posts, chosen)
    share = model.people / model.market
    missed = np.prod(1 - reached, axis=0)
    reach = 1 - share @ missed
    known = alone * (1 - reach)
    chance = reach * (1 - reach) - known @ np.linalg.pinv(both - np.outer(alone, alone)) @ known
    odds = reached / np.maximum(1 - reached, 1e-12)
    only = (odds * (share * missed)) @ odds.T  # both, and nobody else of the plan
    unlike = model.summary.residual * only[np.triu_indices(len(chosen), 1)]
    return model.market * float(np.sqrt(max(chance, 0) / model.market + np.sum(unlike**2)))


def _interval(model: AudienceModel, values: list[float], spread: float) -> tuple[float, float]:
    """Return the middle 80 % of equally likely values, each with a normal error."""
    steps = norm.ppf((np.arange(20) + 0.5) / 20)
    mixed = np.add.outer(np.array(values), spread * steps)
    low, high = np.quantile(mixed, [LOW, HIGH])
    return max(float(low), 0.0), min(float(high), model.market)


def _compare(
    model: AudienceModel,
    posts: npt.NDArray[np.integer],
    chosen: npt.NDArray[np.integer],
    classes: tuple[float, float, float],
) -> pd.DataFrame:
    """Return one row a method."""
    _, alone, both = _plan(model, posts, chosen)
    gross = float(_reached(model, np.ones_like(posts)) @ posts)
    binomial = [beta_binomial_reach(alone, one) for one in _pair_means(model, chosen, both)]
    rows = [
        ("latent classes", *classes),
        ("beta-binomial", *(model.market * one for one in (binomial[1], binomial[2], binomial[0]))),
        ("Sainsbury", *[model.market * float(1 - np.prod(1 - alone))] * 3),
        ("gross", *[gross] * 3),
    ]
    table = pd.DataFrame(rows, columns=["method", "net_reach", "low", "high"])
    return table.assign(average_frequency=gross / table["net_reach"].where(table["net_reach"] > 0))


def _pair_means(
    model: AudienceModel, chosen: npt.NDArray[np.integer], both: Floats
) -> tuple[float, float, float]:
    """Return the mean share of the market that two chosen share: low, middle, high.

    Pairs of the plan that were measured count as measured, the others as their classes say.
    """
    one, other = np.triu_indices(len(chosen), 1)
    if not len(one):
        return 0.0, 0.0, 0.0
    keys = model.keys[chosen]
    own = model.pairs[model.pairs["creator_key"].isin(keys) & model.pairs["other_key"].isin(keys)]
    ratio = own["shared"].sum() / own["fitted"].sum() if own["fitted"].sum() > 0 else 1.0
    middle = float(both[one, other].mean()) * ratio
    share = model.people / model.market
    means = []
    for exposure in model.alternatives:
        reached = -np.expm1(-exposure[chosen])
        means.append((reached.sum(axis=0) ** 2 - (reached**2).sum(axis=0)) @ share)
    apart = float(np.sqrt((own["se"] ** 2).sum()) / max(own["shared"].sum(), 1e-12))
    error = min(float(np.hypot(np.std(means) / np.mean(means), apart if len(own) else 0.0)), 2.0)
    return middle * np.exp(-Z80 * error), middle, middle * np.exp(Z80 * error)


def beta_binomial_reach(alone: Floats, pair: float, times: int = 1) -> float:
    """Return the share reached so often at least, by Metheringham's beta-binomial.

    Parameters
    ----------
    alone : ndarray
        Share of the market that each creator reaches.
    pair : float
        Mean share that two of them share.
    """
    mean, amount = float(np.mean(alone)) if len(alone) else 0.0, len(alone)
    over = min(pair, mean * (1 - 1e-9)) - mean**2
    if over <= 1e-12:
        return float(binom.sf(times - 1, amount, mean))
    size = (mean - mean**2 - over) / over
    return float(betabinom.sf(times - 1, amount, mean * size, (1 - mean) * size))


def _times(
    people: Floats,
    posts: npt.NDArray[np.integer],
    chosen: npt.NDArray[np.integer],
    exposure: Floats,
) -> Floats:
    """Return the people who are reached at least 1, 2, ... times."""
    exactly = np.zeros((MOST_TIMES, exposure.shape[1]))
    exactly[0] = 1.0
    for creator in chosen:
        met = -np.expm1(-exposure[creator])
        for _ in range(int(posts[creator])):
            exactly[1:] += met * (exactly[:-1] - exactly[1:])
            exactly[0] *= 1 - met
    return (1 - np.cumsum(exactly, axis=0)) @ people


def _frequencies(
    model: AudienceModel,
    posts: npt.NDArray[np.integer],
    chosen: npt.NDArray[np.integer],
    spread: float,
) -> pd.DataFrame:
    middle = _times(model.people, posts, chosen, model.exposure)
    others = np.array([_times(model.people, posts, chosen, one) for one in model.alternatives])
    chance = np.sqrt(np.maximum(middle * (1 - middle / model.market), 0))
    chance[0] = spread
    ranges = [_interval(model, [*others[:, n]], chance[n]) for n in range(MOST_TIMES)]
    return pd.DataFrame({"at_least": np.arange(1, MOST_TIMES + 1), "people": middle}).assign(
        low=[low for low, _ in ranges], high=[high for _, high in ranges]
    )


def _build_up(
    model: AudienceModel, posts: npt.NDArray[np.integer], order: npt.NDArray[np.integer]
) -> pd.DataFrame:
    """Return net reach after each creator in turn; the range is that of the overlaps alone."""

    def grown(exposure: Floats) -> Floats:
        contacts = np.cumsum(posts[order, None] * exposure[order], axis=0)
        reach: Floats = -np.expm1(-contacts) @ model.people
        return reach

    reach = grown(model.exposure)
    low, high = np.quantile([grown(one) for one in model.alternatives], [LOW, HIGH], axis=0)
    return pd.DataFrame({"creator_key": model.keys[order], "posts": posts[order]}).assign(
        net_reach=reach,
        low=low,
        high=high,
        added=np.diff(reach, prepend=0.0),
        alone=_reached(model, posts)[order],
    )


def _duplication(
    model: AudienceModel, posts: npt.NDArray[np.integer], chosen: npt.NDArray[np.integer]
) -> pd.DataFrame:
    _, _, both = _plan(model, posts, chosen)
    keys = model.keys[chosen]
    return pd.DataFrame(both * model.market, index=keys, columns=keys)

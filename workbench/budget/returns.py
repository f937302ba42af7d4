"""What creators may return per fee-dollar before and after a trial, and the best use of money.

The log of a creator's return is its own prior level plus what is unknown of the market or campaign
(shared), of its tier and of the creator, all normal; a post adds noise. So a result of one creator
tells something of all, more of its tier, and most of itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.budget.candidates import Candidates
from workbench.errors import DataError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
RETURN_COLUMNS = ("creator_key", "tier", "expected", "sd", "post_sd", "fee", "overhead", "number")


def even_returns(
    expected: float | Mapping[str, float],
    *,
    fee: float,
    overhead: float = 0.0,
    tiers: int = 3,
    creator_sd: float = 0.5,
    post_sd: float = 0.8,
) -> pd.DataFrame:
    """Return creators who can't be told apart within a tier, as many as money can buy.

    Parameters
    ----------
    expected : float or mapping of str to float
        Expected return per fee-dollar of one post; of all ``tiers``, or by tier.
    fee, overhead : float
        Of one post; of the work with one post beside the fee.
    creator_sd, post_sd : float
        Standard deviations of the natural log: of creators of a tier, of one post of a creator.
    """
    if not isinstance(expected, Mapping):
        expected = {f"tier {place + 1}": expected for place in range(tiers)}
    table = pd.DataFrame({"tier": list(expected), "expected": list(expected.values())})
    more = {"sd": creator_sd, "post_sd": post_sd, "fee": fee, "overhead": overhead}
    return table.assign(creator_key=table["tier"], number=np.inf, **more)[[*RETURN_COLUMNS]]


def candidate_returns(
    candidates: Candidates, value: float | pd.Series, *, overhead: float = 0.0
) -> pd.DataFrame:
    """Return what candidates are expected to bring per fee-dollar of one sponsored post.

    Parameters
    ----------
    value : float or Series
        What a real person's engagement is worth, in the candidates' currency; or the expected
        revenue of one post by ``creator_key``.
    overhead : float
        Of the work with one post beside the fee.

    Notes
    -----
    A creator who falls through is not paid, so the fee is what is expected to be paid; the
    overhead is spent on all. The shared unknowns and those of tiers have mean one.
    """
    table = candidates.table
    kept, paid = 1 - table["fall_through"], table["fee"] * np.exp(table["fee_sd"] ** 2 / 2)
    sd = np.hypot(table["engagements_sd"], table["sponsored_sd"])
    if isinstance(value, pd.Series):
        revenue = table["creator_key"].map(value)
    else:
        mean = table["engagements"] * table["sponsored"] * np.exp(sd**2 / 2)
        revenue = value * mean * table["real_share"]
    return pd.DataFrame(
        {
            "creator_key": table["creator_key"],
            "tier": table["tier"],
            "expected": revenue / paid,
            "sd": sd,
            "post_sd": table["post_sd"],
            "fee": paid * kept,
            "overhead": overhead,
            "number": 1.0,
        }
    ).reset_index(drop=True)


def check_returns(returns: pd.DataFrame) -> None:
    """Raise a DataError that names every fault of a table of returns."""
    if missing := [name for name in RETURN_COLUMNS if name not in returns]:
        raise DataError("A pilot can't be valued on these creators.", [f"no column {missing}"])
    faults = [] if len(returns) else ["no creator; expected one row or more"]
    least = {"expected": 0, "sd": 0, "post_sd": 0, "fee": 0, "overhead": 0, "number": 1}
    for name, low in least.items():
        values = returns[name].to_numpy(dtype="float64")
        good = (values >= low) & (np.isfinite(values) | (name == "number"))
        if name == "fee":
            good &= values > 0
        if not good.all():
            at = ", ".join(map(str, returns.loc[~good, "creator_key"].head(3)))
            wanted = "more than 0" if name == "fee" else f"{low} or more"
            faults.append(f"{name}: expected {wanted}, found others at {at}")
    if returns["tier"].isna().any():
        faults.append("tier: expected a name in every row, found empty cells")
    if faults:
        raise DataError("A pilot can't be valued on these creators.", faults)


@dataclass(frozen=True, kw_only=True, eq=False)
class Prior:
    """Creators (rows of a table of returns) and what is unknown of them, as arrays.

    ``index`` says which row of the table each is, ``worth`` is the expected return of one post in
    money, ``cost`` what one booking of one post costs, ``number`` how many there are of a row;
    ``spread`` and ``noise`` are variances of the log: of a creator, of one post; ``tiers`` is 1
    where a row is of a tier; ``tired`` is what each further post of a creator brings of the first,
    ``fresh`` the same of those worth a look before a creator was tried (the first alone where new
    creators never run out).
    """

    index: Ints
    worth: Floats
    cost: Floats
    number: Floats
    spread: Floats
    noise: Floats
    tiers: Floats
    tired: Floats
    fresh: Floats
    shared_sd: float
    tier_sd: float

    def believe(self, rows: Ints, weight: Floats, seen: Floats) -> tuple[Floats, Floats]:
        """Return means and variances of the log of what is unknown of each tier.

        Parameters
        ----------
        rows : ndarray of shape (tried,)
        weight : ndarray of shape (tried,) or (worlds, tried)
            One over the variance of a creator's mean result about its tier's level; 0: not seen.
        seen : ndarray of shape (worlds, tried)
            Mean log result less what was expected.
        """
        tiers = self.tiers[rows]
        told, total = weight @ tiers, (weight * seen) @ tiers
        kept = 1 / (1 + self.tier_sd**2 * told)
        shared = self.shared_sd**2 / (1 + self.shared_sd**2 * (told * kept).sum(-1, keepdims=True))
        level = shared * (total * kept).sum(-1, keepdims=True)
        mean = kept * (level + self.tier_sd**2 * total)
        return mean, kept**2 * shared + self.tier_sd**2 * kept

    def worth_of(self, rows: Ints, mean: Floats, variance: Floats | float) -> Floats:
        """Return the expected return of a post, given the mean and variance of its log factor."""
        known = self.shared_sd**2 + self.tier_sd**2 + self.spread[rows]
        return self.worth[rows] * np.exp(mean + (variance - known) / 2)

    def worth_tried(
        self, rows: Ints, weight: Floats, seen: Floats, level: tuple[Floats, Floats]
    ) -> Floats:
        """Return the same of creators seen (or not: weight 0), given the belief in their tiers."""
        place = self.tiers[rows].argmax(1)
        mean, variance = level[0][..., place], level[1][..., place]
        own = self.spread[rows] * weight
        return self.worth_of(
            rows,
            mean + own * (seen - mean),
            (1 - own) ** 2 * variance + self.spread[rows] * (1 - own),
        )


def read_prior(
    returns: pd.DataFrame,
    budget: float,
    *,
    shared_sd: float,
    tier_sd: float,
    fatigue: float,
    most_posts: int,
) -> Prior:
    """Return the creators that the budget could buy, best first."""
    check_returns(returns)
    table = returns.reset_index(drop=True).assign(
        cost=(returns["fee"] + returns["overhead"]).to_numpy(),
        worth=(returns["fee"] * returns["expected"]).to_numpy(),
    )
    ample = table["number"] >= np.ceil(budget / table["cost"])
    table["number"] = np.minimum(table["number"], np.ceil(budget / table["cost"]) + 1)
    order = (table["worth"] / table["cost"]).sort_values(ascending=False, kind="stable").index
    table = table.loc[order]
    price = table["cost"] * table["number"]
    table = table[price.groupby(table["tier"]).cumsum() - price <= budget]
    columns = table[["worth", "cost", "number", "sd", "post_sd"]].to_numpy(dtype="float64").T
    tired = np.power(1.0 - fatigue, np.arange(most_posts))
    return Prior(
        index=table.index.to_numpy(),
        worth=columns[0],
        cost=columns[1],
        number=columns[2],
        spread=columns[3] ** 2,
        noise=columns[4] ** 2,
        tiers=pd.get_dummies(table["tier"]).to_numpy(dtype="float64"),
        tired=tired,
        fresh=tired[:1] if ample.all() else tired,
        shared_sd=shared_sd,
        tier_sd=tier_sd,
    )


def take_best(value: Floats, cost: Floats, money: Floats | float) -> Floats:
    """Return how much of each offer is bought, 0-1: best value per cost first, the last in part.

    Offers that bring less than they cost are left.
    """
    order = np.argsort(-value / cost, axis=1)
    price = cost[order]
    before = np.cumsum(price, axis=1) - price
    left = np.reshape(money, (-1, 1)) - before
    part = np.clip(left / price, 0, 1) * (np.take_along_axis(value, order, 1) > price)
    parts = np.empty_like(part)
    np.put_along_axis(parts, order, part, axis=1)
    return parts

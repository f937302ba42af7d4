"""The tests of the claims: each takes the peers of one platform and returns evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from workbench.claims.evidence import (
    Evidence,
    Floats,
    Peers,
    Size,
    from_draws,
    lacks,
    mean_draws,
    median_draws,
    power_creators,
    share_evidence,
)
from workbench.curves.selection import least_squares

if TYPE_CHECKING:
    from workbench.claims.ledger import Claim

ALL = Size(**{"from": 0})
_SEEN_RATIO = 1.6  # that a pilot should be able to see


def exponent(peers: Peers, claim: Claim) -> Evidence:
    """Exponent of engagements in followers less 1, by least squares with HC3 interval."""
    own = peers.creators[(claim.of or ALL).holds(peers.creators["followers"])]
    own = own.dropna(subset=["engagements"])
    if few := lacks([(f"creators of {(claim.of or ALL).text}", len(own))], max(30, peers.least)):
        return Evidence(lacking=few, creators=len(own))
    x = np.log10(own["followers"].to_numpy(dtype="float64"))
    if np.ptp(x) < np.log10(2):
        return Evidence(lacking="the creators are all of about one size", creators=len(own))
    y = np.log10(1 + own["engagements"].to_numpy(dtype="float64"))
    slope, low, high = (value - 1 for value in least_squares(x, y, peers.confidence))
    return Evidence(estimate=slope, low=low, high=high, creators=len(own))


def best(peers: Peers, claim: Claim) -> Evidence:
    """Median rate of a size over the highest of the others'."""
    own, others = peers.rates(claim.of or ALL), [peers.rates(size) for size in claim.against]
    if few := _few(peers, claim, len(own), [len(rates) for rates in others]):
        return few
    top = np.max([median_draws(peers, rates) for rates in others], axis=0)
    estimate = np.median(own) / max(np.median(rates) for rates in others)
    draws = median_draws(peers, own) / top
    return from_draws(float(estimate), draws, peers, len(own) + sum(map(len, others)))


def mean_ratio(peers: Peers, claim: Claim) -> Evidence:
    """Mean rate of a size over the other's: what equal totals of followers bring, on average."""
    own, other = peers.rates(claim.of or ALL), peers.rates(claim.against[0])
    if few := _few(peers, claim, len(own), [len(other)]):
        return few
    draws = mean_draws(peers, own) / mean_draws(peers, other)
    return from_draws(float(own.mean() / other.mean()), draws, peers, len(own) + len(other))


def reach_ratio(peers: Peers, claim: Claim) -> Evidence:
    """Median reach of a post at one size over the other's."""
    known = peers.creators.dropna(subset=["reach_median"])
    own, other = (
        np.sort(known.loc[size.holds(known["followers"]), "reach_median"].to_numpy("float64"))
        for size in (claim.of or ALL, claim.against[0])
    )
    if few := _few(peers, claim, len(own), [len(other)], "creators with reach of"):
        return few
    return _median_ratio(peers, own, other)


def cost_ratio(peers: Peers, claim: Claim) -> Evidence:
    """Median fee a post, for a follower or for an engagement, of one size over the other's."""
    own, other = (_costs(peers, size, claim.per) for size in (claim.of or ALL, claim.against[0]))
    if few := _few(peers, claim, len(own), [len(other)], "quotes of"):
        return few
    return _median_ratio(peers, own, other)


def _median_ratio(peers: Peers, own: Floats, other: Floats) -> Evidence:
    draws = median_draws(peers, own) / median_draws(peers, other)
    estimate = float(np.median(own) / np.median(other))
    return from_draws(estimate, draws, peers, len(own) + len(other))


def _costs(peers: Peers, size: Size, per: str) -> Floats:
    quoted = peers.quoted(size)
    costs = quoted["fee"] / (1 if per == "post" else quoted[per])
    return np.sort(costs[np.isfinite(costs)].to_numpy(dtype="float64"))


def spend_ratio(peers: Peers, claim: Claim) -> Evidence:
    """Engagements for one unit of fees: sums over the quotes of one size over the other's."""
    pairs = [
        peers.quoted(size)[["engagements", "fee"]].dropna().to_numpy(dtype="float64")
        for size in (claim.of or ALL, claim.against[0])
    ]
    if few := _few(peers, claim, len(pairs[0]), [len(pairs[1])], "quotes of"):
        return few
    drawn = [mean_draws(peers, pair) for pair in pairs]
    (own, other), (sums, rest) = (
        [d[:, 0] / d[:, 1] for d in drawn],
        [p.mean(axis=0) for p in pairs],
    )
    estimate = float((sums[0] / sums[1]) / (rest[0] / rest[1]))
    return from_draws(estimate, own / other, peers, len(pairs[0]) + len(pairs[1]))


def fee_share(peers: Peers, claim: Claim) -> Evidence:
    """Share of the quotes of a size that lie within stated fees, in dollars."""
    quoted = peers.quoted(claim.of or ALL)
    if few := _few(peers, claim, len(quoted), [], "quotes of"):
        return few
    if set(quoted["currency"]) != {"USD"}:
        return Evidence(lacking="the quotes are not in dollars", creators=len(quoted))
    hits = int((claim.fees or ALL).holds(quoted["fee"]).sum())
    return share_evidence(hits, len(quoted), peers.confidence)


def pilot(peers: Peers, claim: Claim) -> Evidence:
    """Fees of the creators that a test needs: posts of a creator are no independent evidence."""
    size = claim.of or ALL
    own = peers.creators[size.holds(peers.creators["followers"])]
    logs = np.log10((own["engagements"] / own["followers"]).dropna().to_numpy(dtype="float64"))
    logs = logs[np.isfinite(logs)]
    if few := _few(peers, claim, len(logs), []):
        return few
    # One post each: what varies is the creator's level and the one post.
    within = float(own["engagements_log_sd"].median())
    within = within if np.isfinite(within) else 0.0
    needed = power_creators(float(np.hypot(logs.std(ddof=1), within)), _SEEN_RATIO)
    detail = f"about {np.ceil(needed):,.0f} creators with one post each are needed"
    fees = _costs(peers, size, "post")
    if len(fees) < peers.least:
        lacking = f"only {len(fees)} fee quotes; {detail}"
        return Evidence(lacking=lacking, creators=len(logs))
    chosen = peers.rng.integers(0, len(logs), (peers.draws, len(logs)))
    spread = np.hypot(np.stack([logs[rows].std(ddof=1) for rows in chosen]), within)
    drawn = median_draws(peers, fees) * np.array([power_creators(s, _SEEN_RATIO) for s in spread])
    found = from_draws(float(np.median(fees)) * needed, drawn, peers, len(logs))
    return Evidence(**{**vars(found), "detail": detail})


def order(peers: Peers, claim: Claim) -> Evidence:
    """Share of the best quarter by likes that is not in the best quarter by all engagements."""
    known = peers.creators.dropna(subset=["likes_median", "engagements"])
    if few := _few(peers, claim, len(known), []):
        return few
    rates = known[["likes_median", "engagements"]].div(known["followers"], axis=0)
    likes, engagements = rates.to_numpy(dtype="float64").T

    def moved(rows: Floats | slice) -> float:
        one, other = likes[rows], engagements[rows]
        top = one >= np.quantile(one, 0.75)
        return float((other[top] < np.quantile(other, 0.75)).mean())

    chosen = peers.rng.integers(0, len(likes), (peers.draws, len(likes)))
    draws = np.array([moved(rows) for rows in chosen])
    return from_draws(moved(slice(None)), draws, peers, len(likes))


def unmeasured(peers: Peers, claim: Claim) -> Evidence:
    """No test on these data: say what it would take."""
    return Evidence(lacking=f"it takes {claim.needs}")


def _few(
    peers: Peers, claim: Claim, own: int, others: list[int], what: str = "creators of"
) -> Evidence | None:
    sizes = [claim.of or ALL, *claim.against]
    named = [(f"{what} {size.text}", n) for size, n in zip(sizes, [own, *others], strict=False)]
    few = lacks(named, peers.least)
    return Evidence(lacking=few, creators=own + sum(others)) if few else None


TESTS: dict[str, Callable[[Peers, Claim], Evidence]] = {
    "exponent": exponent,
    "best": best,
    "mean_ratio": mean_ratio,
    "reach_ratio": reach_ratio,
    "cost_ratio": cost_ratio,
    "spend_ratio": spend_ratio,
    "fee_share": fee_share,
    "pilot": pilot,
    "order": order,
    "unmeasured": unmeasured,
}

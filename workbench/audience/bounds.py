"""Intervals for a share from labels drawn at random within strata of a sample.

The test that is inverted: how far the stratified share lies from a share that is asked about, in
standard errors under that share, with the strata's own shares at their likeliest values given it
(so nothing hangs on a score being any good), corrected for skewness (Gart and Nam 1990; Laud 2017,
https://doi.org/10.1002/pst.1813). All functions work on many samples at once: arrays have one row a
sample and one column a stratum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from workbench.audience.scorecard import Floats

STEPS = 32  # halvings of the pull
LENT = 100  # labels, if nobody of a kind was found


@dataclass(frozen=True, kw_only=True, eq=False)
class Counts:
    """What was found.

    Attributes
    ----------
    found, labelled, sizes : array of float
        Followers labelled not real, labelled, and in the sample, by stratum; a stratum without
        followers must not be there, one with followers needs a label.
    beyond : float
        What the sample leaves open about the account: 0 if the sample itself is asked about, 1 if
        it was drawn from a great many followers, in between if it is a good part of them.
    exact_labels : bool
        Whether each label is the truth; else its errors come on top, and a stratum that is
        labelled to the last follower is still not known.
    """

    found: Floats
    labelled: Floats
    sizes: Floats
    beyond: float = 0.0
    exact_labels: bool = True

    @property
    def weights(self) -> Floats:
        """The strata's parts of the sample."""
        return np.asarray(self.sizes / self.sizes.sum(axis=1, keepdims=True))

    @property
    def share(self) -> Floats:
        """The stratified share: unbiased, whatever the score."""
        return np.asarray((self.weights * self.found / self.labelled).sum(axis=1))


def share_interval(counts: Counts, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Return the lower and upper bounds of the share, one each a sample."""
    far = t.ppf((1 + confidence) / 2, _freedom(counts))
    low, high = (
        _solve(counts, np.full(len(far), side), lambda _, distance: distance < far)
        for side in (1, -1)
    )
    low = np.where(counts.found.any(axis=1), low, 0.0)
    high = np.where((counts.found < counts.labelled).any(axis=1), high, 1.0)
    return np.minimum(low, counts.share), np.maximum(high, counts.share)


def corrected_interval(
    counts: Counts, wrong: float, missed: float, confidence: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Return share, lower and upper bound if reviewers err: ``wrong`` of real ones, ``missed``."""
    right, least = 1 - wrong - missed, 0.0
    if wrong or missed:  # more errors than the labels can hold would leave no range at all
        counts = replace(counts, exact_labels=False)
        least = 1 / float(counts.labelled.sum(axis=1).min())
    low, high = share_interval(counts, confidence)
    share, low, high = (np.clip((x - wrong) / right, 0, 1) for x in (counts.share, low, high))
    return share, np.minimum(low, 1 - least), np.maximum(high, least)


def share_above(counts: Counts, limit: float) -> Floats:
    """Return how sure it is, 0-1, that the share lies above a limit.

    The level at which a one-sided interval would just leave the limit out.
    """
    side = np.where(counts.share >= limit, 1, -1)
    far = np.zeros(len(side))

    def nearer(share: Floats, distance: Floats) -> NDArray[np.bool_]:
        far[:] = distance
        return share * side > limit * side

    reached = _solve(counts, side, nearer)
    known = (reached - limit) * side > 1e-6  # the labelled followers alone settle it
    return np.asarray(t.cdf(side * np.where(known, np.inf, far), _freedom(counts)))


def _freedom(counts: Counts) -> Floats:
    return np.asarray(np.maximum(counts.labelled.sum(axis=1) - 1, 1))


def _solve(
    counts: Counts,
    side: NDArray[np.int_],
    inside: Callable[[Floats, Floats], NDArray[np.bool_]],
) -> Floats:
    """Move from the estimate, down for side 1 and up for -1, as long as ``inside`` holds."""
    near, gone = np.zeros(len(side)), np.full(len(side), 1 - 1e-7)
    share = counts.share
    for _ in range(STEPS):
        pull = (near + gone) / 2
        strata = _likeliest(counts, side * pull / (1 - pull))
        share = (counts.weights * strata).sum(axis=1)
        within = inside(share, _distance(counts, strata, side))
        near, gone = np.where(within, pull, near), np.where(within, gone, pull)
    return share


def _likeliest(counts: Counts, pull: Floats) -> Floats:
    """Return the strata's likeliest shares under a pull (a Lagrange multiplier) on their mean.

    One or two finds would leave all the rest to their own strata, which looks too sure: the fewer
    there are of a kind, the more labels are lent to each stratum at the common share.
    """
    seen, total = (x.sum(axis=1, keepdims=True) for x in (counts.found, counts.labelled))
    lent = LENT / (1 + np.minimum(seen, total - seen)) ** 3
    found, labelled = counts.found + lent * seen / total, counts.labelled + lent
    a = pull[:, None] * labelled.sum(axis=1, keepdims=True) * counts.weights
    b = labelled + a
    root = np.sqrt(np.maximum(b * b - 4 * a * found, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(b >= 0, 2 * found / np.maximum(b + root, 1e-300), (b - root) / (2 * a))
    if counts.beyond or not counts.exact_labels:
        return np.asarray(shares)
    known = counts.found / counts.sizes, 1 - (counts.labelled - counts.found) / counts.sizes
    return np.asarray(np.clip(shares, *known))


def _distance(counts: Counts, strata: Floats, side: NDArray[np.int_]) -> Floats:
    """Return how many standard errors the estimate lies from these shares, skewness corrected."""
    share = (counts.weights * strata).sum(axis=1)
    variance, third = _moments(counts, strata)
    error = np.sqrt(np.maximum(variance, 1e-18))
    gap, skew = side * (counts.share - share) / error, side * third / error**3 / 6
    # Either way round the correction is monotone only on one side of symmetry.
    above = np.maximum(skew, 0)
    root = np.sqrt(np.maximum(1 + 4 * above * (gap + above), 0))
    plain = gap - skew * (gap**2 - 1)
    return np.asarray(np.where(skew > 0, 2 * (gap + above) / (1 + root), plain))


def _moments(counts: Counts, strata: Floats) -> tuple[Floats, Floats]:
    """Return the estimate's variance and third central moment under the strata's shares."""
    m, n, w = counts.labelled, counts.sizes, counts.weights
    within = w**2 * strata * (1 - strata) / m
    third = w * within * (1 - 2 * strata) / m
    if counts.exact_labels:  # drawn without replacement
        within = within * (n - m) / np.maximum(n - 1, 1)
        third = third * (n - m) * (n - 2 * m) / np.maximum((n - 1) * (n - 2), 1)
    # A stratum in which both kinds were found looks more even than it is: its share was fitted.
    # Half as many labels again as that uses up, which few labels need (benchmarks/fake_share.py).
    mixed = np.minimum(counts.found, m - counts.found) > 0
    total = m.sum(axis=1)
    fitted = np.minimum(1.5 * np.maximum(mixed.sum(axis=1) - 1, 0), total / 2)
    variance = within.sum(axis=1) * total / (total - fitted)
    share, followers = (w * strata).sum(axis=1), n.sum(axis=1)
    drawn = counts.beyond * share * (1 - share) / followers
    return variance + drawn, third.sum(axis=1) + drawn * (1 - 2 * share) / followers

"""Other intervals for the same share: from labels alone, and prediction-powered ones."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, hypergeom, norm

from workbench.audience.bounds import Counts

Floats = NDArray[np.float64]
Z = float(norm.ppf(0.975))


def wilson_width(found: Floats, labels: int) -> Floats:
    """Return the width of Wilson's interval."""
    p = found / labels
    spread = np.sqrt(p * (1 - p) / labels + Z**2 / (4 * labels**2))
    return np.asarray(2 * Z * spread / (1 + Z**2 / labels))


@cache
def exact_widths(labels: int, followers: int, *, account: bool) -> Floats:
    """Return the widths of the two-sided exact interval by number found."""
    found = np.arange(labels + 1)
    if account:  # Clopper and Pearson
        low = np.nan_to_num(beta.ppf(0.025, found, labels - found + 1), nan=0.0)
        high = np.nan_to_num(beta.ppf(0.975, found + 1, labels - found), nan=1.0)
        return np.asarray(high - low)
    there = np.arange(followers + 1)
    at_most = hypergeom.cdf(found[:, None], followers, there, labels) > 0.025
    at_least = hypergeom.sf(found[:, None] - 1, followers, there, labels) > 0.025
    high = followers - at_most[:, ::-1].argmax(axis=1)
    return np.asarray((high - at_least.argmax(axis=1)) / followers)


def ppi(
    labels: Floats, at_labels: Floats, at_all: Floats, *, account: bool
) -> tuple[Floats, Floats]:
    """Return estimate and half width of PPI++ (Angelopoulos et al. 2023, tuned by the labels)."""
    m, n = labels.shape[1], at_all.shape[1]
    spread = at_labels.var(axis=1, ddof=1)
    both = ((labels - labels.mean(axis=1, keepdims=True)) * at_labels).sum(axis=1) / (m - 1)
    tuned = np.where(spread > 0, both / np.maximum(spread, 1e-12), 0)
    rest = labels - tuned[:, None] * at_labels
    share = rest.mean(axis=1) + tuned * at_all.mean(axis=1)
    variance = rest.var(axis=1, ddof=1) / m * (1 - m / n)
    if account:
        variance = variance + labels.var(axis=1, ddof=1) / n
    return share, Z * np.sqrt(variance)


def recalibrated(labels: Floats, at_labels: Floats, at_all: Floats) -> tuple[Floats, Floats]:
    """Return scores refitted to the labels (logistic, five folds), for the labelled and for all."""
    known, every = (np.log(x / (1 - x)) for x in (at_labels, at_all))
    folds = np.arange(labels.shape[1]) % 5
    fitted, whole = np.empty_like(labels), np.zeros_like(every)
    for fold in range(5):
        kept = folds != fold
        a, b = _logistic(known[:, kept], labels[:, kept])
        fitted[:, ~kept] = _chance(a, b, known[:, ~kept])
        whole += _chance(a, b, every) / 5
    return fitted, whole


def _chance(a: Floats, b: Floats, x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(a[:, None] + b[:, None] * x, -30, 30))))


def _logistic(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Fit intercept and slope by Newton's method, with a weak pull to 0 and 1."""
    a, b = np.zeros(len(x)), np.ones(len(x))
    for _ in range(15):
        p = _chance(a, b, x)
        w = p * (1 - p)
        ga, gb = (y - p).sum(axis=1) - 0.05 * a, ((y - p) * x).sum(axis=1) - 0.05 * (b - 1)
        aa, ab = w.sum(axis=1) + 0.05, (w * x).sum(axis=1)
        bb = (w * x * x).sum(axis=1) + 0.05
        det = aa * bb - ab * ab
        a = a + np.clip((bb * ga - ab * gb) / det, -2, 2)
        b = b + np.clip((aa * gb - ab * ga) / det, -2, 2)
    return a, b


def stratified_normal(counts: Counts) -> tuple[Floats, Floats]:
    """Return estimate and half width of the strata by the normal law (Fisch et al. 2024).

    Within strata as narrow as these the scores hardly differ, so that tuning them by stratum leaves
    the plain stratified mean.
    """
    m, n, w = counts.labelled, counts.sizes, counts.weights
    p = counts.found / m
    within = w**2 * p * (1 - p) / np.maximum(m - 1, 1) * (1 - m / n)
    drawn = counts.beyond * counts.share * (1 - counts.share) / n.sum(axis=1)
    return counts.share, Z * np.sqrt(within.sum(axis=1) + drawn)


def oracle_width(counts: Counts, fakes: Floats) -> Floats:
    """Return the width by the normal law if the labels had been laid out by the strata's truth."""
    p, w = fakes / counts.sizes, counts.weights
    spread, followers = p * (1 - p), counts.sizes.sum(axis=1)
    best = (w * np.sqrt(spread)).sum(axis=1) ** 2 / counts.labelled.sum(axis=1)
    variance = np.maximum(best - (w * spread).sum(axis=1) / followers, 0)
    share = (w * p).sum(axis=1)
    return np.asarray(2 * Z * np.sqrt(variance + counts.beyond * share * (1 - share) / followers))

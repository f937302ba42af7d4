"""How far a creator's median over a few posts may lie from the median over many."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import t

# The weight, in posts, of the platform's typical spread against the creator's own.
PRIOR_POSTS = 6
# A median of normal values has sqrt(pi / 2) times the standard error of their mean.
MEDIAN_FACTOR = float(np.sqrt(np.pi / 2))


def typical_spread(log_sd: pd.Series, posts: pd.Series) -> float:
    """Return the spread between posts, in dex, that is typical of these creators.

    The median over creators with five or more posts; where there is none, the root mean square
    over those with two or more; missing where there is none of these either.
    """
    many = log_sd[posts.ge(5)].median()
    if pd.notna(many):
        return float(many)
    known = log_sd.notna() & posts.ge(2)
    freedom = (posts[known] - 1).astype("float64")
    return (
        float(np.sqrt((freedom * log_sd[known] ** 2).sum() / freedom.sum()))
        if len(freedom)
        else np.nan
    )


def median_half_width(
    log_sd: pd.Series, posts: pd.Series, *, typical: float, confidence: float
) -> pd.Series:
    """Return the half width, in dex, of the interval around each creator's median.

    A creator's own variance is drawn towards the typical one, as if six typical posts had been
    seen besides; a creator with one post has the typical spread. This is the moderated t of
    Smyth (2004, Stat. Appl. Genet. Mol. Biol. 3:3) with fixed prior weight.

    Parameters
    ----------
    log_sd : Series
        Standard deviation of log10(1 + engagements) between a creator's posts; may be missing.
    posts : Series
        Posts that the median stands on.
    typical : float
        From :func:`typical_spread`.
    confidence : float
        Nominal coverage, 0-1.
    """
    error, freedom = median_error(log_sd, posts, typical=typical)
    width: pd.Series = error * pd.Series(t.ppf((1 + confidence) / 2, freedom), index=posts.index)
    return width


def median_error(
    log_sd: pd.Series, posts: pd.Series, *, typical: float
) -> tuple[pd.Series, pd.Series]:
    """Return the standard error, in dex, of each creator's median, and its degrees of freedom."""
    variance, freedom = post_variance(log_sd, posts, typical=typical)
    error = MEDIAN_FACTOR * np.sqrt(variance / posts.astype("float64").where(posts > 0))
    # The median of one or two posts is their mean, without the factor.
    return error.where(posts > 2, error / MEDIAN_FACTOR), freedom


def post_variance(
    log_sd: pd.Series,
    posts: pd.Series,
    *,
    typical: float | pd.Series,
    prior: float = PRIOR_POSTS,
) -> tuple[pd.Series, pd.Series]:
    """Return each creator's variance between posts, drawn to the typical, and its freedom."""
    own = (posts - 1).clip(lower=0).where(log_sd.notna(), 0).astype("float64")
    variance = (prior * typical**2 + own * log_sd.fillna(0) ** 2) / (prior + own)
    return variance, prior + own

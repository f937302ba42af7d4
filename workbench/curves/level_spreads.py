"""How creators' posts spread about their level: what is typical, lasting, drifting, long-tailed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from workbench.curves.posts_noise import PRIOR_POSTS, post_variance

FAR = 3.0  # standard deviations beyond which a creator says no more about a spread
# The mean square of a standard normal value that is held within so many.
HELD = float(chi2.cdf(FAR**2, 3) + FAR**2 * chi2.sf(FAR**2, 1))
_MANY = 50  # creators, from which on second moments are trusted
_USUAL, _MOST = 12.0, 500.0  # posts: the weight of the typical spread where it can't be measured
_TAILS = np.linspace(0.5, 2.5, 41)


if TYPE_CHECKING:
    from pandas.core.groupby.generic import SeriesGroupBy


def measure_posts(posts: pd.DataFrame) -> pd.DataFrame:
    """Return one row a creator of what its posts' y = ln(1 + engagements) say.

    ``mean``, ``std``, ``size``; ``ratio`` of the mean of exp(y) to exp of the mean; ``newer`` and
    ``older``, the log variance of each half; ``moved``, how far the newer half lies above the
    older one, and ``noise``, its variance by that of one post. The last four are of creators with
    eight posts or more.
    """
    posts = posts[posts["engagements"].ge(0)]
    if "posted_at" in posts:
        posts = posts.sort_values("posted_at", kind="stable")
    y = np.log1p(posts["engagements"].astype("float64"))
    seen = pd.DataFrame({"creator_key": posts["creator_key"], "y": y})
    grouped = seen.groupby("creator_key")["y"]
    figures = grouped.agg(["mean", "std", "size"])
    over = np.exp(seen["y"] - grouped.transform("mean"))
    figures["ratio"] = seen.assign(y=over).groupby("creator_key")["y"].mean()
    place, size = grouped.cumcount(), grouped.transform("size")

    def part(chosen: pd.Series) -> SeriesGroupBy[Any, Any]:
        return seen[chosen & (size >= 8)].groupby("creator_key")["y"]

    new, old = part(place * 2 >= size), part(place * 2 < size)
    for name, half in (("newer", new), ("older", old)):
        variance = half.var()
        figures[name] = np.log(variance.where(variance > 0))
    figures["moved"] = new.mean() - old.mean()
    figures["noise"] = 1 / new.size() + 1 / old.size()
    return figures


def post_spreads(
    rows: pd.DataFrame, *, within: float, posts: float
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return each creator's variance between posts, its freedom, and the spread of its size.

    ``rows`` are creators with the columns of :func:`measure_posts`, ``x`` (ln followers) and
    ``peer``; ``within`` is believed before, with the weight of so many ``posts``.
    """
    n = rows["size"].fillna(0)
    peer = rows["peer"]
    own = (n[peer] - 1).clip(lower=0).where(rows["std"][peer].notna(), 0.0)
    freedom = float(own.sum())
    measured = float((own * _held_variance(rows["std"][peer], n[peer])).sum())
    usual = np.sqrt((posts * within**2 + measured) / (posts + freedom))
    typical = pd.Series(usual, rows.index)
    many = peer & rows["std"].gt(0) & n.ge(5) & rows["x"].notna()
    if many.sum() >= _MANY and rows["x"][many].nunique() >= 10:
        x = rows["x"] - rows["x"][many].mean()
        slope = np.polyfit(x[many], np.log(rows["std"][many]), 1)[0]
        typical *= np.exp(slope * x.fillna(0.0).clip(x[many].min(), x[many].max()))
    variance, own = post_variance(rows["std"], n, typical=typical, prior=_weight(rows[peer]))
    return variance, own, typical


def _held_variance(log_sd: pd.Series, n: pd.Series) -> pd.Series:
    """Return the variances whose mean is typical; the farthest of creators with many posts held.

    The mean and not the median: spreads are skewed, and a variance is drawn to what it is on
    average (linear Bayes).
    """
    variance = log_sd.fillna(0.0) ** 2
    many = n.ge(5) & log_sd.notna()
    far = float(variance[many].quantile(0.99)) if many.sum() >= _MANY else np.inf
    return variance.clip(upper=far)


def _weight(rows: pd.DataFrame) -> float:
    """Return how many posts the typical spread counts for.

    A creator's spread lasts as far as that of its older posts foretells that of its newer ones.
    """
    both = rows[rows["newer"].notna() & rows["older"].notna()]
    if len(both) < _MANY:
        return _USUAL
    halves = both[["newer", "older"]].clip(
        *both[["newer", "older"]].quantile([0.01, 0.99]).to_numpy(), axis=1
    )
    lasting = float(np.cov(halves["newer"], halves["older"])[0, 1])
    noise = float(halves.var().mean()) - lasting
    # The noise is that of half the posts.
    freedom = float(both["size"].mean()) / 2 - 1
    return float(np.clip(freedom * noise / max(lasting, 1e-9), PRIOR_POSTS, _MOST))


def after_bursts(rows: pd.DataFrame) -> pd.Series:
    """Return how far each creator's level is moved by the spread of its posts, in log.

    Where a few posts go round the world, those who had one have less to come: the newer half of
    creators' posts on the log variance of their older half, as far as it is more than chance.
    """
    both = rows[rows["peer"] & rows["older"].notna()]
    if len(both) < _MANY:
        return pd.Series(0.0, rows.index)
    x = both["older"].clip(*both["older"].quantile([0.01, 0.99]))
    x, y = x - x.mean(), both["moved"] - both["moved"].mean()
    slope = float((x * y).sum() / (x**2).sum())
    error = float(np.sqrt(((y - slope * x) ** 2 * x**2).sum()) / (x**2).sum())
    slope *= slope**2 / (slope**2 + error**2)
    own = np.log(rows["std"].where(rows["std"].gt(0) & rows["size"].ge(8)) ** 2)
    moved: pd.Series = slope * (own - own[both.index].mean()).clip(-2, 2)
    return moved.fillna(0.0)


def level_drift(rows: pd.DataFrame, spread: pd.Series) -> float:
    """Return the variance of a creator's level from one run of posts to the next, by moments."""
    moved = rows["moved"][rows["peer"]].dropna()
    if len(moved) < _MANY:
        return 0.0
    noise = (rows["noise"] * spread)[moved.index]
    far = FAR * np.sqrt(float((moved**2).median()) / 0.455)  # the median of a squared normal
    held = (moved - moved.median()).clip(-far, far)
    return max(float((held**2).mean() / HELD - noise.mean()) / 2, 0.0)


def post_tail(rows: pd.DataFrame, spread: pd.Series, freedom: pd.Series, *, posts: float) -> float:
    """Return the log of mean over geometric mean of posts, by that of normal ones as spread.

    1 counts for so many ``posts``.
    """
    own = rows["peer"] & rows["size"].ge(5)
    if not own.any():
        return 1.0
    n, variance, sure = (part[own].to_numpy("float64") for part in (rows["size"], spread, freedom))
    # A creator's own mean takes its part of the spread along.
    left = variance * (1 - 1 / n) / 2
    # Budgets go to the large ones: they count by what they bring, none for more than the top 5 %.
    level = np.exp(rows["mean"][own].to_numpy())
    weights = np.minimum(level, np.quantile(level, 0.95))
    weights /= weights.sum()
    ratio = float(weights @ rows["ratio"][own])
    means = [weights @ np.exp(tail * left + (tail * variance) ** 2 / (4 * sure)) for tail in _TAILS]
    measured = float(np.interp(ratio, means, _TAILS))
    return float((n.sum() * measured + posts) / (n.sum() + posts))

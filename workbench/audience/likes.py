"""What a creator's likes, post after post, look like: one row a creator, one column a post."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LAST_POSTS = 30
LEAST_POSTS = 10
_LEAST_SPREAD = 0.01  # natural log: below 1% apart, counts are as good as equal
_WINDOW = 4  # posts before and after that say what is usual then
_PILE = 0.10  # natural log: likes this near are the same level


def like_signals(likes: Floats, comments: Floats, *, least: int = LEAST_POSTS) -> dict[str, Floats]:
    """Measure the series: arrays of creators x posts, oldest first, missing where unknown.

    Spreads are about a running median and between neighbours, so that a lasting change of the
    level (growth, or purchases that begin one day) is told by ``like_step`` alone.
    """
    known = np.isfinite(likes) & np.isfinite(comments)
    enough = known.sum(axis=1) >= least
    found = {name: np.full(len(likes), np.nan) for name in LIKE_SIGNALS}
    if enough.any():
        for name, values in _measured(likes[enough], comments[enough], known[enough]).items():
            found[name][enough] = values
    return found


LIKE_SIGNALS = (
    "comments_per_like",
    "like_spread",
    "like_floor",
    "like_pile",
    "like_bursts",
    "like_step",
    "comment_link",
)


def _measured(likes: Floats, comments: Floats, known: NDArray[np.bool_]) -> dict[str, Floats]:
    y = np.where(known, np.log(likes + 0.5), np.nan)
    left = y - _running_median(y)
    noise = np.maximum(np.nanmedian(np.abs(_steps(y)), axis=1) * 1.4826 / 2**0.5, _LEAST_SPREAD)
    both = [np.where(known, part, 0).sum(axis=1) + 0.5 for part in (comments, likes)]
    return {
        "comments_per_like": both[0] / both[1],
        "like_spread": noise,
        "like_floor": np.maximum(-np.nanquantile(left, 0.1, axis=1), _LEAST_SPREAD),
        "like_pile": _pile(y),
        "like_bursts": np.maximum(_top_fifth(left), _LEAST_SPREAD),
        "comment_link": _link(y, np.where(known, np.log(comments + 0.5), np.nan)),
        "like_step": 0.5 + _largest_rise(y) / np.maximum(noise, 0.05),
    }


def _running_median(values: Floats) -> Floats:
    edge = np.full((len(values), _WINDOW), np.nan)
    padded = np.hstack([edge, values, edge])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _WINDOW + 1, axis=1)
    # A window without any post belongs to no post.
    filled = np.where(np.isnan(windows).all(axis=2, keepdims=True), 0.0, windows)
    middle: Floats = np.nanmedian(filled, axis=2)
    return middle


def _steps(values: Floats) -> Floats:
    """Return the changes from post to post."""
    packed = _packed(values)
    return np.diff(packed, axis=1)


def _packed(values: Floats) -> Floats:
    """Move what is known to the left, in its order."""
    order = np.argsort(np.isnan(values), axis=1, kind="stable")
    return np.take_along_axis(values, order, axis=1)


def _top_fifth(left: Floats) -> Floats:
    """Return how far the best fifth of the posts stands above the usual, on average."""
    ordered = -np.sort(-left, axis=1)  # missing ones come last
    amount = np.maximum(np.rint(0.2 * np.isfinite(left).sum(axis=1)), 2)
    is_top = np.arange(left.shape[1]) < amount[:, None]
    mean: Floats = np.where(is_top, ordered, 0.0).sum(axis=1) / amount
    return mean


def _link(likes: Floats, comments: Floats) -> Floats:
    """Return how the changes of likes and comments from post to post go together (correlation)."""
    one, other = _steps(likes), _steps(comments)
    spread = np.sqrt(np.nansum(one**2, axis=1) * np.nansum(other**2, axis=1))
    link: Floats = np.nansum(one * other, axis=1) / np.maximum(spread, 1e-9)
    return link


def _pile(values: Floats) -> Floats:
    """Return the largest share of posts whose likes are the same within about 10%."""
    ordered = np.sort(values, axis=1)
    counts = [
        ((ordered >= low) & (ordered <= low + _PILE)).sum(axis=1) for low in ordered.T[..., None]
    ]
    share: Floats = np.max(counts, axis=0) / np.isfinite(values).sum(axis=1)
    return share


def _largest_rise(values: Floats) -> Floats:
    """Return the largest rise between the means before and after a post, scaled by their number."""
    packed = _packed(values)
    total = np.isfinite(packed).sum(axis=1)
    sums = np.nancumsum(packed, axis=1)
    best = np.zeros(len(packed))
    for place in range(2, packed.shape[1] - 5):
        before, after = place + 1, total - place - 1
        fits = after >= 5
        rest = np.maximum(after, 1)
        rise = (sums[:, -1] - sums[:, place]) / rest - sums[:, place] / before
        scaled = rise / np.sqrt(1 / before + 1 / rest)
        best = np.where(fits, np.maximum(best, scaled), best)
    return best


def post_matrix(posts: pd.DataFrame, column: str, keys: pd.Index, last: int = LAST_POSTS) -> Floats:
    """Return a column of the latest posts as creators x posts, the newest on the right.

    ``posts`` are sorted by creator and time.
    """
    ago = posts.groupby("creator_key", sort=False).cumcount(ascending=False).to_numpy()
    row = keys.get_indexer(pd.Index(posts["creator_key"]))
    used = (ago < last) & (row >= 0)
    matrix = np.full((len(keys), last), np.nan)
    values = posts[column].to_numpy(dtype="float64", na_value=np.nan)
    matrix[row[used], last - 1 - ago[used]] = values[used]
    return matrix


def half_of(likes: Floats, comments: Floats, luck: Floats) -> tuple[Floats, Floats]:
    """Keep a random half of each creator's posts, in their order."""
    known = np.isfinite(likes) & np.isfinite(comments)
    rank = np.argsort(np.argsort(np.where(known, luck, np.inf), axis=1), axis=1)
    kept = rank < (known.sum(axis=1) // 2)[:, None]
    return np.where(kept, likes, np.nan), np.where(kept, comments, np.nan)

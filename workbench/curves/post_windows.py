"""A creator's k posts as numbers that a forecast can stand on, and the other posts beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from workbench.errors import DataError

GROUPS = ("niche", "country")
PARTS = ("likes", "comments", "shares", "saves")
NEEDED = ("creator_key", "platform", "post_id", "posted_at", "likes", "followers")
_COMMON = 0.9  # a count that so many posts have is one that the source gives
_SOON = 0.02  # days added to an age, so that its logarithm stays finite


def common_counts(posts: pd.DataFrame) -> tuple[str, ...]:
    """Return likes and the other counts that nine posts in ten have, views among them."""
    known = [name for name in (*PARTS, "views") if name in posts]
    return ("likes", *(n for n in known[1:] if posts[n].notna().mean() >= _COMMON))


def usable_posts(
    posts: pd.DataFrame, counts: Sequence[str], kinds: Sequence[str], observed: pd.Timestamp
) -> pd.DataFrame:
    """Return the posts with followers and all parts among ``counts``, in logarithms, oldest first.

    ``observed`` stands in where a post does not say when its counts were read. A creator's
    follower count is that of the latest post that has one.
    """
    frame = posts.sort_values(["creator_key", "posted_at", "post_id"], ignore_index=True)
    parts = [name for name in counts if name in PARTS]
    given = frame.reindex(columns=[*counts]).astype("float64")
    logs = pd.DataFrame(np.log10(1 + given))
    views = logs.get("views", pd.Series(np.nan, frame.index))
    y = np.log10(1 + given[parts].sum(axis=1, skipna=False))
    seen = frame.get("observed_at", pd.Series(pd.NaT, frame.index)).fillna(observed)
    days = (seen - frame["posted_at"]).dt.total_seconds() / 86_400
    media = frame.get("media_type", pd.Series("", frame.index)).astype("object")
    sizes = frame["followers"].astype("float64").groupby(frame["creator_key"])
    followers = sizes.transform("last")
    wide = pd.DataFrame(
        {
            "creator_key": frame["creator_key"],
            "x": np.log10(followers.where(followers > 0)),
            "y": y,
            "days": days.clip(lower=0),
            "views": views,
            "rate": y - views,
            **{f"{part}_share": logs[part] - logs["likes"] for part in parts[1:]},
            **{f"is_{kind}": media.eq(kind).astype("float64") for kind in kinds},
        }
    )
    return wide[wide["y"].notna()].reset_index(drop=True)


def check_posts(posts: pd.DataFrame) -> None:
    """Check that the columns are there and of the right kind.

    Raises
    ------
    DataError
        With every fault.
    """
    times = [name for name in ("posted_at", "observed_at") if name in posts]
    counts = [name for name in (*PARTS, "views", "followers") if name in posts]
    faults = [
        *(f"no column {name}" for name in NEEDED if name not in posts),
        *(f"{n}: expected times with a zone" for n in times if not _is_zoned(posts[n])),
        *(f"{n}: expected numbers" for n in counts if not is_numeric_dtype(posts[n])),
    ]
    if faults or posts.empty:
        raise DataError("These posts can't be used.", faults or ["there are none"])


def _is_zoned(times: pd.Series) -> bool:
    return isinstance(times.dtype, pd.DatetimeTZDtype) or bool(times.isna().all())


def list_creators(posts: pd.DataFrame, usable: pd.DataFrame) -> pd.DataFrame:
    """Return one row a creator of ``posts``: platform, ``x``, usable posts, niche, country."""
    given = posts.reindex(columns=["creator_key", "platform", *GROUPS]).astype("object")
    creators = given.groupby("creator_key").first()
    own = usable.groupby("creator_key")["x"]
    return creators.assign(x=own.last(), posts=own.size()).fillna({"posts": 0})


def frequent_kinds(posts: pd.DataFrame) -> tuple[str, ...]:
    """Return the kinds of post that make up a twentieth or more, without the most frequent one."""
    if "media_type" not in posts:
        return ()
    shares = posts["media_type"].value_counts(normalize=True)
    return tuple(sorted(str(kind) for kind in shares.index[1:] if shares[kind] >= 0.05))


def newest_posts(usable: pd.DataFrame, k: int) -> pd.DataFrame:
    """Return each creator's newest k posts; creators with fewer are left out."""
    return _whole(usable[from_newest(usable) < k], k)


def split_posts(
    usable: pd.DataFrame, k: int, ahead: int, ripe_days: float, *, newer: bool
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Split each creator's posts into k that are seen and ``ahead`` neighbours to be foretold.

    The neighbours are the newest posts that are ``ripe_days`` old, and those seen lie before them
    (``newer``), or those seen are the newest of all, and the neighbours lie before them.

    Returns
    -------
    tuple of DataFrame
        The posts seen, the neighbours, and all ripe posts that are not seen.
    """
    back, ripe = from_newest(usable), usable["days"] >= ripe_days
    keys = usable["creator_key"]
    if newer:
        target = ripe & (from_newest(usable, ripe) < ahead)
        first = back.where(target).groupby(keys).transform("max") + 1
        seen = back.between(first, first + k - 1)
    else:
        seen = back < k
        target = ripe & ~seen & (from_newest(usable, ripe & ~seen) < ahead)
    seen_posts, targets = _whole(usable[seen], k), _whole(usable[target], ahead)
    both = set(seen_posts["creator_key"]) & set(targets["creator_key"])
    parts = (seen_posts, targets, usable[ripe & ~seen])
    kept = [part[part["creator_key"].isin(both)] for part in parts]
    return kept[0], kept[1], kept[2]


def from_newest(usable: pd.DataFrame, among: pd.Series | None = None) -> pd.Series:
    """Count each creator's newer posts, or only those ``among`` them."""
    counted = pd.Series(1, usable.index) if among is None else among.astype("int64")
    after: pd.Series = counted[::-1].groupby(usable["creator_key"]).cumsum()[::-1] - counted
    return after


def _whole(posts: pd.DataFrame, n: int) -> pd.DataFrame:
    return posts[posts.groupby("creator_key")["y"].transform("size") == n]


def window_features(chosen: pd.DataFrame, k: int) -> pd.DataFrame:
    """Return one row a creator from k posts each; what no or not every post has is missing."""
    values = {
        str(name): chosen[name].to_numpy(dtype="float64").reshape(-1, k)
        for name in chosen.columns.drop("creator_key")
    }
    y, views, days = values["y"], values["views"], values["days"]
    columns = {
        "x": values["x"][:, -1],
        "y_mean": y.mean(axis=1),
        "y_to_size": y.mean(axis=1) - values["x"][:, -1],
        "views_mean": views.mean(axis=1),
        "age_newest": np.log10(days[:, -1] + _SOON),
        "age_mean": np.log10(days + _SOON).mean(axis=1),
    }
    ratios = [name for name in values if name == "rate" or name.endswith("_share")]
    kinds = [name for name in values if name.startswith("is_")]
    columns |= {f"{name}_mean": values[name].mean(axis=1) for name in [*ratios, *kinds]}
    if k > 1:
        columns |= {
            "y_min": y.min(axis=1),
            "y_max": y.max(axis=1),
            "y_median": np.median(y, axis=1),
            "y_sd": y.std(axis=1),
            "y_newest": y[:, -1],
            "views_min": views.min(axis=1),
            "gap": np.log10((days[:, 0] - days[:, -1]).clip(min=0) / (k - 1) + _SOON),
        }
        columns |= {f"{name}_sd": values[name].std(axis=1) for name in ratios}
    return pd.DataFrame(
        columns, index=pd.Index(chosen["creator_key"].iloc[::k], name="creator_key")
    )

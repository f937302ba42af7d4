"""A store of creators whose posts are few or many, hidden, unmarked or missing, by a fixed seed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.creator_features import AS_OF
from workbench.store import ImportRecord, open_store
from workbench.store.catalog import Catalog, buckets_of, write_catalog

SEED = 11
BUCKET_ROWS = 150_000  # at most, as an import lays them out
RECORD = ImportRecord(id="made", files=(), as_of=AS_OF, sampling="latest_posts")
Ints = np.ndarray[Any, np.dtype[np.int64]]


def make_store(root: Path, creators: int, posts: int, snapshots: int) -> None:
    """Write the store bucket by bucket, so that memory does not grow with its size."""
    buckets = 16
    while buckets * BUCKET_ROWS < posts + snapshots:
        buckets *= 2
    root.mkdir(parents=True)
    write_catalog(root, Catalog(buckets=buckets))
    rng = np.random.default_rng(SEED)
    accounts = _accounts(creators, rng)
    n_posts = _sizes(rng.lognormal(0, 1.2, creators), posts)
    few = rng.random(creators)
    n_posts[few < 0.002] = 0
    n_posts[(few >= 0.002) & (few < 0.012)] = 1
    n_counts = _sizes(rng.uniform(0, 2, creators) ** 1.5, snapshots)
    home = buckets_of(accounts["creator_key"], buckets)
    with open_store(root).draft() as draft:
        for bucket, group in accounts.groupby(home):
            rows = group.index.to_numpy()
            own = np.random.default_rng([SEED, int(str(bucket))])
            made = {
                "creators": group,
                "posts": _posts(group, n_posts[rows], own),
                "snapshots": _snapshots(group, n_counts[rows], own),
            }
            draft.put(made)
        draft.commit(RECORD)


def _sizes(weights: np.ndarray[Any, np.dtype[np.float64]], total: int) -> Ints:
    sizes: Ints = np.floor(weights / weights.sum() * total).astype("int64")
    sizes[: total - sizes.sum()] += 1
    return sizes


def _accounts(creators: int, rng: np.random.Generator) -> pd.DataFrame:
    platform = rng.choice(["instagram", "tiktok", "youtube"], creators, p=[0.5, 0.35, 0.15])
    handle = [f"creator.{number:x}" for number in rng.permutation(creators) * 7919 + 4096]
    frame = pd.DataFrame({"platform": platform, "handle": handle, "source": RECORD.id})
    return frame.assign(
        creator_key=frame["platform"] + ":" + frame["handle"],
        niche=rng.choice(["food", "fashion", "games", "travel"], creators),
        country=rng.choice(["DE", "FR", "GB", "US"], creators),
    )


def _rows(group: pd.DataFrame, sizes: Ints) -> tuple[Ints, pd.DataFrame]:
    """Return the creator's place of each row, and the columns that every row has."""
    of = np.repeat(np.arange(len(group)), sizes)
    frame = group[["creator_key", "platform", "source"]].iloc[of].reset_index(drop=True)
    return of, frame.assign(provenance="measured")


def _back(gaps: np.ndarray[Any, Any], sizes: Ints) -> Ints:
    """Return how far each row lies before its creator's last, given the gaps between rows."""
    ends = np.cumsum(gaps)
    last = np.cumsum(sizes)[sizes > 0] - 1
    before: Ints = np.repeat(ends[last], sizes[sizes > 0]) - ends
    return before


def _posts(group: pd.DataFrame, sizes: Ints, rng: np.random.Generator) -> pd.DataFrame:
    of, frame = _rows(group, sizes)
    n, m = len(of), len(group)
    # Some post after the day of the data: those posts must not count.
    newest = pd.Timestamp(AS_OF, tz="UTC") + pd.to_timedelta(
        86_400 - rng.integers(-3 * 86_400, 90 * 86_400, m), unit="s"
    )
    pace = np.minimum(86_400 * rng.lognormal(0.5, 0.8, m), 1e8 / np.maximum(sizes, 1))
    gaps = np.ceil(rng.exponential(pace[of])).astype("int64") + 1
    likes = rng.lognormal(rng.normal(6.5, 1.6, m)[of], 0.7).astype("int64")
    comments = (likes * rng.lognormal(-3.8, 0.6, n)).astype("int64")
    views = (likes * rng.lognormal(2.2, 0.5, n)).astype("int64")
    hidden = (rng.random(m) < 0.04)[of] | (rng.random(n) < 0.02)
    paid = rng.random(n) < rng.beta(1, 8, m)[of]
    frame["posted_at"] = newest[of] - pd.to_timedelta(_back(gaps, sizes), unit="s")
    frame["post_id"] = pd.Series(np.arange(n), index=frame.index).astype("str")
    frame["likes"] = _some(likes, ~hidden)
    frame["comments"] = _some(comments, rng.random(n) > 0.01)
    frame["shares"] = _some((comments * 0.7).astype("int64"), (rng.random(m) < 0.6)[of])
    frame["saves"] = _some((likes * 0.04).astype("int64"), (rng.random(m) < 0.4)[of])
    frame["views"] = _some(views, rng.random(n) < rng.beta(2, 1, m)[of])
    frame["reach"] = _some((views * 0.8).astype("int64"), (rng.random(m) < 0.15)[of])
    frame["is_sponsored"] = pd.array(paid, dtype="boolean")
    frame.loc[(rng.random(m) < 0.3)[of], "is_sponsored"] = pd.NA
    return frame.assign(likes_hidden=hidden)


def _snapshots(group: pd.DataFrame, sizes: Ints, rng: np.random.Generator) -> pd.DataFrame:
    of, frame = _rows(group, sizes)
    n, m = len(of), len(group)
    newest = np.datetime64(AS_OF) + (2 - rng.integers(0, 30, m))
    gaps = rng.choice([1, 1, 1, 1, 2, 3, 7, 12], n)
    growth = rng.normal(rng.normal(0.0005, 0.001, m)[of], 0.003)
    jumps = rng.random(n) < 0.002
    growth += jumps * rng.uniform(0.02, 0.3, n)
    growth[1:] -= jumps[:-1] * growth[:-1] * rng.uniform(0, 1, n - 1)  # partly lost again
    level = np.cumsum(growth) + np.repeat(
        rng.normal(9.5, 1.5, m)[sizes > 0] - np.cumsum(growth)[(np.cumsum(sizes) - 1)[sizes > 0]],
        sizes[sizes > 0],
    )
    frame["observed_on"] = (newest[of] - _back(gaps, sizes)).astype("datetime64[us]")
    frame["followers"] = np.exp(np.minimum(level, 19)).astype("int64")
    frame["following"] = _some(rng.integers(0, 2_000, m)[of], (rng.random(m) < 0.7)[of])
    return frame


def _some(values: Ints, known: np.ndarray[Any, np.dtype[np.bool_]]) -> pd.Series:
    return pd.Series(pd.array(values, dtype="Int64")).where(known)


if __name__ == "__main__":
    make_store(Path(sys.argv[1]), *map(int, sys.argv[2:5]))

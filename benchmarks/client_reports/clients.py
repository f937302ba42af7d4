"""Clients with posts from a fixed seed, each in a folder of its own as an import leaves it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from workbench.store import ImportRecord, open_store

POSTS, CLIENTS, DAYS = 200_000, 100, 270
SHA256 = "aaa525074b9cc2a4a01c98dd476039e8eb82ad2c823997c50aab4f3869dcb57c"  # of all posts
_CREATORS = 40  # of a client
_KINDS = ("photo", "reel", "carousel")
_AS_OF = pd.Timestamp("2026-09-30")
_RECORD = ImportRecord(id="m", files=(), as_of=f"{_AS_OF:%Y-%m-%d}", sampling="latest_posts")


def make_posts() -> pd.DataFrame:
    """Return the posts of all clients, 2,000 each, with the followers of who posted them."""
    rng = np.random.default_rng(20260930)
    client = np.repeat(np.arange(CLIENTS), POSTS // CLIENTS)
    creator = client * _CREATORS + rng.integers(0, _CREATORS, POSTS)
    followers = rng.integers(2_000, 900_000, CLIENTS * _CREATORS)[creator]
    kind = rng.integers(0, len(_KINDS), POSTS)
    minutes = rng.integers(0, DAYS * 1_440, POSTS)
    luck = rng.integers(20, 400, POSTS)  # per cent of the usual
    likes = followers * (2 + kind) * luck // 20_000
    return pd.DataFrame(
        {
            "client": client,
            "creator": creator,
            "followers": followers,
            "media_type": np.array(_KINDS)[kind],
            "posted_at": _AS_OF.tz_localize("UTC") - pd.to_timedelta(minutes, unit="min"),
            "likes": likes,
            "comments": likes // rng.integers(20, 60, POSTS),
            "post": np.arange(POSTS),
        }
    )


def sha256_of(posts: pd.DataFrame) -> str:
    """Return the hash of the hashes of a frame's rows."""
    rows = pd.util.hash_pandas_object(posts, index=False)
    return hashlib.sha256(rows.to_numpy().tobytes()).hexdigest()


def write_clients(folder: Path, count: int) -> list[Path]:
    """Write the first clients' folders, those that are not there yet, and return all of them.

    Raises
    ------
    RuntimeError
        If the generator gives other posts than those that were measured.
    """
    names = [f"client-{number:03d}" for number in range(count)]
    missing = [number for number in range(count) if not (folder / names[number]).is_dir()]
    if missing:
        posts = make_posts()
        if sha256_of(posts) != SHA256:
            raise RuntimeError("the generator gives other posts than those that were measured")
        by_client = dict(tuple(posts.groupby("client")))
        for number in missing:
            draft = folder / f".{names[number]}"
            _write_store(draft / "store", by_client[number])
            draft.rename(folder / names[number])
    return [folder / name for name in names]


def _write_store(root: Path, posts: pd.DataFrame) -> None:
    own = {"platform": "instagram", "provenance": "measured", "source": _RECORD.id}
    key = "instagram:c" + posts["creator"].astype(str)
    named = posts.assign(creator_key=key, post_id=posts["post"].astype(str), **own)
    creators = named.drop_duplicates("creator_key").assign(
        handle=lambda frame: frame["creator_key"].str.partition(":")[2], observed_on=_AS_OF
    )
    tables = {"posts": named, "creators": creators, "snapshots": creators}
    open_store(root, create=True).write(tables, _RECORD)


def change_one_row(client: Path) -> None:
    """Give one post of a client one more like, as another import would."""
    store = open_store(client)
    one = store.read("posts").head(1)
    store.write({"posts": one.assign(likes=one["likes"] + 1)}, _RECORD)

"""What a p-value leaves open: other posts by the same creator, and patterns that can't be seen."""

from __future__ import annotations

import zlib

import numpy as np
import pandas as pd

from workbench.audience.likes import Floats, half_of, like_signals
from workbench.audience.patterns import known_families
from workbench.audience.peers import Reference
from workbench.audience.signals import SCORED, Signals

_AT_ONCE = 1_000  # creators: a draw holds all their posts


def draw_p_values(
    signals: Signals, rows: pd.DataFrame, z: Floats, of: Reference, *, times: int, seed: int
) -> Floats:
    """Draw p-values, creators x times.

    A half of the posts varies about the whole as the whole does about the creator. Of patterns
    that can't be seen an account is taken to be like its peers.
    """
    drawn = np.empty((len(rows), times))
    for start in range(0, len(rows), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        own = rows.iloc[part]
        luck = np.stack([_luck(key, times, signals.likes.shape[1], seed) for key in own.index])
        noise = _noise(signals, own, of, luck[:, :, 1:])
        many = own.loc[own.index.repeat(times)]
        moved = (z[part, None] + noise).reshape(len(many), -1)
        p = of.p_values(of.families(moved, many).max(axis=1), many.index)
        drawn[part] = _with_unseen(p.reshape(len(own), times), luck[:, :, 0], of)
    return drawn


def _luck(key: str, times: int, posts: int, seed: int) -> Floats:
    """Return the random numbers of one creator, whoever else is judged."""
    rng = np.random.default_rng([seed, zlib.crc32(key.encode())])
    return rng.random((times, posts + 1))


def _noise(signals: Signals, rows: pd.DataFrame, of: Reference, luck: Floats) -> Floats:
    """Return how the standardised signals vary with the posts: creators x times x signals."""
    times, place = luck.shape[1], signals.table.index.get_indexer(rows.index)
    many = rows.loc[rows.index.repeat(times)]
    likes, comments = (
        np.repeat(part[place], times, axis=0) for part in (signals.likes, signals.comments)
    )
    halves = half_of(likes, comments, luck.reshape(len(many), -1))
    half, whole = (_middle(a + b) for a, b in (halves, (likes, comments)))
    rate = many["engagement_rate"] * (half / np.maximum(whole, 1))
    changed = many.assign(engagement_rate=rate, **like_signals(*halves, least=4))
    halved = of.standardised(changed).reshape(len(rows), times, -1)
    noise: Floats = np.nan_to_num(halved - halved.mean(axis=1, keepdims=True))
    return noise


def _middle(values: Floats) -> Floats:
    middle: Floats = pd.DataFrame(values).median(axis=1).to_numpy("float64")
    return middle


def _with_unseen(p: Floats, luck: Floats, of: Reference) -> Floats:
    """Return p-values as they would be with all families of patterns."""
    every, seen = len(known_families(SCORED)), of.ladder.shape[1]
    least = 1 - (1 - p) ** (1 / seen)
    if every > seen:
        least = np.minimum(least, 1 - (1 - luck) ** (1 / (every - seen)))
    whole: Floats = 1 - (1 - least) ** every
    return whole

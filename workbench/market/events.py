"""How followers grow, what some accounts bought, and innocent things that look like it.

Sizes of bought and innocent jumps overlap on purpose: no size alone tells them apart. What differs
is what stands beside a jump: a viral post, a post with a flood of comments, how fast it fades.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from workbench.market.settings import Floats, Ints, MarketSettings, Rng

KINDS = {  # of events, by the flag that the truth has for them
    "bought_followers": ("bought_followers",),
    "bought_likes": ("bought_likes_floor", "bought_likes_proportional"),
    "follow_unfollow": ("follow_unfollow",),
    "innocent_jump": ("giveaway", "press", "viral_post"),
}
NEWEST_DAYS = 10  # a jump needs some weeks after it to be seen


class Jump(NamedTuple):
    """A kind of sudden growth."""

    setting: str  # holds the share of creators with it
    size: float  # median, as a share of the followers before
    spread: float  # of the sizes, natural log
    keeps: tuple[float, float]  # share of the new followers that stay for good
    fade_weeks: tuple[float, float]  # in which the others leave
    cause: str = "none"  # what else shows it: none, post, viral


JUMPS = {
    "bought_followers": Jump("bought_followers_share", 0.22, 0.6, (0.2, 0.7), (10, 30)),
    "giveaway": Jump("giveaway_share", 0.15, 0.6, (0.3, 0.7), (2, 8), "post"),
    "press": Jump("press_share", 0.12, 0.7, (0.7, 0.95), (3, 12)),
    "viral_post": Jump("viral_spike_share", 0.16, 0.7, (0.8, 1.0), (3, 12), "viral"),
}


def make_organic(accounts: pd.DataFrame, settings: MarketSettings) -> Floats:
    """Make the followers (accounts x weeks) as if nothing had happened, back from the last day."""
    rng = settings.stream("growth")
    now = accounts["organic_followers"].to_numpy(dtype="float64")
    # Small accounts grow faster and less evenly; a few shrink.
    youth = np.clip(1 + 0.5 * (4.5 - np.log10(now)), 0.4, 2.0)
    pace = 0.003 * youth + 0.004 * rng.standard_normal(len(now))
    steps = rng.standard_t(4, (len(now), settings.weeks_of_history - 1))
    grown = pace[:, None] + 0.002 * youth[:, None] * steps
    later = np.cumsum(grown[:, ::-1], axis=1)[:, ::-1]
    return np.column_stack([now[:, None] * np.exp(-later), now])


def plant_events(organic: Floats, posts: pd.DataFrame, settings: MarketSettings) -> pd.DataFrame:
    """Choose who has what, when and how much.

    Returns
    -------
    DataFrame
        ``creator`` (row of the accounts), ``kind``, ``days_ago``, ``size`` (followers; missing for
        bought likes), ``relative_size`` (of the followers before; of the genuine likes),
        ``keeps`` and ``fade_weeks`` of a jump, ``post`` (row of ``posts``, -1 or missing for none).
    """
    rng = settings.stream("planting")
    frames = [_plant_jump(rng, kind, organic, posts, settings) for kind in JUMPS]
    frames += [_plant_follow_unfollow(rng, organic, settings), _plant_likes(rng, posts, settings)]
    return pd.concat(frames, ignore_index=True)


def _choose(rng: Rng, candidates: pd.Index, setting: str, settings: MarketSettings) -> Ints:
    asked = round(getattr(settings, setting) * sum(settings.creators.values()))
    return np.sort(rng.choice(candidates, min(asked, len(candidates)), replace=False))


def _plant_jump(
    rng: Rng, kind: str, organic: Floats, posts: pd.DataFrame, settings: MarketSettings
) -> pd.DataFrame:
    jump, (creators, weeks) = JUMPS[kind], organic.shape
    oldest = 7 * (weeks - 3)
    causes = pd.Series(-1, index=range(creators))
    if jump.cause != "none":
        fits = posts["days_ago"].between(NEWEST_DAYS, oldest)
        fits &= posts["is_viral"] | (jump.cause == "post")
        rows = rng.permutation(np.flatnonzero(fits))
        causes = pd.Series(rows, index=posts["creator"].to_numpy()[rows])
        causes = causes[~causes.index.duplicated()].sort_index()
    creator = _choose(rng, causes.index, jump.setting, settings)
    # Later is likelier, as it is for jumps tied to a post: no date alone tells them apart either.
    drawn = np.floor(NEWEST_DAYS + (oldest - NEWEST_DAYS) * rng.beta(1, 2, len(creator)))
    post = causes.reindex(creator).to_numpy()
    posted = posts["days_ago"].reindex(post).to_numpy(dtype="float64")
    days_ago = np.where(post < 0, drawn, posted)
    before = organic[creator, weeks - 2 - (days_ago // 7).astype("int64")]
    size = before * np.clip(jump.size * np.exp(rng.normal(0, jump.spread, len(creator))), 0.03, 2)
    if kind == "bought_followers":  # sold in packages: one figure
        scale = 10 ** np.floor(np.log10(np.maximum(size, 10)))
        size = np.rint(size / scale) * scale
    return pd.DataFrame({"creator": creator, "kind": kind, "days_ago": days_ago}).assign(
        size=np.rint(size),
        relative_size=size / before,
        keeps=rng.uniform(*jump.keeps, len(creator)),
        fade_weeks=rng.uniform(*jump.fade_weeks, len(creator)),
        post=post,
    )


def _plant_follow_unfollow(rng: Rng, organic: Floats, settings: MarketSettings) -> pd.DataFrame:
    creators, weeks = organic.shape
    creator = _choose(rng, pd.RangeIndex(creators), "follow_unfollow_share", settings)
    relative = rng.uniform(0.02, 0.07, len(creator))
    return pd.DataFrame({"creator": creator, "kind": "follow_unfollow"}).assign(
        days_ago=7.0 * (weeks - 1),
        size=np.rint(relative * organic[creator, 0]),
        relative_size=relative,
        fade_weeks=rng.integers(4, 8, len(creator)),
    )


def _plant_likes(rng: Rng, posts: pd.DataFrame, settings: MarketSettings) -> pd.DataFrame:
    own = posts.groupby("creator")["days_ago"].agg(["size", "max"])
    candidates = own.index[own["size"] >= 5]  # fewer posts show no pattern of likes
    creator = _choose(rng, candidates, "bought_likes_share", settings)
    is_floor = rng.random(len(creator)) < 0.5
    floor = rng.uniform(0.2, 1.2, len(creator))
    added = np.clip(0.9 * np.exp(rng.normal(0, 0.5, len(creator))), 0.3, 3.0)
    kind = np.where(is_floor, *KINDS["bought_likes"])
    return pd.DataFrame({"creator": creator, "kind": kind}).assign(
        days_ago=own["max"].reindex(creator).to_numpy(dtype="float64"),
        relative_size=np.where(is_floor, floor, added),
    )


def grow_accounts(
    accounts: pd.DataFrame, organic: Floats, events: pd.DataFrame, settings: MarketSettings
) -> tuple[pd.DataFrame, Ints]:
    """Add the planted events to the organic growth.

    Returns
    -------
    DataFrame
        ``accounts`` with ``followers`` as shown on the last day, ``genuine_followers``, those that
        were not bought, and the ``following`` of those who follow to be followed back.
    array of int, shape (accounts, weeks)
        Followers as shown.
    """
    planted = events[events["size"].notna()]
    creator, kind = planted["creator"].to_numpy(), planted["kind"]
    gains = _gains(planted, organic.shape[1])
    grown, bought = organic.copy(), np.zeros(len(organic))
    np.add.at(grown, creator, gains)
    np.add.at(bought, creator, np.where(kind == "bought_followers", gains[:, -1], 0))
    history = np.maximum(np.rint(grown), 1).astype("int64")
    waves = creator[kind == "follow_unfollow"]
    many = pd.Series(settings.stream("following").integers(3_000, 7_500, len(waves)), index=waves)
    following = many.reindex(accounts.index).astype("Int64").fillna(accounts["following"])
    shown = accounts.assign(
        following=following.where(accounts["platform"] != "youtube"),
        followers=history[:, -1],
        genuine_followers=history[:, -1] - bought,
    )
    return shown, history


def _gains(events: pd.DataFrame, weeks: int) -> Floats:
    """Return the followers that each event has added by each week."""
    size, keeps, fade, days_ago = (
        events[name].to_numpy(dtype="float64")[:, None]
        for name in ("size", "keeps", "fade_weeks", "days_ago")
    )
    since = np.arange(weeks) - (weeks - 1 - days_ago / 7)
    jump = (since >= 0) * (keeps + (1 - keeps) * np.exp(-np.maximum(since, 0) / fade))
    # A round of following others lifts for most of its weeks; they are unfollowed in the rest.
    phase = (np.arange(weeks) / fade) % 1
    wave = np.where(phase < 0.6, phase / 0.6, (1 - phase) / 0.4)
    is_wave = (events["kind"] == "follow_unfollow").to_numpy()[:, None]
    gains: Floats = size * np.where(is_wave, wave, jump)
    return gains


def make_snapshots(accounts: pd.DataFrame, history: Ints, settings: MarketSettings) -> pd.DataFrame:
    """Return the weekly followers in long form."""
    creators, weeks = history.shape
    days = pd.date_range(end=settings.as_of, periods=weeks, freq="7D")
    who = accounts.loc[accounts.index.repeat(weeks), ["creator_key", "platform", "handle"]]
    return who.reset_index(drop=True).assign(
        observed_on=np.tile(days.to_numpy(), creators), followers=history.ravel()
    )

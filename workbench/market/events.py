"""How followers grow, what some accounts bought, and innocent things that look like it.

Sizes of bought and innocent jumps overlap on purpose: no size alone tells them apart. What differs
is what stands beside a jump: a viral post, a post with a flood of comments, how fast it fades.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from workbench.market.settings import BOUGHT, Floats, Ints, MarketSettings, Rng

KINDS = {  # of events, by the flag that the truth has for them
    **{flag: tuple(kinds) for flag, kinds in BOUGHT.items()},
    "follow_unfollow": ("follow_unfollow",),
    "innocent_jump": ("giveaway", "press", "viral_post"),
}
FOLLOWING_CAP = 7_500
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
    """Make the followers (accounts x counts) as if nothing had happened, back from the last day."""
    rng = settings.stream("growth")
    now = accounts["organic_followers"].to_numpy(dtype="float64")
    # Small accounts grow faster and less evenly; a few shrink.
    youth = np.clip(1 + 0.5 * (4.5 - np.log10(now)), 0.4, 2.0)
    pace = 0.003 * youth + 0.004 * rng.standard_normal(len(now))
    steps = rng.standard_t(4, (len(now), settings.counts - 1))
    weeks = settings.days_between_counts / 7
    grown = pace[:, None] * weeks + 0.002 * weeks**0.5 * youth[:, None] * steps
    later = np.cumsum(grown[:, ::-1], axis=1)[:, ::-1]
    return np.column_stack([now[:, None] * np.exp(-later), now])


def plant_events(organic: Floats, posts: pd.DataFrame, settings: MarketSettings) -> pd.DataFrame:
    """Choose who has what, when and how much.

    Returns
    -------
    DataFrame
        ``creator`` (row of the accounts), ``kind``, ``days_ago``, ``size`` (followers; missing for
        bought likes), ``relative_size`` (of the followers before; of the genuine likes),
        ``keeps``, ``fade_weeks`` and ``arrival_weeks`` (0: at once) of a jump, ``post`` (row of
        ``posts``, -1 or missing for none).
    """
    rng = settings.stream("planting")
    frames = [_plant_jump(rng, kind, organic, posts, settings) for kind in JUMPS]
    frames += [_plant_follow_unfollow(rng, organic, settings), _plant_likes(rng, posts, settings)]
    return pd.concat(frames, ignore_index=True)


def _choose(rng: Rng, candidates: pd.Index, setting: str, settings: MarketSettings) -> Ints:
    group = setting.removesuffix("_share")
    share = getattr(settings, setting) if settings.kinds_of(group) or group not in BOUGHT else 0
    asked = round(share * sum(settings.creators.values()))
    return np.sort(rng.choice(candidates, min(asked, len(candidates)), replace=False))


def _plant_jump(
    rng: Rng, kind: str, organic: Floats, posts: pd.DataFrame, settings: MarketSettings
) -> pd.DataFrame:
    jump, oldest = JUMPS[kind], 7 * (settings.weeks_of_history - 3)
    causes = pd.Series(-1, index=range(len(organic)))
    if jump.cause != "none":
        causes = _draw_causes(rng, jump, posts, oldest)
    creator = _choose(rng, causes.index, jump.setting, settings)
    # Later is likelier, as it is for jumps tied to a post: no date alone tells them apart either.
    drawn = np.floor(NEWEST_DAYS + (oldest - NEWEST_DAYS) * rng.beta(1, 2, len(creator)))
    post = causes.reindex(creator).to_numpy()
    posted = posts["days_ago"].reindex(post).to_numpy(dtype="float64")
    days_ago = np.where(post < 0, drawn, posted)
    counts_ago = (days_ago // settings.days_between_counts).astype("int64")
    before = organic[creator, settings.counts - 2 - counts_ago]
    amount, is_bought = len(creator), kind in BOUGHT
    luck = settings.stream(f"kinds of {kind}")
    kinds, median = np.full(amount, kind), np.array(jump.size)
    spread = np.array(jump.spread * settings.innocent_spread)
    if is_bought:
        kinds, median, spread = _draw_kinds(luck.random(amount), kind, settings)
    most = 2 * np.maximum(settings.innocent_spread, median)
    size = before * np.clip(median * np.exp(rng.normal(0, spread, amount)), 0.03, most)
    if is_bought:  # sold in packages: one figure
        scale = 10 ** np.floor(np.log10(np.maximum(size, 10)))
        size = np.rint(size / scale) * scale
    keeps, fade = (rng.uniform(*limits, amount) for limits in (jump.keeps, jump.fade_weeks))
    fades = (luck.random(amount) < settings.fading_share) & (not is_bought)
    drips = (luck.random(amount) < settings.drip_share) & is_bought
    as_bought = JUMPS["bought_followers"]
    return pd.DataFrame({"creator": creator, "kind": kinds, "days_ago": days_ago}).assign(
        size=np.rint(size),
        relative_size=size / before,
        keeps=np.where(fades, luck.uniform(*as_bought.keeps, amount), keeps),
        fade_weeks=np.where(fades, luck.uniform(*as_bought.fade_weeks, amount), fade),
        arrival_weeks=np.where(drips, luck.uniform(2, 10, amount), 0.0).round(1),
        post=post,
    )


def _draw_causes(rng: Rng, jump: Jump, posts: pd.DataFrame, oldest: int) -> pd.Series:
    """Draw a post of each creator that has one fit to cause a jump."""
    fits = posts["days_ago"].between(NEWEST_DAYS, oldest)
    fits &= posts["is_viral"] | (jump.cause == "post")
    rows = rng.permutation(np.flatnonzero(fits))
    causes = pd.Series(rows, index=posts["creator"].to_numpy()[rows])
    return causes[~causes.index.duplicated()].sort_index()


def _draw_kinds(luck: Floats, group: str, settings: MarketSettings) -> tuple[Any, Floats, Floats]:
    """Choose the kind of each that buys, with its median relative size and spread."""
    kinds = settings.kinds_of(group)
    place = (luck * len(kinds)).astype("int64")
    doses = np.array([BOUGHT[group][kind] for kind in kinds]).reshape(-1, 2)
    return np.array(kinds)[place], doses[place, 0], doses[place, 1]


def _plant_follow_unfollow(rng: Rng, organic: Floats, settings: MarketSettings) -> pd.DataFrame:
    creator = _choose(rng, pd.RangeIndex(len(organic)), "follow_unfollow_share", settings)
    [factor] = settings.law_values(settings.platforms[creator], "wave_size")
    relative = rng.uniform(0.02, 0.07, len(creator)) * factor
    return pd.DataFrame({"creator": creator, "kind": "follow_unfollow"}).assign(
        days_ago=7.0 * (settings.weeks_of_history - 1),
        size=np.rint(relative * organic[creator, 0]),
        relative_size=relative,
        fade_weeks=rng.integers(4, 8, len(creator)),
    )


def _plant_likes(rng: Rng, posts: pd.DataFrame, settings: MarketSettings) -> pd.DataFrame:
    own = posts.groupby("creator")["days_ago"].agg(["size", "max"])
    candidates = own.index[own["size"] >= 5]  # fewer posts show no pattern of likes
    creator = _choose(rng, candidates, "bought_likes_share", settings)
    amount, luck = len(creator), settings.stream("late starts")
    kind, median, spread = _draw_kinds(rng.random(amount), "bought_likes", settings)
    floor = rng.uniform(0.2, 1.2, amount)
    added = np.clip(median * np.exp(rng.normal(0, spread)), median / 3, median * 10 / 3)
    begin = np.where(
        luck.random(amount) < settings.late_start_share, luck.uniform(0.3, 1, amount), 1
    )
    return pd.DataFrame({"creator": creator, "kind": kind}).assign(
        days_ago=np.ceil(own["max"].reindex(creator).to_numpy() * begin),
        relative_size=np.where(kind == "bought_likes_floor", floor, added),
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
    array of int, shape (accounts, counts)
        Followers as shown.
    """
    planted = events[events["size"].notna()]
    creator, kind = planted["creator"].to_numpy(), planted["kind"]
    gains = _gains(planted, settings)
    grown, bought = organic.copy(), np.zeros(len(organic))
    np.add.at(grown, creator, gains)
    np.add.at(bought, creator, np.where(kind.isin(BOUGHT["bought_followers"]), gains[:, -1], 0))
    history = np.maximum(np.rint(grown), 1).astype("int64")
    waves = creator[kind == "follow_unfollow"]
    drawn = settings.stream("following").integers(3_000, FOLLOWING_CAP, len(waves))
    [factor] = settings.law_values(accounts["platform"][waves], "wave_following")
    many = pd.Series((drawn * factor).astype("int64"), index=waves)
    following = many.reindex(accounts.index).astype("Int64").fillna(accounts["following"])
    shown = accounts.assign(
        following=following.where(accounts["platform"] != "youtube"),
        followers=history[:, -1],
        genuine_followers=history[:, -1] - bought,
    )
    return shown, history


def _gains(events: pd.DataFrame, settings: MarketSettings) -> Floats:
    """Return the followers that each event has added by each count."""
    size, keeps, fade, days_ago, arrival = (
        events[name].to_numpy(dtype="float64")[:, None]
        for name in ("size", "keeps", "fade_weeks", "days_ago", "arrival_weeks")
    )
    weeks = _weeks(settings)
    since = weeks - (weeks[-1] - days_ago / 7)
    arrived = np.where(arrival > 0, np.clip(since / np.maximum(arrival, 0.1), 0, 1), since >= 0)
    jump = arrived * (keeps + (1 - keeps) * np.exp(-np.maximum(since, 0) / fade))
    is_wave = (events["kind"] == "follow_unfollow").to_numpy()[:, None]
    gains: Floats = size * np.where(is_wave, _wave(weeks, fade), jump)
    return gains


def _weeks(settings: MarketSettings) -> Floats:
    """Return the moments of the counts, in weeks from the first."""
    return np.arange(settings.counts) * settings.days_between_counts / 7


def _wave(weeks: Floats, period: Floats) -> Floats:
    """Return a round of following others, 0-1: up for most of its weeks, then they are left."""
    phase = (weeks / period) % 1
    wave: Floats = np.where(phase < 0.6, phase / 0.6, (1 - phase) / 0.4)
    return wave


def make_snapshots(
    accounts: pd.DataFrame,
    history: Ints,
    events: pd.DataFrame,
    selected: pd.Series,
    settings: MarketSettings,
) -> pd.DataFrame:
    """Return selected accounts' followers and followed (missing on YouTube) in long form."""
    following = _followed(accounts["following"], events, settings)[selected]
    kept, history = accounts[selected], history[selected]
    creators, counts = history.shape
    who = kept.loc[kept.index.repeat(counts), ["creator_key", "platform", "handle"]]
    days = pd.date_range(
        end=settings.as_of, periods=counts, freq=f"{settings.days_between_counts}D"
    )
    return who.reset_index(drop=True).assign(
        observed_on=np.tile(days.to_numpy(), creators),
        followers=history.ravel(),
        following=pd.array(following.ravel(), dtype="Float64").astype("Int64"),
    )


def _followed(now: pd.Series, events: pd.DataFrame, settings: MarketSettings) -> Floats:
    """Make the history of accounts followed, back from now: slow growth, or rounds of following."""
    weeks, last = _weeks(settings), now.to_numpy(dtype="float64", na_value=np.nan)[:, None]
    pace = settings.stream("followed").exponential(0.003, last.shape)
    followed: Floats = last * np.exp(-pace * (weeks[-1] - weeks))
    rounds = events[events["kind"] == "follow_unfollow"].drop_duplicates("creator")
    wave = 0.4 + _wave(weeks, rounds["fade_weeks"].to_numpy(dtype="float64")[:, None])
    own = rounds["creator"].to_numpy()
    followed[own] = np.minimum(last[own] * wave / wave[:, -1:], FOLLOWING_CAP)
    rounded: Floats = np.rint(followed)
    return rounded

"""Make a simulated market from its settings, and write it as an agency would have it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from workbench.market.accounts import make_accounts
from workbench.market.events import KINDS, grow_accounts, make_organic, make_snapshots, plant_events
from workbench.market.exports import make_exports
from workbench.market.levels import curve_engagements, make_levels, true_percentile
from workbench.market.posts import make_counts, make_posts
from workbench.market.settings import MarketSettings

FILE_FORMATS = {"instagram_posts.csv": (",", "utf-8-sig"), "youtube_videos.csv": (";", "utf-8")}


@dataclass(frozen=True, kw_only=True)
class Market:
    """A simulated market.

    Attributes
    ----------
    creators, posts : DataFrame
        As `make_accounts` and `make_counts` give them, with ``followers`` on the last day.
    snapshots : DataFrame
        Followers of every week.
    truth_creators : DataFrame
        What a method should find: ``followers`` (shown) and ``genuine_followers``;
        ``curve_median_engagements`` at the followers shown; ``long_run_median_engagements`` as the
        posts show it and ``genuine_median_engagements`` without bought likes; ``percentile``
        (0-100) of the shown level among honest accounts of the platform and size; flags.
    truth_events : DataFrame
        One row an event: ``kind``; ``date`` (of a lasting pattern: its first day); ``size``
        (followers gained at once; bought likes: likes added to a median post); ``relative_size``
        (of the followers before, or of the genuine likes); ``innocent``.
    settings : MarketSettings
    """

    creators: pd.DataFrame
    posts: pd.DataFrame
    snapshots: pd.DataFrame
    truth_creators: pd.DataFrame
    truth_events: pd.DataFrame
    settings: MarketSettings


def make_market(settings: MarketSettings) -> Market:
    """Make the market of these settings; the same settings give the same market."""
    bare = make_accounts(settings)
    posts = make_posts(bare, settings)
    organic = make_organic(bare, settings)
    events = plant_events(organic, posts, settings)
    accounts, history = grow_accounts(bare, organic, events, settings)
    levels = make_levels(accounts, events, settings)
    counted = make_counts(posts, levels, events, settings)
    keys = accounts["creator_key"].iloc[posts["creator"]].reset_index(drop=True)
    return Market(
        creators=accounts.drop(columns=["organic_followers", "genuine_followers"]),
        posts=counted.assign(creator_key=keys).drop(columns=["creator", "age_days", "days_ago"]),
        snapshots=make_snapshots(accounts, history, settings),
        truth_creators=_truth_of_creators(accounts, levels, events, settings),
        truth_events=_truth_of_events(accounts, levels, events, settings),
        settings=settings,
    )


def _truth_of_creators(
    accounts: pd.DataFrame, levels: pd.DataFrame, events: pd.DataFrame, settings: MarketSettings
) -> pd.DataFrame:
    platforms, shown = accounts["platform"], accounts["followers"].to_numpy(dtype="float64")
    median = levels["long_run_median_engagements"].to_numpy()
    flags = {
        name: accounts.index.isin(events.loc[events["kind"].isin(kinds), "creator"])
        for name, kinds in KINDS.items()
    }
    return accounts[["creator_key", "platform", "handle", "niche", "country", "followers"]].assign(
        genuine_followers=np.rint(accounts["genuine_followers"]).astype("int64"),
        curve_median_engagements=curve_engagements(platforms, shown, settings),
        long_run_median_engagements=median,
        genuine_median_engagements=levels["genuine_median_engagements"],
        percentile=true_percentile(platforms, shown, median, settings),
        **flags,
        hides_likes=accounts["hides_likes"],
    )


def _truth_of_events(
    accounts: pd.DataFrame, levels: pd.DataFrame, events: pd.DataFrame, settings: MarketSettings
) -> pd.DataFrame:
    own = accounts.join(levels).iloc[events["creator"]].reset_index(drop=True)
    likes = own["long_run_median_engagements"] - own["genuine_median_engagements"]
    return own[["creator_key", "platform", "handle"]].assign(
        kind=events["kind"],
        date=pd.Timestamp(settings.as_of) - pd.to_timedelta(events["days_ago"], unit="D"),
        size=events["size"].fillna(likes).round().astype("int64"),
        relative_size=events["relative_size"],
        innocent=events["kind"].isin(KINDS["innocent_jump"]),
    )


def write_exports(market: Market, directory: Path) -> None:
    """Write an agency's five export files into a directory, made if missing."""
    directory.mkdir(parents=True, exist_ok=True)
    exports = make_exports(market.creators, market.posts, market.snapshots, market.settings)
    for name, table in exports.items():
        sep, encoding = FILE_FORMATS.get(name, (",", "utf-8"))
        table.to_csv(directory / name, index=False, sep=sep, encoding=encoding, lineterminator="\n")


def write_truth(market: Market, directory: Path) -> None:
    """Write the market's truth: ``creators.csv``, ``events.csv`` and ``settings.json``."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, table in (("creators", market.truth_creators), ("events", market.truth_events)):
        path = directory / f"{name}.csv"
        table.to_csv(path, index=False, lineterminator="\n", float_format="%.4f")
    text = json.dumps(asdict(market.settings), default=str, indent=2) + "\n"
    (directory / "settings.json").write_text(text, encoding="utf-8", newline="\n")

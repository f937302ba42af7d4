"""Make a simulated market from its settings, and write it as an agency would have it."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from workbench.market.accounts import make_accounts
from workbench.market.events import KINDS, grow_accounts, make_organic, make_snapshots, plant_events
from workbench.market.exports import make_calendar, make_exports
from workbench.market.levels import curve_engagements, make_levels, true_percentile
from workbench.market.posts import make_counts, make_posts
from workbench.market.selection import is_selected
from workbench.market.settings import MarketSettings

FILE_FORMATS = {"instagram_posts.csv": (",", "utf-8-sig"), "youtube_videos.csv": (";", "utf-8")}


@dataclass(frozen=True, kw_only=True)
class Market:
    """A simulated market: what an agency can see of it, and the truth.

    Attributes
    ----------
    creators, posts : DataFrame
        As `make_accounts` and `make_counts` give them, with ``followers`` on the last day; only the
        creators that were picked, as in the next.
    snapshots : DataFrame
        Followers and accounts followed at every count.
    truth_creators : DataFrame
        Of all creators, picked or not, what a method should find: ``followers`` (shown) and
        ``genuine_followers``; ``curve_median_engagements`` at the followers shown;
        ``long_run_median_engagements`` as the posts show it (of bought likes: since their start)
        and ``genuine_median_engagements`` without them; ``percentile`` (0-100) of the shown level
        among honest accounts of the platform and size; flags; ``quality``: the genuine level over
        the curve's at the genuine followers, in dex; ``selected``.
    truth_events : DataFrame
        One row an event: ``kind``; ``date`` (of a lasting pattern: its first day); ``size``
        (followers gained at once; bought likes: likes added to a median post); ``relative_size``
        (of the followers before, or of the genuine likes); ``innocent``; ``arrival_weeks``.
    settings : MarketSettings
    extras, truth : dict of DataFrame
        Further tables of the exports and of the truth, by file name.
    around : dict
        Settings of these tables.
    """

    creators: pd.DataFrame
    posts: pd.DataFrame
    snapshots: pd.DataFrame
    truth_creators: pd.DataFrame
    truth_events: pd.DataFrame
    settings: MarketSettings
    extras: dict[str, pd.DataFrame] = field(default_factory=dict)
    truth: dict[str, pd.DataFrame] = field(default_factory=dict)
    around: dict[str, object] = field(default_factory=dict)


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
    selected = is_selected(accounts, counted, settings)
    kept = accounts[selected]
    truth_events = _truth_of_events(accounts, levels, events, settings)
    extras: dict[str, pd.DataFrame] = {}
    truth: dict[str, pd.DataFrame] = {}
    if settings.calendar_share:
        seen = truth_events[truth_events["creator_key"].isin(kept["creator_key"])]
        extras["events.csv"] = make_calendar(seen, settings)
    # Further tables join here: extras["NAME.csv"], of `kept` alone, and truth["NAME.csv"].
    shown = counted.assign(creator_key=keys)[selected.to_numpy()[posts["creator"]]]
    return Market(
        creators=kept.drop(columns=["organic_followers", "genuine_followers"]).reset_index(
            drop=True
        ),
        posts=shown.drop(columns=["creator", "age_days", "days_ago"]).reset_index(drop=True),
        snapshots=make_snapshots(accounts, history, events, selected, settings),
        truth_creators=_truth_of_creators(accounts, levels, events, selected, settings),
        truth_events=truth_events,
        settings=settings,
        extras=extras,
        truth=truth,
    )


def _truth_of_creators(
    accounts: pd.DataFrame,
    levels: pd.DataFrame,
    events: pd.DataFrame,
    selected: pd.Series,
    settings: MarketSettings,
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
        quality=levels["quality"],
        selected=selected,
    )


def _truth_of_events(
    accounts: pd.DataFrame, levels: pd.DataFrame, events: pd.DataFrame, settings: MarketSettings
) -> pd.DataFrame:
    own = accounts.join(levels).iloc[events["creator"]].reset_index(drop=True)
    likes = events["relative_size"] * own["genuine_median_engagements"] * own["likes"]
    return own[["creator_key", "platform", "handle"]].assign(
        kind=events["kind"],
        date=pd.Timestamp(settings.as_of) - pd.to_timedelta(events["days_ago"], unit="D"),
        size=events["size"].fillna(likes).round().astype("int64"),
        relative_size=events["relative_size"],
        innocent=events["kind"].isin(KINDS["innocent_jump"]),
        arrival_weeks=events["arrival_weeks"].fillna(0.0),
    )


def write_market(market: Market, directory: Path) -> None:
    """Write ``exports/`` and ``truth/`` into a new or empty folder, each whole or not at all."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".market-", dir=directory.parent) as folder:
        draft = Path(folder)
        write_exports(market, draft / "exports")
        write_truth(market, draft / "truth")
        directory.mkdir(exist_ok=True)
        for part in ("truth", "exports"):
            os.replace(draft / part, directory / part)


def write_exports(market: Market, directory: Path) -> None:
    """Write an agency's export files into a directory, made if missing."""
    directory.mkdir(parents=True, exist_ok=True)
    own = make_exports(market.creators, market.posts, market.snapshots, market.settings)
    for name, table in chain(own, market.extras.items()):
        if table.empty:  # nobody exports a file without rows
            continue
        sep, encoding = FILE_FORMATS.get(name, (",", "utf-8"))
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        table.to_csv(path, index=False, sep=sep, encoding=encoding, lineterminator="\n")


def write_truth(market: Market, directory: Path) -> None:
    """Write the market's truth: ``creators.csv``, ``events.csv``, others, ``settings.json``."""
    directory.mkdir(parents=True, exist_ok=True)
    tables = {"creators.csv": market.truth_creators, "events.csv": market.truth_events}
    for name, table in (tables | market.truth).items():
        if name.endswith(".parquet"):  # too long for a CSV
            table.to_parquet(directory / name, index=False)
            continue
        table.to_csv(directory / name, index=False, lineterminator="\n", float_format="%.4f")
    settings = asdict(market.settings) | market.around
    text = json.dumps(settings, default=str, indent=2) + "\n"
    (directory / "settings.json").write_text(text, encoding="utf-8", newline="\n")

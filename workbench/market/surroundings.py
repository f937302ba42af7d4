"""What stands around a market's posts: people, followers, fees, campaigns and vendors' lists."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

import numpy as np
import pandas as pd

from workbench.market.audiences import (
    FollowerSettings,
    export_lists,
    make_audiences,
    sample_followers,
)
from workbench.market.campaigns import CampaignSettings, export_campaigns, make_campaigns
from workbench.market.fees import FeeSettings, export_fees, make_fees
from workbench.market.people import (
    PeopleSettings,
    draw_panel,
    export_overlaps,
    follow_lists,
    make_audience,
    pair_overlaps,
)
from workbench.market.vendors import VendorSettings, export_vendors, make_vendors
from workbench.market.world import Market

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is made around a market, and of how many accounts.

    ``followed`` accounts have people who follow them, ``paired`` of these overlaps with each other,
    ``sampled`` accounts of Instagram and TikTok lists of followers: those with bought followers
    first, as many others.
    """

    people: PeopleSettings = field(default_factory=PeopleSettings)
    followers: FollowerSettings = field(default_factory=FollowerSettings)
    fees: FeeSettings = field(default_factory=FeeSettings)
    campaigns: CampaignSettings = field(default_factory=CampaignSettings)
    vendors: VendorSettings = field(default_factory=VendorSettings)
    followed: int = 5_000
    paired: int = 60
    sampled: int = 12


def surround(market: Market, settings: Surroundings) -> Market:
    """Return the market with its surroundings among its further tables.

    Exports that an import takes together with others stand in folders of their own: ``followers/``,
    ``campaigns/``, ``vendors/`` and ``planning/`` (fees and overlaps). Of creators who were not
    picked for the exports nothing is made.
    """
    truth = market.truth_creators
    truth = truth[truth["selected"]].reset_index(drop=True)
    exports, told = dict(market.extras), dict(market.truth)
    for made, known in (
        _make_people(market, truth, settings),
        _make_lists(market, truth, settings),
        _make_money(market, truth, settings),
        _make_estimates(market, truth, settings),
    ):
        exports |= made
        told |= known
    return replace(market, extras=exports, truth=told, around=asdict(settings))


def _make_people(
    market: Market, truth: pd.DataFrame, settings: Surroundings
) -> tuple[Tables, Tables]:
    rng, plan = market.settings.stream("people"), settings.people
    chosen = np.sort(rng.permutation(len(truth))[: settings.followed])
    audience = make_audience(truth.iloc[chosen], plan, rng)
    size = pd.Series(audience.follows.sum(axis=0), index=audience.keys)
    # Those whom a client would compare: nobody asks for the overlap of unknown accounts.
    known = size.nlargest(4 * settings.paired).sample(frac=1, random_state=rng)
    keys = known.index[: settings.paired]
    panel = draw_panel(audience.people, plan.panel, rng)
    shown = export_overlaps(audience, keys, panel, market.settings.as_of, plan.known_share, rng)
    people = audience.people.rename_axis("person").reset_index()
    return {"planning/overlaps.csv": shown}, {
        "people.csv": people.assign(panel=people.index.isin(panel)),
        "follows.parquet": follow_lists(audience),
        "overlaps.csv": pair_overlaps(audience, keys),
    }


def _make_lists(
    market: Market, truth: pd.DataFrame, settings: Surroundings
) -> tuple[Tables, Tables]:
    plan, world = settings.followers, market.settings
    rng = world.stream("audiences")
    audiences = make_audiences(truth, market.truth_events, market.snapshots, plan, rng)
    listed = audiences[audiences["platform"].ne("youtube")].sample(frac=1, random_state=rng)
    bought = listed["bought"] > 0
    half = settings.sampled // 2
    chosen = pd.concat([listed[bought].head(half), listed[~bought]]).head(settings.sampled)
    exports: Tables = {}
    labels = []
    for _, row in chosen.iterrows():
        own = world.stream(f"followers {row['creator_key']}")
        sample = sample_followers(row, plan, own)
        lists = export_lists(sample, f"{row['platform']}_{row['handle']}", plan, own)
        exports |= _into("followers", lists)
        labels.append(sample)
    samples = pd.concat(labels, ignore_index=True) if labels else pd.DataFrame()
    return exports, {"audiences.csv": audiences, "followers.csv": samples}


def _make_money(
    market: Market, truth: pd.DataFrame, settings: Surroundings
) -> tuple[Tables, Tables]:
    fees = make_fees(truth, market.settings, settings.fees)
    campaigns = make_campaigns(truth, fees.truth_creators, market.settings, settings.campaigns)
    exports = {"planning/fees.csv": export_fees(fees.quotes, market.creators)}
    exports |= _into("campaigns", export_campaigns(campaigns, market.creators))
    effects = pd.Series(fees.effects).rename_axis("effect").rename("on_log_fee").reset_index()
    platforms = campaigns.truth_platforms.rename_axis("platform").rename("on_log_clicks")
    return exports, {
        "fee_quotes.csv": fees.quotes,
        "fees.csv": fees.truth_creators,
        "fee_effects.csv": effects,
        "campaigns.csv": campaigns.truth_campaigns,
        "campaign_platforms.csv": platforms.reset_index(),
        "deliverables.csv": campaigns.truth_deliverables,
    }


def _make_estimates(
    market: Market, truth: pd.DataFrame, settings: Surroundings
) -> tuple[Tables, Tables]:
    made = make_vendors(truth, market.posts, market.settings, settings.vendors)
    lists = _into("vendors", export_vendors(made.lists, market.creators))
    return lists, {"vendors.csv": made.truth}


def _into(folder: str, tables: Tables) -> Tables:
    return {f"{folder}/{name}": table for name, table in tables.items()}

"""What campaigns bring: bookings that fall through together, late posts, orders that come late.

A campaign's creators share its luck, and a platform's theirs: many bookings are fewer draws than
they look. A creator's hidden sales quality and luck stand beside that; logs are natural.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import beta

from workbench.market.fees import MAIN, account_columns, check_shares, round_asked

if TYPE_CHECKING:  # whose settings hold these
    from workbench.market.settings import Ints, MarketSettings, Rng

BRANDS = ("Tavelo tea", "Brimka serum", "Sorvex bottle", "Ulmani socks", "Pextra lamp")
DAY = pd.Timedelta(days=1)
_SHOWN = ("campaign", "creator_key", "platform", "deliverable", "booked_on", "due_on", "fee")
_DELIVERED = (
    *_SHOWN, "posted_on", "status", "fell_through", "sent", "earns", "sponsored", "by_code",
    "expected_impressions", "impressions", "reach", "expected_clicks", "clicks",
    "expected_orders", "orders", "returned", "revenue",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CampaignSettings:
    """How campaigns go; the spreads are of natural logs. Shares outside 0-1 are refused."""

    campaigns: int = 8
    bookings: tuple[int, int] = (5, 40)  # creators of a campaign
    days_back: int = 240  # within which campaigns began
    booked_by_engagement: float = 0.5  # power of engagements over the curve: who gets booked
    campaign_sd: float = 0.4  # of orders a click, shared by all bookings of a campaign
    platform_sd: float = 0.3  # of clicks an impression, shared by all of a platform
    price_sd: float = 0.2  # of fees, shared by all bookings of a campaign
    sponsored_factor: float = 0.8  # of impressions: median creator
    sponsored_sd: float = 0.3  # of that factor between creators
    post_sd: float = 0.6  # of a post's impressions
    click_rate: float = 0.01  # clicks an impression
    order_rate: float = 0.03  # orders a click, at a product price of 40
    sales_effect: float = 0.5  # of the hidden sales quality on log orders
    click_shape: float = 3.0  # gamma-Poisson counts: the smaller, the more spread
    order_shape: float = 2.0
    fall_through_share: float = 0.12  # of bookings
    fall_through_correlation: float = 0.12  # of two bookings of a campaign: 0 would be binomial
    late_share: float = 0.2  # of posts, by days to weeks
    sent_share: float = 0.85  # of posts whose impressions the creator sends
    code_share: float = 0.45  # of orders that come by code and not by link
    returned_share: float = 0.12  # of orders
    order_days: int = 30  # after the post, in which clicks and orders come
    commission_share: float = 0.3  # of bookings, which earn it beside the fee
    commission: float = 0.1  # of the product price, an order

    def __post_init__(self) -> None:
        check_shares(
            self, "fall_through_correlation", "commission", campaigns=1, days_back=21, order_days=1
        )


@dataclass(frozen=True, kw_only=True)
class Campaigns:
    """Campaigns and what came of them.

    Attributes
    ----------
    tracking, payouts : DataFrame
        As the tables of these names, up to the last day.
    truth_campaigns : DataFrame
        Each campaign's draws: ``effect`` and ``price_level`` (logs), ``fall_through`` (chance),
        ``product_price``, ``booked_on``, ``bookings``.
    truth_platforms : Series
        The logarithmic effect on clicks, by platform.
    truth_deliverables : DataFrame
        One row a booked post, future ones too: ``fee`` (EUR), ``sponsored`` (factor), ``by_code``
        (chance), ``expected_*``, the means that the counts were drawn about, given the counts
        before, and ``revenue`` before returns. What the agency knows of it: ``status`` (``posted``,
        ``fallen through``, ``due``), and the counts where they were ``sent``.
    """

    tracking: pd.DataFrame
    payouts: pd.DataFrame
    truth_campaigns: pd.DataFrame
    truth_platforms: pd.Series
    truth_deliverables: pd.DataFrame


def make_campaigns(
    truth: pd.DataFrame, priced: pd.DataFrame, settings: MarketSettings, plan: CampaignSettings
) -> Campaigns:
    """Make campaigns from the ``truth_creators`` of a market and of its fees."""
    creators = truth.merge(priced, on="creator_key")
    campaigns = _plan_campaigns(settings.stream("campaigns"), settings, plan)
    campaigns["bookings"] = campaigns["bookings"].clip(upper=len(creators))
    bookings = _book(settings.stream("bookings"), campaigns, creators, plan)
    rng, names = settings.stream("deliveries"), sorted(settings.laws)
    effects = pd.Series(rng.normal(0, plan.platform_sd, len(names)), index=names)
    bookings = bookings.assign(clicking=bookings["platform"].map(effects))
    posts = _deliver(rng, bookings, settings, plan)
    events = _draw_events(settings.stream("tracking"), posts, plan)
    as_of = pd.Timestamp(settings.as_of)
    keys = ["creator_key", "platform", "tracked_on", "channel", "campaign", "product"]
    known = events[events["tracked_on"] <= as_of].groupby(keys)[["clicks", "orders", "revenue"]]
    tracking = known.sum().round(2).reset_index().assign(currency="EUR")
    back = -events["orders"].clip(upper=0).groupby(events["post"]).sum()
    revenue = events["revenue"].clip(lower=0).groupby(events["post"]).sum()
    delivered = posts.assign(
        returned=back.reindex(posts.index, fill_value=0),
        revenue=revenue.reindex(posts.index, fill_value=0.0),
    )
    return Campaigns(
        tracking=tracking,
        payouts=_pay(posts, tracking, as_of, plan),
        truth_campaigns=campaigns,
        truth_platforms=effects,
        truth_deliverables=delivered[[*_DELIVERED]],
    )


def _plan_campaigns(rng: Rng, settings: MarketSettings, plan: CampaignSettings) -> pd.DataFrame:
    amount, (least, most) = plan.campaigns, np.log(plan.bookings)
    number = np.arange(amount)
    brand = pd.Series(BRANDS)[number % len(BRANDS)].reset_index(drop=True).str.split()
    # A chance that differs by campaign makes its bookings' fates alike: beta-binomial counts.
    planted = [plan.fall_through_share, plan.fall_through_correlation]
    share, alike = np.clip(planted, 1e-6, 1 - 1e-6)
    pull = 1 / alike - 1
    return pd.DataFrame(index=number).assign(
        campaign=brand.str[0] + pd.Series(number + 1).map(" {:02d}".format),
        product=brand.str[1],
        product_price=np.round(40 * np.exp(rng.normal(0, 0.5, amount))) - 0.1,
        booked_on=pd.Timestamp(settings.as_of) - rng.integers(20, plan.days_back, amount) * DAY,
        bookings=np.rint(np.exp(rng.uniform(least, most, amount))).astype("int64"),
        effect=rng.normal(0, plan.campaign_sd, amount),
        price_level=rng.normal(0, plan.price_sd, amount),
        fall_through=rng.beta(share * pull, (1 - share) * pull, amount),
    )


def _book(
    rng: Rng, campaigns: pd.DataFrame, creators: pd.DataFrame, plan: CampaignSettings
) -> pd.DataFrame:
    """Choose who is booked: those who look good, as agencies do."""
    # What an audience makes of advertisements is the same in every campaign.
    factor = plan.sponsored_factor * np.exp(rng.normal(0, plan.sponsored_sd, len(creators)))
    over = creators["long_run_median_engagements"] / creators["curve_median_engagements"]
    weight = (over**plan.booked_by_engagement).to_numpy()
    wanted = campaigns["bookings"]
    rows = [rng.choice(len(creators), n, False, weight / weight.sum()) for n in wanted]
    booked = creators.assign(sponsored=factor).iloc[np.concatenate(rows)].reset_index(drop=True)
    booked = booked.join(campaigns.loc[campaigns.index.repeat(wanted)].reset_index(drop=True))
    amount, share = len(booked), plan.code_share
    return booked.assign(
        pieces=rng.integers(1, 4, amount),
        fell_through=rng.random(amount) < booked["fall_through"],
        earns=rng.random(amount) < plan.commission_share,
        by_code=rng.beta(4 * share + 1e-6, 4 * (1 - share) + 1e-6, amount),
        first_on=booked["booked_on"] + rng.integers(3, 25, amount) * DAY,
    )


def _deliver(
    rng: Rng, bookings: pd.DataFrame, settings: MarketSettings, plan: CampaignSettings
) -> pd.DataFrame:
    posts = bookings.loc[bookings.index.repeat(bookings["pieces"])]
    piece = posts.groupby(level=0).cumcount().to_numpy()
    posts, amount, as_of = posts.reset_index(drop=True), len(posts), pd.Timestamp(settings.as_of)
    [seen] = settings.law_values(posts["platform"], "seen_per_engagement")
    expected = posts["genuine_median_engagements"] * seen * posts["sponsored"]
    luck = np.exp(rng.normal(0, plan.post_sd, amount))
    impressions = rng.poisson(expected * luck * ~posts["fell_through"])
    clicks = impressions * plan.click_rate * np.exp(posts["clicking"])
    clicked = _draw_counts(rng, clicks, plan.click_shape)
    hidden = np.exp(posts["effect"] + plan.sales_effect * posts["sales_quality"])
    orders = clicked * plan.order_rate * hidden * (posts["product_price"] / 40) ** -0.5
    fee = posts["usual_fee"] * posts["next_piece"] ** piece * np.exp(posts["price_level"])
    late = np.ceil(rng.exponential(6, amount)) * (rng.random(amount) < plan.late_share)
    due = posts["first_on"] + 7 * piece * DAY
    posted = due + late.astype("int64") * DAY
    known = np.where(posts["fell_through"], due, posted) <= np.datetime64(as_of)
    return posts.assign(
        deliverable=posts["platform"].map(MAIN),
        due_on=due,
        posted_on=posted.mask(posts["fell_through"]),
        status=np.where(known, np.where(posts["fell_through"], "fallen through", "posted"), "due"),
        sent=known & (rng.random(amount) < plan.sent_share),
        fee=round_asked(fee.to_numpy()),
        expected_impressions=expected,
        impressions=impressions,
        reach=rng.binomial(impressions, rng.beta(12, 4, amount)),
        expected_clicks=clicks,
        clicks=clicked,
        expected_orders=orders,
        orders=_draw_counts(rng, orders, plan.order_shape),
    )


def _draw_counts(rng: Rng, mean: pd.Series, shape: float) -> Ints:
    return rng.poisson(mean * rng.gamma(shape, 1 / shape, len(mean)))


def _draw_events(rng: Rng, posts: pd.DataFrame, plan: CampaignSettings) -> pd.DataFrame:
    """Draw the clicks of each day, and every order and return."""
    days = np.diff(beta(0.7, 3.0).cdf(np.linspace(0, 1, plan.order_days + 1)))
    by_day = rng.multinomial(posts["clicks"], days)
    post, after = by_day.nonzero()
    clicked = pd.DataFrame({"post": post, "after": after, "clicks": by_day[post, after]})
    post = np.repeat(posts.index, posts["orders"])
    items = 1 + rng.poisson(0.3, len(post))
    by_code = rng.random(len(post)) < posts["by_code"].to_numpy()[post]
    sold = pd.DataFrame({"post": post, "orders": 1}).assign(
        after=rng.choice(plan.order_days, len(post), p=days),
        channel=np.where(by_code, "code", "link"),
        revenue=posts["product_price"].to_numpy()[post] * items,
    )
    back = sold[rng.random(len(sold)) < plan.returned_share]
    later = back["after"] + rng.integers(7, 29, len(back))
    back = back.assign(after=later, orders=-1, revenue=-back["revenue"])
    events = pd.concat([clicked.assign(channel="link"), sold, back], ignore_index=True)
    events = events.fillna({"clicks": 0, "orders": 0, "revenue": 0.0}).astype(
        {"clicks": "int64", "orders": "int64"}
    )
    own = posts[["creator_key", "platform", "campaign", "product", "posted_on"]]
    return events.join(own, on="post").assign(
        tracked_on=lambda e: e["posted_on"] + e["after"] * DAY
    )


def _pay(
    posts: pd.DataFrame, tracking: pd.DataFrame, as_of: pd.Timestamp, plan: CampaignSettings
) -> pd.DataFrame:
    """Pay posts after 30 days, and commission on what was not sent back 60 days after the last."""
    done = posts[~posts["fell_through"]].drop(columns="orders")
    whose = ["campaign", "creator_key"]
    last = done[done["earns"]].sort_values("posted_on").drop_duplicates(whose, keep="last")
    net = tracking.groupby(whose)["orders"].sum().astype("Int64").reset_index()
    earned = last.merge(net[net["orders"] > 0], on=whose)
    rate = (plan.commission * earned["product_price"]).round(2)
    earned = earned.assign(basis="order", rate=rate, amount=(rate * earned["orders"]).round(2))
    fees = done.assign(basis="post", rate=done["fee"], amount=done["fee"])
    days = {"order": 60 * DAY, "post": 30 * DAY}
    paid = pd.concat([fees, earned], ignore_index=True)
    paid = paid.assign(paid_on=paid["posted_on"] + paid["basis"].map(days), currency="EUR")
    paid = paid[paid["paid_on"] <= as_of].sort_values(["paid_on", "creator_key", "basis"])
    columns = ["creator_key", "platform", "paid_on", "basis", "rate", "orders", "amount"]
    return paid[[*columns, "currency"]].reset_index(drop=True)


def export_campaigns(campaigns: Campaigns, creators: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return ``deliverables.csv``, ``tracking_data.csv`` and ``payouts.csv``."""
    posts = campaigns.truth_deliverables
    posted = posts["status"] == "posted"
    counts = posts[["impressions", "reach"]].astype("Int64").where(posted & posts["sent"])
    shown = posts[[*_SHOWN, "status"]].assign(
        currency="EUR", posted_on=posts["posted_on"].where(posted), **counts
    )
    tables = {"deliverables": shown, "tracking_data": campaigns.tracking}
    names = {"tracked_on": "Date", "paid_on": "Date", "posted_on": "Live on", "channel": "Source"}
    names |= {"amount": "Total payout"}
    exports = {}
    for file, table in (tables | {"payouts": campaigns.payouts}).items():
        headers = {c: names.get(c, c.replace("_", " ").capitalize()) for c in map(str, table)}
        own = table.drop(columns=["creator_key", "platform"]).rename(columns=headers)
        exports[f"{file}.csv"] = account_columns(creators, table["creator_key"]).join(own)
    return exports

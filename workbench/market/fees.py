"""What creators ask: fees that follow size, and as far as wanted engagement and hidden quality."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.errors import SettingsError
from workbench.tables.schema import PLATFORM_NAMES

if TYPE_CHECKING:  # whose settings hold these
    from workbench.market.settings import Floats, MarketSettings, Rng

PER_EUR = {"EUR": 1.0, "USD": 1.1, "GBP": 0.85}
CURRENCY_OF = {"US": "USD", "BR": "USD", "IN": "USD", "GB": "GBP"}  # of a country, else EUR
MAIN = {"instagram": "post", "tiktok": "video", "youtube": "video"}
# The price as a multiple of the main deliverable's, and how many of those who quote offer it.
OFFERS = pd.DataFrame(
    [
        *((p, MAIN[p], n, 1.0, s) for p in MAIN for n, s in ((1, 0.95), (2, 0.3), (3, 0.4))),
        ("instagram", "story", 1, 0.33, 0.5),
        ("instagram", "video", 1, 1.6, 0.4),
        *((p, "ugc_only", 1, m, 0.2) for p, m in (("instagram", 0.7), ("tiktok", 0.8))),
        ("youtube", "ugc_only", 1, 0.3, 0.15),
    ],
    columns=["platform", "deliverable", "pieces", "multiple", "offered"],
)


@dataclass(frozen=True, kw_only=True)
class FeeSettings:
    """How fees come about; logs are natural.

    ``log fee = log at_10k + exponent log(followers / 1e4) + c log(engagements / curve)
    + r sales_quality + noise``. What stands after the followers has the standard deviation
    ``spread``, and the correlation ``fee_follows_quality`` with the hidden quality: c and r follow.
    Shares outside 0-1 are refused.
    """

    at_10k: dict[str, float] = field(  # EUR for the main deliverable at 10,000 followers
        default_factory=lambda: {"instagram": 120.0, "tiktok": 80.0, "youtube": 300.0}
    )
    exponent: float = 0.85
    ugc_exponent: float = 0.25  # content that is not posted: the followers hardly matter
    spread: float = 0.6
    fee_follows_quality: float = 0.4  # 0 to 1
    sales_share: float = 0.5  # of the hidden quality; the rest is the engagement about the curve
    quote_sd: float = 0.12  # of one creator's quotes
    next_piece: tuple[float, float] = (0.75, 0.95)  # its price over the one before, by creator
    unquoted_share: float = 0.25  # of creators; the larger, the likelier; at most 0.5
    typo_share: float = 0.02  # of quotes, with a 0 too many
    celebrity_share: float = 0.015  # of quotes, at 3 to 8 times the price

    def __post_init__(self) -> None:
        check_shares(self, "fee_follows_quality")


@dataclass(frozen=True, kw_only=True)
class Fees:
    """Fee quotes and what they were made from.

    Attributes
    ----------
    quotes : DataFrame
        As the table ``fee_quotes``; three posts at a price are the deliverable ``3 posts``. Beside
        that the truth: ``expected_fee`` without noise, ``odd``: ``typo``, ``celebrity`` or blank.
    truth_creators : DataFrame
        ``sales_quality`` (mean 0, spread 1), ``expected_fee`` (EUR, main deliverable, without
        noise), ``usual_fee`` with the creator's own noise, ``next_piece``.
    effects : dict
        c as ``engagement``, r as ``sales_quality``.
    """

    quotes: pd.DataFrame
    truth_creators: pd.DataFrame
    effects: dict[str, float]


def check_shares(settings: object, *more: str, **least: float) -> None:
    """Refuse settings whose shares, ``more`` among them, are not 0-1, or below their least value.

    Raises
    ------
    SettingsError
        With every such value.
    """
    given = vars(settings)
    faults = [
        f"{name} is {value}; give a value between 0 and 1"
        for name, value in given.items()
        if (name.endswith("_share") or name in more) and not 0 <= value <= 1
    ]
    faults += [f"{n} is {given[n]}; give {k} or more" for n, k in least.items() if given[n] < k]
    if faults:
        raise SettingsError("This market cannot be made.", faults)


def make_fees(truth: pd.DataFrame, settings: MarketSettings, fees: FeeSettings) -> Fees:
    """Draw the quotes of a market's creators from its ``truth_creators``."""
    rng, amount = settings.stream("fees"), len(truth)
    own, effects = _price_creators(rng, truth.reset_index(drop=True), fees)
    days = pd.to_timedelta(rng.integers(0, 200, amount), unit="D")
    asking = own.assign(
        platform=truth["platform"].to_numpy(),
        currency=truth["country"].map(CURRENCY_OF).fillna("EUR").to_numpy(),
        quoted_on=pd.Timestamp(settings.as_of) - days,
    )[rng.random(amount) >= 2 * fees.unquoted_share * own["size"].rank(pct=True)]
    rows = asking.merge(OFFERS, on="platform")
    rows = rows[rng.random(len(rows)) < rows["offered"]].reset_index(drop=True)
    quotes = _quote(rng, rows, fees)
    return Fees(quotes=quotes, truth_creators=own.drop(columns="size"), effects=effects)


def _price_creators(
    rng: Rng, truth: pd.DataFrame, fees: FeeSettings
) -> tuple[pd.DataFrame, dict[str, float]]:
    amount, share, follows = len(truth), fees.sales_share, fees.fee_follows_quality
    over = np.log(truth["long_run_median_engagements"] / truth["curve_median_engagements"])
    sales, size = rng.standard_normal(amount), truth["followers"] / 1e4
    effects = {
        "engagement": float(
            fees.spread * follows * np.sqrt(1 - share) / max(over.std(ddof=0), 1e-9)
        ),
        "sales_quality": float(fees.spread * follows * np.sqrt(share)),
    }
    level = np.log(truth["platform"].map(fees.at_10k)) + fees.exponent * np.log(size)
    level += effects["engagement"] * (over - over.mean()) + effects["sales_quality"] * sales
    noise = fees.spread * np.sqrt(1 - follows**2) * rng.standard_normal(amount)
    own = truth[["creator_key"]].assign(
        size=size,
        sales_quality=sales,
        expected_fee=np.exp(level),
        usual_fee=np.exp(level + noise),
        next_piece=rng.uniform(*fees.next_piece, amount),
    )
    return own, effects


def _quote(rng: Rng, rows: pd.DataFrame, fees: FeeSettings) -> pd.DataFrame:
    amount, many, later = len(rows), rows["pieces"] > 1, rows["next_piece"]
    multiple = rows["multiple"] * (1 + later * many + later**2 * (rows["pieces"] > 2))
    for_ugc = rows["size"] ** (fees.ugc_exponent - fees.exponent)
    multiple *= for_ugc.where(rows["deliverable"] == "ugc_only", 1.0)
    expected = rows["expected_fee"] * multiple * rows["currency"].map(PER_EUR)
    noise = rows["usual_fee"] / rows["expected_fee"] * np.exp(rng.normal(0, fees.quote_sd, amount))
    odd = rng.random(amount)
    is_typo, is_celebrity = odd < fees.typo_share, odd > 1 - fees.celebrity_share
    dear = np.where(is_celebrity, rng.uniform(3, 8, amount), 1.0)
    pieces = rows["pieces"].astype("str") + " " + rows["deliverable"] + "s"
    return rows[["creator_key", "platform", "currency", "quoted_on"]].assign(
        deliverable=pieces.where(many, rows["deliverable"]),
        fee=round_asked((expected * noise * dear).to_numpy()) * np.where(is_typo, 10, 1),
        expected_fee=expected,
        odd=np.select([is_typo, is_celebrity], ["typo", "celebrity"], ""),
    )


def round_asked(fees: Floats) -> Floats:
    """Round fees to what people ask: tens, fifties, hundreds, five hundreds."""
    step = np.select([fees < 100, fees < 1_000, fees < 10_000], [10, 50, 100], 500)
    asked: Floats = np.maximum(np.rint(fees / step) * step, 10.0)
    return asked


def account_columns(creators: pd.DataFrame, keys: pd.Series) -> pd.DataFrame:
    """Return the columns by which an agency's lists name the accounts of these keys."""
    names = {"handle": "Handle", "platform": "Platform", "native_id": "Platform ID"}
    own = creators.set_index("creator_key").loc[keys, [*names]].set_index(keys.index)
    return own.assign(platform=own["platform"].map(PLATFORM_NAMES)).rename(columns=names)


def export_fees(quotes: pd.DataFrame, creators: pd.DataFrame) -> pd.DataFrame:
    """Return ``fees.csv``, as an agency keeps its quotes."""
    columns = {
        "Deliverable": quotes["deliverable"].str.replace("_", " "),
        "Fee": quotes["fee"].map("{:,.0f}".format),
        "Currency": quotes["currency"],
        "Quoted on": quotes["quoted_on"].dt.strftime("%Y-%m-%d"),
    }
    return account_columns(creators, quotes["creator_key"]).assign(**columns)

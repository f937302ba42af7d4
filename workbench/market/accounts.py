"""The accounts of the simulated market: invented names, niches, countries and sizes."""

from __future__ import annotations

import string
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.market.settings import Ints, MarketSettings, Rng
from workbench.tables.tiers import read_tier_preset

# Sound parts that no common first name is built from: an account named like a person is impossible.
SOUNDS = ("br dr fl gl kr pl sk tw", "lm nd rv zk ng lk rn sp", "x v z k p l t n")
SHARED_HANDLES = 0.08  # of TikTok's accounts, also on Instagram under the same handle


def _shares(columns: str, rows: Iterable[tuple[object, ...]]) -> pd.DataFrame:
    """Make weights sum to 1 and centre the effects, so that the curve is the market's middle."""
    table = pd.DataFrame(rows, columns=columns.split()).set_index("name")
    weight, effect = table["weight"] / table["weight"].sum(), table["effect"]
    return table.assign(weight=weight, effect=effect - float((weight * effect).sum()))


# How common, the effect on engagements at equal followers (dex), and what handles are made of.
NICHES = _shares(
    "name weight effect words emoji",
    [
        ("lifestyle", 0.18, 0.06, "daily moments slow", "✨"),
        ("beauty", 0.14, -0.08, "glow blush skin", "💄"),
        ("fashion", 0.13, -0.03, "wears threads looks", "👗"),
        ("food", 0.11, 0.03, "bakes eats kitchen", "🍋"),
        ("fitness", 0.09, 0.00, "lifts moves runs", "💪"),
        ("travel", 0.08, -0.02, "roams trips trails", "🌍"),
        ("gaming", 0.08, 0.10, "plays pixels quests", "🎮"),
        ("parenting", 0.06, 0.08, "family nest crew", "🧸"),
        ("tech", 0.05, -0.06, "bytes gadgets labs", "🔧"),
        ("home", 0.04, 0.04, "decor rooms garden", "🪴"),
        ("pets", 0.03, 0.15, "paws tails whiskers", "🐾"),
        ("finance", 0.01, -0.15, "saves budget coins", "📈"),
    ],
)
COUNTRIES = _shares(
    "name weight effect",
    zip(
        ("US", "GB", "DE", "FR", "ES", "IT", "BR", "PL", "IN", "SE"),
        (0.28, 0.14, 0.13, 0.10, 0.08, 0.08, 0.07, 0.05, 0.04, 0.03),
        (-0.03, -0.02, 0.00, 0.00, 0.02, 0.03, 0.08, 0.02, 0.06, -0.04),
        strict=True,
    ),
)


def make_accounts(settings: MarketSettings) -> pd.DataFrame:
    """Make the accounts, before anything has happened to them.

    Returns
    -------
    DataFrame
        One row an account: ``creator_key``, ``platform``, ``handle``, ``native_id`` (YouTube),
        ``display_name``, ``niche``, ``country``, ``verified``, ``organic_followers`` on the last
        day, ``following`` (missing on YouTube), ``posts_count``, ``hides_likes``.
    """
    rng = settings.stream("accounts")
    platform = settings.platforms
    amount = len(platform)
    identity = _share_across(_draw_identities(rng, amount), platform)
    native_id = pd.Series("UC" + draw_codes(rng, amount, 22)).where(platform == "youtube")
    median, spread = settings.law_values(platform, "median_followers", "followers_sd")
    drawn = median * 10 ** (spread * rng.standard_normal(amount))
    drawn = np.clip(drawn, 100, 40_000_000)
    followers = _fill_tiers(platform, drawn.astype("int64"), settings)
    # By rank, so that a small platform has its share of hidden likes and not a lucky draw.
    rank = pd.Series(rng.random(amount)).groupby(platform).rank(pct=True)
    following = pd.Series(np.minimum(600 * 10 ** rng.normal(0, 0.35, amount), 7_400).round())
    return identity.assign(
        platform=platform,
        native_id=native_id,
        creator_key=platform + ":" + native_id.fillna(identity["handle"]),
        verified=rng.random(amount) < 1 / (1 + (3e5 / followers) ** 1.5),
        organic_followers=followers,
        following=following.astype("Int64").where(platform != "youtube"),
        posts_count=(60 + 350 * 10 ** rng.normal(0, 0.4, amount)).astype("int64"),
        hides_likes=(rank <= settings.hidden_likes_share) & (platform != "tiktok"),
    )


def _fill_tiers(platform: pd.Series, followers: Ints, settings: MarketSettings) -> Ints:
    """Move accounts of the commonest size into the sizes of which a platform has too few."""
    rng, filled = settings.stream("tiers"), followers.copy()
    edges = np.array([tier.first for tier in read_tier_preset("iab-uk").tiers])
    for name in settings.creators:
        own = np.flatnonzero(platform == name)
        place = np.digitize(filled[own], edges)
        amounts = np.bincount(place, minlength=len(edges) + 1)
        spare = own[place == amounts.argmax()]
        lacking = np.clip(settings.least_per_tier - amounts[1:], 0, None)
        first = np.repeat(edges, lacking)[: len(spare)]
        filled[spare[: len(first)]] = first * rng.uniform(1.1, 1.6, len(first))
    return filled


def draw_codes(rng: Rng, amount: int, length: int) -> npt.NDArray[np.str_]:
    """Draw codes of letters and digits, as platforms use them for ids."""
    letters = np.array(list(string.ascii_letters + string.digits))
    codes = letters[rng.integers(0, len(letters), (amount, length))]
    return codes.view(f"U{length}").ravel()


def draw_words(rng: Rng, amount: int) -> pd.Series:
    """Draw invented words of three syllables."""
    word = pd.Series([""] * amount)
    for sounds in SOUNDS:
        word = word + rng.choice(sounds.split(), amount) + rng.choice(list("aeiou"), amount)
    return word


def _draw_identities(rng: Rng, amount: int) -> pd.DataFrame:
    word = draw_words(rng, amount)
    niche = pd.Series(rng.choice(NICHES.index, amount, p=NICHES["weight"]))
    words = niche.map(NICHES["words"]).str.split(expand=True).to_numpy()
    subject = pd.Series(words[np.arange(amount), rng.integers(0, 3, amount)])
    mark = rng.choice(["", ".", "_"], amount)
    digits = pd.Series(rng.integers(10, 100, amount)).astype("str")
    handle = word + mark + subject + digits.where(rng.random(amount) < 0.5, "")
    # A taken name gets three more digits, so that no two accounts share a handle by accident.
    taken = handle.groupby(handle).cumcount()
    handle = handle + (taken + 99).astype("str").where(taken > 0, "")
    name = word.str.capitalize() + " " + subject.str.capitalize()
    accented = name.str.translate(str.maketrans("aeou", "áéöü"))
    emoji = " " + niche.map(NICHES["emoji"])
    shown = name.where(rng.random(amount) > 0.2, accented)
    return pd.DataFrame({"handle": handle}).assign(
        display_name=shown + emoji.where(rng.random(amount) < 0.15, ""),
        niche=niche,
        country=rng.choice(COUNTRIES.index, amount, p=COUNTRIES["weight"]),
    )


def _share_across(identity: pd.DataFrame, platform: pd.Series) -> pd.DataFrame:
    """Give some TikTok accounts the identity of an Instagram account."""
    here, there = (np.flatnonzero(platform == name) for name in ("tiktok", "instagram"))
    amount = min(round(SHARED_HANDLES * len(here)), len(there))
    source = np.arange(len(identity))
    source[here[:amount]] = there[:amount]
    return identity.iloc[source].reset_index(drop=True)

"""Lists of followers of a simulated market, of whom some are not real, with the truth about each.

The kinds of followers overlap on purpose, as they do in labelled lists: people with few followers
and no picture, bought accounts with posts and a profile text.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.errors import SettingsError
from workbench.market.accounts import draw_words
from workbench.market.exports import round_figures
from workbench.market.settings import BOUGHT, Rng

MOST_FOLLOWED = 7_500  # a limit of the platforms
DENSITY = 0.9  # of a bought batch: the others came by themselves in those days
MASS_SHARE = 0.35  # mass followers among those who are not real and not bought; the rest: inactive
# Medians and spreads (dex) near those of public labelled lists; shares of profiles with each thing.
KINDS = pd.read_csv(
    StringIO("""
label variant followers spread following following_spread posts no_posts picture private bio digits
genuine       usual 360 0.50  380 0.38 45 0.03 0.99 0.48 0.70 0.17
genuine       odd    70 0.55  700 0.55  6 0.25 0.93 0.55 0.30 0.40
inactive      usual  25 0.60  150 0.60  2 0.62 0.42 0.35 0.12 0.65
inactive      odd    90 0.40  250 0.40  9 0.20 0.90 0.50 0.40 0.35
mass_follower usual 160 0.50 2700 0.22 14 0.15 0.88 0.20 0.55 0.35
mass_follower odd   500 0.40 2200 0.25 40 0.02 0.98 0.10 0.80 0.20
bought        usual  30 0.60  900 0.55  2 0.60 0.52 0.30 0.12 0.65
bought        odd   220 0.45  700 0.40 15 0.05 0.95 0.20 0.70 0.30
"""),
    sep=r"\s+",
    index_col=["label", "variant"],
)
HEADERS = ["Username", "Followers", "Following", "Posts", "Private", "Has picture", "Bio length"]


@dataclass(frozen=True, kw_only=True)
class FollowerSettings:
    """Lists of followers to be made.

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    rows: int = 1_000  # of a list
    base_share: float = 0.12  # mean over accounts: of not-real ones among followers not bought
    odd_share: float = 0.12  # of each kind: people who look made, and the other way round
    missing_share: float = 0.02  # profiles that could not be read

    def __post_init__(self) -> None:
        limits = {"rows": (1, 1e6), "base_share": (0.01, 0.5)}
        limits |= dict.fromkeys(("odd_share", "missing_share"), (0, 1))
        faults = [
            f"{name} is {getattr(self, name)}; give {least:g} to {most:g}"
            for name, (least, most) in limits.items()
            if not least <= getattr(self, name) <= most
        ]
        if faults:
            raise SettingsError("These lists of followers cannot be made.", faults)


def make_audiences(
    creators: pd.DataFrame,
    events: pd.DataFrame,
    snapshots: pd.DataFrame,
    settings: FollowerSettings,
    rng: Rng,
) -> pd.DataFrame:
    """Return the truth about each account's followers, from the truth and history of a `Market`.

    Returns
    -------
    DataFrame
        ``creator_key``, ``platform``, ``handle``, ``followers``; ``base_share`` of not-real ones
        among those not bought, ``bought`` followers, ``not_real_share`` expected of all;
        ``first`` and ``end``, between which those bought stand in the list (0: the newest).
    """
    about = creators[["creator_key", "platform", "handle", "followers"]]
    key, shown = about["creator_key"], about["followers"]
    bought = shown - creators["genuine_followers"]
    # Skewed, as audits find it: a few in a hundred for most, a quarter for some.
    base = rng.beta(1.8, 1.8 / settings.base_share - 1.8, len(about))
    purchases = events[events["kind"].isin(BOUGHT["bought_followers"])].sort_values("date")
    last = purchases.drop_duplicates("creator_key", keep="last").set_index("creator_key")
    counts = snapshots[["creator_key", "observed_on", "followers"]].astype({"creator_key": "str"})
    later = counts.merge(last["date"], left_on="creator_key", right_index=True)
    later = later[later["observed_on"] >= later["date"]].sort_values("observed_on")
    then = later.groupby("creator_key")["followers"].first()
    # Who came since stands before those bought; whoever of these left again stands nowhere.
    newer = (shown - key.map(then) + key.map(last["size"]) - bought).clip(lower=0).fillna(0)
    end = (newer + bought / DENSITY).clip(upper=shown).round().astype("int64")
    return about.assign(
        base_share=base,
        bought=bought,
        not_real_share=base + (1 - base) * bought / shown,
        first=np.minimum(newer.round().astype("int64"), end - bought),
        end=end,
    )


def sample_followers(audience: pd.Series, settings: FollowerSettings, rng: Rng) -> pd.DataFrame:
    """Draw followers of one account, a row of `make_audiences`: the newest, and some at random.

    Returns
    -------
    DataFrame
        One row a follower, the newest first: ``creator_key``, ``position`` in the list,
        ``newest`` and ``random`` (which sample it is in), ``label`` (`genuine`, `inactive`,
        `mass_follower`, `bought`), and the columns of `draw_profiles`.
    """
    amount = int(audience["followers"])
    rows = min(settings.rows, amount)
    chosen = rng.choice(amount, rows, replace=False)
    position = np.union1d(np.arange(rows), chosen)
    of_batch, of_base, of_kind = rng.random((3, len(position)))
    inside = (position >= audience["first"]) & (position < audience["end"])
    dense = audience["bought"] / max(audience["end"] - audience["first"], 1)
    told = [inside & (of_batch < dense), of_base >= audience["base_share"], of_kind < MASS_SHARE]
    label = np.select(told, ["bought", "genuine", "mass_follower"], "inactive")
    drawn = pd.DataFrame({"creator_key": audience["creator_key"], "position": position}).assign(
        newest=position < rows, random=np.isin(position, chosen), label=label
    )
    return drawn.join(draw_profiles(label, settings, rng))


def draw_profiles(
    labels: npt.NDArray[np.str_], settings: FollowerSettings, rng: Rng
) -> pd.DataFrame:
    """Draw a profile for each label, in the order of the exported columns."""
    size = len(labels)
    variant = np.where(rng.random(size) < settings.odd_share, "odd", "usual")
    kind = KINDS.loc[list(zip(labels, variant, strict=True))].reset_index(drop=True)
    known, other, posting, telling = rng.standard_normal((4, size))
    following = kind["following"] * 10 ** (kind["following_spread"] * (0.5 * known + 0.87 * other))
    posts = kind["posts"] * 10 ** (0.2 * known + 0.46 * posting)
    has = rng.random((4, size)) < kind[["no_posts", "private", "picture", "bio"]].to_numpy().T
    bio = np.clip(35 * 10 ** (0.35 * telling), 1, 150).astype("int64")
    return pd.DataFrame({"username": _draw_names(kind["digits"], rng)}).assign(
        followers=(kind["followers"] * 10 ** (kind["spread"] * known)).astype("int64"),
        following=following.clip(upper=MOST_FOLLOWED).astype("int64"),
        posts_count=posts.mask(has[0], 0).round().astype("int64"),
        is_private=has[1],
        has_picture=has[2],
        bio_length=np.where(has[3], bio, 0),
    )


def _draw_names(digits: pd.Series, rng: Rng) -> pd.Series:
    """Invent user names; those that nobody chose for themselves more often end in digits."""
    size = len(digits)
    ends = zip(draw_words(rng, size), rng.choice([0, 3, 6], size), strict=True)
    name = draw_words(rng, size) + rng.choice(["", ".", "_"], size) + [w[:n] for w, n in ends]
    amount = np.where(rng.random(size) < digits, 1 + rng.poisson(4.5 * digits), 0)
    numbers = zip(rng.integers(10**8, 10**9, size).astype("str"), amount, strict=True)
    name = name + [text[:n] for text, n in numbers]
    taken = name.groupby(name).cumcount()
    unique: pd.Series = name + taken.astype("str").where(taken > 0, "")
    return unique


def export_lists(
    sample: pd.DataFrame, name: str, settings: FollowerSettings, rng: Rng
) -> dict[str, pd.DataFrame]:
    """Return the sample as scraped lists by file name: of the newest, and of random followers.

    Counts from 10,000 on have three figures; of some profiles nothing but the name was read.
    """
    counts = sample[["followers", "following", "posts_count"]]
    shown = sample.assign(**counts.where(counts < 10_000, counts.apply(round_figures, figures=3)))
    table = shown.loc[:, "username":].astype("object").set_axis(HEADERS, axis=1)
    unread = rng.random(len(sample)) < settings.missing_share
    table = table.mask(np.outer(unread, table.columns != "Username"), "")
    mixed = table[sample["random"]]
    return {
        f"{name}_newest.csv": table[sample["newest"]],
        f"{name}_random.csv": mixed.iloc[rng.permutation(len(mixed))],
    }


def write_invented_list(folder: Path, rows: int = 400) -> Path:
    """Write a list of an invented account's followers, drawn at random, and return the file."""
    plan, rng = FollowerSettings(rows=rows), np.random.default_rng(1)
    audience = {"creator_key": "instagram:invented", "followers": 20_000, "base_share": 0.1}
    batch = {"bought": 3_000, "first": 500, "end": 4_500}
    sample = sample_followers(pd.Series(audience | batch), plan, rng)
    path = folder / "invented_random.csv"
    folder.mkdir(parents=True, exist_ok=True)
    export_lists(sample, "invented", plan, rng)[path.name].to_csv(path, index=False)
    return path
